//! Agencies, people, sessions, keys and counts: what is put in comes out.

use fairtrial_store::{StoreError, agencies, api_keys, directory, people, sessions, touches};
use fairtrial_testkit::on_both_databases;

use super::installation::{Installation, NOW};

on_both_databases! {
    fn agencies_read_back_by_key(database) {
        let installation = Installation::new(database);
        let added = installation.write(|c| agencies::add(c, "labour", "Labour Office", &[0, 255, 7], NOW + 1)).unwrap();
        let taken = installation.write(|c| agencies::add(c, "tax", "Again", b"", NOW));
        assert_eq!(taken, Err(StoreError::Exists));
        let all = installation.store.read_blocking(agencies::all).unwrap();
        let labour = agencies::AgencyRow {
            id: added,
            key: "labour".into(),
            name: "Labour Office".into(),
            sealed_pseudonym_key: vec![0, 255, 7],
            created_at: NOW + 1,
        };
        assert_eq!((all.len(), &all[0], all[1].key.as_str()), (2, &labour, "tax"));
    }

    fn people_are_added_found_and_changed(database) {
        let installation = Installation::new(database);
        let (agency, id) = (installation.agency, installation.person);
        let read = |id: i64| installation.store.read_blocking(move |c| people::by_id(c, id)).unwrap();
        let mut wanted = people::PersonRow {
            id,
            agency_id: agency,
            email: "ann@tax.example".into(),
            name: "Ann".into(),
            roles: "designer".into(),
            password_hash: "$argon2id$".into(),
            disabled: false,
            failed_sign_ins: 0,
            locked_until: None,
            created_at: NOW,
        };
        assert_eq!(read(id).as_ref(), Some(&wanted));
        assert_eq!(installation.store.read_blocking(|c| people::by_email(c, "ann@tax.example")).unwrap(), read(id));
        assert_eq!(installation.store.read_blocking(|c| people::by_email(c, "ANN@tax.example")).unwrap(), None);
        assert_eq!(read(999), None);

        installation.write(move |c| people::note_sign_in(c, id, 4, Some(NOW + 60))).unwrap();
        (wanted.failed_sign_ins, wanted.locked_until) = (4, Some(NOW + 60));
        assert_eq!(read(id).as_ref(), Some(&wanted));
        installation.write(move |c| people::set_password(c, id, "$new$")).unwrap();
        (wanted.failed_sign_ins, wanted.locked_until, wanted.password_hash) = (0, None, "$new$".into());
        assert_eq!(read(id).as_ref(), Some(&wanted));
        installation.write(move |c| people::set_roles(c, id, "ethics reviewer", true)).unwrap();
        (wanted.roles, wanted.disabled) = ("ethics reviewer".into(), true);
        assert_eq!(read(id).as_ref(), Some(&wanted));

        let second = installation.add_person("bob@tax.example");
        let of_agency = installation.store.read_blocking(move |c| people::of_agency(c, agency)).unwrap();
        assert_eq!(of_agency.iter().map(|person| person.id).collect::<Vec<_>>(), [id, second]);
        assert_eq!(installation.store.read_blocking(people::count).unwrap(), 2);
        let person = people::NewPerson {
            agency_id: agency,
            email: "bob@tax.example".into(),
            name: "Bob".into(),
            roles: String::new(),
            password_hash: String::new(),
            created_at: NOW,
        };
        assert_eq!(installation.write(move |c| people::add(c, &person)), Err(StoreError::Exists));
    }

    fn sessions_begin_last_and_end(database) {
        let installation = Installation::new(database);
        let other = installation.add_person("bob@tax.example");
        let session = |token: u8, person_id: i64| sessions::SessionRow {
            token_hash: vec![token; 32],
            person_id,
            csrf_token: format!("csrf-{token}"),
            created_at: NOW,
            last_seen_at: NOW,
            expires_at: NOW + i64::from(token),
        };
        let person = installation.person;
        let all = [session(1, person), session(2, person), session(3, other), session(4, other)];
        for one in all.clone() {
            installation.write(move |c| sessions::add(c, &one)).unwrap();
        }
        let again = all[0].clone();
        assert_eq!(installation.write(move |c| sessions::add(c, &again)), Err(StoreError::Exists));
        let read = |token: u8| installation.store.read_blocking(|c| sessions::by_token_hash(c, &[token; 32])).unwrap();
        assert_eq!(read(1).as_ref(), Some(&all[0]));
        assert_eq!(read(9), None);
        installation.write(|c| sessions::touch(c, &[1; 32], NOW + 50)).unwrap();
        assert_eq!(read(1).map(|session| session.last_seen_at), Some(NOW + 50));
        installation.write(|c| sessions::end(c, &[1; 32])).unwrap();
        assert_eq!((read(1), read(2).is_some()), (None, true));
        assert_eq!(installation.write(|c| sessions::forget_ended(c, NOW + 3)).unwrap(), 1, "what ends just now is kept");
        assert_eq!((read(2), read(3).is_some()), (None, true));
        installation.write(move |c| sessions::end_all_of(c, other)).unwrap();
        assert_eq!(installation.count("sessions"), 0);
    }

    fn keys_are_valid_until_they_are_taken_back(database) {
        let installation = Installation::new(database);
        let (agency, first) = (installation.agency, installation.key);
        let second = installation.add_key("k2");
        let all = installation.store.read_blocking(move |c| api_keys::of_agency(c, agency)).unwrap();
        assert_eq!(all.iter().map(|key| key.id).collect::<Vec<_>>(), [second, first], "newest first");
        let wanted = api_keys::ApiKeyRow {
            id: first,
            public_id: "k1".into(),
            agency_id: agency,
            person_id: Some(installation.person),
            name: "Portal".into(),
            environment: "live".into(),
            scopes: "assign record".into(),
            secret_hash: vec![1; 32],
            created_at: NOW,
            last_used_at: None,
            revoked_at: None,
        };
        assert_eq!(all[1], wanted);

        installation.write(move |c| api_keys::note_used(c, &[(second, NOW + 2), (first, NOW + 1)])).unwrap();
        let revoke = |agency: i64, name: &'static str, at: i64| {
            installation.write(move |c| api_keys::revoke(c, agency, name, at)).unwrap()
        };
        assert!(!revoke(agency + 1, "k1", NOW), "another agency's key is no key");
        assert!(!revoke(agency, "k3", NOW));
        assert!(revoke(agency, "k1", NOW + 5));
        assert!(!revoke(agency, "k1", NOW + 6), "once is enough");
        let all = installation.store.read_blocking(move |c| api_keys::of_agency(c, agency)).unwrap();
        assert_eq!((all[1].last_used_at, all[1].revoked_at), (Some(NOW + 1), Some(NOW + 5)));
        let valid = installation.store.read_blocking(api_keys::all_valid).unwrap();
        assert_eq!(valid.iter().map(|key| key.id).collect::<Vec<_>>(), [second]);
    }

    fn touches_add_up(database) {
        let installation = Installation::new(database);
        let (a, b) = (installation.draft("a"), installation.draft("b"));
        installation.write(move |c| touches::add(c, &[(b, "opted_out", 1), (a, "not_eligible", 2), (a, "opted_out", 3)])).unwrap();
        installation.write(move |c| touches::add(c, &[(a, "opted_out", 4)])).unwrap();
        let of = |trial: i64| installation.store.read_blocking(move |c| touches::of_trial(c, trial)).unwrap();
        assert_eq!(of(a), [("not_eligible".to_owned(), 2), ("opted_out".to_owned(), 7)]);
        assert_eq!(of(b), [("opted_out".to_owned(), 1)]);
    }

    fn two_servers_add_touches_in_any_order(database) {
        let installation = Installation::new(database);
        let trials: Vec<i64> = (0..6).map(|n| installation.draft(&format!("t{n}"))).collect();
        let threads: Vec<_> = [installation.store.clone(), installation.another_store()]
            .into_iter()
            .enumerate()
            .map(|(half, store)| {
                let mut counts: Vec<(i64, &'static str, i64)> = trials.iter().map(|trial| (*trial, "opted_out", 1)).collect();
                if half == 1 {
                    counts.reverse();
                }
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                    for _ in 0..50 {
                        let counts = counts.clone();
                        runtime.block_on(store.write(move |c| touches::add(c, &counts))).unwrap();
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        for trial in trials {
            let counted = installation.store.read_blocking(move |c| touches::of_trial(c, trial)).unwrap();
            assert_eq!(counted, [("opted_out".to_owned(), 100)]);
        }
    }

    fn the_directory_tells_of_changes_that_were_kept(database) {
        let installation = Installation::new(database);
        let version = || installation.store.read_blocking(directory::version).unwrap();
        let mut before = version();
        let mut went_up = |what: &str, wanted: bool| {
            let now = version();
            assert_eq!(now > before, wanted, "{what}");
            before = now;
        };
        let agency = installation.agency;
        installation.write(|c| agencies::add(c, "labour", "Labour Office", b"", NOW)).unwrap();
        went_up("an agency", true);
        installation.write(|c| agencies::add(c, "labour", "Labour Office", b"", NOW)).unwrap_err();
        went_up("an agency that was not kept", false);
        installation.add_key("k2");
        went_up("a key", true);
        installation.write(move |c| api_keys::revoke(c, agency, "k2", NOW)).unwrap();
        went_up("a key taken back", true);
        installation.write(|c| api_keys::note_used(c, &[(1, NOW)])).unwrap();
        went_up("a key in use", false);
        let trial = installation.draft("a");
        went_up("a trial", true);
        installation.move_state(trial, "draft", "in_review").unwrap();
        went_up("a state", true);
    }
}
