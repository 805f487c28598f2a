//! Events that are refused at the door are counted by arm, once for each person, and told of as a check.

use chrono::Duration;
use fairtrial_analysis::report::{GateStatus, VerdictKind};
use fairtrial_app::{frontline::assign::AssignCall, trials::life::Move};
use fairtrial_domain::{UnitText, trial::Verb};
use fairtrial_testkit::on_both_databases;
use serde_json::{Value, json};

use crate::stage::{Company, StandingClock, call, open, plan, run};

fn event(unit: &str, id: &str, more: &Value) -> Value {
    let mut event = json!({"event_id": id, "unit": unit, "event": "fine.paid", "occurred_at": "2026-11-23T10:00:00Z"});
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

on_both_databases! {
    fn refusals_of_one_version_make_a_trial_invalid(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let blocks = json!({"allocation": {"method": "permuted_blocks", "strata": [], "block_multiples": [1]}});
            let trial = company.start(&app, &plan("letter", "justice", &blocks)).await;
            let other = company.start(&app, &plan("other", "justice", &json!({"outcomes": [{"key": "paid", "name": "Paid",
                "role": "primary", "event": "form.sent", "kind": "binary", "better": "increase", "follow_up_days": 7,
                "smallest_worthwhile_effect": "0.05"}]}))).await;
            let mut with_new = Vec::new();
            for n in 0..80 {
                let unit = format!("person-{n}");
                app.assign(&company.key, &other, &call(&unit)).await.unwrap();
                if app.assign(&company.key, &trial, &call(&unit)).await.unwrap().arm.unwrap().as_str() == "new" {
                    with_new.push(unit);
                }
            }
            clock.advance(Duration::days(1));
            // A source sends dates to come, for people with the new version: again and again, and from a second server too.
            let late: Vec<Value> = with_new.iter().enumerate()
                .map(|(n, unit)| event(unit, &format!("late-{n}"), &json!({"occurred_at": "2027-11-23T10:00:00Z"}))).collect();
            let second = open(database, clock.clone()).await;
            for server in [&app, &app, &second] {
                assert_eq!(server.record(&company.key, &late, false).await.unwrap().rejected, 40);
                server.write_counters().await.unwrap();
                server.catch_up().await.unwrap();
            }
            // What says nothing about a person of the trial, and what is only tried, is not counted.
            let strangers: Vec<Value> = (0..40).map(|n| event(&format!("stranger-{n}"), &format!("s-{n}"), &json!({"value": "x"}))).collect();
            app.record(&company.key, &strangers, false).await.unwrap();
            let control = event("person-0", "dry", &json!({"value": "x"}));
            app.record(&company.key, std::slice::from_ref(&control), true).await.unwrap();
            app.write_counters().await.unwrap();
            for key in [&trial, &other] {
                app.move_trial(&company.designer, key, &Move::plain(Verb::Stop, "enough")).await.unwrap();
                app.move_trial(&company.analyst, key, &Move::plain(Verb::LockData, "over")).await.unwrap();
            }
            let report = app.report(&company.analyst, &trial).await.unwrap().1;
            let gate = report.integrity.iter().find(|gate| gate.gate == "refused_events").unwrap();
            assert_eq!(gate.status, GateStatus::Red, "{gate:?}");
            assert!(gate.detail.starts_with("Events about 40 people were refused at the door, far more often in \u{201c}New\u{201d}"), "{gate:?}");
            assert_eq!(report.verdict.kind, VerdictKind::Invalid);
            let report = app.report(&company.analyst, &other).await.unwrap().1;
            assert!(report.integrity.iter().all(|gate| gate.gate != "refused_events"), "it listens to another kind");
            // Another server folds the same number, and what comes after the lock changes nothing.
            app.record(&company.key, &[control], false).await.unwrap();
            app.write_counters().await.unwrap();
            let found = open(database, clock.clone()).await.recompute(&company.analyst, &trial).await.unwrap();
            assert_eq!(found.frozen, found.recomputed);
        });
    }

    fn a_repeated_name_for_another_event_counts_as_refused_and_those_who_run_the_trial_see_a_colour(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            for n in 0..20 {
                app.assign(&company.key, &trial, &call(&format!("person-{n}"))).await.unwrap();
            }
            clock.advance(Duration::days(1));
            app.record(&company.key, &[event("person-0", "same", &json!({}))], false).await.unwrap();
            let others: Vec<Value> = (1..20).map(|n| event(&format!("person-{n}"), "same", &json!({}))).collect();
            assert_eq!(app.record(&company.key, &others, false).await.unwrap().rejected, 19);
            app.write_counters().await.unwrap();
            app.catch_up().await.unwrap();
            let seen = app.trial_of(&company.designer, &trial).unwrap();
            let health = app.monitoring(&seen).health;
            assert!(health.contains(&("refused_events".to_owned(), GateStatus::Amber)), "{health:?}");
        });
    }

    fn where_whole_clusters_are_assigned_refusals_are_held_against_each_other_by_cluster(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let roster: Vec<String> = (0..18).map(|n| format!("office-{n:02}")).collect();
            let clusters = json!({"allocation": {"method": "cluster", "roster": roster}});
            let mut trials = Vec::new();
            for key in ["lost", "clean"] {
                trials.push(company.start(&app, &plan(key, "justice", &clusters)).await);
            }
            let (mut with_new, mut alike) = (Vec::new(), Vec::new());
            for (place, office) in roster.iter().enumerate() {
                for n in 0..4 {
                    let unit = format!("{office}-person-{n}");
                    let call = AssignCall { cluster: Some(office.clone()), ..call(&unit) };
                    let arm = app.assign(&company.key, &trials[0], &call).await.unwrap().arm.unwrap();
                    if arm.as_str() == "new" && n == 0 {
                        with_new.push(unit);
                    }
                    let other = AssignCall { unit: UnitText::new(&format!("{office}-other-{n}")).unwrap(), ..call };
                    app.assign(&company.key, &trials[1], &other).await.unwrap();
                    // All of two offices, whichever versions they have: many people, and no pattern.
                    if place < 2 {
                        alike.push(format!("{office}-other-{n}"));
                    }
                }
            }
            assert_eq!((with_new.len(), alike.len()), (9, 8));
            clock.advance(Duration::days(1));
            for (n, unit) in with_new.iter().chain(&alike).enumerate() {
                let late = event(unit, &format!("late-{n}"), &json!({"occurred_at": "2027-11-23T10:00:00Z"}));
                assert_eq!(app.record(&company.key, &[late], false).await.unwrap().rejected, 1);
            }
            app.write_counters().await.unwrap();
            app.catch_up().await.unwrap();
            for key in &trials {
                app.move_trial(&company.designer, key, &Move::plain(Verb::Stop, "enough")).await.unwrap();
                app.move_trial(&company.analyst, key, &Move::plain(Verb::LockData, "over")).await.unwrap();
            }
            let mut lights = Vec::new();
            for key in &trials {
                let report = app.report(&company.analyst, key).await.unwrap().1;
                let gate = report.integrity.iter().find(|gate| gate.gate == "refused_events").unwrap();
                assert!(gate.p_value.is_some(), "{gate:?}");
                lights.push(gate.status);
                let found = open(database, clock.clone()).await.recompute(&company.analyst, key).await.unwrap();
                assert_eq!(found.frozen, found.recomputed);
            }
            // One office in each of which somebody is lost, with the new version only; and one in ten of all, which has to be explained.
            assert_eq!(lights, [GateStatus::Red, GateStatus::Amber]);
        });
    }
}
