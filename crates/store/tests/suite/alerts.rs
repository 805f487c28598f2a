//! What calls for a person is kept with its change, once, and laid ready for those who want it.

use fairtrial_store::{
    StoreError, alerts,
    audit::{self, NewEntry},
    receivers,
};
use fairtrial_testkit::{database::Kind, on_both_databases};

use super::installation::{Installation, NOW};

fn entry(agency: i64, action: &str, subject: &str, detail: &str) -> NewEntry {
    NewEntry {
        at: NOW,
        agency_id: Some(agency),
        person_id: None,
        key_id: None,
        action: action.into(),
        subject: subject.into(),
        detail: detail.into(),
    }
}

fn receiver(installation: &Installation, id: &str, kinds: &str) {
    let row = receivers::ReceiverRow {
        id: id.into(),
        agency_id: installation.agency,
        name: "Pager".into(),
        address: "https://hooks.example/x".into(),
        kinds: kinds.into(),
        sealed_secret: vec![1; 60],
        person_id: installation.person,
        created_at: NOW,
        closed_at: None,
        failing_since: None,
        taken_at: None,
    };
    installation.write(move |c| receivers::add(c, &row)).unwrap();
}

fn tell(installation: &Installation, action: &str, subject: &str, detail: &str) {
    let entry = entry(installation.agency, action, subject, detail);
    installation.write(move |c| audit::append(c, &entry)).unwrap();
}

fn waiting(installation: &Installation) -> Vec<String> {
    installation.lines(
        "SELECT s.receiver_id || ' ' || a.matter AS line FROM sendings s JOIN alerts a ON a.sequence = s.sequence \
         ORDER BY s.sequence, s.receiver_id",
    )
}

on_both_databases! {
    fn an_alert_is_kept_with_its_change_and_goes_with_it(database) {
        let installation = Installation::new(database);
        receiver(&installation, "rc-1", "harm signature");
        let agency = installation.agency;
        let doomed = entry(agency, "trial.submit", "letter", "{}");
        let undone: Result<(), StoreError> = installation.write(move |c| {
            audit::append(c, &doomed)?;
            Err(StoreError::Changed("no".into()))
        });
        assert!(undone.is_err());
        assert_eq!((installation.count("alerts"), installation.count("sendings")), (0, 0), "what was undone tells nothing");

        tell(&installation, "person.signed_in", "ann", "{}");
        tell(&installation, "trial.submit", "letter", "{}");
        tell(&installation, "check.reddened", "letter", "{}");
        assert_eq!(installation.lines("SELECT matter AS line FROM alerts ORDER BY sequence"), ["signature.plan", "check.red"]);
        assert_eq!(waiting(&installation), ["rc-1 signature.plan"]);
        let ids = installation.lines("SELECT a.id AS line FROM alerts a ORDER BY sequence");
        assert!(ids.iter().all(|id| id.len() == 36 && id.starts_with("msg_")) && ids[0] != ids[1], "{ids:?}");
    }

    fn each_receiver_hears_of_its_kinds_and_nothing_of_itself(database) {
        let installation = Installation::new(database);
        receiver(&installation, "rc-1", "harm receiver");
        receiver(&installation, "rc-2", "receiver message");
        receiver(&installation, "rc-3", "harm message receiver");
        let agency = installation.agency;
        assert!(installation.write(move |c| receivers::close(c, agency, "rc-3", NOW)).unwrap());
        assert!(!installation.write(move |c| receivers::close(c, agency, "rc-3", NOW)).unwrap(), "once");
        assert!(!installation.write(move |c| receivers::close(c, agency + 1, "rc-1", NOW)).unwrap(), "not another's");
        tell(&installation, "trial.suspend", "letter", "{}");
        tell(&installation, "message.sent", "letter", r#"{"kind":"complaint"}"#);
        tell(&installation, "receiver.failing", "rc-1", "{}");
        tell(&installation, "receiver.tested", "rc-2", "{}");
        assert_eq!(
            waiting(&installation),
            ["rc-1 harm.suspended", "rc-2 message.complaint", "rc-2 receiver.failing", "rc-2 test"]
        );
    }

    fn one_server_holds_what_is_sent_until_its_time_is_over(database) {
        let installation = Installation::new(database);
        receiver(&installation, "rc-1", "harm");
        tell(&installation, "trial.suspend", "letter", "{}");
        tell(&installation, "trial.suspend", "door", "{}");
        let due = |now: i64| installation.store.read_blocking(move |c| alerts::due(c, now)).unwrap();
        let [(receiver, first)] = &due(NOW)[..] else { panic!("one receiver") };
        // A clock that was put back holds up nothing that was not tried yet.
        assert_eq!(due(NOW - 1).len(), 1);
        let (receiver, first) = (receiver.clone(), *first);
        let hold = |now: i64| {
            let receiver = receiver.clone();
            installation.write(move |c| alerts::hold(c, &receiver, first, now, now + 30)).unwrap()
        };
        let (alert, to, tries) = hold(NOW).unwrap();
        assert_eq!((alert.subject.as_str(), to.id.as_str(), tries), ("letter", "rc-1", 0));
        assert!(hold(NOW + 29).is_none(), "somebody else has it");
        assert_eq!(due(NOW + 1), [("rc-1".to_owned(), first + 1)], "it holds nobody up");
        assert!(hold(NOW + 30).is_some(), "whoever had it is gone");

        let fails = entry(installation.agency, "receiver.failing", "rc-1", "{}");
        let failed = |sequence: i64, at: i64, next: Option<i64>| {
            let fails = fails.clone();
            installation.write(move |c| alerts::failed(c, ("rc-1", sequence), at, "no answer", next, &fails)).unwrap();
        };
        failed(first, NOW + 31, Some(NOW + 100));
        assert!(hold(NOW + 99).is_none());
        assert_eq!(hold(NOW + 100).unwrap().2, 1);
        failed(first, NOW + 101, Some(NOW + 102));
        // Nor what was to be tried, or is held, by a clock that was ninety years ahead.
        const YEARS: i64 = 90 * 365 * 86_400_000_000;
        assert!(hold(NOW + YEARS).is_some());
        assert!(hold(NOW + 103).is_some());
        failed(first, NOW + 104, Some(NOW + YEARS));
        assert!(hold(NOW + 105).is_some());
        failed(first, NOW + 106, None);
        failed(first + 1, NOW + 102, None);
        assert_eq!(installation.count("audit WHERE action = 'receiver.failing'"), 1, "it is told once that it fails");
        let count = |state: &'static str| installation.store.read_blocking(move |c| alerts::count(c, "rc-1", state)).unwrap();
        assert_eq!((count(alerts::GIVEN_UP), count(alerts::WAITING)), (2, 0));
        assert_eq!(installation.store.read_blocking(alerts::standing).unwrap(), (0, 2));
        assert_eq!(installation.write(|c| alerts::again(c, "rc-1", NOW + 200)).unwrap(), 2);
        installation.write(move |c| alerts::taken(c, "rc-1", first, NOW + 201, "200")).unwrap();
        failed(first, NOW + 202, None);
        assert_eq!((count(alerts::TAKEN), count(alerts::WAITING)), (1, 1), "an answer that comes late changes nothing");
        let row = installation.store.read_blocking(|c| receivers::by_id(c, "rc-1")).unwrap().unwrap();
        assert_eq!((row.failing_since, row.taken_at), (None, Some(NOW + 201)));
        let all = installation.store.read_blocking(|c| alerts::of_receiver(c, "rc-1", 9)).unwrap();
        assert_eq!(all.iter().map(|(alert, _)| alert.subject.as_str()).collect::<Vec<_>>(), ["door", "letter"]);
    }

    fn of_two_servers_at_once_one_holds_it(database) {
        if database.kind() == Kind::Sqlite {
            // Its file has one writer.
            return;
        }
        let installation = Installation::new(database);
        receiver(&installation, "rc-1", "harm");
        (0..20).for_each(|n| tell(&installation, "trial.suspend", &format!("t{n}"), "{}"));
        let other = installation.another_store();
        let sequences: Vec<i64> = installation
            .lines("SELECT CAST(sequence AS TEXT) AS line FROM sendings ORDER BY sequence")
            .iter()
            .map(|line| line.parse().unwrap())
            .collect();
        for sequence in sequences {
            let take = move |c: &mut fairtrial_store::DbConnection| {
                Ok(alerts::hold(c, "rc-1", sequence, NOW, NOW + 30)?.is_some())
            };
            let (one, two) = installation.wait(async { tokio::join!(installation.store.write(take), other.write(take)) });
            assert_ne!(one.unwrap(), two.unwrap(), "{sequence}");
        }
    }
}
