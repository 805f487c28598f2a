//! Corrections: each behind what it replaces, once, on however many servers and in whatever order they come.

use std::collections::BTreeMap;

use fairtrial_domain::event::{EventId, NewEvent, Replaces};
use fairtrial_store::{RecordRequest, Recorded, Spool, Unfit, forget_waiting, log, waiting_since};
use fairtrial_testkit::on_both_databases;

use super::installation::{Installation, NOW, event, stored};

use Recorded::{Conflict, Duplicate, New, Waits};

fn replacing(id: &str, who: u32, value: Option<i64>, replaces: &str, retracts: bool) -> NewEvent {
    let replaces = Some(Replaces { event_id: EventId::new(replaces).unwrap(), retracts });
    NewEvent { replaces, ..event(id, who, value) }
}

pub(crate) fn corrects(id: &str, value: i64, replaced: &str) -> NewEvent {
    replacing(id, 1, Some(value), replaced, false)
}

fn retracts(id: &str, replaced: &str) -> NewEvent {
    replacing(id, 1, None, replaced, true)
}

pub(crate) fn promised(installation: &Installation, events: Vec<NewEvent>) -> Vec<Recorded> {
    let request = RecordRequest { promised: true, ..installation.batch(events) };
    stored(installation.wait(installation.store.record(request)).unwrap())
}

/// Every row of the log: its value, and what it replaces: root, whether it retracts, what stood.
fn rows(installation: &Installation) -> Vec<String> {
    let rows = installation.store.read_blocking(|c| log::events_after(c, 0, 1_000)).unwrap();
    let row = |row: log::EventRow| {
        let value = |value: Option<i64>| value.map_or("-".to_owned(), |value| (value / 1_000_000).to_string());
        let replaces = row.replaces.map_or(String::new(), |replaced| {
            let before = if replaced.before_retracted { "nothing".to_owned() } else { value(replaced.before_value) };
            format!(" for {}{} instead of {before}", replaced.root, if replaced.retracts { " nothing" } else { "" })
        });
        format!("{} {}{replaces}", row.sequence, value(row.value))
    };
    rows.into_iter().map(row).collect()
}

on_both_databases! {
    fn a_line_of_corrections_is_kept_with_what_each_replaces(database) {
        let installation = Installation::new(database);
        assert_eq!(installation.record(vec![event("a", 1, Some(5)), event("b", 1, Some(7))]), [New(1), New(2)]);
        assert_eq!(installation.record(vec![corrects("c1", 6, "a")]), [New(3)]);
        assert_eq!(installation.record(vec![retracts("c2", "c1")]), [New(4)]);
        assert_eq!(installation.record(vec![corrects("c3", 8, "c2"), retracts("d", "b")]), [New(5), New(6)]);
        let wanted = ["1 5", "2 7", "3 6 for 1 instead of 5", "4 - for 1 nothing instead of 6", "5 8 for 1 instead of nothing",
            "6 - for 2 nothing instead of 7"];
        assert_eq!(rows(&installation), wanted);
        // Sent once more, in any order: nothing changes.
        let again = vec![retracts("d", "b"), corrects("c3", 8, "c2"), retracts("c2", "c1"), corrects("c1", 6, "a"), event("a", 1, Some(5))];
        assert_eq!(installation.record(again), [Duplicate; 5]);
        assert_eq!(rows(&installation), wanted);
    }

    fn what_cannot_replace_is_told_why_and_changes_nothing(database) {
        let installation = Installation::new(database);
        installation.record(vec![event("a", 1, Some(5)), event("b", 2, Some(5)), corrects("c", 6, "a")]);
        let other_kind = NewEvent { kind: "called".into(), ..corrects("k", 1, "c") };
        for (bad, why) in [
            (corrects("x", 1, "never"), Unfit::UnknownEvent),
            (corrects("x", 1, "b"), Unfit::OtherUnit),
            (other_kind, Unfit::OtherKind),
            (corrects("x", 1, "a"), Unfit::Replaced),
            (retracts("x", "a"), Unfit::Replaced),
        ] {
            assert_eq!(installation.record(vec![bad]), [Recorded::Unfit(why)]);
        }
        // Two that name each other are known to nobody.
        let ring = vec![corrects("r1", 1, "r2"), corrects("r2", 1, "r1")];
        assert_eq!(installation.record(ring), [Recorded::Unfit(Unfit::UnknownEvent); 2]);
        // Another body under a correction's id is a conflict, as that of an event is; so is another event that it would replace.
        assert_eq!(installation.record(vec![corrects("c", 7, "a"), corrects("c", 6, "b"), event("c", 1, Some(6))]), [Conflict; 3]);
        assert_eq!((installation.count("events"), installation.count("corrections")), (3, 1));
        // An agency knows its own events only.
        let other = installation.write(|c| fairtrial_store::agencies::add(c, "labour", "Labour", b"sealed", NOW)).unwrap();
        let theirs = RecordRequest { agency_id: other, ..installation.batch(vec![corrects("t", 1, "c")]) };
        assert_eq!(stored(installation.wait(installation.store.record(theirs)).unwrap()), [Recorded::Unfit(Unfit::UnknownEvent)]);
    }

    fn in_one_batch_or_one_group_the_order_has_no_say(database) {
        let installation = Installation::new(database);
        let batch = vec![retracts("c2", "c1"), event("b", 1, Some(1)), corrects("c1", 6, "a"), corrects("other", 9, "a"), event("a", 1, Some(5)),
            retracts("c2", "c1")];
        // The line of "a" may begin with one correction only: of two in one batch the first that can stand does.
        let answers = installation.record(batch);
        assert_eq!(answers, [New(4), New(1), New(3), Recorded::Unfit(Unfit::Replaced), New(2), Duplicate]);
        assert_eq!(rows(&installation), ["1 1", "2 5", "3 6 for 2 instead of 5", "4 - for 2 nothing instead of 6"]);
        // Each in a call of its own, committed together, the last first.
        let calls = [corrects("z3", 3, "z2"), corrects("z2", 2, "z1"), corrects("z1", 1, "z"), event("z", 1, Some(0))];
        let answers = installation.record_together(calls.into_iter().map(|call| installation.batch(vec![call])).collect());
        assert!(answers.iter().all(|answer| matches!(answer.as_deref(), Ok([New(_)]))), "{answers:?}");
        assert_eq!(installation.count("corrections"), 5);
    }

    fn what_was_promised_waits_for_its_event_and_comes_into_the_log_behind_it(database) {
        let installation = Installation::new(database);
        assert_eq!(promised(&installation, vec![retracts("c2", "c1"), corrects("c1", 6, "a"), corrects("lost", 1, "never")]), [Waits; 3]);
        assert_eq!(promised(&installation, vec![corrects("c1", 6, "a")]), [Duplicate], "read from the spool once more");
        assert_eq!(promised(&installation, vec![corrects("c1", 7, "a")]), [Conflict]);
        assert_eq!((installation.count("events"), installation.count("waiting_corrections")), (0, 3));
        assert_eq!(installation.record(vec![event("b", 1, Some(1))]).len(), 1);
        assert_eq!(installation.count("waiting_corrections"), 3);
        installation.record(vec![event("a", 1, Some(5))]);
        let found = rows(&installation);
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found[2].contains(" 6 for ") && found[3].ends_with(" nothing instead of 6"), "{found:?}");
        assert_eq!(installation.lines("SELECT event_id AS line FROM waiting_corrections"), ["lost"]);
        assert_eq!(installation.lines("SELECT CAST(waiting AS TEXT) AS line FROM logs WHERE name = 'events'"), ["1"]);
        // Of two that were promised for one event the second is told of as a conflict, and waits no more.
        promised(&installation, vec![corrects("p", 1, "q"), corrects("p2", 2, "q")]);
        let conflicts = installation.count("event_conflicts");
        installation.record(vec![event("q", 1, Some(0))]);
        assert_eq!((installation.count("event_conflicts"), installation.count("waiting_corrections")), (conflicts + 1, 1));
        assert_eq!(installation.record(vec![corrects("p", 1, "q")]), [Duplicate]);
        // What is promised and about somebody else is told of too.
        assert_eq!(promised(&installation, vec![replacing("x", 2, Some(1), "p", false)]), [Recorded::Unfit(Unfit::OtherUnit)]);
        assert_eq!(installation.count("event_conflicts"), conflicts + 2);
    }

    fn whatever_else_waits_a_line_comes_whole_and_the_first_to_come_stands(database) {
        let installation = Installation::new(database);
        let other = installation.write(|c| fairtrial_store::agencies::add(c, "labour", "Labour", b"sealed", NOW)).unwrap();
        let later = |received_at: i64, events: Vec<NewEvent>| {
            let request = RecordRequest { promised: true, received_at, ..installation.batch(events) };
            stored(installation.wait(installation.store.record(request)).unwrap())
        };
        // A line of four, its end first; two for one event, the later one first by name; a ring; and one that names another agency's event.
        for (place, id) in (0_i64..).zip(["l4", "l3", "l2", "l1"]) {
            let named = ["l3", "l2", "l1", "a"][usize::try_from(place).unwrap()];
            assert_eq!(later(NOW + place, vec![corrects(id, place, named)]), [Waits]);
        }
        later(NOW + 9, vec![corrects("early-name", 1, "b")]);
        later(NOW + 8, vec![corrects("z-first-to-come", 2, "b")]);
        later(NOW, vec![corrects("r1", 1, "r2"), corrects("r2", 1, "r1"), corrects("theirs", 1, "t")]);
        let theirs = RecordRequest { agency_id: other, ..installation.batch(vec![event("t", 1, Some(0))]) };
        installation.wait(installation.store.record(theirs)).unwrap();
        // A repeat and a conflict are nothing that came.
        promised(&installation, vec![corrects("l1", 3, "a"), corrects("l1", 4, "a")]);
        assert_eq!((installation.count("corrections"), installation.count("waiting_corrections")), (0, 9));
        installation.record(vec![event("a", 1, Some(5)), event("b", 1, Some(5))]);
        let line = "SELECT replaces AS line FROM corrections ORDER BY sequence";
        assert_eq!(installation.lines(line), ["a", "b", "l1", "l2", "l3"]);
        assert_eq!(installation.record(vec![corrects("more", 1, "z-first-to-come")]).len(), 1, "it stands");
        assert_eq!(installation.lines("SELECT event_id AS line FROM waiting_corrections ORDER BY 1"), ["r1", "r2", "theirs"]);
        // The one that came second is told of where conflicts are.
        assert_eq!(installation.lines("SELECT event_id AS line FROM event_conflicts ORDER BY 1"), ["early-name", "l1"]);
        assert_eq!(installation.lines("SELECT CAST(waiting AS TEXT) AS line FROM logs WHERE name = 'events'"), ["3"]);
    }

    fn what_has_waited_for_too_long_is_removed_the_oldest_first(database) {
        let installation = Installation::new(database);
        assert_eq!(installation.store.read_blocking(waiting_since).unwrap(), None);
        for n in 0_i64..5 {
            let waits = vec![corrects(&format!("c{n}"), 1, &format!("never{n}"))];
            let request = RecordRequest { promised: true, received_at: NOW + n, ..installation.batch(waits) };
            installation.wait(installation.store.record(request)).unwrap();
        }
        assert_eq!(installation.store.read_blocking(waiting_since).unwrap(), Some(NOW));
        let agency = installation.agency;
        let remove = |before: i64, most: i64| installation.write(move |c| forget_waiting(c, before, most)).unwrap();
        assert_eq!(remove(NOW, 10), BTreeMap::new(), "what came at the moment itself is not older");
        assert_eq!(remove(NOW + 3, 2), BTreeMap::from([(agency, 2)]));
        assert_eq!(remove(NOW + 3, 2), BTreeMap::from([(agency, 1)]));
        assert_eq!(remove(NOW + 3, 2), BTreeMap::new());
        assert_eq!(installation.lines("SELECT event_id AS line FROM waiting_corrections ORDER BY 1"), ["c3", "c4"]);
        assert_eq!(installation.lines("SELECT CAST(waiting AS TEXT) AS line FROM logs WHERE name = 'events'"), ["2"]);
        // The event of one that was removed may still come, and stands as it is; those that wait go on waiting.
        installation.record(vec![event("never0", 1, Some(5)), event("never3", 1, Some(5))]);
        assert_eq!((installation.count("events"), installation.count("corrections"), installation.count("waiting_corrections")), (3, 1, 1));
    }

    fn what_was_promised_is_not_lost_where_the_same_comes_again_beside_it(database) {
        let installation = Installation::new(database);
        let calls = [(false, corrects("c", 6, "a")), (true, corrects("c", 6, "a")), (false, corrects("d", 7, "b")), (true, corrects("d", 8, "b"))];
        let batch = |(promised, event)| RecordRequest { promised, ..installation.batch(vec![event]) };
        let answers: Vec<_> = installation.record_together(calls.map(batch).into()).into_iter().flat_map(Result::unwrap).collect();
        assert_eq!(answers, [Waits, Duplicate, Conflict, Waits]);
        installation.record(vec![event("a", 1, Some(5)), event("b", 1, Some(5))]);
        assert_eq!(rows(&installation), ["3 5", "4 5", "5 6 for 3 instead of 5", "6 8 for 4 instead of 5"]);
    }

    fn a_correction_that_waited_on_another_servers_disk_is_not_lost(database) {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let installation = Installation::new(database);
        let kept = |folder: &std::path::Path, events: Vec<NewEvent>| {
            let store = installation.another_store().with_spool(Spool::open(folder, 1 << 20).unwrap());
            installation.wait(store.spool().unwrap().keep(&installation.batch(events))).unwrap();
            store
        };
        let drained = |store: &fairtrial_store::Store| {
            let empty = async {
                while store.spool().unwrap().size() > 0 || store.is_away() {
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                }
            };
            installation.wait(async { tokio::select! { () = store.hand_over_spool() => {}, () = empty => {} } });
        };
        let first = kept(one.path(), vec![corrects("c", 6, "a")]);
        let second = kept(other.path(), vec![event("a", 1, Some(5))]);
        drained(&first);
        assert_eq!(installation.count("events"), 0);
        drained(&second);
        assert_eq!(rows(&installation), ["2 5", "3 6 for 2 instead of 5"]);
    }

    fn of_two_servers_one_correction_of_an_event_stands(database) {
        let installation = Installation::new(database);
        installation.record((0..40).map(|n| event(&format!("e{n}"), 1, Some(0))).collect());
        let threads: Vec<_> = (1..=2).map(|server| {
            let (store, mut calls) = (installation.another_store(), Vec::new());
            for n in 0..40 {
                let n = if server == 1 { n } else { 39 - n };
                calls.push(installation.batch(vec![corrects(&format!("c{n}-{server}"), server, &format!("e{n}"))]));
            }
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                calls.into_iter().map(|call| stored(runtime.block_on(store.record(call)).unwrap())[0]).collect::<Vec<_>>()
            })
        }).collect();
        let answers: Vec<Recorded> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(answers.iter().filter(|answer| matches!(answer, New(_))).count(), 40);
        assert_eq!(answers.iter().filter(|answer| **answer == Recorded::Unfit(Unfit::Replaced)).count(), 40);
        assert_eq!(installation.count("corrections"), 40);
    }
}
