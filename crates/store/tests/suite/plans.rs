//! Every query that runs while people wait finds its rows by an index, on both databases.
//!
//! The queries are not copied here: they are listened to while the store works, then explained.

use std::{collections::BTreeSet, sync::Mutex};

use diesel::{
    PgConnection, QueryableByName, RunQueryDsl,
    connection::{Instrumentation, InstrumentationEvent, SimpleConnection, set_default_instrumentation},
    sql_query,
    sql_types::Text,
};
use fairtrial_domain::protocol::Allocation;
use fairtrial_store::{
    AssignAnswer, DbConnection, Recorded, alerts, api_keys, audit, directory, forget_waiting, log, people, receivers,
    sessions, touches, trials, waiting_since,
};
use fairtrial_testkit::{database::Kind, on_both_databases};

use super::{
    correcting::{corrects, promised},
    guards::fill,
    installation::{Installation, NOW, PLAN, event, in_stratum, lines, request},
};

/// Address of a database and the text of a query that ran there.
static HEARD: Mutex<BTreeSet<(String, String)>> = Mutex::new(BTreeSet::new());

/// Writes down the queries of one connection with the address to which it was opened.
struct Listener {
    address: String,
}

impl Instrumentation for Listener {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => self.address = url.to_owned(),
            InstrumentationEvent::StartQuery { query, .. } => {
                let text = query.to_string();
                let text = text.split(" -- binds:").next().unwrap_or_default().to_owned();
                HEARD.lock().unwrap().insert((self.address.clone(), text));
            }
            _ => {}
        }
    }
}

fn listener() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(Listener { address: String::new() }))
}

/// Read whole by design: small, and read at start-up or when a page lists them.
const READ_WHOLE: [&str; 6] = ["agencies", "trials", "api_keys", "logs", "directory_version", "receivers"];

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PlanLine {
    #[diesel(sql_type = Text)]
    #[diesel(column_name = "QUERY PLAN")]
    line: String,
}

/// The text with the type of each list behind its place, as the program sends it: lists are named after the columns.
fn with_list_types(c: &mut PgConnection, query: &str) -> String {
    let within = |text: &str| text.split_once('(')?.1.split_once(')').map(|(names, _)| names.to_owned());
    let Some((_, lists)) = query.split_once("UNNEST(") else { return query.to_owned() };
    let (table, names) = match query.strip_prefix("INSERT INTO ") {
        Some(rest) => (rest, within(rest)),
        None => (lists.split_once(" FROM ").unwrap().1, within(lists.split_once(" AS ").unwrap().1)),
    };
    let table = table.split_whitespace().next().unwrap();
    let names = names.unwrap();
    let mut typed = query.to_owned();
    // The last place first, so that $1 is not found in $10.
    for (name, place) in names.split(", ").zip(1..).collect::<Vec<_>>().into_iter().rev() {
        let of =
            "SELECT data_type AS detail FROM information_schema.columns WHERE table_name = $1 AND column_name = $2";
        let found: Step = sql_query(of).bind::<Text, _>(table).bind::<Text, _>(name).get_result(c).unwrap();
        typed = typed.replace(&format!("${place}"), &format!("\u{0}{place}::{}[]", found.detail));
    }
    typed.replace('\u{0}', "$")
}

/// The steps of a query that read a whole table of those that grow.
fn scans(c: &mut DbConnection, query: &str) -> Vec<String> {
    let steps: Vec<String> = match c {
        DbConnection::Sqlite(c) => {
            let steps: Vec<Step> = sql_query(format!("EXPLAIN QUERY PLAN {query}")).load(c).unwrap();
            steps.into_iter().map(|step| step.detail).filter(|step| step.starts_with("SCAN")).collect()
        }
        DbConnection::Postgres(c) => {
            let query = &with_list_types(c, query);
            let arguments = (1..).take_while(|n| query.contains(&format!("${n}"))).count();
            let nulls =
                if arguments == 0 { String::new() } else { format!("({})", vec!["NULL"; arguments].join(", ")) };
            c.batch_execute(&format!(
                "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; DEALLOCATE ALL; PREPARE asked AS {query}"
            ))
            .unwrap_or_else(|error| panic!("{query}\n{error}"));
            let steps: Vec<PlanLine> = sql_query(format!("EXPLAIN EXECUTE asked{nulls}")).load(c).unwrap();
            steps.into_iter().map(|step| step.line).filter(|step| step.contains("Seq Scan")).collect()
        }
    };
    steps
        .into_iter()
        .filter(|step| !READ_WHOLE.iter().any(|table| step.split_whitespace().any(|word| word == *table)))
        .collect()
}

/// Uses everything that runs often.
fn use_all(installation: &Installation) {
    fill(installation);
    let simple = installation.simple("simple", 100);
    let method = Allocation::PermutedBlocks { strata: vec![], block_multiples: vec![2] };
    let blocks = installation.started("blocks", method, &[1, 1], 100);
    for _ in 0..2 {
        installation.assign(request(&simple, 1));
        installation.assign(in_stratum(&blocks, 1, "north"));
        installation.record(vec![event("x", 1, Some(1))]);
    }
    installation.record(vec![event("x", 1, Some(2))]);
    // A correction that waits, the event for which it does, and one whose event never comes.
    promised(installation, vec![corrects("mended", 1, "y"), corrects("lost", 1, "never")]);
    installation.record(vec![event("y", 1, Some(1))]);
    let (trial, person, agency) = (simple.trial_id, installation.person, installation.agency);
    installation
        .write(move |c| {
            log::events_after(c, 0, 10)?;
            log::events_behind(c, 1)?;
            log::assignments_after(c, 0, 10)?;
            directory::version(c)?;
            audit::after(c, 0, 10)?;
            alerts::due(c, NOW)?;
            alerts::hold(c, "rc", 1, NOW, NOW)?;
            alerts::of_receiver(c, "rc", 10)?;
            alerts::count(c, "rc", alerts::WAITING)?;
            receivers::of_agency(c, agency)?;
            audit::about(c, "trial/open-door", 10)?;
            people::by_email(c, "ann@tax.example")?;
            people::by_id(c, person)?;
            people::of_agency(c, agency)?;
            people::set_roles(c, person, "", false)?;
            people::set_password(c, person, "")?;
            sessions::by_token_hash(c, &[9; 32])?;
            sessions::touch(c, &[9; 32], NOW)?;
            sessions::end(c, &[8; 32])?;
            sessions::end_all_of(c, person)?;
            sessions::forget_ended(c, NOW)?;
            api_keys::of_agency(c, agency)?;
            api_keys::note_used(c, &[(1, NOW)])?;
            log::close_events(c, trial)?;
            trials::by_key(c, "simple")?;
            trials::by_id(c, trial)?;
            trials::canonical(c, trial, PLAN)?;
            trials::authors(c, trial)?;
            trials::signatures_of(c, trial)?;
            touches::of_trial(c, trial)?;
            waiting_since(c)?;
            forget_waiting(c, NOW + 1, 10)?;
            Ok(())
        })
        .unwrap();
}

on_both_databases! {
    fn hot_queries_use_an_index(database) {
        set_default_instrumentation(listener).unwrap();
        let installation = Installation::new(database);
        use_all(&installation);
        // Postgres addresses are opened with limits behind them.
        let place = database.url().trim_start_matches("sqlite:");
        let queries: Vec<String> = HEARD
            .lock()
            .unwrap()
            .iter()
            .filter(|(address, _)| address.starts_with(place))
            .map(|(_, query)| query.trim().to_owned())
            .filter(|query| ["SELECT", "INSERT", "UPDATE", "DELETE"].iter().any(|verb| query.starts_with(verb)))
            .filter(|query| !query.contains("__diesel") && !query.contains("sqlite_version") && !query.contains(';'))
            .collect();
        for table in ["assignments", "events", "event_conflicts", "waiting_corrections", "enrolments", "sessions", "people", "audit", "protocols"] {
            assert!(queries.iter().any(|query| query.contains(table)), "{table} is used");
        }
        assert!(queries.len() > 40, "{queries:#?}");

        let mut c = installation.connection();
        let mut found: Vec<String> = Vec::new();
        for query in &queries {
            found.extend(scans(&mut c, query).into_iter().map(|step| format!("{query}\n    {step}")));
        }
        // The newest entry of the audit is the end of its key, which SQLite calls a scan and leaves after one row.
        found.retain(|what| !(installation.kind == Kind::Sqlite && what.contains("ORDER BY `audit`.`sequence` DESC") && what.contains("LIMIT")));
        // Only looked at by SQLite when a reference is broken already.
        found.retain(|what| !what.starts_with("INSERT INTO `people`"));
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    fn a_query_without_an_index_is_found(database) {
        let installation = Installation::new(database);
        fill(&installation);
        let mut c = installation.connection();
        assert_eq!(scans(&mut c, "SELECT sequence FROM events WHERE received_at = 5").len(), 1);
        assert_eq!(scans(&mut c, "SELECT id FROM people WHERE name = 'Ann' OR roles = 'x'").len(), 1);
        assert!(scans(&mut c, "SELECT name FROM people WHERE id = 5").is_empty());
        assert_eq!(lines(&mut installation.connection(), "SELECT email AS line FROM people"), ["ann@tax.example"]);
    }
    fn a_large_group_of_known_calls_never_reads_a_whole_table(database) {
        if database.kind() == Kind::Sqlite {
            // There each row is looked up by itself.
            return;
        }
        let installation = Installation::new(database);
        let drawing = installation.simple("simple", 100_000);
        let batch = |b: u32| installation.batch((0..1_000).map(|n| event(&format!("e{b}-{n}"), n, None)).collect());
        let calls = |from: u32| (from..from + 2_000).map(|who| request(&drawing, who)).collect();
        (0..12).for_each(|b| drop(installation.wait(installation.store.record(batch(b))).unwrap()));
        (0..4).for_each(|n| drop(installation.assign_together(calls(n * 2_000))));
        installation.connection().batch_execute("ANALYZE").unwrap();
        // What the writer has read is told after its next transaction, and by tables.
        let whole = || {
            let told = |c: &mut DbConnection| Ok(c.batch_execute("SELECT pg_stat_force_next_flush()")?);
            installation.write(told).unwrap();
            installation.lines(
                "SELECT relname || ' ' || CAST(seq_scan AS TEXT) AS line FROM pg_stat_user_tables \
                 WHERE relname IN ('events', 'assignments') ORDER BY relname",
            )
        };
        let before = whole();
        let known = installation.record_together((0..4).map(batch).collect());
        assert!(known.iter().flatten().flatten().all(|answer| *answer == Recorded::Duplicate));
        let known = installation.assign_together(calls(1_000));
        assert!(known.iter().all(|answer| matches!(answer, Ok(AssignAnswer::Existing(_)))));
        assert_eq!(whole(), before);
    }

    fn a_large_group_never_reads_all_that_waits(database) {
        if database.kind() == Kind::Sqlite {
            // There each event is looked up by itself.
            return;
        }
        let installation = Installation::new(database);
        for b in 0..10 {
            promised(&installation, (0..1_000).map(|n| corrects(&format!("c{b}-{n}"), 1, &format!("never{b}-{n}"))).collect());
        }
        promised(&installation, vec![corrects("c", 1, "e-7"), corrects("d", 2, "c")]);
        installation.connection().batch_execute("ANALYZE").unwrap();
        let whole = || {
            let told = |c: &mut DbConnection| Ok(c.batch_execute("SELECT pg_stat_force_next_flush()")?);
            installation.write(told).unwrap();
            installation.lines("SELECT CAST(seq_scan AS TEXT) AS line FROM pg_stat_user_tables WHERE relname = 'waiting_corrections'")
        };
        let before = whole();
        for b in ["e", "f", "g"] {
            installation.record((0..1_000).map(|n| event(&format!("{b}-{n}"), 1, None)).collect());
        }
        assert_eq!(whole(), before);
        assert_eq!((installation.count("waiting_corrections"), installation.count("corrections")), (10_000, 2));
    }
}
