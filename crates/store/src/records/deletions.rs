//! Deleting the records of single people of a trial, once its plan keeps them no longer.
//!
//! The tables that hold them only grow otherwise. The database itself lets rows go only while a deletion of their trial, or of one of
//! their agency, is under way, and lets a deletion begin only when it is due. Everything here may be done again: whoever goes on
//! after a crash, or beside another server, finds less to do, and nothing when another one is done.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl,
    connection::SimpleConnection,
    sql_types::{BigInt, Nullable},
};
use fairtrial_domain::{Pseudonym, identity::BUCKETS};

use super::directory;
use crate::{
    connection::DbConnection,
    dialect::on_either,
    error::StoreError,
    schema::{assignments, batches, deletions, frozen_reports, identities, notes, opt_outs},
    statement::statement,
};

/// A deletion as kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct DeletionRow {
    /// Of which trial.
    pub trial_id: i64,
    /// From when on the plan keeps the records no longer, in microseconds.
    pub due_at: i64,
    /// When it began, in microseconds.
    pub begun_at: i64,
    /// People in it.
    pub people: i64,
    /// How far the log of events has been gone through.
    pub event_place: i64,
    /// Assignments that have gone.
    pub assignments: i64,
    /// Notes that have gone.
    pub notes: i64,
    /// Events whose content has gone.
    pub events: i64,
    /// Lists of people whose content has gone.
    pub lists: i64,
    /// When it was done, in microseconds.
    pub finished_at: Option<i64>,
}

/// A deletion to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Insertable)]
#[diesel(table_name = deletions)]
pub struct NewDeletion {
    /// Of which trial.
    pub trial_id: i64,
    /// From when on the plan keeps the records no longer, in microseconds.
    pub due_at: i64,
    /// Now, in microseconds.
    pub begun_at: i64,
    /// People in it.
    pub people: i64,
    /// The place in the log of events behind which the trial began.
    pub event_place: i64,
}

/// An event whose content goes, with what stays of its times: as much as other trials need to count it as they did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmptiedEvent {
    /// Its place in the log.
    pub sequence: i64,
    /// Stays as the time at which it happened, in microseconds.
    pub occurred_at: i64,
    /// Stays as the time at which it came, in microseconds.
    pub received_at: i64,
    /// Of a correction, what stays as the time of what stood before it, in microseconds.
    pub before_occurred_at: Option<i64>,
}

/// All deletions, begun and done.
///
/// # Errors
/// When the database fails.
pub fn all(c: &mut DbConnection) -> Result<Vec<DeletionRow>, StoreError> {
    Ok(deletions::table.order(deletions::trial_id).load(c)?)
}

/// The deletion of a trial's records, as far as it has come.
///
/// # Errors
/// When the database fails.
pub fn of_trial(c: &mut DbConnection, trial_id: i64) -> Result<Option<DeletionRow>, StoreError> {
    Ok(deletions::table.find(trial_id).first(c).optional()?)
}

/// Begins one; returns the digest of the frozen report, which stays.
///
/// # Errors
/// [`StoreError::Exists`] when it was begun before; when it is not due, or the report is not frozen.
pub fn begin(c: &mut DbConnection, new: &NewDeletion) -> Result<String, StoreError> {
    diesel::insert_into(deletions::table).values(*new).execute(c)?;
    directory::changed(c)?;
    Ok(frozen_reports::table.find(new.trial_id).select(frozen_reports::digest).first(c)?)
}

/// Takes the content out of events and goes on to a place in their log.
///
/// # Errors
/// When the database fails, or no deletion of this trial is under way.
pub fn empty_events(
    c: &mut DbConnection,
    trial_id: i64,
    emptied: &[EmptiedEvent],
    up_to: i64,
) -> Result<(), StoreError> {
    // What was told apart from an event of the same name goes with it. The name is still there only before it is emptied.
    const CONFLICTS: &str = "DELETE FROM event_conflicts WHERE (agency_id, event_id, bucket) IN \
        (SELECT agency_id, event_id, bucket FROM events WHERE sequence = $1)";
    const SQLITE: &str = "UPDATE events SET event_id = 'deleted/' || sequence, unit = zeroblob(16), fingerprint = zeroblob(16), \
        value = NULL, source = NULL, attributes = NULL, occurred_at = $2, received_at = $3 \
        WHERE sequence = $1 AND unit <> zeroblob(16)";
    const POSTGRES: &str = "UPDATE events SET event_id = 'deleted/' || sequence, unit = decode(repeat('00', 16), 'hex'), \
        fingerprint = decode(repeat('00', 16), 'hex'), value = NULL, source = NULL, attributes = NULL, occurred_at = $2, \
        received_at = $3 WHERE sequence = $1 AND unit <> decode(repeat('00', 16), 'hex')";
    const CORRECTION: &str = "UPDATE corrections SET replaces = 'deleted/' || sequence, before_value = NULL, \
        before_occurred_at = COALESCE($2, 0) WHERE sequence = $1";
    thoroughly(c, |c| {
        let mut gone = 0;
        for event in emptied {
            let EmptiedEvent { sequence, occurred_at, received_at, before_occurred_at } = *event;
            on_either!(c, c => statement(CONFLICTS).bind::<BigInt, _>(sequence).execute(c))?;
            let text = if matches!(c, DbConnection::Sqlite(_)) { SQLITE } else { POSTGRES };
            gone += on_either!(c, c => statement(text)
                .bind::<BigInt, _>(sequence)
                .bind::<BigInt, _>(occurred_at)
                .bind::<BigInt, _>(received_at)
                .execute(c))?;
            if before_occurred_at.is_some() {
                on_either!(c, c => statement(CORRECTION)
                    .bind::<BigInt, _>(sequence)
                    .bind::<Nullable<BigInt>, _>(before_occurred_at)
                    .execute(c))?;
            }
        }
        let open = deletions::table.find(trial_id).filter(deletions::finished_at.is_null());
        diesel::update(open.filter(deletions::event_place.le(up_to)))
            .set((deletions::event_place.eq(up_to), deletions::events.eq(deletions::events + number(gone))))
            .execute(c)?;
        Ok(())
    })
}

/// Deletes notes by their places in the log, and forgets which units are one person.
///
/// # Errors
/// When the database fails, or one of them is not the trial's to delete.
pub fn delete_notes(
    c: &mut DbConnection,
    trial_id: i64,
    places: &[i64],
    agency_id: i64,
    nameless: &[Pseudonym],
) -> Result<(), StoreError> {
    thoroughly(c, |c| {
        let mut gone = 0;
        // A statement holds only so many values.
        for places in places.chunks(1_000) {
            gone += diesel::delete(notes::table.filter(notes::sequence.eq_any(places))).execute(c)?;
        }
        for unit in nameless {
            let place = (i16::from(unit.bucket()), agency_id, unit.bytes().to_vec());
            diesel::delete(identities::table.find(place)).execute(c)?;
        }
        diesel::update(deletions::table.find(trial_id).filter(deletions::finished_at.is_null()))
            .set(deletions::notes.eq(deletions::notes + number(gone)))
            .execute(c)?;
        Ok(())
    })
}

/// Deletes up to so many assignments of a trial; returns how many went: none when none is left.
///
/// # Errors
/// When the database fails, or no deletion of this trial is under way.
pub fn delete_assignments(c: &mut DbConnection, trial_id: i64, most: i64) -> Result<usize, StoreError> {
    thoroughly(c, |c| {
        let mut gone = 0;
        // By bucket, because the table's key begins with it.
        for bucket in 0..BUCKETS {
            let left = most - number(gone);
            if left <= 0 {
                break;
            }
            let places: Vec<i64> = assignments::table
                .filter(assignments::bucket.eq(i16::from(bucket)))
                .filter(assignments::trial_id.eq(trial_id))
                .limit(left)
                .select(assignments::sequence)
                .load(c)?;
            if !places.is_empty() {
                let rows = assignments::table
                    .filter(assignments::bucket.eq(i16::from(bucket)))
                    .filter(assignments::sequence.eq_any(places));
                gone += diesel::delete(rows).execute(c)?;
            }
        }
        diesel::update(deletions::table.find(trial_id).filter(deletions::finished_at.is_null()))
            .set(deletions::assignments.eq(deletions::assignments + number(gone)))
            .execute(c)?;
        Ok(gone)
    })
}

/// Takes the people out of a trial's lists, and deletes opt-outs from this trial alone: there is nothing left to opt out of.
///
/// # Errors
/// When the database fails.
pub fn empty_lists(c: &mut DbConnection, trial_id: i64) -> Result<(), StoreError> {
    thoroughly(c, |c| {
        diesel::delete(opt_outs::table.filter(opt_outs::trial_id.eq(trial_id))).execute(c)?;
        let of_trial = batches::table.filter(batches::trial_id.eq(trial_id));
        let gone = diesel::update(of_trial.filter(batches::units.ne("").or(batches::file.is_not_null())))
            .set((batches::units.eq(""), batches::file.eq(None::<String>), batches::refused.eq("[]")))
            .execute(c)?;
        diesel::update(deletions::table.find(trial_id).filter(deletions::finished_at.is_null()))
            .set(deletions::lists.eq(deletions::lists + number(gone)))
            .execute(c)?;
        Ok(())
    })
}

/// Says that it is done; none when another server has said so.
///
/// # Errors
/// When the database fails.
pub fn finish(c: &mut DbConnection, trial_id: i64, now: i64) -> Result<Option<DeletionRow>, StoreError> {
    let open = deletions::table.find(trial_id).filter(deletions::finished_at.is_null());
    if diesel::update(open).set(deletions::finished_at.eq(now)).execute(c)? == 0 {
        return Ok(None);
    }
    directory::changed(c)?;
    of_trial(c, trial_id)
}

/// Writes over what goes. SQLite leaves deleted rows standing in pages that it has no more use for, unless it is told otherwise;
/// telling it for good would make all other writing slower.
fn thoroughly<T>(
    c: &mut DbConnection,
    work: impl FnOnce(&mut DbConnection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let say = |c: &mut DbConnection, text: &str| match c {
        DbConnection::Sqlite(c) => c.batch_execute(text),
        DbConnection::Postgres(_) => Ok(()),
    };
    say(c, "PRAGMA secure_delete = ON")?;
    let done = work(c);
    say(c, "PRAGMA secure_delete = FAST")?;
    done
}

fn number(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
