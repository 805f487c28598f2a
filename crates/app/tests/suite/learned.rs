//! What was learned stays findable, can be used again, and is followed up.

use chrono::Duration;
use fairtrial_analysis::report::VerdictKind;
use fairtrial_app::{Actor, App, AppError, learned::library::Sought, trials::life::Move};
use fairtrial_domain::{
    protocol::{Population, Technique},
    trial::{Adoption, Decision, PersonRole, State, Verb},
};
use fairtrial_testkit::on_both_databases;
use serde_json::json;

use crate::{
    life::code,
    stage::{Company, StandingClock, adoption, hire, open, plan, run},
};

async fn finish(app: &App, company: &Company, trial: &str) {
    for (actor, verb) in [(&company.designer, Verb::Stop), (&company.analyst, Verb::LockData)] {
        app.move_trial(actor, trial, &Move::plain(verb, "it is over")).await.unwrap();
    }
}

async fn keys(app: &App, sought: &Sought) -> Vec<String> {
    app.library(sought).await.unwrap().iter().map(|card| card.entry.trial.key().to_owned()).collect()
}

on_both_databases! {
    fn the_library_has_what_is_over_and_numbers_once_they_are_public(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let all = Sought::default();
            for key in ["running", "first", "second"] {
                let mut more = json!({"title": format!("A {key} letter")});
                if key != "second" {
                    more["tags"] = json!({"technique": ["reminder"], "people": ["applicants"]});
                }
                company.start(&app, &plan(key, "justice", &more)).await;
            }
            finish(&app, &company, "first").await;
            clock.advance(Duration::days(1));
            finish(&app, &company, "second").await;
            assert_eq!(keys(&app, &all).await, ["second", "first"], "what ended last comes first, what runs is not there");
            assert!(app.library(&all).await.unwrap().iter().all(|card| card.finding.is_none()), "nothing is public yet");
            let technique = |word| Sought { technique: Some(word), ..Sought::default() };
            assert_eq!(keys(&app, &technique(Technique::Reminder)).await, ["first"]);
            assert_eq!(keys(&app, &technique(Technique::Reward)).await, Vec::<String>::new());
            let people = |word| Sought { people: Some(word), ..Sought::default() };
            assert_eq!(keys(&app, &people(Population::Applicants)).await, ["first"]);
            let undecided = Sought { verdict: Some(VerdictKind::Undecided), ..Sought::default() };
            assert_eq!(keys(&app, &undecided).await, Vec::<String>::new(), "looking for a verdict tells nothing that is not public");

            app.move_trial(&company.designer, "first", &Move::plain(Verb::Publish, "")).await.unwrap();
            let found = app.library(&all).await.unwrap().pop().unwrap().finding.unwrap();
            let public = app.registered("first").await.unwrap().results.unwrap();
            assert_eq!((found.verdict, &found.headline, found.people), (public.verdict.kind, &public.verdict.headline, public.flow.assigned));
            let of = |verdict| Sought { verdict: Some(verdict), ..Sought::default() };
            assert_eq!(keys(&app, &of(found.verdict)).await, ["first"]);
            assert_eq!(keys(&app, &of(VerdictKind::Harmful)).await, Vec::<String>::new());
            let words = |text: &str| Sought { words: text.into(), ..Sought::default() };
            assert_eq!(keys(&app, &words("FIRST letter")).await, ["first"]);
            assert_eq!(keys(&app, &words("first parcel")).await, Vec::<String>::new());
            assert_eq!(keys(&app, &Sought { agency: Some("health".into()), ..Sought::default() }).await, Vec::<String>::new());

            // A decision is public with results that are public.
            let decide = Move { decision: Some(Decision::RunAgain), ..Move::plain(Verb::Decide, "") };
            let again = Sought { decision: Some(Decision::RunAgain), ..Sought::default() };
            assert_eq!(app.move_trial(&company.approver, "second", &decide).await, Ok(State::Decided));
            assert_eq!(keys(&app, &again).await, Vec::<String>::new());
            assert!(app.registered("second").await.unwrap().decision.is_none());
            assert_eq!(app.move_trial(&company.approver, "first", &decide).await, Ok(State::Decided));
            assert_eq!(keys(&app, &again).await, ["first"]);
            assert!(app.registered("first").await.unwrap().decision.is_some());
        });
    }

    fn exploring_is_for_analysts_after_the_decision_and_each_visit_is_on_record(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let other = Company::hire(&app, "health").await;
            company.start(&app, &plan("first", "justice", &json!({}))).await;
            let early = app.explore(&company.analyst, "first").await.map(|_| ()).map_err(code);
            assert_eq!(early, Err("not_decided"));
            finish(&app, &company, "first").await;
            assert_eq!(app.explore(&company.analyst, "first").await.map(|_| ()).map_err(code), Err("not_decided"));
            let decide = Move { decision: Some(Decision::RunAgain), ..Move::plain(Verb::Decide, "") };
            assert_eq!(app.move_trial(&company.approver, "first", &decide).await, Ok(State::Decided));
            for actor in [&company.designer, &company.approver, &company.monitor] {
                assert_eq!(app.explore(actor, "first").await.map(|_| ()).map_err(code), Err("forbidden"));
            }
            assert!(matches!(app.explore(&other.analyst, "first").await, Err(AppError::NotFound(_))));
            let take = async |purpose: &str| app.take_explored(&company.analyst, "first", purpose).await;
            assert_eq!(take("why").await.map(|_| ()).map_err(code), Err("invalid"), "a purpose says something");
            app.explore(&company.analyst, "first").await.unwrap();
            take("to plan the next letter").await.unwrap();
            let history = app.view_trial(&company.designer, "first").await.unwrap().history;
            let told: Vec<&str> = history.iter().map(|entry| entry.action.as_str()).filter(|a| a.starts_with("explore.")).collect();
            assert_eq!(told, ["explore.downloaded", "explore.viewed"], "what was refused is no visit");
        });
    }

    fn a_design_is_used_again_by_another_agency(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let other = Company::hire(&app, "health").await;
            let details = json!({"layer": "letters", "data": {"notice": "general", "retain_units_days": 30, "uses_maori_data": false,
                "lawful_basis": "the Fines Act", "sources": ["fines register"], "pia": "PIA 7"}});
            let trial = company.start(&app, &plan("letter", "justice", &details)).await;
            assert_eq!(app.use_design(&other.designer, &trial).await, Err(AppError::NotFound("trial")), "its plan is not public yet");
            finish(&app, &company, &trial).await;
            assert_eq!(app.use_design(&other.approver, &trial).await.map_err(code), Err("forbidden"));

            let draft = app.use_design(&other.designer, &trial).await.unwrap();
            let made = app.trial_of(&other.designer, &draft).unwrap();
            let (new, old) = (made.plan.protocol(), app.trial_of(&company.designer, &trial).unwrap());
            let old = old.plan.protocol();
            assert_eq!((made.state, new.agency.as_str(), &new.outcomes, &new.arms), (State::Draft, "health", &old.outcomes, &old.arms));
            assert_ne!(new.key, old.key);
            assert_eq!((new.layer.as_ref(), new.data.pia.as_ref()), (None, None));
            assert!(!new.data.lawful_basis.contains("Fines") && !new.data.sources.contains(&"fines register".to_owned()));
            assert!(new.monitoring.ends_on > app.ambient().now().date_naive());
            let guided = app.guided(&made).await.unwrap();
            let open = |name: &str| guided.steps().any(|step| step.name == name && guided.answers(step).iter().any(|answer| answer.open));
            assert!(open("data"), "what only they know is still to do");
            assert_eq!(app.trial_of(&company.designer, &draft).err(), Some(AppError::NotFound("trial")));

            let own = app.use_design(&company.designer, &trial).await.unwrap();
            let own = app.trial_of(&company.designer, &own).unwrap();
            assert_eq!(own.plan.protocol().data.lawful_basis, "the Fines Act", "the same agency keeps its own words");
            assert_eq!(app.library(&Sought::default()).await.unwrap()[0].reused, 2);
        });
    }

    fn an_adoption_is_followed_up(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let manager = hire(&app, "justice", PersonRole::Manager).await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let report = async |actor: &Actor, status, reason: &str| app.report_adoption(actor, &trial, status, reason).await;
            assert_eq!(app.finding_for(&manager, &trial).await.map_err(code).err(), Some("not_locked"));
            finish(&app, &company, &trial).await;
            app.finding_for(&manager, &trial).await.unwrap();
            assert_eq!(report(&manager, Adoption::Adopted, "").await.map_err(code), Err("not_adopted"));
            assert!(app.decision(&manager, &trial).await.unwrap().is_none());
            let decide = Move {
                decision: Some(Decision::Adopt),
                adoption: Some(adoption("letters team", "2027-01-31")),
                ..Move::plain(Verb::Decide, "against the rule")
            };
            for actor in [&manager, &company.approver] {
                app.move_trial(actor, &trial, &decide).await.unwrap();
            }
            let found = app.decision(&company.analyst, &trial).await.unwrap().unwrap();
            assert_eq!((found.decided.owner.as_deref(), found.decided.by_the_rule), (Some("letters team"), false));
            assert_eq!((found.name(found.decided.person_id).as_str(), found.due), ("manager", None));
            assert_eq!(report(&company.analyst, Adoption::Adopted, "").await.map_err(code), Err("forbidden"));
            for (status, reason) in [(Adoption::Blocked, " "), (Adoption::Dropped, ""), (Adoption::Adopted, "\0")] {
                assert_eq!(report(&manager, status, reason).await.map_err(code), Err("invalid"));
            }
            clock.advance(Duration::days(31));
            let due = |found: Option<fairtrial_app::learned::adoption::FollowUp>| found.unwrap().due;
            assert!(due(app.decision(&manager, &trial).await.unwrap()).is_some());
            assert!(app.portfolio(&manager).await.unwrap()[0].awaited.is_some());
            report(&manager, Adoption::Blocked, "the printer is full").await.unwrap();
            report(&company.designer, Adoption::Adopted, "").await.unwrap();
            let found = app.decision(&manager, &trial).await.unwrap();
            let said: Vec<Adoption> = found.iter().flat_map(|found| &found.reports).map(|report| report.status).collect();
            assert_eq!((said.as_slice(), due(found)), ([Adoption::Blocked, Adoption::Adopted].as_slice(), None));
            assert_eq!(app.check_audit(None).await.unwrap().found, 0);
        });
    }

    fn the_portfolio_is_for_those_who_decide(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let manager = hire(&app, "justice", PersonRole::Manager).await;
            Company::hire(&app, "health").await.start(&app, &plan("theirs", "health", &json!({}))).await;
            company.start(&app, &plan("ours", "justice", &json!({}))).await;
            assert_eq!(app.portfolio(&company.designer).await.map(|lines| lines.len()).map_err(code), Err("forbidden"));
            let lines = app.portfolio(&manager).await.unwrap();
            assert_eq!(lines.iter().map(|line| line.trial.key()).collect::<Vec<_>>(), ["ours"]);
            assert!(lines[0].finding.is_none() && lines[0].days_to_answer.is_none(), "no verdict while it runs");
            finish(&app, &company, "ours").await;
            let lines = app.portfolio(&manager).await.unwrap();
            assert_eq!((lines[0].finding.as_ref().map(|found| found.verdict), lines[0].days_to_answer), (Some(VerdictKind::Undecided), Some(0)));
        });
    }
}
