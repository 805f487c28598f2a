//! What senders say they sent is held against what was kept, until they agree; the report keeps it as it was.

use chrono::{Duration, NaiveDate};
use fairtrial_analysis::report::{GateStatus, VerdictKind};
use fairtrial_app::{AppError, frontline::reconcile::DeclarationCall, trials::life::Move};
use fairtrial_domain::{
    event::{EventId, IdDigest},
    trial::Verb,
};
use fairtrial_testkit::on_both_databases;
use serde_json::{Value, json};

use crate::stage::{Company, StandingClock, call, open, plan, run};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn said(from: &str, to: &str, sent: u64, fingerprint: Option<&str>) -> DeclarationCall {
    DeclarationCall { from: day(from), to: day(to), sent, fingerprint: fingerprint.map(str::to_owned) }
}

fn digest(ids: std::ops::Range<u32>) -> String {
    let mut digest = IdDigest::default();
    ids.for_each(|n| digest.toggle(&EventId::new(&format!("e-{n}")).unwrap()));
    digest.hex()
}

fn events(ids: std::ops::Range<u32>) -> Vec<Value> {
    ids.map(|n| {
        json!({"event_id": format!("e-{n}"), "unit": format!("person-{n}"), "event": "fine.paid",
        "occurred_at": "2026-11-23T10:00:00Z"})
    })
    .collect()
}

on_both_databases! {
    fn a_difference_blocks_until_it_is_resolved(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            for n in 0..40 {
                app.assign(&company.key, &trial, &call(&format!("person-{n}"))).await.unwrap();
            }
            clock.advance(Duration::days(1));
            app.record(&company.key, &events(0..19), false).await.unwrap();
            let light = async || app.reconciliation(&app.trial_of(&company.designer, &trial).unwrap()).await.unwrap();
            assert_eq!(light().await, None, "nobody says anything");
            for (bad, pointer) in [
                (said("2026-11-24", "2026-11-23", 1, None), "/to"),
                (said("2026-11-24", "2026-11-25", 1, None), "/to"),
                (said("2001-01-01", "2026-11-24", 1, None), "/to"),
                (said("2026-11-24", "2026-11-24", 1, Some("ABC")), "/fingerprint"),
                (said("2026-11-24", "2026-11-24", u64::MAX, None), "/sent"),
            ] {
                let refused = app.declare(&company.key, &bad).await.unwrap_err();
                assert!(matches!(&refused, AppError::Invalid(faults) if faults[0].pointer == pointer), "{refused:?}");
            }
            let found = app.declare(&company.key, &said("2026-11-24", "2026-11-24", 20, Some(&digest(0..20)))).await.unwrap();
            assert_eq!((found.sent, found.kept, found.same_ids), (20, 19, Some(false)));
            assert_eq!(light().await, Some(GateStatus::Red));
            // Another server shows it too, and another key's word about the same days changes nothing.
            let second = open(database, clock.clone()).await;
            let seen = second.trial_of(&company.designer, &trial).unwrap();
            assert_eq!(second.reconciliation(&seen).await.unwrap(), Some(GateStatus::Red));
            // The next day the missing one comes, and the sender speaks of both days.
            clock.advance(Duration::days(1));
            app.record(&company.key, &events(19..20), false).await.unwrap();
            let alone = app.declare(&company.key, &said("2026-11-25", "2026-11-25", 1, None)).await.unwrap();
            assert_eq!(alone.differing(), 0);
            assert_eq!(light().await, Some(GateStatus::Red), "the day before still differs");
            let both = app.declare(&company.key, &said("2026-11-24", "2026-11-25", 20, Some(&digest(0..20)))).await.unwrap();
            assert_eq!((both.kept, both.same_ids), (20, Some(true)));
            assert_eq!(light().await, Some(GateStatus::Green));
            // As many, but not the same: told by the ids alone. The last word about the same days stands.
            app.declare(&company.key, &said("2026-11-24", "2026-11-25", 20, Some(&digest(1..21)))).await.unwrap();
            assert_eq!(light().await, Some(GateStatus::Red));
            clock.advance(Duration::days(10));
            app.move_trial(&company.designer, &trial, &Move::plain(Verb::Stop, "enough")).await.unwrap();
            app.move_trial(&company.analyst, &trial, &Move::plain(Verb::LockData, "over")).await.unwrap();
            let report = app.report(&company.analyst, &trial).await.unwrap().1;
            let gate = report.integrity.iter().find(|gate| gate.gate == "reconciliation").unwrap();
            assert_eq!((gate.status, report.verdict.kind), (GateStatus::Red, VerdictKind::Invalid), "{gate:?}");
            // What is said after the report was frozen is in the next one only: this one comes out again.
            app.declare(&company.key, &said("2026-11-24", "2026-11-25", 20, Some(&digest(0..20)))).await.unwrap();
            let later = open(database, clock.clone()).await;
            let found = later.recompute(&company.analyst, &trial).await.unwrap();
            assert_eq!(found.frozen, found.recomputed);
            let bundle = later.report_bundle(&company.analyst, &trial, "a check").await.unwrap();
            assert_eq!(bundle.recompute().unwrap().differs_at, None);
        });
    }
}
