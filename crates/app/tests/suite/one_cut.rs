//! What is read while events pour in is the log up to one place: of two events that stand side by side, the second is never counted
//! without the first, and of many pairs at most one is counted by half.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use chrono::Duration;
use fairtrial_app::App;
use fairtrial_testkit::on_both_databases;
use serde_json::{Value, json};

use crate::stage::{Company, StandingClock, call, open, plan, run};

const PEOPLE: usize = 600;

/// How many events were corrected and how many were taken back, as one reading says it.
async fn read(app: &App, company: &Company) -> [u64; 2] {
    let found = app.data_view(&company.analyst, "letter").await.unwrap().corrections;
    [found.corrected, found.retracted]
}

on_both_databases! {
    fn a_reading_under_way_is_of_one_place_in_the_log(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Arc::new(Company::hire(&app, "justice").await);
            company.start(&app, &plan("letter", "justice", &json!({}))).await;
            for n in 0..PEOPLE {
                app.assign(&company.key, "letter", &call(&format!("person-{n}"))).await.unwrap();
            }
            clock.advance(Duration::days(4));
            let event = |id: String, n: usize| json!({"event_id": id, "unit": format!("person-{n}"), "event": "fine.paid",
                "occurred_at": "2026-11-25T08:00:00Z"});
            let paid: Vec<Value> = (0..PEOPLE).flat_map(|n| [event(format!("a-{n}"), n), event(format!("b-{n}"), n)]).collect();
            for batch in paid.chunks(1_000) {
                assert_eq!(app.record(&company.key, batch, false).await.unwrap().accepted, batch.len());
            }
            let sent = Arc::new(AtomicUsize::new(0));
            let senders: Vec<_> = (0..4)
                .map(|_| {
                    let (app, company, sent) = (Arc::clone(&app), Arc::clone(&company), Arc::clone(&sent));
                    tokio::spawn(async move {
                        loop {
                            let n = sent.fetch_add(1, Ordering::Relaxed);
                            if n >= PEOPLE {
                                return;
                            }
                            let event = |how: &str, what: &str| json!({"event_id": format!("{how}-{n}"), "unit": format!("person-{n}"),
                                "event": "fine.paid", how: format!("{what}-{n}"), "occurred_at": "2026-11-25T09:00:00Z"});
                            let pair = [event("corrects", "a"), event("retracts", "b")];
                            assert_eq!(app.record(&company.key, &pair, false).await.unwrap().accepted, 2);
                        }
                    })
                })
                .collect();
            let mut readings = Vec::new();
            while senders.iter().any(|sender| !sender.is_finished()) {
                readings.push(read(&app, &company).await);
            }
            for sender in senders {
                sender.await.unwrap();
            }
            assert_eq!(read(&app, &company).await, [PEOPLE as u64; 2]);
            for [first, second] in &readings {
                assert!(first >= second && first - second <= 1, "of one reading: {first} and {second}, among {readings:?}");
            }
            // Had the two been read one after the other, they would not fit: there was something to read past.
            let apart = readings.windows(2).filter(|pair| pair[1][1] > pair[0][0] + 1).count();
            assert!(readings.len() >= 3 && apart > 0, "events came while it was read: {readings:?}");
        });
    }
}
