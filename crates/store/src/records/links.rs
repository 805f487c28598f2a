//! Links by which another agency sends outcomes for one trial.

use diesel::{ExpressionMethods, Insertable, QueryDsl, Queryable, RunQueryDsl};

use super::directory;
use crate::{
    connection::DbConnection,
    error::StoreError,
    schema::{link_steps, links},
};

/// A link as proposed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = links)]
pub struct LinkRow {
    /// Its name in addresses.
    pub id: String,
    /// For which trial.
    pub trial_id: i64,
    /// The agency that sends.
    pub partner_id: i64,
    /// Kinds of event, with blanks between them.
    pub events: String,
    /// By what right: a word of the domain.
    pub authority: String,
    /// Where that can be read.
    pub reference: String,
    /// Until when, in microseconds.
    pub expires_at: i64,
    /// Who proposed it.
    pub person_id: i64,
    /// When, in microseconds.
    pub proposed_at: i64,
}

/// What became of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The partner accepted it.
    Accepted,
    /// One of the two ended it.
    Ended,
}

impl Step {
    fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Ended => "ended",
        }
    }
}

/// A link with when it was accepted and ended, in microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What was proposed.
    pub row: LinkRow,
    /// Since when it is in force.
    pub accepted_at: Option<i64>,
    /// Since when it is no more.
    pub ended_at: Option<i64>,
}

/// Keeps a proposed link.
///
/// # Errors
/// When the database fails.
pub fn propose(c: &mut DbConnection, row: &LinkRow) -> Result<(), StoreError> {
    directory::changed(c)?;
    diesel::insert_into(links::table).values(row).execute(c)?;
    Ok(())
}

/// Notes that a link was accepted or ended.
///
/// # Errors
/// [`StoreError::Exists`] when the same was noted before.
pub fn step(c: &mut DbConnection, link_id: &str, step: Step, person_id: i64, at: i64) -> Result<(), StoreError> {
    directory::changed(c)?;
    diesel::insert_into(link_steps::table)
        .values((
            link_steps::link_id.eq(link_id),
            link_steps::step.eq(step.word()),
            link_steps::person_id.eq(person_id),
            link_steps::at.eq(at),
        ))
        .execute(c)?;
    Ok(())
}

/// All links, oldest first.
///
/// # Errors
/// When the database fails.
pub fn all(c: &mut DbConnection) -> Result<Vec<Link>, StoreError> {
    let rows: Vec<LinkRow> = links::table.order((links::proposed_at, links::id)).load(c)?;
    let steps: Vec<(String, String, i64)> =
        link_steps::table.select((link_steps::link_id, link_steps::step, link_steps::at)).load(c)?;
    let when = |id: &str, step: Step| {
        steps.iter().find(|(link, word, _)| link == id && word == step.word()).map(|(_, _, at)| *at)
    };
    let link = |row: LinkRow| {
        let (accepted_at, ended_at) = (when(&row.id, Step::Accepted), when(&row.id, Step::Ended));
        Link { row, accepted_at, ended_at }
    };
    Ok(rows.into_iter().map(link).collect())
}
