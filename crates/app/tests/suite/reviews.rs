//! What waits for whom, and what was said about it.

use fairtrial_app::{
    Actor, App,
    public::register::Wanted,
    trials::{
        comments::{About, Reply},
        life::Move,
        reviews::Waiting,
    },
};
use fairtrial_domain::trial::{DataSeen, PersonRole, PlanPart, State, Verb};
use fairtrial_testkit::on_both_databases;
use serde_json::json;

use crate::{
    life::code,
    stage::{Company, StandingClock, hire, open, plan, run},
    together::tier_one,
};

async fn queue(app: &App, actor: &Actor) -> Vec<(String, Option<PersonRole>, bool)> {
    let told = |found: Waiting| (found.trial.key().to_owned(), found.mine, found.on_condition);
    app.reviews(actor).await.unwrap().into_iter().map(told).collect()
}

/// What turns a plan into one of tier 2 that can be sent for signatures.
fn tier_two() -> serde_json::Value {
    let mut plan = tier_one();
    plan["risk"]["money"] = json!("some");
    plan["public_comment"] = json!({"from": "2026-12-01", "until": "2026-12-15"});
    plan
}

on_both_databases! {
    fn a_plan_waits_for_those_who_can_sign_it(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = app.create_trial(&company.designer, &plan("letter", "justice", &json!({}))).await.unwrap();
            assert_eq!(queue(&app, &company.approver).await, [], "a draft waits for nobody");
            app.move_trial(&company.designer, &trial, &Move::plain(Verb::Submit, "")).await.unwrap();
            let mine = [("letter".to_owned(), Some(PersonRole::Approver), false)];
            assert_eq!(queue(&app, &company.approver).await, mine);
            assert_eq!(queue(&app, &company.analyst).await, [("letter".to_owned(), None, false)]);
            assert_eq!(queue(&app, &company.designer).await, [("letter".to_owned(), None, false)], "nobody signs their own");
            let on_condition = Move { condition: Some("say it plainly".into()), ..Move::plain(Verb::Approve, "") };
            app.move_trial(&company.approver, &trial, &on_condition).await.unwrap();
            assert_eq!(queue(&app, &company.approver).await, [("letter".to_owned(), Some(PersonRole::Approver), true)]);
            let first = app.review(&company.approver, &trial).await.unwrap();
            assert!(first.changes.is_none(), "nothing was signed before");

            // Another content: what differs from the one that was signed stands on the page.
            app.move_trial(&company.approver, &trial, &Move::plain(Verb::Return, "plainer")).await.unwrap();
            app.replace_plan(&company.designer, &trial, &plan("letter", "justice", &json!({"title": "Another"}))).await.unwrap();
            app.move_trial(&company.designer, &trial, &Move::plain(Verb::Submit, "")).await.unwrap();
            let changes = app.review(&company.approver, &trial).await.unwrap().changes.unwrap();
            assert_eq!(changes.differences.iter().map(|found| found.pointer.as_str()).collect::<Vec<_>>(), ["/title"]);
            assert_eq!(changes.before.id(), first.plan.id());

            for (actor, verb) in [(&company.approver, Verb::Approve), (&company.designer, Verb::Start)] {
                app.move_trial(actor, &trial, &Move::plain(verb, "")).await.unwrap();
            }
            assert_eq!(queue(&app, &company.approver).await, []);
            let amend = Move {
                document: Some(plan("letter", "justice", &json!({"title": "A third"}))),
                data_seen: Some(DataSeen::None),
                ..Move::plain(Verb::Amend, "plainer still")
            };
            app.move_trial(&company.designer, &trial, &amend).await.unwrap();
            assert_eq!(queue(&app, &company.approver).await, mine);
            let review = app.review(&company.approver, &trial).await.unwrap();
            assert_eq!((review.plan.protocol().title.as_str(), review.changes.unwrap().differences.len()), ("A third", 1));
        });
    }

    fn a_plan_refused_for_good_is_public_where_people_could_lose_much(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            for (key, changes) in [("mild", json!({})), ("grave", tier_two())] {
                app.create_trial(&company.designer, &plan(key, "justice", &changes)).await.unwrap();
                let act = async |actor, verb, why: &str| app.move_trial(actor, key, &Move::plain(verb, why)).await;
                assert_eq!(act(&company.approver, Verb::Refuse, "no").await.map_err(code), Err("wrong_state"), "a draft");
                act(&company.designer, Verb::Submit, "").await.unwrap();
                assert_eq!(act(&company.approver, Verb::Refuse, " ").await.map_err(code), Err("invalid"), "without a reason");
                assert_eq!(act(&company.designer, Verb::Refuse, "no").await.map_err(code), Err("forbidden"), "its author");
                assert_eq!(act(&company.analyst, Verb::Refuse, "no").await.map_err(code), Err("forbidden"), "no signer");
                assert!(app.registered(key).await.is_err());
                act(&company.approver, Verb::Refuse, "people would lose money").await.unwrap();
                for (actor, verb) in [(&company.designer, Verb::Submit), (&company.approver, Verb::Approve), (&company.designer, Verb::Withdraw)] {
                    assert_eq!(act(actor, verb, "again").await.map_err(code), Err("wrong_state"));
                }
                let view = app.view_trial(&company.designer, key).await.unwrap();
                let entry = view.history.first().unwrap();
                assert_eq!((entry.action.as_str(), entry.reason.as_deref()), ("trial.refuse", Some("people would lose money")));
                assert_eq!((view.trial.state, view.trial.state_reason.as_deref()), (State::Refused, Some("people would lose money")));
            }
            assert!(app.registered("mild").await.is_err(), "a refusal at a low tier stays with the agency");
            assert_eq!(app.registered("grave").await.unwrap().entry.trial.state, State::Refused);
            assert_eq!(app.register(&Wanted { state: Some(State::Refused), ..Wanted::default() }).await.unwrap().len(), 1);
        });
    }

    fn what_was_approved_stays_public_when_it_is_refused_and_when_its_signers_leave(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let other = hire(&app, "justice", PersonRole::MaoriGovernance).await;
            let administrator = hire(&app, "justice", PersonRole::Administrator).await;
            app.create_trial(&company.designer, &plan("letter", "justice", &json!({}))).await.unwrap();
            app.move_trial(&company.designer, "letter", &Move::plain(Verb::Submit, "")).await.unwrap();
            // Whoever signs plans, but need not sign this one, does not refuse it.
            assert_eq!(app.move_trial(&other, "letter", &Move::plain(Verb::Refuse, "no")).await.map_err(code), Err("forbidden"));
            for verb in [Verb::Approve, Verb::Refuse] {
                app.move_trial(&company.approver, "letter", &Move::plain(verb, "on second thoughts, no")).await.unwrap();
            }
            let Actor::Person(approver) = &company.approver else { unreachable!() };
            app.change_account(&administrator, approver.id, &[PersonRole::Analyst], false).await.unwrap();
            assert_eq!(app.registered("letter").await.unwrap().entry.trial.state, State::Refused);
        });
    }

    fn comments_stay_with_their_part_and_their_content(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let other = Company::hire(&app, "health").await;
            let trial = app.create_trial(&company.designer, &plan("letter", "justice", &json!({}))).await.unwrap();
            let say = async |actor, place, text: &str| app.comment(actor, &trial, place, text).await;
            say(&company.approver, PlanPart::Data, "  why so long?  ").await.unwrap();
            for wrong in ["", " ", &"x".repeat(2_001), "\0"] {
                assert_eq!(say(&company.approver, PlanPart::Data, wrong).await.map_err(code), Err("invalid"));
            }
            assert_eq!(say(&company.analyst, PlanPart::Data, "x").await.map_err(code), Err("forbidden"));
            assert!(say(&other.approver, PlanPart::Data, "x").await.is_err() && app.review(&other.approver, &trial).await.is_err());
            app.replace_plan(&company.designer, &trial, &plan("letter", "justice", &json!({"title": "Another"}))).await.unwrap();
            say(&company.designer, PlanPart::Idea, "better?").await.unwrap();
            let asked = About::from_word("data/privacy").unwrap();
            app.comment(&company.approver, &trial, asked, "in which country?").await.unwrap();
            let said = app.review(&company.monitor, &trial).await.unwrap().comments;
            let said: Vec<_> = said.iter().map(|c| (c.place, c.remark.as_str(), c.name.as_str(), c.current)).collect();
            assert_eq!(said, [(PlanPart::Data, "why so long?", "approver", false), (PlanPart::Idea, "better?", "designer", true),
                (PlanPart::Data, "in which country?", "approver", true)]);
            let asked = app.review(&company.monitor, &trial).await.unwrap().comments;
            let asked: Vec<_> = asked.iter().map(|comment| comment.question.map(|step| step.name)).collect();
            assert_eq!(asked, [None, None, Some("privacy")]);
            for wrong in ["", "nothing", "data/nothing", "idea/privacy", "data/"] {
                assert_eq!(About::from_word(wrong), None, "{wrong}");
            }
        });
    }

    fn a_comment_is_answered_and_resolved_by_whoever_made_it_or_a_later_reviewer(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let other = Company::hire(&app, "health").await;
            let later = hire(&app, "justice", PersonRole::Ethics).await;
            let key = app.create_trial(&company.designer, &plan("letter", "justice", &json!({}))).await.unwrap();
            for text in ["why so long?", "and where?", "who says so?"] {
                app.comment(&company.approver, &key, PlanPart::Data, text).await.unwrap();
            }
            let reply = async |actor, number, reply, text: &str| app.reply_to_comment(actor, &key, number, (reply, text)).await.map_err(code);
            let waits = async || {
                let trial = app.trial_of(&company.designer, &key).unwrap();
                let known = app.comments(&trial).await.unwrap();
                known.into_iter().filter(|comment| comment.waits).map(|comment| comment.number).collect::<Vec<_>>()
            };
            assert_eq!(waits().await, [1, 2, 3]);
            assert_eq!(reply(&company.designer, 1, Reply::Answer, " ").await, Err("invalid"), "an answer says something");
            assert_eq!(reply(&company.designer, 1, Reply::Answer, &"x".repeat(2_001)).await, Err("invalid"));
            assert_eq!(reply(&company.designer, 4, Reply::Answer, "which?").await, Err("not_found"));
            assert_eq!(reply(&company.analyst, 1, Reply::Answer, "I know").await, Err("forbidden"));
            assert!(reply(&other.approver, 1, Reply::Answer, "x").await.is_err());
            reply(&company.designer, 1, Reply::Answer, "90 days now").await.unwrap();
            assert_eq!(waits().await, [2, 3], "the author has answered");
            reply(&company.approver, 1, Reply::Answer, "still long").await.unwrap();
            assert_eq!(waits().await, [1, 2, 3], "the last word is a reviewer's again");
            assert_eq!(reply(&company.designer, 1, Reply::Resolve, "done").await, Err("forbidden"), "not by the author");
            reply(&company.approver, 1, Reply::Resolve, "").await.unwrap();
            reply(&later, 2, Reply::Resolve, "seen").await.unwrap();
            for reply_again in [Reply::Answer, Reply::Resolve] {
                assert_eq!(reply(&company.approver, 1, reply_again, "once more").await, Err("comment_resolved"));
            }
            assert_eq!(waits().await, [3]);

            let known = app.review(&company.approver, &key).await.unwrap().comments;
            let told: Vec<_> = known[0].answers.iter().map(|a| (a.remark.as_str(), a.name.as_str(), a.resolves)).collect();
            assert_eq!(told, [("90 days now", "designer", false), ("still long", "approver", false), ("", "approver", true)]);
            assert_eq!(known.iter().map(fairtrial_app::trials::comments::Comment::is_open).collect::<Vec<_>>(), [false, false, true]);
            let history = app.view_trial(&company.designer, &key).await.unwrap().history;
            let of = |action: &str| history.iter().filter(|entry| entry.action == action).count();
            assert_eq!((of("trial.commented"), of("trial.comment_answered"), of("trial.comment_resolved")), (3, 2, 2));
        });
    }
}
