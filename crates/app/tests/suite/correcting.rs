//! Corrections of events: what was said last counts, wherever and whenever it is folded, and what came too late changes nothing.

use chrono::Duration;
use fairtrial_app::{App, Clock, frontline::record::Receipt, trials::life::Move};
use fairtrial_domain::{
    PseudonymKey, UnitText,
    event::{EventId, NewEvent, Replaces, Sender},
    trial::{Authority, LinkTerms, PersonRole, Verb},
};
use fairtrial_store::{Kept, RecordAnswer, RecordRequest, Recorded, Store, WriterSettings, audit};
use fairtrial_testkit::on_both_databases;
use serde_json::{Value, json};

use crate::stage::{Company, StandingClock, call, hire, open, plan, run};

fn paid(id: &str, unit: &str, more: &Value) -> Value {
    let mut event = json!({"event_id": id, "unit": unit, "event": "fine.paid", "occurred_at": "2026-11-24T08:00:00Z"});
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

fn codes(receipt: &Receipt) -> Vec<(u16, &'static str)> {
    receipt.results.iter().map(|result| (result.status, result.code)).collect()
}

/// How many people have paid, over both arms, and the checks' words on corrections.
async fn found(app: &App, company: &Company, trial: &str) -> (u64, String) {
    // Another server may not have heard of the lock yet.
    app.catch_up().await.unwrap();
    let report = serde_json::to_value(app.report(&company.analyst, trial).await.unwrap().1).unwrap();
    let arms = report["outcomes"][0]["arms"].as_array().unwrap();
    let paid = |arm: &Value| arm["mean"].as_f64().unwrap_or(0.0) * arm["analysed"].as_f64().unwrap();
    let sum: f64 = arms.iter().map(paid).sum();
    let gates = report["integrity"].as_array().unwrap().iter();
    let gate = gates.clone().find(|gate| gate["gate"] == "corrected_events");
    (sum.round() as u64, gate.map_or_else(String::new, |gate| gate["detail"].as_str().unwrap().to_owned()))
}

on_both_databases! {
    fn what_was_said_last_counts_on_every_server_and_after_a_restart(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let other = company.start(&app, &plan("other", "justice", &json!({}))).await;
            let elsewhere = open(database, clock.clone()).await;
            for n in 0..40 {
                app.assign(&company.key, &trial, &call(&format!("person-{n}"))).await.unwrap();
                if n == 39 {
                    app.assign(&company.key, &other, &call("person-39")).await.unwrap();
                }
            }
            clock.advance(Duration::days(2));
            let send = async |events: &[Value]| app.record(&company.key, events, false).await.unwrap();
            let batch: Vec<Value> = (0..20).map(|n| paid(&format!("e-{n}"), &format!("person-{n}"), &json!({}))).collect();
            assert_eq!(send(&batch).await.accepted, 20);
            elsewhere.catch_up().await.unwrap();
            // Three did not pay, one of them did after all; one paid before the trial; somebody who had not paid, had.
            let corrections = [
                paid("r-0", "person-0", &json!({"retracts": "e-0"})),
                paid("r-1", "person-1", &json!({"corrects": "e-1", "value": 0})),
                paid("r-2", "person-2", &json!({"retracts": "e-2"})),
                paid("r-3", "person-2", &json!({"corrects": "r-2"})),
                paid("r-4", "person-3", &json!({"corrects": "e-3", "occurred_at": "2026-11-01T08:00:00Z"})),
                paid("n-1", "person-30", &json!({"value": 0})),
                paid("r-5", "person-30", &json!({"corrects": "n-1", "value": 1})),
            ];
            assert_eq!(send(&corrections).await.accepted, 7);
            assert_eq!(codes(&send(&corrections).await), [(200, "duplicate"); 7], "whatever is sent again changes nothing");
            let bad = [
                paid("x-1", "person-0", &json!({"retracts": "never"})),
                paid("x-2", "person-4", &json!({"corrects": "e-5"})),
                paid("x-3", "person-0", &json!({"corrects": "e-0"})),
                paid("r-1", "person-1", &json!({"corrects": "e-1", "value": 1})),
                paid("x-4", "person-0", &json!({"retracts": "r-0", "value": 1})),
                paid("x-5", "person-0", &json!({"retracts": "x-5"})),
                paid("x-6", "person-0", &json!({"retracts": "r-0", "corrects": "r-0"})),
            ];
            let told = send(&bad).await;
            assert_eq!((told.accepted, told.rejected), (0, 7));
            assert_eq!(codes(&told), [(422, "unknown_event_id"), (422, "corrects_other_unit"), (409, "already_corrected"),
                (409, "event_id_conflict"), (422, "retraction_with_value"), (422, "corrects_itself"), (422, "corrects_and_retracts")]);
            clock.advance(Duration::days(10));
            app.move_trial(&company.designer, &trial, &Move::plain(Verb::Stop, "enough")).await.unwrap();
            app.move_trial(&company.analyst, &trial, &Move::plain(Verb::LockData, "over")).await.unwrap();
            let again = open(database, clock.clone()).await;
            for server in [&app, &elsewhere, &again] {
                let (people, gate) = found(server, &company, &trial).await;
                assert_eq!(people, 18, "20, without three, with one more");
                assert!(gate.starts_with("Events about 5 people were corrected or taken back"), "{gate}");
            }
            // What comes after the lock is kept, is told so, and changes nothing there.
            let late = [paid("late", "person-6", &json!({"retracts": "e-6"})), paid("r-6", "person-0", &json!({"corrects": "r-0"}))];
            let told = send(&late).await;
            assert_eq!((told.accepted, told.rejected, codes(&told)), (2, 0, vec![(202, "after_data_lock"); 2]));
            let once_more = open(database, clock.clone()).await;
            for server in [&app, &elsewhere, &once_more] {
                assert_eq!(found(server, &company, &trial).await.0, 18);
                let recomputed = server.recompute(&company.analyst, &trial).await.unwrap();
                assert_eq!(recomputed.frozen, recomputed.recomputed);
            }
            // A trial whose data are open goes on listening.
            send(&[paid("o-1", "person-39", &json!({}))]).await;
            let open_still = app.data_view(&company.analyst, &other).await.unwrap().corrections;
            assert_eq!((open_still.corrected, open_still.retracted), (0, 0), "of people who are not in it");
            let told = send(&[paid("o-2", "person-39", &json!({"retracts": "o-1"}))]).await;
            assert_eq!(codes(&told), [(202, "after_data_lock")], "one of its two trials is locked");
            let open_still = app.data_view(&company.analyst, &other).await.unwrap().corrections;
            assert_eq!((open_still.retracted, open_still.people), (1, vec![]), "by arm after the lock only");
        });
    }

    fn through_a_link_only_what_came_through_it_is_corrected(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let (justice, health) = (Company::hire(&app, "justice").await, Company::hire(&app, "health").await);
            let officer = hire(&app, "health", PersonRole::Privacy).await;
            let trial = justice.start(&app, &plan("letter", "justice", &json!({}))).await;
            for n in 0..4 {
                app.assign(&justice.key, &trial, &call(&format!("case-{n}"))).await.unwrap();
            }
            let terms = LinkTerms {
                events: vec!["fine.paid".into()],
                authority: Authority::Statute,
                reference: "Made-up Act 2020, section 7".into(),
                expires_at: clock.now() + Duration::days(30),
            };
            let link = app.propose_link(&justice.designer, &trial, "health", terms).await.unwrap().link.id.as_str().to_owned();
            app.accept_link(&officer, &link).await.unwrap();
            clock.advance(Duration::days(2));
            app.record(&justice.key, &[paid("a", "case-1", &json!({})), paid("b", "case-2", &json!({}))], false).await.unwrap();
            let theirs = [paid("a", "case-3", &json!({})), paid("c", "case-0", &json!({}))];
            assert_eq!(app.record_linked(&health.key, &link, &theirs, false).await.unwrap().accepted, 2);
            // "a" is another event for each of the two; "b" is not the partner's, and "c" not the owner's.
            let corrections = [paid("ra", "case-3", &json!({"retracts": "a"})), paid("rb", "case-2", &json!({"retracts": "b"}))];
            let told = app.record_linked(&health.key, &link, &corrections, false).await.unwrap();
            assert_eq!((told.accepted, codes(&told)), (1, vec![(422, "unknown_event_id")]));
            let told = app.record(&justice.key, &[paid("rc", "case-0", &json!({"retracts": "c"}))], false).await.unwrap();
            assert_eq!(codes(&told), [(422, "unknown_event_id")]);
            clock.advance(Duration::days(10));
            app.move_trial(&justice.designer, &trial, &Move::plain(Verb::Stop, "enough")).await.unwrap();
            app.move_trial(&justice.analyst, &trial, &Move::plain(Verb::LockData, "over")).await.unwrap();
            assert_eq!(found(&app, &justice, &trial).await.0, 3);
            let again = open(database, clock.clone()).await;
            assert_eq!(found(&again, &justice, &trial).await.0, 3);
        });
    }

    fn what_was_promised_and_whose_event_never_came_is_removed_after_ninety_days(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let store = Store::open(&database.url().parse().unwrap(), WriterSettings::default()).unwrap();
            let promise = async |id: &str| {
                let event = NewEvent {
                    event_id: EventId::new(id).unwrap(),
                    unit: PseudonymKey::new(&[7; 32]).pseudonym(&UnitText::new("web:a").unwrap()),
                    kind: "fine.paid".into(),
                    value: None,
                    occurred_at: clock.now(),
                    source: None,
                    attributes: Default::default(),
                    replaces: Some(Replaces { event_id: EventId::new(&format!("of-{id}")).unwrap(), retracts: true }),
                };
                let (agency_id, key_id) = (company.key.agency_id, company.key.id);
                let received_at = clock.now().timestamp_micros();
                let request = RecordRequest { agency_id, sender: Sender::Key(key_id), events: vec![event], refused: 0, received_at, promised: true };
                assert_eq!(store.record(request).await.unwrap(), Kept::Stored(RecordAnswer(vec![Recorded::Waits])));
            };
            promise("one").await;
            promise("two").await;
            clock.advance(Duration::days(1));
            promise("three").await;
            clock.advance(Duration::days(89));
            let before = app.head_of_audit().await.unwrap().checkpoint.size;
            assert_eq!(app.remove_what_never_came().await.unwrap(), 0, "on the last day its event may come");
            clock.advance(Duration::seconds(1));
            let elsewhere = open(database, clock.clone()).await;
            let (here, there) = tokio::join!(app.remove_what_never_came(), elsewhere.remove_what_never_came());
            assert_eq!(here.unwrap() + there.unwrap(), 2, "of two servers one removes it");
            assert_eq!(app.head_of_audit().await.unwrap().checkpoint.size, before + 1);
            let entries = store.read(move |c| audit::after(c, before, 10)).await.unwrap();
            assert_eq!((entries[0].action.as_str(), entries[0].subject.as_str()), ("correction.removed", "justice"));
            assert_eq!(serde_json::from_str::<Value>(&entries[0].detail).unwrap()["removed"], 2);
            clock.advance(Duration::days(1));
            assert_eq!(app.remove_what_never_came().await.unwrap(), 1);
            assert_eq!(app.check_audit(None).await.unwrap().found, 0);
        });
    }
}
