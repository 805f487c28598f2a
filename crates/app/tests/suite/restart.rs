//! What a server knows after a restart is what it knew before: memory is a pure fold of what is kept.

use std::{future::poll_fn, pin::pin, task::Poll};

use chrono::Duration;
use fairtrial_app::{AppError, Clock, trials::life::Move};
use fairtrial_domain::trial::Verb;
use fairtrial_testkit::{
    database::{Kind, TestDatabase},
    on_both_databases,
};
use serde_json::{Value, json};

use crate::stage::{Company, SlowWriter, StandingClock, call, open, plan, run};

on_both_databases! {
    fn the_same_reports_and_the_same_versions(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let blocks = json!({"allocation": {"method": "permuted_blocks"}});
            let trial = company.start(&app, &plan("letter", "justice", &blocks)).await;
            let mut arms = Vec::new();
            for n in 0..60 {
                arms.push(app.assign(&company.key, &trial, &call(&format!("person-{n}"))).await.unwrap().arm);
            }
            clock.advance(Duration::days(1));
            let batch: Vec<Value> = (0..20)
                .map(|n| json!({"event_id": format!("e-{n}"), "unit": format!("person-{}", n * 3), "event": "fine.paid", "occurred_at": "2026-11-24T08:00:00Z"}))
                .collect();
            app.record(&company.key, &batch, false).await.unwrap();
            clock.advance(Duration::days(10));
            app.move_trial(&company.designer, &trial, &Move::plain(Verb::Stop, "enough")).await.unwrap();
            app.move_trial(&company.analyst, &trial, &Move::plain(Verb::LockData, "over")).await.unwrap();
            let late = json!({"event_id": "late", "unit": "person-1", "event": "fine.paid", "occurred_at": "2026-11-24T08:00:00Z"});
            app.record(&company.key, &[late], false).await.unwrap();
            let before = app.report(&company.analyst, &trial).await.unwrap().1;
            let again = open(database, clock.clone()).await;
            clock.advance(Duration::days(100));
            let after = again.report(&company.analyst, &trial).await.unwrap().1;
            assert_eq!(serde_json::to_string(&before).unwrap(), serde_json::to_string(&after).unwrap(), "byte for byte");
            // What was frozen at the lock comes out of the logs again, though more people were turned away since.
            assert!(again.assign(&company.key, &trial, &call("too-late")).await.unwrap().arm.is_none());
            for app in [&app, &again] {
                let found = app.recompute(&company.analyst, &trial).await.unwrap();
                assert_eq!(found.frozen, found.recomputed);
            }
            assert_eq!(again.report(&company.analyst, &trial).await.unwrap().1, before);
            assert_eq!(again.known_units(), 60);
            let zeros = arms.iter().filter(|arm| arm.as_ref().is_some_and(|arm| arm.as_str() == "usual")).count();
            assert!((26..=34).contains(&zeros), "blocks keep the arms even: {zeros} of 60");
        });
    }

    fn two_servers_on_one_database_agree(database) {
        run(async {
            let clock = StandingClock::new();
            let one = open(database, clock.clone()).await;
            let company = Company::hire(&one, "justice").await;
            let trial = company.start(&one, &plan("letter", "justice", &json!({}))).await;
            let other = open(database, clock.clone()).await;
            for n in 0..20 {
                let asked = call(&format!("person-{n}"));
                let first = one.assign(&company.key, &trial, &asked).await.unwrap();
                assert_eq!(other.look_up(&company.key, &trial, &asked.unit).await.unwrap().arm, first.arm, "not yet folded there");
                assert_eq!(other.assign(&company.key, &trial, &asked).await.unwrap().arm, first.arm);
            }
            let paid = json!({"event_id": "e-1", "unit": "person-1", "event": "fine.paid", "occurred_at": "2026-11-23T09:00:00Z"});
            assert_eq!(other.record(&company.key, std::slice::from_ref(&paid), false).await.unwrap().accepted, 1);
            assert_eq!(one.record(&company.key, &[paid], false).await.unwrap().duplicate, 1);
            clock.advance(Duration::days(9));
            let seen = async |app: &fairtrial_app::App| serde_json::to_value(app.report(&company.analyst, &trial).await.unwrap().1).unwrap();
            assert_eq!(seen(&one).await, seen(&other).await);
        });
    }

    fn how_far_the_tallies_are_behind_is_told(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            company.start(&app, &plan("letter", "justice", &json!({}))).await;
            assert_eq!(app.tallies_behind().await.unwrap(), (0, std::time::Duration::ZERO));
            for minutes in [0, 5] {
                clock.advance(Duration::minutes(minutes));
                let event = json!({"event_id": format!("e-{minutes}"), "unit": "ana", "event": "fine.paid", "occurred_at": clock.now().to_rfc3339()});
                app.record(&company.key, &[event], false).await.unwrap();
            }
            clock.advance(Duration::minutes(1));
            let (events, waited) = app.tallies_behind().await.unwrap();
            assert_eq!((events, waited), (2, std::time::Duration::from_secs(360)), "since the first of them came");
            app.catch_up().await.unwrap();
            assert_eq!(app.tallies_behind().await.unwrap().0, 0);
        });
    }

    fn what_is_folded_live_is_what_is_folded_later(database) {
        run(async {
            let clock = StandingClock::new();
            let live = open(database, clock.clone()).await;
            let company = Company::hire(&live, "justice").await;
            let trial = company.start(&live, &plan("letter", "justice", &json!({}))).await;
            let other = open(database, clock.clone()).await;
            let send = async |id: &str, unit: &str, minutes: i64| {
                let at = clock.now() + Duration::minutes(minutes);
                let event = json!({"event_id": id, "unit": unit, "event": "fine.paid", "occurred_at": at.to_rfc3339()});
                assert_eq!(live.record(&company.key, &[event], false).await.unwrap().accepted, 1);
                live.catch_up().await.unwrap();
            };
            // Events about people who enter later, or never.
            for (unit, minutes) in [("at-once", 4), ("soon", 0), ("late", 0), ("later", 4), ("never", 0)] {
                send(&format!("of-{unit}"), unit, minutes).await;
            }
            for (unit, minutes) in [("at-once", 2), ("soon", 7), ("late", 2), ("later", 60)] {
                clock.advance(Duration::minutes(minutes));
                live.assign(&company.key, &trial, &call(unit)).await.unwrap();
                live.catch_up().await.unwrap();
            }
            clock.advance(Duration::days(8));
            send("once-more", "later", 0).await;
            // The other server still believes that the trial runs when it folds the last event.
            live.move_trial(&company.designer, &trial, &Move::plain(Verb::Stop, "enough")).await.unwrap();
            live.move_trial(&company.analyst, &trial, &Move::plain(Verb::LockData, "over")).await.unwrap();
            send("too-late", "soon", 0).await;
            other.catch_up().await.unwrap();
            let again = open(database, clock.clone()).await;
            let mut seen = Vec::new();
            for app in [&live, &other, &again] {
                let report = serde_json::to_value(app.report(&company.analyst, &trial).await.unwrap().1).unwrap();
                seen.push(report.to_string());
            }
            assert_eq!(seen[0], seen[2], "folded live, and after a restart");
            assert_eq!(seen[1], seen[2], "folded live elsewhere, and after a restart");
        });
    }
}

/// Does something until it waits for so many things one after the other, and then no more.
async fn given_up(waits: usize, work: impl Future<Output = Result<(), AppError>>) {
    let (mut work, mut waited) = (pin!(work), 0);
    poll_fn(|context| {
        waited += 1;
        match work.as_mut().poll(context) {
            Poll::Pending if waited < waits => Poll::Pending,
            _ => Poll::Ready(()),
        }
    })
    .await;
}

/// The commit of an assignment may end after that of an event that came behind it.
#[test]
fn an_assignment_that_is_seen_late_takes_what_came_behind_it() {
    let database = TestDatabase::fresh(Kind::Postgres).unwrap();
    run(async {
        let clock = StandingClock::new();
        let live = open(&database, clock.clone()).await;
        let company = Company::hire(&live, "justice").await;
        let trial = company.start(&live, &plan("letter", "justice", &json!({}))).await;
        let send = async |id: &str| {
            let at = (clock.now() + Duration::minutes(1)).to_rfc3339();
            let event = json!({"event_id": id, "unit": "person-1", "event": "fine.paid", "occurred_at": at});
            assert_eq!(live.record(&company.key, &[event], false).await.unwrap().accepted, 1);
            live.catch_up().await.unwrap();
        };
        send("in-front").await;
        let mut slow = SlowWriter::begin(&database);
        slow.run(&format!(
            "UPDATE logs SET next_sequence = next_sequence + 1 WHERE name = 'assignments'; \
             INSERT INTO assignments (sequence, bucket, trial_id, unit, arm, stratum, assigned_at, event_place) \
             SELECT 1, get_byte(unit, 0) % 64, (SELECT id FROM trials), unit, 1, '', {}, 1 FROM events",
            clock.now().timestamp_micros()
        ));
        send("behind").await;
        slow.commit();
        // Whoever wants it folded may go away while it waits, wherever that is.
        for waits in 1..8 {
            given_up(waits, live.catch_up()).await;
        }
        live.catch_up().await.unwrap();
        clock.advance(Duration::days(9));
        let again = open(&database, clock.clone()).await;
        let mut seen = Vec::new();
        for app in [&live, &again] {
            seen.push(serde_json::to_value(app.report(&company.analyst, &trial).await.unwrap().1).unwrap());
        }
        assert_eq!(seen[0], seen[1], "folded live, and after a restart");
        let stray =
            seen[0]["integrity"].as_array().unwrap().iter().find(|gate| gate["gate"] == "stray_events").unwrap();
        assert!(stray["detail"].as_str().unwrap().starts_with("1 event"), "{stray}");
    });
}
