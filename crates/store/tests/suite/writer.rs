//! The queue: full, failing, losing its connection.

use diesel::connection::SimpleConnection;
use fairtrial_domain::protocol::Allocation;
use fairtrial_store::{AssignAnswer, Recorded, StoreError, WriterSettings, agencies, audit, directory, people};
use fairtrial_testkit::{database::Kind, on_both_databases};

use super::installation::{Installation, NOW, drawing, dump, event, in_stratum, request};

/// Ends every other connection to the database, as a server that restarts does.
fn cut_connections(installation: &Installation) {
    let ended = "SELECT CAST(COUNT(pg_terminate_backend(pid, 5000)) AS TEXT) AS line FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let ended: u32 = installation.lines(ended)[0].parse().unwrap();
    assert!(ended > 0, "there were connections to end");
}

on_both_databases! {
    fn a_full_queue_refuses_and_recovers(database) {
        let installation = Installation::with(database, WriterSettings { queue: 4, rows_per_commit: 100 });
        let drawing = installation.simple("open-door", 100);
        // One is at work and four wait; all others are refused.
        let mut answers = installation.assign_together((0..10).map(|who| request(&drawing, who)).collect());
        assert!(answers.drain(..4).all(|answer| matches!(answer, Ok(AssignAnswer::New(_)))));
        assert_eq!(answers, vec![Err(StoreError::Busy); 6]);
        assert_eq!(installation.count("assignments"), 4);
        assert!(matches!(installation.assign(request(&drawing, 9)), AssignAnswer::New(_)));
    }

    fn a_call_of_many_trials_takes_one_place_and_is_refused_whole(database) {
        let installation = Installation::with(database, WriterSettings { queue: 2, rows_per_commit: 100 });
        let trials: Vec<_> = (0..20).map(|n| installation.simple(&format!("trial-{n}"), 2)).collect();
        let each = |who| trials.iter().map(|trial| request(trial, who)).collect::<Vec<_>>();
        let commits = *installation.store.commits().borrow();
        // One is at work; two calls wait, however many trials they ask, and the third finds no room.
        let calls = (0..3).map(|who| (installation.store.clone(), each(who)));
        let answers = installation.together(calls.map(|(store, each)| async move { store.assign_each(each).await }));
        let all_new = |answer: &Result<Vec<_>, _>| {
            let drawn = answer.as_ref().unwrap();
            drawn.len() == 20 && drawn.iter().all(|drawn| matches!(drawn, Ok(AssignAnswer::New(_))))
        };
        assert!(answers[..2].iter().all(all_new) && answers[2] == Err(StoreError::Busy), "{answers:?}");
        assert_eq!(*installation.store.commits().borrow() - commits, 2, "the work that held the writer, and both calls");
        assert_eq!((installation.count("assignments"), installation.store.load().refused), (40, 1));
        // Each draw has its own answer, and each trial its own cap.
        let answers = installation.wait(installation.store.assign_each([each(0), each(9)].concat())).unwrap();
        assert!(answers[..20].iter().all(|drawn| matches!(drawn, Ok(AssignAnswer::Existing(_)))), "{answers:?}");
        assert_eq!(answers[20..], vec![Ok(AssignAnswer::CapReached); 20]);
        assert_eq!(installation.wait(installation.store.assign_each(Vec::new())), Ok(Vec::new()));
        // A trial that fails by itself takes no other with it.
        let bad = drawing(999, &Allocation::Simple, &[1, 1], 1);
        let good = [installation.simple("one-more", 5), installation.simple("and-another", 5)];
        let mixed = vec![request(&good[0], 1), request(&bad, 1), request(&good[1], 1)];
        let calls = [mixed, vec![request(&good[0], 2)]].map(|each| (installation.store.clone(), each));
        let mixed = installation.together(calls.map(|(store, each)| async move { store.assign_each(each).await }));
        let new = |drawn: &Result<AssignAnswer, StoreError>| matches!(drawn, Ok(AssignAnswer::New(_)));
        let told: Vec<Vec<bool>> = mixed.iter().map(|call| call.as_ref().unwrap().iter().map(new).collect()).collect();
        assert_eq!(told, [vec![true, false, true], vec![true]], "{mixed:?}");
    }

    fn more_rows_than_one_commit_takes_are_committed_in_turn(database) {
        let installation = Installation::with(database, WriterSettings { queue: 100, rows_per_commit: 10 });
        installation.record(vec![event("first", 1, None)]);
        let before = *installation.store.commits().borrow();
        let batch = |b: u32| installation.batch((0..4).map(|n| event(&format!("e{b}-{n}"), n, None)).collect());
        let answers = installation.record_together((0..30).map(batch).collect());
        assert!(answers.into_iter().flat_map(Result::unwrap).all(|answer| matches!(answer, Recorded::New(_))));
        assert_eq!(installation.count("events"), 121);
        // Three batches of four make a commit of ten or more; one commit more was the work that held the writer.
        assert_eq!(*installation.store.commits().borrow() - before, 11);
    }

    fn work_that_fails_keeps_nothing_and_harms_nobody(database) {
        let installation = Installation::new(database);
        let drawing = installation.simple("open-door", 100);
        let before = dump(&installation);
        let failed = installation.write(|c| {
            agencies::add(c, "labour", "Labour Office", b"sealed", NOW)?;
            Err::<(), _>(StoreError::Changed("on second thoughts".into()))
        });
        assert_eq!(failed, Err(StoreError::Changed("on second thoughts".into())));
        let failed = installation.write(|c| {
            agencies::add(c, "labour", "Labour Office", b"sealed", NOW)?;
            agencies::add(c, "labour", "Labour Office", b"sealed", NOW)
        });
        assert_eq!(failed, Err(StoreError::Exists));
        let agency_id = 999;
        let failed = installation.write(move |c| {
            let person = people::NewPerson {
                agency_id,
                email: "x@y.example".into(),
                name: "X".into(),
                roles: String::new(),
                password_hash: String::new(),
                created_at: NOW,
            };
            people::add(c, &person)
        });
        assert!(matches!(failed, Err(StoreError::Changed(_))), "an agency that is not there: {failed:?}");
        assert_eq!(dump(&installation), before);

        // In one group with good calls.
        let store = installation.store.clone();
        let bad = installation.together([async move { store.write(|c| Ok(c.batch_execute("SELECT nonsense")?)).await }]);
        assert!(matches!(bad[0], Err(StoreError::Unavailable(_))), "{bad:?}");
        assert!(matches!(installation.assign(request(&drawing, 1)), AssignAnswer::New(_)));
    }

    fn work_that_panics_does_not_end_the_writer(database) {
        let installation = Installation::new(database);
        let drawing = installation.simple("open-door", 100);
        let before = dump(&installation);
        let failed = installation.write(|c| {
            agencies::add(c, "labour", "Labour Office", b"sealed", NOW)?;
            if true {
                panic!("a fault in the work");
            }
            Ok(())
        });
        assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
        assert_eq!(dump(&installation), before);
        assert!(matches!(installation.assign(request(&drawing, 1)), AssignAnswer::New(_)));
        installation.write(|c| agencies::add(c, "labour", "Labour Office", b"sealed", NOW)).unwrap();
    }

    fn a_transaction_keeps_all_or_nothing(database) {
        let installation = Installation::new(database);
        let mut c = installation.connection();
        let count = |installation: &Installation| installation.count("agencies");
        let kept = c.write_transaction(|c| agencies::add(c, "a", "A", b"s", NOW));
        assert!(kept.is_ok() && count(&installation) == 2);
        let failed = c.write_transaction(|c| {
            agencies::add(c, "b", "B", b"s", NOW)?;
            c.batch_execute("SELECT nonsense")?;
            Ok(())
        });
        assert!(failed.is_err() && count(&installation) == 2);
        // The connection is as good as before.
        c.write_transaction(|c| agencies::add(c, "b", "B", b"s", NOW)).unwrap();
        assert_eq!(count(&installation), 3);
    }

    fn bad_calls_fail_alone_and_a_failing_group_ends(database) {
        let installation = Installation::new(database);
        let good = installation.simple("open-door", 100);
        let bad = drawing(999, &Allocation::Simple, &[1, 1], 1);
        let calls = (0..9).map(|n| request(if n < 6 { &bad } else { &good }, n)).collect();
        let answers = installation.assign_together(calls);
        let is_bad = |answer: &Result<_, _>| matches!(answer, Err(StoreError::Changed(_)));
        assert!(answers[..6].iter().all(is_bad), "{answers:?}");
        assert!(answers[6..].iter().all(Result::is_ok), "nobody pays for what others asked: {answers:?}");
        // For those of one stratum the database fails.
        let failing = match installation.kind {
            Kind::Sqlite => "CREATE TRIGGER failing BEFORE INSERT ON assignments WHEN NEW.stratum = 'failing' \
                             BEGIN SELECT RAISE(ABORT, 'it fails'); END",
            Kind::Postgres => "CREATE FUNCTION failing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'it fails'; END $$; \
                               CREATE TRIGGER failing BEFORE INSERT ON assignments FOR EACH ROW \
                               WHEN (NEW.stratum = 'failing') EXECUTE FUNCTION failing()",
        };
        installation.connection().batch_execute(failing).unwrap();
        let call = |who, fails: bool| in_stratum(&good, who, if fails { "failing" } else { "" });
        let answers = installation.assign_together((10..19).map(|n| call(n, n < 16)).collect());
        // After three failures the group is given up, so that a failing database is not asked once a call.
        assert!(answers.iter().all(|answer| matches!(answer, Err(StoreError::Unavailable(_)))), "{answers:?}");
        let answers = installation.assign_together((20..29).map(|n| call(n, n % 4 == 0)).collect());
        assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 3, "{answers:?}");
        assert_eq!(installation.count("assignments"), 3 + 6);
    }

    fn work_of_two_servers_is_done_one_after_the_other(database) {
        let installation = Installation::new(database);
        let person = installation.person;
        let entry = audit::NewEntry {
            at: NOW,
            agency_id: None,
            person_id: None,
            key_id: None,
            action: "x".into(),
            subject: "y".into(),
            detail: "{}".into(),
        };
        let threads: Vec<_> = [installation.store.clone(), installation.another_store()]
            .into_iter()
            .enumerate()
            .map(|(half, store)| {
                let entry = entry.clone();
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                    for _ in 0..60 {
                        let entry = entry.clone();
                        let work = store.write(move |c| {
                            // Each server touches the tables in an order of its own.
                            if half == 0 {
                                audit::append(c, &entry)?;
                            }
                            directory::changed(c)?;
                            let read = people::by_id(c, person)?.ok_or(StoreError::Exists)?;
                            people::note_sign_in(c, person, read.failed_sign_ins + 1, None)?;
                            if half == 1 {
                                audit::append(c, &entry)?;
                            }
                            Ok(())
                        });
                        runtime.block_on(work).unwrap();
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let read = installation.store.read_blocking(move |c| people::by_id(c, person)).unwrap().unwrap();
        assert_eq!((read.failed_sign_ins, installation.count("audit")), (120, 120), "no step was lost");
    }

    fn every_commit_is_told(database) {
        let installation = Installation::new(database);
        let drawing = installation.simple("open-door", 100);
        let mut commits = installation.store.commits();
        commits.mark_unchanged();
        installation.assign(request(&drawing, 1));
        assert!(installation.wait(commits.changed()).is_ok());
        commits.mark_unchanged();
        installation.record(vec![event("a", 1, None)]);
        assert!(installation.wait(commits.changed()).is_ok());
    }

    fn lost_connections_are_opened_again(database) {
        if database.kind() == Kind::Sqlite {
            // A file has no connection to lose.
            return;
        }
        let installation = Installation::new(database);
        let drawing = installation.simple("open-door", 100);
        let known = installation.assign(request(&drawing, 1));
        assert!(matches!(known, AssignAnswer::New(_)));

        cut_connections(&installation);
        let after = installation.assign(request(&drawing, 2));
        assert!(matches!(after, AssignAnswer::New(_)), "an assignment is tried again: {after:?}");
        cut_connections(&installation);
        assert!(matches!(installation.record(vec![event("a", 1, None)])[..], [Recorded::New(_)]));

        cut_connections(&installation);
        // Work that may not be done twice fails once.
        let first = installation.write(|c| agencies::add(c, "labour", "Labour Office", b"sealed", NOW));
        assert!(matches!(first, Err(StoreError::Unavailable(_))), "{first:?}");
        installation.write(|c| agencies::add(c, "labour", "Labour Office", b"sealed", NOW)).unwrap();

        // Readers too, each of them.
        for _ in 0..2 {
            installation.store.read_blocking(agencies::all).unwrap();
            cut_connections(&installation);
            let stores: Vec<_> = (0..6).map(|_| installation.store.clone()).collect();
            let read = installation.wait(async {
                let mut tasks = tokio::task::JoinSet::new();
                stores.into_iter().for_each(|store| drop(tasks.spawn(async move { store.read(agencies::all).await })));
                tasks.join_all().await
            });
            assert!(read.iter().all(|all| all.as_ref().is_ok_and(|all| all.len() == 2)), "{read:?}");
        }
    }
}
