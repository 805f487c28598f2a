//! Every method from the first call to the published proof.

use chrono::Duration;
use fairtrial_app::{AppError, frontline::assign::AssignCall, trials::life::Move};
use fairtrial_domain::{
    allocation::bundle::Bundle,
    trial::{AssignmentOutcome, Verb},
};
use fairtrial_testkit::on_both_databases;
use serde_json::{Value, json};

use crate::stage::{Company, StandingClock, call, open, plan, run};

fn at_site(unit: &str, site: &str) -> AssignCall {
    AssignCall { cluster: Some(site.into()), ..call(unit) }
}

fn with_levels(unit: &str, levels: &Value) -> AssignCall {
    AssignCall { attributes: levels.as_object().unwrap().clone(), ..call(unit) }
}

fn code(error: AppError) -> &'static str {
    match error {
        AppError::Conflict { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

on_both_databases! {
    fn a_stepped_wedge_follows_its_published_calendar(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let tax = Company::hire(&app, "tax").await;
            let sites = ["east", "north", "south", "west"];
            let wedge = json!({"allocation": {"method": "stepped_wedge", "sites": sites,
                "steps": ["2026-12-04", "2026-12-14"], "transition_days": 3}});
            let document = plan("letters", "tax", &wedge);
            let key = app.create_trial(&tax.designer, &document).await.unwrap();
            assert_eq!(code(app.calendar(&tax.designer, &key).unwrap_err()), "not_started");
            for (actor, verb) in
                [(&tax.designer, Verb::Submit), (&tax.approver, Verb::Approve), (&tax.designer, Verb::Start)]
            {
                app.move_trial(actor, &key, &Move::plain(verb, "as planned")).await.unwrap();
            }
            let published = app.calendar(&tax.designer, &key).unwrap();
            let calendar = published.calendar().unwrap().clone();

            let (mut in_transition, mut number) = (0, 0);
            for _ in 0..30 {
                let today = published.trial().day_of(app.ambient().now_micros());
                for site in sites {
                    number += 1;
                    let unit = format!("u-{number}");
                    let answer = app.assign(&tax.key, &key, &at_site(&unit, site)).await.unwrap();
                    let wanted = ["usual", "new"][calendar.arm(site, today).unwrap()];
                    assert_eq!((answer.outcome, answer.arm.unwrap().as_str()), (AssignmentOutcome::Assigned, wanted));
                    in_transition += u64::from(calendar.in_transition(site, today));
                    let again = app.assign(&tax.key, &key, &at_site(&unit, site)).await.unwrap();
                    assert_eq!(again.arm.unwrap().as_str(), wanted);
                }
                clock.advance(Duration::days(1));
            }
            assert_eq!(in_transition, 12, "three days at each of four sites");
            let unknown = app.assign(&tax.key, &key, &at_site("u-0", "elsewhere")).await.unwrap_err();
            assert!(matches!(&unknown, AppError::Invalid(faults) if faults[0].code == "unknown_cluster"), "{unknown:?}");

            for (actor, verb) in [(&tax.designer, Verb::Stop), (&tax.analyst, Verb::LockData)] {
                app.move_trial(actor, &key, &Move::plain(verb, "over")).await.unwrap();
            }
            let (_, report) = app.report(&tax.analyst, &key).await.unwrap();
            assert_eq!((report.flow.assigned, report.flow.in_transition), (108, 12));
            let comparison = &report.outcomes[0].comparisons[0];
            // Nobody paid: nothing varies, and no number is made of that.
            assert_eq!(comparison.estimate, None);
            let bundle = app.allocation_bundle(&tax.analyst, &key).await.unwrap();
            assert_eq!(bundle.verify(published.trial().secret_commitment.as_deref()).unwrap().people, 120);
        });
    }

    fn a_wedge_whose_first_step_has_passed_does_not_start(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let tax = Company::hire(&app, "tax").await;
            let wedge = json!({"allocation": {"method": "stepped_wedge", "sites": ["a", "b"], "steps": ["2026-11-23", "2026-12-14"]}});
            let key = app.create_trial(&tax.designer, &plan("late", "tax", &wedge)).await.unwrap();
            for (actor, verb) in [(&tax.designer, Verb::Submit), (&tax.approver, Verb::Approve)] {
                app.move_trial(actor, &key, &Move::plain(verb, "as planned")).await.unwrap();
            }
            let refused = app.move_trial(&tax.designer, &key, &Move::plain(Verb::Start, "")).await.unwrap_err();
            assert_eq!(code(refused), "steps_past");
        });
    }

    fn a_bundle_is_published_at_the_lock_and_proves_the_allocation(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let tax = Company::hire(&app, "tax").await;
            let attributes = json!([
                {"name": "age", "type": "category", "values": ["young", "old"], "purpose": "stratum"},
                {"name": "first", "type": "boolean", "purpose": "stratum"}
            ]);
            for allocation in [
                json!({"method": "simple"}),
                json!({"method": "permuted_blocks", "strata": ["age"]}),
                json!({"method": "minimisation", "factors": ["age", "first"], "probability": "0.85"}),
            ] {
                let method = allocation["method"].as_str().unwrap().replace('_', "-");
                let document = plan(&method, "tax", &json!({"attributes": attributes, "allocation": allocation}));
                let key = tax.start(&app, &document).await;
                for n in 0..60 {
                    let age = ["young", "old"][n * n % 3 % 2];
                    let levels = json!({"age": age, "first": n % 3 == 0});
                    app.assign(&tax.key, &key, &with_levels(&format!("u-{n}"), &levels)).await.unwrap();
                }
                assert_eq!(code(app.allocation_bundle(&tax.analyst, &key).await.unwrap_err()), "not_locked");
                let commitment = app.trial_of(&tax.analyst, &key).unwrap().secret_commitment.clone();
                for (actor, verb) in [(&tax.designer, Verb::Stop), (&tax.analyst, Verb::LockData)] {
                    app.move_trial(actor, &key, &Move::plain(verb, "over")).await.unwrap();
                }
                let bundle = app.allocation_bundle(&tax.analyst, &key).await.unwrap();
                let sent = serde_json::to_vec(&bundle).unwrap();
                let verified = Bundle::from_json(&sent).unwrap().verify(commitment.as_deref()).unwrap();
                assert_eq!(verified.people, 60, "{method}");
            }
        });
    }
}
