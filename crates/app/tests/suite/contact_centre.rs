//! What people ask, want and suffer, written down by those who speak with them.

use fairtrial_app::{
    Actor, App, AppError, Clock,
    frontline::{
        notes::{HarmCall, NoteCall, OverrideCall},
        opt_out::OptOutCall,
    },
    public::messages::Message,
    trials::inbox::Matter,
};
use fairtrial_domain::{
    UnitText,
    event::EventId,
    note::{CodeWord, DeliveryStatus, OptOutKind},
    trial::{MessageKind, NoticeCode, PersonRole, State},
};
use fairtrial_testkit::on_both_databases;
use serde_json::json;

use crate::{
    life::code,
    stage::{Company, StandingClock, call, hire, open, plan, run},
};

fn note(id: &str, unit: &str) -> NoteCall {
    NoteCall { event_id: EventId::new(id).unwrap(), unit: UnitText::new(unit).unwrap() }
}

fn person(actor: &Actor) -> &fairtrial_app::Person {
    let Actor::Person(person) = actor else { panic!("no person") };
    person
}

async fn waiting(app: &App, actor: &Actor) -> Vec<Message> {
    app.messages(actor).await.unwrap().into_iter().filter(|message| message.answer.is_none()).collect()
}

on_both_databases! {
    fn anybody_asks_and_whoever_knows_the_number_reads_the_answer(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let other = Company::hire(&app, "health").await;
            let centre = hire(&app, "justice", PersonRole::ContactCentre).await;
            app.create_trial(&company.designer, &plan("draft", "justice", &json!({}))).await.unwrap();
            let letter = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let of = |key: &str| NoticeCode::of(&fairtrial_domain::TrialKey::new(key).unwrap());
            let send = async |key: &str, words: &str| app.send_message(of(key), MessageKind::Complaint, words).await;
            assert_eq!(send("draft", "why?").await, Err(AppError::NotFound("trial")), "what is not public has no page");
            for wrong in ["", "  ", "\0", &"x".repeat(2_001), "ring me on 021 123 4567", "write to ann@home.example"] {
                assert_eq!(send(&letter, wrong).await.map_err(code), Err("invalid"), "{wrong}");
            }
            assert_eq!(waiting(&app, &centre).await.len(), 0, "what was refused is not kept");
            let reference = send(&letter, "  The letter frightened me.  ").await.unwrap();
            let second = send(&letter, "And once more.").await.unwrap();
            assert!(reference.starts_with("me-") && reference != second);

            let found = waiting(&app, &centre).await;
            let told: Vec<_> = found.iter().map(|message| (message.number, message.words.as_str())).collect();
            assert_eq!(told, [(1, "The letter frightened me."), (2, "And once more.")], "what waits longest first");
            assert_eq!(app.messages(&other.designer).await.unwrap().len(), 0);
            assert_eq!(app.messages(&company.analyst).await.map(|all| all.len()).map_err(code), Err("forbidden"));
            assert!(app.message(&other.designer, &letter, 1).await.is_err());

            let answer = async |actor, words: &str| app.answer_message(actor, &letter, 1, words).await;
            assert_eq!(answer(&company.monitor, "sorry").await.map_err(code), Err("forbidden"));
            assert_eq!(answer(&centre, " ").await.map_err(code), Err("invalid"));
            answer(&centre, "We are sorry.").await.unwrap();
            assert_eq!(answer(&company.designer, "Not at all.").await.map_err(code), Err("answered"));
            let read = app.message_of(of(&letter), &reference.to_uppercase()).await.unwrap();
            let read = read.answer.unwrap();
            assert_eq!((read.words.as_str(), read.name.as_str()), ("We are sorry.", ""), "nobody of the agency is named");
            for (key, wrong) in [(letter.as_str(), "me-none"), (letter.as_str(), ""), ("draft", reference.as_str())] {
                assert!(matches!(app.message_of(of(key), wrong).await, Err(AppError::NotFound(_))));
            }
            // The reviewers hear of what waits, and nobody else does.
            let events = app.after_start(&company.approver).await.unwrap();
            assert_eq!(events.iter().map(|event| event.matter.clone()).collect::<Vec<_>>(), [Matter::Messages(1)]);
            assert!(app.after_start(&company.designer).await.unwrap().is_empty());
            let history = app.view_trial(&company.designer, &letter).await.unwrap().history;
            assert_eq!(history.iter().filter(|entry| entry.action.starts_with("message.")).count(), 3);
        });
    }

    fn messages_go_long_after_their_answer_and_never_before_one(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let centre = hire(&app, "justice", PersonRole::ContactCentre).await;
            let letter = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let of = NoticeCode::of(&fairtrial_domain::TrialKey::new(&letter).unwrap());
            // Less than the fewest days is no setting.
            app.set_message_days(10);
            assert_eq!(app.message_days(), 90);
            let first = app.send_message(of, MessageKind::Question, "Why me?").await.unwrap();
            let second = app.send_message(of, MessageKind::Complaint, "Why not me?").await.unwrap();
            let due = app.message(&centre, &letter, 1).await.unwrap().due_at().unwrap();
            assert_eq!(due - clock.now(), chrono::Duration::days(14));
            app.answer_message(&centre, &letter, 1, "By chance.").await.unwrap();
            assert_eq!(app.message(&centre, &letter, 1).await.unwrap().due_at(), None, "nothing is due once it is answered");
            clock.advance(chrono::Duration::days(90));
            assert_eq!(app.remove_old_messages().await.unwrap(), 0, "on the last day it can still be read");
            clock.advance(chrono::Duration::seconds(1));
            assert_eq!(app.remove_old_messages().await.unwrap(), 1);
            assert_eq!(app.remove_old_messages().await.unwrap(), 0);
            assert!(matches!(app.message_of(of, &first).await, Err(AppError::NotFound(_))));
            let left = app.message_of(of, &second).await.unwrap();
            assert_eq!(left.words, "Why not me?", "what waits stays, however long");
            assert_eq!(app.send_message(of, MessageKind::Question, "And now?").await.map(|_| ()), Ok(()));
            let numbers: Vec<i64> = app.messages(&centre).await.unwrap().iter().map(|found| found.number).collect();
            assert_eq!(numbers, [2, 3], "no number comes twice");
            let history = app.view_trial(&company.designer, &letter).await.unwrap().history;
            assert_eq!(history.iter().filter(|entry| entry.action == "message.removed").count(), 1);
        });
    }

    fn whoever_speaks_with_people_writes_down_what_an_app_would(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let centre = hire(&app, "justice", PersonRole::ContactCentre).await;
            let letter = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            for unit in ["u-1", "u-2", "u-3"] {
                app.assign(&company.key, &letter, &call(unit)).await.unwrap();
            }
            let deliver = async |actor: &Actor, id: &str, unit: &str| {
                app.note_delivery(person(actor), &letter, &note(id, unit), DeliveryStatus::Seen, clock.now()).await
            };
            assert_eq!(deliver(&company.analyst, "d-1", "u-1").await.map_err(code), Err("forbidden"));
            assert!(!deliver(&centre, "d-1", "u-1").await.unwrap().duplicate);
            assert!(deliver(&centre, "d-1", "u-1").await.unwrap().duplicate, "a form sent twice is one note");
            assert_eq!(deliver(&centre, "d-2", "u-9").await, Err(AppError::NotFound("assignment")));
            let care = OverrideCall {
                note: note("o-1", "u-2"),
                to_arm: "usual".into(),
                reason_code: CodeWord::new("hearing").unwrap(),
                remark: None,
            };
            app.override_version(person(&centre), &letter, &care).await.unwrap();
            let harm = |id: &str, severity: u8| HarmCall {
                note: note(id, "u-3"),
                severity,
                kind: CodeWord::new("distress").unwrap(),
                at: clock.now(),
            };
            let state = app.report_harm(person(&centre), &letter, &harm("h-1", 2)).await.unwrap().state;
            assert_eq!(state, State::Enrolling);

            let (_, people, counts) = app.handling(&company.designer, &letter).await.unwrap();
            assert_eq!((people, counts.seen, counts.harms), (3, 1, [0, 1, 0, 0]));
            assert_eq!(app.handling_by_version(&company.designer, &letter).await.map(|_| ()).map_err(code), Err("forbidden"));
            let (_, versions) = app.handling_by_version(&company.monitor, &letter).await.unwrap();
            assert_eq!(versions.iter().map(|version| version.assigned).sum::<u64>(), 3);
            assert_eq!(versions.iter().map(|version| version.counts.seen).sum::<u64>(), 1);
            let history = app.view_trial(&company.monitor, &letter).await.unwrap().history;
            assert_eq!(history.first().map(|entry| entry.action.as_str()), Some("handling.viewed"), "a view is on record");
            let by = history.iter().find(|entry| entry.action == "harm.reported").unwrap();
            assert_eq!(by.name.as_deref(), Some("contact_centre"), "and so is who wrote a harm down");

            let out = OptOutCall {
                unit: UnitText::new("u-1").unwrap(),
                kind: OptOutKind::All,
                trial: None,
                channel: CodeWord::new("phone").unwrap(),
            };
            assert!(app.opt_out(&centre, &out).await.unwrap().starts_with("oo-"));
            assert_eq!(app.opt_out(&company.analyst, &out).await.map_err(code), Err("forbidden"));
        });
    }
}
