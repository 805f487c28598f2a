//! What the database itself refuses, whoever asks.

use diesel::connection::SimpleConnection;
use fairtrial_domain::{
    allocation::AllocationSecret,
    event::{EventId, NewEvent, Replaces},
};
use fairtrial_store::{
    DbConnection, StoreError, adoptions, amendments, audit, comments, conclusions, deletions, frozen_reports, looks,
    messages, notes, origins, outcome_files, people, reminders, sessions, touches, trials, unmaskings,
};
use fairtrial_testkit::{database::Kind, on_both_databases};

use super::installation::{Installation, NOW, PLAN, dump, event, note, request, secret_of};

/// The plan that amendments of the stories lead to.
const AMENDED: &str = "plan-2";

fn amendment(trial_id: i64, version: i64, person_id: i64) -> amendments::Amendment {
    amendments::Amendment {
        trial_id,
        version,
        protocol_id: AMENDED.into(),
        replaces: PLAN.into(),
        class: "minor".into(),
        data_seen: "none".into(),
        views: 0,
        reason: "plainer".into(),
        person_id,
        proposed_at: NOW,
    }
}

fn amended_plan(author_id: i64) -> trials::NewTrial<'static> {
    trials::NewTrial {
        key: "open-door",
        agency_id: 1,
        state: "enrolling",
        protocol_id: AMENDED,
        canonical: "{}",
        algo_version: 1,
        author_id,
        created_at: NOW,
    }
}

fn ended(trial_id: i64, version: i64, person_id: i64, outcome: &str) -> amendments::End {
    amendments::End { trial_id, version, outcome: outcome.into(), person_id, reason: String::new(), ended_at: NOW }
}

fn answer_of(trial_id: i64, person_id: i64, resolves: bool) -> comments::CommentAnswerRow {
    let remark = "half a year is enough".into();
    comments::CommentAnswerRow { trial_id, number: 1, step: 0, resolves, remark, person_id, made_at: NOW }
}

fn adoption(trial_id: i64, status: &str, person_id: i64) -> adoptions::AdoptionRow {
    adoptions::AdoptionRow {
        trial_id,
        step: 0,
        status: status.into(),
        reason: "the printer had to change".into(),
        person_id,
        reported_at: NOW,
    }
}

fn look(trial_id: i64) -> looks::LookRow {
    looks::LookRow {
        trial_id,
        look: 1,
        protocol_id: PLAN.into(),
        due_at: NOW,
        held_at: NOW,
        assignments_cut: 3,
        notes_cut: 1,
        data_cut: 2,
        decision: "keep_going".into(),
        arm: None,
        evidence: "{}".into(),
        engine: "tests".into(),
    }
}

/// Something in every table.
pub(crate) fn fill(installation: &Installation) {
    let drawing = installation.simple("open-door", 100);
    for who in 0..3 {
        installation.assign(request(&drawing, who));
    }
    installation.record(vec![event("a", 1, Some(5)), event("a", 2, None), event("b", 2, None)]);
    let replaces = Some(Replaces { event_id: EventId::new("b").unwrap(), retracts: false });
    installation.record(vec![NewEvent { replaces, ..event("c", 2, Some(1)) }]);
    let (trial_id, person_id) = (drawing.trial_id, installation.person);
    let noted = note(installation.agency, trial_id, "d-1", 1);
    installation
        .write(move |c| {
            notes::add(c, &noted)?;
            let signature = trials::NewSignature {
                trial_id,
                person_id,
                role: "ethics".into(),
                protocol_id: PLAN.into(),
                note: "yes".into(),
                signed_at: NOW,
                kind: "signed".into(),
            };
            trials::sign(c, &signature)?;
            amendments::propose(c, &amendment(trial_id, 2, person_id), &amended_plan(person_id))?;
            amendments::end(c, &ended(trial_id, 2, person_id, "returned"), None)?;
            let decision = conclusions::DecisionRow {
                trial_id,
                decision: "adopt".into(),
                verdict: "succeeded".into(),
                by_the_rule: true,
                reason: String::new(),
                person_id,
                second_person_id: None,
                decided_at: NOW,
                owner: Some("letters team".into()),
                due_on: Some("2027-03-31".into()),
            };
            conclusions::decide(c, &decision)?;
            for status in ["adapted", "adopted"] {
                adoptions::report(c, &adoption(trial_id, status, person_id))?;
            }
            unmaskings::unmask(c, trial_id, person_id, NOW)?;
            let origin = origins::Origin { trial_id, from_trial_id: trial_id, protocol_id: PLAN.into() };
            origins::add(c, &origin)?;
            for _ in 0..2 {
                let comment = comments::CommentRow {
                    trial_id,
                    number: 0,
                    protocol_id: PLAN.into(),
                    place: "data".into(),
                    remark: "why so long?".into(),
                    person_id,
                    made_at: NOW,
                    question: Some("privacy".into()),
                };
                comments::add(c, &comment)?;
            }
            for resolves in [false, true] {
                comments::answer(c, &answer_of(trial_id, person_id, resolves))?;
            }
            let message = messages::MessageRow {
                trial_id,
                number: 0,
                reference: "me-1".into(),
                kind: "question".into(),
                words: "why me?".into(),
                sent_at: NOW,
            };
            let number = messages::add(c, &message)?;
            let answer =
                messages::AnswerRow { trial_id, number, words: "by chance".into(), person_id, answered_at: NOW };
            messages::answer(c, &answer)?;
            let old = messages::MessageRow { reference: "me-2".into(), ..message };
            let number = messages::add(c, &old)?;
            messages::answer(c, &messages::AnswerRow { number, answered_at: NOW - 90 * DAY, ..answer })?;
            messages::remove(c, &[(trial_id, number)], NOW)?;
            let file = outcome_files::NewFile {
                trial_id,
                person_id,
                taken_at: NOW,
                digest: "d".into(),
                read_as: "{}".into(),
                new_rows: 1,
                known_rows: 0,
                other_rows: 0,
                refused_rows: 0,
            };
            let file_id = outcome_files::add(c, &file)?;
            let end = outcome_files::FileEnd { file_id, person_id, taken_back_at: NOW, events: 1, corrected: 0 };
            outcome_files::end(c, &end)?;
            conclusions::publish(c, trial_id, person_id, NOW)?;
            looks::keep(c, &look(trial_id))?;
            let crossing = looks::CrossingRow {
                trial_id,
                outcome: "harm".into(),
                arm: "new".into(),
                crossed_at: NOW,
                data_cut: 2,
                counts: "{}".into(),
            };
            looks::cross(c, &crossing)?;
            touches::add(c, &[(trial_id, "not_eligible", 4)])?;
            people::note_sign_in(c, person_id, 1, None)?;
            let session = sessions::SessionRow {
                token_hash: vec![9; 32],
                person_id,
                csrf_token: "c".into(),
                created_at: NOW,
                last_seen_at: NOW,
                expires_at: NOW + 1,
            };
            sessions::add(c, &session)?;
            let entry = audit::NewEntry {
                at: NOW,
                agency_id: None,
                person_id: Some(person_id),
                key_id: None,
                action: "trial.start".into(),
                subject: "trial/open-door".into(),
                detail: "{}".into(),
            };
            audit::append(c, &entry)?;
            audit::append(c, &entry)?;
            let told = audit::NewEntry { agency_id: Some(1), action: "trial.submit".into(), ..entry };
            audit::append(c, &told)?;
            let trial_id = trials::by_key(c, "open-door")?.map_or(1, |trial| trial.id);
            reminders::add(c, &reminders::ReminderRow { trial_id, matter: "overdue.results".into(), since: NOW })
        })
        .unwrap();
}

/// Runs a statement that a guard must refuse: with the guard's own words, and changing nothing.
fn refused(installation: &Installation, statement: &str) {
    let before = dump(installation);
    let error = installation.connection().batch_execute(statement).expect_err(statement).to_string();
    let guarded = ["append-only", "never", "locked", "stays on record"].iter().any(|word| error.contains(word));
    assert!(guarded, "{statement}\nwas refused for another reason: {error}");
    assert_eq!(dump(installation), before, "{statement}");
}

const DAY: i64 = 86_400_000_000;

/// Append-only tables: name, a column, the columns of a unique key.
const TABLES: [(&str, &str, &str); 26] = [
    ("notes", "at", "agency_id, event_id, trial_id, bucket"),
    ("events", "value", "agency_id, event_id, bucket"),
    ("corrections", "root", "agency_id, replaces, bucket"),
    ("event_conflicts", "received_at", "agency_id, event_id, bucket, fingerprint"),
    ("assignments", "arm", "bucket, trial_id, unit"),
    ("audit", "at", "sequence"),
    ("signatures", "signed_at", "id"),
    ("protocols", "created_at", "trial_id, protocol_id, author_id"),
    ("amendments", "views", "trial_id, version"),
    ("amendment_ends", "ended_at", "trial_id, version"),
    ("decisions", "decided_at", "trial_id"),
    ("publications", "published_at", "trial_id"),
    ("adoptions", "reported_at", "trial_id, step"),
    ("origins", "from_trial_id", "trial_id"),
    ("unmaskings", "unmasked_at", "trial_id, person_id"),
    ("comments", "made_at", "trial_id, number"),
    ("comment_answers", "made_at", "trial_id, number, step"),
    ("messages", "sent_at", "trial_id, number"),
    ("outcome_files", "taken_at", "id"),
    ("outcome_file_ends", "events", "file_id"),
    ("message_answers", "answered_at", "trial_id, number"),
    ("message_removals", "removed_at", "trial_id, number"),
    ("looks", "held_at", "trial_id, look"),
    ("harm_crossings", "crossed_at", "trial_id, outcome, arm"),
    ("alerts", "at", "sequence"),
    ("reminders", "since", "trial_id, matter, since"),
];

on_both_databases! {
    fn rows_of_append_only_tables_are_neither_changed_nor_removed(database) {
        let installation = Installation::new(database);
        fill(&installation);
        for (table, column, key) in TABLES {
            assert!(installation.count(table) > 0, "{table} has rows to guard");
            refused(&installation, &format!("UPDATE {table} SET {column} = 0"));
            refused(&installation, &format!("UPDATE {table} SET {column} = {column}"));
            refused(&installation, &format!("UPDATE {table} SET {column} = p.id FROM people p"));
            refused(&installation, &format!("DELETE FROM {table}"));
            let again = format!("INSERT INTO {table} SELECT * FROM {table} WHERE true ON CONFLICT");
            match installation.kind {
                Kind::Sqlite => {
                    // Whichever key it is that is taken.
                    refused(&installation, &format!("{again} DO UPDATE SET {column} = 0"));
                    refused(&installation, &format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"));
                    refused(&installation, &format!("UPDATE OR REPLACE {table} SET {column} = 0"));
                }
                Kind::Postgres => {
                    refused(&installation, &format!("{again} ({key}) DO UPDATE SET {column} = 0"));
                    // Without CASCADE the key that points at them refuses before the guard does.
                    if !["alerts", "amendments", "comments", "messages", "outcome_files"].contains(&table) {
                        refused(&installation, &format!("TRUNCATE {table}"));
                    }
                    refused(&installation, &format!("TRUNCATE {table} CASCADE"));
                }
            }
        }
    }

    fn a_message_goes_only_long_after_its_answer_and_its_number_never_comes_again(database) {
        let installation = Installation::new(database);
        fill(&installation);
        let trial_id = installation.write(|c| Ok(messages::of_trials(c, &[1, 2, 3], 9)?[0].0.trial_id)).unwrap();
        let add = |reference: &str| {
            let message = messages::MessageRow {
                trial_id,
                number: 0,
                reference: reference.to_owned(),
                kind: "question".into(),
                words: "and me?".into(),
                sent_at: NOW,
            };
            installation.write(move |c| messages::add(c, &message)).unwrap()
        };
        // The first is there still, the second was removed: its number stays taken.
        let waiting = add("me-3");
        assert_eq!(waiting, 3);
        let gone = |number: i64, at: i64| installation.write(move |c| messages::remove(c, &[(trial_id, number)], at));
        assert!(gone(waiting, NOW + 900 * DAY).is_err(), "it waits for an answer");
        assert!(gone(1, NOW + 90 * DAY - 1).is_err(), "it was answered lately");
        gone(1, NOW + 90 * DAY).unwrap();
        assert!(gone(1, NOW + 91 * DAY).is_err(), "it is gone");
        let left = installation.write(move |c| messages::of_trials(c, &[trial_id], 9)).unwrap();
        assert_eq!(left.iter().map(|(row, _)| row.number).collect::<Vec<_>>(), [3]);
        assert_eq!(installation.write(move |c| messages::waiting(c, trial_id)).unwrap(), 1);
        assert_eq!(add("me-4"), 4);
    }

    fn records_go_only_when_they_are_due_and_only_as_a_deletion_says(database) {
        let installation = Installation::new(database);
        fill(&installation);
        let (kept_days, locked_at) = (30, NOW);
        let plan = trials::NewTrial {
            key: "letters",
            agency_id: installation.agency,
            state: "draft",
            protocol_id: "plan-3",
            canonical: "{\"data\":{\"retain_units_days\":30}}",
            algo_version: 1,
            author_id: installation.person,
            created_at: NOW,
        };
        let trial_id = installation.write(move |c| trials::add(c, &plan)).unwrap();
        let new = |begun_at: i64, due_at: i64| deletions::NewDeletion { trial_id, due_at, begun_at, people: 3, event_place: 0 };
        let begin = |new: deletions::NewDeletion| installation.write(move |c| deletions::begin(c, &new));
        let due = locked_at + kept_days * DAY;
        assert!(begin(new(due, due)).is_err(), "its data are not locked");
        let mut c = installation.connection();
        c.batch_execute(&format!("UPDATE trials SET state = 'locked', locked_at = {locked_at} WHERE id = {trial_id}")).unwrap();
        assert!(begin(new(due, due)).is_err(), "its report is not frozen");
        let frozen = frozen_reports::FrozenReport {
            trial_id,
            protocol_id: "plan-3".into(),
            data_cut: 1,
            engine: "tests".into(),
            not_enrolled: "[]".into(),
            report: "{}".into(),
            digest: "d".into(),
            frozen_at: NOW,
            declared: "[]".into(),
        };
        installation.write(move |c| frozen_reports::freeze(c, &frozen)).unwrap();
        assert!(begin(new(due - 1, due)).is_err(), "it is not due");
        assert!(begin(new(due, due - DAY)).is_err(), "the plan says when it is due");
        let everything = |c: &mut DbConnection| c.batch_execute("UPDATE events SET value = NULL WHERE value IS NULL").is_err();
        assert!(everything(&mut c), "events stay as they are without a deletion");
        assert_eq!(begin(new(due, due)).unwrap(), "d");
        assert!(matches!(begin(new(due, due)), Err(StoreError::Exists)));

        // While it is under way, events may be emptied and nothing else; assignments and notes of other trials stay.
        for statement in [
            "UPDATE events SET value = NULL",
            "UPDATE events SET value = 7",
            "UPDATE events SET kind_id = kind_id + 1",
            "DELETE FROM events",
            "UPDATE corrections SET retracts = (1 = 1)",
            "DELETE FROM corrections",
            "DELETE FROM assignments",
            "UPDATE assignments SET arm = 0",
            "DELETE FROM notes",
            "UPDATE notes SET at = 0",
            "DELETE FROM deletions",
            "UPDATE deletions SET people = 0",
            "UPDATE deletions SET due_at = due_at + 1",
            "UPDATE deletions SET events = -1",
        ] {
            refused(&installation, statement);
        }
        let emptied = deletions::EmptiedEvent { sequence: 1, occurred_at: 0, received_at: 0, before_occurred_at: None };
        installation.write(move |c| deletions::empty_events(c, trial_id, &[emptied], 1)).unwrap();
        installation.write(move |c| deletions::empty_events(c, trial_id, &[emptied], 1)).unwrap();
        let row = installation.write(move |c| deletions::finish(c, trial_id, due + 1)).unwrap().unwrap();
        assert_eq!((row.events, row.event_place, row.finished_at), (1, 1, Some(due + 1)));
        assert_eq!(installation.write(move |c| deletions::finish(c, trial_id, due + 2)).unwrap(), None, "once");
        refused(&installation, "UPDATE deletions SET finished_at = NULL");
        let again = deletions::EmptiedEvent { sequence: 2, ..emptied };
        assert!(installation.write(move |c| deletions::empty_events(c, trial_id, &[again], 2)).is_err(), "it is over");
    }

    fn reports_of_an_adoption_stand_one_behind_the_other(database) {
        let installation = Installation::new(database);
        fill(&installation);
        let (steps, origins) = installation
            .write(|c| Ok((adoptions::all(c)?, origins::all(c)?)))
            .map(|(rows, origins)| (rows.into_iter().map(|row| (row.step, row.status)).collect::<Vec<_>>(), origins))
            .unwrap();
        assert_eq!(steps, [(1, "adapted".to_owned()), (2, "adopted".to_owned())]);
        assert_eq!(origins.iter().map(|origin| origin.protocol_id.as_str()).collect::<Vec<_>>(), [PLAN]);
    }

    fn the_plan_of_a_started_trial_is_locked(database) {
        let installation = Installation::new(database);
        fill(&installation);
        let draft = installation.draft("draft");
        let values = [
            ("key", "'other'"),
            ("agency_id", "agency_id + 1"),
            ("protocol_id", "'other'"),
            ("sealed_secret", if installation.kind == Kind::Sqlite { "x'00'" } else { "'\\x00'::bytea" }),
            ("secret_commitment", "'other'"),
            ("algo_version", "2"),
            ("started_at", "NULL"),
            ("started_at", "1"),
            ("started_sequence", "1"),
        ];
        for (column, value) in values {
            refused(&installation, &format!("UPDATE trials SET {column} = {value} WHERE started_at IS NOT NULL"));
        }
        refused(&installation, "UPDATE trials SET protocol_id = a.key FROM agencies a WHERE started_at IS NOT NULL");
        refused(
            &installation,
            "INSERT INTO trials (key, agency_id, state, protocol_id, algo_version, created_at) \
             SELECT key, agency_id, state, protocol_id, algo_version, created_at FROM trials WHERE key = 'open-door' \
             ON CONFLICT (key) DO UPDATE SET protocol_id = 'other'",
        );
        refused(&installation, "DELETE FROM trials WHERE key = 'open-door'");
        refused(&installation, "DELETE FROM trials WHERE key = 'draft'");
        match installation.kind {
            Kind::Sqlite => refused(&installation, "INSERT OR REPLACE INTO trials SELECT * FROM trials WHERE key = 'draft'"),
            Kind::Postgres => {
                refused(&installation, "TRUNCATE trials CASCADE");
                refused(&installation, "TRUNCATE agencies CASCADE");
            }
        }
        // What is not the plan may change, and so may the plan of a draft.
        let mut c = installation.connection();
        c.batch_execute("UPDATE trials SET state = 'follow_up', ended_at = 5, reverted = (1 = 1) WHERE key = 'open-door'").unwrap();
        c.batch_execute(&format!("UPDATE trials SET protocol_id = 'plan-2' WHERE id = {draft}")).unwrap();
    }
    fn what_is_locked_with_the_data_stays(database) {
        let installation = Installation::new(database);
        fill(&installation);
        let mut c = installation.connection();
        c.batch_execute("UPDATE trials SET state = 'data_locked', locked_at = 7, locked_sequence = 3 WHERE key = 'open-door'").unwrap();
        for change in ["state = 'follow_up'", "reverted = NOT reverted", "ended_at = 1", "locked_at = NULL", "locked_at = 8",
            "locked_sequence = 4", "locked_sequence = NULL"] {
            refused(&installation, &format!("UPDATE trials SET {change} WHERE key = 'open-door'"));
        }
        c.batch_execute("UPDATE trials SET state_reason = 'a correction of the words' WHERE key = 'open-door'").unwrap();
    }
    fn a_plan_changes_only_to_an_amendment_that_somebody_else_has_signed(database) {
        let installation = Installation::new(database);
        let drawing = installation.simple("open-door", 100);
        let (trial_id, author, other) = (drawing.trial_id, installation.person, installation.add_person("bob@tax.example"));
        let sign = |person_id: i64, kind: &str| {
            let signature = trials::NewSignature {
                trial_id,
                person_id,
                role: "approver".into(),
                protocol_id: AMENDED.into(),
                note: String::new(),
                signed_at: NOW,
                kind: kind.into(),
            };
            installation.write(move |c| trials::sign(c, &signature)).unwrap();
        };
        let change = format!("UPDATE trials SET protocol_id = '{AMENDED}' WHERE id = {trial_id}");
        refused(&installation, &change);
        installation.write(move |c| amendments::propose(c, &amendment(trial_id, 2, author), &amended_plan(author))).unwrap();
        refused(&installation, &change);
        sign(author, "signed");
        sign(other, "conditional");
        let in_force = move |c: &mut fairtrial_store::DbConnection| amendments::end(c, &ended(trial_id, 2, author, "in_force"), Some(AMENDED));
        assert!(installation.write(in_force).is_err(), "its own author and a condition do not make it the plan");
        refused(&installation, &change);
        sign(other, "signed");
        refused(&installation, &change);
        installation.write(in_force).unwrap();
        refused(&installation, &format!("UPDATE trials SET protocol_id = '{PLAN}' WHERE id = {trial_id}"));
        assert_eq!(installation.write(in_force).unwrap_err(), fairtrial_store::StoreError::Exists);
    }
    fn no_two_trials_have_one_secret(database) {
        let installation = Installation::new(database);
        let first = installation.simple("open-door", 100).trial_id;
        let second = installation.draft("shut-door");
        installation.move_state(second, "draft", "approved").unwrap();
        let start = |secret: [u8; 32]| {
            let change = trials::StateChange {
                state: "enrolling".into(),
                started_at: Some(NOW),
                sealed_secret: Some(vec![9]),
                secret_commitment: Some(AllocationSecret::new(secret).commitment()),
                ..trials::StateChange::default()
            };
            installation.write(move |c| trials::move_state(c, second, "approved", PLAN, &change))
        };
        assert_eq!(start(secret_of(first)), Err(fairtrial_store::StoreError::Exists));
        assert_eq!(installation.lines("SELECT state AS line FROM trials WHERE key = 'shut-door'"), ["approved"]);
        let copied = "UPDATE trials SET secret_commitment = (SELECT secret_commitment FROM trials WHERE key = 'open-door') WHERE key = 'shut-door'";
        assert!(installation.connection().batch_execute(copied).unwrap_err().to_string().to_lowercase().contains("unique"));
        start([77; 32]).unwrap();
    }

    fn locked_data_go_on_only_with_a_decision_or_a_publication(database) {
        let installation = Installation::new(database);
        let trial_id = installation.simple("open-door", 100).trial_id;
        let mut c = installation.connection();
        c.batch_execute("UPDATE trials SET state = 'data_locked', locked_at = 7, locked_sequence = 3").unwrap();
        for state in ["reported", "decided", "archived"] {
            refused(&installation, &format!("UPDATE trials SET state = '{state}'"));
        }
        let person = installation.person;
        installation.write(move |c| conclusions::publish(c, trial_id, person, NOW)).unwrap();
        refused(&installation, "UPDATE trials SET state = 'decided'");
        refused(&installation, "UPDATE trials SET state = 'archived'");
        c.batch_execute("UPDATE trials SET state = 'reported'").unwrap();
        refused(&installation, "UPDATE trials SET state = 'data_locked'");
    }
}
