//! Four eyes, and a plan that stays what was signed.

use fairtrial_app::{AppError, trials::life::Move};
use fairtrial_domain::trial::{PersonRole, State, Verb};
use fairtrial_testkit::on_both_databases;
use serde_json::json;

use crate::stage::{Company, StandingClock, open, plan, run};

pub(crate) fn code(error: AppError) -> &'static str {
    match error {
        AppError::Conflict { code, .. } => code,
        AppError::Forbidden(_) => "forbidden",
        AppError::Invalid(_) => "invalid",
        AppError::NotFound(_) => "not_found",
        other => panic!("{other:?}"),
    }
}

on_both_databases! {
    fn nobody_signs_their_own_plan_and_nothing_starts_unsigned(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = app.create_trial(&company.designer, &plan("letter", "justice", &json!({}))).await.unwrap();
            let act = async |actor, verb| app.move_trial(actor, &trial, &Move::plain(verb, "why not")).await;
            assert_eq!(act(&company.designer, Verb::Start).await.map_err(code), Err("wrong_state"));
            assert_eq!(act(&company.designer, Verb::Submit).await, Ok(State::InReview));
            assert_eq!(act(&company.designer, Verb::Approve).await.map_err(code), Err("forbidden"));
            assert_eq!(act(&company.designer, Verb::Start).await.map_err(code), Err("wrong_state"));
            assert_eq!(app.replace_plan(&company.designer, &trial, &plan("letter", "justice", &json!({}))).await.map_err(code), Err("not_a_draft"));
            assert_eq!(act(&company.approver, Verb::Approve).await, Ok(State::Approved));
            assert_eq!(act(&company.approver, Verb::Return).await, Ok(State::Draft));
            // Another content: the signature under the first does not count for it.
            let other = plan("letter", "justice", &json!({"title": "Another title"}));
            app.replace_plan(&company.designer, &trial, &other).await.unwrap();
            assert_eq!(act(&company.designer, Verb::Submit).await, Ok(State::InReview));
            let view = app.view_trial(&company.designer, &trial).await.unwrap();
            assert_eq!(view.missing, [PersonRole::Approver]);
            assert!(view.signatures.iter().all(|signature| !signature.current));
            assert_eq!(act(&company.approver, Verb::Approve).await, Ok(State::Approved));
            assert_eq!(act(&company.designer, Verb::Start).await, Ok(State::Enrolling));
            assert_eq!(act(&company.designer, Verb::Withdraw).await.map_err(code), Err("wrong_state"));
            let view = app.view_trial(&company.designer, &trial).await.unwrap();
            assert_eq!(view.history.first().map(|entry| entry.action.as_str()), Some("trial.start"));
            assert_eq!(view.trial.secret_commitment.as_ref().map(String::len), Some(64));
        });
    }

    fn a_move_on_a_plan_that_changed_is_refused(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = app.create_trial(&company.designer, &plan("letter", "justice", &json!({}))).await.unwrap();
            let seen = app.view_trial(&company.approver, &trial).await.unwrap().trial.plan.id().clone();
            app.replace_plan(&company.designer, &trial, &plan("letter", "justice", &json!({"title": "Another"}))).await.unwrap();
            app.move_trial(&company.designer, &trial, &Move::plain(Verb::Submit, "")).await.unwrap();
            let sign = Move { protocol_id: Some(seen), ..Move::plain(Verb::Approve, "read") };
            assert_eq!(app.move_trial(&company.approver, &trial, &sign).await.map_err(code), Err("plan_changed"));
        });
    }

    fn plans_are_checked_and_belong_to_the_writers_agency(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let bad = plan("letter", "justice", &json!({"arms": [], "decision_rule": "superior(x"}));
            let Err(AppError::Invalid(faults)) = app.create_trial(&company.designer, &bad).await else { panic!("not refused") };
            assert!(faults.iter().any(|f| f.pointer == "/arms") && faults.iter().any(|f| f.pointer == "/decision_rule"), "{faults:?}");
            assert!(matches!(app.create_trial(&company.designer, &plan("letter", "health", &json!({}))).await, Err(AppError::Invalid(_))));
            assert_eq!(app.create_trial(&company.approver, &plan("letter", "justice", &json!({}))).await.map_err(code), Err("forbidden"));
            app.create_trial(&company.designer, &plan("letter", "justice", &json!({}))).await.unwrap();
            assert_eq!(app.create_trial(&company.designer, &plan("letter", "justice", &json!({}))).await.map_err(code), Err("trial_exists"));
        });
    }

    fn those_who_run_a_trial_do_not_see_the_comparison(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            for found in [app.report(&company.designer, &trial).await.err(), app.agency_report(&company.designer, &trial).await.err()] {
                assert!(matches!(found, Some(AppError::Forbidden(_))), "{found:?}");
            }
            app.agency_report(&company.monitor, &trial).await.unwrap();
            let history = app.view_trial(&company.designer, &trial).await.unwrap().history;
            assert_eq!(history.first().map(|entry| entry.action.as_str()), Some("report.viewed"), "a view is on record");
            for (actor, verb) in [(&company.designer, Verb::Stop), (&company.analyst, Verb::LockData)] {
                app.move_trial(actor, &trial, &Move::plain(verb, "it is over")).await.unwrap();
            }
            app.agency_report(&company.designer, &trial).await.unwrap();
        });
    }
}
