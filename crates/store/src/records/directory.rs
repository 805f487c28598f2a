//! A number that goes up with every change that servers keep in memory.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

use crate::{connection::DbConnection, error::StoreError, schema::directory_version};

/// The number now.
///
/// # Errors
/// When the database fails.
pub fn version(c: &mut DbConnection) -> Result<i64, StoreError> {
    Ok(directory_version::table.find(1).select(directory_version::version).first(c)?)
}

/// Raises the number, in the transaction of the change itself.
///
/// # Errors
/// When the database fails.
pub fn changed(c: &mut DbConnection) -> Result<(), StoreError> {
    diesel::update(directory_version::table.find(1))
        .set(directory_version::version.eq(directory_version::version + 1))
        .execute(c)?;
    Ok(())
}
