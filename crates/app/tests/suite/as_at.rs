//! The report as the data stood on a day.

use chrono::{Duration, NaiveDate};
use fairtrial_app::{Actor, App, AppError, Clock, frontline::opt_out::OptOutCall, trials::life::Move};
use fairtrial_domain::{
    UnitText,
    note::{CodeWord, OptOutKind},
    trial::Verb,
};
use fairtrial_testkit::on_both_databases;
use serde_json::{Value, json};
use std::sync::Arc;

use crate::stage::{Company, StandingClock, call, open, plan, run};

/// How many people have paid, over both arms.
async fn paid(app: &Arc<App>, analyst: &Actor, day: NaiveDate) -> u64 {
    let found = app.report_as_at(analyst, "letter", day).await.unwrap();
    let report = serde_json::to_value(found.report).unwrap();
    let arms = report["outcomes"][0]["arms"].as_array().unwrap();
    let of_arm = |arm: &Value| arm["mean"].as_f64().unwrap_or(0.0) * arm["analysed"].as_f64().unwrap();
    arms.iter().map(of_arm).sum::<f64>().round() as u64
}

on_both_databases! {
    fn what_had_come_by_then_counts_and_nobody_who_took_their_data_out(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let trial = app.trial_of(&company.analyst, "letter").unwrap();
            let today = || trial.day_of(clock.now().timestamp_micros());
            let first_day = today();
            for n in 0..40 {
                app.assign(&company.key, "letter", &call(&format!("person-{n}"))).await.unwrap();
            }
            clock.advance(Duration::days(1));
            let event = |id: String, n: usize, more: Value| {
                let mut event = json!({"event_id": id, "unit": format!("person-{n}"), "event": "fine.paid", "occurred_at": "2026-11-24T08:00:00Z"});
                event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                event
            };
            let retract = async |people: std::ops::Range<usize>| {
                let batch: Vec<Value> =
                    people.map(|n| event(format!("r-{n}"), n, json!({"retracts": format!("e-{n}")}))).collect();
                assert_eq!(app.record(&company.key, &batch, false).await.unwrap().accepted, batch.len());
            };
            clock.advance(Duration::days(1));
            let batch: Vec<Value> = (0..20).map(|n| event(format!("e-{n}"), n, json!({}))).collect();
            app.record(&company.key, &batch, false).await.unwrap();
            clock.advance(Duration::days(7));
            let before = today();
            clock.advance(Duration::days(1));
            retract(0..2).await;
            let corrected = today();
            let early = app.report_as_at(&company.analyst, "letter", corrected).await.unwrap_err();
            assert!(matches!(early, AppError::Conflict { code: "not_locked", .. }), "{early:?}");
            clock.advance(Duration::days(3));
            app.move_trial(&company.designer, "letter", &Move::plain(Verb::Stop, "enough")).await.unwrap();
            app.move_trial(&company.analyst, "letter", &Move::plain(Verb::LockData, "over")).await.unwrap();
            let locked = today();
            let frozen = app.report(&company.analyst, "letter").await.unwrap().1;
            let again = app.report_as_at(&company.analyst, "letter", locked).await.unwrap().report;
            assert_eq!(again.outcomes, frozen.outcomes, "nothing came since");
            clock.advance(Duration::days(2));
            retract(2..5).await;
            assert_eq!(app.report(&company.analyst, "letter").await.unwrap().1, frozen);
            let elsewhere = open(database, clock.clone()).await;
            for server in [&app, &elsewhere] {
                for (day, people) in [(first_day, 0), (before, 20), (corrected, 18), (locked, 18), (today(), 15)] {
                    assert_eq!(paid(server, &company.analyst, day).await, people, "{day}");
                }
            }
            let out = OptOutCall {
                unit: UnitText::new("person-10").unwrap(),
                kind: OptOutKind::Data,
                trial: Some("letter".into()),
                channel: CodeWord::new("phone").unwrap(),
            };
            app.opt_out(&Actor::Key(company.key.clone()), &out).await.unwrap();
            for (day, people) in [(before, 19), (today(), 14)] {
                assert_eq!(paid(&app, &company.monitor, day).await, people, "{day}: without whoever took their data out since");
            }
            let of = async |actor: &Actor, day: NaiveDate| app.report_as_at(actor, "letter", day).await.map(|found| found.until);
            assert!(matches!(of(&company.designer, locked).await, Err(AppError::Forbidden(_))));
            assert!(matches!(of(&Actor::Key(company.key.clone()), locked).await, Err(AppError::Forbidden(_))), "it acts as nobody");
            for day in [first_day - Duration::days(1), today() + Duration::days(1)] {
                assert!(matches!(of(&company.analyst, day).await, Err(AppError::Invalid(_))), "{day}");
            }
            assert_eq!(of(&company.analyst, today()).await.unwrap(), clock.now(), "the day is not over");
        });
    }
}
