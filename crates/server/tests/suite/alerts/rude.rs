//! Receivers that are slow, long, or not who they should be: each exchange is over within seconds, what is to be sent stays whole, and
//! nobody else waits.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use fairtrial_app::{Clock as _, alerts::signature};
use fairtrial_server::alerts::Authorities;
use fairtrial_testkit::on_both_databases;
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::Value;

use super::{
    Hands, NOON, Names, administrator, of_one, open, place, receiver, sender,
    sink::{Answer, Sink},
    standing,
};

/// A receiver with a certificate for `receiver.example`, which says yes to everybody who believes it.
fn encrypted() -> SocketAddr {
    let chain = CertificateDer::from_pem_slice(include_bytes!("receiver.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("receiver.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .unwrap();
    let (listener, config) = (TcpListener::bind("127.0.0.1:0").unwrap(), Arc::new(config));
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
            // Whoever does not believe the certificate goes.
            if stream.read(&mut [0; 4096]).is_ok() {
                drop(stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n"));
            }
        }
    });
    address
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/suite/alerts").join(name)
}

on_both_databases! {
    fn each_exchange_ends_in_seconds_and_holds_up_nobody(database) {
        let url = place(database);
        let rude = [
            (Answer::Nothing, 1, "waiting", "within 3 seconds"),
            (Answer::Drops, 1, "waiting", "within 3 seconds"),
            (Answer::Long(200), 1, "taken", "It answered 200."),
            (Answer::Long(500), 1, "waiting", "It answered 500, which is not yes"),
            (Answer::LongHead, 1, "waiting", "connection"),
            (Answer::Noise, 1, "waiting", "It answered in no way"),
            (Answer::Cut, 1, "waiting", "connection"),
        ];
        let sinks: Vec<Sink> = rude
            .iter()
            .map(|(answer, ..)| {
                let answer = answer.clone();
                Sink::start(move |_| answer.clone())
            })
            .collect();
        let well = Sink::start(|_| Answer::Status(202));
        actix_web::rt::System::new().block_on(async {
            let hosts: Vec<String> = sinks.iter().chain([&well]).map(Sink::url).collect();
            let app = open(url, Hands::at(NOON), &hosts.join(",")).await;
            let who = administrator(&app, "justice").await;
            let mut ids = Vec::new();
            for host in &hosts {
                let (id, _) = receiver(&app, &who, host).await;
                app.test_receiver(&who, &id).await.unwrap();
                ids.push(id);
            }
            let began = Instant::now();
            let sent = sender(&app, "127.0.0.1", Names::default(), Authorities::none()).send_all().await.unwrap();
            let took = began.elapsed();
            assert_eq!(sent, 8);
            assert!(took < Duration::from_secs(9), "{took:?}");
            let reached = well.got()[0].at - began;
            assert!(reached < Duration::from_millis(2_500), "whoever answers at once is told at once: {reached:?}");
            let standing = standing(url, &ids);
            for (id, (answer, tries, state, said)) in ids.iter().zip(&rude) {
                let found = &standing[id];
                assert_eq!((found.0, found.1.as_str()), (*tries, *state), "{answer:?}: {found:?}");
                assert!(found.2.contains(said), "{answer:?}: {found:?}");
            }
        });
    }

    fn a_certificate_is_believed_only_of_an_authority_that_is_named(database) {
        let url = place(database);
        let port = encrypted().port();
        actix_web::rt::System::new().block_on(async {
            let clock = Hands::at(NOON);
            let app = open(url, clock.clone(), &format!("receiver.example:{port},other.example:{port}")).await;
            let who = administrator(&app, "justice").await;
            let (id, _) = receiver(&app, &who, &format!("https://receiver.example:{port}/x")).await;
            app.test_receiver(&who, &id).await.unwrap();
            let names = || Names { first: vec!["127.0.0.1"], then: vec!["127.0.0.1"], ..Names::default() };
            // Its own certificate is no authority.
            let own = Authorities::read(&file("receiver.pem")).unwrap();
            for nobody in [Authorities::none(), own] {
                sender(&app, "127.0.0.1", names(), nobody).send_all().await.unwrap();
                let (_, state, answer) = of_one(url, &id);
                assert_eq!(state, "waiting");
                assert!(answer.contains("certificate"), "{answer}");
                clock.advance(chrono::Duration::hours(1));
            }
            let authority = Authorities::read(&file("authority.pem")).unwrap();
            sender(&app, "127.0.0.1", names(), authority.clone()).send_all().await.unwrap();
            assert_eq!(of_one(url, &id).2, "It answered 204.");
            // Nor is one for another name.
            let (other, _) = receiver(&app, &who, &format!("https://other.example:{port}/x")).await;
            app.test_receiver(&who, &other).await.unwrap();
            sender(&app, "127.0.0.1", names(), authority).send_all().await.unwrap();
            assert!(of_one(url, &other).2.contains("certificate"));
            assert!(Authorities::read(&file("receiver.key")).is_err(), "a file without a certificate is a mistake");
        });
    }

    fn an_alert_is_signed_and_says_no_more_than_it_must(database) {
        let url = place(database);
        let sink = Sink::start(|n| Answer::Status(if n == 0 { 503 } else { 200 }));
        actix_web::rt::System::new().block_on(async {
            let clock = Hands::at(NOON);
            let app = open(url, clock.clone(), &sink.url()).await;
            let who = administrator(&app, "justice").await;
            let (id, secret) = receiver(&app, &who, &format!("{}/hook?a=b", sink.url())).await;
            app.test_receiver(&who, &id).await.unwrap();
            let mut sender = sender(&app, "127.0.0.1", Names::default(), Authorities::none());
            assert_eq!(sender.send_all().await.unwrap(), 1);
            assert_eq!(sender.send_all().await.unwrap(), 0, "a pause comes first");
            assert_eq!(app.receivers(&who).await.unwrap()[0].tried_again, 1);
            clock.advance(chrono::Duration::seconds(10));
            assert_eq!(sender.send_all().await.unwrap(), 1);
            clock.advance(chrono::Duration::days(10));
            assert_eq!(sender.send_all().await.unwrap(), 0, "what was taken is not sent again");
            let got = sink.got();
            let key = base64_of(secret.strip_prefix("whsec_").unwrap());
            for one in &got {
                assert_eq!(one.headers["first line"], "POST /hook?a=b HTTP/1.1");
                assert_eq!(one.headers["content-type"], "application/json");
                let timestamp = one.headers["webhook-timestamp"].parse().unwrap();
                let wanted = signature(&key, one.id(), timestamp, &one.body).unwrap();
                assert_eq!(one.headers["webhook-signature"], wanted);
            }
            assert_eq!((got.len(), got[0].id()), (2, got[1].id()), "the same name each time");
            assert_ne!(got[0].headers["webhook-timestamp"], got[1].headers["webhook-timestamp"]);
            let body: Value = serde_json::from_str(&got[0].body).unwrap();
            let data = serde_json::json!({
                "id": got[0].id(), "agency": "justice", "trial": null, "what": "This is a test. Nothing happened.",
                "page": format!("https://trials.example/admin/receivers/{id}"),
            });
            assert_eq!(body, serde_json::json!({"type": "test", "timestamp": "2026-11-23T12:00:00.000Z", "data": data}));
        });
    }

    fn what_is_given_up_is_told_to_another_receiver_and_can_be_sent_again(database) {
        let url = place(database);
        let (dead, well) = (Sink::start(|n| Answer::Status(if n < 11 { 500 } else { 200 })), Sink::start(|_| Answer::Status(200)));
        actix_web::rt::System::new().block_on(async {
            let clock = Hands::at(NOON);
            let app = open(url, clock.clone(), &format!("{},{}", dead.url(), well.url())).await;
            let who = administrator(&app, "justice").await;
            let (id, _) = receiver(&app, &who, &dead.url()).await;
            receiver(&app, &who, &well.url()).await;
            app.test_receiver(&who, &id).await.unwrap();
            let mut sender = sender(&app, "127.0.0.1", Names::default(), Authorities::none());
            let began = clock.now();
            while of_one(url, &id).1 == "waiting" {
                sender.send_all().await.unwrap();
                clock.advance(chrono::Duration::minutes(30));
                assert!(clock.now() - began < chrono::Duration::days(5), "it ends");
            }
            assert!(clock.now() - began > chrono::Duration::days(3), "for three days");
            assert_eq!(dead.got().len(), 11);
            assert!(app.send_again(&who, "rc-none").await.is_err());
            sender.send_all().await.unwrap();
            let told = well.got();
            assert_eq!(told.len(), 1, "the other is told, once, and the dead one is not");
            assert!(told[0].body.contains("receiver.failing") && !told[0].body.contains("500"), "{}", told[0].body);
            let (view, sendings, given_up) = app.receiver(&who, &id).await.unwrap();
            assert!(view.failing_since.is_some());
            assert_eq!((sendings.len(), given_up), (1, 1));
            app.send_again(&who, &id).await.unwrap();
            sender.send_all().await.unwrap();
            assert_eq!(dead.got().last().unwrap().id(), dead.got()[0].id());
            let (view, _, given_up) = app.receiver(&who, &id).await.unwrap();
            assert_eq!((view.failing_since, given_up), (None, 0), "it works again");
            assert!(app.send_again(&who, &id).await.is_err(), "nothing is left to send again");
        });
    }
}

/// The bytes of a base64 text.
fn base64_of(text: &str) -> Vec<u8> {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = text.bytes().filter_map(|byte| letters.iter().position(|letter| *letter == byte));
    let (mut bytes, mut held, mut count) = (Vec::new(), 0_u32, 0);
    for six in bits {
        held = held << 6 | six as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((held >> count & 0xff) as u8);
        }
    }
    bytes
}
