//! Reading the two large tables in their order, from a place on.

use std::collections::HashMap;

use diesel::{
    ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl,
};
use fairtrial_domain::{Pseudonym, identity::BUCKETS};

use crate::{
    connection::DbConnection,
    dialect,
    error::StoreError,
    schema::{assignments, corrections, event_kinds, events, waiting_corrections},
    writer,
};

diesel::allow_tables_to_appear_in_same_query!(events, event_kinds, corrections);

/// An assignment as kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct AssignmentRow {
    /// Place in the order of all assignments.
    pub sequence: i64,
    /// Which trial.
    pub trial_id: i64,
    /// Who, as pseudonym bytes.
    pub unit: Vec<u8>,
    /// Position of the arm in the plan.
    pub arm: i16,
    /// Stratum or cluster; empty without either.
    pub stratum: String,
    /// When, in microseconds.
    pub assigned_at: i64,
    /// Place of the last event that was kept before: what is behind it may be this unit's outcome.
    pub event_place: i64,
    /// What was kept of the unit, as JSON.
    pub attributes: Option<String>,
}

/// The columns of an [`AssignmentRow`].
const ASSIGNMENT: (
    assignments::sequence,
    assignments::trial_id,
    assignments::unit,
    assignments::arm,
    assignments::stratum,
    assignments::assigned_at,
    assignments::event_place,
    assignments::attributes,
) = (
    assignments::sequence,
    assignments::trial_id,
    assignments::unit,
    assignments::arm,
    assignments::stratum,
    assignments::assigned_at,
    assignments::event_place,
    assignments::attributes,
);

/// An event as the fold reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Place in the order of all events.
    pub sequence: i64,
    /// Whose.
    pub agency_id: i64,
    /// Who, as pseudonym bytes.
    pub unit: Vec<u8>,
    /// What kind of thing happened.
    pub kind: String,
    /// How much, in millionths.
    pub value: Option<i64>,
    /// When it happened, in microseconds.
    pub occurred_at: i64,
    /// When it came here, in microseconds; of a correction not before what it replaces.
    pub received_at: i64,
    /// What it takes the place of; none where it stands for itself.
    pub replaces: Option<Replaced>,
}

/// What a correction takes the place of.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Replaced {
    /// Place of the first event of the line: this is about whom that was about when it came.
    pub root: i64,
    /// Whether nothing stands any more.
    pub retracts: bool,
    /// Whether nothing stood before either: the end of the line was a retraction.
    pub before_retracted: bool,
    /// The value that stood, in millionths.
    pub before_value: Option<i64>,
    /// When it had happened, in microseconds.
    pub before_occurred_at: i64,
}

/// Assignments after a place, at most `limit`, in order.
///
/// # Errors
/// When the database fails.
pub fn assignments_after(c: &mut DbConnection, place: i64, limit: i64) -> Result<Vec<AssignmentRow>, StoreError> {
    Ok(assignments::table
        .filter(assignments::sequence.gt(place))
        .order(assignments::sequence)
        .limit(limit)
        .select(ASSIGNMENT)
        .load(c)?)
}

/// The last assignment up to a place; none when there is none, or all of them were deleted.
///
/// # Errors
/// When the database fails.
pub fn last_assignment(c: &mut DbConnection, up_to: i64) -> Result<Option<AssignmentRow>, StoreError> {
    Ok(assignments::table
        .filter(assignments::sequence.le(up_to))
        .order(assignments::sequence.desc())
        .select(ASSIGNMENT)
        .first(c)
        .optional()?)
}

/// What was kept of the attributes of everybody in a trial, as JSON, by pseudonym; people of whom nothing was kept are left
/// out. In no particular order.
///
/// # Errors
/// When the database fails.
pub fn attributes_of(c: &mut DbConnection, trial_id: i64) -> Result<Vec<(Vec<u8>, String)>, StoreError> {
    let mut rows = Vec::new();
    // By bucket, because the table's key begins with it.
    for bucket in 0..BUCKETS {
        rows.extend(
            assignments::table
                .filter(assignments::bucket.eq(i16::from(bucket)))
                .filter(assignments::trial_id.eq(trial_id))
                .filter(assignments::attributes.is_not_null())
                .select((assignments::unit, assignments::attributes.assume_not_null()))
                .load::<(Vec<u8>, String)>(c)?,
        );
    }
    Ok(rows)
}

/// Everybody in a trial, in order.
///
/// # Errors
/// When the database fails.
pub fn assignments_of(c: &mut DbConnection, trial_id: i64) -> Result<Vec<AssignmentRow>, StoreError> {
    let mut rows = Vec::new();
    // By bucket, because the table's key begins with it.
    for bucket in 0..BUCKETS {
        rows.extend(
            assignments::table
                .filter(assignments::bucket.eq(i16::from(bucket)))
                .filter(assignments::trial_id.eq(trial_id))
                .select(ASSIGNMENT)
                .load::<AssignmentRow>(c)?,
        );
    }
    rows.sort_by_key(|row| row.sequence);
    Ok(rows)
}

/// What a draw of a trial needs of somebody.
#[derive(Debug, Queryable)]
pub struct DrawRow {
    /// Place in the order of all assignments.
    pub sequence: i64,
    /// Who, as pseudonym bytes.
    pub unit: Vec<u8>,
    /// Position of the arm in the plan.
    pub arm: i16,
    /// Stratum or cluster; empty without either.
    pub stratum: String,
    /// When, in microseconds.
    pub assigned_at: i64,
}

/// Everybody in a trial, in order, each as `read` makes them: the rows themselves, which are larger, are in memory only for a while.
///
/// # Errors
/// Those of `read`, and when the database fails.
pub fn draws_of<T>(
    c: &mut DbConnection,
    trial_id: i64,
    read: impl Fn(DrawRow) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    use assignments::columns::{arm, assigned_at, sequence, stratum, unit};
    let mut made = Vec::new();
    for bucket in 0..BUCKETS {
        let rows: Vec<DrawRow> = assignments::table
            .filter(assignments::bucket.eq(i16::from(bucket)))
            .filter(assignments::trial_id.eq(trial_id))
            .select((sequence, unit, arm, stratum, assigned_at))
            .load(c)?;
        for row in rows {
            made.push((row.sequence, read(row)?));
        }
    }
    made.sort_unstable_by_key(|(place, _)| *place);
    Ok(made.into_iter().map(|(_, made)| made).collect())
}

/// A unit's place in a trial: the position of its arm, and when it was assigned, in microseconds.
///
/// # Errors
/// When the database fails.
pub fn assignment_of(c: &mut DbConnection, trial_id: i64, unit: &Pseudonym) -> Result<Option<(i16, i64)>, StoreError> {
    Ok(assignments::table
        .filter(assignments::bucket.eq(i16::from(unit.bucket())))
        .filter(assignments::trial_id.eq(trial_id))
        .filter(assignments::unit.eq(unit.bytes().to_vec()))
        .select((assignments::arm, assignments::assigned_at))
        .first(c)
        .optional()?)
}

/// Events after a place, at most `limit`, in order.
///
/// # Errors
/// When the database fails.
pub fn events_after(c: &mut DbConnection, place: i64, limit: i64) -> Result<Vec<EventRow>, StoreError> {
    type Row = (i64, i64, Vec<u8>, String, Option<i64>, i64, i64);
    let rows: Vec<Row> = events::table
        .inner_join(event_kinds::table.on(event_kinds::id.eq(events::kind_id)))
        .filter(events::sequence.gt(place))
        .order(events::sequence)
        .limit(limit)
        .select((
            events::sequence,
            events::agency_id,
            events::unit,
            event_kinds::name,
            events::value,
            events::occurred_at,
            events::received_at,
        ))
        .load(c)?;
    let Some((last, ..)) = rows.last() else { return Ok(Vec::new()) };
    // They came in the transactions of their events, and are few.
    let mut replaced: HashMap<i64, Replaced> = corrections::table
        .filter(corrections::sequence.gt(place))
        .filter(corrections::sequence.le(last))
        .select((
            corrections::sequence,
            (
                corrections::root,
                corrections::retracts,
                corrections::before_retracted,
                corrections::before_value,
                corrections::before_occurred_at,
            ),
        ))
        .load::<(i64, Replaced)>(c)?
        .into_iter()
        .collect();
    let row = |(sequence, agency_id, unit, kind, value, occurred_at, received_at): Row| {
        let replaces = replaced.remove(&sequence);
        EventRow { sequence, agency_id, unit, kind, value, occurred_at, received_at, replaces }
    };
    Ok(rows.into_iter().map(row).collect())
}

/// How many corrections of an agency wait for an event that has not come yet.
///
/// # Errors
/// When the database fails.
pub fn waiting_corrections(c: &mut DbConnection, agency_id: i64) -> Result<i64, StoreError> {
    Ok(waiting_corrections::table.filter(waiting_corrections::agency_id.eq(agency_id)).count().get_result(c)?)
}

/// What stands behind a place in the log of events: how many places, and when the first of them was received, in microseconds; none
/// when nothing does. Two looks into an index, however much there is.
///
/// # Errors
/// When the database fails.
pub fn events_behind(c: &mut DbConnection, place: i64) -> Result<Option<(i64, i64)>, StoreError> {
    let behind = || events::table.filter(events::sequence.gt(place)).select((events::sequence, events::received_at));
    let first: Option<(i64, i64)> = behind().order(events::sequence).first(c).optional()?;
    let Some((_, received_at)) = first else { return Ok(None) };
    let (last, _): (i64, i64) = behind().order(events::sequence.desc()).first(c)?;
    Ok(Some((last - place, received_at)))
}

/// A place in the log of events that no event has: those that are visible before this transaction ends stand below it, and those
/// that become visible afterwards above.
///
/// # Errors
/// When the database fails.
pub fn mark_events(c: &mut DbConnection) -> Result<i64, StoreError> {
    writer::take_places(c, "events", 1)
}

/// The place of the last event before this transaction: none becomes visible until it ends, and those that do then stand
/// above. The trial is locked first, in the order in which assignments and events lock.
///
/// # Errors
/// When the database fails.
pub fn close_events(c: &mut DbConnection, trial_id: i64) -> Result<i64, StoreError> {
    dialect::lock_trial(c, trial_id)?;
    Ok(writer::take_places(c, "events", 0)? - 1)
}
