//! What only the time of day brings about, and that it was noted.

use diesel::{Insertable, QueryDsl, Queryable, RunQueryDsl};

use crate::{connection::DbConnection, error::StoreError, schema::reminders};

/// A reminder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Insertable)]
#[diesel(table_name = reminders)]
pub struct ReminderRow {
    /// Of which trial.
    pub trial_id: i64,
    /// Of what: a word of the domain.
    pub matter: String,
    /// Since when, in microseconds.
    pub since: i64,
}

/// Keeps a reminder. Of several servers that see it at once, one does.
///
/// # Errors
/// [`StoreError::Exists`] when it is known already.
pub fn add(c: &mut DbConnection, reminder: &ReminderRow) -> Result<(), StoreError> {
    diesel::insert_into(reminders::table).values(reminder).execute(c)?;
    Ok(())
}

/// All of them.
///
/// # Errors
/// When the database fails.
pub fn all(c: &mut DbConnection) -> Result<Vec<ReminderRow>, StoreError> {
    Ok(reminders::table.order((reminders::trial_id, reminders::since)).load(c)?)
}
