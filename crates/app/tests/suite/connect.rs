//! What those who connect apps and plan trials are told.

use fairtrial_app::frontline::batch::SentUnit;
use fairtrial_testkit::on_both_databases;
use serde_json::json;

use crate::{
    life::code,
    stage::{Company, StandingClock, call, open, plan, run},
};

fn sent(line: u64, unit: &str) -> SentUnit {
    SentUnit { line, unit: unit.into(), cluster: None, attributes: serde_json::Map::new() }
}

on_both_databases! {
    fn what_has_been_seen_is_told_and_nothing_by_version(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let other = Company::hire(&app, "health").await;
            let trial = app.create_trial(&company.designer, &plan("draft", "justice", &json!({}))).await.unwrap();
            let before = app.seen(&company.designer, &trial).await.unwrap();
            assert_eq!((before.assigned, before.outcomes), (false, vec![("Paid".to_owned(), false)]));
            assert_eq!(app.seen(&company.analyst, &trial).await.map_err(code).err(), Some("forbidden"));
            assert!(app.seen(&other.designer, &trial).await.is_err());
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            app.assign(&company.key, &trial, &call("u-1")).await.unwrap();
            let event = json!({"event_id": "e", "unit": "nobody", "event": "fine.paid", "occurred_at": "2026-11-23T09:00:00Z"});
            app.record(&company.key, &[event], false).await.unwrap();
            let after = app.seen(&company.designer, &trial).await.unwrap();
            assert!(after.assigned && after.strangers && !after.delivered && !after.opted_out);
        });
    }

    fn lists_are_told_with_names(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({"attributes": []}))).await;
            let list = [sent(2, "u-1"), sent(3, "u-2"), sent(4, "u-1")];
            let (batch, _) = app.upload_batch(&company.designer, &trial, &list, true).await.unwrap();
            let found = app.listed_batch(&company.approver, &trial, &batch.id).await.unwrap();
            assert_eq!((found.people, found.uploaded_by.as_str(), found.committed_by.as_ref()), (2, "designer", None));
            assert_eq!(found.refused.iter().map(|line| line.line).collect::<Vec<_>>(), [4]);
            app.commit_batch(&company.approver, &trial, &batch.id).await.unwrap();
            let all = app.batches(&company.designer, &trial).await.unwrap();
            assert_eq!(all.iter().map(|batch| batch.committed_by.as_deref()).collect::<Vec<_>>(), [Some("approver")]);
            assert!(all[0].checksum.is_some());
            assert_eq!(app.batches(&company.analyst, &trial).await.map(|all| all.len()).map_err(code), Err("forbidden"));
        });
    }

    fn a_plan_is_rehearsed_once_and_the_same_each_time(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let small = json!({"monitoring": {"alpha": "0.025", "power": "0.80", "sides": "one", "max_units": 40, "ends_on": "2030-01-01"},
                "outcomes": [{"key": "paid", "name": "Paid", "role": "primary", "event": "fine.paid", "kind": "binary",
                    "better": "increase", "follow_up_days": 7, "smallest_worthwhile_effect": "0.4", "expected_control": "0.2"}]});
            let trial = app.create_trial(&company.designer, &plan("letter", "justice", &small)).await.unwrap();
            assert!(app.rehearsed(&company.designer, &trial).unwrap().is_none());
            let (first, second) = tokio::join!(app.rehearse(&company.designer, &trial), app.rehearse(&company.analyst, &trial));
            let first = first.unwrap();
            assert_eq!(&first, &second.unwrap());
            assert!(first.finished && first.report.trials == 1_000);
            assert_eq!(app.rehearsed(&company.analyst, &trial).unwrap(), Some(first));
            let unsaid = app.create_trial(&company.designer, &plan("other", "justice", &json!({}))).await.unwrap();
            assert_eq!(app.rehearse(&company.designer, &unsaid).await.map_err(code).err(), Some("invalid"), "it does not say what is expected");
        });
    }
}
