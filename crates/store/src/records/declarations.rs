//! What senders say they sent, beside what was kept of it.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, Queryable, RunQueryDsl,
};
use fairtrial_domain::event::{IdDigest, standing};

use crate::{
    connection::DbConnection,
    error::StoreError,
    schema::{api_keys, declarations, link_receipts, receipts},
};

diesel::allow_tables_to_appear_in_same_query!(declarations, api_keys);

/// What a sender's word is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// All that the key sent, for every trial of its agency.
    Agency,
    /// All that the key sent, for one trial of its agency, by number.
    Trial(i64),
    /// What the key sent through a link, by the link's name.
    Link(String),
}

impl Subject {
    fn columns(&self) -> (i64, &str) {
        match self {
            Self::Agency => (0, ""),
            Self::Trial(id) => (*id, ""),
            Self::Link(id) => (0, id),
        }
    }

    fn of(trial_id: i64, link_id: String) -> Self {
        match trial_id {
            _ if !link_id.is_empty() => Self::Link(link_id),
            0 => Self::Agency,
            trial_id => Self::Trial(trial_id),
        }
    }

    fn link(&self) -> Option<&str> {
        match self {
            Self::Link(id) => Some(id),
            Self::Agency | Self::Trial(_) => None,
        }
    }
}

/// What a sender says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// With which key.
    pub key_id: i64,
    /// Of what.
    pub subject: Subject,
    /// From which day on, as a number of days since 1970 in UTC.
    pub first_day: i64,
    /// To which day, that one too.
    pub last_day: i64,
    /// Events sent that are to count, each once.
    pub sent: i64,
    /// The digest of their ids in hexadecimal, where the sender keeps one.
    pub digest: Option<String>,
    /// When it was said, in microseconds.
    pub declared_at: i64,
}

/// The same with what was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// What the sender says.
    pub said: Declaration,
    /// What the key is called.
    pub name: String,
    /// Events kept on these days.
    pub kept: i64,
    /// Of the ids of the events kept; none where it is not known of all of them.
    pub digest: Option<IdDigest>,
}

#[derive(Queryable)]
struct Row {
    key_id: i64,
    subject: (i64, String),
    days: (i64, i64),
    said: (i64, Option<String>, i64),
    name: String,
}

/// Keeps what a sender says; what was said before of the same key, subject and days gives way.
///
/// # Errors
/// When the database fails.
pub fn declare(c: &mut DbConnection, said: &Declaration) -> Result<(), StoreError> {
    let (trial_id, link_id) = said.subject.columns();
    diesel::delete(declarations::table.find((said.key_id, trial_id, link_id, said.first_day, said.last_day)))
        .execute(c)?;
    diesel::insert_into(declarations::table)
        .values((
            declarations::key_id.eq(said.key_id),
            declarations::trial_id.eq(trial_id),
            declarations::link_id.eq(link_id),
            declarations::first_day.eq(said.first_day),
            declarations::last_day.eq(said.last_day),
            declarations::sent.eq(said.sent),
            declarations::digest.eq(said.digest.as_deref()),
            declarations::declared_at.eq(said.declared_at),
        ))
        .execute(c)?;
    Ok(())
}

/// What senders say of a trial about days from `first` to `last`: the words that stand, the oldest first, with what was kept. Those of
/// the trial's agency are about it or about all trials; those of others are about one of the links by which they send for it.
///
/// # Errors
/// When the database fails.
pub fn of_trial(
    c: &mut DbConnection,
    (agency_id, trial_id): (i64, i64),
    links: &[String],
    (first, last): (i64, i64),
) -> Result<Vec<Compared>, StoreError> {
    let own = api_keys::agency_id
        .eq(agency_id)
        .and(declarations::link_id.eq(""))
        .and(declarations::trial_id.eq_any([0, trial_id]));
    let rows: Vec<Row> = declarations::table
        .inner_join(api_keys::table.on(api_keys::id.eq(declarations::key_id)))
        .filter(own.or(declarations::link_id.eq_any(links)))
        .filter(declarations::last_day.ge(first))
        .filter(declarations::first_day.le(last))
        .order((
            declarations::declared_at,
            declarations::key_id,
            declarations::first_day,
            declarations::last_day,
            declarations::trial_id,
            declarations::link_id,
        ))
        .select((
            declarations::key_id,
            (declarations::trial_id, declarations::link_id),
            (declarations::first_day, declarations::last_day),
            (declarations::sent, declarations::digest, declarations::declared_at),
            api_keys::name,
        ))
        .load(c)?;
    // Of a sender that speaks every day of all days so far, the last word alone is held against the receipts. About its own agency's
    // trials a key always speaks of the same, all that it sent; of each link it speaks by itself.
    let rows = standing(rows, |row| ((row.key_id, row.subject.1.clone()), row.days.0, row.days.1));
    let mut found = Vec::with_capacity(rows.len());
    for Row { key_id, subject, days, said: (sent, digest, declared_at), name } in rows {
        let subject = Subject::of(subject.0, subject.1);
        let said = Declaration { key_id, subject, first_day: days.0, last_day: days.1, sent, digest, declared_at };
        let (kept, digest) = kept_of(c, &said)?;
        found.push(Compared { said, name, kept, digest });
    }
    Ok(found)
}

/// What was kept of a key's events on the days of a declaration: their number, and the digest of their ids where it is known.
///
/// # Errors
/// When the database fails.
pub fn kept_of(c: &mut DbConnection, said: &Declaration) -> Result<(i64, Option<IdDigest>), StoreError> {
    type Day = (i64, (Option<i64>, Option<i64>, Option<i64>, Option<i64>));
    let days: Vec<Day> = match said.subject.link() {
        None => receipts::table
            .filter(receipts::key_id.eq(said.key_id))
            .filter(receipts::day.ge(said.first_day))
            .filter(receipts::day.le(said.last_day))
            .select((
                receipts::accepted,
                (
                    receipts::digest_1.nullable(),
                    receipts::digest_2.nullable(),
                    receipts::digest_3.nullable(),
                    receipts::digest_4.nullable(),
                ),
            ))
            .load(c)?,
        Some(link) => link_receipts::table
            .filter(link_receipts::key_id.eq(said.key_id))
            .filter(link_receipts::link_id.eq(link))
            .filter(link_receipts::day.ge(said.first_day))
            .filter(link_receipts::day.le(said.last_day))
            .select((
                link_receipts::accepted,
                (link_receipts::digest_1, link_receipts::digest_2, link_receipts::digest_3, link_receipts::digest_4),
            ))
            .load(c)?,
    };
    let (mut kept, mut parts) = (0_i64, Some([0_i64; 4]));
    for (accepted, digest) in days {
        kept = kept.saturating_add(accepted);
        let day = match digest {
            (Some(first), Some(second), Some(third), Some(fourth)) => Some([first, second, third, fourth]),
            _ => None,
        };
        parts = parts.zip(day).map(|(mut parts, day)| {
            parts.iter_mut().zip(day).for_each(|(part, other)| *part ^= other);
            parts
        });
    }
    Ok((kept, parts.map(IdDigest::from_parts)))
}
