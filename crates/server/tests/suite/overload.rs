//! More calls than can be answered in time.

use std::{sync::mpsc, thread};

use fairtrial_server::routes;
use fairtrial_store::WriterSettings;
use fairtrial_testkit::on_both_databases;
use serde_json::json;

use crate::{
    client::{Response, request, send},
    running::{World, begin_with, settings},
};

/// Calls that may wait.
const ROOM: usize = 4;
/// Calls that come at once: ten times as many.
const COMING: usize = 40;

fn post(world: &World, path: &str, body: &serde_json::Value) -> Response {
    let key = format!("Bearer {}", world.key("justice"));
    let headers = [("Authorization", key.as_str()), ("Content-Type", "application/json")];
    send(world.address, &request("POST", path, &headers, body.to_string().as_bytes())).expect("an answer")
}

fn event(n: usize) -> serde_json::Value {
    json!({"events": [{"event_id": format!("e-{n}"), "unit": "known", "event": "door.opened",
        "occurred_at": "2026-11-23T00:00:00Z"}]})
}

on_both_databases! {
    fn what_finds_no_room_is_refused_at_once_and_keeps_nothing(database) {
        let writer = WriterSettings { queue: ROOM, rows_per_commit: 100 };
        // The counters that a server writes by itself would have one of the places now and then.
        let (world, store) = begin_with(database.url(), settings(None), routes::table(), true, writer, false);
        let assign = "/v1/trials/open-door/assignments";
        let known = post(&world, assign, &json!({"unit": "known"})).json();
        // The writer is at work until it is let go.
        let (let_go, go_on) = mpsc::channel::<()>();
        let (at_work, is_at_work) = mpsc::channel();
        let working = thread::spawn(move || {
            let work = store.write(move |_| {
                at_work.send(()).expect("the test waits");
                go_on.recv().unwrap_or_default();
                Ok(())
            });
            actix_web::rt::System::new().block_on(work)
        });
        is_at_work.recv().expect("it begins");
        let answers = thread::scope(|scope| {
            let (answer, answered) = mpsc::channel();
            for n in 0..COMING {
                let (world, answer) = (&world, answer.clone());
                scope.spawn(move || drop(answer.send((n, post(world, "/v1/events", &event(n))))));
            }
            let mut answers: Vec<(usize, Response)> = (0..COMING - ROOM).map(|_| answered.recv().unwrap()).collect();
            // Those are answered while nothing can be kept; and so is whoever is known.
            for (_, refused) in &answers {
                assert_eq!((refused.status, &refused.json()["code"]), (503, &json!("overloaded")), "{}", refused.text());
                let wait: u32 = refused.header("retry-after").unwrap().parse().unwrap();
                assert!((1..=5).contains(&wait), "{wait}");
            }
            let again = post(&world, assign, &json!({"unit": "known"}));
            assert_eq!((again.status, &again.json()["arm"]), (200, &known["arm"]));
            let new = post(&world, assign, &json!({"unit": "new"}));
            assert_eq!((new.status, &new.json()["code"]), (503, &json!("overloaded")));
            let_go.send(()).expect("it waits");
            answers.extend((0..ROOM).map(|_| answered.recv().unwrap()));
            answers
        });
        assert_eq!(working.join().unwrap(), Ok(()));
        for (_, kept) in &answers[COMING - ROOM..] {
            assert_eq!((kept.status, &kept.json()["accepted"]), (200, &json!(1)), "{}", kept.text());
        }
        // Sent again, each counts once: those that were refused were not kept.
        for (n, first) in &answers {
            let again = post(&world, "/v1/events", &event(*n)).json();
            let new = u8::from(first.status == 503);
            assert_eq!((&again["accepted"], &again["duplicate"]), (&json!(new), &json!(1 - new)), "{n}: {again}");
        }
    }
}
