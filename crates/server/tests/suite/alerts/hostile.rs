//! Addresses by which somebody would have this server reach what only it can reach: itself, its neighbours, its provider's secrets.

use fairtrial_app::alerts::{AllowedHosts, NewReceiver, ReceiverAddress};
use fairtrial_domain::trial::AlertKind;
use fairtrial_server::alerts::Authorities;
use fairtrial_testkit::on_both_databases;

use super::{
    Hands, NOON, Names, administrator, of_one, open, place, receiver, sender,
    sink::{Answer, Sink},
};

/// Addresses with `PORT` for that of a listener on this machine. Hosts that are names lead to 127.0.0.1.
const ADDRESSES: [&str; 45] = [
    "http://127.0.0.1:PORT/",
    "https://127.0.0.1:PORT/",
    "http://127.0.0.2:PORT/",
    "http://127.255.255.254:PORT/",
    "http://127.1:PORT/",
    "http://127.0.1:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f000001:PORT/",
    "http://0x7f.0.0.1:PORT/",
    "http://0177.0.0.1:PORT/",
    "http://017700000001:PORT/",
    "http://127.0.0.01:PORT/",
    "http://127.0.0.1.:PORT/",
    "http://0:PORT/",
    "http://0.0.0.0:PORT/",
    "http://[::1]:PORT/",
    "http://[::]:PORT/",
    "http://[0:0:0:0:0:0:0:1]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[::ffff:7f00:1]:PORT/",
    "http://[::127.0.0.1]:PORT/",
    "http://[64:ff9b::127.0.0.1]:PORT/",
    "http://[2002:7f00:1::]:PORT/",
    "http://[fe80::1%25lo]:PORT/",
    "http://localhost:PORT/",
    "http://LOCALHOST:PORT/",
    "http://localhost.:PORT/",
    "http://rebind.example:PORT/",
    "https://rebind.example:PORT/",
    "http://ok.example@127.0.0.1:PORT/",
    "http://ok@127.0.0.1:PORT/",
    "http://ok.example:80@127.0.0.1:PORT/",
    "http://ok.example\\@127.0.0.1:PORT/",
    "http://127.0.0.1:PORT\\@ok.example/",
    "http://127.0.0.1:PORT#@ok.example/",
    "http://127.0.0.1:PORT?@ok.example/",
    "http://127.0.0.1:PORT/@ok.example/",
    "http://127.0.0.1%2f@ok.example:PORT/",
    "http://ok.example%00.127.0.0.1:PORT/",
    "http://\u{2460}27.0.0.1:PORT/",
    "http://127\u{3002}0\u{3002}0\u{3002}1:PORT/",
    "http:127.0.0.1:PORT/",
    "http:////127.0.0.1:PORT/",
    "http://127.0.0.1:PORT\r\nHost: ok.example/",
    "gopher://127.0.0.1:PORT/_GET",
];

/// Everything is tried that could be; returns what was answered by address.
fn tried(url: &str, networks: &str, addresses: &[String]) -> Vec<(String, String)> {
    actix_web::rt::System::new().block_on(async {
        let mut answers = Vec::new();
        for (n, address) in addresses.iter().enumerate() {
            // Whoever runs the server is as careless as can be: whatever host the address names is allowed.
            let host = address.split("://").nth(1).map_or("", |rest| rest.split('/').next().unwrap());
            let scheme = address.split("://").next().unwrap();
            let careless = format!("{scheme}://{host}");
            let hosts = AllowedHosts::read(&careless).unwrap_or_default().to_string();
            let app = open(url, Hands::at(NOON), &format!("{hosts},ok.example")).await;
            let who = administrator(&app, &format!("agency-{n}")).await;
            let new = NewReceiver { name: "x".into(), address: address.clone(), kinds: vec![AlertKind::Harm] };
            let Ok((id, _)) = app.create_receiver(&who, &new).await else {
                answers.push((address.clone(), "refused".into()));
                continue;
            };
            app.test_receiver(&who, &id).await.unwrap();
            let names = Names { first: vec!["127.0.0.1"], then: vec!["127.0.0.1"], ..Names::default() };
            let mut sender = sender(&app, networks, names, Authorities::none());
            sender.send_all().await.unwrap();
            answers.push((address.clone(), of_one(url, &id).2));
        }
        answers
    })
}

on_both_databases! {
    fn no_address_leads_to_this_machine(database) {
        let sink = Sink::start(|_| Answer::Status(200));
        let port = sink.address.port().to_string();
        let addresses: Vec<String> = ADDRESSES.iter().map(|address| address.replace("PORT", &port)).collect();
        let answers = tried(place(database), "", &addresses);
        assert_eq!(sink.connections(), 0, "{answers:#?}");
        assert_eq!(answers.len(), 45);
        let by_network = answers.iter().filter(|(_, answer)| answer.contains("private or reserved network")).count();
        let by_reading = answers.iter().filter(|(_, answer)| answer == "refused").count();
        assert_eq!(by_network + by_reading, 45, "{answers:#?}");
        assert!(by_network >= 12 && by_reading >= 20, "both guards are tried: {by_network} and {by_reading}");
        // The guard is what keeps them out: where the network is allowed, the first one is reached.
        let answers = tried(place(database), "127.0.0.0/8", &["http://localhost:PORT/".replace("PORT", &port)]);
        assert_eq!((sink.connections(), answers[0].1.as_str()), (1, "It answered 200."));
    }

    fn what_a_name_stands_for_is_asked_once_and_connected_to(database) {
        let url = place(database);
        let (inside, outside) = (Sink::start(|_| Answer::Status(200)), Sink::start_at("127.0.0.9:0", |_| Answer::Status(200)));
        actix_web::rt::System::new().block_on(async {
            let port = outside.address.port();
            let app = open(url, Hands::at(NOON), &format!("http://rebind.example:{port}")).await;
            let who = administrator(&app, "justice").await;
            let (id, _) = receiver(&app, &who, &format!("http://rebind.example:{port}/")).await;
            // An allowed address at first, and one that is not with every later question.
            let names = Names { first: vec!["127.0.0.9"], then: vec!["127.0.0.1"], ..Names::default() };
            app.test_receiver(&who, &id).await.unwrap();
            sender(&app, "127.0.0.9", names.clone(), Authorities::none()).send_all().await.unwrap();
            assert_eq!((outside.connections(), inside.connections()), (1, 0));
            assert_eq!(*names.asked.lock().unwrap(), ["rebind.example"], "asked once");
            // Among several addresses one that is not allowed is enough.
            let names = Names { first: vec!["127.0.0.9", "127.0.0.1"], ..Names::default() };
            app.test_receiver(&who, &id).await.unwrap();
            sender(&app, "127.0.0.9", names, Authorities::none()).send_all().await.unwrap();
            assert_eq!((outside.connections(), inside.connections()), (1, 0));
            assert!(of_one(url, &id).2.contains("private or reserved network"));
        });
    }

    fn nobody_is_sent_elsewhere(database) {
        let url = place(database);
        let inside = Sink::start(|_| Answer::Status(200));
        let to = inside.url();
        let sink = Sink::start(move |_| Answer::Elsewhere(to.clone()));
        actix_web::rt::System::new().block_on(async {
            let app = open(url, Hands::at(NOON), &sink.url()).await;
            let who = administrator(&app, "justice").await;
            let (id, _) = receiver(&app, &who, &sink.url()).await;
            app.test_receiver(&who, &id).await.unwrap();
            sender(&app, "127.0.0.0/8", Names::default(), Authorities::none()).send_all().await.unwrap();
            assert_eq!((sink.connections(), inside.connections()), (1, 0));
            let (tries, state, answer) = of_one(url, &id);
            assert_eq!((tries, state.as_str()), (1, "waiting"));
            assert!(answer.contains("sends us elsewhere"), "{answer}");
            // A host that is allowed no more is not called any more.
            let app = open(url, Hands::at(NOON + 3_600_000_000), "other.example").await;
            sender(&app, "127.0.0.0/8", Names::default(), Authorities::none()).send_all().await.unwrap();
            assert_eq!(sink.connections(), 1);
            assert!(of_one(url, &id).2.contains("has not allowed this host"));
            assert!(ReceiverAddress::read(&sink.url(), &app.alert_hosts()).is_err());
        });
    }
}
