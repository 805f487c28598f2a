//! The last opt-out of each kind and unit; it is in force until it ends. The history is in the notes.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use fairtrial_domain::{Pseudonym, note::OptOutKind};

use crate::{connection::DbConnection, error::StoreError, schema::opt_outs, writer};

/// What an opt-out is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptOut {
    /// Whose trials.
    pub agency_id: i64,
    /// Who.
    pub unit: Pseudonym,
    /// What it covers.
    pub kind: OptOutKind,
    /// Which trial; 0 for all of the agency's.
    pub trial_id: i64,
}

impl OptOut {
    fn place(&self) -> (i16, i64, Vec<u8>, &'static str, i64) {
        (self.unit.bucket().into(), self.agency_id, self.unit.bytes().to_vec(), self.kind.as_str(), self.trial_id)
    }
}

/// Keeps assignments of the agency out until the transaction ends: whoever is assigned after it sees the opt-out, and whoever
/// was assigned before is seen. Call it first.
///
/// # Errors
/// When the database fails.
pub fn hold(c: &mut DbConnection, agency_id: i64) -> Result<(), StoreError> {
    writer::lock_agency(c, agency_id, true)
}

/// The last opt-out: its reference, and whether it is in force.
///
/// # Errors
/// When the database fails.
pub fn last(c: &mut DbConnection, out: &OptOut) -> Result<Option<(String, bool)>, StoreError> {
    let row: Option<(String, Option<i64>)> =
        opt_outs::table.find(out.place()).select((opt_outs::reference, opt_outs::ended)).first(c).optional()?;
    Ok(row.map(|(reference, ended)| (reference, ended.is_none())))
}

/// What a unit has opted out of: the kind, and the trial, or 0 for all.
///
/// # Errors
/// When the database fails.
pub fn in_force(c: &mut DbConnection, agency_id: i64, unit: &Pseudonym) -> Result<Vec<(OptOutKind, i64)>, StoreError> {
    let rows: Vec<(String, i64)> = opt_outs::table
        .filter(opt_outs::bucket.eq(i16::from(unit.bucket())))
        .filter(opt_outs::agency_id.eq(agency_id))
        .filter(opt_outs::unit.eq(unit.bytes().to_vec()))
        .filter(opt_outs::ended.is_null())
        .order((opt_outs::kind, opt_outs::trial_id))
        .select((opt_outs::kind, opt_outs::trial_id))
        .load(c)?;
    let read = |(kind, trial_id): (String, i64)| Some((OptOutKind::from_word(&kind)?, trial_id));
    rows.into_iter().map(|row| read(row).ok_or_else(|| StoreError::Damaged("an opt-out".into()))).collect()
}

/// Puts an opt-out in force, in the place of one that has ended.
///
/// # Errors
/// When the database fails.
pub fn put(c: &mut DbConnection, out: &OptOut, reference: &str, since: i64) -> Result<(), StoreError> {
    diesel::delete(opt_outs::table.find(out.place())).execute(c)?;
    let (bucket, agency_id, unit, kind, trial_id) = out.place();
    diesel::insert_into(opt_outs::table)
        .values((
            opt_outs::bucket.eq(bucket),
            opt_outs::agency_id.eq(agency_id),
            opt_outs::unit.eq(unit),
            opt_outs::kind.eq(kind),
            opt_outs::trial_id.eq(trial_id),
            opt_outs::reference.eq(reference),
            opt_outs::since.eq(since),
        ))
        .execute(c)?;
    Ok(())
}

/// Ends an opt-out.
///
/// # Errors
/// When the database fails.
pub fn end(c: &mut DbConnection, out: &OptOut, at: i64) -> Result<(), StoreError> {
    diesel::update(opt_outs::table.find(out.place())).set(opt_outs::ended.eq(at)).execute(c)?;
    Ok(())
}
