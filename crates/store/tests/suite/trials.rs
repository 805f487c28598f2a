//! Trials, their plans, their states and the signatures under them.

use fairtrial_store::{StoreError, trials};
use fairtrial_testkit::on_both_databases;

use super::installation::{Installation, NOW, PLAN, SECRET};

fn plan<'a>(key: &'a str, protocol_id: &'a str, canonical: &'a str, of: (i64, i64)) -> trials::NewTrial<'a> {
    trials::NewTrial {
        key,
        agency_id: of.0,
        state: "draft",
        protocol_id,
        canonical,
        algo_version: 1,
        author_id: of.1,
        created_at: NOW,
    }
}

on_both_databases! {
    fn a_trial_reads_back(database) {
        let installation = Installation::new(database);
        let id = installation.draft("open-door");
        let wanted = trials::TrialRow {
            id,
            key: "open-door".into(),
            agency_id: installation.agency,
            state: "draft".into(),
            protocol_id: PLAN.into(),
            reverted: false,
            algo_version: 1,
            sealed_secret: None,
            secret_commitment: None,
            created_at: NOW,
            started_at: None,
            ended_at: None,
            locked_at: None,
            locked_sequence: None,
            state_reason: None,
            halted: false,
            started_sequence: None,
        };
        assert_eq!(installation.store.read_blocking(|c| trials::by_key(c, "open-door")).unwrap(), Some(wanted.clone()));
        assert_eq!(installation.store.read_blocking(move |c| trials::by_id(c, id)).unwrap(), Some(wanted));
        assert_eq!(installation.store.read_blocking(|c| trials::by_id(c, 999)).unwrap(), None);
        assert_eq!(installation.store.read_blocking(|c| trials::by_key(c, "Open-Door")).unwrap(), None);
        let of = (installation.agency, installation.person);
        let taken = installation.write(move |c| trials::add(c, &plan("open-door", "p", "{}", of)));
        assert_eq!(taken, Err(StoreError::Exists));
        installation.draft("another");
        let keys: Vec<String> = installation.store.read_blocking(trials::all).unwrap().into_iter().map(|t| t.key).collect();
        assert_eq!(keys, ["another", "open-door"]);
    }

    fn a_draft_takes_other_plans_and_remembers_all_of_them(database) {
        let installation = Installation::new(database);
        let id = installation.draft("open-door");
        let other = installation.add_person("bob@tax.example");
        let of = (installation.agency, installation.person);
        for (protocol_id, canonical, author) in [("plan-2", "{\"n\":2}", of.1), ("plan-2", "{\"n\":2}", of.1), ("plan-3", "{\"n\":3}", other)] {
            installation
                .write(move |c| trials::replace_protocol(c, id, &plan("open-door", protocol_id, canonical, (of.0, author))))
                .unwrap();
        }
        assert_eq!(installation.store.read_blocking(|c| trials::by_key(c, "open-door")).unwrap().unwrap().protocol_id, "plan-3");
        let canonical = |plan: &'static str| installation.store.read_blocking(move |c| trials::canonical(c, id, plan)).unwrap();
        assert_eq!(canonical(PLAN).as_deref(), Some("{}"));
        assert_eq!(canonical("plan-2").as_deref(), Some("{\"n\":2}"));
        assert_eq!(canonical("plan-9"), None);
        let mut authors = installation.store.read_blocking(move |c| trials::authors(c, id)).unwrap();
        authors.sort_unstable();
        assert_eq!(authors, [installation.person, other]);

        // Back to an older plan by another author: both wrote it.
        installation.write(move |c| trials::replace_protocol(c, id, &plan("open-door", PLAN, "{}", (of.0, other)))).unwrap();
        installation.move_state(id, "draft", "in_review").unwrap();
        let late = installation.write(move |c| trials::replace_protocol(c, id, &plan("open-door", "plan-4", "{}", of)));
        assert!(matches!(late, Err(StoreError::Changed(_))), "{late:?}");
        assert_eq!(installation.count("protocols"), 4, "what was refused left nothing");
    }

    fn a_move_from_where_it_does_not_stand_is_refused(database) {
        let installation = Installation::new(database);
        let id = installation.draft("open-door");
        installation.move_state(id, "draft", "approved").unwrap();
        let stale = installation.move_state(id, "draft", "withdrawn");
        assert!(matches!(stale, Err(StoreError::Changed(_))), "{stale:?}");
        let change = trials::StateChange { state: "enrolling".into(), started_at: Some(NOW), ..Default::default() };
        let other_plan = installation.write(move |c| trials::move_state(c, id, "approved", "plan-2", &change));
        assert!(matches!(other_plan, Err(StoreError::Changed(_))), "{other_plan:?}");
        let nothing = installation.move_state(999, "draft", "approved");
        assert!(matches!(nothing, Err(StoreError::Changed(_))), "{nothing:?}");
        let row = installation.store.read_blocking(|c| trials::by_key(c, "open-door")).unwrap().unwrap();
        assert_eq!((row.state.as_str(), row.started_at), ("approved", None));
        assert_eq!(installation.count("enrolments"), 0);
    }

    fn of_two_moves_at_once_one_is_made(database) {
        let installation = Installation::new(database);
        let id = installation.draft("open-door");
        let threads: Vec<_> = [(installation.store.clone(), "approved"), (installation.another_store(), "withdrawn")]
            .into_iter()
            .map(|(store, to)| {
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                    let change = trials::StateChange { state: to.into(), ..Default::default() };
                    runtime.block_on(store.write(move |c| trials::move_state(c, id, "draft", PLAN, &change)))
                })
            })
            .collect();
        let made: Vec<Result<(), StoreError>> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1, "{made:?}");
        assert!(made.iter().any(|made| matches!(made, Err(StoreError::Changed(_)))), "{made:?}");
    }

    fn each_move_keeps_what_it_brings_and_leaves_the_rest(database) {
        let installation = Installation::new(database);
        let drawing = installation.simple("open-door", 10);
        let id = drawing.trial_id;
        let moved = |from: &'static str, change: trials::StateChange| {
            installation.write(move |c| trials::move_state(c, id, from, PLAN, &change)).unwrap();
            installation.store.read_blocking(|c| trials::by_key(c, "open-door")).unwrap().unwrap()
        };
        let stop = trials::StateChange {
            state: "follow_up".into(),
            state_reason: Some("harm".into()),
            ended_at: Some(NOW + 1),
            reverted: Some(true),
            ..Default::default()
        };
        let stopped = moved("enrolling", stop);
        assert_eq!((stopped.started_at, stopped.sealed_secret.as_deref()), (Some(NOW), Some(&SECRET[..])));
        assert_eq!((stopped.ended_at, stopped.reverted, stopped.state_reason.as_deref()), (Some(NOW + 1), true, Some("harm")));
        let lock = trials::StateChange {
            state: "data_locked".into(),
            locked_at: Some(NOW + 2),
            locked_sequence: Some(12),
            ..Default::default()
        };
        let locked = moved("follow_up", lock);
        let wanted = trials::TrialRow {
            state: "data_locked".into(),
            locked_at: Some(NOW + 2),
            locked_sequence: Some(12),
            ..stopped
        };
        assert_eq!(locked, wanted);
    }

    fn signatures_stay_in_their_order(database) {
        let installation = Installation::new(database);
        let (a, b) = (installation.draft("a"), installation.draft("b"));
        let person_id = installation.person;
        let sign = |trial_id: i64, role: &str| {
            let signature = trials::NewSignature {
                trial_id,
                person_id,
                role: role.into(),
                protocol_id: PLAN.into(),
                note: format!("as {role}"),
                signed_at: NOW,
                kind: "signed".into(),
            };
            installation.write(move |c| trials::sign(c, &signature))
        };
        sign(a, "statistics").unwrap();
        sign(b, "ethics").unwrap();
        sign(a, "ethics").unwrap();
        assert!(matches!(sign(999, "ethics"), Err(StoreError::Changed(_))));
        let rows = installation.store.read_blocking(move |c| trials::signatures_of(c, a)).unwrap();
        let read: Vec<(&str, &str, i64)> = rows.iter().map(|s| (s.role.as_str(), s.note.as_str(), s.person_id)).collect();
        assert_eq!(read, [("statistics", "as statistics", person_id), ("ethics", "as ethics", person_id)]);
    }
}
