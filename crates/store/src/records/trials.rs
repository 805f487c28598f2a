//! Trials, their plans and the signatures under them.

use diesel::{AsChangeset, ExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl};

use super::{agreements, directory};
use crate::{
    connection::DbConnection,
    error::StoreError,
    schema::{protocols, signatures, trials},
    writer,
};

/// A trial as kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct TrialRow {
    /// Its number.
    pub id: i64,
    /// Its name in addresses.
    pub key: String,
    /// The agency that runs it.
    pub agency_id: i64,
    /// Where it stands.
    pub state: String,
    /// The id of its plan.
    pub protocol_id: String,
    /// Whether everybody gets the current version for good, because it was stopped for harm.
    pub reverted: bool,
    /// Version of the allocation algorithm.
    pub algo_version: i32,
    /// The allocation secret, sealed by the installation's master key; from the start on.
    pub sealed_secret: Option<Vec<u8>>,
    /// SHA-256 of the secret, published at the start.
    pub secret_commitment: Option<String>,
    /// When it was made, in microseconds.
    pub created_at: i64,
    /// When it started, in microseconds.
    pub started_at: Option<i64>,
    /// When enrolment ended for good, in microseconds.
    pub ended_at: Option<i64>,
    /// When the data were locked, in microseconds.
    pub locked_at: Option<i64>,
    /// The last event that counts, once the data are locked.
    pub locked_sequence: Option<i64>,
    /// Why it stands where it stands, in the words of whoever moved it.
    pub state_reason: Option<String>,
    /// Whether a boundary has stopped it and two people have not resumed it.
    pub halted: bool,
    /// The last event before the trial started; none for trials that started before this was kept.
    pub started_sequence: Option<i64>,
}

/// A signature as kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct SignatureRow {
    /// Its number.
    pub id: i64,
    /// Under which trial.
    pub trial_id: i64,
    /// Who signed.
    pub person_id: i64,
    /// In which role.
    pub role: String,
    /// Which content.
    pub protocol_id: String,
    /// What they wrote beside it.
    pub note: String,
    /// When, in microseconds.
    pub signed_at: i64,
    /// What it says: a word of the domain.
    pub kind: String,
}

/// A signature to add.
#[derive(Debug, Clone)]
pub struct NewSignature {
    /// Under which trial.
    pub trial_id: i64,
    /// Who signs.
    pub person_id: i64,
    /// In which role.
    pub role: String,
    /// Which content.
    pub protocol_id: String,
    /// What they wrote beside it.
    pub note: String,
    /// Now, in microseconds.
    pub signed_at: i64,
    /// What it says: a word of the domain.
    pub kind: String,
}

/// What moving a trial changes beside its state.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = trials)]
pub struct StateChange {
    /// The new state.
    pub state: String,
    /// The reason given.
    pub state_reason: Option<String>,
    /// Set when it starts.
    pub started_at: Option<i64>,
    /// Set when it starts.
    pub sealed_secret: Option<Vec<u8>>,
    /// Set when it starts.
    pub secret_commitment: Option<String>,
    /// Set when enrolment ends.
    pub ended_at: Option<i64>,
    /// Set when the data are locked.
    pub locked_at: Option<i64>,
    /// Set when the data are locked: see [`super::log::close_events`].
    pub locked_sequence: Option<i64>,
    /// Set when it starts: see [`super::log::close_events`].
    pub started_sequence: Option<i64>,
    /// Set when everybody goes back to the current version.
    pub reverted: Option<bool>,
    /// Set when a boundary stops it, and taken back when two people resume it.
    pub halted: Option<bool>,
}

/// Adds a trial in its first state with its plan; returns its number.
///
/// # Errors
/// [`StoreError::Exists`] when the key is taken.
pub fn add(c: &mut DbConnection, trial: &NewTrial<'_>) -> Result<i64, StoreError> {
    directory::changed(c)?;
    let id = diesel::insert_into(trials::table)
        .values((
            trials::key.eq(trial.key),
            trials::agency_id.eq(trial.agency_id),
            trials::state.eq(trial.state),
            trials::protocol_id.eq(trial.protocol_id),
            trials::algo_version.eq(trial.algo_version),
            trials::created_at.eq(trial.created_at),
        ))
        .returning(trials::id)
        .get_result(c)?;
    add_protocol(c, id, trial)?;
    Ok(id)
}

/// A trial to add, or a plan to put in the place of an older one.
#[derive(Debug, Clone, Copy)]
pub struct NewTrial<'a> {
    /// Its name in addresses.
    pub key: &'a str,
    /// The agency that runs it.
    pub agency_id: i64,
    /// Its first state.
    pub state: &'a str,
    /// The id of its plan.
    pub protocol_id: &'a str,
    /// The plan's canonical text.
    pub canonical: &'a str,
    /// Version of the allocation algorithm.
    pub algo_version: i32,
    /// Who wrote the plan.
    pub author_id: i64,
    /// Now, in microseconds.
    pub created_at: i64,
}

pub(super) fn add_protocol(c: &mut DbConnection, trial_id: i64, trial: &NewTrial<'_>) -> Result<(), StoreError> {
    let known: Option<i64> = protocols::table
        .find((trial_id, trial.protocol_id, trial.author_id))
        .select(protocols::created_at)
        .first(c)
        .optional()?;
    if known.is_none() {
        diesel::insert_into(protocols::table)
            .values((
                protocols::trial_id.eq(trial_id),
                protocols::protocol_id.eq(trial.protocol_id),
                protocols::canonical.eq(trial.canonical),
                protocols::author_id.eq(trial.author_id),
                protocols::created_at.eq(trial.created_at),
            ))
            .execute(c)?;
    }
    Ok(())
}

/// Puts another plan in the place of a draft's.
///
/// # Errors
/// [`StoreError::Changed`] when the trial is not a draft any more.
pub fn replace_protocol(c: &mut DbConnection, trial_id: i64, trial: &NewTrial<'_>) -> Result<(), StoreError> {
    directory::changed(c)?;
    let changed = diesel::update(trials::table.find(trial_id).filter(trials::state.eq(trial.state)))
        .set(trials::protocol_id.eq(trial.protocol_id))
        .execute(c)?;
    if changed != 1 {
        return Err(StoreError::Changed("the trial is not a draft any more".into()));
    }
    add_protocol(c, trial_id, trial)
}

/// Moves a trial from one state to another.
///
/// # Errors
/// [`StoreError::Changed`] when it does not stand where the caller believed, or its plan is another.
pub fn move_state(
    c: &mut DbConnection,
    id: i64,
    from: &str,
    protocol_id: &str,
    change: &StateChange,
) -> Result<(), StoreError> {
    directory::changed(c)?;
    let here = trials::table.find(id).filter(trials::state.eq(from)).filter(trials::protocol_id.eq(protocol_id));
    if diesel::update(here).set(change).execute(c)? != 1 {
        return Err(StoreError::Changed("the trial was moved or edited in the meantime".into()));
    }
    if change.started_at.is_some() {
        writer::open_enrolment(c, id)?;
    }
    // What somebody asked for while it stood elsewhere is not asked for any more.
    agreements::forget(c, id)
}

/// Makes sure that a trial stands where the caller believed, with the same plan.
///
/// # Errors
/// [`StoreError::Changed`] when it does not.
pub fn still_stands(c: &mut DbConnection, id: i64, state: &str, protocol_id: &str) -> Result<(), StoreError> {
    match by_id(c, id)? {
        Some(row) if row.state == state && row.protocol_id == protocol_id => Ok(()),
        _ => Err(StoreError::Changed("the trial was moved or edited in the meantime".into())),
    }
}

/// A trial by its key.
///
/// # Errors
/// When the database fails.
pub fn by_key(c: &mut DbConnection, key: &str) -> Result<Option<TrialRow>, StoreError> {
    Ok(trials::table.filter(trials::key.eq(key)).first(c).optional()?)
}

/// All trials, by key.
///
/// # Errors
/// When the database fails.
pub fn all(c: &mut DbConnection) -> Result<Vec<TrialRow>, StoreError> {
    Ok(trials::table.order(trials::key).load(c)?)
}

/// The canonical text of a plan.
///
/// # Errors
/// When the database fails.
pub fn canonical(c: &mut DbConnection, trial_id: i64, protocol_id: &str) -> Result<Option<String>, StoreError> {
    Ok(protocols::table
        .filter(protocols::trial_id.eq(trial_id))
        .filter(protocols::protocol_id.eq(protocol_id))
        .select(protocols::canonical)
        .first(c)
        .optional()?)
}

/// Everybody who wrote any version of a trial's plan.
///
/// # Errors
/// When the database fails.
pub fn authors(c: &mut DbConnection, trial_id: i64) -> Result<Vec<i64>, StoreError> {
    Ok(protocols::table.filter(protocols::trial_id.eq(trial_id)).select(protocols::author_id).distinct().load(c)?)
}

/// Adds a signature.
///
/// # Errors
/// When the database fails.
pub fn sign(c: &mut DbConnection, signature: &NewSignature) -> Result<(), StoreError> {
    diesel::insert_into(signatures::table)
        .values((
            signatures::trial_id.eq(signature.trial_id),
            signatures::person_id.eq(signature.person_id),
            signatures::role.eq(&signature.role),
            signatures::protocol_id.eq(&signature.protocol_id),
            signatures::note.eq(&signature.note),
            signatures::signed_at.eq(signature.signed_at),
            signatures::kind.eq(&signature.kind),
        ))
        .execute(c)?;
    Ok(())
}

/// All signatures under a trial, in order.
///
/// # Errors
/// When the database fails.
pub fn signatures_of(c: &mut DbConnection, trial_id: i64) -> Result<Vec<SignatureRow>, StoreError> {
    Ok(signatures::table.filter(signatures::trial_id.eq(trial_id)).order(signatures::id).load(c)?)
}

/// A trial by its number.
///
/// # Errors
/// When the database fails.
pub fn by_id(c: &mut DbConnection, id: i64) -> Result<Option<TrialRow>, StoreError> {
    Ok(trials::table.find(id).first(c).optional()?)
}

/// The trials of an agency that have started, each with whether its data are locked.
///
/// # Errors
/// When the database fails.
pub fn started(c: &mut DbConnection, agency_id: i64) -> Result<Vec<(i64, bool)>, StoreError> {
    Ok(trials::table
        .filter(trials::agency_id.eq(agency_id))
        .filter(trials::started_at.is_not_null())
        .order(trials::id)
        .select((trials::id, trials::locked_at.is_not_null()))
        .load(c)?)
}
