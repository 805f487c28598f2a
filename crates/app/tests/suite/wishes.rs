//! What people want, what is done for their good, and what goes wrong.

use std::sync::Arc;

use chrono::Duration;
use fairtrial_app::{
    Actor, App, AppError, BurdenCap,
    frontline::{
        assign::Assignment,
        notes::{HarmCall, NoteCall, OverrideCall},
        opt_out::OptOutCall,
        several::Answered,
    },
    trials::life::Move,
};
use fairtrial_domain::{
    Fault, UnitText,
    event::EventId,
    note::{CodeWord, DeliveryStatus, OptOutKind},
    trial::{AssignmentOutcome, Decision, State, Verb},
};
use fairtrial_testkit::on_both_databases;
use serde_json::{Value, json};

use crate::stage::{Company, StandingClock, call, open, plan, run};

fn out(unit: &str, kind: OptOutKind, trial: Option<&str>) -> OptOutCall {
    let trial = trial.map(str::to_owned);
    OptOutCall { unit: UnitText::new(unit).unwrap(), kind, trial, channel: CodeWord::new("phone").unwrap() }
}

fn note(id: &str, unit: &str) -> NoteCall {
    NoteCall { event_id: EventId::new(id).unwrap(), unit: UnitText::new(unit).unwrap() }
}

fn harm(id: &str, unit: &str, severity: u8, clock: &StandingClock) -> HarmCall {
    use fairtrial_app::Clock;
    HarmCall { note: note(id, unit), severity, kind: CodeWord::new("distress").unwrap(), at: clock.now() }
}

fn paid(unit: &str) -> Value {
    json!({"event_id": format!("paid-{unit}"), "unit": unit, "event": "fine.paid", "occurred_at": "2026-11-23T09:00:00Z"})
}

/// The answers of several trials, of which none may fail.
fn answered(answers: Result<Vec<Answered>, AppError>) -> Vec<Assignment> {
    answers.unwrap().into_iter().map(|(trial, answer)| answer.unwrap().assignment(&trial)).collect()
}

/// Somebody who is assigned to the arm.
async fn somebody_in(app: &App, company: &Company, trial: &str, arm: &str, from: u32) -> String {
    for n in from.. {
        let unit = format!("somebody-{n}");
        let answer = app.assign(&company.key, trial, &call(&unit)).await.unwrap();
        if answer.arm.is_some_and(|key| key.as_str() == arm) {
            return unit;
        }
    }
    unreachable!("chance draws both arms")
}

async fn report(app: &App, company: &Company, trial: &str) -> Value {
    serde_json::to_value(app.report(&company.analyst, trial).await.unwrap().1).unwrap()
}

fn total(arms: &Value, field: &str) -> u64 {
    arms.as_array().unwrap().iter().map(|arm| arm.pointer(field).unwrap().as_u64().unwrap()).sum()
}

on_both_databases! {
    fn whoever_opts_out_gets_the_usual_service_and_whoever_comes_back_their_version(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let (letter, other) = (
                company.start(&app, &plan("letter", "justice", &json!({}))).await,
                company.start(&app, &plan("other", "justice", &json!({}))).await,
            );
            let key = Actor::Key(company.key.clone());
            let ask = async |trial: &str, unit: &str| app.assign(&company.key, trial, &call(unit)).await.unwrap();
            let before = ask(&letter, "ana").await;
            let reference = app.opt_out(&key, &out("ana", OptOutKind::Trial, Some(&letter))).await.unwrap();
            assert_eq!(app.opt_out(&key, &out("ana", OptOutKind::Trial, Some(&letter))).await, Ok(reference.clone()), "a repeat");
            let served = ask(&letter, "ana").await;
            assert_eq!((served.outcome, served.arm, served.payload), (AssignmentOutcome::OptedOut, None, json!({"letter": "a"}).into()));
            assert_eq!(app.look_up(&company.key, &letter, &call("ana").unit).await.unwrap().arm, None, "nor by looking up");
            assert_eq!(ask(&other, "ana").await.outcome, AssignmentOutcome::Assigned);

            app.opt_out(&key, &out("ben", OptOutKind::All, None)).await.unwrap();
            for trial in [&letter, &other] {
                let refused = ask(trial, "ben").await;
                assert_eq!((refused.outcome, refused.arm), (AssignmentOutcome::OptedOut, None));
            }
            assert!(app.look_up(&company.key, &letter, &call("ben").unit).await.is_err(), "never enrolled");
            let places = answered(app.assign_at_touchpoint(&company.key, "counter", &call("ben")).await);
            assert!(places.iter().all(|place| place.outcome == AssignmentOutcome::OptedOut));

            assert_eq!(app.withdraw_opt_out(&key, &out("ana", OptOutKind::Trial, Some(&letter))).await, Ok(reference.clone()));
            assert_eq!(app.withdraw_opt_out(&key, &out("ana", OptOutKind::Trial, Some(&letter))).await, Ok(reference.clone()));
            let back = ask(&letter, "ana").await;
            assert_eq!((back.outcome, back.arm), (AssignmentOutcome::Existing, before.arm));
            let again = app.opt_out(&key, &out("ana", OptOutKind::Trial, Some(&letter))).await.unwrap();
            assert_ne!(again, reference, "another opt-out, another number");
            assert_eq!(app.withdraw_opt_out(&key, &out("nobody", OptOutKind::All, None)).await, Err(AppError::NotFound("opt-out")));
            for wrong in [out("x", OptOutKind::Trial, None), out("x", OptOutKind::All, Some(&letter))] {
                assert!(matches!(app.opt_out(&key, &wrong).await, Err(AppError::Invalid(_))));
            }
            assert_eq!(app.opt_out(&key, &out("x", OptOutKind::Trial, Some("none"))).await, Err(AppError::NotFound("trial")));

            let flow = report(&app, &company, &letter).await["flow"].clone();
            assert_eq!((flow["assigned"].as_u64(), total(&flow["arms"], "/handling/opted_out")), (Some(1), 1));
            assert_eq!(flow["not_enrolled"], json!([{"reason": "opted_out", "count": 2}]), "the ask and the touchpoint");
            assert_eq!(flow["requests"], 3);
        });
    }

    fn data_that_are_taken_out_leave_the_numbers_and_stay_out(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let key = Actor::Key(company.key.clone());
            for n in 0..10 {
                app.assign(&company.key, &trial, &call(&format!("p-{n}"))).await.unwrap();
            }
            app.record(&company.key, &(0..5).map(|n| paid(&format!("p-{n}"))).collect::<Vec<_>>(), false).await.unwrap();
            let about_data = out("p-0", OptOutKind::Data, None);
            app.opt_out(&key, &about_data).await.unwrap();
            app.opt_out(&key, &out("p-9", OptOutKind::Data, Some(&trial))).await.unwrap();
            // Old batches sent again and new events change nothing and are no error to their sender.
            let batch = [paid("p-0"), paid("p-9"), paid("p-8")];
            let receipt = app.record(&company.key, &batch, false).await.unwrap();
            assert_eq!((receipt.accepted, receipt.duplicate, receipt.rejected), (2, 1, 0));
            app.withdraw_opt_out(&key, &about_data).await.unwrap();
            clock.advance(Duration::days(9));
            let told = report(&app, &company, &trial).await;
            let arms = &told["arms"];
            assert_eq!((total(arms, "/assigned"), total(arms, "/analysed"), total(arms, "/missing")), (10, 8, 2));
            assert_eq!(total(&told["flow"]["arms"], "/handling/data_withdrawn"), 2);

            // A server that reads everything anew gets the same numbers.
            let fresh = open(database, clock.clone()).await;
            let mut again = report(&fresh, &company, &trial).await;
            again["as_of"] = told["as_of"].clone();
            assert_eq!(again, told);
        });
    }

    fn another_version_for_somebody_s_good_leaves_the_assignment_as_it_was(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let unit = somebody_in(&app, &company, &trial, "new", 0).await;
            let give = |id: &str, unit: &str, arm: &str, remark: Option<&str>| OverrideCall {
                note: note(id, unit),
                to_arm: arm.into(),
                reason_code: CodeWord::new("hearing").unwrap(),
                remark: remark.map(str::to_owned),
            };
            let ask = async |call: OverrideCall| app.override_version(&company.key, &trial, &call).await;
            assert!(!ask(give("o-1", &unit, "usual", Some("asked for it"))).await.unwrap().duplicate);
            assert!(ask(give("o-1", &unit, "usual", Some("asked for it"))).await.unwrap().duplicate);
            assert!(matches!(ask(give("o-1", &unit, "new", None)).await, Err(AppError::Conflict { code: "event_id_conflict", .. })));
            assert_eq!(ask(give("o-2", "stranger", "usual", None)).await, Err(AppError::NotFound("assignment")));
            for wrong in [give("o-3", &unit, "third", None), give("o-3", &unit, "usual", Some("call 021-123-4567"))] {
                assert!(matches!(ask(wrong).await, Err(AppError::Invalid(_))));
            }
            let served = app.assign(&company.key, &trial, &call(&unit)).await.unwrap();
            assert_eq!(served.outcome, AssignmentOutcome::Existing);
            assert_eq!(served.arm.as_ref().map(|arm| arm.as_str()), Some("new"), "as assigned");
            assert_eq!(served.delivered_arm.as_ref().map(|arm| arm.as_str()), Some("usual"));
            assert_eq!(served.payload, json!({"letter": "a"}));
            let told = report(&app, &company, &trial).await;
            assert_eq!(total(&told["flow"]["arms"], "/handling/overridden"), 1);
            let gate = told["integrity"].as_array().unwrap().iter().find(|gate| gate["gate"] == "care_overrides").unwrap();
            assert_eq!(gate["status"], "amber", "one of few is more than 5 in 100");

            // Whoever decides says why the results can be read although a check warns.
            for (actor, verb) in [(&company.designer, Verb::Stop), (&company.analyst, Verb::LockData)] {
                app.move_trial(actor, &trial, &Move::plain(verb, "over")).await.unwrap();
            }
            let mut decide = Move { decision: Some(Decision::RunAgain), ..Move::plain(Verb::Decide, " ") };
            let refused = app.move_trial(&company.approver, &trial, &decide).await.unwrap_err();
            let told = |fault: &Fault| fault.pointer == "/reason" && fault.detail.contains(gate["detail"].as_str().unwrap());
            assert!(matches!(&refused, AppError::Invalid(faults) if faults.iter().all(told)), "{refused:?}");
            decide.reason = "one person could not hear the new version".into();
            assert_eq!(app.move_trial(&company.approver, &trial, &decide).await, Ok(State::Decided));
        });
    }

    fn deliveries_are_counted_once_a_person(database) {
        run(async {
            use fairtrial_app::Clock;
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            app.assign(&company.key, &trial, &call("ana")).await.unwrap();
            let deliver = async |id: &str, unit: &str, status| {
                app.note_delivery(&company.key, &trial, &note(id, unit), status, clock.now()).await
            };
            assert!(!deliver("d-1", "ana", DeliveryStatus::Failed).await.unwrap().duplicate);
            assert!(!deliver("d-2", "ana", DeliveryStatus::Delivered).await.unwrap().duplicate);
            assert!(!deliver("d-3", "ana", DeliveryStatus::Delivered).await.unwrap().duplicate);
            assert!(deliver("d-3", "ana", DeliveryStatus::Delivered).await.unwrap().duplicate);
            assert!(matches!(deliver("d-3", "ana", DeliveryStatus::Seen).await, Err(AppError::Conflict { .. })));
            assert_eq!(deliver("d-4", "ben", DeliveryStatus::Seen).await, Err(AppError::NotFound("assignment")));
            let flow = report(&app, &company, &trial).await["flow"].clone();
            let handled = |field: &str| total(&flow["arms"], &format!("/handling/{field}"));
            assert_eq!(["delivered", "seen", "failed", "returned"].map(handled), [1, 0, 1, 0]);
        });
    }

    fn the_gravest_harm_in_a_new_version_suspends_the_trial_at_once(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let (usual, new) = (
                somebody_in(&app, &company, &trial, "usual", 0).await,
                somebody_in(&app, &company, &trial, "new", 1_000).await,
            );
            let tell = async |call: HarmCall| app.report_harm(&company.key, &trial, &call).await;
            for (id, unit, severity) in [("h-1", usual.as_str(), 4), ("h-2", &new, 3), ("h-3", "stranger", 4)] {
                assert_eq!(tell(harm(id, unit, severity, &clock)).await.unwrap().state, State::Enrolling, "{id}");
            }
            assert!(matches!(tell(harm("h-4", &new, 5, &clock)).await, Err(AppError::Invalid(_))));
            let second = open(database, clock.clone()).await;
            assert_eq!(tell(harm("h-5", &new, 4, &clock)).await.unwrap().state, State::Suspended);
            let served = app.assign(&company.key, &trial, &call(&new)).await.unwrap();
            assert_eq!((served.outcome, served.arm, served.payload), (AssignmentOutcome::Suspended, None, json!({"letter": "a"}).into()));
            assert!(tell(harm("h-5", &new, 4, &clock)).await.unwrap().duplicate, "a repeat is no second harm");
            let view = app.view_trial(&company.designer, &trial).await.unwrap();
            assert_eq!(view.history.first().map(|entry| entry.action.as_str()), Some("trial.suspend"));
            assert!(view.trial.state_reason.as_ref().is_some_and(|reason| reason.contains("gravest")));
            let told = report(&app, &company, &trial).await;
            assert_eq!(total(&told["flow"]["arms"], "/handling/harms/3"), 2, "one in each arm");
            // Another server of the same database serves it no longer either.
            agrees(&second, async |second| {
                second.assign(&company.key, &trial, &call(&new)).await.unwrap().outcome == AssignmentOutcome::Suspended
            }).await;
        });
    }

    fn as_many_grave_harms_as_the_plan_names_suspend_it(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let monitoring = json!({"monitoring": {"alpha": "0.025", "power": "0.80", "sides": "one", "max_units": 1000,
                "ends_on": "2030-01-01", "severe_harms_over_control": 2}});
            let trial = company.start(&app, &plan("letter", "justice", &monitoring)).await;
            let (usual, new) = (
                somebody_in(&app, &company, &trial, "usual", 0).await,
                somebody_in(&app, &company, &trial, "new", 1_000).await,
            );
            let told = [(&usual, State::Enrolling), (&new, State::Enrolling), (&new, State::Enrolling), (&new, State::Suspended)];
            for (n, (unit, state)) in told.into_iter().enumerate() {
                let answer = app.report_harm(&company.key, &trial, &harm(&format!("h-{n}"), unit, 3, &clock)).await.unwrap();
                assert_eq!(answer.state, state, "{n}");
            }
        });
    }

    fn another_server_honours_an_opt_out_on_its_next_look(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let second = open(database, StandingClock::new()).await;
            app.assign(&company.key, &trial, &call("ana")).await.unwrap();
            second.catch_up().await.unwrap();
            assert!(second.assign(&company.key, &trial, &call("ana")).await.unwrap().arm.is_some());
            let key = Actor::Key(company.key.clone());
            for unit in ["ana", "ben"] {
                app.opt_out(&key, &out(unit, OptOutKind::All, None)).await.unwrap();
            }
            // Somebody new is turned away by the transaction itself, though the second server has not heard of it.
            assert_eq!(second.assign(&company.key, &trial, &call("ben")).await.unwrap().outcome, AssignmentOutcome::OptedOut);
            agrees(&second, async |second| {
                second.assign(&company.key, &trial, &call("ana")).await.unwrap().outcome == AssignmentOutcome::OptedOut
            }).await;
        });
    }

    fn layers_and_the_burden_cap_turn_people_away_in_words(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let layered = json!({"layer": "counter"});
            let (first, second, third) = (
                company.start(&app, &plan("a", "justice", &layered)).await,
                company.start(&app, &plan("b", "justice", &layered)).await,
                company.start(&app, &plan("c", "justice", &json!({}))).await,
            );
            let ask = async |trial: &str, unit: &str| app.assign(&company.key, trial, &call(unit)).await.unwrap();
            assert_eq!(ask(&first, "ana").await.outcome, AssignmentOutcome::Assigned);
            let refused = ask(&second, "ana").await;
            assert_eq!((refused.outcome, refused.arm), (AssignmentOutcome::ExcludedByOtherTrial, None));
            assert!(refused.reason.unwrap().contains("another trial"));
            let mut looking = call("ana");
            looking.dry_run = true;
            let gates = app.assign(&company.key, &second, &looking).await.unwrap().gates.unwrap();
            let closed: Vec<&str> = gates.iter().filter(|step| !step.passed).map(|step| step.gate.as_str()).collect();
            assert_eq!((gates.len(), closed), (6, vec!["layer"]));

            app.set_burden_cap_of("justice", Some(BurdenCap { trials: 1, days: 90 })).await.unwrap();
            assert_eq!(ask(&third, "ana").await.outcome, AssignmentOutcome::BurdenCap);
            assert_eq!(ask(&first, "ana").await.outcome, AssignmentOutcome::Existing);
            app.set_burden_cap_of("justice", None).await.unwrap();
            assert_eq!(ask(&third, "ana").await.outcome, AssignmentOutcome::Assigned);
            for wrong in [BurdenCap { trials: 0, days: 9 }, BurdenCap { trials: 1, days: 0 }] {
                assert!(matches!(app.set_burden_cap_of("justice", Some(wrong)).await, Err(AppError::Invalid(_))));
            }
            // Where both trials of the layer are asked at once, neither gets everybody.
            let mut got = std::collections::BTreeMap::<String, u32>::new();
            for n in 0..200 {
                let unit = call(&format!("p-{n}"));
                let places = answered(match n % 2 {
                    0 => app.assign_at_touchpoint(&company.key, "counter", &unit).await,
                    _ => app.assign_in_started(&company.key, &unit).await,
                });
                let keys: Vec<&str> = places.iter().map(|place| place.trial.as_str()).collect();
                assert_eq!(keys, ["a", "b", "c"]);
                let within: Vec<_> = places.iter().filter(|place| place.arm.is_some() && place.trial.as_str() != "c").collect();
                assert_eq!(within.len(), 1);
                *got.entry(within[0].trial.to_string()).or_default() += 1;
            }
            assert!(got.values().all(|people| (60..=140).contains(people)), "{got:?}");
            let overlaps = app.view_trial(&company.designer, &first).await.unwrap().overlaps;
            assert_eq!(overlaps.iter().map(|overlap| overlap.trial.key()).collect::<Vec<_>>(), ["c"]);
        });
    }

    fn what_a_version_shows_is_written_once_and_as_its_plan_says(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let arms = |usual: Value, new: Value| {
                json!({"arms": [
                    {"key": "usual", "name": "Usual", "control": true, "ratio": 1, "payload": usual},
                    {"key": "new", "name": "New", "control": false, "ratio": 1, "payload": new}]})
            };
            for (key, changes, wholes, values) in [
                (
                    "a",
                    arms(json!({"value": "wait \"here\""}), json!({"value": {"b": 2, "a": [1]}})),
                    [r#"{"value":"wait \"here\""}"#, r#"{"value":{"a":[1],"b":2}}"#],
                    [Some(r#""wait \"here\"""#), Some(r#"{"a":[1],"b":2}"#)],
                ),
                (
                    "b",
                    arms(json!({"value": 1}), json!({"value": 1, "more": true})),
                    [r#"{"value":1}"#, r#"{"more":true,"value":1}"#],
                    [None, None],
                ),
            ] {
                let trial = company.start(&app, &plan(key, "justice", &changes)).await;
                for reader in [&app, &open(database, StandingClock::new()).await] {
                    let trial = reader.trial_asked_for(&company.key, &trial).unwrap();
                    let said = |text: &fairtrial_app::PayloadText| (text.whole.to_string(), text.value.as_deref().map(str::to_owned));
                    let said: Vec<_> = trial.payloads.iter().map(said).collect();
                    let wanted: Vec<_> = wholes.iter().map(|text| (*text).to_owned()).zip(values.map(|v| v.map(str::to_owned))).collect();
                    assert_eq!(said, wanted);
                }
            }
        });
    }

    fn looking_tells_no_arm_even_of_people_inside(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let mut looking = call("ana");
            looking.dry_run = true;
            for known in [false, true] {
                let told = app.assign(&company.key, &trial, &looking).await.unwrap();
                let wanted = if known { AssignmentOutcome::Existing } else { AssignmentOutcome::Assigned };
                assert_eq!((told.outcome, told.arm, told.assignment_id), (wanted, None, None));
                assert_eq!(told.payload, json!({"letter": "a"}));
                assert!(told.gates.unwrap().iter().all(|step| step.passed));
                app.assign(&company.key, &trial, &call("ana")).await.unwrap();
            }
            assert_eq!(report(&app, &company, &trial).await["flow"]["requests"], 1, "a look is no request");
        });
    }
}

/// Lets a server keep itself in step until it agrees.
async fn agrees(app: &Arc<App>, agreed: impl AsyncFn(&App) -> bool) {
    let keeping = tokio::spawn(Arc::clone(app).keep_in_step());
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
    let waiting = async {
        while !agreed(app).await {
            ticks.tick().await;
        }
    };
    // It takes half a second; a machine with much else to do may need longer.
    tokio::time::timeout(std::time::Duration::from_secs(20), waiting).await.expect("the server hears of it");
    keeping.abort();
}
