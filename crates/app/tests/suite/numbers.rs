//! Exact numbers are for analysts; what leaves them is rounded.

use fairtrial_analysis::Report;
use fairtrial_app::{
    Actor, App, AppError,
    trials::{
        life::Move,
        release::{AgencyReport, ReleaseRules},
    },
};
use fairtrial_domain::trial::{PersonRole, Verb};
use fairtrial_store::{Store, WriterSettings, audit};
use fairtrial_testkit::on_both_databases;
use serde_json::{Value, json};

use crate::stage::{Company, StandingClock, call, hire, open, plan, run};

fn exact(report: &AgencyReport) -> Option<&Report> {
    match report {
        AgencyReport::Inside(report) => Some(report),
        AgencyReport::Released(_) => None,
    }
}

/// The counts of a report as a document: numbers, or nothing where they are hidden.
fn assigned(report: &AgencyReport) -> Vec<Value> {
    let document = serde_json::to_value(report).unwrap();
    document["arms"].as_array().unwrap().iter().map(|arm| arm["assigned"].clone()).collect()
}

async fn ended(app: &App, company: &Company, people: usize) -> String {
    let trial = company.start(app, &plan("letter", "justice", &json!({}))).await;
    for n in 0..people {
        app.assign(&company.key, &trial, &call(&format!("person-{n}"))).await.unwrap();
    }
    for (actor, verb) in [(&company.designer, Verb::Stop), (&company.analyst, Verb::LockData)] {
        app.move_trial(actor, &trial, &Move::plain(verb, "it is over")).await.unwrap();
    }
    trial
}

on_both_databases! {
    fn exact_numbers_are_for_analysts_and_rounded_ones_for_everybody_else(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = ended(&app, &company, 61).await;
            let truth = app.report(&company.analyst, &trial).await.unwrap().1;
            assert_eq!(truth.arms.iter().map(|arm| arm.assigned).sum::<u64>(), 61);
            for role in PersonRole::ALL.iter().copied() {
                let known = [PersonRole::Designer, PersonRole::Approver, PersonRole::Monitor, PersonRole::Analyst];
                let actor = match known.iter().position(|known| *known == role) {
                    Some(place) => [&company.designer, &company.approver, &company.monitor, &company.analyst][place].clone(),
                    None => hire(&app, "justice", role).await,
                };
                let seen = app.agency_report(&actor, &trial).await.unwrap().report;
                let others = app.report_as_others_see_it(&actor, &trial).await.unwrap().report;
                assert!(exact(&others).is_none(), "{role:?}");
                assert!(app.report_to_take_away(&actor, &trial).await.is_ok(), "{role:?}");
                if role == PersonRole::Analyst {
                    assert_eq!(exact(&seen), Some(&truth), "{role:?}");
                    continue;
                }
                assert_eq!(seen, others, "{role:?}");
                let counts = assigned(&seen);
                assert!(counts.iter().all(|count| count.as_u64().is_some_and(|n| n.is_multiple_of(3))), "{role:?}: {counts:?}");
                assert!(matches!(app.report(&actor, &trial).await, Err(AppError::Forbidden(_))), "{role:?}");
                assert!(matches!(app.recompute(&actor, &trial).await, Err(AppError::Forbidden(_))), "{role:?}");
            }
            let store = Store::open(&database.url().parse().unwrap(), WriterSettings::default()).unwrap();
            let entries = store.read(|c| audit::after(c, 0, 1_000)).await.unwrap();
            let said = |view: &str| entries.iter().any(|entry| entry.detail.contains(&format!("\"view\":\"{view}\"")));
            assert!(said("inside") && said("agency"), "which numbers were seen is on record");
        });
    }

    fn programs_get_exact_numbers_where_the_installation_says_so(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = ended(&app, &company, 61).await;
            let program = Actor::Key(company.key.clone());
            assert!(exact(&app.agency_report(&program, &trial).await.unwrap().report).is_none());
            assert!(matches!(app.report(&program, &trial).await, Err(AppError::Forbidden(_))));
            let other = open(database, clock).await;
            other.set_release_rules(ReleaseRules { exact_for_programs: true, ..ReleaseRules::default() });
            let seen = other.agency_report(&program, &trial).await.unwrap().report;
            assert_eq!(exact(&seen), Some(&other.report(&company.analyst, &trial).await.unwrap().1));
        });
    }
}
