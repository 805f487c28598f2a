//! What calls for attention reaches people who do not open the trial, and is gone when it is mended.

use chrono::{DateTime, Duration, Utc};
use fairtrial_app::{
    Actor, App, Clock,
    frontline::same_person::SamePersonCall,
    trials::{inbox::Matter, life::Move},
};
use fairtrial_domain::{
    UnitText,
    event::EventId,
    note::CodeWord,
    trial::{AssignmentOutcome, PersonRole, Verb},
};
use fairtrial_testkit::on_both_databases;
use serde_json::json;

use crate::stage::{Company, StandingClock, call, hire, open, plan, run};

async fn told(app: &App, actor: &Actor) -> Vec<(Matter, DateTime<Utc>)> {
    app.attention(actor).await.unwrap().into_iter().map(|event| (event.matter, event.since)).collect()
}

/// Somebody in each arm.
async fn two_in_two_arms(app: &App, company: &Company, trial: &str) -> (UnitText, UnitText) {
    let mut seen: Vec<(String, UnitText)> = Vec::new();
    for n in 0.. {
        let name = format!("customer:s{n}");
        let unit = UnitText::new(&name).unwrap();
        let place = app.assign(&company.key, trial, &call(&name)).await.unwrap();
        assert_eq!(place.outcome, AssignmentOutcome::Assigned);
        let arm = place.arm.unwrap().to_string();
        match seen.iter().find(|(other, _)| *other != arm) {
            Some((_, other)) => return (other.clone(), unit),
            None => seen.push((arm, unit)),
        }
    }
    unreachable!("chance draws both arms")
}

on_both_databases! {
    fn a_red_check_is_told_to_all_who_run_trials_until_it_is_mended(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let other = Company::hire(&app, "health").await;
            let manager = hire(&app, "justice", PersonRole::Manager).await;
            let centre = hire(&app, "justice", PersonRole::ContactCentre).await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let (one, two) = two_in_two_arms(&app, &company, &trial).await;
            app.catch_up().await.unwrap();
            assert_eq!(app.watch_checks().await.unwrap(), 0, "nothing is red");
            assert_eq!(told(&app, &company.designer).await, []);

            // One person in two versions, of very few: the versions are mixed.
            let same = SamePersonCall {
                event_id: EventId::new("one").unwrap(),
                unit: one,
                same_as: two,
                purpose: CodeWord::new("sign-in").unwrap(),
            };
            app.link_units(&Actor::Key(company.key.clone()), &same).await.unwrap();
            app.catch_up().await.unwrap();
            assert_eq!(app.watch_checks().await.unwrap(), 0, "each trial is looked at once a minute");
            clock.advance(Duration::minutes(1));
            let since = clock.now();
            assert_eq!(app.watch_checks().await.unwrap(), 1);
            clock.advance(Duration::hours(5));
            assert_eq!(app.watch_checks().await.unwrap(), 0, "it is noted once");
            let red = [(Matter::Checks(vec!["contamination".into()]), since)];
            for actor in [&company.designer, &company.approver, &company.monitor, &company.analyst, &manager] {
                assert_eq!(told(&app, actor).await, red);
            }
            assert_eq!(told(&app, &centre).await, [], "who speaks with people has no part in it");
            assert_eq!(told(&app, &other.designer).await, [], "another agency hears nothing");
            assert!(told(&app, &Actor::Person(fairtrial_app::Person { roles: vec![], ..person(&manager).clone() })).await.is_empty());
            let beside = crate::looks::beside(database, &clock).await;
            assert_eq!(told(&beside, &company.designer).await, red, "another server knows, and since when");
            assert_eq!(beside.watch_checks().await.unwrap(), 0);

            // Among many it is one of few.
            for n in 0..80 {
                app.assign(&company.key, &trial, &call(&format!("later-{n}"))).await.unwrap();
            }
            app.catch_up().await.unwrap();
            clock.advance(Duration::minutes(1));
            assert_eq!(app.watch_checks().await.unwrap(), 1);
            assert_eq!(told(&app, &company.designer).await, [], "it is gone when it is mended");
            let history = app.view_trial(&company.designer, &trial).await.unwrap().history;
            for action in ["check.reddened", "check.mended"] {
                assert_eq!(history.iter().filter(|entry| entry.action == action).count(), 1, "{action}");
            }
            app.check_audit(None).await.unwrap();
        });
    }

    fn a_suspended_trial_and_one_past_its_end_are_told_until_somebody_acts(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            clock.advance(Duration::days(2));
            let since = clock.now();
            let act = async |actor: &Actor, verb| {
                app.move_trial(actor, &trial, &Move::plain(verb, "two people rang in upset")).await.unwrap()
            };
            act(&company.monitor, Verb::Suspend).await;
            clock.advance(Duration::days(1));
            let suspended = [(Matter::Suspended(Some("two people rang in upset".into())), since)];
            assert_eq!(told(&app, &company.designer).await, suspended);
            act(&company.monitor, Verb::Resume).await;
            act(&company.approver, Verb::Resume).await;
            assert_eq!(told(&app, &company.designer).await, []);

            // The plan ends on 1 January 2030 in Auckland, where that day is over eleven hours before it is in Greenwich.
            let over: DateTime<Utc> = "2030-01-01T11:00:00Z".parse().unwrap();
            clock.advance(over - clock.now() - Duration::seconds(1));
            assert_eq!(told(&app, &company.designer).await, []);
            clock.advance(Duration::seconds(1));
            let last = "2030-01-01".parse().unwrap();
            assert_eq!(told(&app, &company.designer).await, [(Matter::PastEnd(last), over)]);
            act(&company.designer, Verb::Stop).await;
            assert_eq!(told(&app, &company.designer).await, []);
        });
    }
}

fn person(actor: &Actor) -> &fairtrial_app::Person {
    let Actor::Person(person) = actor else { panic!("no person") };
    person
}
