//! Files of outcomes that people took in: who, when, and what became of their rows. The rows themselves are events like all others.

use std::collections::HashSet;

use diesel::{
    ExpressionMethods, Insertable, NullableExpressionMethods, OptionalExtension, QueryDsl, Queryable, QueryableByName,
    RunQueryDsl,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use fairtrial_domain::{
    Pseudonym,
    event::{EventId, Sender},
};

use super::trials::{self, TrialRow};
use crate::{
    connection::DbConnection,
    dialect::{self, on_either},
    error::StoreError,
    schema::{events, outcome_file_ends, outcome_files},
    statement::statement,
    writer,
};

/// A file that is taken in.
#[derive(Debug, Clone, PartialEq, Eq, Insertable)]
#[diesel(table_name = outcome_files)]
pub struct NewFile {
    /// For which trial.
    pub trial_id: i64,
    /// Who took it in.
    pub person_id: i64,
    /// When, in microseconds.
    pub taken_at: i64,
    /// SHA-256 of the file.
    pub digest: String,
    /// Which column was read as what, as JSON.
    pub read_as: String,
    /// Rows that were new events.
    pub new_rows: i64,
    /// Rows that were events before.
    pub known_rows: i64,
    /// Rows about people who are not in the trial.
    pub other_rows: i64,
    /// Rows that were refused and left out.
    pub refused_rows: i64,
}

/// A file as kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct FileRow {
    /// Its number.
    pub id: i64,
    /// For which trial.
    pub trial_id: i64,
    /// Who took it in.
    pub person_id: i64,
    /// When, in microseconds.
    pub taken_at: i64,
    /// SHA-256 of the file.
    pub digest: String,
    /// Which column was read as what, as JSON.
    pub read_as: String,
    /// Rows that were new events.
    pub new_rows: i64,
    /// Rows that were events before.
    pub known_rows: i64,
    /// Rows about people who are not in the trial.
    pub other_rows: i64,
    /// Rows that were refused and left out.
    pub refused_rows: i64,
}

/// That a file was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable)]
#[diesel(table_name = outcome_file_ends)]
pub struct FileEnd {
    /// Which.
    pub file_id: i64,
    /// By whom.
    pub person_id: i64,
    /// When, in microseconds.
    pub taken_back_at: i64,
    /// How many of its events were taken back.
    pub events: i64,
    /// How many had been corrected before, and stay so.
    pub corrected: i64,
}

/// Locks a trial against its data being locked meanwhile, and the log of events, in the order in which all writers do; and gives the
/// trial as it stands.
///
/// # Errors
/// [`StoreError::Changed`] when there is no such trial.
pub fn hold(c: &mut DbConnection, trial_id: i64) -> Result<TrialRow, StoreError> {
    dialect::lock_trial(c, trial_id)?;
    writer::take_places(c, "events", 0)?;
    trials::by_id(c, trial_id)?.ok_or_else(|| StoreError::Changed("the trial".into()))
}

/// For each row, by its fingerprint and its number among rows that say the same: the id of the event that it would be, or none where
/// it is one that stands. What was taken back with its file stands no more.
///
/// # Errors
/// When the database fails.
pub fn new_ids(
    c: &mut DbConnection,
    agency_id: i64,
    rows: &[([u8; 16], u32)],
) -> Result<Vec<Option<EventId>>, StoreError> {
    let mut found: Vec<Option<EventId>> = vec![None; rows.len()];
    let mut open: Vec<usize> = (0..rows.len()).collect();
    let mut round = 0;
    while !open.is_empty() {
        let named: Vec<(usize, EventId)> = open
            .iter()
            .filter_map(|at| rows.get(*at).map(|(print, nth)| (*at, EventId::of_row(print, *nth, round))))
            .collect();
        let kept = kept_among(c, agency_id, named.iter().map(|(_, id)| id.as_str().to_owned()))?;
        let known: Vec<(usize, EventId)> = named
            .into_iter()
            .filter_map(|(at, id)| {
                if kept.contains(id.as_str()) {
                    return Some((at, id.taken_back()));
                }
                if let Some(slot) = found.get_mut(at) {
                    *slot = Some(id);
                }
                None
            })
            .collect();
        let back = kept_among(c, agency_id, known.iter().map(|(_, id)| id.as_str().to_owned()))?;
        open = known.into_iter().filter(|(_, id)| back.contains(id.as_str())).map(|(at, _)| at).collect();
        round += 1;
    }
    Ok(found)
}

/// Ids in one question.
const AT_ONCE: usize = 500;

fn kept_among(
    c: &mut DbConnection,
    agency_id: i64,
    ids: impl Iterator<Item = String>,
) -> Result<HashSet<String>, StoreError> {
    let (ids, mut kept) = (ids.collect::<Vec<_>>(), HashSet::new());
    for some in ids.chunks(AT_ONCE) {
        let known = events::table.filter(events::agency_id.eq(agency_id)).filter(events::event_id.eq_any(some));
        kept.extend(known.select(events::event_id).load::<String>(c)?);
    }
    Ok(kept)
}

/// Keeps that a file is taken in; gives its number.
///
/// # Errors
/// When the database fails.
pub fn add(c: &mut DbConnection, file: &NewFile) -> Result<i64, StoreError> {
    Ok(diesel::insert_into(outcome_files::table).values(file.clone()).returning(outcome_files::id).get_result(c)?)
}

/// The files of a trial, the latest first, each with its end where it was taken back.
///
/// # Errors
/// When the database fails.
pub fn of_trial(c: &mut DbConnection, trial_id: i64) -> Result<Vec<(FileRow, Option<FileEnd>)>, StoreError> {
    let of_trial =
        outcome_files::table.left_join(outcome_file_ends::table).filter(outcome_files::trial_id.eq(trial_id));
    Ok(of_trial
        .order(outcome_files::id.desc())
        .select((outcome_files::all_columns, outcome_file_ends::all_columns.nullable()))
        .load(c)?)
}

/// One of them.
///
/// # Errors
/// When the database fails.
pub fn find(c: &mut DbConnection, trial_id: i64, id: i64) -> Result<Option<(FileRow, Option<FileEnd>)>, StoreError> {
    let of_trial =
        outcome_files::table.left_join(outcome_file_ends::table).filter(outcome_files::trial_id.eq(trial_id));
    Ok(of_trial
        .filter(outcome_files::id.eq(id))
        .select((outcome_files::all_columns, outcome_file_ends::all_columns.nullable()))
        .first(c)
        .optional()?)
}

/// An event that came with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEvent {
    /// Its id.
    pub event_id: EventId,
    /// Whom it is about.
    pub unit: Pseudonym,
    /// What kind of thing happened.
    pub kind: String,
    /// Whether a correction stands in its place.
    pub corrected: bool,
}

#[derive(QueryableByName)]
struct EventOfFile {
    #[diesel(sql_type = Text)]
    event_id: String,
    #[diesel(sql_type = Binary)]
    unit: Vec<u8>,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    replaced_by: Option<i64>,
}

/// The events that came with a file, in their order.
///
/// # Errors
/// When the database fails.
pub fn events_of(c: &mut DbConnection, file_id: i64) -> Result<Vec<FileEvent>, StoreError> {
    // The second condition on the sender says which index is meant.
    const FIND: &str = "SELECT e.event_id, e.unit, k.name AS kind, r.sequence AS replaced_by FROM events AS e \
        JOIN event_kinds AS k ON k.id = e.kind_id \
        LEFT JOIN corrections AS c ON c.sequence = e.sequence \
        LEFT JOIN corrections AS r ON r.agency_id = e.agency_id AND r.replaces = e.event_id AND r.bucket = e.bucket \
        WHERE e.key_id = $1 AND e.key_id < 0 AND c.sequence IS NULL ORDER BY e.sequence";
    let sender = Sender::File(file_id).number();
    let rows: Vec<EventOfFile> = on_either!(c, c => statement(FIND).bind::<BigInt, _>(sender).load(c))?;
    let damaged = || StoreError::Damaged(format!("an event of the file {file_id}"));
    let read = |row: EventOfFile| {
        Some(FileEvent {
            event_id: EventId::kept(row.event_id)?,
            unit: Pseudonym::from_bytes(&row.unit)?,
            kind: row.kind,
            corrected: row.replaced_by.is_some(),
        })
    };
    rows.into_iter().map(|row| read(row).ok_or_else(damaged)).collect()
}

/// Keeps that a file is taken back.
///
/// # Errors
/// [`StoreError::Exists`] when it was before.
pub fn end(c: &mut DbConnection, end: &FileEnd) -> Result<(), StoreError> {
    diesel::insert_into(outcome_file_ends::table).values(end.clone()).execute(c)?;
    Ok(())
}
