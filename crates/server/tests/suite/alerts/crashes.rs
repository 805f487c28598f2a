//! Servers that are killed while changes come and a receiver fails now and then: what was committed is told, at least once, under one
//! name; what was not is never told.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use fairtrial_app::Clock as _;
use fairtrial_server::{alerts::Authorities, server::system_ambient};
use fairtrial_store::{DbConnection, alerts};
use fairtrial_testkit::{on_both_databases, size::times};
use serde_json::json;

use super::{
    Hands, NOON, Names, administrator, kept_and_due, of_one, open, place, receiver, sender,
    sink::{Answer, Sink},
};
use crate::{
    client::{request, send_if_there},
    faults::house::House,
};

/// What is wrong with what was told: alerts against the entries that call for them, answers that were promised, and what came.
fn judge(
    kept: &[(i64, String)],
    due: &[(i64, String)],
    (names, came): (&BTreeSet<String>, &BTreeSet<String>),
    (promised, harms): (usize, usize),
) -> Vec<String> {
    let mut wrong = Vec::new();
    if kept != due {
        wrong.push(format!("{} alerts for {} entries", kept.len(), due.len()));
    }
    wrong.extend(names.difference(came).map(|name| format!("{name} never came")));
    wrong.extend(came.difference(names).map(|name| format!("{name} came and is not kept")));
    if harms < promised {
        wrong.push(format!("{promised} were promised and {harms} are kept"));
    }
    wrong
}

on_both_databases! {
    fn what_was_committed_is_told_at_least_once_under_one_name(database) {
        let url = place(database);
        // Three of ten fail, one of them after it was read.
        let sink = Sink::start(|n| match n * 7 % 10 {
            0 => Answer::Cut,
            1 => Answer::Status(500),
            2 => Answer::Status(429),
            _ => Answer::Status(200),
        });
        let house = House::build(url, Path::new(env!("CARGO_BIN_EXE_fairtrial")), 8);
        actix_web::rt::System::new().block_on(async {
            let app = open(url, Hands::at(system_ambient().now_micros()), &sink.url()).await;
            let who = administrator(&app, "justice").await;
            receiver(&app, &who, &sink.url()).await;
        });
        let allowed = format!(
            "export FAIRTRIAL_ALERT_HOSTS={} FAIRTRIAL_ALERT_NETWORKS=127.0.0.1;",
            sink.url()
        );
        let mut promised = 0;
        for round in 0..times(4) {
            let server = house.start(0, &allowed);
            let (address, stop) = (server.address, Arc::new(AtomicBool::new(false)));
            let callers: Vec<_> = (0..2)
                .map(|caller| {
                    let (token, stop) = (format!("Bearer {}", house.token), Arc::clone(&stop));
                    thread::spawn(move || {
                        let mut promised = 0;
                        for n in 0..5_000 {
                            if stop.load(Ordering::SeqCst) {
                                break;
                            }
                            // Each harm comes twice, and every third of one trial that is not there.
                            let body = json!({"event_id": format!("h-{round}-{caller}-{}", n / 2), "unit": format!("u-{n}"),
                                "severity": 3, "kind": "distress", "at": "2026-01-01T00:00:00Z"});
                            let trial = if n % 3 == 2 { "nowhere" } else { "open" };
                            let headers = [("Authorization", token.as_str()), ("Content-Type", "application/json")];
                            let bytes = request("POST", &format!("/v1/trials/{trial}/harms"), &headers, body.to_string().as_bytes());
                            let Some(answer) = send_if_there(address, &bytes) else { break };
                            let first = answer.status < 300 && answer.json()["duplicate"] != json!(true);
                            promised += usize::from(first);
                        }
                        promised
                    })
                })
                .collect();
            // Until something has come through in this round, so that the blow falls in the middle of the work.
            let before = sink.got().len();
            let waited = std::time::Instant::now();
            while sink.got().len() < before + 5 {
                assert!(waited.elapsed() < Duration::from_secs(60), "nothing is sent: {}", house.log());
                thread::yield_now();
            }
            server.kill();
            stop.store(true, Ordering::SeqCst);
            promised += callers.into_iter().map(|caller| caller.join().unwrap()).sum::<usize>();
        }
        // Another server sends the rest, days later.
        actix_web::rt::System::new().block_on(async {
            let clock = Hands::at(system_ambient().now_micros());
            let app = open(url, clock.clone(), &sink.url()).await;
            let mut sender = sender(&app, "127.0.0.1", Names::default(), Authorities::none());
            let began = clock.now();
            while clock.now() - began < chrono::Duration::days(4) {
                sender.send_all().await.unwrap();
                clock.advance(chrono::Duration::hours(2));
            }
        });
        let (kept, due) = kept_and_due(url);
        let mut c = DbConnection::open(&url.parse().unwrap()).unwrap();
        let (receiver, rows) = {
            let rows = alerts::after(&mut c, 0, 100_000).unwrap();
            let receivers = fairtrial_store::receivers::of_agency(&mut c, rows[0].agency_id).unwrap();
            (receivers[0].id.clone(), alerts::of_receiver(&mut c, &receivers[0].id, 100_000).unwrap())
        };
        let given_up = alerts::count(&mut c, &receiver, alerts::GIVEN_UP).unwrap();
        assert_eq!((given_up, alerts::count(&mut c, &receiver, alerts::WAITING).unwrap()), (0, 0));
        let names: BTreeSet<String> = rows.into_iter().map(|(alert, _)| alert.id).collect();
        let got = sink.got();
        let came: BTreeSet<String> = got.iter().map(|got| got.id().to_owned()).collect();
        let harms = kept.iter().filter(|(_, matter)| matter == "harm.reported").count();
        let wrong = judge(&kept, &due, (&names, &came), (promised, harms));
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(promised >= 20 && got.len() > came.len(), "{promised} promised, {} came of {}", got.len(), came.len());
        // Whoever judges would see each fault.
        let mut fewer = names.clone();
        fewer.pop_first();
        assert_eq!(judge(&kept, &due, (&names, &fewer), (promised, harms)).len(), 1);
        assert_eq!(judge(&kept, &due, (&fewer, &came), (promised, harms)).len(), 1);
        assert_eq!(judge(&kept[1..], &due, (&names, &came), (promised, harms)).len(), 1);
        assert_eq!(judge(&kept, &due, (&names, &came), (harms + 1, harms)).len(), 1);
    }

    fn a_server_that_is_told_to_stop_ends_what_it_sends(database) {
        let url = place(database);
        let sink = Sink::start(|n| if n == 0 { Answer::Nothing } else { Answer::Status(200) });
        let house = House::build(url, Path::new(env!("CARGO_BIN_EXE_fairtrial")), 8);
        let id = actix_web::rt::System::new().block_on(async {
            let app = open(url, Hands::at(system_ambient().now_micros()), &sink.url()).await;
            let who = administrator(&app, "justice").await;
            let (id, _) = receiver(&app, &who, &sink.url()).await;
            app.test_receiver(&who, &id).await.unwrap();
            id
        });
        let allowed =
            format!("export FAIRTRIAL_ALERT_HOSTS={} FAIRTRIAL_ALERT_NETWORKS=127.0.0.1;", sink.url());
        let server = house.start(0, &allowed);
        let waited = std::time::Instant::now();
        while sink.connections() == 0 {
            assert!(waited.elapsed() < Duration::from_secs(30), "nothing is sent: {}", house.log());
            thread::yield_now();
        }
        // In the middle of an exchange with somebody who says nothing.
        let told = std::time::Instant::now();
        assert_eq!(server.stop().code(), Some(0));
        assert!(told.elapsed() < Duration::from_secs(10), "{:?}", told.elapsed());
        let (tries, state, answer) = of_one(url, &id);
        assert_eq!((tries, state.as_str()), (1, "waiting"), "what came of it is kept: {answer}");
        // It goes out again with the next start.
        actix_web::rt::System::new().block_on(async {
            let app = open(url, Hands::at(system_ambient().now_micros() + 60_000_000), &sink.url()).await;
            sender(&app, "127.0.0.1", Names::default(), Authorities::none()).send_all().await.unwrap();
        });
        assert_eq!(of_one(url, &id).1, "taken");
        let names: BTreeSet<String> = sink.got().iter().map(|got| got.id().to_owned()).collect();
        assert_eq!((sink.got().len(), names.len()), (2, 1), "twice, under one name");
    }

    fn two_servers_send_each_alert_once(database) {
        let url = place(database);
        let sink = Sink::start(|_| Answer::Status(200));
        actix_web::rt::System::new().block_on(async {
            let clock = Hands::at(NOON);
            let app = open(url, clock.clone(), &sink.url()).await;
            let who = administrator(&app, "justice").await;
            for n in 0..10 {
                let (id, _) = receiver(&app, &who, &format!("{}/{n}", sink.url())).await;
                for _ in 0..4 {
                    app.test_receiver(&who, &id).await.unwrap();
                }
            }
            let beside = open(url, clock.clone(), &sink.url()).await;
            let mut one = sender(&app, "127.0.0.1", Names::default(), Authorities::none());
            let mut other = sender(&beside, "127.0.0.1", Names::default(), Authorities::none());
            let (mut first, mut second) = (0, 0);
            loop {
                // Neither has room for all ten receivers at once, so both find some.
                let (by_one, by_other) = tokio::join!(one.send_round(), other.send_round());
                let (by_one, by_other) = (by_one.unwrap(), by_other.unwrap());
                (first, second) = (first + by_one, second + by_other);
                if by_one + by_other == 0 {
                    break;
                }
            }
            let got = sink.got();
            let names: BTreeSet<&str> = got.iter().map(|got| got.id()).collect();
            assert_eq!((got.len(), names.len()), (40, 40), "{first} and {second}");
            assert!(first > 0 && second > 0, "both took part: {first} and {second}");
        });
    }
}
