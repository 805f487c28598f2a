//! Events: kept once, found again, and never two under one id.

use std::collections::BTreeMap;

use fairtrial_domain::event::{NewEvent, Sender};
use fairtrial_store::{RecordRequest, Recorded, Store, StoreError, agencies, log};
use fairtrial_testkit::on_both_databases;
use tokio::task::JoinSet;

use super::installation::{Installation, NOW, event, stored, unit};

use Recorded::{Conflict, Duplicate, New};

/// The same batches through both stores at once, some callers on each; all answers.
fn from_everywhere(stores: &[Store], batches: &[RecordRequest]) -> Vec<Vec<Recorded>> {
    let threads: Vec<_> = stores
        .iter()
        .cloned()
        .enumerate()
        .map(|(index, store)| {
            let mut mine = batches.to_vec();
            // Each server meets them in an order of its own.
            mine.rotate_left(index * batches.len() / 2);
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                runtime.block_on(async move {
                    let mut callers = JoinSet::new();
                    for batch in mine {
                        let store = store.clone();
                        callers.spawn(async move { stored(store.record(batch).await.unwrap()) });
                    }
                    callers.join_all().await
                })
            })
        })
        .collect();
    threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
}

fn count(answers: &[Vec<Recorded>], wanted: fn(&Recorded) -> bool) -> usize {
    answers.iter().flatten().filter(|answer| wanted(answer)).count()
}

on_both_databases! {
    fn an_event_is_kept_once(database) {
        let installation = Installation::new(database);
        assert_eq!(installation.record(vec![]), []);
        assert_eq!(installation.record(vec![event("a", 1, Some(5)), event("b", 1, None)]), [New(1), New(2)]);
        assert_eq!(installation.record(vec![event("a", 1, Some(5))]), [Duplicate]);
        assert_eq!(installation.record(vec![event("a", 1, Some(6)), event("c", 2, None)]), [Conflict, New(5)]);
        let again = RecordRequest { received_at: NOW + 9, sender: Sender::Key(77), ..installation.batch(vec![event("a", 1, Some(5))]) };
        assert_eq!(stored(installation.wait(installation.store.record(again)).unwrap()), [Duplicate], "whoever sends it, whenever");
        assert_eq!(installation.count("events"), 3);
    }

    fn the_whole_event_is_kept(database) {
        let installation = Installation::new(database);
        let attributes: BTreeMap<String, String> = [("channel".to_owned(), "é, 字, '\"\\".to_owned())].into();
        let full = NewEvent { source: Some("billing".into()), attributes, ..event("Ab.1_2:~-", 3, Some(-7)) };
        installation.record(vec![full.clone()]);
        let row = installation.store.read_blocking(|c| log::events_after(c, 0, 10)).unwrap().remove(0);
        let wanted = log::EventRow {
            sequence: 1,
            agency_id: installation.agency,
            unit: unit(3).bytes().to_vec(),
            kind: "paid".into(),
            value: Some(-7_000_000),
            occurred_at: NOW,
            received_at: NOW,
            replaces: None,
        };
        assert_eq!(row, wanted);
        let rest = installation
            .lines("SELECT event_id || '|' || source || '|' || attributes || '|' || CAST(received_at AS TEXT) AS line FROM events");
        assert_eq!(rest, [format!("Ab.1_2:~-|billing|{{\"channel\":\"é, 字, '\\\"\\\\\"}}|{NOW}")]);
        assert_eq!(installation.record(vec![full]), [Duplicate]);
    }

    fn every_part_of_the_body_makes_it_another_event(database) {
        let installation = Installation::new(database);
        let first = event("a", 1, Some(5));
        installation.record(vec![first.clone()]);
        let others = vec![
            NewEvent { unit: unit(2), ..first.clone() },
            NewEvent { kind: "called".into(), ..first.clone() },
            NewEvent { value: None, ..first.clone() },
            NewEvent { occurred_at: first.occurred_at + chrono::Duration::microseconds(1), ..first.clone() },
            NewEvent { source: Some("x".into()), ..first.clone() },
            NewEvent { attributes: [("k".to_owned(), "v".to_owned())].into(), ..first.clone() },
        ];
        assert_eq!(installation.record(others.clone()), [Conflict; 6]);
        assert_eq!(installation.record(others), [Conflict; 6]);
        assert_eq!(installation.count("events"), 1);
        assert_eq!(installation.count("event_conflicts"), 6, "each other body is noted once");
        assert_eq!(installation.record(vec![first]), [Duplicate]);
    }

    fn within_one_batch_the_first_counts(database) {
        let installation = Installation::new(database);
        let batch = vec![event("a", 1, Some(5)), event("a", 1, Some(5)), event("b", 1, None), event("a", 1, Some(6)),
            event("a", 2, Some(5)), event("a", 1, Some(5))];
        assert_eq!(installation.record(batch), [New(1), Duplicate, New(2), Conflict, Conflict, Duplicate]);
        assert_eq!((installation.count("events"), installation.count("event_conflicts")), (2, 2));
    }

    fn a_mixed_batch_is_answered_item_by_item(database) {
        let installation = Installation::new(database);
        installation.record((0..23).map(|n| event(&format!("e{n}"), n, Some(1))).collect());
        let batch: Vec<NewEvent> =
            (0..500).map(|n| event(&format!("e{n}"), n, Some(if n < 3 { 2 } else { 1 }))).collect();
        let answers = installation.record(batch);
        assert!(answers[..3].iter().all(|answer| *answer == Conflict));
        assert!(answers[3..23].iter().all(|answer| *answer == Duplicate));
        assert!(answers[23..].iter().all(|answer| matches!(answer, New(_))) && answers.len() == 500);
        assert_eq!(installation.count("events"), 500);
    }

    fn one_group_of_many_batches_keeps_each_id_once(database) {
        let installation = Installation::new(database);
        let batch = |value: i64| installation.batch((0..20).map(|n| event(&format!("e{n}"), n, Some(value))).collect());
        let answers: Vec<Vec<Recorded>> = installation
            .record_together(vec![batch(1), batch(1), batch(2), batch(1)])
            .into_iter()
            .map(Result::unwrap)
            .collect();
        assert!(answers[0].iter().all(|answer| matches!(answer, New(_))));
        assert_eq!([&answers[1], &answers[3]], [&vec![Duplicate; 20]; 2]);
        assert_eq!(answers[2], vec![Conflict; 20]);
    }

    fn an_id_of_another_agency_is_another_id(database) {
        let installation = Installation::new(database);
        let other = installation.write(|c| agencies::add(c, "labour", "Labour Office", b"sealed", NOW)).unwrap();
        let theirs = RecordRequest { agency_id: other, ..installation.batch(vec![event("a", 9, Some(1))]) };
        let together = installation.record_together(vec![installation.batch(vec![event("a", 1, Some(5))]), theirs.clone()]);
        assert!(together.iter().all(|answer| matches!(answer.as_deref(), Ok([New(_)]))), "{together:?}");
        assert_eq!(installation.record(vec![event("a", 1, Some(5))]), [Duplicate]);
        assert_eq!(stored(installation.wait(installation.store.record(theirs)).unwrap()), [Duplicate]);
        assert_eq!((installation.count("events"), installation.count("event_conflicts")), (2, 0));
        assert_eq!(installation.count("event_kinds"), 2, "each agency has kinds of its own");
    }

    fn an_agency_that_is_not_there_fails_alone(database) {
        let installation = Installation::new(database);
        let nobody = RecordRequest { agency_id: 999, ..installation.batch(vec![event("x", 1, None)]) };
        let good = |id: &str| installation.batch(vec![event(id, 1, None)]);
        let answers = installation.record_together(vec![good("a"), nobody, good("b")]);
        assert!(matches!(answers[0].as_deref(), Ok([New(_)])), "{answers:?}");
        assert!(matches!(answers[1], Err(StoreError::Changed(_))), "{answers:?}");
        assert!(matches!(answers[2].as_deref(), Ok([New(_)])), "{answers:?}");
        // What was learnt of kinds in the transaction that failed was forgotten with it.
        assert_eq!(installation.record(vec![event("a", 1, None)]), [Duplicate]);
    }

    fn the_same_ids_from_two_servers_are_one_row_each(database) {
        let installation = Installation::new(database);
        let stores = [installation.store.clone(), installation.another_store()];
        let batches: Vec<RecordRequest> =
            (0..50).map(|b| installation.batch((0..20).map(|n| event(&format!("e{}", b * 20 + n), n, Some(1))).collect())).collect();
        let answers = from_everywhere(&stores, &batches);
        assert_eq!(count(&answers, |answer| matches!(answer, New(_))), 1_000);
        assert_eq!(count(&answers, |answer| *answer == Duplicate), 1_000);
        assert_eq!(installation.count("events"), 1_000);

        // Resent with other bodies, again from both.
        let changed: Vec<RecordRequest> =
            (0..50).map(|b| installation.batch((0..20).map(|n| event(&format!("e{}", b * 20 + n), n, Some(2))).collect())).collect();
        let answers = from_everywhere(&stores, &changed);
        assert_eq!(count(&answers, |answer| *answer == Conflict), 2_000);
        assert_eq!((installation.count("events"), installation.count("event_conflicts")), (1_000, 1_000));
        let unchanged = installation.lines("SELECT DISTINCT CAST(value AS TEXT) AS line FROM events");
        assert_eq!(unchanged, ["1000000"]);
    }

    fn two_servers_that_meet_new_kinds_in_opposite_order_do_not_wait_for_each_other(database) {
        let installation = Installation::new(database);
        let stores = [installation.store.clone(), installation.another_store()];
        let kinds = |from: u32, step: i64| -> Vec<NewEvent> {
            (0..20_i64)
                .map(|n| {
                    let n = if step < 0 { 19 - n } else { n };
                    let mut made = event(&format!("k{from}-{n}-{step}"), 1, None);
                    made.kind = format!("kind-{from}-{n}");
                    made
                })
                .collect()
        };
        for round in 0..10 {
            let threads: Vec<_> = stores
                .iter()
                .zip([1, -1])
                .map(|(store, step)| (store.clone(), installation.batch(kinds(round, step))))
                .map(|(store, batch)| {
                    std::thread::spawn(move || {
                        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                        runtime.block_on(store.record(batch)).unwrap()
                    })
                })
                .collect();
            for thread in threads {
                assert!(stored(thread.join().unwrap()).iter().all(|answer| matches!(answer, New(_))));
            }
        }
        assert_eq!((installation.count("event_kinds"), installation.count("events")), (200, 400));
    }
}
