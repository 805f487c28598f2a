//! Units that are the same person under different names.
//!
//! What was said is in the notes, in their order, and is what the fold goes by; this table is what follows from it, for the
//! transactions that assign. Whoever changes it holds the agency's lock alone, and whoever assigns holds it too, so of a link and an
//! assignment one sees the other.

use std::collections::HashMap;

use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{Array, BigInt, Binary, SmallInt},
};
use fairtrial_domain::{Pseudonym, identity::MOST_UNITS_OF_A_PERSON};

use super::log;
use crate::{connection::DbConnection, error::StoreError, schema::identities};

/// What came of joining two units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joined {
    /// They are one person from now on: all their units.
    Now(Vec<Pseudonym>),
    /// They were one person before.
    Before,
    /// The person would have more units than one person may have; nothing was changed.
    TooMany,
}

/// A person's place in a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The unit as which the person was assigned.
    pub unit: Pseudonym,
    /// Position of the arm in the plan.
    pub arm: i16,
    /// When, in microseconds.
    pub assigned_at: i64,
}

/// Makes two units one person, with all that each of them is known as. The agency's lock is held alone.
///
/// # Errors
/// When the database fails.
pub fn join(c: &mut DbConnection, agency_id: i64, one: &Pseudonym, other: &Pseudonym) -> Result<Joined, StoreError> {
    let (mine, theirs) = (person_of(c, agency_id, one)?, person_of(c, agency_id, other)?);
    if mine.is_some() && mine == theirs {
        return Ok(Joined::Before);
    }
    let mut units = vec![];
    for (unit, person) in [(one, &mine), (other, &theirs)] {
        match person {
            Some(person) => {
                units.extend(units_of(c, agency_id, std::slice::from_ref(person))?.into_iter().map(|(_, unit)| unit))
            }
            None => units.push(*unit),
        }
    }
    if units.len() > MOST_UNITS_OF_A_PERSON {
        return Ok(Joined::TooMany);
    }
    // The name of a person is the first of their units; it never leaves the database.
    let name = mine.unwrap_or_else(|| one.bytes().to_vec());
    for unit in &units {
        let place = (i16::from(unit.bucket()), agency_id, unit.bytes().to_vec());
        diesel::delete(identities::table.find(place)).execute(c)?;
        diesel::insert_into(identities::table)
            .values((
                identities::bucket.eq(i16::from(unit.bucket())),
                identities::agency_id.eq(agency_id),
                identities::unit.eq(unit.bytes().to_vec()),
                identities::person.eq(&name),
            ))
            .execute(c)?;
    }
    units.sort_unstable();
    Ok(Joined::Now(units))
}

/// The other units of the person that each of these is; units with no other name are left out.
///
/// # Errors
/// When the database fails.
pub fn others(
    c: &mut DbConnection,
    agency_id: i64,
    units: &[Pseudonym],
) -> Result<HashMap<Pseudonym, Vec<Pseudonym>>, StoreError> {
    let persons = persons_of(c, agency_id, units)?;
    if persons.is_empty() {
        return Ok(HashMap::new());
    }
    let mut names: Vec<Vec<u8>> = persons.values().cloned().collect();
    names.sort_unstable();
    names.dedup();
    let mut members: HashMap<Vec<u8>, Vec<Pseudonym>> = HashMap::new();
    for (person, unit) in units_of(c, agency_id, &names)? {
        members.entry(person).or_default().push(unit);
    }
    let others = |(unit, person): (Pseudonym, Vec<u8>)| {
        let of_person = members.get(&person).into_iter().flatten().filter(|other| **other != unit);
        (unit, of_person.copied().collect())
    };
    Ok(persons.into_iter().map(others).collect())
}

/// A person's place in a trial under whichever name: the unit's own, or else the earliest of their other names.
///
/// # Errors
/// When the database fails.
pub fn place_of(
    c: &mut DbConnection,
    agency_id: i64,
    trial_id: i64,
    unit: &Pseudonym,
) -> Result<Option<Place>, StoreError> {
    let place = |unit: Pseudonym, (arm, assigned_at): (i16, i64)| Place { unit, arm, assigned_at };
    if let Some(own) = log::assignment_of(c, trial_id, unit)? {
        return Ok(Some(place(*unit, own)));
    }
    let mut found = Vec::new();
    for other in others(c, agency_id, std::slice::from_ref(unit))?.remove(unit).unwrap_or_default() {
        found.extend(log::assignment_of(c, trial_id, &other)?.map(|row| place(other, row)));
    }
    Ok(found.into_iter().min_by_key(|place| (place.assigned_at, place.unit)))
}

fn person_of(c: &mut DbConnection, agency_id: i64, unit: &Pseudonym) -> Result<Option<Vec<u8>>, StoreError> {
    // Without the LIMIT of `first`: SQLite prepares a statement anew whenever its limit is bound to a value.
    let place = (i16::from(unit.bucket()), agency_id, unit.bytes().to_vec());
    Ok(identities::table.find(place).select(identities::person).get_result(c).optional()?)
}

#[derive(QueryableByName)]
struct PersonRow {
    #[diesel(sql_type = Binary)]
    unit: Vec<u8>,
    #[diesel(sql_type = Binary)]
    person: Vec<u8>,
}

fn persons_of(
    c: &mut DbConnection,
    agency_id: i64,
    units: &[Pseudonym],
) -> Result<HashMap<Pseudonym, Vec<u8>>, StoreError> {
    let mut persons = HashMap::new();
    match c {
        DbConnection::Sqlite(_) => {
            for unit in units {
                persons.extend(person_of(c, agency_id, unit)?.map(|person| (*unit, person)));
            }
        }
        DbConnection::Postgres(c) => {
            let buckets: Vec<i16> = units.iter().map(|unit| i16::from(unit.bucket())).collect();
            let units: Vec<&[u8]> = units.iter().map(|unit| unit.bytes().as_slice()).collect();
            let rows: Vec<PersonRow> = sql_query(
                // LIMIT keeps the planner from joining by reading all of the table.
                "SELECT wanted.unit, i.person FROM UNNEST($1, $2) AS wanted (bucket, unit) \
                 CROSS JOIN LATERAL (SELECT person FROM identities WHERE identities.bucket = wanted.bucket \
                 AND identities.agency_id = $3 AND identities.unit = wanted.unit LIMIT 1) AS i",
            )
            .bind::<Array<SmallInt>, _>(buckets)
            .bind::<Array<Binary>, _>(units)
            .bind::<BigInt, _>(agency_id)
            .load(c)?;
            for row in rows {
                persons.insert(unit_of(&row.unit)?, row.person);
            }
        }
    }
    Ok(persons)
}

fn units_of(
    c: &mut DbConnection,
    agency_id: i64,
    persons: &[Vec<u8>],
) -> Result<Vec<(Vec<u8>, Pseudonym)>, StoreError> {
    let mut units = Vec::new();
    for person in persons {
        let rows: Vec<Vec<u8>> = identities::table
            .filter(identities::agency_id.eq(agency_id))
            .filter(identities::person.eq(person))
            .select(identities::unit)
            .load(c)?;
        for row in rows {
            units.push((person.clone(), unit_of(&row)?));
        }
    }
    Ok(units)
}

fn unit_of(bytes: &[u8]) -> Result<Pseudonym, StoreError> {
    Pseudonym::from_bytes(bytes).ok_or_else(|| StoreError::Damaged("a name of a person".into()))
}
