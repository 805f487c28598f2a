//! Every method from the first call to the published proof.

use chrono::Duration;
use fairtrial_analysis::bundle::ReportBundle;
use fairtrial_app::{
    Actor, App, AppError, BurdenCap, KeyActor,
    frontline::{
        assign::AssignCall,
        batch::SentUnit,
        notes::{NoteCall, OverrideCall},
        opt_out::OptOutCall,
    },
    trials::life::Move,
};
use fairtrial_domain::{
    UnitText,
    allocation::bundle::Bundle,
    event::EventId,
    note::{CodeWord, OptOutKind},
    trial::{AssignmentOutcome, Scope, Verb},
};
use fairtrial_store::batches::BatchRow;
use fairtrial_testkit::on_both_databases;
use serde_json::{Value, json};

use crate::stage::{Company, StandingClock, call, open, plan, run};

fn at_site(unit: &str, site: &str) -> AssignCall {
    AssignCall { cluster: Some(site.into()), ..call(unit) }
}

fn with_levels(unit: &str, levels: &Value) -> AssignCall {
    AssignCall { attributes: levels.as_object().unwrap().clone(), ..call(unit) }
}

fn code(error: AppError) -> &'static str {
    match error {
        AppError::Conflict { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

/// What is published of a trial, as somebody else reads it.
async fn bundle_of(app: &App, actor: &Actor, key: &str) -> Bundle {
    let pieces = app.allocation_bundle(actor, key).await.unwrap();
    Bundle::from_json(&pieces.map(Result::unwrap).collect::<Vec<_>>().concat()).unwrap()
}

on_both_databases! {
    fn a_stepped_wedge_follows_its_published_calendar(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let tax = Company::hire(&app, "tax").await;
            let sites = ["east", "north", "south", "west"];
            let wedge = json!({"allocation": {"method": "stepped_wedge", "sites": sites,
                "steps": ["2026-12-04", "2026-12-14"], "transition_days": 3}});
            let document = plan("letters", "tax", &wedge);
            let key = app.create_trial(&tax.designer, &document).await.unwrap();
            assert_eq!(code(app.calendar(&tax.designer, &key).unwrap_err()), "not_started");
            for (actor, verb) in
                [(&tax.designer, Verb::Submit), (&tax.approver, Verb::Approve), (&tax.designer, Verb::Start)]
            {
                app.move_trial(actor, &key, &Move::plain(verb, "as planned")).await.unwrap();
            }
            let published = app.calendar(&tax.designer, &key).unwrap();
            let calendar = published.calendar().unwrap().clone();

            let (mut in_transition, mut number) = (0, 0);
            for _ in 0..30 {
                let today = published.trial().day_of(app.ambient().now_micros());
                for site in sites {
                    number += 1;
                    let unit = format!("u-{number}");
                    let answer = app.assign(&tax.key, &key, &at_site(&unit, site)).await.unwrap();
                    let wanted = ["usual", "new"][calendar.arm(site, today).unwrap()];
                    assert_eq!((answer.outcome, answer.arm.unwrap().as_str()), (AssignmentOutcome::Assigned, wanted));
                    in_transition += u64::from(calendar.in_transition(site, today));
                    let again = app.assign(&tax.key, &key, &at_site(&unit, site)).await.unwrap();
                    assert_eq!(again.arm.unwrap().as_str(), wanted);
                }
                clock.advance(Duration::days(1));
            }
            assert_eq!(in_transition, 12, "three days at each of four sites");
            let unknown = app.assign(&tax.key, &key, &at_site("u-0", "elsewhere")).await.unwrap_err();
            assert!(matches!(&unknown, AppError::Invalid(faults) if faults[0].code == "unknown_cluster"), "{unknown:?}");

            for (actor, verb) in [(&tax.designer, Verb::Stop), (&tax.analyst, Verb::LockData)] {
                app.move_trial(actor, &key, &Move::plain(verb, "over")).await.unwrap();
            }
            let (_, report) = app.report(&tax.analyst, &key).await.unwrap();
            assert_eq!((report.flow.assigned, report.flow.in_transition), (108, 12));
            let comparison = &report.outcomes[0].comparisons[0];
            // Nobody paid: nothing varies, and no number is made of that.
            assert_eq!(comparison.estimate, None);
            let bundle = bundle_of(&app, &tax.analyst, &key).await;
            assert_eq!(bundle.verify(published.trial().secret_commitment.as_deref()).unwrap().people, 120);
        });
    }

    fn a_wedge_whose_first_step_has_passed_does_not_start(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let tax = Company::hire(&app, "tax").await;
            let wedge = json!({"allocation": {"method": "stepped_wedge", "sites": ["a", "b"], "steps": ["2026-11-23", "2026-12-14"]}});
            let key = app.create_trial(&tax.designer, &plan("late", "tax", &wedge)).await.unwrap();
            for (actor, verb) in [(&tax.designer, Verb::Submit), (&tax.approver, Verb::Approve)] {
                app.move_trial(actor, &key, &Move::plain(verb, "as planned")).await.unwrap();
            }
            let refused = app.move_trial(&tax.designer, &key, &Move::plain(Verb::Start, "")).await.unwrap_err();
            assert_eq!(code(refused), "steps_past");
        });
    }

    fn a_bundle_is_published_at_the_lock_and_proves_the_allocation(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let tax = Company::hire(&app, "tax").await;
            let attributes = json!([
                {"name": "age", "type": "category", "values": ["young", "old"], "purpose": "stratum"},
                {"name": "first", "type": "boolean", "purpose": "stratum"}
            ]);
            for allocation in [
                json!({"method": "simple"}),
                json!({"method": "permuted_blocks", "strata": ["age"]}),
                json!({"method": "minimisation", "factors": ["age", "first"], "probability": "0.85"}),
            ] {
                let method = allocation["method"].as_str().unwrap().replace('_', "-");
                let document = plan(&method, "tax", &json!({"attributes": attributes, "allocation": allocation}));
                let key = tax.start(&app, &document).await;
                // More than are written at once, of one method; at the same time, so that they share commits.
                let people = if method == "simple" { 900 } else { 60 };
                let mut asking = tokio::task::JoinSet::new();
                for n in 0..people {
                    let age = ["young", "old"][n * n % 3 % 2];
                    let call = with_levels(&format!("u-{n}"), &json!({"age": age, "first": n % 3 == 0}));
                    let (app, caller, key) = (std::sync::Arc::clone(&app), tax.key.clone(), key.clone());
                    asking.spawn(async move { app.assign(&caller, &key, &call).await.unwrap() });
                }
                asking.join_all().await;
                assert_eq!(code(app.allocation_bundle(&tax.analyst, &key).await.unwrap_err()), "not_locked");
                let commitment = app.trial_of(&tax.analyst, &key).unwrap().secret_commitment.clone();
                for (actor, verb) in [(&tax.designer, Verb::Stop), (&tax.analyst, Verb::LockData)] {
                    app.move_trial(actor, &key, &Move::plain(verb, "over")).await.unwrap();
                }
                let pieces: Vec<Vec<u8>> =
                    app.allocation_bundle(&tax.analyst, &key).await.unwrap().map(Result::unwrap).collect();
                assert_eq!(pieces.len(), people.div_ceil(500) + 2, "{method}");
                let sent = pieces.concat();
                let bundle = Bundle::from_json(&sent).unwrap();
                assert_eq!(serde_json::to_vec(&bundle).unwrap(), sent, "the pieces are the document written at once");
                let verified = bundle.verify(commitment.as_deref()).unwrap();
                assert_eq!(verified.people, people as u64, "{method}");
                // Two at a time, until they are dropped; and nothing is put on record of one that was not handed out.
                let held = [
                    app.allocation_bundle(&tax.analyst, &key).await.unwrap(),
                    app.allocation_bundle(&tax.analyst, &key).await.unwrap(),
                ];
                for _ in 0..2 {
                    let third = app.allocation_bundle(&tax.analyst, &key).await;
                    assert!(matches!(third, Err(AppError::Busy)), "{third:?}");
                    let report = app.packed_report(&tax.analyst, &key, "a check").await;
                    assert!(matches!(report, Err(AppError::Busy)), "{report:?}");
                    let refused = app.packed_report(&tax.designer, &key, "a check").await;
                    assert!(matches!(refused, Err(AppError::Forbidden(_))), "whoever may not is told so: {refused:?}");
                }
                drop(held);
                let packed = app.packed_report(&tax.analyst, &key, "a check").await.unwrap();
                assert_eq!((packed.trial.as_str(), ReportBundle::from_tar(&packed.archive).is_ok()), (key.as_str(), true));
                // The report draws again by itself.
                let (_, report) = app.report(&tax.analyst, &key).await.unwrap();
                let gate = report.integrity.iter().find(|gate| gate.gate == "allocation_replay").unwrap();
                assert_eq!(gate.status, fairtrial_analysis::report::GateStatus::Green, "{method}: {}", gate.detail);
                assert!(gate.detail.contains(&people.to_string()), "{}", gate.detail);
            }
        });
    }

    fn a_list_is_assigned_as_a_whole_once_a_second_person_commits_it(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let tax = Company::hire(&app, "tax").await;
            let attributes = json!([
                {"name": "age", "type": "category", "values": ["young", "old"], "purpose": "stratum"},
                {"name": "dollars", "type": "integer", "minimum": 0, "maximum": 5000, "purpose": "eligibility"}
            ]);
            let changes = json!({"attributes": attributes,
                "allocation": {"method": "permuted_blocks", "strata": ["age"], "block_multiples": [1, 2]},
                "eligibility": {"include": {"attribute": "dollars", "at_least": 10}}});
            let mut small = changes.clone();
            small["monitoring"] = json!({"alpha": "0.025", "power": "0.80", "sides": "one", "max_units": 30, "ends_on": "2030-01-01"});
            let (key, capped) = (
                tax.start(&app, &plan("letters", "tax", &changes)).await,
                tax.start(&app, &plan("capped", "tax", &small)).await,
            );
            let line = |line: u64, unit: &str, age: &str, dollars: &str| SentUnit {
                line,
                unit: unit.into(),
                cluster: None,
                attributes: json!({"age": age, "dollars": dollars}).as_object().unwrap().clone(),
            };
            let mut list: Vec<SentUnit> =
                (0..40_u64).map(|n| line(n + 2, &format!("u-{n}"), ["young", "old"][n as usize % 2], "20")).collect();
            list.extend([
                line(42, "u-3", "old", "20"),
                line(43, "ann@example.org", "old", "20"),
                line(44, "u-44", "older", "20"),
                line(45, "u-45", "old", "5"),
                line(46, "a b", "old", "20"),
            ]);
            let program = Actor::Key(KeyActor { scopes: [Scope::BatchesWrite].into(), ..tax.key.clone() });
            let refused = app.upload_batch(&Actor::Key(tax.key.clone()), &key, &list, true).await.unwrap_err();
            assert!(matches!(refused, AppError::Forbidden(_)));

            let (batch, new) = app.upload_batch(&tax.designer, &key, &list, true).await.unwrap();
            assert_eq!((new, batch.accepted), (true, 40));
            let refused: Value = serde_json::from_str(&batch.refused).unwrap();
            let refused: Vec<(u64, &str)> = refused.as_array().unwrap().iter()
                .map(|line| (line["line"].as_u64().unwrap(), line["code"].as_str().unwrap())).collect();
            assert_eq!(refused[0], (42, "duplicate_unit"));
            assert_eq!(refused[1], (43, "unit_looks_like_identifier"));
            assert_eq!((refused[2].0, refused[3], refused[4]), (44, (45, "not_eligible"), (46, "malformed_unit")));
            let balance: Value = serde_json::from_str(&batch.balance).unwrap();
            assert_eq!((&balance["expected"], &balance["strata"][0]["stratum"]), (&json!(true), &json!("old")));
            assert_eq!(app.people_in(&app.trial_of(&tax.designer, &key).unwrap()), 0, "nobody is assigned yet");
            for text in [&batch.units, &batch.refused, &batch.balance] {
                assert!(!text.contains("u-1") && !text.contains("ann@"), "no unit is kept as it was sent: {text}");
            }
            // The same list is the same batch.
            let (again, new) = app.upload_batch(&tax.approver, &key, &list, true).await.unwrap();
            assert_eq!((new, &again), (false, &batch));

            assert!(matches!(app.commit_batch(&tax.designer, &key, &batch.id).await, Err(AppError::Forbidden(_))));
            assert!(matches!(app.commit_batch(&program, &key, &batch.id).await, Err(AppError::Forbidden(_))));
            // Somebody of the list comes in at the counter first, and keeps that version.
            let early = app.assign(&tax.key, &key, &with_levels("u-7", &json!({"age": "old", "dollars": 20}))).await.unwrap();
            let done = app.commit_batch(&tax.approver, &key, &batch.id).await.unwrap();
            assert_eq!(code(app.commit_batch(&tax.approver, &key, &batch.id).await.unwrap_err()), "already_committed");
            assert_eq!(done.units, "");
            let (file, checksum) = (done.file.unwrap(), done.checksum.unwrap());
            assert_eq!(fairtrial_domain::canonical::sha256_hex(&file), checksum);
            let lines: Vec<Vec<&str>> = file.lines().map(|line| line.split(',').collect()).collect();
            assert_eq!(lines[0], ["line", "arm", "outcome", "assignment_id", "payload.letter"]);
            assert_eq!(lines.len(), 41);
            for (n, line) in lines[1..].iter().enumerate() {
                assert_eq!(line[0], (n + 2).to_string());
                let known = app.look_up(&tax.key, &key, &fairtrial_domain::UnitText::new(&format!("u-{n}")).unwrap()).await.unwrap();
                assert_eq!((known.arm.unwrap().as_str(), known.assignment_id.as_deref()), (line[1], Some(line[3])));
                assert_eq!(line[4], if line[1] == "new" { "b" } else { "a" });
                assert_eq!(line[2], if n == 7 { "existing" } else { "assigned" });
            }
            assert_eq!(lines[8][1], early.arm.unwrap().as_str());

            // All or nobody: the cap is thirty.
            let (batch, _) = app.upload_batch(&program, &capped, &list, true).await.unwrap();
            assert_eq!(code(app.commit_batch(&tax.approver, &capped, &batch.id).await.unwrap_err()), "changed_meanwhile");
            assert_eq!(app.people_in(&app.trial_of(&tax.designer, &capped).unwrap()), 0);
            assert_eq!(app.batch(&tax.designer, &capped, &batch.id).await.unwrap(), batch, "the list still waits");

            for (actor, verb) in [(&tax.designer, Verb::Stop), (&tax.analyst, Verb::LockData)] {
                app.move_trial(actor, &key, &Move::plain(verb, "over")).await.unwrap();
            }
            let bundle = bundle_of(&app, &tax.analyst, &key).await;
            assert_eq!(bundle.verify(None).unwrap().people, 40, "one allocator for letters and the counter");
        });
    }

    fn whoever_may_not_enter_any_more_keeps_a_list_from_being_committed(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let tax = Company::hire(&app, "tax").await;
            let layered = json!({"layer": "mail"});
            let (letters, other) = (
                tax.start(&app, &plan("letters", "tax", &layered)).await,
                tax.start(&app, &plan("other", "tax", &layered)).await,
            );
            let person = Actor::Key(tax.key.clone());
            let out = |unit: &str| OptOutCall {
                unit: UnitText::new(unit).unwrap(),
                kind: OptOutKind::All,
                trial: None,
                channel: CodeWord::new("phone").unwrap(),
            };
            let sent = |line: u64, unit: &str| SentUnit { line, unit: unit.into(), cluster: None, attributes: serde_json::Map::new() };
            let names = ["early", "ana", "ben", "eve", "given", "dan", "fay", "gus"];
            let list: Vec<SentUnit> = (2..).zip(names).map(|(line, unit)| sent(line, unit)).collect();
            let refused = |batch: &BatchRow| -> Vec<(u64, String)> {
                let lines: Value = serde_json::from_str(&batch.refused).unwrap();
                lines.as_array().unwrap().iter()
                    .map(|line| (line["line"].as_u64().unwrap(), line["code"].as_str().unwrap().to_owned())).collect()
            };
            // One has opted out before the list is read, two are in the trial, and one of these is given the other version.
            app.opt_out(&person, &out("early")).await.unwrap();
            for unit in ["eve", "given"] {
                app.assign(&tax.key, &letters, &call(unit)).await.unwrap();
            }
            let arm = app.look_up(&tax.key, &letters, &UnitText::new("given").unwrap()).await.unwrap().arm.unwrap();
            let another = if arm.as_str() == "new" { "usual" } else { "new" };
            let better = OverrideCall {
                note: NoteCall { event_id: EventId::new("o-1").unwrap(), unit: UnitText::new("given").unwrap() },
                to_arm: another.into(),
                reason_code: CodeWord::new("hardship").unwrap(),
                remark: None,
            };
            app.override_version(&tax.key, &letters, &better).await.unwrap();
            let (batch, _) = app.upload_batch(&tax.designer, &letters, &list, false).await.unwrap();
            assert_eq!((batch.accepted, refused(&batch)), (7, vec![(2, "opted_out".to_owned())]));

            // Meanwhile: new to the trial, elsewhere in the layer, and in the trial already.
            app.opt_out(&person, &out("ana")).await.unwrap();
            assert!(app.assign(&tax.key, &other, &call("ben")).await.unwrap().arm.is_some());
            app.opt_out(&person, &out("eve")).await.unwrap();
            let failed = app.commit_batch(&tax.approver, &letters, &batch.id).await.unwrap_err();
            let said = failed.to_string();
            assert_eq!(code(failed), "changed_meanwhile");
            for line in ["line 3 (opted_out)", "line 4 (excluded_by_other_trial)", "line 5 (opted_out)"] {
                assert!(said.contains(line), "{said}");
            }
            assert_eq!(said.matches("line ").count(), 3, "{said}");
            assert_eq!(app.people_in(&app.trial_of(&tax.designer, &letters).unwrap()), 2, "nobody of the list is assigned");
            assert_eq!(app.batch(&tax.designer, &letters, &batch.id).await.unwrap(), batch, "the list still waits");

            // The same list again is read without them.
            let (again, new) = app.upload_batch(&tax.designer, &letters, &list, false).await.unwrap();
            let codes = ["opted_out", "opted_out", "excluded_by_other_trial", "opted_out"];
            let expected: Vec<(u64, String)> = (2..).zip(codes.map(str::to_owned)).collect();
            assert_eq!((new, again.accepted, refused(&again)), (true, 4, expected));
            // The burden cap as it stands at the commit, for those who are new.
            app.assign(&tax.key, &tax.start(&app, &plan("third", "tax", &json!({}))).await, &call("gus")).await.unwrap();
            app.set_burden_cap_of("tax", Some(BurdenCap { trials: 1, days: 90 })).await.unwrap();
            let failed = app.commit_batch(&tax.approver, &letters, &again.id).await.unwrap_err();
            assert!(failed.to_string().contains(": line 9 (burden_cap);"), "{failed}");
            app.set_burden_cap_of("tax", None).await.unwrap();

            let file = app.commit_batch(&tax.approver, &letters, &again.id).await.unwrap().file.unwrap();
            let lines: Vec<Vec<&str>> = file.lines().skip(1).map(|line| line.split(',').collect()).collect();
            let outcomes: Vec<(&str, &str)> = lines.iter().map(|line| (line[0], line[2])).collect();
            assert_eq!(outcomes, [("6", "existing"), ("7", "assigned"), ("8", "assigned"), ("9", "assigned")]);
            assert_eq!((lines[0][1], lines[0][4]), (arm.as_str(), if another == "new" { "b" } else { "a" }));
        });
    }
}
