//! The demonstration shows what it promises.

use fairtrial_analysis::report::VerdictKind;
use fairtrial_app::{
    demo::{self, DemoClock},
    trials::release::AgencyReport,
};
use fairtrial_domain::trial::{PersonRole, State};
use fairtrial_testkit::on_both_databases;

use crate::stage::{StandingClock, open};

on_both_databases! {
    fn every_story_ends_as_told(database) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let clock = DemoClock::new(StandingClock::new());
            let app = open(database, clock.clone()).await;
            let shown = demo::play(&app, &clock, &|_| ()).await.unwrap();
            assert_eq!(shown.trials.len(), 10);
            for (trial, state, kind) in [
                ("fines-letter", State::Archived, Some(VerdictKind::Succeeded)),
                ("benefit-form", State::Archived, Some(VerdictKind::Failed)),
                ("call-script", State::Reported, Some(VerdictKind::Undecided)),
                ("identity-check", State::Archived, Some(VerdictKind::Harmful)),
                ("queue-ticket", State::Reported, Some(VerdictKind::Invalid)),
                ("kiosk-greeting", State::Decided, Some(VerdictKind::Succeeded)),
                ("appointment-text", State::Enrolling, Some(VerdictKind::Undecided)),
                ("open-door", State::Enrolling, Some(VerdictKind::Undecided)),
                ("rates-rebate", State::InReview, None),
                ("call-back-slot", State::Withdrawn, None),
            ] {
                let told = shown.trials.iter().find(|t| t.key == trial).unwrap();
                assert_eq!(told.state, state.as_str(), "{trial}");
                let public = app.registered(trial).await.ok().and_then(|entry| entry.results);
                assert_eq!(public.is_some(), state.is_locked(), "{trial}");
                let account = shown.accounts.iter().find(|a| a.agency == told.agency && a.role == PersonRole::Manager).unwrap();
                let session = app.sign_in(&account.email, &account.password).await.unwrap();
                let report = app.agency_report(&fairtrial_app::Actor::Person(session.person), trial).await;
                let deleted = app.registered(trial).await.ok().and_then(|entry| entry.entry.trial.deletion);
                assert_eq!(deleted.is_some_and(|it| it.finished_at.is_some()), trial == "benefit-form", "{trial}");
                match kind {
                    Some(kind) => {
                        let seen = report.unwrap().report;
                        let AgencyReport::Released(report) = seen else { panic!("{trial}: exact numbers for a manager") };
                        assert_eq!(report.verdict.kind, kind, "{trial}: {:?}", report.verdict);
                    }
                    None => assert!(report.is_err(), "{trial}"),
                }
            }
        });
    }
}
