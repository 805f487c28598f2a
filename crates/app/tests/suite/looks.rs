//! Looks in running trials: each held once, at a cut that can be told, and acting by itself.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Duration, Utc};
use fairtrial_analysis::{
    monitor::{self, LookDecision},
    report::{LookStatus, VerdictKind},
};
use fairtrial_app::{
    Actor, Ambient, App, AppError, Clock, MasterKey, people::accounts::NewAccount, trials::life::Move,
};
use fairtrial_domain::{
    Decimal, LockedProtocol, Pseudonym,
    eligibility::Attributes,
    projection::{AssignedUnit, Evidence, FoldedEvent, TrialProjection},
    trial::{AssignmentOutcome, PersonRole, State, Verb},
};
use fairtrial_store::{Store, WriterSettings, log, looks};
use fairtrial_testkit::{database::TestDatabase, on_both_databases};
use serde_json::{Value, json};

use crate::{
    life::code,
    stage::{Company, PASSWORD, Seeded, StandingClock, call, hire, open, plan, run},
};

/// Half of forty people, then the end.
fn two_looks() -> Value {
    json!({"monitoring": {"alpha": "0.025", "power": "0.80", "sides": "one", "max_units": 40, "ends_on": "2030-01-01",
        "looks": ["0.5", "1"], "efficacy": {"spending": "obrien_fleming"},
        "futility": {"spending": "hwang_shih_decani", "gamma": "-2", "binding": false}}})
}

/// Another server on the same database, with the same clock.
pub(crate) async fn beside(database: &TestDatabase, clock: &StandingClock) -> Arc<App> {
    let store = Store::open(&database.url().parse().unwrap(), WriterSettings::default()).unwrap();
    App::load(store, MasterKey::new(&[5; 32]), Ambient::new(clock.clone(), Seeded::new(2))).await.unwrap()
}

/// Takes people in; returns each with whether they got the new version.
pub(crate) async fn enrol(
    app: &App,
    company: &Company,
    trial: &str,
    people: std::ops::Range<usize>,
) -> Vec<(String, bool)> {
    let mut entered = Vec::new();
    for number in people {
        let name = format!("person-{number}");
        let answer = app.assign(&company.key, trial, &call(&name)).await.unwrap();
        assert_eq!(answer.outcome, AssignmentOutcome::Assigned);
        entered.push((name, answer.arm.unwrap().as_str() == "new"));
    }
    app.catch_up().await.unwrap();
    entered
}

pub(crate) async fn happens<'a>(
    app: &App,
    company: &Company,
    event: &str,
    to: impl IntoIterator<Item = &'a (String, bool)>,
    at: DateTime<Utc>,
) {
    let events: Vec<Value> = to
        .into_iter()
        .map(|(name, _)| json!({"event_id": format!("{event}-{name}"), "unit": name, "event": event, "occurred_at": at.to_rfc3339()}))
        .collect();
    let receipt = app.record(&company.key, &events, false).await.unwrap();
    assert_eq!(receipt.accepted, events.len(), "{:?}", receipt.results);
    app.catch_up().await.unwrap();
}

async fn rows(database: &TestDatabase) -> Vec<looks::LookRow> {
    let store = Store::open(&database.url().parse().unwrap(), WriterSettings::default()).unwrap();
    store.read(|c| looks::of_trial(c, 1)).await.unwrap()
}

async fn actions(app: &App, person: &Actor, trial: &str) -> Vec<String> {
    app.view_trial(person, trial).await.unwrap().history.into_iter().map(|entry| entry.action).collect()
}

/// The trial folded anew from the logs, up to the places that a look names.
async fn folded_anew(database: &TestDatabase, document: &[u8], row: &looks::LookRow) -> Evidence {
    let store = Store::open(&database.url().parse().unwrap(), WriterSettings::default()).unwrap();
    let assignments = store.read(|c| log::assignments_after(c, 0, 1_000)).await.unwrap();
    let events = store.read(|c| log::events_after(c, 0, 1_000)).await.unwrap();
    let mut projection = TrialProjection::new(Arc::new(LockedProtocol::from_json(document).unwrap()));
    let instant = |micros| DateTime::from_timestamp_micros(micros).unwrap();
    for assigned in assignments.into_iter().filter(|it| it.sequence <= row.assignments_cut) {
        projection.assign(&AssignedUnit {
            unit: Pseudonym::from_bytes(&assigned.unit).unwrap(),
            arm: usize::try_from(assigned.arm).unwrap(),
            group: assigned.stratum,
            assigned_at: instant(assigned.assigned_at),
            event_place: assigned.event_place,
            in_transition: false,
            attributes: Attributes::new(),
        });
    }
    for event in events.into_iter().filter(|it| it.sequence <= row.data_cut) {
        let event = FoldedEvent {
            sequence: event.sequence,
            unit: Pseudonym::from_bytes(&event.unit).unwrap(),
            kind: event.kind.into(),
            value: event.value.and_then(Decimal::from_millionths),
            occurred_at: instant(event.occurred_at),
        };
        projection.fold(&event);
    }
    projection.evidence(instant(row.held_at), row.data_cut, false, Vec::new())
}

on_both_databases! {
    fn of_two_servers_one_holds_a_look_and_both_act_on_it(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let document = plan("letter", "justice", &two_looks());
            let trial = company.start(&app, &document).await;
            let people = enrol(&app, &company, &trial, 0..24).await;
            clock.advance(Duration::hours(1));
            happens(&app, &company, "fine.paid", people.iter().filter(|(_, new)| *new), clock.now()).await;
            app.catch_up().await.unwrap();
            assert_eq!(app.watch().await.unwrap(), 0, "nobody's follow-up is over");

            let status = app.monitoring(&app.trial_of(&company.designer, &trial).unwrap());
            let next = status.next.unwrap();
            assert_eq!((next.look, next.needs, next.certain), (1, Some(20), true));
            assert_eq!(next.expected_on.unwrap().to_string(), "2026-12-01", "the day of entering, and seven days");

            clock.advance(Duration::days(8));
            let other = beside(database, &clock).await;
            // Whatever comes after a look's cut is not in it.
            let (one, two) = tokio::join!(app.watch(), other.watch());
            assert_eq!(one.unwrap() + two.unwrap(), 1, "one of them is first");
            happens(&app, &company, "fine.paid", [(String::from("a-stranger"), true)].iter(), clock.now()).await;
            let kept = rows(database).await;
            assert_eq!(kept.len(), 1);
            assert_eq!((kept[0].look, kept[0].decision.as_str(), kept[0].arm.as_deref()), (1, "succeeded", Some("new")));
            let frozen: Evidence = serde_json::from_str(&kept[0].evidence).unwrap();
            assert_eq!(frozen, folded_anew(database, &document, &kept[0]).await, "the cut tells exactly what was known");

            for server in [&app, &other] {
                server.watch().await.unwrap();
                let seen = server.trial_of(&company.designer, &trial).unwrap();
                assert!(seen.halted && seen.state == State::EnrolmentPaused, "{:?}", seen.state);
                let answer = server.assign(&company.key, &trial, &call("late-comer")).await.unwrap();
                assert_eq!(answer.outcome, AssignmentOutcome::EnrolmentPaused);
                assert_eq!(answer.payload["letter"], "a", "whoever comes now gets the usual letter");
            }
            let happened = actions(&app, &company.designer, &trial).await;
            assert_eq!(happened.iter().filter(|action| *action == "look.held").count(), 1);

            // Going on needs two people, one of them a monitor; what was held is not held again.
            let resume = async |actor: &Actor| app.move_trial(actor, &trial, &Move::plain(Verb::ResumeEnrolment, "we want to be surer")).await;
            assert_eq!(resume(&company.designer).await, Ok(State::EnrolmentPaused));
            assert_eq!(resume(&company.approver).await, Ok(State::EnrolmentPaused), "two without a monitor are not enough");
            assert_eq!(resume(&company.monitor).await, Ok(State::Enrolling));
            assert!(!app.trial_of(&company.designer, &trial).unwrap().halted);
            assert_eq!(app.watch().await.unwrap(), 0);
            // Later pauses are the designer's own again.
            for (verb, state) in [(Verb::PauseEnrolment, State::EnrolmentPaused), (Verb::ResumeEnrolment, State::Enrolling)] {
                assert_eq!(app.move_trial(&company.designer, &trial, &Move::plain(verb, "lunch")).await, Ok(state));
            }

            for (actor, verb) in [(&company.designer, Verb::Stop), (&company.analyst, Verb::LockData)] {
                app.move_trial(actor, &trial, &Move::plain(verb, "it is over")).await.unwrap();
            }
            let (_, report) = app.report(&company.analyst, &trial).await.unwrap();
            assert_eq!(report.verdict.kind, VerdictKind::Succeeded);
            assert_eq!(report.verdict.reasons[0].code, "efficacy_boundary_crossed");
            let statuses: Vec<LookStatus> = report.looks.iter().map(|look| look.status).collect();
            assert_eq!(statuses, [LookStatus::Held, LookStatus::Held]);
            let held = report.looks[0].held.as_ref().unwrap();
            assert_eq!((held.decision, held.followed_up, held.late), (LookDecision::Succeeded, 24, true));
            assert!((held.information - 0.6).abs() < 1e-12 && held.efficacy_p < 0.02, "{held:?}");
            let after = report.after_looks.unwrap();
            assert_eq!(after.look, 1);
            let said = &after.arms[0];
            assert!(said.p_value.unwrap() < 0.01, "{said:?}");
        });
    }

    fn what_was_due_while_the_server_was_down_is_held_late(database) {
        run(async {
            let clock = StandingClock::new();
            {
                let app = open(database, clock.clone()).await;
                let company = Company::hire(&app, "justice").await;
                let trial = company.start(&app, &plan("letter", "justice", &two_looks())).await;
                enrol(&app, &company, &trial, 0..22).await;
            }
            clock.advance(Duration::days(30));
            let app = beside(database, &clock).await;
            assert_eq!(app.watch().await.unwrap(), 1);
            let row = rows(database).await.remove(0);
            let due: DateTime<Utc> = "2026-11-30T11:00:00Z".parse().unwrap();
            assert_eq!(row.due_at, due.timestamp_micros(), "seven days after the end of the day, in Auckland");
            assert_eq!(row.held_at, clock.now().timestamp_micros());
            let evidence: Evidence = serde_json::from_str(&row.evidence).unwrap();
            let document = plan("letter", "justice", &two_looks());
            let held = fairtrial_domain::projection::HeldLook { look: 1, due_at: due, evidence };
            let told = monitor::hold(LockedProtocol::from_json(&document).unwrap().protocol(), &[held]).unwrap();
            assert!(told.late);
            assert_eq!(row.decision, serde_json::to_value(told.decision).unwrap().as_str().unwrap());
        });
    }

    fn the_calendar_calls_looks_where_the_plan_says_so(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let mut by_calendar = two_looks();
            by_calendar["monitoring"]["looks_on"] = json!(["2026-12-05"]);
            let trial = company.start(&app, &plan("letter", "justice", &by_calendar)).await;
            enrol(&app, &company, &trial, 0..10).await;
            let seen = || app.monitoring(&app.trial_of(&company.designer, &trial).unwrap());
            assert_eq!(seen().next.unwrap().expected_on.unwrap().to_string(), "2026-12-05");
            clock.advance(Duration::days(11));
            assert_eq!(app.watch().await.unwrap(), 0, "the day has not begun");
            clock.advance(Duration::days(1));
            assert_eq!(app.watch().await.unwrap(), 1);
            let row = rows(database).await.remove(0);
            assert_eq!(row.due_at, "2026-12-04T11:00:00Z".parse::<DateTime<Utc>>().unwrap().timestamp_micros());
            assert_eq!(seen().next, None, "the last look is the lock of the data");
        });
    }

    fn those_who_run_a_trial_see_lights_and_the_monitor_sees_the_looks(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let manager = hire(&app, "justice", PersonRole::Manager).await;
            let trial = company.start(&app, &plan("letter", "justice", &two_looks())).await;
            let people = enrol(&app, &company, &trial, 0..24).await;
            clock.advance(Duration::hours(1));
            let soon_after = clock.now();
            clock.advance(Duration::days(8));
            // All that the page and the answer for those who run it are made of is the same whoever does well.
            let seen = async || {
                let view = app.view_trial(&company.designer, &trial).await.unwrap();
                format!("{:?} {:?} {:?}", app.monitoring(&view.trial), view.history, view.people)
            };
            let before = seen().await;
            happens(&app, &company, "fine.paid", people.iter().filter(|(_, new)| *new), soon_after).await;
            assert_eq!(seen().await, before);
            assert_eq!(app.watch().await.unwrap(), 1);

            for actor in [&company.designer, &company.analyst, &manager, &company.approver] {
                assert_eq!(app.looks(actor, &trial).await.map(|_| ()).map_err(code), Err("forbidden"));
            }
            let key = Actor::Key(company.key.clone());
            assert!(matches!(app.looks(&key, &trial).await, Err(AppError::Forbidden(_))));
            let view = app.looks(&company.monitor, &trial).await.unwrap();
            assert_eq!(view.looks[0].decision, LookDecision::Succeeded);
            assert!(view.looks[0].arms[0].p_value.is_some());
            let happened = actions(&app, &company.monitor, &trial).await;
            assert_eq!(happened.iter().filter(|action| *action == "looks.viewed").count(), 1, "each view is on record");

            // Without names until the monitor asks for them, on every server, and for this monitor in this trial alone.
            let names = async |app: &App, actor: &Actor| {
                let (_, versions) = app.handling_by_version(actor, &trial).await.unwrap();
                versions.into_iter().map(|version| version.name).collect::<Vec<_>>()
            };
            assert!(view.masked.is_some());
            assert_eq!(names(&app, &company.monitor).await, ["Version X", "Version Y"]);
            assert_eq!(app.unmask(&company.monitor, &trial, "  why not ").await.map_err(code), Err("invalid"));
            assert_eq!(app.unmask(&company.designer, &trial, "I would like to know").await.map_err(code), Err("forbidden"));
            assert_eq!(app.let_go_on(&company.designer, &trial).await.map_err(code), Err("forbidden"));
            app.let_go_on(&company.monitor, &trial).await.unwrap();
            app.unmask(&company.monitor, &trial, "harm can be told apart by versions alone").await.unwrap();
            app.unmask(&company.monitor, &trial, "asking again changes nothing").await.unwrap();
            let elsewhere = open(database, clock.clone()).await;
            assert!(elsewhere.looks(&company.monitor, &trial).await.unwrap().masked.is_none());
            assert!(!names(&elsewhere, &company.monitor).await.contains(&"Version X".to_owned()));
            let account = NewAccount {
                email: "second@justice.example".into(), name: "second".into(), password: PASSWORD.into(), roles: vec![PersonRole::Monitor],
            };
            app.create_account_in("justice", &account).await.unwrap();
            let second = Actor::Person(app.sign_in(&account.email, PASSWORD).await.unwrap().person);
            assert!(app.looks(&second, &trial).await.unwrap().masked.is_some(), "another monitor asks for themselves");
            let happened = actions(&app, &company.monitor, &trial).await;
            for (action, times) in [("looks.unmasked", 2), ("looks.continued", 1)] {
                assert_eq!(happened.iter().filter(|found| *found == action).count(), times, "{action}");
            }

            // What everybody may see says that a boundary was reached, and not which.
            let shown = format!("{:?}", app.monitoring(&view.trial));
            let history = app.view_trial(&company.designer, &trial).await.unwrap().history;
            let reasons: Vec<String> = history.into_iter().filter_map(|entry| entry.reason).collect();
            let told = format!("{shown} {reasons:?} {:?}", view.trial.state_reason);
            for word in ["succeeded", "success", "p_value", "\"new\""] {
                assert!(!told.contains(word), "{word} in {told}");
            }
            assert!(reasons.iter().any(|reason| reason.contains("a planned boundary was reached at look 1")), "{reasons:?}");
        });
    }

    fn harm_at_an_event_suspends_on_every_server_within_a_second(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let privacy = hire(&app, "justice", PersonRole::Privacy).await;
            let mut watched = crate::together::tier_one();
            watched["outcomes"][1]["harm_watch"] = json!("every_event");
            watched["outcomes"][1]["margin"] = json!("0");
            app.create_trial(&company.designer, &plan("letter", "justice", &watched)).await.unwrap();
            for (actor, verb) in [(&company.designer, Verb::Submit), (&company.approver, Verb::Approve), (&privacy, Verb::Approve),
                (&company.designer, Verb::Start)] {
                app.move_trial(actor, "letter", &Move::plain(verb, "as planned")).await.unwrap();
            }
            let people = enrol(&app, &company, "letter", 0..30).await;
            clock.advance(Duration::hours(1));
            let other = beside(database, &clock).await;
            let keepers = [tokio::spawn(app.clone().keep_in_step()), tokio::spawn(other.clone().keep_in_step())];
            let new: Vec<_> = people.iter().filter(|(_, new)| *new).cloned().collect();
            happens(&app, &company, "harm", new.iter().take(6), clock.now()).await;
            app.catch_up().await.unwrap();
            app.watch().await.unwrap();
            assert_eq!(app.trial_of(&company.designer, "letter").unwrap().state, State::Enrolling, "six of six is not enough");

            happens(&app, &company, "harm", new.iter().skip(6).take(1), clock.now()).await;
            let crossed = std::time::Instant::now();
            let known = new[0].0.clone();
            let news = async {
                while other.assign(&company.key, "letter", &call(&known)).await.unwrap().outcome != AssignmentOutcome::Suspended {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(std::time::Duration::from_secs(5), news).await.expect("every server hears of it");
            assert!(crossed.elapsed() < std::time::Duration::from_secs(3), "{:?}", crossed.elapsed());
            let answer = other.assign(&company.key, "letter", &call(&known)).await.unwrap();
            assert_eq!(answer.payload["letter"], "a", "back to the usual letter");
            keepers.into_iter().for_each(|keeper| keeper.abort());

            let trial = app.trial_of(&company.designer, "letter").unwrap();
            assert!(trial.halted && trial.crossings.len() == 1);
            let harm = crate::alerts::told(database).into_iter().filter(|told| told.contains("harm"));
            assert_eq!(harm.collect::<Vec<_>>(), ["letter harm.boundary_crossed"], "both servers saw it, and it is told once");
            let reason = trial.state_reason.clone().unwrap();
            assert!(reason.contains("boundary for harm of") && reason.contains("Harm"), "{reason}");
            let resume = async |actor: &Actor| app.move_trial(actor, "letter", &Move::plain(Verb::Resume, "a faulty batch of reports")).await;
            assert_eq!(resume(&company.designer).await, Ok(State::Suspended));
            assert_eq!(resume(&company.monitor).await, Ok(State::EnrolmentPaused));
            assert_eq!(app.watch().await.unwrap(), 0, "two people have decided; the same crossing does not act twice");
            for (actor, verb) in [(&company.designer, Verb::Stop), (&company.analyst, Verb::LockData)] {
                app.move_trial(actor, "letter", &Move::plain(verb, "it is over")).await.unwrap();
            }
            let (_, report) = app.report(&company.analyst, "letter").await.unwrap();
            assert_eq!(report.verdict.kind, VerdictKind::Harmful, "{:?}", report.verdict);
            assert_eq!(report.verdict.reasons[0].code, "harm_boundary_crossed");
            let kinds: BTreeSet<&str> = report.verdict.reasons.iter().map(|reason| reason.code.as_str()).collect();
            assert!(!kinds.contains("decision_rule_met"));
        });
    }
}
