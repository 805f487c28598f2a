//! What a live trial keeps is what its analysis needs: covariates, groups, who got what, and the order of the people.

use chrono::Duration;
use fairtrial_analysis::{bundle::ReportBundle, monitor};
use fairtrial_app::{
    Actor, App, AppError, Clock,
    frontline::notes::{NoteCall, OverrideCall},
    trials::life::Move,
};
use fairtrial_domain::{
    UnitText,
    event::EventId,
    note::{CodeWord, DeliveryStatus},
    projection::{Evidence, HeldLook},
    trial::{Decision, PersonRole, Verb},
};
use fairtrial_store::{Store, WriterSettings, looks};
use fairtrial_testkit::on_both_databases;
use serde_json::{Value, json};

use crate::life::code;
use crate::stage::{Company, StandingClock, call, hire, open, plan, run};

fn note(id: &str, unit: &str) -> NoteCall {
    NoteCall { event_id: EventId::new(id).unwrap(), unit: UnitText::new(unit).unwrap() }
}

/// Adjusted for age and region, fair by region, drawn again 99 times, with the effect on those who had it delivered.
fn asked() -> Value {
    json!({
        "attributes": [
            {"name": "age", "type": "integer", "minimum": 0, "maximum": 120, "purpose": "covariate"},
            {"name": "region", "type": "category", "values": ["18", "65"], "purpose": "equity"}],
        "equity": {"groups": ["region"], "margin": "0.02"},
        "allocation": {"method": "permuted_blocks", "strata": [], "block_multiples": [1]},
        "analysis": {"population": "as_assigned", "missing": "not_settled", "adjust_for": ["age", "region"],
            "randomisation_redraws": 99, "effect_on_those_who_got_it": "delivered"},
    })
}

on_both_databases! {
    /// A look compares at equal ages, as the end does, by what was known at its cut; no person is kept with it.
    fn a_look_adjusts_for_covariates(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({
                "attributes": [{"name": "age", "type": "category", "values": ["018", "65"], "purpose": "covariate"}],
                "allocation": {"method": "permuted_blocks", "strata": [], "block_multiples": [1]},
                "analysis": {"population": "as_assigned", "missing": "not_settled", "adjust_for": ["age"]},
                "monitoring": {"alpha": "0.025", "power": "0.80", "sides": "one", "max_units": 300, "ends_on": "2030-01-01",
                    "looks": ["0.4", "1"], "efficacy": {"spending": "obrien_fleming"}},
            }))).await;
            let mut events = Vec::new();
            let mut by_age = [[0; 2]; 2];
            for n in 0..120 {
                let (unit, old) = (format!("person-{n}"), n % 3 == 0);
                let mut asked = call(&unit);
                asked.attributes.insert("age".into(), json!(if old { "65" } else { "018" }));
                let new = app.assign(&company.key, &trial, &asked).await.unwrap().arm.unwrap().as_str() == "new";
                by_age[usize::from(old)][usize::from(new)] += 1;
                // The old pay nearly always, the young hardly ever; the new version helps one of ten.
                if if old { n % 30 != 0 } else { n % 10 == 1 || new && n % 10 == 2 } {
                    events.push(json!({"event_id": format!("e-{n}"), "unit": unit, "event": "fine.paid",
                        "occurred_at": "2026-11-23T10:00:00Z"}));
                }
            }
            clock.advance(Duration::days(1));
            app.record(&company.key, &events, false).await.unwrap();
            app.catch_up().await.unwrap();
            clock.advance(Duration::days(8));
            assert_eq!(app.watch().await.unwrap(), 1, "the look is held");
            let store = Store::open(&database.url().parse().unwrap(), WriterSettings::default()).unwrap();
            let kept = store.read(|c| looks::of_trial(c, 1)).await.unwrap().remove(0).evidence;
            let evidence: Evidence = serde_json::from_str(&kept).unwrap();
            assert!(evidence.units.is_none(), "nobody one by one");
            let counted = evidence.by_level.iter().map(|of| (of.attribute.as_str(), of.level.as_str(), of.assigned.clone()));
            assert!(counted.eq([("age", "018", by_age[0].to_vec()), ("age", "65", by_age[1].to_vec())]));
            let people = |age: &str| {
                let own = evidence.alike[0].iter().filter(|alike| alike.values == [Some(age.to_owned())]);
                own.map(|alike| alike.mature).sum::<u64>()
            };
            assert_eq!((people("018"), people("65"), evidence.alike[0].len()), (80, 40, 4));
            let held = app.looks(&company.monitor, &trial).await.unwrap().looks.remove(0);
            let bare = HeldLook { look: 1, due_at: held.due_at, evidence: Evidence { alike: Vec::new(), ..evidence } };
            let seen = app.trial_of(&company.designer, &trial).unwrap();
            let plain = monitor::hold(seen.plan.protocol(), &[bare]).unwrap();
            assert_ne!(held.arms[0].z, plain.arms[0].z, "it is not the comparison without adjustment");
            app.move_trial(&company.designer, &trial, &Move::plain(Verb::Stop, "enough")).await.unwrap();
            app.move_trial(&company.analyst, &trial, &Move::plain(Verb::LockData, "over")).await.unwrap();
            let report = app.report(&company.analyst, &trial).await.unwrap().1;
            assert!(report.departures.iter().all(|departure| departure.code != "not_adjusted"), "{:?}", report.departures);
            let bundle = app.report_bundle(&company.analyst, &trial, "a check").await.unwrap();
            let again = ReportBundle::from_tar(&bundle.to_tar().unwrap()).unwrap().recompute().unwrap();
            assert_eq!(again.differs_at, None);
            let found = open(database, clock.clone()).await.recompute(&company.analyst, &trial).await.unwrap();
            assert_eq!(found.frozen, found.recomputed);
        });
    }

    fn a_live_trial_is_analysed_as_its_plan_asks(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &asked())).await;
            let mut events = Vec::new();
            let mut new = 0;
            for n in 0..120 {
                let unit = format!("person-{n}");
                let mut asked = call(&unit);
                if n % 10 != 9 {
                    asked.attributes.insert("age".into(), json!(20 + n % 50));
                }
                asked.attributes.insert("region".into(), json!(if n % 20 == 0 { "18" } else { "65" }));
                let arm = app.assign(&company.key, &trial, &asked).await.unwrap().arm.unwrap();
                let is_new = arm.as_str() == "new";
                if is_new {
                    new += 1;
                    let status = if new % 5 == 0 { DeliveryStatus::Failed } else { DeliveryStatus::Delivered };
                    app.note_delivery(&company.key, &trial, &note(&format!("d-{n}"), &unit), status, clock.now()).await.unwrap();
                }
                // Seven of ten with the new version and four of ten without.
                if n / 2 % 10 < if is_new { 7 } else { 4 } {
                    events.push(json!({"event_id": format!("e-{n}"), "unit": unit, "event": "fine.paid",
                        "occurred_at": "2026-11-23T10:00:00Z"}));
                }
            }
            let give = OverrideCall {
                note: note("o-1", "person-0"), to_arm: "new".into(), reason_code: CodeWord::new("hearing").unwrap(), remark: None,
            };
            app.override_version(&company.key, &trial, &give).await.unwrap();
            clock.advance(Duration::days(2));
            app.record(&company.key, &events, false).await.unwrap();
            clock.advance(Duration::days(10));
            let early = app.take_records(&company.analyst, &trial, "to see whether it works").await.map(|_| ());
            assert_eq!(early.map_err(code), Err("not_locked"), "nobody peeks");
            assert!(app.data_view(&company.analyst, &trial).await.unwrap().outcomes.is_empty());
            app.move_trial(&company.designer, &trial, &Move::plain(Verb::Stop, "enough")).await.unwrap();
            app.move_trial(&company.analyst, &trial, &Move::plain(Verb::LockData, "over")).await.unwrap();
            let report = app.report(&company.analyst, &trial).await.unwrap().1;
            assert!(report.departures.is_empty(), "{:?}", report.departures);
            let difference = &report.outcomes[0].comparisons[0];
            let plain = &report.outcomes[0].unadjusted[0];
            assert!((plain.estimate.unwrap() - 0.3).abs() < 0.02, "{plain:?}");
            assert_eq!(difference.method.as_deref(), Some("Lin's adjusted difference"));
            assert!((difference.estimate.unwrap() - 0.3).abs() < 0.1, "{difference:?}");
            let got = &report.got_it[0];
            assert!((got.share.unwrap() - 0.8).abs() < 0.02, "{got:?}");
            assert!(got.estimate.unwrap() > plain.estimate.unwrap(), "fewer got it than were assigned to it");
            assert_eq!(report.redrawn[0].redraws, 99);
            assert!(report.redrawn[0].p_value.unwrap() <= 0.05, "{:?}", report.redrawn);
            let groups: Vec<_> = report.equity.iter().map(|found| found.group.clone().unwrap()).collect();
            assert_eq!(groups, ["18", "65"]);
            assert!(report.equity.iter().all(|found| found.comparison.as_ref().unwrap().estimate.is_some()));
            // The same people, folded from the logs by another server, give the same bytes.
            let again = open(database, clock.clone()).await;
            let found = again.recompute(&company.analyst, &trial).await.unwrap();
            assert_eq!(found.frozen, found.recomputed);
            taken_away(&again, &company, &trial, &found.frozen).await;
            // Records of single people go to analysts alone, for a purpose that stays on record.
            assert_eq!(app.take_records(&company.designer, &trial, "to look around").await.map(|_| ()).map_err(code), Err("forbidden"));
            for nothing in ["", "why", &"x".repeat(501), "to look\naround here"] {
                assert_eq!(app.take_records(&company.analyst, &trial, nothing).await.map(|_| ()).map_err(code), Err("invalid"));
            }
            let records = app.take_records(&company.analyst, &trial, "to check the report by hand").await.unwrap();
            assert_eq!(records.people.units.len(), 120);
            let missing = app.data_view(&company.analyst, &trial).await.unwrap().outcomes;
            assert_eq!(missing[0].arms.iter().map(|arm| arm.assigned).sum::<u64>(), 120);
            let history = app.view_trial(&company.analyst, &trial).await.unwrap().history;
            let taken = history.iter().find(|entry| entry.action == "data.downloaded").unwrap();
            assert_eq!(taken.reason.as_deref(), Some("to check the report by hand"));
            // Whoever adopts it says why, although some group may be left worse off.
            let manager = hire(&app, "justice", PersonRole::Manager).await;
            let mut adopt = Move::plain(Verb::Decide, "");
            adopt.decision = Some(Decision::Adopt);
            let refused = app.move_trial(&manager, &trial, &adopt).await.unwrap_err();
            assert!(matches!(&refused, AppError::Invalid(faults) if faults[0].pointer == "/reason"), "{refused:?}");
        });
    }
}

/// The bundle gives the frozen bytes again without a server, and no changed byte goes unnoticed.
async fn taken_away(app: &App, company: &Company, trial: &str, frozen: &str) {
    for (actor, purpose) in [(&company.designer, "a look"), (&company.monitor, "a look")] {
        let refused = app.report_bundle(actor, trial, purpose).await.unwrap_err();
        assert!(matches!(refused, AppError::Forbidden(_)), "{refused:?}");
    }
    let program = Actor::Key(company.key.clone());
    assert!(matches!(app.report_bundle(&program, trial, "a look").await, Err(AppError::Forbidden(_))));
    assert!(matches!(app.report_bundle(&company.analyst, trial, " ").await, Err(AppError::Invalid(_))));
    let bundle = app.report_bundle(&company.analyst, trial, "to try another method").await.unwrap();
    let archive = bundle.to_tar().unwrap();
    let read = ReportBundle::from_tar(&archive).unwrap();
    assert_eq!(read, bundle, "what is written is read again, categories that look like numbers too");
    let again = read.recompute().unwrap();
    assert_eq!((again.frozen.as_str(), again.recomputed.as_str(), again.differs_at), (frozen, frozen, None));
    // Every place of the headers, and a sample of the rest: a bundle with one changed byte is not the one that was made.
    for place in (0..archive.len()).filter(|place| *place < 700 || place % 1_009 == 0) {
        let mut changed = archive.clone();
        changed[place] ^= 0x04;
        let noticed = ReportBundle::from_tar(&changed).map(|bundle| bundle.recompute().unwrap().differs_at);
        assert!(!matches!(noticed, Ok(None)), "the byte at {place}");
    }
}
