//! Programs of an agency that are told when something calls for a person.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl,
};
use fairtrial_domain::trial::AlertKind;

use crate::{connection::DbConnection, error::StoreError, schema::receivers};

/// A receiver.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = receivers)]
pub struct ReceiverRow {
    /// Its name in addresses.
    pub id: String,
    /// Whose it is.
    pub agency_id: i64,
    /// What it is called.
    pub name: String,
    /// Where it is called.
    pub address: String,
    /// What it is told: words of the domain, with blanks between them.
    pub kinds: String,
    /// The key of its signatures, sealed.
    pub sealed_secret: Vec<u8>,
    /// Who made it.
    pub person_id: i64,
    /// When, in microseconds.
    pub created_at: i64,
    /// Since when it is told nothing any more, in microseconds.
    pub closed_at: Option<i64>,
    /// Since when it takes nothing, in microseconds.
    pub failing_since: Option<i64>,
    /// When it last took something, in microseconds.
    pub taken_at: Option<i64>,
}

impl ReceiverRow {
    /// Whether it is told of this kind.
    #[must_use]
    pub fn wants(&self, kind: AlertKind) -> bool {
        self.kinds.split_whitespace().any(|word| word == kind.as_str())
    }
}

/// Adds a receiver.
///
/// # Errors
/// When the database fails.
pub fn add(c: &mut DbConnection, receiver: &ReceiverRow) -> Result<(), StoreError> {
    diesel::insert_into(receivers::table).values(receiver).execute(c)?;
    Ok(())
}

/// All of an agency, the newest first.
///
/// # Errors
/// When the database fails.
pub fn of_agency(c: &mut DbConnection, agency_id: i64) -> Result<Vec<ReceiverRow>, StoreError> {
    let rows = receivers::table.filter(receivers::agency_id.eq(agency_id));
    Ok(rows.order((receivers::created_at.desc(), receivers::id)).load(c)?)
}

/// Those of an agency that are told something.
pub(super) fn open_of(c: &mut DbConnection, agency_id: i64) -> Result<Vec<ReceiverRow>, StoreError> {
    let open = receivers::table.filter(receivers::agency_id.eq(agency_id).and(receivers::closed_at.is_null()));
    Ok(open.order(receivers::id).load(c)?)
}

/// One by its name.
///
/// # Errors
/// When the database fails.
pub fn by_id(c: &mut DbConnection, id: &str) -> Result<Option<ReceiverRow>, StoreError> {
    Ok(receivers::table.find(id).first(c).optional()?)
}

/// Closes a receiver: it is told nothing from now on. False when it is closed already, or another agency's.
///
/// # Errors
/// When the database fails.
pub fn close(c: &mut DbConnection, agency_id: i64, id: &str, at: i64) -> Result<bool, StoreError> {
    let open = receivers::table.find(id).filter(receivers::agency_id.eq(agency_id).and(receivers::closed_at.is_null()));
    Ok(diesel::update(open).set(receivers::closed_at.eq(at)).execute(c)? > 0)
}

/// Keeps that a receiver has taken something.
pub(super) fn answered(c: &mut DbConnection, id: &str, at: i64) -> Result<(), StoreError> {
    let fresh = (receivers::failing_since.eq(None::<i64>), receivers::taken_at.eq(at));
    diesel::update(receivers::table.find(id)).set(fresh).execute(c)?;
    Ok(())
}

/// Keeps that a receiver takes nothing; false when that is known.
pub(super) fn begins_to_fail(c: &mut DbConnection, id: &str, at: i64) -> Result<bool, StoreError> {
    let well = receivers::table.find(id).filter(receivers::failing_since.is_null());
    Ok(diesel::update(well).set(receivers::failing_since.eq(at)).execute(c)? > 0)
}
