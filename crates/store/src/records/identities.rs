//! Units that are the same person under different names.
//!
//! What was said is in the notes, in their order, and is what the fold goes by; this table is what follows from it, for the
//! transactions that assign. Whoever changes it holds the agency's lock alone, and whoever assigns holds it too, so of a link and an
//! assignment one sees the other.

use std::collections::HashMap;

use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, QueryableByName, RunQueryDsl,
    sql_types::{Array, BigInt, Binary, SmallInt},
};
use fairtrial_domain::{Pseudonym, identity::MOST_UNITS_OF_A_PERSON, note::NoteKind};

use super::log;
use crate::{
    connection::DbConnection,
    error::StoreError,
    schema::{identities, notes},
    statement::statement,
};

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

/// What came of taking a link back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parted {
    /// They are two people from now on: the units of the one who was named first, and those of the other.
    Now([Vec<Pseudonym>; 2]),
    /// They are not known to be one person.
    NotLinked,
    /// They are one person by links to other units only.
    ThroughOthers,
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
    /// Whether it is another person's, who was taken for this one: its version is served, and what is noted is not about it.
    pub anothers: bool,
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
    // The name of a person is one of their units; it never leaves the database.
    let name = mine.unwrap_or_else(|| one.bytes().to_vec());
    name_all(c, agency_id, &units, &name)?;
    units.sort_unstable();
    Ok(Joined::Now(units))
}

/// Takes the link between two units back: whoever can only be reached over it is another person. The agency's lock is held alone.
///
/// # Errors
/// When the database fails.
pub fn part(c: &mut DbConnection, agency_id: i64, one: &Pseudonym, other: &Pseudonym) -> Result<Parted, StoreError> {
    let (Some(name), theirs) = (person_of(c, agency_id, one)?, person_of(c, agency_id, other)?) else {
        return Ok(Parted::NotLinked);
    };
    if theirs.as_ref() != Some(&name) {
        return Ok(Parted::NotLinked);
    }
    let units: Vec<Pseudonym> =
        units_of(c, agency_id, std::slice::from_ref(&name))?.into_iter().map(|(_, unit)| unit).collect();
    let mut links = links_among(c, agency_id, &units)?;
    let all = links.len();
    links.retain(|link| *link != (*one, *other) && *link != (*other, *one));
    if links.len() == all {
        return Ok(Parted::ThroughOthers);
    }
    let (mut mine, mut next) = (vec![*one], 0);
    while let Some(from) = mine.get(next).copied() {
        next += 1;
        for (a, b) in &links {
            let reached = if *a == from { b } else { a };
            if (*a == from || *b == from) && !mine.contains(reached) {
                mine.push(*reached);
            }
        }
    }
    let mut theirs: Vec<Pseudonym> = units.into_iter().filter(|unit| !mine.contains(unit)).collect();
    mine.sort_unstable();
    theirs.sort_unstable();
    // Whoever has the unit that is the name keeps it, so that a name is always one of the person's own units, and no two have one.
    let renamed = if mine.iter().any(|unit| unit.bytes().as_slice() == name) { &theirs } else { &mine };
    if let Some(first) = renamed.first() {
        name_all(c, agency_id, renamed, first.bytes().as_slice())?;
    }
    Ok(Parted::Now([mine, theirs]))
}

/// The links that hold between units of one person, as they were said.
fn links_among(
    c: &mut DbConnection,
    agency_id: i64,
    units: &[Pseudonym],
) -> Result<Vec<(Pseudonym, Pseudonym)>, StoreError> {
    let mut said: Vec<(i64, String, Pseudonym, Pseudonym)> = Vec::new();
    for unit in units {
        let rows: Vec<(i64, String, Option<Vec<u8>>)> = notes::table
            .filter(notes::agency_id.eq(agency_id))
            .filter(notes::unit.eq(unit.bytes().to_vec()))
            .filter(notes::other.is_not_null())
            .select((notes::sequence, notes::kind, notes::other))
            .load(c)?;
        for (place, kind, other) in rows {
            said.push((place, kind, *unit, unit_of(&other.unwrap_or_default())?));
        }
    }
    said.sort_unstable();
    let mut links = Vec::new();
    for (_, kind, one, other) in said {
        match NoteKind::from_word(&kind) {
            Some(NoteKind::SamePerson) => links.push((one, other)),
            Some(NoteKind::Apart) => links.retain(|link| *link != (one, other) && *link != (other, one)),
            _ => {}
        }
    }
    Ok(links)
}

/// Makes units one person under a name.
fn name_all(c: &mut DbConnection, agency_id: i64, units: &[Pseudonym], name: &[u8]) -> Result<(), StoreError> {
    for unit in units {
        let place = (i16::from(unit.bucket()), agency_id, unit.bytes().to_vec());
        diesel::delete(identities::table.find(place)).execute(c)?;
        diesel::insert_into(identities::table)
            .values((
                identities::bucket.eq(i16::from(unit.bucket())),
                identities::agency_id.eq(agency_id),
                identities::unit.eq(unit.bytes().to_vec()),
                identities::person.eq(name.to_vec()),
            ))
            .execute(c)?;
    }
    Ok(())
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

/// A person's place in a trial under whichever name: the unit's own; or the one whose version it goes on to be served after a link
/// was taken back; or else the earliest of their other names.
///
/// # Errors
/// When the database fails.
pub fn place_of(
    c: &mut DbConnection,
    agency_id: i64,
    trial_id: i64,
    unit: &Pseudonym,
) -> Result<Option<Place>, StoreError> {
    if let Some(own) = own_place(c, trial_id, unit, false)? {
        return Ok(Some(own));
    }
    let persons = others(c, agency_id, std::slice::from_ref(unit))?.remove(unit);
    // Most people have one name, and nothing more is asked about them.
    let Some(others) = persons else { return Ok(None) };
    if let Some(kept) = kept_place(c, agency_id, trial_id, unit)? {
        return own_place(c, trial_id, &kept, true);
    }
    let (mut found, mut kept) = (Vec::new(), Vec::new());
    for other in others {
        found.extend(own_place(c, trial_id, &other, false)?);
        if let Some(anothers) = kept_place(c, agency_id, trial_id, &other)? {
            kept.extend(own_place(c, trial_id, &anothers, true)?);
        }
    }
    let earliest = |places: Vec<Place>| places.into_iter().min_by_key(|place| (place.assigned_at, place.unit));
    Ok(earliest(found).or_else(|| earliest(kept)))
}

fn own_place(
    c: &mut DbConnection,
    trial_id: i64,
    unit: &Pseudonym,
    anothers: bool,
) -> Result<Option<Place>, StoreError> {
    let found = log::assignment_of(c, trial_id, unit)?;
    Ok(found.map(|(arm, assigned_at)| Place { unit: *unit, arm, assigned_at, anothers }))
}

/// As whom a unit goes on to be served in a trial after a link was taken back.
///
/// # Errors
/// When the database fails.
pub fn kept_place(
    c: &mut DbConnection,
    agency_id: i64,
    trial_id: i64,
    unit: &Pseudonym,
) -> Result<Option<Pseudonym>, StoreError> {
    let kept: Option<Option<Vec<u8>>> = notes::table
        .filter(notes::agency_id.eq(agency_id))
        .filter(notes::unit.eq(unit.bytes().to_vec()))
        .filter(notes::other.is_not_null())
        .filter(notes::trial_id.eq(trial_id))
        .filter(notes::kind.eq(NoteKind::KeptPlace.as_str()))
        .order(notes::sequence)
        .select(notes::other)
        .first(c)
        .optional()?;
    kept.flatten().map(|bytes| unit_of(&bytes)).transpose()
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
            let rows: Vec<PersonRow> = statement(
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
