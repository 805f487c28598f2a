//! Events that wait on the server's own disk: each comes into the database once, and nothing that is broken holds up the rest.

use std::{fs, path::Path, time::Duration};

use fairtrial_store::{Kept, Recorded, Spool, Store, StoreError, WriterSettings};
use fairtrial_testkit::{database::TestDatabase, on_both_databases};

use super::installation::{Installation, event, stored};

const ROOM: u64 = 1 << 20;

fn with_spool(database: &TestDatabase, folder: &Path, most: u64) -> (Installation, Store) {
    let installation = Installation::new(database);
    let store = installation.store.clone().with_spool(Spool::open(folder, most).unwrap());
    (installation, store)
}

/// Lets the store hand its spool over until nothing waits.
fn hand_over(installation: &Installation, store: &Store) {
    let empty = async {
        while store.spool().unwrap().size() > 0 || store.is_away() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    installation.wait(async {
        tokio::select! {
            () = store.hand_over_spool() => {}
            () = empty => {}
        }
    });
}

fn ids(installation: &Installation) -> Vec<String> {
    installation.lines("SELECT event_id AS line FROM events ORDER BY event_id")
}

fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != "lock").collect();
    names.sort_unstable();
    names
}

on_both_databases! {
    fn what_waited_is_stored_once_whatever_came_before_or_comes_again(database) {
        let folder = tempfile::tempdir().unwrap();
        let (installation, store) = with_spool(database, folder.path(), ROOM);
        let spool = store.spool().unwrap();
        installation.record(vec![event("a", 1, Some(1))]);
        for (id, value) in [("a", 1), ("b", 1), ("b", 1), ("b", 2), ("c", 1)] {
            installation.wait(spool.keep(&installation.batch(vec![event(id, 1, Some(value))]))).unwrap();
        }
        assert!(spool.size() > 0);
        hand_over(&installation, &store);
        assert_eq!(ids(&installation), ["a", "b", "c"]);
        assert_eq!(installation.count("event_conflicts"), 1, "the other b is told");
        assert_eq!(files(folder.path()), Vec::<String>::new());
        // What the spool held is known afterwards, and the store goes on as before.
        assert_eq!(stored(installation.wait(store.record(installation.batch(vec![event("c", 1, Some(1))]))).unwrap()),
            [Recorded::Duplicate]);
    }

    fn a_file_that_could_not_be_begun_is_not_begun_again(database) {
        let folder = tempfile::tempdir().unwrap();
        let (installation, store) = with_spool(database, folder.path(), ROOM);
        // As a call leaves it that made the file and then failed.
        fs::write(folder.path().join("000000000001.events"), b"").unwrap();
        let keep = |id: &str| installation.wait(store.spool().unwrap().keep(&installation.batch(vec![event(id, 1, None)])));
        assert!(matches!(keep("a"), Err(StoreError::Unavailable(_))), "nobody is told that it is kept");
        keep("b").unwrap();
        hand_over(&installation, &store);
        assert_eq!((ids(&installation), files(folder.path())), (vec!["b".to_owned()], Vec::new()));
    }

    fn what_waits_outlives_the_server(database) {
        let folder = tempfile::tempdir().unwrap();
        let (installation, store) = with_spool(database, folder.path(), ROOM);
        for n in 0..50 {
            let batch = installation.batch(vec![event(&format!("e-{n:02}"), n, None)]);
            installation.wait(store.spool().unwrap().keep(&batch)).unwrap();
        }
        let size = store.spool().unwrap().size();
        assert!(matches!(Spool::open(folder.path(), ROOM), Err(StoreError::Setup(why)) if why.contains("another server")));
        drop(store);
        let file = folder.path().join(&files(folder.path())[0]);
        // The power went while one more was written: nobody was told that it is kept.
        let mut bytes = fs::read(&file).unwrap();
        bytes.extend_from_slice(&[200, 0, 0, 0, 1, 2]);
        fs::write(&file, &bytes).unwrap();
        let again = installation.store.clone().with_spool(Spool::open(folder.path(), ROOM).unwrap());
        assert_eq!(again.spool().unwrap().size(), size + 6);
        installation.wait(again.spool().unwrap().keep(&installation.batch(vec![event("later", 1, None)]))).unwrap();
        assert_eq!(files(folder.path()).len(), 2, "nothing is added to a file of the last server");
        hand_over(&installation, &again);
        assert_eq!(ids(&installation).len(), 51);
        assert_eq!(files(folder.path()), Vec::<String>::new());
    }

    fn what_cannot_be_stored_or_read_is_put_aside_and_holds_up_nothing(database) {
        let folder = tempfile::tempdir().unwrap();
        let (installation, store) = with_spool(database, folder.path(), ROOM);
        let spool = store.spool().unwrap();
        // However many there are: all are tried together with the good one.
        for n in 0..5 {
            let mut foreign = installation.batch(vec![event(&format!("foreign-{n}"), 1, None)]);
            foreign.agency_id = 987_654;
            installation.wait(spool.keep(&foreign)).unwrap();
        }
        installation.wait(spool.keep(&installation.batch(vec![event("good", 1, None)]))).unwrap();
        hand_over(&installation, &store);
        assert_eq!((ids(&installation), files(folder.path())), (vec!["good".to_owned()], vec!["refused.records".to_owned()]));
        for id in ["spoilt", "whole"] {
            installation.wait(spool.keep(&installation.batch(vec![event(id, 1, None)]))).unwrap();
        }
        let file = folder.path().join(&files(folder.path())[0]);
        let mut bytes = fs::read(&file).unwrap();
        bytes[20] ^= 1;
        fs::write(&file, &bytes).unwrap();
        hand_over(&installation, &store);
        assert_eq!(ids(&installation), ["good", "whole"]);
        assert!(files(folder.path()).iter().any(|name| name.ends_with(".damaged")));
    }

    fn a_database_that_has_too_much_to_do_is_not_away(database) {
        let folder = tempfile::tempdir().unwrap();
        let installation = Installation::with(database, WriterSettings { queue: 1, rows_per_commit: 1 });
        let store = installation.store.clone().with_spool(Spool::open(folder.path(), ROOM).unwrap());
        installation.wait(store.spool().unwrap().keep(&installation.batch(vec![event("a", 1, None)]))).unwrap();
        let at_work = installation.hold();
        let waiting = {
            let store = installation.store.clone();
            installation.spawn(async move { store.write(|_| Ok(())).await })
        };
        // The first question finds no room, and the next comes half a second later.
        installation.wait(async {
            tokio::select! {
                biased;
                () = store.hand_over_spool() => {}
                () = tokio::task::yield_now() => {}
            }
        });
        assert_eq!((store.is_away(), store.load().refused), (false, 1));
        drop(at_work);
        installation.wait(waiting).unwrap().unwrap();
        hand_over(&installation, &store);
        assert_eq!(ids(&installation), ["a"]);
    }

    fn a_full_spool_refuses_and_has_room_again(database) {
        let folder = tempfile::tempdir().unwrap();
        let (installation, store) = with_spool(database, folder.path(), 2_000);
        let spool = store.spool().unwrap();
        let keep = |n: u32| installation.wait(spool.keep(&installation.batch(vec![event(&format!("e-{n}"), n, None)])));
        let kept = (0..1_000).take_while(|n| keep(*n).is_ok()).count();
        assert!((2..50).contains(&kept), "{kept}");
        assert_eq!(keep(5_000), Err(StoreError::Unavailable("the spool is full".into())));
        hand_over(&installation, &store);
        assert_eq!(ids(&installation).len(), kept);
        assert_eq!(keep(5_001), Ok(()));
        assert_eq!(installation.wait(store.record(installation.batch(vec![event("straight", 1, None)]))).map(stored_once), Ok(true));
    }
}

fn stored_once(kept: Kept) -> bool {
    matches!(stored(kept).as_slice(), [Recorded::New(_)])
}
