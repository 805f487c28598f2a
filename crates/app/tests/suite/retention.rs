//! Records of single people go when their plan keeps them no longer, and nothing else changes by that.

use std::{collections::HashSet, fs, path::Path, sync::Arc};

use chrono::Duration;
use fairtrial_app::{Actor, App, AppError, Clock, frontline::same_person::SamePersonCall, trials::life::Move};
use fairtrial_domain::{
    UnitText,
    event::EventId,
    note::CodeWord,
    trial::{AssignmentOutcome, Verb},
};
use fairtrial_store::{Store, WriterSettings, audit, deletions, log, notes};
use fairtrial_testkit::{
    database::{Kind, TestDatabase},
    on_both_databases,
};
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use serde_json::{Value, json};

use crate::{
    kept_fold::{happen, start},
    stage::{Company, StandingClock, call, open, plan, run},
};

const ALL: i64 = 1_000_000;

/// A plan that keeps records for so many days, and may count a kind of event that no other plan counts.
fn keeping(key: &str, days: u32, own: bool) -> Vec<u8> {
    let outcome = |key: &str, role: &str, event: &str| {
        json!({"key": key, "name": key, "role": role, "event": event, "kind": "binary", "better": "increase", "follow_up_days": 7,
            "smallest_worthwhile_effect": "0.05"})
    };
    let mut outcomes = vec![outcome("paid", "primary", "fine.paid")];
    if own {
        let mut seen = outcome("seen", "secondary", "letter.seen");
        seen.as_object_mut().unwrap().remove("smallest_worthwhile_effect");
        outcomes.push(seen);
    }
    let data = json!({"notice": "general", "retain_units_days": days, "uses_maori_data": false, "lawful_basis": "tests", "sources": []});
    plan(key, "justice", &json!({"data": data, "outcomes": outcomes}))
}

/// What a server says of one trial: its report, and what everybody would be served.
async fn told(app: &App, company: &Company, trial: &str) -> Vec<String> {
    app.catch_up().await.unwrap();
    let report = app.report(&company.analyst, trial).await.unwrap().1;
    let mut told = vec![serde_json::to_string(&report).unwrap()];
    for n in 0..60 {
        let unit = UnitText::new(&format!("person-{n}")).unwrap();
        told.push(format!("{:?}", app.look_up(&company.key, trial, &unit).await));
    }
    told
}

async fn end(app: &App, company: &Company, trial: &str) {
    app.move_trial(&company.designer, trial, &Move::plain(Verb::Stop, "enough")).await.unwrap();
    app.move_trial(&company.analyst, trial, &Move::plain(Verb::LockData, "over")).await.unwrap();
}

/// Every refusal with its code.
async fn refusals(app: &Arc<App>, company: &Company, trial: &str) -> Vec<&'static str> {
    let day = app.trial_of(&company.analyst, trial).unwrap().day_of(app.ambient().now_micros());
    let code = |error: AppError| match error {
        AppError::Conflict { code, .. } => code,
        other => panic!("{other:?}"),
    };
    vec![
        code(app.recompute(&company.analyst, trial).await.unwrap_err()),
        code(app.report_as_at(&company.analyst, trial, day).await.unwrap_err()),
        code(app.report_bundle(&company.analyst, trial, "to look again").await.unwrap_err()),
        code(app.take_records(&company.analyst, trial, "to look at them once more").await.unwrap_err()),
        code(app.data_view(&company.analyst, trial).await.unwrap_err()),
        code(app.allocation_bundle(&company.analyst, trial).await.unwrap_err()),
        code(app.handling(&company.designer, trial).await.unwrap_err()),
        code(app.seen(&company.designer, trial).await.unwrap_err()),
    ]
}

fn store(database: &TestDatabase) -> Store {
    Store::open(&database.url().parse().unwrap(), WriterSettings::default()).unwrap()
}

/// Everything in which a unit may be named: in the logs, as bytes.
fn named(store: &Store) -> HashSet<Vec<u8>> {
    let rows = store.read_blocking(|c| {
        let assigned = log::assignments_after(c, 0, ALL)?.into_iter().map(|row| row.unit);
        let mut units: HashSet<Vec<u8>> = assigned.collect();
        units.extend(log::events_after(c, 0, ALL)?.into_iter().map(|row| row.unit));
        for row in notes::after(c, 0, ALL)? {
            units.insert(row.unit);
            units.extend(row.other);
        }
        Ok(units)
    });
    rows.unwrap()
}

/// Those of some units that were never said to be one person with others, over however many names.
fn never_one_with(store: &Store, some: HashSet<Vec<u8>>, others: &HashSet<Vec<u8>>) -> Vec<Vec<u8>> {
    let rows = store.read_blocking(|c| notes::of_two(c, ALL)).unwrap();
    let mut reached = others.clone();
    loop {
        let before = reached.len();
        for row in &rows {
            let pair = [row.unit.clone(), row.other.clone().unwrap()];
            if pair.iter().any(|unit| reached.contains(unit)) {
                reached.extend(pair);
            }
        }
        if reached.len() == before {
            return some.difference(&reached).cloned().collect();
        }
    }
}

/// Who is in a trial, as bytes.
fn units_of(store: &Store, trial_id: i64) -> HashSet<Vec<u8>> {
    store.read_blocking(|c| log::assignments_of(c, trial_id)).unwrap().into_iter().map(|row| row.unit).collect()
}

/// Waits until a server that keeps in step has let go of a trial.
async fn lets_go(app: &App, company: &Company, trial: &str) {
    for _ in 0..200 {
        let deletion = app.trial_of(&company.analyst, trial).unwrap().deletion;
        let unit = UnitText::new("person-1").unwrap();
        let served = app.look_up(&company.key, trial, &unit).await;
        if deletion.is_some_and(|deletion| deletion.finished_at.is_some()) && served.is_err() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it still knows who was in {trial}");
}

/// Whether any file beside the database holds these bytes.
fn holds(folder: &Path, unit: &[u8]) -> bool {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).filter(|path| path.is_file());
    files.into_iter().any(|file| fs::read(file).unwrap().windows(unit.len()).any(|bytes| bytes == unit))
}

on_both_databases! {
    fn records_go_when_they_are_due_and_nothing_else_changes(database) {
        run(async {
            let (clock, folder, empty) = (StandingClock::new(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            drop(open(database, clock.clone()).await);
            let first = start(database, folder.path(), &clock, [5; 32]).await;
            let company = Company::hire(&first, "justice").await;
            company.start(&first, &keeping("letter", 30, true)).await;
            let before = clock.now();
            clock.advance(Duration::hours(5));
            company.start(&first, &keeping("blocks", 365, false)).await;
            let second = open(database, clock.clone()).await;
            let in_step = tokio::spawn(Arc::clone(&second).keep_in_step());
            let mut chance = ChaCha12Rng::seed_from_u64(11);
            for _ in 0..4 {
                happen(&first, &company, &clock, &mut chance).await;
            }
            // Somebody of two names who is in one of them alone.
            first.assign(&company.key, "letter", &call("lone")).await.unwrap();
            let (unit, same_as) = (UnitText::new("lone").unwrap(), UnitText::new("alone").unwrap());
            let (event_id, purpose) = (EventId::new("one-1").unwrap(), CodeWord::new("sign-in").unwrap());
            first.link_units(&Actor::Key(company.key.clone()), &SamePersonCall { event_id, unit, same_as, purpose }).await.unwrap();
            // What happened before one of them started, of its people and of nobody's; and what only one of them counts.
            let event = |id: &str, who: &str, kind: &str| {
                json!({"event_id": id, "unit": who, "event": kind, "occurred_at": (before + Duration::minutes(7)).to_rfc3339()})
            };
            let more: Vec<Value> = (0..60)
                .flat_map(|n| {
                    let who = format!("person-{n}");
                    [event(&format!("early-{n}"), &who, "fine.paid"), event(&format!("seen-{n}"), &who, "letter.seen")]
                })
                .chain([event("stranger-1", "stranger", "fine.paid"), event("stranger-2", "stranger", "letter.seen")])
                .collect();
            first.record(&company.key, &more, false).await.unwrap();
            // The same name for something else: told apart, and on record.
            first.record(&company.key, &[event("early-3", "person-4", "fine.paid")], false).await.unwrap();
            clock.advance(Duration::days(9));
            end(&first, &company, "letter").await;
            let store = store(database);
            let trial = first.trial_of(&company.analyst, "letter").unwrap();
            let other = first.trial_of(&company.analyst, "blocks").unwrap();
            let (theirs, kept) = (units_of(&store, trial.id), units_of(&store, other.id));
            let alone = never_one_with(&store, theirs.clone(), &kept);
            assert!(alone.len() > 5 && kept.intersection(&theirs).count() > 5, "some are in both, some in one");
            let frozen = told(&first, &company, "letter").await.swap_remove(0);
            let others = told(&first, &company, "blocks").await;
            assert_eq!(told(&second, &company, "blocks").await, others);
            first.keep_fold(true).await.unwrap();
            assert!(folder.path().join("kept.fold").exists());
            let as_numbers = |unit: &Vec<u8>| unit.iter().map(u8::to_string).collect::<Vec<_>>().join(",").into_bytes();
            let linked = || alone.iter().any(|unit| holds(folder.path(), &as_numbers(unit)));
            assert!(linked(), "it knows of some that they are one person");
            let away = tempfile::tempdir().unwrap();
            fs::copy(folder.path().join("kept.fold"), away.path().join("kept.fold")).unwrap();

            clock.advance(Duration::days(30) - Duration::microseconds(1));
            let others = told(&first, &company, "blocks").await;
            assert_eq!(first.delete_due_records().await.unwrap(), 0, "it is not due yet");
            assert_eq!(units_of(&store, trial.id), theirs);
            assert_eq!(first.trial_of(&company.analyst, "letter").unwrap().records_due_at(), Some(clock.now() + Duration::microseconds(1)));
            let rows_before = store.read_blocking(|c| log::events_after(c, 0, ALL)).unwrap();

            clock.advance(Duration::microseconds(1));
            let others_then = told(&first, &company, "blocks").await;
            assert_eq!(others_then[1..], others[1..]);
            let (one, two) = tokio::join!(first.delete_due_records(), second.delete_due_records());
            assert_eq!(one.unwrap() + two.unwrap(), 1, "one of two servers does the last of it");
            assert_eq!(first.delete_due_records().await.unwrap(), 0, "once");

            // Nobody is named any more who was in this trial alone, in the logs and, on SQLite, in the file and beside it.
            assert!(units_of(&store, trial.id).is_empty());
            let left = named(&store);
            assert!(alone.iter().all(|unit| !left.contains(unit)));
            assert!(kept.iter().all(|unit| left.contains(unit)), "the other trial's people are");
            assert!(!folder.path().join("kept.fold").exists(), "it knew them too");
            if database.kind() == Kind::Sqlite {
                let path = database.url().strip_prefix("sqlite:").unwrap().to_owned();
                let beside = Path::new(&path).parent().unwrap().to_owned();
                assert!(kept.iter().all(|unit| holds(&beside, unit)), "the search finds what is there");
                assert!(alone.iter().all(|unit| !holds(&beside, unit)), "and nobody who went");
            }
            // Every event has its place still.
            let rows = store.read_blocking(|c| log::events_after(c, 0, ALL)).unwrap();
            let places = |rows: &[log::EventRow]| rows.iter().map(|row| (row.sequence, row.kind.clone())).collect::<Vec<_>>();
            assert_eq!(places(&rows), places(&rows_before));
            let gone = rows.iter().filter(|row| row.unit == [0; 16]).count() as u64;
            assert!(rows.iter().filter(|row| row.unit == [0; 16]).all(|row| row.value.is_none()));
            assert!(rows.iter().filter(|row| row.kind == "letter.seen").all(|row| row.unit == [0; 16]), "nobody else counts it");

            // What was reported stays, and the other trial knows what it knew: here, elsewhere, from the logs, from a kept fold.
            first.catch_up().await.unwrap();
            first.keep_fold(true).await.unwrap();
            assert!(!linked(), "memory knows it of nobody who went");
            let anew = start(database, empty.path(), &clock, [5; 32]).await;
            let back = start(database, away.path(), &clock, [5; 32]).await;
            assert_eq!(back.rows_from_kept_fold(), 0, "what a server kept that was away is of no use");
            assert!(!away.path().join("kept.fold").exists(), "and goes, as it knows them still");
            let again = start(database, folder.path(), &clock, [5; 32]).await;
            assert!(again.rows_from_kept_fold() > 0);
            lets_go(&second, &company, "letter").await;
            for (name, app) in [("first", &first), ("second", &second), ("from the logs", &anew), ("that was away", &back), ("from a kept fold", &again)] {
                assert_eq!(told(app, &company, "blocks").await, others_then, "{name}");
                let letter = told(app, &company, "letter").await;
                assert_eq!(letter[0], frozen, "{name}");
                assert!(letter[1..].iter().all(|served| *served == letter[1]), "{name}: nobody is known any more");
                assert_eq!(refusals(app, &company, "letter").await, ["records_deleted"; 8], "{name}");
                assert!(app.enrolment(&company.designer, "letter").await.unwrap().is_empty());
                let trial = app.trial_of(&company.analyst, "letter").unwrap();
                let deletion = trial.deletion.unwrap();
                assert_eq!((deletion.people, deletion.events), (theirs.len() as u64, gone), "{name}");
                assert_eq!(app.people_in(&trial), theirs.len() as u64);
                assert!(deletion.notes > 0 && deletion.finished_at == Some(clock.now()), "{name}");
                let answer = app.assign(&company.key, "letter", &call("person-1")).await.unwrap();
                assert_ne!(answer.outcome, AssignmentOutcome::Assigned, "{name}");
            }
            // Two entries say that it was done, and nobody asked for it.
            let entries = store.read_blocking(|c| audit::about(c, "letter", 100)).unwrap();
            let by_itself: Vec<&str> = entries
                .iter()
                .filter(|entry| entry.action.starts_with("records."))
                .map(|entry| { assert!(entry.person_id.is_none()); entry.action.as_str() })
                .collect();
            assert_eq!(by_itself, ["records.deleted", "records.deletion_begun"]);
            assert!(first.check_audit(None).await.unwrap().findings.is_empty());

            // What is sent again: nobody counts the one kind any more; the other trial hears the other, and of people who are not its.
            let sent = first.record(&company.key, &more, false).await.unwrap();
            assert_eq!(sent.rejected, 61, "{sent:?}");

            // When the last trial is over, nobody is named at all.
            end(&first, &company, "blocks").await;
            clock.advance(Duration::days(365));
            let last = start(database, empty.path(), &clock, [5; 32]).await;
            assert_eq!(last.delete_due_records().await.unwrap(), 1);
            lets_go(&second, &company, "blocks").await;
            in_step.abort();
            assert!(named(&store).iter().all(|unit| *unit == [0; 16]));
            assert_eq!(first.check_audit(None).await.unwrap().findings.len(), 0);
        });
    }

    fn what_was_broken_off_goes_on_after_a_start(database) {
        run(async {
            let clock = StandingClock::new();
            let first = open(database, clock.clone()).await;
            let company = Company::hire(&first, "justice").await;
            company.start(&first, &keeping("letter", 30, false)).await;
            let at = clock.now();
            for n in 0..30 {
                first.assign(&company.key, "letter", &call(&format!("person-{n}"))).await.unwrap();
            }
            let event = |n: usize| json!({"event_id": format!("e-{n}"), "unit": format!("person-{n}"), "event": "fine.paid",
                "occurred_at": (at + Duration::minutes(1)).to_rfc3339()});
            clock.advance(Duration::days(9));
            first.record(&company.key, &(0..30).map(event).collect::<Vec<_>>(), false).await.unwrap();
            end(&first, &company, "letter").await;
            let frozen = told(&first, &company, "letter").await.swap_remove(0);
            clock.advance(Duration::days(30));
            // As far as a server came that died: it had begun, some events had gone, and some assignments.
            let (store, trial, now) = (store(database), first.trial_of(&company.analyst, "letter").unwrap(), clock.now());
            let id = trial.id;
            let new = deletions::NewDeletion {
                trial_id: id,
                due_at: trial.records_due_at().unwrap().timestamp_micros(),
                begun_at: now.timestamp_micros(),
                people: 30,
                event_place: 0,
            };
            let early = deletions::NewDeletion { begun_at: new.due_at - 1, ..new };
            assert!(store.write(move |c| deletions::begin(c, &early)).await.is_err(), "the database keeps them as long as the plan says");
            store.write(move |c| deletions::begin(c, &new)).await.unwrap();
            let rows = store.read_blocking(|c| log::events_after(c, 0, 10)).unwrap();
            let emptied: Vec<deletions::EmptiedEvent> = rows
                .iter()
                .map(|row| deletions::EmptiedEvent { sequence: row.sequence, occurred_at: 0, received_at: 0, before_occurred_at: None })
                .collect();
            let up_to = rows.last().unwrap().sequence;
            store.write(move |c| deletions::empty_events(c, id, &emptied, up_to)).await.unwrap();
            store.write(move |c| deletions::delete_assignments(c, id, 4)).await.unwrap();

            let next = open(database, clock.clone()).await;
            assert_eq!(next.known_units(), 0, "nobody is known from then on");
            assert_eq!(next.report(&company.analyst, "letter").await.map(|(_, report)| serde_json::to_string(&report).unwrap()).unwrap(), frozen);
            assert_eq!(refusals(&next, &company, "letter").await, ["records_deleted"; 8]);
            assert_eq!(next.delete_due_records().await.unwrap(), 1);
            let row = store.read_blocking(move |c| deletions::of_trial(c, id)).unwrap().unwrap();
            assert_eq!((row.assignments, row.events, row.people), (30, 30, 30), "each is counted once");
            assert!(named(&store).iter().all(|unit| *unit == [0; 16]));
            let in_step = tokio::spawn(Arc::clone(&first).keep_in_step());
            lets_go(&first, &company, "letter").await;
            in_step.abort();
            assert_eq!(first.known_units(), 0);
        });
    }
}
