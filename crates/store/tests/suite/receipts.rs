//! The ledger of each key and day: it says what was kept, whoever sent it how often and through which server.

use diesel::connection::SimpleConnection;
use fairtrial_domain::{
    event::{EventId, IdDigest, NewEvent, Sender},
    trial::LinkId,
};
use fairtrial_store::{
    RecordRequest, agencies,
    declarations::{self, Declaration, Subject},
    log_check, receipts,
};
use fairtrial_testkit::{database::Kind, on_both_databases};

use super::{
    correcting::{corrects, promised},
    installation::{Installation, NOW, event},
};

const DAY: i64 = 86_400_000_000;

/// Accepted, duplicate, conflict, rejected and digest of each key of the agency.
fn ledger(installation: &Installation, agency: i64, at: i64) -> Vec<(String, [i64; 4], IdDigest)> {
    let rows = installation.store.read_blocking(|c| receipts::of_day(c, agency, at.div_euclid(DAY))).unwrap();
    rows.into_iter()
        .map(|row| (row.public_id, [row.accepted, row.duplicate, row.conflict, row.rejected], row.digest))
        .collect()
}

fn digest(ids: impl IntoIterator<Item = String>) -> IdDigest {
    let mut digest = IdDigest::default();
    ids.into_iter().for_each(|id| digest.toggle(&EventId::new(&id).unwrap()));
    digest
}

fn events(ids: std::ops::Range<u32>, value: i64) -> Vec<NewEvent> {
    ids.map(|n| event(&format!("e{n}"), n, Some(value))).collect()
}

on_both_databases! {
    fn rows_that_are_gone_are_missed(database) {
        let installation = Installation::new(database);
        installation.record(events(0..40, 1));
        installation.record(events(30..50, 1));
        promised(&installation, vec![corrects("e1-later", 6, "e1"), corrects("lost", 1, "never")]);
        let by_file = RecordRequest { sender: Sender::File(1), ..installation.batch(events(60..70, 1)) };
        installation.wait(installation.store.record(by_file)).unwrap();
        let lacking = || installation.store.read_blocking(log_check::check).unwrap().lacking;
        assert_eq!(lacking(), 0, "what waits is not lost, and what came without a key was told to none");
        let unguard = match installation.kind {
            Kind::Sqlite => "DROP TRIGGER events_no_delete",
            Kind::Postgres => "DROP TRIGGER events_append_only ON events",
        };
        let take = "DELETE FROM events WHERE event_id IN ('e2', 'e3', 'e4')";
        assert!(installation.connection().batch_execute(take).is_err());
        installation.connection().batch_execute(&format!("{unguard}; {take}")).unwrap();
        assert_eq!(lacking(), 3);
    }

    fn each_way_that_an_item_can_go_is_counted(database) {
        let installation = Installation::new(database);
        let first = RecordRequest { refused: 3, ..installation.batch(events(0..10, 1)) };
        let refused_alone = RecordRequest { refused: 2, ..installation.batch(vec![]) };
        let nothing = installation.batch(vec![]);
        installation.record_together(vec![first, refused_alone, nothing]).into_iter().for_each(|answer| drop(answer.unwrap()));
        installation.record([events(8..12, 1), events(0..1, 2)].concat());
        let wanted = ("k1".to_owned(), [12, 2, 1, 5], digest((0..12).map(|n| format!("e{n}"))));
        assert_eq!(ledger(&installation, installation.agency, NOW), [wanted]);
        assert_eq!(ledger(&installation, installation.agency, NOW + DAY), []);
        let tomorrow = RecordRequest { received_at: NOW + DAY, ..installation.batch(events(0..1, 1)) };
        installation.wait(installation.store.record(tomorrow)).unwrap();
        let repeat = ("k1".to_owned(), [0, 1, 0, 0], IdDigest::default());
        assert_eq!(ledger(&installation, installation.agency, NOW + DAY), [repeat]);
    }

    fn keys_are_told_apart_and_other_agencies_are_not_shown(database) {
        let installation = Installation::new(database);
        let (second, other) = (
            installation.add_key("k2"),
            installation.write(|c| agencies::add(c, "labour", "Labour Office", b"sealed", NOW)).unwrap(),
        );
        let of_second = RecordRequest { sender: Sender::Key(second), ..installation.batch(events(5..8, 1)) };
        installation.record_together(vec![installation.batch(events(0..5, 1)), of_second]).into_iter().for_each(|answer| drop(answer.unwrap()));
        let found: Vec<(String, i64)> =
            ledger(&installation, installation.agency, NOW).into_iter().map(|(key, [accepted, ..], _)| (key, accepted)).collect();
        assert_eq!(found, [("k1".to_owned(), 5), ("k2".to_owned(), 3)]);
        assert_eq!(ledger(&installation, other, NOW), []);
    }

    /// A batch that is not kept is not counted, and the others of its group are, once.
    fn what_is_undone_is_not_counted(database) {
        let installation = Installation::new(database);
        let nobody = RecordRequest { agency_id: 999, refused: 7, ..installation.batch(events(20..21, 1)) };
        let answers = installation.record_together(vec![installation.batch(events(0..5, 1)), nobody, installation.batch(events(5..9, 1))]);
        assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 1, "{answers:?}");
        let wanted = ("k1".to_owned(), [9, 0, 0, 0], digest((0..9).map(|n| format!("e{n}"))));
        assert_eq!(ledger(&installation, installation.agency, NOW), [wanted]);
    }

    /// Two servers take overlapping batches at once, some of them refused whole.
    fn two_servers_keep_one_ledger(database) {
        let installation = Installation::new(database);
        let second = installation.add_key("k2");
        let threads: Vec<_> = [installation.store.clone(), installation.another_store()]
            .into_iter()
            .zip([[installation.key, second], [second, installation.key]])
            .map(|(store, keys)| {
                let batch = |n: u32, key_id| RecordRequest { sender: Sender::Key(key_id), refused: 1, ..installation.batch(events(n * 7..n * 7 + 10, 1)) };
                let refused = |key_id| RecordRequest { sender: Sender::Key(key_id), refused: 1, ..installation.batch(vec![]) };
                let batches: Vec<_> =
                    (0..40).flat_map(|n| [batch(n, keys[0]), refused(keys[1]), batch(n, keys[1])]).collect();
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                    runtime.block_on(async move {
                        let mut callers = tokio::task::JoinSet::new();
                        for batch in batches {
                            let store = store.clone();
                            callers.spawn(async move { store.record(batch).await.unwrap() });
                        }
                        callers.join_all().await;
                    });
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let rows = ledger(&installation, installation.agency, NOW);
        let sum = |place: usize| rows.iter().map(|(_, counts, _)| counts[place]).sum::<i64>();
        assert_eq!((sum(0), sum(0) + sum(1), sum(2), sum(3)), (283, 1_600, 0, 240));
        // Which key brought an event first is chance; together they brought each once.
        let both = rows.iter().fold([0; 4], |sum, (_, _, digest)| {
            let mut parts = digest.parts();
            parts.iter_mut().zip(sum).for_each(|(part, other)| *part ^= other);
            parts
        });
        assert_eq!(IdDigest::from_parts(both), digest((0..283).map(|n| format!("e{n}"))));
    }

    /// The migration that begins to count by link counts what had come, by the same links and days as the writer does from then on.
    fn what_came_through_links_before_they_were_counted_is_counted_without_a_digest(database) {
        let installation = Installation::new(database);
        let link = |n: u8| LinkId::from_random([n; 8]);
        let through = |n: u8, ids: std::ops::Range<u32>, at: i64| {
            let linked = |event: NewEvent| NewEvent { event_id: event.event_id.within(&link(n)), ..event };
            let events = events(ids, 1).into_iter().map(linked).collect();
            let request = RecordRequest { received_at: at, ..installation.batch(events) };
            installation.wait(installation.store.record(request)).unwrap();
        };
        installation.record(events(0..4, 1));
        through(1, 0..5, NOW);
        through(1, 3..7, NOW + DAY);
        through(2, 0..2, NOW);
        let counted = || installation.lines("SELECT link_id || ' ' || day || ' ' || accepted AS line FROM link_receipts ORDER BY key_id, link_id, day");
        let before = counted();
        assert_eq!(before.len(), 3, "{before:?}");
        let said = |n: u8| Declaration {
            key_id: installation.key, subject: Subject::Link(link(n).as_str().to_owned()),
            first_day: NOW.div_euclid(DAY), last_day: NOW.div_euclid(DAY) + 1, sent: 0, digest: None, declared_at: NOW,
        };
        let kept = |n: u8| { let said = said(n); installation.store.read_blocking(move |c| declarations::kept_of(c, &said)).unwrap() };
        let all = |ids: std::ops::Range<u32>| digest(ids.map(|n| format!("e{n}")));
        assert_eq!((kept(1), kept(2), kept(3)), ((7, Some(all(0..7))), (2, Some(all(0..2))), (0, Some(IdDigest::default()))));

        let up = match database.kind() {
            Kind::Sqlite => include_str!("../../../../migrations/sqlite/2026-11-27-002010_declare_by_trial_and_link/up.sql"),
            Kind::Postgres => include_str!("../../../../migrations/postgres/2026-11-27-002010_declare_by_trial_and_link/up.sql"),
        };
        let seed = &up[up.find("INSERT INTO link_receipts").unwrap()..];
        let mut c = installation.connection();
        c.batch_execute("DELETE FROM link_receipts").unwrap();
        c.batch_execute(seed).unwrap();
        drop(c);
        assert_eq!(counted(), before);
        assert_eq!((kept(1), kept(2)), ((7, None), (2, None)), "of which ids is not known any more");
        through(1, 7..9, NOW + DAY);
        assert_eq!(kept(1), (9, None));
        through(3, 0..1, NOW);
        assert_eq!(kept(3), (1, Some(all(0..1))), "from now on it is");
    }
}
