//! Assignments and events, as frontline apps ask for them.

use std::{
    sync::{Arc, Mutex},
    time::Duration as StdDuration,
};

use chrono::{DateTime, Duration, Utc};
use fairtrial_app::{
    AppError, Clock,
    frontline::replay::{Replay, fingerprint},
    trials::life::Move,
};
use fairtrial_domain::trial::{AssignmentOutcome, Verb};
use fairtrial_testkit::on_both_databases;
use serde_json::{Value, json};

use crate::stage::{Company, StandingClock, call, open, plan, run};

fn event(id: &str, unit: &str, value: Option<i64>) -> Value {
    let mut event = json!({"event_id": id, "unit": unit, "event": "fine.paid", "occurred_at": "2026-11-23T09:00:00Z"});
    if let (Some(value), Some(event)) = (value, event.as_object_mut()) {
        event.insert("value".into(), value.into());
    }
    event
}

/// A clock that can be set, beside one that cannot.
#[derive(Clone)]
struct SetClock(Arc<Mutex<(DateTime<Utc>, StdDuration)>>);

impl SetClock {
    fn new() -> Self {
        Self(Arc::new(Mutex::new((StandingClock::new().now(), StdDuration::ZERO))))
    }

    fn pass(&self, minutes: u32) {
        let mut read = self.0.lock().unwrap();
        read.0 += Duration::minutes(minutes.into());
        read.1 += StdDuration::from_secs(60 * u64::from(minutes));
    }

    fn set(&self, by: Duration) {
        self.0.lock().unwrap().0 += by;
    }
}

impl Clock for SetClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.lock().unwrap().0
    }

    fn steady(&self) -> Option<StdDuration> {
        Some(self.0.lock().unwrap().1)
    }
}

on_both_databases! {
    fn a_clock_that_jumps_ends_no_trial(database) {
        run(async {
            let clock = SetClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let comes = async |unit: &str| app.assign(&company.key, &trial, &call(unit)).await.unwrap().outcome;
            assert_eq!(comes("before").await, AssignmentOutcome::Assigned);
            clock.pass(1);
            clock.set(Duration::days(3_650));
            assert_eq!(comes("ten-years-on").await, AssignmentOutcome::Assigned);
            clock.set(-Duration::days(3_650));
            assert_eq!(comes("back").await, AssignmentOutcome::Assigned);
            // A new time that holds is the time.
            clock.set(Duration::days(3_650));
            assert_eq!(comes("again").await, AssignmentOutcome::Assigned);
            clock.pass(61);
            assert_eq!(comes("an-hour-later").await, AssignmentOutcome::Ended);
        });
    }

    fn nobody_enters_after_the_last_day_of_the_plan(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let mut changes = json!({});
            changes["monitoring"] = json!({"alpha": "0.025", "power": "0.80", "sides": "one", "max_units": 1000,
                "ends_on": "2026-12-01"});
            let trial = company.start(&app, &plan("letter", "justice", &changes)).await;
            let first = app.assign(&company.key, &trial, &call("early")).await.unwrap();
            assert_eq!(first.outcome, AssignmentOutcome::Assigned);
            // To the last moment of the last day where the trial is, which is another day elsewhere.
            let last: DateTime<Utc> = "2026-12-01T10:59:59Z".parse().unwrap();
            clock.advance(last - clock.now());
            let at_last = app.assign(&company.key, &trial, &call("just-in-time")).await.unwrap();
            assert_eq!(at_last.outcome, AssignmentOutcome::Assigned);
            clock.advance(Duration::seconds(1));
            let late = app.assign(&company.key, &trial, &call("late")).await.unwrap();
            assert_eq!((late.outcome, late.arm), (AssignmentOutcome::Ended, None));
            assert!(late.reason.unwrap().contains("last day"));
            let again = app.assign(&company.key, &trial, &call("early")).await.unwrap();
            assert_eq!((again.outcome, again.arm), (AssignmentOutcome::Existing, first.arm), "whoever is in stays in");
        });
    }

    fn a_named_request_is_answered_once_at_a_time(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let ask = async |what: &[u8]| app.replay(&company.key, "monday", fingerprint(&[what])).await;
            let Ok(Replay::New(first)) = ask(b"a").await else { panic!("the name is new") };
            // While it is being answered, whoever sends it again is asked to wait, whatever it is.
            for what in [&b"a"[..], b"b"] {
                assert!(matches!(ask(what).await, Err(AppError::Conflict { code: "idempotency_key_in_use", .. })));
            }
            // An answer that did not come about leaves the name free; one that did is given again, to the same request alone.
            drop(first);
            let Ok(Replay::New(second)) = ask(b"a").await else { panic!("the name is free again") };
            second.keep(200, "{}".into()).await.unwrap();
            assert!(matches!(ask(b"a").await, Ok(Replay::Known(200, body)) if body == "{}"));
            let Err(AppError::Invalid(faults)) = ask(b"b").await else { panic!("another request has the name") };
            assert_eq!(faults[0].code, "idempotency_key_reused");
        });
    }

    fn a_person_keeps_their_version_and_the_answer_explains_itself(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({
                "eligibility": {"include": {"all": [{"attribute": "dollars", "less_than": 1000}]}}
            }))).await;
            let mut asked = call("person-1");
            asked.attributes.insert("dollars".into(), json!(200));
            let first = app.assign(&company.key, &trial, &asked).await.unwrap();
            assert_eq!(first.outcome, AssignmentOutcome::Assigned);
            let again = app.assign(&company.key, &trial, &asked).await.unwrap();
            assert_eq!((again.outcome, &again.arm, &again.assignment_id), (AssignmentOutcome::Existing, &first.arm, &first.assignment_id));
            assert_eq!(app.look_up(&company.key, &trial, &asked.unit).await.unwrap().arm, first.arm);
            assert_eq!(app.look_up(&company.key, &trial, &call("person-2").unit).await, Err(AppError::NotFound("assignment")));

            let mut rich = call("person-2");
            rich.attributes.insert("dollars".into(), json!(1000));
            let refused = app.assign(&company.key, &trial, &rich).await.unwrap();
            assert_eq!((refused.outcome, refused.arm), (AssignmentOutcome::NotEligible, None));
            assert_eq!(refused.payload, json!({"letter": "a"}), "people outside get the current version");

            let mut nosy = call("person-3");
            nosy.attributes.insert("name".into(), json!("x"));
            assert!(matches!(app.assign(&company.key, &trial, &nosy).await, Err(AppError::Invalid(_))));
            let mut dry = call("person-4");
            dry.attributes.insert("dollars".into(), json!(5));
            dry.dry_run = true;
            let looked = app.assign(&company.key, &trial, &dry).await.unwrap();
            assert_eq!((looked.outcome, looked.arm), (AssignmentOutcome::Assigned, None), "looking tells no arm");
            assert!(app.look_up(&company.key, &trial, &dry.unit).await.is_err(), "and keeps nothing");
        });
    }

    fn concurrent_first_calls_get_one_answer_and_the_cap_holds(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let capped = json!({"monitoring": {"alpha": "0.025", "power": "0.80", "sides": "one", "max_units": 50, "ends_on": "2030-01-01"}});
            let trial = company.start(&app, &plan("small", "justice", &capped)).await;
            let mut tasks = tokio::task::JoinSet::new();
            for n in 0..400 {
                let (app, key, trial) = (Arc::clone(&app), company.key.clone(), trial.clone());
                tasks.spawn(async move {
                    let unit = format!("person-{}", n % 80);
                    (unit.clone(), app.assign(&key, &trial, &call(&unit)).await.unwrap())
                });
            }
            let mut arms = std::collections::HashMap::new();
            while let Some(done) = tasks.join_next().await {
                let (unit, answer) = done.unwrap();
                match answer.outcome {
                    AssignmentOutcome::Assigned | AssignmentOutcome::Existing => {
                        assert_eq!(arms.entry(unit).or_insert_with(|| answer.arm.clone()), &answer.arm);
                    }
                    other => assert_eq!(other, AssignmentOutcome::CapReached),
                }
            }
            assert_eq!(arms.len(), 50);
        });
    }

    fn events_count_once_and_only_within_the_follow_up(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            for n in 0..10 {
                app.assign(&company.key, &trial, &call(&format!("person-{n}"))).await.unwrap();
            }
            let batch: Vec<Value> = (0..4).map(|n| event(&format!("e-{n}"), &format!("person-{n}"), None)).collect();
            let receipt = app.record(&company.key, &batch, false).await.unwrap();
            assert_eq!((receipt.accepted, receipt.duplicate, receipt.rejected), (4, 0, 0));
            let again = app.record(&company.key, &batch, false).await.unwrap();
            assert_eq!((again.accepted, again.duplicate, again.rejected), (0, 4, 0));
            let other = app.record(&company.key, &[event("e-0", "person-0", Some(0)), event("e-1", "person-9", None)], false).await.unwrap();
            assert_eq!((other.accepted, other.rejected), (0, 2));
            assert!(other.results.iter().all(|item| item.status == 409 && item.code == "event_id_conflict"));
            let bad = [json!({"event_id": "e-9"}), event("e-10", "stranger", None), event("e-11", "person-5", Some(7))];
            let mixed = app.record(&company.key, &bad, false).await.unwrap();
            assert_eq!((mixed.accepted, mixed.rejected), (1, 2), "{:?}", mixed.results);

            let counts = async || {
                let (_, report) = app.report(&company.analyst, &trial).await.unwrap();
                serde_json::to_value(&report.arms).unwrap()
            };
            assert!(counts().await.as_array().unwrap().iter().all(|arm| arm["analysed"] == 0), "nobody’s follow-up is over");
            clock.advance(Duration::days(9));
            let arms = counts().await;
            let total = |field: &str| arms.as_array().unwrap().iter().map(|arm| arm[field].as_u64().unwrap()).sum::<u64>();
            assert_eq!((total("assigned"), total("analysed")), (10, 10));
        });
    }

    fn a_stop_for_harm_gives_everybody_the_current_version(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            app.assign(&company.key, &trial, &call("person-1")).await.unwrap();
            app.move_trial(&company.designer, &trial, &Move::plain(Verb::PauseEnrolment, "")).await.unwrap();
            assert_eq!(app.assign(&company.key, &trial, &call("person-1")).await.unwrap().outcome, AssignmentOutcome::Existing);
            assert_eq!(app.assign(&company.key, &trial, &call("person-2")).await.unwrap().outcome, AssignmentOutcome::EnrolmentPaused);
            let stop = Move { because_of_harm: true, ..Move::plain(Verb::Stop, "people are turned away") };
            app.move_trial(&company.monitor, &trial, &stop).await.unwrap();
            let served = app.assign(&company.key, &trial, &call("person-1")).await.unwrap();
            assert_eq!((served.outcome, served.arm, served.payload), (AssignmentOutcome::Suspended, None, json!({"letter": "a"}).into()));
            let new = app.assign(&company.key, &trial, &call("person-3")).await.unwrap();
            assert_eq!(new.outcome, AssignmentOutcome::Ended);
        });
    }

    fn another_agency_sees_nothing(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let others = Company::hire(&app, "health").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            assert_eq!(app.assign(&others.key, &trial, &call("person-1")).await, Err(AppError::NotFound("trial")));
            assert!(matches!(app.view_trial(&others.designer, &trial).await, Err(AppError::NotFound("trial"))));
            assert!(matches!(app.report(&others.analyst, &trial).await, Err(AppError::NotFound("trial"))));
            let refused = app.record(&others.key, &[event("e-1", "person-1", None)], false).await.unwrap();
            assert_eq!(refused.results.first().map(|item| item.code), Some("unknown_event"));
        });
    }
}
