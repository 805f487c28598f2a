//! An installation with many people and events, timed: how fast it fills, empty and full, how fast it reports and starts.
//!
//! ```text
//! large DATABASE_URL FOLDER TRIALS PEOPLE EVENTS
//! ```
//!
//! The database is a new one, the folder an empty one. It drives the use cases in this process, so that what is timed is the
//! store and the fold, not HTTP. With nobody it only makes the installation, one more trial in permuted blocks beside the others,
//! and prints the token of a program.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement that cannot go on has failed"
)]
#![allow(clippy::print_stdout, reason = "a program for the command line")]

#[allow(dead_code, reason = "the stories use more of it")]
#[path = "../tests/suite/faults/mod.rs"]
mod faults;

use std::{path::Path, sync::Arc, time::Instant};

use fairtrial_app::{Actor, App, KeyActor, MasterKey, frontline::assign::AssignCall};
use fairtrial_domain::UnitText;
use fairtrial_server::server::system_ambient;
use fairtrial_store::{Store, WriterSettings};
use faults::house::{self, KEY};
use serde_json::{Value, json};

/// Calls at once.
const CALLS: u64 = 256;
/// Events in one call.
const BATCH: u64 = 1_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, folder, trials, people, events] = arguments.as_slice() else {
        panic!("DATABASE_URL FOLDER TRIALS PEOPLE EVENTS");
    };
    let number = |text: &String| text.parse::<u64>().expect("a number");
    let (trials, people, events) = (number(trials), number(people), number(events));
    std::fs::create_dir_all(folder).expect("a folder can be made");
    Store::migrate(&url.parse().expect("an address")).expect("tables can be made");
    house::run(async {
        let app = start(url, None).await;
        let mut named: Vec<(String, u64)> = (0..trials).map(|n| (trial_name(n), 100_000_000)).collect();
        if people == 0 {
            named.push(("full".to_owned(), 100_000_000));
            println!("{}", house::fill(&app, &named).await);
            return;
        }
        let token = house::fill(&app, &named).await;
        let key = app.key_actor(&token).expect("the key");
        let folding = actix_web::rt::spawn(Arc::clone(&app).keep_in_step());
        let began = Instant::now();
        calls(people, |n| assign(Arc::clone(&app), key.clone(), trials, n)).await;
        println!("people: {people} in {:.1} s, {:.0} a second", began.elapsed().as_secs_f64(), rate(people, began));
        let part = (events / 10).max(BATCH);
        for first in (0..events).step_by(usize::try_from(part).expect("it fits")) {
            let began = Instant::now();
            calls(part / BATCH, |n| record(Arc::clone(&app), key.clone(), people, first + n * BATCH)).await;
            println!("events: {part} after {first}, {:.0} a second", rate(part, began));
        }
        let began = Instant::now();
        app.catch_up().await.expect("it folds");
        println!("the fold was {:.0} ms behind", began.elapsed().as_secs_f64() * 1e3);
        let analyst = house::sign_in(&app, "analyst").await;
        println!("report: {:.1} ms, the median of 21", median_report(&app, &analyst).await);
        println!("memory: {} MB", resident());
        folding.abort();
    });
    if people == 0 {
        return;
    }
    house::run(async {
        let app = timed("start from the logs", url, Some(Path::new(folder))).await;
        let began = Instant::now();
        app.keep_fold(true).await.expect("it is kept");
        println!("keeping the fold: {:.0} ms", began.elapsed().as_secs_f64() * 1e3);
    });
    house::run(async {
        let app = timed("start from a kept fold", url, Some(Path::new(folder))).await;
        assert!(app.rows_from_kept_fold() > 0, "it was used");
        println!("people known: {}; memory: {} MB", app.known_units(), resident());
    });
}

fn trial_name(number: u64) -> String {
    format!("trial-{number}")
}

async fn start(url: &str, folder: Option<&Path>) -> Arc<App> {
    let store = Store::open(&url.parse().expect("an address"), WriterSettings::default()).expect("it opens");
    App::load_beside(folder, store, MasterKey::new(&KEY), system_ambient()).await.expect("it loads")
}

async fn timed(what: &str, url: &str, folder: Option<&Path>) -> Arc<App> {
    let began = Instant::now();
    let app = start(url, folder).await;
    println!("{what}: {:.0} ms", began.elapsed().as_secs_f64() * 1e3);
    app
}

/// Makes so many calls, some hundred at once.
async fn calls<F: Future<Output = ()> + 'static>(many: u64, call: impl Fn(u64) -> F) {
    let mut under_way = tokio::task::JoinSet::new();
    for n in 0..many {
        if under_way.len() as u64 >= CALLS.min(many) {
            under_way.join_next().await.expect("there is one").expect("it ends well");
        }
        under_way.spawn_local(call(n));
    }
    while let Some(ended) = under_way.join_next().await {
        ended.expect("it ends well");
    }
}

async fn assign(app: Arc<App>, key: KeyActor, trials: u64, n: u64) {
    let unit = UnitText::new(&format!("case-{n}-x")).expect("a unit");
    let call = AssignCall { unit, cluster: None, attributes: serde_json::Map::new(), dry_run: false };
    app.assign(&key, &trial_name(n % trials), &call).await.expect("an assignment");
}

async fn record(app: Arc<App>, key: KeyActor, people: u64, first: u64) {
    let event = |n: u64| {
        // A stride that visits everybody in no order.
        let unit = (n * 7_919) % people;
        let at = app.ambient().now().to_rfc3339();
        json!({"event_id": format!("{n:012}"), "unit": format!("case-{unit}-x"), "event": "money.came", "value": 1, "occurred_at": at})
    };
    let batch: Vec<Value> = (first..first + BATCH).map(event).collect();
    let receipt = app.record(&key, &batch, false).await.expect("a receipt");
    assert_eq!(receipt.accepted as u64, BATCH);
}

async fn median_report(app: &App, analyst: &Actor) -> f64 {
    let mut times = Vec::new();
    for _ in 0..21 {
        let began = Instant::now();
        app.report(analyst, &trial_name(0)).await.expect("a report");
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    times[10]
}

fn rate(many: u64, began: Instant) -> f64 {
    many as f64 / began.elapsed().as_secs_f64()
}

/// Memory of this process that is in use, in MB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}
