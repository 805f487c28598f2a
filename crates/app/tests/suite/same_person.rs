//! People who are known by one name first and by another later.

use chrono::Duration;
use fairtrial_analysis::report::GateStatus;
use fairtrial_app::{
    Actor, App, AppError, BurdenCap, Clock,
    frontline::{
        apart::{ApartCall, ApartReceipt},
        assign::AssignCall,
        notes::{HarmCall, NoteCall},
        opt_out::OptOutCall,
        same_person::{SamePersonCall, SamePersonReceipt},
    },
    trials::life::Move,
};
use fairtrial_domain::{
    UnitText,
    event::EventId,
    note::{CodeWord, DeliveryStatus, OptOutKind},
    trial::{AssignmentOutcome, PersonRole, State, Verb},
};
use fairtrial_testkit::on_both_databases;
use serde_json::{Value, json};

use crate::stage::{Company, StandingClock, call, hire, open, plan, run};

fn same(id: &str, unit: &str, same_as: &str) -> SamePersonCall {
    SamePersonCall {
        event_id: EventId::new(id).unwrap(),
        unit: UnitText::new(unit).unwrap(),
        same_as: UnitText::new(same_as).unwrap(),
        purpose: CodeWord::new("sign-in").unwrap(),
    }
}

async fn link(app: &App, company: &Company, unit: &str, same_as: &str) -> SamePersonReceipt {
    app.link_units(&Actor::Key(company.key.clone()), &same(&format!("{unit}~{same_as}"), unit, same_as)).await.unwrap()
}

async fn part(app: &App, caller: &Actor, id: &str, unit: &str, same_as: &str) -> Result<ApartReceipt, AppError> {
    let call = ApartCall {
        event_id: EventId::new(id).unwrap(),
        unit: UnitText::new(unit).unwrap(),
        same_as: UnitText::new(same_as).unwrap(),
        reason: CodeWord::new("shared-device").unwrap(),
    };
    app.part_units(caller, &call).await
}

fn paid(id: &str, unit: &str) -> Value {
    json!({"event_id": id, "unit": unit, "event": "fine.paid", "occurred_at": "2026-11-23T09:00:00Z"})
}

async fn report(app: &App, company: &Company, trial: &str) -> Value {
    serde_json::to_value(app.report(&company.analyst, trial).await.unwrap().1).unwrap()
}

fn total(arms: &Value, field: &str) -> u64 {
    arms.as_array().unwrap().iter().map(|arm| arm.pointer(field).and_then(Value::as_u64).unwrap_or(0)).sum()
}

/// Somebody who is assigned to the arm, by a name that nobody has yet.
async fn somebody_in(app: &App, company: &Company, trial: &str, arm: &str, scheme: &str) -> String {
    for n in 0.. {
        let unit = format!("{scheme}:s{n}");
        let place = app.assign(&company.key, trial, &call(&unit)).await.unwrap();
        if place.outcome == AssignmentOutcome::Assigned && place.arm.unwrap().as_str() == arm {
            return unit;
        }
    }
    unreachable!("chance draws both arms")
}

on_both_databases! {
    fn the_arm_of_the_first_name_is_served_and_counted_under_the_later_one(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            for n in 0..20 {
                let (web, customer) = (format!("web:b{n}"), format!("customer:k{n}"));
                let first = app.assign(&company.key, &trial, &call(&web)).await.unwrap();
                // Nobody knows yet whose this is.
                app.record(&company.key, &[paid(&format!("too-early-{n}"), &customer)], false).await.unwrap();
                let receipt = link(&app, &company, &customer, &web).await;
                assert_eq!(receipt, SamePersonReceipt { duplicate: false, in_two_arms: vec![], in_twice: vec![] });
                assert!(link(&app, &company, &customer, &web).await.duplicate, "a repeat");
                assert!(app.link_units(&Actor::Key(company.key.clone()), &same(&format!("again-{n}"), &web, &customer)).await.unwrap().duplicate);
                let later = app.assign(&company.key, &trial, &call(&customer)).await.unwrap();
                assert_eq!(later.outcome, AssignmentOutcome::Existing);
                assert_eq!((later.arm, later.assignment_id, later.assigned_at), (first.arm.clone(), first.assignment_id, first.assigned_at));
                let looked = app.look_up(&company.key, &trial, &call(&customer).unit).await.unwrap();
                assert_eq!(looked.arm, first.arm);
                app.record(&company.key, &[paid(&format!("paid-{n}"), if n % 2 == 0 { &customer } else { &web })], false).await.unwrap();
                let note = NoteCall { event_id: EventId::new(&format!("seen-{n}")).unwrap(), unit: UnitText::new(&customer).unwrap() };
                app.note_delivery(&company.key, &trial, &note, DeliveryStatus::Seen, clock.now()).await.unwrap();
                let repeat = app.note_delivery(&company.key, &trial, &note, DeliveryStatus::Seen, clock.now()).await.unwrap();
                assert!(repeat.duplicate);
            }
            // Two names before any assignment: whichever asks first enters, once.
            link(&app, &company, "customer:fresh", "web:fresh").await;
            let one = app.assign(&company.key, &trial, &call("customer:fresh")).await.unwrap();
            let other = app.assign(&company.key, &trial, &call("web:fresh")).await.unwrap();
            assert_eq!((one.outcome, other.outcome, &one.arm), (AssignmentOutcome::Assigned, AssignmentOutcome::Existing, &other.arm));

            clock.advance(Duration::days(9));
            let told = report(&app, &company, &trial).await;
            let arms = &told["arms"];
            assert_eq!((total(arms, "/assigned"), total(arms, "/analysed"), total(arms, "/missing")), (21, 21, 0));
            let flow = &told["flow"]["arms"];
            assert_eq!((total(flow, "/handling/seen"), total(flow, "/handling/in_two_arms"), total(flow, "/handling/in_twice")), (20, 0, 0));
            // 20 payments after the link; the 20 before it are about nobody in the trial.
            let evidence = &told["integrity"];
            let stray = evidence.as_array().unwrap().iter().find(|gate| gate["gate"] == "stray_events").unwrap();
            assert!(stray["detail"].as_str().unwrap().starts_with("20 events were counted"), "{stray}");

            let fresh = open(database, clock.clone()).await;
            let mut again = report(&fresh, &company, &trial).await;
            again["as_of"] = told["as_of"].clone();
            assert_eq!(again, told, "a server that reads everything anew");
        });
    }

    fn whoever_is_in_two_arms_keeps_both_answers_and_is_in_no_result(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let (old, new) = (somebody_in(&app, &company, &trial, "usual", "web").await, somebody_in(&app, &company, &trial, "new", "customer").await);
            let (first, twice) = (somebody_in(&app, &company, &trial, "new", "app").await, somebody_in(&app, &company, &trial, "new", "paper").await);
            app.record(&company.key, &[paid("e1", &old), paid("e2", &new), paid("e3", &first), paid("e4", &twice)], false).await.unwrap();
            let everybody = app.known_units() as u64;

            let receipt = link(&app, &company, &new, &old).await;
            assert_eq!((receipt.in_two_arms, receipt.in_twice), (vec![trial.clone()], vec![]));
            let receipt = link(&app, &company, &twice, &first).await;
            assert_eq!((receipt.in_two_arms, receipt.in_twice), (vec![], vec![trial.clone()]));
            for (unit, arm) in [(&old, "usual"), (&new, "new"), (&first, "new"), (&twice, "new")] {
                let place = app.assign(&company.key, &trial, &call(unit)).await.unwrap();
                assert_eq!((place.outcome, place.arm.unwrap().as_str()), (AssignmentOutcome::Existing, arm), "nobody is moved");
            }
            app.record(&company.key, &[paid("e5", &old), paid("e6", &twice)], false).await.unwrap();
            clock.advance(Duration::days(9));
            let told = report(&app, &company, &trial).await;
            assert_eq!((total(&told["arms"], "/assigned"), total(&told["arms"], "/analysed")), (everybody, everybody - 3));
            let flow = &told["flow"]["arms"];
            assert_eq!((total(flow, "/handling/in_two_arms"), total(flow, "/handling/in_twice")), (2, 1));

            // A third name joins the two of one arm to the two of two: nobody of them counts any more.
            link(&app, &company, &twice, &old).await;
            let told = report(&app, &company, &trial).await;
            let flow = &told["flow"]["arms"];
            assert_eq!((total(flow, "/handling/in_two_arms"), total(flow, "/handling/in_twice")), (4, 0));
            assert_eq!(total(&told["arms"], "/analysed"), everybody - 4);
            let fresh = open(database, clock.clone()).await;
            let mut again = report(&fresh, &company, &trial).await;
            again["as_of"] = told["as_of"].clone();
            assert_eq!(again, told);
        });
    }

    fn what_is_said_after_the_lock_of_the_data_changes_no_result(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let (old, new) = (somebody_in(&app, &company, &trial, "usual", "web").await, somebody_in(&app, &company, &trial, "new", "customer").await);
            clock.advance(Duration::days(30));
            app.move_trial(&company.designer, &trial, &Move::plain(Verb::Stop, "enough")).await.unwrap();
            app.move_trial(&company.analyst, &trial, &Move::plain(Verb::LockData, "over")).await.unwrap();
            let before = report(&app, &company, &trial).await;
            let receipt = link(&app, &company, &new, &old).await;
            assert_eq!(receipt.in_two_arms, Vec::<String>::new(), "the trial is not open");
            assert_eq!(report(&app, &company, &trial).await, before);
            let fresh = open(database, clock.clone()).await;
            assert_eq!(report(&fresh, &company, &trial).await, before);
            let again = fresh.recompute(&company.analyst, &trial).await.unwrap();
            assert_eq!(again.frozen, again.recomputed);
        });
    }

    fn what_a_person_wants_and_has_met_holds_under_each_name(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let (letter, other) = (
                company.start(&app, &plan("letter", "justice", &json!({"layer": "letters"}))).await,
                company.start(&app, &plan("other", "justice", &json!({"layer": "letters"}))).await,
            );
            app.set_burden_cap(&Actor::Key(company.key.clone()), Some(BurdenCap { trials: 1, days: 90 })).await.err();
            let key = Actor::Key(company.key.clone());
            let out = |unit: &str, kind| OptOutCall { unit: UnitText::new(unit).unwrap(), kind, trial: None, channel: CodeWord::new("phone").unwrap() };
            let outcome = async |app: &App, trial: &str, unit: &str| app.assign(&company.key, trial, &call(unit)).await.unwrap().outcome;
            // In one trial of the layer under one name, kept out of the other under the other name, by memory and by the database.
            assert_eq!(outcome(&app, &letter, "web:ana").await, AssignmentOutcome::Assigned);
            let second = open(database, clock.clone()).await;
            link(&app, &company, "customer:ana", "web:ana").await;
            for server in [&second, &app] {
                assert_eq!(outcome(server, &other, "customer:ana").await, AssignmentOutcome::ExcludedByOtherTrial);
                assert_eq!(outcome(server, &letter, "customer:ana").await, AssignmentOutcome::Existing);
            }
            // Who said no under one name is asked under none.
            app.opt_out(&key, &out("customer:ben", OptOutKind::All)).await.unwrap();
            link(&app, &company, "customer:ben", "web:ben").await;
            for server in [&second, &app] {
                assert_eq!(outcome(server, &letter, "web:ben").await, AssignmentOutcome::OptedOut);
            }
            // Data that were taken out under one name go under the other, before the link and after.
            assert_eq!(outcome(&app, &letter, "web:cy").await, AssignmentOutcome::Assigned);
            app.opt_out(&key, &out("customer:cy", OptOutKind::Data)).await.unwrap();
            link(&app, &company, "customer:cy", "web:cy").await;
            assert_eq!(outcome(&app, &letter, "web:dee").await, AssignmentOutcome::Assigned);
            link(&app, &company, "customer:dee", "web:dee").await;
            app.opt_out(&key, &out("customer:dee", OptOutKind::Data)).await.unwrap();
            let told = report(&app, &company, &letter).await;
            assert_eq!(total(&told["flow"]["arms"], "/handling/data_withdrawn"), 2);
            // Harm under the later name is harm in the arm of the first.
            let note = NoteCall { event_id: EventId::new("h1").unwrap(), unit: UnitText::new("customer:ana").unwrap() };
            let harm = HarmCall { note, severity: 2, kind: CodeWord::new("distress").unwrap(), at: clock.now() };
            app.report_harm(&company.key, &letter, &harm).await.unwrap();
            let told = report(&app, &company, &letter).await;
            assert_eq!(total(&told["flow"]["arms"], "/handling/harms/1"), 1);
        });
    }

    fn an_opt_out_is_taken_back_under_whichever_name_and_holds_no_more_under_any(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let second = open(database, StandingClock::new()).await;
            let key = Actor::Key(company.key.clone());
            let out = |unit: &str| OptOutCall {
                unit: UnitText::new(unit).unwrap(), kind: OptOutKind::All, trial: None, channel: CodeWord::new("phone").unwrap(),
            };
            let outcome = async |app: &App, unit: &str| app.assign(&company.key, &trial, &call(unit)).await.unwrap().outcome;
            // Said under one name, or under two before anybody knew that they are one.
            let once = app.opt_out(&key, &out("web:ana")).await.unwrap();
            let (mine, other) = (app.opt_out(&key, &out("web:ben")).await.unwrap(), app.opt_out(&key, &out("customer:ben")).await.unwrap());
            let entries = || async { app.head_of_audit().await.unwrap().checkpoint.size };
            for person in ["ana", "ben"] {
                link(&app, &company, &format!("customer:{person}"), &format!("web:{person}")).await;
            }
            let stranger = app.opt_out(&key, &out("web:cy")).await.unwrap();
            let before = entries().await;
            assert_eq!(app.withdraw_opt_out(&key, &out("customer:ana")).await, Ok(once.clone()));
            assert_eq!(app.withdraw_opt_out(&key, &out("customer:ben")).await, Ok(other.clone()), "its own number where it has one");
            assert_eq!(entries().await - before, 2, "one entry each");
            for server in [&app, &second] {
                server.catch_up().await.unwrap();
                for name in ["web:ana", "customer:ana", "web:ben", "customer:ben"] {
                    assert!(outcome(server, name).await.is_enrolled(), "{name}");
                }
                assert_eq!(outcome(server, "web:cy").await, AssignmentOutcome::OptedOut, "nobody else's");
            }
            // A repeat under any name is told a number, and changes nothing.
            assert_eq!(app.withdraw_opt_out(&key, &out("web:ana")).await, Ok(once));
            assert_eq!(app.withdraw_opt_out(&key, &out("web:ben")).await, Ok(mine));
            assert_eq!(entries().await - before, 2);
            assert_eq!(app.withdraw_opt_out(&key, &out("customer:cy")).await, Err(AppError::NotFound("opt-out")), "not linked");
            assert_eq!(app.withdraw_opt_out(&key, &out("web:cy")).await, Ok(stranger));
            let fresh = open(database, StandingClock::new()).await;
            assert!(outcome(&fresh, "customer:ben").await.is_enrolled(), "also a server that reads everything anew");
        });
    }

    fn a_link_that_was_a_mistake_is_taken_back_and_no_answer_changes(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let second = open(database, clock.clone()).await;
            let asked = async |app: &App, unit: &str| {
                let place = app.assign(&company.key, &trial, &call(unit)).await.unwrap();
                (place.outcome, place.arm, place.assignment_id)
            };
            // One place for two, one place for each of two, and nobody's place yet.
            let lent = asked(&app, "web:lent").await;
            let (old, new) = (somebody_in(&app, &company, &trial, "usual", "web").await, somebody_in(&app, &company, &trial, "new", "customer").await);
            for (unit, same_as) in [("customer:lent", "web:lent"), (&new, &old), ("customer:none", "web:none")] {
                link(&app, &company, unit, same_as).await;
            }
            let borrowed = asked(&app, "customer:lent").await;
            assert_eq!((&borrowed.1, &borrowed.2), (&lent.1, &lent.2));
            app.record(&company.key, &[paid("mixed", "customer:lent"), paid("mine", "web:lent")], false).await.unwrap();
            let key = Actor::Key(company.key.clone());
            let out = OptOutCall { unit: UnitText::new("web:lent").unwrap(), kind: OptOutKind::All, trial: None, channel: CodeWord::new("phone").unwrap() };
            let entries = || async { app.head_of_audit().await.unwrap().checkpoint.size };
            let everybody = app.known_units() as u64;
            let before = entries().await;

            let receipt = part(&app, &key, "p1", "web:lent", "customer:lent").await.unwrap();
            assert_eq!(receipt, ApartReceipt { duplicate: false, left_out_in: vec![trial.clone()] });
            assert_eq!(part(&app, &key, "p1", "web:lent", "customer:lent").await.unwrap(), ApartReceipt { duplicate: true, ..receipt });
            assert_eq!(part(&app, &key, "p2", &old, &new).await.unwrap().left_out_in, Vec::<String>::new(), "each has its own place");
            assert_eq!(entries().await - before, 2, "one entry each");
            let privacy = crate::stage::hire(&app, "justice", PersonRole::Privacy).await;
            let hired = entries().await;
            assert!(part(&app, &privacy, "p3", "web:none", "customer:none").await.unwrap().left_out_in.is_empty());
            assert_eq!(entries().await - hired, 1, "one entry");

            // A wish of one is not the other's any more, and nobody is moved, whoever is asked and whatever they knew.
            app.opt_out(&key, &out).await.unwrap();
            let third = open(database, clock.clone()).await;
            for server in [&second, &app, &third] {
                server.catch_up().await.unwrap();
                assert_eq!(asked(server, "web:lent").await.0, AssignmentOutcome::OptedOut);
                assert_eq!(asked(server, "customer:lent").await, borrowed);
                assert_eq!(asked(server, &old).await.1.unwrap().as_str(), "usual");
                assert_eq!(asked(server, &new).await.1.unwrap().as_str(), "new");
            }
            app.withdraw_opt_out(&key, &out).await.unwrap();
            // A server that knows nothing of it yet is told by the transaction of the draw.
            let (web, customer) = (asked(&second, "web:none").await, asked(&app, "customer:none").await);
            assert_eq!((web.0, customer.0), (AssignmentOutcome::Assigned, AssignmentOutcome::Assigned), "two people, two draws");
            assert_ne!(web.2, customer.2);

            // A harm of the one who was lent a place has an arm; what else is noted of them is about nobody in the trial.
            let note = |id: &str| NoteCall { event_id: EventId::new(id).unwrap(), unit: UnitText::new("customer:lent").unwrap() };
            let harm = HarmCall { note: note("h1"), severity: 4, kind: CodeWord::new("distress").unwrap(), at: clock.now() };
            let delivered = app.note_delivery(&company.key, &trial, &note("d1"), DeliveryStatus::Seen, clock.now()).await;
            assert_eq!(delivered, Err(AppError::NotFound("assignment")));
            app.record(&company.key, &[paid("later", "customer:lent"), paid("own", &new)], false).await.unwrap();
            clock.advance(Duration::days(9));
            let told = report(&app, &company, &trial).await;
            let flow = &told["flow"]["arms"];
            assert_eq!((total(flow, "/handling/link_taken_back"), total(flow, "/handling/in_two_arms"), total(flow, "/handling/seen")), (1, 2, 0));
            assert_eq!((total(&told["arms"], "/assigned"), total(&told["arms"], "/analysed")), (everybody + 2, everybody + 2 - 3));
            for server in [&second, &open(database, clock.clone()).await] {
                let mut again = report(server, &company, &trial).await;
                again["as_of"] = told["as_of"].clone();
                assert_eq!(again, told, "whoever reads the same rows");
            }
            let suspended = app.report_harm(&company.key, &trial, &harm).await.unwrap().state;
            assert_eq!(suspended == State::Suspended, borrowed.1.as_ref().unwrap().as_str() == "new", "the gravest kind in a new version");

            // The same two may turn out to be one after all, and then be parted again; the first version stays with the name.
            link(&app, &company, "customer:lent", &new).await;
            assert_eq!(app.look_up(&company.key, &trial, &UnitText::new("customer:lent").unwrap()).await.unwrap_or_else(|e| panic!("{e:?}")).assignment_id.is_some(), suspended != State::Suspended);
            assert!(!part(&app, &key, "p4", "customer:lent", &new).await.unwrap().duplicate);
            assert_eq!(app.check_audit(None).await.unwrap().found, 0);
        });
    }

    fn what_cannot_be_parted_is_refused_and_changes_nothing(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let key = Actor::Key(company.key.clone());
            link(&app, &company, "web:a", "web:b").await;
            link(&app, &company, "web:b", "web:c").await;
            let before = app.head_of_audit().await.unwrap();
            assert!(matches!(part(&app, &key, "x1", "web:a", "web:a").await, Err(AppError::Invalid(_))));
            assert!(matches!(part(&app, &key, "x2", "web:a", "web:z").await, Err(AppError::NotFound(_))));
            let through = part(&app, &key, "x3", "web:a", "web:c").await;
            assert!(matches!(through, Err(AppError::Conflict { code: "linked_through_others", .. })), "{through:?}");
            let taken = part(&app, &key, "web:a~web:b", "web:a", "web:b").await;
            assert!(matches!(taken, Err(AppError::Conflict { code: "event_id_conflict", .. })), "{taken:?}");
            assert!(matches!(part(&app, &company.designer, "x4", "web:a", "web:b").await, Err(AppError::Forbidden(_))));
            let test = Actor::Key(fairtrial_app::KeyActor { live: false, ..company.key.clone() });
            assert!(part(&app, &test, "x5", "web:a", "web:b").await.unwrap().left_out_in.is_empty());
            assert_eq!(app.head_of_audit().await.unwrap(), before);
            // In a chain of three, whoever hangs on the other end stays with the one in the middle.
            part(&app, &key, "x6", "web:a", "web:b").await.unwrap();
            assert!(!link(&app, &company, "web:c", "web:a").await.duplicate, "the first is somebody else now");
            assert!(app.link_units(&Actor::Key(company.key.clone()), &same("x7", "web:b", "web:a")).await.unwrap().duplicate, "and again one by another way");
        });
    }

    fn looks_ahead_and_people_who_are_asked_for_again_are_counted_and_told_of(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let seen = async |app: &App| app.concealment(&app.trial_of(&company.designer, &trial).unwrap()).await.unwrap();
            let look = async |key: &fairtrial_app::KeyActor, unit: &str| {
                let answer = app.assign(key, &trial, &AssignCall { dry_run: true, ..call(unit) }).await.unwrap();
                assert_eq!(answer.arm, None, "no arm is told");
            };
            app.assign(&company.key, &trial, &call("web:in")).await.unwrap();
            // A test key, and a look at somebody who is in the trial, could not choose anybody.
            look(&fairtrial_app::KeyActor { live: false, ..company.key.clone() }, "web:out").await;
            look(&company.key, "web:in").await;
            for n in 0..9 {
                look(&company.key, &format!("web:n{n}")).await;
            }
            let found = seen(&app).await;
            assert_eq!((found.looks_ahead, found.asked_again, found.status), (9, 0, GateStatus::Green), "somebody tries the connection");
            look(&company.key, "web:n9").await;
            assert_eq!(seen(&app).await.status, GateStatus::Amber, "10 looks for one person assigned");
            app.write_counters().await.unwrap();
            let fresh = open(database, clock.clone()).await;
            assert_eq!(seen(&fresh).await.looks_ahead, 10, "they are kept");
            assert_eq!(report(&app, &company, &trial).await["flow"]["requests"], 1, "and are no touch of the service");

            for n in 0..300 {
                app.assign(&company.key, &trial, &call(&format!("web:m{n}"))).await.unwrap();
            }
            app.catch_up().await.unwrap();
            assert_eq!(seen(&app).await.status, GateStatus::Green);
            link(&app, &company, "web:m7", "web:m8").await;
            let found = seen(&app).await;
            assert!((1..=2).contains(&found.asked_again) && found.status == GateStatus::Amber, "{found:?}");
        });
    }

    fn what_is_no_link_is_refused_and_changes_nothing(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let one = app.link_units(&Actor::Key(company.key.clone()), &same("l1", "web:a", "web:a")).await;
            assert!(matches!(one, Err(AppError::Invalid(_))), "{one:?}");
            link(&app, &company, "web:a", "web:b").await;
            let other = app.link_units(&Actor::Key(company.key.clone()), &same("web:a~web:b", "web:a", "web:c")).await;
            assert!(matches!(other, Err(AppError::Conflict { code: "event_id_conflict", .. })), "{other:?}");
            for n in 0..14 {
                link(&app, &company, &format!("name:n{n}"), "web:a").await;
            }
            let many = app.link_units(&Actor::Key(company.key.clone()), &same("l2", "name:one-more", "web:a")).await;
            assert!(matches!(many, Err(AppError::Conflict { code: "too_many_names", .. })), "{many:?}");
            let refused = app.link_units(&company.designer, &same("l4", "web:x", "web:y")).await;
            assert!(matches!(refused, Err(AppError::Forbidden(_))), "{refused:?}");
            let test = Actor::Key(fairtrial_app::KeyActor { live: false, ..company.key.clone() });
            assert!(!app.link_units(&test, &same("l3", "web:x", "web:y")).await.unwrap().duplicate);
            assert!(!link(&app, &company, "web:x", "web:y").await.duplicate, "with a test key nothing is kept");
            let officer = hire(&app, "justice", PersonRole::Privacy).await;
            let before = app.head_of_audit().await.unwrap().checkpoint.size;
            assert!(!app.link_units(&officer, &same("l5", "web:z", "web:y")).await.unwrap().duplicate);
            assert!(app.link_units(&officer, &same("l6", "web:z", "web:x")).await.unwrap().duplicate, "by another name");
            assert_eq!(app.head_of_audit().await.unwrap().checkpoint.size, before + 1, "what was known before is no entry");
        });
    }

    fn two_servers_that_hear_of_a_person_at_once_place_them_once(database) {
        run(async {
            let clock = StandingClock::new();
            let (one, two) = (open(database, clock.clone()).await, open(database, clock.clone()).await);
            let company = Company::hire(&one, "justice").await;
            let key = Actor::Key(company.key.clone());
            let trial = company.start(&one, &plan("letter", "justice", &json!({}))).await;
            two.catch_up().await.unwrap();
            for n in 0..40 {
                let (web, customer) = (format!("web:r{n}"), format!("customer:r{n}"));
                let (linking, asking, sending) = (same(&format!("r{n}"), &customer, &web), call(&web), call(&customer));
                let (linked, first, second) = tokio::join!(
                    one.link_units(&key, &linking),
                    two.assign(&company.key, &trial, &asking),
                    one.assign(&company.key, &trial, &sending),
                );
                let (linked, first, second) = (linked.unwrap(), first.unwrap(), second.unwrap());
                // Whoever is assigned after the link gets the one place; whoever was before is told of.
                let again = [&one, &two];
                for server in again {
                    for (call, place) in [(&asking, &first), (&sending, &second)] {
                        let answer = server.assign(&company.key, &trial, call).await.unwrap();
                        assert_eq!(answer.arm, place.arm, "no answer flips");
                    }
                }
                if first.arm != second.arm {
                    let told = one.link_units(&key, &linking).await.unwrap();
                    assert!(told.in_two_arms.contains(&trial), "{linked:?}");
                }
            }
            clock.advance(Duration::days(9));
            let (mine, mut theirs) = (report(&one, &company, &trial).await, report(&two, &company, &trial).await);
            theirs["as_of"] = mine["as_of"].clone();
            assert_eq!(mine, theirs);
        });
    }
}
