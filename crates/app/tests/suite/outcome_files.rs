//! Outcomes as files: tried, taken in as a whole, counted once, taken back as a whole; and nothing of it after the lock.

use chrono::Duration;
use fairtrial_app::{
    App, AppError,
    frontline::{
        outcome_file::{Columns, Table},
        record::Receipt,
    },
    trials::life::Move,
};
use fairtrial_domain::trial::Verb;
use fairtrial_store::{DbConnection, Store, WriterSettings, audit, backup::Contents, outcome_files};
use fairtrial_testkit::{database::TestDatabase, on_both_databases};
use serde_json::{Value, json};

use crate::stage::{Company, StandingClock, call, open, plan, run};

fn store(database: &TestDatabase) -> Store {
    Store::open(&database.url().parse().unwrap(), WriterSettings::default()).unwrap()
}

/// How many rows a table of the database has.
fn count(database: &TestDatabase, table: &str) -> i64 {
    let mut c = DbConnection::open(&database.url().parse().unwrap()).unwrap();
    c.write_transaction(Contents::of).unwrap().rows[table]
}

/// A table with the columns `code` and `day`; its digest is of its rows.
fn table(rows: &[(&str, &str)]) -> Table {
    let rows: Vec<(u64, Vec<String>)> =
        (2..).zip(rows).map(|(line, (code, day))| (line, vec![(*code).to_owned(), (*day).to_owned()])).collect();
    let digest = fairtrial_domain::canonical::sha256_hex(&format!("{rows:?}"));
    Table { header: vec!["code".into(), "day".into()], rows, digest }
}

fn columns() -> Columns {
    Columns { unit: "code".into(), event: "fine.paid".into(), occurred_at: "day".into(), ..Columns::default() }
}

async fn take(app: &App, company: &Company, rows: &[(&str, &str)], leave_out: bool) -> Result<i64, String> {
    let table = table(rows);
    let taken = app.take_outcome_file(&company.designer, "letter", &table, &columns(), &table.digest, leave_out).await;
    match taken {
        Ok(Ok(id)) => Ok(id),
        Ok(Err(checked)) => Err(format!("{} refused", checked.refused.len())),
        Err(AppError::Conflict { code, .. }) => Err(code.to_owned()),
        Err(other) => panic!("{other:?}"),
    }
}

async fn check(app: &App, company: &Company, rows: &[(&str, &str)]) -> (usize, usize, usize, usize) {
    let found = app.check_outcome_file(&company.designer, "letter", &table(rows), &columns()).await.unwrap();
    (found.new, found.known, found.others, found.refused.len())
}

/// How many people have paid, over both arms.
async fn paid(app: &App, company: &Company) -> u64 {
    app.catch_up().await.unwrap();
    let report = serde_json::to_value(app.report(&company.analyst, "letter").await.unwrap().1).unwrap();
    let arms = report["outcomes"][0]["arms"].as_array().unwrap().clone();
    let paid = |arm: &Value| arm["mean"].as_f64().unwrap_or(0.0) * arm["analysed"].as_f64().unwrap();
    arms.iter().map(paid).sum::<f64>().round() as u64
}

async fn lock(app: &App, company: &Company, clock: &StandingClock) {
    clock.advance(Duration::days(10));
    app.move_trial(&company.designer, "letter", &Move::plain(Verb::Stop, "enough")).await.unwrap();
    app.move_trial(&company.analyst, "letter", &Move::plain(Verb::LockData, "over")).await.unwrap();
}

on_both_databases! {
    fn a_row_counts_once_in_whichever_files_it_comes_and_goes_with_its_file(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let elsewhere = open(database, clock.clone()).await;
            for n in 0..10 {
                app.assign(&company.key, "letter", &call(&format!("person-{n}"))).await.unwrap();
            }
            clock.advance(Duration::days(4));
            let day = "2026-11-25";
            let first = [("person-0", day), ("person-1", day), ("person-2", day), ("stranger", day)];
            assert_eq!(check(&app, &company, &first).await, (3, 0, 1, 0));
            assert_eq!(count(database, "events"), 0, "a check keeps nothing");
            let one = take(&app, &company, &first, false).await.unwrap();
            assert_eq!(count(database, "events"), 3, "nobody is kept who is not in the trial");
            assert_eq!(take(&app, &company, &first, false).await.unwrap_err(), "nothing_new");
            // On another server, in another order, with one row more.
            let second = [("person-3", day), ("person-2", day), ("person-1", day), ("person-0", day)];
            assert_eq!(check(&elsewhere, &company, &second).await, (1, 3, 0, 0));
            let two = take(&elsewhere, &company, &second, false).await.unwrap();
            assert!(two > one);
            // A mended file after the wrong one was taken back: what both say counts with the new one.
            app.take_back_outcome_file(&company.analyst, "letter", one).await.unwrap();
            let again = app.take_back_outcome_file(&company.analyst, "letter", one).await;
            assert!(matches!(again, Err(AppError::Conflict { code: "taken_back", .. })), "{again:?}");
            assert_eq!(check(&app, &company, &first).await, (3, 0, 1, 0));
            let mended = [("person-0", day), ("person-1", day), ("person-4", day)];
            let three = take(&app, &company, &mended, false).await.unwrap();
            assert_eq!(take(&app, &company, &mended, false).await.unwrap_err(), "nothing_new");
            // And once more: each round is one of its own.
            app.take_back_outcome_file(&company.designer, "letter", three).await.unwrap();
            let four = take(&app, &company, &mended[..2], false).await.unwrap();
            // Two rows that say the same are two things that happened; a file that has them both again has nothing new.
            let twice = [("person-5", day), ("person-5", day)];
            take(&app, &company, &twice, false).await.unwrap();
            assert_eq!(check(&app, &company, &twice).await, (0, 2, 0, 0));
            assert_eq!(check(&app, &company, &[twice[0], twice[0], twice[0]]).await, (1, 2, 0, 0));

            // 3 of the second file, which alone has it; 0 and 1 of the fourth; 5.
            lock(&app, &company, &clock).await;
            let restarted = open(database, clock.clone()).await;
            for server in [&app, &elsewhere, &restarted] {
                assert_eq!(paid(server, &company).await, 4);
            }
            for result in [
                take(&app, &company, &[("person-6", day)], false).await,
                app.take_back_outcome_file(&company.designer, "letter", four).await.map(|()| 0).map_err(|error| match error {
                    AppError::Conflict { code, .. } => code.to_owned(),
                    other => panic!("{other:?}"),
                }),
            ] {
                assert_eq!(result.unwrap_err(), "takes_no_outcomes");
            }
            let files = app.outcome_files(&company.analyst, "letter").await.unwrap();
            let shown: Vec<(u64, u64, u64, Option<u64>)> =
                files.iter().map(|file| (file.new, file.known, file.others, file.taken_back.as_ref().map(|back| back.events))).collect();
            assert_eq!(shown, [(2, 0, 0, None), (2, 0, 0, None), (3, 0, 0, Some(3)), (1, 3, 0, None), (3, 0, 1, Some(3))]);
        });
    }

    fn refused_rows_keep_the_file_out_unless_they_are_left_out_and_corrections_outlast_it(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            company.start(&app, &plan("letter", "justice", &json!({}))).await;
            for n in 0..4 {
                app.assign(&company.key, "letter", &call(&format!("person-{n}"))).await.unwrap();
            }
            clock.advance(Duration::days(4));
            let day = "2026-11-25";
            let rows = [("person-0", day), ("mere@example.com", day), ("person-1", "25/11/2026"), ("person-2", day), ("person-3", "2099-01-01")];
            let found = app.check_outcome_file(&company.designer, "letter", &table(&rows), &columns()).await.unwrap();
            let told: Vec<(u64, &str)> = found.refused.iter().map(|line| (line.line, line.code.as_str())).collect();
            assert_eq!(told, [(3, "unit_looks_like_identifier"), (4, "malformed_time"), (6, "time_in_future")]);
            assert!(found.refused.iter().all(|line| !line.detail.contains("mere")), "{found:?}");
            assert_eq!(take(&app, &company, &rows, false).await.unwrap_err(), "3 refused");
            assert_eq!(count(database, "events") + count(database, "outcome_files"), 0, "nothing is kept");
            let id = take(&app, &company, &rows, true).await.unwrap();
            assert_eq!(count(database, "events"), 2);

            // A program corrects one of its outcomes: that word stays when the file goes.
            let kept = store(database).read(move |c| outcome_files::events_of(c, id)).await.unwrap();
            let correction = json!({"event_id": "better", "corrects": kept[0].event_id.as_str(), "unit": "person-0", "event": "fine.paid",
                "occurred_at": "2026-11-24T08:00:00Z"});
            let receipt: Receipt = app.record(&company.key, &[correction], false).await.unwrap();
            assert_eq!(receipt.accepted, 1, "{receipt:?}");
            app.take_back_outcome_file(&company.designer, "letter", id).await.unwrap();
            let file = app.outcome_file(&company.designer, "letter", id).await.unwrap();
            let back = file.taken_back.expect("it was taken back");
            assert_eq!((back.events, back.corrected, file.refused), (1, 1, 3));
            let entries = store(database).read(|c| audit::about(c, "letter", 50)).await.unwrap();
            let said: Vec<&str> =
                entries.iter().filter(|entry| entry.action.starts_with("outcomes.")).map(|entry| entry.detail.as_str()).collect();
            assert_eq!(said.len(), 2);
            for (detail, word) in said.iter().zip(["\"events\":1", "\"new\":2"]) {
                assert!(detail.contains(word) && detail.contains(&file.digest) && !detail.contains("person-"), "{detail}");
            }
            lock(&app, &company, &clock).await;
            assert_eq!(paid(&app, &company).await, 1, "what was corrected");
        });
    }

    fn columns_that_do_not_fit_are_named_and_nobody_else_takes_files(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            company.start(&app, &plan("letter", "justice", &json!({}))).await;
            let good = columns();
            let with = |change: &dyn Fn(&mut Columns)| {
                let mut columns = good.clone();
                change(&mut columns);
                columns
            };
            for (columns, pointer, code) in [
                (with(&|c| c.unit = String::new()), "/unit", "missing_field"),
                (with(&|c| c.unit = "person".into()), "/unit", "unknown_column"),
                (with(&|c| c.event = String::new()), "/event_column", "missing_field"),
                (with(&|c| c.event = "no.such".into()), "/event", "unknown_event"),
                (with(&|c| c.occurred_at = "when".into()), "/occurred_at", "unknown_column"),
                // People would be kept as they are called.
                (with(&|c| c.source = "CODE".into()), "/source", "duplicate_column"),
            ] {
                let told = app.check_outcome_file(&company.designer, "letter", &table(&[("a", "2026-11-20")]), &columns).await;
                let Err(AppError::Invalid(faults)) = told else { panic!("{columns:?}: {told:?}") };
                assert_eq!((faults[0].pointer.as_str(), faults[0].code.as_str()), (pointer, code));
            }
            let many = vec![("a", "2026-11-20"); 20_001];
            for (rows, code) in [(&many[..0], "batch_size"), (&many[..], "batch_size")] {
                let told = app.check_outcome_file(&company.designer, "letter", &table(rows), &good).await;
                assert!(matches!(&told, Err(AppError::Invalid(faults)) if faults[0].code == code), "{told:?}");
            }
            let rows = table(&[("a", "2026-11-20")]);
            let other = app.take_outcome_file(&company.designer, "letter", &rows, &good, "another", false).await;
            assert!(matches!(&other, Err(AppError::Invalid(faults)) if faults[0].code == "another_file"), "{other:?}");
            for actor in [&company.monitor, &company.approver] {
                let told = app.check_outcome_file(actor, "letter", &rows, &good).await;
                assert!(matches!(told, Err(AppError::Forbidden(_))), "{told:?}");
                assert!(matches!(app.outcome_files(actor, "letter").await, Err(AppError::Forbidden(_))));
            }
        });
    }
}
