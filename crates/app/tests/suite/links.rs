//! Outcomes that another agency knows.

use chrono::{DateTime, Duration, Utc};
use fairtrial_app::{
    Actor, App, AppError,
    trials::{life::Move, link::LinkStanding},
};
use fairtrial_domain::trial::{Authority, LinkTerms, PersonRole, Verb};
use fairtrial_testkit::on_both_databases;
use serde_json::{Value, json};

use crate::stage::{Company, StandingClock, call, hire, open, plan, run};

fn terms() -> LinkTerms {
    LinkTerms {
        events: vec!["fine.paid".into()],
        authority: Authority::Statute,
        reference: "Made-up Act 2020, section 7".into(),
        expires_at: "2026-12-23T00:00:00Z".parse::<DateTime<Utc>>().unwrap(),
    }
}

fn paid(id: &str, unit: &str) -> Value {
    json!({"event_id": id, "unit": unit, "event": "fine.paid", "occurred_at": "2026-11-23T09:00:00Z"})
}

fn code_of(error: AppError) -> String {
    match error {
        AppError::Conflict { code, .. } => code.into(),
        AppError::Invalid(faults) => faults.iter().map(|fault| fault.code.clone()).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// The share of events about nobody in a trial, as its report says.
async fn strangers(app: &App, analyst: &Actor, trial: &str) -> String {
    let report = serde_json::to_value(app.report(analyst, trial).await.unwrap().1).unwrap();
    let gates = report["integrity"].as_array().unwrap();
    let gate = gates.iter().find(|gate| gate["gate"] == "stray_events").unwrap();
    gate["detail"].as_str().unwrap().split(" events").next().unwrap().to_owned()
}

on_both_databases! {
    fn outcomes_cross_to_one_trial_under_an_agreement_of_both(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let (justice, health) = (Company::hire(&app, "justice").await, Company::hire(&app, "health").await);
            let officer = hire(&app, "health", PersonRole::Privacy).await;
            let trial = justice.start(&app, &plan("letter", "justice", &json!({}))).await;
            let other = justice.start(&app, &plan("other", "justice", &json!({}))).await;
            for unit in ["case-1", "case-2"] {
                app.assign(&justice.key, &trial, &call(unit)).await.unwrap();
                app.assign(&justice.key, &other, &call(unit)).await.unwrap();
            }
            let proposed = app.propose_link(&justice.designer, &trial, "health", terms()).await.unwrap();
            let id = proposed.link.id.as_str().to_owned();
            let early = app.record_linked(&health.key, &id, &[paid("h-1", "case-1")], false).await.unwrap_err();
            assert_eq!(code_of(early), "link_not_in_force", "one agency alone opens nothing");
            let own = app.accept_link(&justice.designer, &id).await;
            assert!(matches!(own, Err(AppError::Forbidden(_))), "nor does the same agency twice");
            assert!(matches!(app.accept_link(&health.designer, &id).await, Err(AppError::Forbidden(_))));
            assert_eq!(app.accept_link(&officer, &id).await.unwrap().standing, LinkStanding::InForce);
            assert_eq!(code_of(app.accept_link(&officer, &id).await.unwrap_err()), "link_not_waiting");

            // The same id in two agencies is two events; a repeat through the link is a repeat.
            app.record(&justice.key, &[paid("h-1", "case-9")], false).await.unwrap();
            let batch = [paid("h-1", "case-1"), paid("h-2", "nobody-here"), paid("h-1", "case-1")];
            let receipt = app.record_linked(&health.key, &id, &batch, false).await.unwrap();
            assert_eq!((receipt.accepted, receipt.duplicate, receipt.rejected), (2, 1, 0));
            assert_eq!(receipt.results[0].event_id.as_ref().unwrap().as_str(), "h-1", "under the sender's own name");
            let mut telling = paid("h-3", "case-2");
            telling["attributes"] = json!({"ward": "north"});
            let unknown = json!({"event_id": "h-4", "unit": "case-2", "event": "visit.attended", "occurred_at": "2026-11-23T09:00:00Z"});
            let receipt = app.record_linked(&health.key, &id, &[telling, unknown], false).await.unwrap();
            let codes: Vec<&str> = receipt.results.iter().map(|result| result.code).collect();
            assert_eq!(codes, ["attributes_not_linked", "unknown_event"]);
            assert!(matches!(app.record_linked(&justice.key, &id, &[paid("j-1", "case-1")], false).await, Err(AppError::Forbidden(_))));

            // Through the link: one in the trial, one about nobody. By the own door: one about nobody, in both trials.
            assert_eq!(strangers(&app, &justice.analyst, &trial).await, "67 in 100");
            assert_eq!(strangers(&app, &justice.analyst, &other).await, "100 in 100", "the other trial hears nothing of it");
            let again = open(database, clock.clone()).await;
            assert_eq!(strangers(&again, &justice.analyst, &trial).await, "67 in 100", "nor after a restart");
            assert_eq!(strangers(&again, &justice.analyst, &other).await, "100 in 100");
        });
    }

    fn a_link_is_over_when_its_time_is_the_trial_is_or_either_says_so(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let (justice, health) = (Company::hire(&app, "justice").await, Company::hire(&app, "health").await);
            let officer = hire(&app, "health", PersonRole::Privacy).await;
            let third = Company::hire(&app, "transport").await;
            let trial = justice.start(&app, &plan("letter", "justice", &json!({}))).await;
            let link = async |terms: LinkTerms| {
                let id = app.propose_link(&justice.designer, &trial, "health", terms).await.unwrap().link.id.clone();
                app.accept_link(&officer, id.as_str()).await.unwrap();
                id.as_str().to_owned()
            };
            let (ended, short, long) = (
                link(terms()).await,
                link(LinkTerms { expires_at: "2026-11-24T00:00:00Z".parse().unwrap(), ..terms() }).await,
                link(terms()).await,
            );
            assert_eq!(app.end_link(&officer, &ended).await.unwrap().standing, LinkStanding::Ended);
            assert_eq!(code_of(app.end_link(&justice.designer, &ended).await.unwrap_err()), "link_ended");
            let send = async |id: &str| app.record_linked(&health.key, id, &[paid("h-1", "case-1")], false).await;
            assert_eq!(code_of(send(&ended).await.unwrap_err()), "link_not_in_force");
            assert!(send(&short).await.is_ok());
            clock.advance(Duration::days(1));
            assert_eq!(code_of(send(&short).await.unwrap_err()), "link_not_in_force");
            assert_eq!(app.record_linked(&third.key, &long, &[paid("t-1", "case-1")], false).await, Err(AppError::NotFound("link")));
            assert!(matches!(app.link_of(&third.designer, &long), Err(AppError::NotFound("link"))));
            assert_eq!(app.links(&officer).unwrap().len(), 3);
            clock.advance(Duration::days(8));
            app.move_trial(&justice.designer, &trial, &Move::plain(Verb::Stop, "enough")).await.unwrap();
            app.move_trial(&justice.analyst, &trial, &Move::plain(Verb::LockData, "over")).await.unwrap();
            assert_eq!(code_of(send(&long).await.unwrap_err()), "takes_no_outcomes");
            let late = app.propose_link(&justice.designer, &trial, "health", terms()).await.unwrap_err();
            assert_eq!(code_of(late), "not_linkable");
        });
    }

    fn terms_that_do_not_fit_are_told_all_at_once(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let justice = Company::hire(&app, "justice").await;
            let draft = app.create_trial(&justice.designer, &plan("draft", "justice", &json!({}))).await.unwrap();
            let refused = app.propose_link(&justice.designer, &draft, "justice", terms()).await.unwrap_err();
            assert_eq!(code_of(refused), "not_linkable", "nobody has agreed to that plan");
            let trial = justice.start(&app, &plan("letter", "justice", &json!({}))).await;
            let wrong = LinkTerms {
                events: vec!["fine.paid".into(), "fine.paid".into(), "visit.attended".into()],
                reference: "?".into(),
                expires_at: "2036-01-01T00:00:00Z".parse().unwrap(),
                ..terms()
            };
            let refused = app.propose_link(&justice.designer, &trial, "justice", wrong).await.unwrap_err();
            assert_eq!(code_of(refused), "duplicate unknown_event out_of_range out_of_range unknown_agency");
        });
    }
}
