//! The order of the logs: whoever reads on from where they stopped misses nothing.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use diesel::connection::SimpleConnection;
use fairtrial_domain::event::Sender;
use fairtrial_store::{DbConnection, StoreError, log};
use fairtrial_testkit::{database::Kind, on_both_databases};
use tokio::task::JoinSet;

use super::installation::{Installation, event, request};

type Page = fn(&mut DbConnection, i64, i64) -> Result<Vec<i64>, StoreError>;

/// Reads page after page beside the writers until they are done and nothing is left: the places in the order seen.
fn follow(mut c: DbConnection, done: &AtomicBool, page: Page) -> Vec<i64> {
    let mut seen = Vec::new();
    loop {
        let last_round = done.load(Ordering::SeqCst);
        let places = page(&mut c, seen.last().copied().unwrap_or(0), 7).unwrap();
        if places.is_empty() && last_round {
            return seen;
        }
        seen.extend(places);
    }
}

/// Eight writers on two stores, each `rounds` calls, while a reader follows; what the reader saw.
fn written_and_followed<F>(
    installation: &Installation,
    page: Page,
    call: impl Fn(u32, fairtrial_store::Store) -> F,
) -> Vec<i64>
where
    F: Future<Output = ()> + Send + 'static,
{
    let done = Arc::new(AtomicBool::new(false));
    let reader = {
        let (c, done) = (installation.connection(), Arc::clone(&done));
        std::thread::spawn(move || follow(c, &done, page))
    };
    let writers: Vec<_> = [installation.store.clone(), installation.another_store()]
        .into_iter()
        .enumerate()
        .map(|(half, store)| {
            let calls: Vec<F> = (0..4).map(|n| call(u32::try_from(half).unwrap() * 4 + n, store.clone())).collect();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                runtime.block_on(async move {
                    let mut tasks = JoinSet::new();
                    calls.into_iter().for_each(|call| drop(tasks.spawn(call)));
                    tasks.join_all().await;
                });
            })
        })
        .collect();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    done.store(true, Ordering::SeqCst);
    reader.join().unwrap()
}

fn kept(installation: &Installation, table: &str) -> Vec<i64> {
    let query = format!("SELECT CAST(sequence AS TEXT) AS line FROM {table} ORDER BY sequence");
    installation.lines(&query).iter().map(|line| line.parse().unwrap()).collect()
}

on_both_databases! {
    fn a_reader_of_events_sees_every_row_once_and_in_order(database) {
        let installation = Installation::new(database);
        let (agency_id, key_id) = (installation.agency, installation.key);
        let seen = written_and_followed(
            &installation,
            |c, place, limit| Ok(log::events_after(c, place, limit)?.iter().map(|row| row.sequence).collect()),
            |writer, store| async move {
                for round in 0..40_u32 {
                    // Every third id comes from two writers, so that places stay empty.
                    let events = (0..1 + (round * 7 + writer) % 13)
                        .map(|n| match (round + n) % 3 {
                            0 => event(&format!("shared-{}-{round}-{n}", writer / 2), n, Some(1)),
                            _ => event(&format!("own-{writer}-{round}-{n}"), n, Some(1)),
                        })
                        .collect();
                    let batch = fairtrial_store::RecordRequest { agency_id, sender: Sender::Key(key_id), events, refused: 0, received_at: 0, promised: false };
                    store.record(batch).await.unwrap();
                }
            },
        );
        let kept = kept(&installation, "events");
        assert!(kept.len() > 1_000 && kept.last().copied().unwrap() > i64::try_from(kept.len()).unwrap());
        assert_eq!(seen, kept);
    }

    fn a_reader_of_assignments_sees_every_row_once_and_in_order(database) {
        let installation = Installation::new(database);
        let trials = [installation.simple("a", 100_000), installation.simple("b", 100_000)];
        let seen = written_and_followed(
            &installation,
            |c, place, limit| Ok(log::assignments_after(c, place, limit)?.iter().map(|row| row.sequence).collect()),
            |writer, store| {
                // A trial for each store, so that no trial's lock brings their commits into order.
                let drawing = Arc::clone(&trials[writer as usize / 4]);
                async move {
                    for round in 0..80_u32 {
                        store.assign(request(&drawing, (writer % 3) * 1_000 + round)).await.unwrap();
                    }
                }
            },
        );
        assert_eq!(seen.len(), 80 * 6, "one writer of each store asks about units that are in");
        assert_eq!(seen, kept(&installation, "assignments"));
    }

    fn pages_end_at_the_limit_and_begin_after_the_place(database) {
        let installation = Installation::new(database);
        installation.record((0..10).map(|n| event(&format!("e{n}"), n, None)).collect());
        let mut c = installation.connection();
        let mut page = |place, limit| -> Vec<i64> {
            log::events_after(&mut c, place, limit).unwrap().iter().map(|row| row.sequence).collect()
        };
        assert_eq!(page(0, 3), [1, 2, 3]);
        assert_eq!(page(8, 3), [9, 10]);
        assert_eq!((page(10, 3), page(0, 0)), (vec![], vec![]));
    }

    fn whoever_closes_the_events_holds_them_until_the_end(database) {
        let installation = Installation::new(database);
        let trial = installation.draft("open-door");
        installation.record((0..10).map(|n| event(&format!("e{n}"), n, None)).collect());
        let (mut one, mut other) = (installation.connection(), installation.connection());
        let impatient = match installation.kind {
            Kind::Sqlite => "PRAGMA busy_timeout = 20",
            Kind::Postgres => "SET lock_timeout = '20ms'",
        };
        other.batch_execute(impatient).unwrap();
        const TAKE: &str = "UPDATE logs SET next_sequence = next_sequence + 1 WHERE name = 'events'";
        let last = one
            .write_transaction(|c| {
                let last = log::close_events(c, trial)?;
                other.batch_execute(TAKE).expect_err("nobody can add an event now");
                Ok(last)
            })
            .unwrap();
        assert_eq!(last, 10);
        other.batch_execute(TAKE).unwrap();
    }
}
