//! What senders say they sent is held against what was kept, until they agree; the report keeps it as it was.

use chrono::{Duration, NaiveDate};
use fairtrial_analysis::report::{GateStatus, VerdictKind};
use fairtrial_app::{
    AppError, Clock,
    frontline::reconcile::{About, DeclarationCall},
    trials::life::Move,
};
use fairtrial_domain::{
    event::{EventId, IdDigest},
    trial::{Authority, LinkTerms, PersonRole, Verb},
};
use fairtrial_testkit::on_both_databases;
use serde_json::{Value, json};

use crate::stage::{Company, StandingClock, call, hire, open, plan, run};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn said(from: &str, to: &str, sent: u64, fingerprint: Option<&str>) -> DeclarationCall {
    DeclarationCall {
        about: About::Agency,
        from: day(from),
        to: day(to),
        sent,
        fingerprint: fingerprint.map(str::to_owned),
    }
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

    fn a_word_about_one_trial_or_one_link_is_held_against_that_alone(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let (justice, health) = (Company::hire(&app, "justice").await, Company::hire(&app, "health").await);
            let officer = hire(&app, "health", PersonRole::Privacy).await;
            let mut links = Vec::new();
            for key in ["letter", "other"] {
                justice.start(&app, &plan(key, "justice", &json!({}))).await;
                let terms = LinkTerms {
                    events: vec!["fine.paid".into()],
                    authority: Authority::Statute,
                    reference: "Made-up Act 2020, section 7".into(),
                    expires_at: clock.now() + Duration::days(30),
                };
                let id = app.propose_link(&justice.designer, key, "health", terms).await.unwrap().link.id.as_str().to_owned();
                links.push(id);
            }
            app.create_trial(&justice.designer, &plan("draft", "justice", &json!({}))).await.unwrap();
            let day = "2026-11-23";
            let about = |about: About, sent: u64, ids: Option<std::ops::Range<u32>>| {
                DeclarationCall { about, ..said(day, day, sent, ids.map(digest).as_deref()) }
            };
            let link = |place: usize| About::Link(links[place].clone());
            let trial = |key: &str| About::Trial(key.into());
            let waits = app.declare(&health.key, &about(link(0), 0, None)).await;
            assert!(matches!(waits, Err(AppError::Conflict { code: "link_not_in_force", .. })), "{waits:?}");
            for id in &links {
                app.accept_link(&officer, id).await.unwrap();
            }
            for (key, wrong) in [(&health.key, trial("letter")), (&justice.key, trial("never")), (&health.key, About::Link("never".into()))] {
                let refused = app.declare(key, &about(wrong, 0, None)).await;
                assert!(matches!(refused, Err(AppError::NotFound(_))), "{refused:?}");
            }
            assert!(matches!(app.declare(&justice.key, &about(link(0), 0, None)).await, Err(AppError::Forbidden(_))));
            let early = app.declare(&justice.key, &about(trial("draft"), 0, None)).await;
            assert!(matches!(early, Err(AppError::Conflict { code: "not_started", .. })), "{early:?}");

            clock.advance(Duration::hours(2));
            // One key of the partner sends through both links, the same ids too, and some twice.
            app.record_linked(&health.key, &links[0], &events(0..10), false).await.unwrap();
            app.record_linked(&health.key, &links[0], &events(8..10), false).await.unwrap();
            app.record_linked(&health.key, &links[1], &events(0..3), false).await.unwrap();
            let lights = async || {
                let light = async |key: &str| app.reconciliation(&app.trial_of(&justice.designer, key).unwrap()).await.unwrap();
                (light("letter").await, light("other").await)
            };
            use GateStatus::{Green, Red};
            assert_eq!(lights().await, (None, None));
            let test = fairtrial_app::KeyActor { live: false, ..health.key.clone() };
            app.declare(&test, &about(link(0), 99, None)).await.unwrap();
            assert_eq!(lights().await, (None, None), "with a test key nothing is kept");
            let told = app.declare(&health.key, &about(link(0), 10, Some(0..10))).await.unwrap();
            assert_eq!((told.kept, told.same_ids, told.differing()), (10, Some(true), 0));
            assert_eq!(lights().await, (Some(Green), None));
            let told = app.declare(&health.key, &about(link(1), 4, Some(0..4))).await.unwrap();
            assert_eq!((told.kept, told.same_ids), (3, Some(false)), "the other link is counted by itself");
            assert_eq!(lights().await, (Some(Green), Some(Red)));
            app.record_linked(&health.key, &links[1], &events(3..4), false).await.unwrap();
            assert_eq!(lights().await, (Some(Green), Some(Green)), "the missing one came");

            // The trial's agency speaks of one of its trials: the other does not show it.
            app.record(&justice.key, &events(0..5), false).await.unwrap();
            assert_eq!(app.declare(&justice.key, &about(trial("letter"), 6, None)).await.unwrap().kept, 5);
            assert_eq!(lights().await, (Some(Red), Some(Green)));
            // A later word of the same key about all trials takes its place, and one about a single trial stands in that one.
            clock.advance(Duration::seconds(1));
            app.declare(&justice.key, &about(About::Agency, 5, Some(0..5))).await.unwrap();
            assert_eq!(lights().await, (Some(Green), Some(Green)));
            clock.advance(Duration::seconds(1));
            app.declare(&justice.key, &about(trial("other"), 7, None)).await.unwrap();
            assert_eq!(lights().await, (Some(Green), Some(Red)));
            app.declare(&justice.key, &about(trial("other"), 5, None)).await.unwrap();

            // Who ended a link may still say what came through it, and it is told under the agency's name, not the key's.
            app.end_link(&officer, &links[0]).await.unwrap();
            app.declare(&health.key, &about(link(0), 1_000, None)).await.unwrap();
            app.move_trial(&justice.designer, "letter", &Move::plain(Verb::Stop, "enough")).await.unwrap();
            app.move_trial(&justice.analyst, "letter", &Move::plain(Verb::LockData, "over")).await.unwrap();
            let report = app.report(&justice.analyst, "letter").await.unwrap().1;
            let gate = report.integrity.iter().find(|gate| gate.gate == "reconciliation").unwrap();
            let told = "\u{201c}An agency\u{201d} says that it sent 1,000 events, and 10 were kept";
            assert!(gate.status == Red && gate.detail.contains(told), "{gate:?}");
            let found = open(database, clock.clone()).await.recompute(&justice.analyst, "letter").await.unwrap();
            assert_eq!(found.frozen, found.recomputed);
        });
    }
}
