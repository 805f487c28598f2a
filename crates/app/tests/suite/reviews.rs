//! What waits for whom, and what was said about it.

use fairtrial_app::{
    App,
    trials::{life::Move, reviews::Waiting},
};
use fairtrial_domain::trial::{DataSeen, PersonRole, PlanPart, Verb};
use fairtrial_testkit::on_both_databases;
use serde_json::json;

use crate::{
    life::code,
    stage::{Company, StandingClock, open, plan, run},
};

async fn queue(app: &App, actor: &fairtrial_app::Actor) -> Vec<(String, Option<PersonRole>, bool)> {
    let told = |found: Waiting| (found.trial.key().to_owned(), found.mine, found.on_condition);
    app.reviews(actor).await.unwrap().into_iter().map(told).collect()
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
            assert_eq!(&changes.before, first.plan.id());

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
            let said = app.review(&company.monitor, &trial).await.unwrap().comments;
            let said: Vec<_> = said.iter().map(|c| (c.place, c.remark.as_str(), c.name.as_str(), c.current)).collect();
            assert_eq!(said, [(PlanPart::Data, "why so long?", "approver", false), (PlanPart::Idea, "better?", "designer", true)]);
        });
    }
}
