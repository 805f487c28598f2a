//! Amendments: signed anew, in order, and never of what is fixed.

use chrono::Duration;
use fairtrial_app::{
    App, AppError,
    frontline::assign::AssignCall,
    trials::{amend::Standing, life::Move},
};
use fairtrial_domain::trial::{AmendmentClass, AssignmentOutcome, DataSeen, PersonRole, State, Verb};
use fairtrial_testkit::on_both_databases;
use serde_json::json;

use crate::{
    life::code,
    stage::{Company, StandingClock, call, open, plan, run},
};

fn amend(document: Vec<u8>, seen: DataSeen) -> Move {
    Move { document: Some(document), data_seen: Some(seen), ..Move::plain(Verb::Amend, "to be plain") }
}

on_both_databases! {
    fn a_started_trial_changes_only_by_a_signed_version(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let first = app.trial_of(&company.designer, &trial).unwrap().plan.id().clone();
            let before = app.assign(&company.key, &trial, &call("u-1")).await.unwrap();
            assert_eq!(before.protocol_id, first);
            let by_designer = async |asked: &Move| app.move_trial(&company.designer, &trial, asked).await;
            let other = |changes| plan("letter", "justice", &changes);

            // What is fixed is refused by its place, and nothing is kept.
            let arms = json!({"arms": [
                {"key": "usual", "name": "Usual", "control": true, "ratio": 1, "payload": {"letter": "a"}},
                {"key": "new", "name": "New", "control": false, "ratio": 2, "payload": {"letter": "b"}}], "title": "Another"});
            let Err(AppError::Invalid(faults)) = by_designer(&amend(other(arms), DataSeen::None)).await else { panic!("not refused") };
            assert_eq!(faults.iter().map(|fault| (fault.pointer.as_str(), fault.code.as_str())).collect::<Vec<_>>(), [("/arms/1/ratio", "fixed_after_start")]);
            assert_eq!(by_designer(&amend(other(json!({})), DataSeen::None)).await.map_err(code), Err("invalid"), "nothing changed");
            assert_eq!(by_designer(&Move::plain(Verb::Amend, "x")).await.map_err(code), Err("invalid"), "no document");
            assert_eq!(app.move_trial(&company.approver, &trial, &amend(other(json!({"title": "x"})), DataSeen::None)).await.map_err(code), Err("forbidden"));
            assert_eq!(app.move_trial(&company.approver, &trial, &Move::plain(Verb::Approve, "x")).await.map_err(code), Err("no_amendment"));
            assert_eq!(app.versions(&company.designer, &trial).await.unwrap().len(), 1);

            // A minor one: by another person, bound to the new id.
            assert_eq!(by_designer(&amend(other(json!({"title": "A plainer title"})), DataSeen::None)).await, Ok(State::Enrolling));
            assert_eq!(by_designer(&amend(other(json!({"title": "Third"})), DataSeen::None)).await.map_err(code), Err("amendment_waits"));
            assert_eq!(app.trial_of(&company.designer, &trial).unwrap().plan.id(), &first, "nothing changes before it is signed");
            let sign = Move { protocol_id: Some(first.clone()), ..Move::plain(Verb::Approve, "read") };
            assert_eq!(app.move_trial(&company.approver, &trial, &sign).await.map_err(code), Err("plan_changed"));
            clock.advance(Duration::seconds(10));
            app.move_trial(&company.approver, &trial, &Move::plain(Verb::Approve, "read")).await.unwrap();
            let now = app.trial_of(&company.designer, &trial).unwrap();
            assert_eq!(now.plan.protocol().title, "A plainer title");
            let again = app.assign(&company.key, &trial, &call("u-1")).await.unwrap();
            assert_eq!((&again.protocol_id, &again.arm), (&first, &before.arm), "an assignment keeps the plan it was made under");
            assert_eq!(&app.assign(&company.key, &trial, &call("u-2")).await.unwrap().protocol_id, now.plan.id());

            // A major one, returned; then another one, signed. What was seen must be true.
            assert_eq!(by_designer(&amend(other(json!({})), DataSeen::None)).await.map_err(code), Err("version_known"));
            let later = json!({"title": "A plainer title", "monitoring": {"alpha": "0.025", "power": "0.80", "sides": "one", "max_units": 1000, "ends_on": "2031-01-01"}});
            by_designer(&amend(other(later), DataSeen::Pooled)).await.unwrap();
            app.move_trial(&company.approver, &trial, &Move::plain(Verb::Return, "why longer?")).await.unwrap();
            let later = json!({"title": "A plainer title", "monitoring": {"alpha": "0.025", "power": "0.80", "sides": "one", "max_units": 1000, "ends_on": "2030-02-01"}});
            by_designer(&amend(other(later), DataSeen::ByArm)).await.unwrap();
            app.move_trial(&company.approver, &trial, &Move::plain(Verb::Approve, "a month")).await.unwrap();
            let versions = app.versions(&company.designer, &trial).await.unwrap();
            let told: Vec<_> = versions.iter().map(|version| (version.version, version.standing, version.amendment.as_ref().map(|a| a.class))).collect();
            assert_eq!(told, [
                (1, Standing::Replaced, None),
                (2, Standing::Replaced, Some(AmendmentClass::Minor)),
                (3, Standing::Returned, Some(AmendmentClass::Major)),
                (4, Standing::InForce, Some(AmendmentClass::Major)),
            ]);
            assert_eq!(versions[0].plan.id(), &first);
            assert_eq!(versions[3].amendment.as_ref().unwrap().changes[0].pointer, "/monitoring/ends_on");
            assert_eq!(app.version(&company.designer, &trial, 2).await.unwrap().protocol().title, "A plainer title");
            assert!(matches!(app.version(&company.designer, &trial, 9).await, Err(AppError::NotFound(_))));

            // A server that starts later sees the same.
            let restarted = open(database, clock.clone()).await;
            assert_eq!(restarted.trial_of(&company.designer, &trial).unwrap().plan.id(), versions[3].plan.id());
            assert_eq!(restarted.assign(&company.key, &trial, &call("u-1")).await.unwrap().protocol_id, first);
            for verb in [Verb::Stop, Verb::LockData] {
                by_designer(&Move::plain(verb, "over")).await.unwrap();
            }
            assert_eq!(by_designer(&amend(other(json!({"title": "Too late"})), DataSeen::None)).await.map_err(code), Err("wrong_state"));
        });
    }

    fn a_server_that_has_not_heard_of_an_amendment_assigns_nobody_by_the_old_plan(database) {
        run(async {
            let clock = StandingClock::new();
            let (one, two) = (open(database, clock.clone()).await, open(database, clock.clone()).await);
            let company = Company::hire(&one, "justice").await;
            let trial = company.start(&one, &plan("letter", "justice", &json!({}))).await;
            let ask = async |app: &App, unit: &str, dollars: u32| {
                let attributes = json!({"dollars": dollars}).as_object().unwrap().clone();
                app.assign(&company.key, &trial, &AssignCall { attributes, ..call(unit) }).await.unwrap()
            };
            two.catch_up().await.unwrap();
            let before = ask(&two, "u-1", 900).await;
            assert_eq!(before.outcome, AssignmentOutcome::Assigned);
            let few = json!({"eligibility": {"include": {"attribute": "dollars", "less_than": 500}}});
            let few = amend(plan("letter", "justice", &few), DataSeen::None);
            one.move_trial(&company.designer, &trial, &few).await.unwrap();
            one.move_trial(&company.approver, &trial, &Move::plain(Verb::Approve, "read")).await.unwrap();
            // The other server is not given time to look.
            assert_eq!(ask(&two, "u-2", 900).await.outcome, AssignmentOutcome::NotEligible);
            let in_force = one.trial_of(&company.designer, &trial).unwrap().plan.id().clone();
            assert_eq!(two.trial_of(&company.designer, &trial).unwrap().plan.id(), &in_force, "it looked then");
            assert_eq!(ask(&two, "u-3", 100).await.outcome, AssignmentOutcome::Assigned);
            let again = ask(&two, "u-1", 900).await;
            assert_eq!((again.outcome, again.arm), (AssignmentOutcome::Existing, before.arm), "whoever is in stays in");
        });
    }

    fn who_has_looked_cannot_say_that_nothing_was_seen(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let administrator = crate::stage::hire(&app, "justice", PersonRole::Administrator).await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let id = company.analyst.person().unwrap().id;
            app.report(&company.analyst, &trial).await.unwrap();
            app.change_account(&administrator, id, &[PersonRole::Designer], false).await.unwrap();
            let email = &company.analyst.person().unwrap().email;
            let looked = fairtrial_app::Actor::Person(app.sign_in(email, crate::stage::PASSWORD).await.unwrap().person);
            let other = plan("letter", "justice", &json!({"title": "x"}));
            assert_eq!(app.move_trial(&looked, &trial, &amend(other.clone(), DataSeen::None)).await.map_err(code), Err("invalid"));
            app.move_trial(&looked, &trial, &amend(other, DataSeen::ByArm)).await.unwrap();
            let versions = app.versions(&looked, &trial).await.unwrap();
            assert_eq!(versions[1].amendment.as_ref().unwrap().views, 1);
        });
    }
}
