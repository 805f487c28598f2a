//! Accounts.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl};

use crate::{connection::DbConnection, error::StoreError, schema::people};

/// An account as kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct PersonRow {
    /// Its number.
    pub id: i64,
    /// The agency it belongs to.
    pub agency_id: i64,
    /// How the person signs in, in lower case.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// Roles as words separated by blanks.
    pub roles: String,
    /// The password's argon2id hash.
    pub password_hash: String,
    /// Whether signing in is refused.
    pub disabled: bool,
    /// Wrong passwords since the last right one.
    pub failed_sign_ins: i32,
    /// Until when signing in is refused, in microseconds.
    pub locked_until: Option<i64>,
    /// When it was added, in microseconds.
    pub created_at: i64,
}

/// An account to add.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// The agency it belongs to.
    pub agency_id: i64,
    /// How the person signs in, in lower case.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// Roles as words separated by blanks.
    pub roles: String,
    /// The password's argon2id hash.
    pub password_hash: String,
    /// Now, in microseconds.
    pub created_at: i64,
}

/// Adds an account; returns its number.
///
/// # Errors
/// [`StoreError::Exists`] when the e-mail address is taken.
pub fn add(c: &mut DbConnection, person: &NewPerson) -> Result<i64, StoreError> {
    Ok(diesel::insert_into(people::table)
        .values((
            people::agency_id.eq(person.agency_id),
            people::email.eq(&person.email),
            people::name.eq(&person.name),
            people::roles.eq(&person.roles),
            people::password_hash.eq(&person.password_hash),
            people::created_at.eq(person.created_at),
        ))
        .returning(people::id)
        .get_result(c)?)
}

/// An account by e-mail address, in lower case.
///
/// # Errors
/// When the database fails.
pub fn by_email(c: &mut DbConnection, email: &str) -> Result<Option<PersonRow>, StoreError> {
    Ok(people::table.filter(people::email.eq(email)).first(c).optional()?)
}

/// An account by its number.
///
/// # Errors
/// When the database fails.
pub fn by_id(c: &mut DbConnection, id: i64) -> Result<Option<PersonRow>, StoreError> {
    Ok(people::table.find(id).first(c).optional()?)
}

/// The accounts of an agency, by name.
///
/// # Errors
/// When the database fails.
pub fn of_agency(c: &mut DbConnection, agency_id: i64) -> Result<Vec<PersonRow>, StoreError> {
    Ok(people::table.filter(people::agency_id.eq(agency_id)).order((people::name, people::id)).load(c)?)
}

/// How many accounts there are in all.
///
/// # Errors
/// When the database fails.
pub fn count(c: &mut DbConnection) -> Result<i64, StoreError> {
    Ok(people::table.count().get_result(c)?)
}

/// Keeps how signing in went: wrong passwords since the last right one, and until when it is refused.
///
/// # Errors
/// When the database fails.
pub fn note_sign_in(c: &mut DbConnection, id: i64, failed: i32, locked_until: Option<i64>) -> Result<(), StoreError> {
    diesel::update(people::table.find(id))
        .set((people::failed_sign_ins.eq(failed), people::locked_until.eq(locked_until)))
        .execute(c)?;
    Ok(())
}

/// Changes a password.
///
/// # Errors
/// When the database fails.
pub fn set_password(c: &mut DbConnection, id: i64, password_hash: &str) -> Result<(), StoreError> {
    diesel::update(people::table.find(id))
        .set((
            people::password_hash.eq(password_hash),
            people::failed_sign_ins.eq(0),
            people::locked_until.eq(None::<i64>),
        ))
        .execute(c)?;
    Ok(())
}

/// Changes what a person may do, and whether they may sign in.
///
/// # Errors
/// When the database fails.
pub fn set_roles(c: &mut DbConnection, id: i64, roles: &str, disabled: bool) -> Result<(), StoreError> {
    diesel::update(people::table.find(id)).set((people::roles.eq(roles), people::disabled.eq(disabled))).execute(c)?;
    Ok(())
}
