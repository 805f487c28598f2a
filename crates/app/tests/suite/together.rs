//! What needs two people, what needs nobody's leave, and how a trial is brought to its end.

use chrono::Duration;
use fairtrial_app::{Actor, AppError, Clock, MasterKey, trials::life::Move};
use fairtrial_domain::trial::{AssignmentOutcome, Decision, PersonRole, SignatureKind, State, Tier, Verb};
use fairtrial_store::{Store, WriterSettings};
use fairtrial_testkit::{
    database::{Kind, TestDatabase},
    on_both_databases,
};
use serde_json::json;

use crate::{
    life::code,
    stage::{Company, Seeded, SlowWriter, StandingClock, adoption, call, hire, open, plan, run},
};

/// What a plan of tier 1 says beside the rest.
pub(crate) fn tier_one() -> serde_json::Value {
    json!({
        "attributes": [{"name": "district", "type": "category", "values": ["north", "south"], "purpose": "equity"}],
        "outcomes": [
            {"key": "paid", "name": "Paid", "role": "primary", "event": "fine.paid", "kind": "binary", "better": "increase",
             "follow_up_days": 7, "smallest_worthwhile_effect": "0.05"},
            {"key": "harm", "name": "Harm", "role": "harm", "event": "harm", "kind": "binary", "better": "decrease",
             "follow_up_days": 7, "margin": "0.01", "margin_reason": "few", "harm_alpha": "0.1", "action": "suspend"}],
        "equity": {"groups": ["district"], "margin": "0.05"},
        "risk": {"money": "no", "time": "some", "right": "no", "privacy": "no", "dignity": "no",
            "least_able_to_cope": "nobody", "reversible": "yes"},
        "data": {"notice": "general", "retain_units_days": 30, "uses_maori_data": false, "lawful_basis": "tests", "sources": [],
            "pia": "none needed: tests", "notice_text": "You are in a trial.", "opt_out": "Tell us.", "hosting": "here",
            "review_on": "2027-01-01"}
    })
}

on_both_databases! {
    fn tiers_ask_for_more_signatures_and_the_highest_is_refused(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let privacy = hire(&app, "justice", PersonRole::Privacy).await;
            let ethics = hire(&app, "justice", PersonRole::Ethics).await;
            let act = async |actor: &Actor, trial: &str, verb| app.move_trial(actor, trial, &Move::plain(verb, "why not")).await;

            // What the tier asks for is told when it is sent, all of it, and a draft may still lack it.
            let mut bare = plan("bare", "justice", &json!({"risk": tier_one()["risk"]}));
            app.create_trial(&company.designer, &bare).await.unwrap();
            let Err(AppError::Invalid(faults)) = act(&company.designer, "bare", Verb::Submit).await else { panic!("not refused") };
            assert!(faults.len() >= 7 && faults.iter().any(|fault| fault.code == "harm_measure_needed"), "{faults:?}");
            let mut risk = tier_one()["risk"].clone();
            risk["entitlement"] = json!("removes");
            bare = plan("bare", "justice", &json!({"risk": risk}));
            app.replace_plan(&company.designer, "bare", &bare).await.unwrap();
            let Err(AppError::Invalid(faults)) = act(&company.designer, "bare", Verb::Submit).await else { panic!("not refused") };
            assert!(faults.iter().any(|fault| fault.code == "tier_refused"), "{faults:?}");

            // Tier 1: the owner alone is not enough.
            app.create_trial(&company.designer, &plan("one", "justice", &tier_one())).await.unwrap();
            act(&company.designer, "one", Verb::Submit).await.unwrap();
            assert_eq!(act(&company.approver, "one", Verb::Approve).await, Ok(State::InReview));
            assert_eq!(act(&company.designer, "one", Verb::Start).await.map_err(code), Err("wrong_state"));
            assert_eq!(act(&ethics, "one", Verb::Approve).await.map_err(code), Err("signature_not_needed"));
            let on_condition = Move { condition: Some("delete after a month".into()), ..Move::plain(Verb::Approve, "") };
            assert_eq!(app.move_trial(&privacy, "one", &on_condition).await, Ok(State::InReview), "a condition is a gate");
            let view = app.view_trial(&privacy, "one").await.unwrap();
            assert_eq!((view.tier, view.missing.as_slice()), (Tier::One, &[PersonRole::Privacy][..]));
            assert!(view.signatures.iter().any(|signature| signature.kind == SignatureKind::Conditional && signature.stands));
            assert_eq!(act(&privacy, "one", Verb::Approve).await, Ok(State::Approved), "signing without one clears it");
            assert_eq!(act(&company.designer, "one", Verb::Start).await, Ok(State::Enrolling));

            // Tier 2: and the public may comment first.
            let mut two = tier_one();
            two["risk"]["money"] = json!("some");
            two["public_comment"] = json!({"from": "2026-11-24", "until": "2026-12-08"});
            app.create_trial(&company.designer, &plan("two", "justice", &two)).await.unwrap();
            act(&company.designer, "two", Verb::Submit).await.unwrap();
            for signer in [&company.approver, &privacy, &ethics] {
                assert_eq!(act(signer, "two", Verb::Approve).await, Ok(State::InReview));
            }
            assert_eq!(act(&company.monitor, "two", Verb::Approve).await, Ok(State::Approved));
            assert_eq!(act(&company.designer, "two", Verb::Start).await.map_err(code), Err("comment_window_open"));
            clock.advance(Duration::days(20));
            assert_eq!(act(&company.designer, "two", Verb::Start).await, Ok(State::Enrolling));

            // An agency may be stricter, and who loses the role before the start no longer counts.
            app.create_trial(&company.designer, &plan("zero", "justice", &json!({}))).await.unwrap();
            act(&company.designer, "zero", Verb::Submit).await.unwrap();
            assert_eq!(act(&company.approver, "zero", Verb::Approve).await, Ok(State::Approved));
            app.set_least_tier("justice", 1).await.unwrap();
            assert!(matches!(act(&company.designer, "zero", Verb::Start).await, Err(AppError::Invalid(_))));
            let zero = app.trial_of(&company.designer, "zero").unwrap();
            let guided = app.guided(&zero).await.unwrap();
            assert_eq!(guided.signers, [PersonRole::Approver, PersonRole::Privacy], "the steps know what the agency asks");
            assert!(guided.steps().any(|step| step.name == "privacy") && guided.is_open());
            app.set_least_tier("justice", 0).await.unwrap();
            let guided = app.guided(&zero).await.unwrap();
            assert_eq!(guided.signers, [PersonRole::Approver]);
            assert!(!guided.steps().any(|step| step.name == "privacy") && !guided.is_open());
            assert!(app.set_least_tier("justice", 3).await.is_err());
            let administrator = hire(&app, "justice", PersonRole::Administrator).await;
            let approver = company.approver.person().unwrap().id;
            app.change_account(&administrator, approver, &[PersonRole::Manager], false).await.unwrap();
            assert_eq!(act(&company.designer, "zero", Verb::Start).await.map_err(code), Err("signatures_missing"));
        });
    }

    fn nobody_speaks_for_two_and_a_signature_can_be_taken_back(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let administrator = hire(&app, "justice", PersonRole::Administrator).await;
            let both = company.approver.person().unwrap().id;
            app.change_account(&administrator, both, &[PersonRole::Approver, PersonRole::Privacy], false).await.unwrap();
            app.create_trial(&company.designer, &plan("one", "justice", &tier_one())).await.unwrap();
            app.move_trial(&company.designer, "one", &Move::plain(Verb::Submit, "")).await.unwrap();
            let sign = |role| Move { role: Some(role), ..Move::plain(Verb::Approve, "") };
            app.move_trial(&company.approver, "one", &sign(PersonRole::Approver)).await.unwrap();
            let again = app.move_trial(&company.approver, "one", &sign(PersonRole::Privacy)).await;
            assert_eq!(again.map_err(code), Err("signed_in_another_role"));
            assert_eq!(app.move_trial(&company.approver, "one", &Move::plain(Verb::Return, "on second thoughts")).await, Ok(State::Draft));
            app.move_trial(&company.designer, "one", &Move::plain(Verb::Submit, "")).await.unwrap();
            let view = app.view_trial(&company.designer, "one").await.unwrap();
            assert_eq!(view.missing, [PersonRole::Approver, PersonRole::Privacy], "what was taken back does not count");
            assert_eq!(app.move_trial(&company.approver, "one", &sign(PersonRole::Privacy)).await, Ok(State::InReview));
        });
    }

    fn suspending_needs_nobody_and_reaches_every_server(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let url = database.url().parse().unwrap();
            let store = Store::open(&url, WriterSettings::default()).unwrap();
            let ambient = fairtrial_app::Ambient::new(StandingClock::new(), Seeded::new(2));
            let other = fairtrial_app::App::load(store, MasterKey::new(&[5; 32]), ambient).await.unwrap();
            assert_eq!(other.assign(&company.key, &trial, &call("u-1")).await.unwrap().outcome, AssignmentOutcome::Assigned);
            assert_eq!(app.move_trial(&company.monitor, &trial, &Move::plain(Verb::Suspend, "")).await, Ok(State::Suspended));
            // Without the news the other server assigns nobody new, because the row says so; within half a second it knows.
            assert_ne!(other.assign(&company.key, &trial, &call("u-2")).await.unwrap().outcome, AssignmentOutcome::Assigned);
            let keeper = tokio::spawn(other.clone().keep_in_step());
            let news = async {
                while other.assign(&company.key, &trial, &call("u-1")).await.unwrap().outcome != AssignmentOutcome::Suspended {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(std::time::Duration::from_secs(2), news).await.expect("two seconds are enough");
            keeper.abort();

            // Resuming needs two, one of them a monitor.
            let resume = async |actor: &Actor| app.move_trial(actor, &trial, &Move::plain(Verb::Resume, "it was a mistake")).await;
            assert_eq!(resume(&company.designer).await, Ok(State::Suspended));
            assert_eq!(resume(&company.designer).await, Ok(State::Suspended), "twice is not two");
            assert_eq!(resume(&company.approver).await, Ok(State::Suspended), "two without a monitor are not enough");
            assert!(app.waits_for_agreement(&company.monitor, &trial).await.unwrap().is_some());
            assert_eq!(resume(&company.monitor).await, Ok(State::EnrolmentPaused));
            assert_eq!(app.waits_for_agreement(&company.monitor, &trial).await.unwrap(), None);
            // What was asked for before does not count for the next time.
            app.move_trial(&company.monitor, &trial, &Move::plain(Verb::Suspend, "")).await.unwrap();
            assert_eq!(resume(&company.monitor).await, Ok(State::Suspended), "the monitor alone is not enough either");
            app.move_trial(&company.analyst, &trial, &Move::plain(Verb::Stop, "enough")).await.unwrap();
            assert_eq!(resume(&company.designer).await.map_err(code), Err("wrong_state"));
        });
    }

    fn a_decision_against_the_rule_needs_a_reason_and_a_second_person(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let manager = hire(&app, "justice", PersonRole::Manager).await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let alone = |decision, reason: &str| Move { decision: Some(decision), ..Move::plain(Verb::Decide, reason) };
            let decide = |decision, reason: &str| Move { adoption: Some(adoption("letters team", "2027-01-31")), ..alone(decision, reason) };
            assert_eq!(app.move_trial(&manager, &trial, &decide(Decision::Adopt, "x")).await.map_err(code), Err("wrong_state"));
            for (actor, verb) in [(&company.designer, Verb::Stop), (&company.analyst, Verb::LockData)] {
                app.move_trial(actor, &trial, &Move::plain(verb, "it is over")).await.unwrap();
            }
            // Nobody was in it: the verdict does not recommend to adopt.
            assert_eq!(app.move_trial(&manager, &trial, &Move::plain(Verb::Decide, "x")).await.map_err(code), Err("invalid"));
            assert_eq!(app.move_trial(&company.monitor, &trial, &decide(Decision::Stop, "x")).await.map_err(code), Err("forbidden"));
            assert_eq!(app.move_trial(&manager, &trial, &decide(Decision::Adopt, " ")).await.map_err(code), Err("invalid"));
            assert_eq!(app.move_trial(&manager, &trial, &alone(Decision::Adopt, "I like it")).await.map_err(code), Err("invalid"), "by whom, and when?");
            for plan in [adoption(" ", "2027-01-31"), adoption(&"x".repeat(201), "2027-01-31"), adoption("letters team", "2026-11-22")] {
                let asked = Move { adoption: Some(plan), ..alone(Decision::Adopt, "I like it") };
                assert_eq!(app.move_trial(&manager, &trial, &asked).await.map_err(code), Err("invalid"));
            }
            assert_eq!(app.move_trial(&manager, &trial, &decide(Decision::Adopt, "I like it")).await, Ok(State::DataLocked));
            assert_eq!(app.move_trial(&manager, &trial, &decide(Decision::Adopt, "I like it")).await, Ok(State::DataLocked));
            let waits = app.waits_for_agreement(&manager, &trial).await.unwrap().unwrap();
            for told in ["\u{201c}The new version becomes the usual one\u{201d}", "\u{201c}I like it\u{201d}", "letters team sees to it, by 31 January 2027"] {
                assert!(waits.contains(told), "{waits}");
            }
            assert!(!waits.contains("adopt"), "a code is no word: {waits}");
            assert_eq!(app.move_trial(&company.designer, &trial, &Move::plain(Verb::Publish, "")).await, Ok(State::Reported));
            // It moved, so what was asked for is asked for no more.
            assert_eq!(app.move_trial(&company.approver, &trial, &decide(Decision::Adopt, "so do I")).await, Ok(State::Reported));
            assert_eq!(app.move_trial(&manager, &trial, &alone(Decision::Adopt, "I like it")).await, Ok(State::Decided), "the first has named them");
            assert!(app.registered(&trial).await.unwrap().decision.is_some(), "with results that are public it is public at once");
            assert_eq!(app.move_trial(&manager, &trial, &Move::plain(Verb::Publish, "")).await, Ok(State::Archived));
            let history = app.view_trial(&manager, &trial).await.unwrap().history;
            let actions: Vec<&str> = history.iter().take(6).map(|entry| entry.action.as_str()).collect();
            assert_eq!(actions, ["trial.publish", "trial.decide", "trial.decide_asked", "trial.publish", "trial.decide_asked", "trial.decide_asked"]);

            let second = company.start(&app, &plan("second", "justice", &json!({}))).await;
            for (actor, verb) in [(&company.designer, Verb::Stop), (&company.analyst, Verb::LockData)] {
                app.move_trial(actor, &second, &Move::plain(verb, "it is over")).await.unwrap();
            }
            assert_eq!(app.move_trial(&manager, &second, &decide(Decision::RunAgain, "")).await, Ok(State::Decided), "by the rule, one is enough");
            assert!(app.registered(&second).await.unwrap().decision.is_none(), "not before the results");
            assert_eq!(app.move_trial(&manager, &second, &Move::plain(Verb::Publish, "")).await, Ok(State::Archived));
            let told = app.registered(&second).await.unwrap();
            assert!(told.results.is_some() && told.decision.is_some(), "the two together");
        });
    }

    fn results_are_for_everybody_once_published_and_overdue_after_sixty_days(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            for (actor, verb) in [(&company.designer, Verb::Stop), (&company.analyst, Verb::LockData)] {
                app.move_trial(actor, &trial, &Move::plain(verb, "it is over")).await.unwrap();
            }
            let (locked, found) = (clock.now(), app.registered(&trial).await.unwrap());
            assert!(found.results.is_none() && found.entry.overdue_since.is_none(), "nobody has published, there is time");
            clock.advance(Duration::days(61));
            let found = app.registered(&trial).await.unwrap();
            assert_eq!(found.entry.overdue_since, Some(locked + Duration::days(60)));
            assert!(found.results.is_none(), "being late publishes nothing");
            app.move_trial(&company.designer, &trial, &Move::plain(Verb::Publish, "")).await.unwrap();
            let found = app.registered(&trial).await.unwrap();
            assert!(found.results.is_some() && found.entry.overdue_since.is_none());
            // Deciding later takes nothing back.
            let decide = Move { decision: Some(Decision::RunAgain), ..Move::plain(Verb::Decide, "") };
            assert_eq!(app.move_trial(&company.approver, &trial, &decide).await, Ok(State::Decided));
            assert!(app.registered(&trial).await.unwrap().results.is_some());
        });
    }
}

/// A server that waits for something else is not the last to hear of a stop.
#[test]
fn a_stop_reaches_a_server_that_waits_for_its_fold() {
    let database = TestDatabase::fresh(Kind::Postgres).unwrap();
    run(async {
        let app = open(&database, StandingClock::new()).await;
        let company = Company::hire(&app, "justice").await;
        let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
        let other = open(&database, StandingClock::new()).await;
        let told = async || other.assign(&company.key, &trial, &call("u-1")).await.unwrap().outcome;
        assert_eq!(told().await, AssignmentOutcome::Assigned);
        let mut slow = SlowWriter::begin(&database);
        slow.run("LOCK TABLE notes");
        let keeper = tokio::spawn(other.clone().keep_in_step());
        while slow.ask("SELECT COUNT(*) FROM pg_locks WHERE relation = 'notes'::regclass AND NOT granted") == "0" {
            tokio::task::yield_now().await;
        }
        let stop = Move::plain(Verb::Suspend, "");
        assert_eq!(app.move_trial(&company.monitor, &trial, &stop).await, Ok(State::Suspended));
        let news = async {
            while told().await != AssignmentOutcome::Suspended {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(2), news).await.expect("two seconds are enough");
        slow.commit();
        keeper.abort();
    });
}
