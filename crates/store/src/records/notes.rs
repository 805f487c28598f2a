//! What is noted of units beside assignments and outcome events: append-only, in one order, each once.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, dsl::count_star};
use fairtrial_domain::{
    Pseudonym,
    note::{GRAVE, NoteKind},
};
use sha2::{Digest, Sha256};

use crate::{connection::DbConnection, error::StoreError, schema::notes, writer};

/// A note to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNote {
    /// Whose.
    pub agency_id: i64,
    /// The sender's name for it; the reference, for an opt-out.
    pub event_id: String,
    /// In which trial; 0 for all of the agency's.
    pub trial_id: i64,
    /// About whom.
    pub unit: Pseudonym,
    /// Whom the sender named, where the person is in the trial under another name.
    pub named: Option<Pseudonym>,
    /// The other unit that is the same person, and the place in the log of events after which that holds.
    pub same_as: Option<(Pseudonym, i64)>,
    /// What kind of note it is.
    pub kind: NoteKind,
    /// Status, reason, kind of harm, or kind of opt-out.
    pub code: String,
    /// The arm given, or the arm harmed.
    pub arm: Option<u8>,
    /// Weight of a harm.
    pub severity: Option<u8>,
    /// What somebody wrote beside it.
    pub remark: Option<String>,
    /// Whether it came after the trial's data were locked, so that it counts in no number.
    pub late: bool,
    /// When it happened, in microseconds.
    pub at: i64,
    /// Now, in microseconds.
    pub received_at: i64,
    /// The key with which it came.
    pub key_id: Option<i64>,
    /// The person who wrote it down.
    pub person_id: Option<i64>,
}

impl NewNote {
    /// A digest of what the sender said: two notes are the same exactly when name and fingerprint are. What the server adds
    /// (times of arrival, the arm harmed) is not in it.
    fn fingerprint(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        part(&self.trial_id.to_be_bytes());
        part(self.named.as_ref().unwrap_or(&self.unit).bytes());
        part(self.kind.as_str().as_bytes());
        part(self.code.as_bytes());
        part(&[self.severity.unwrap_or(0)]);
        part(&[if self.kind == NoteKind::Override { self.arm.unwrap_or(u8::MAX) } else { 0 }]);
        part(self.remark.as_deref().unwrap_or("").as_bytes());
        // An override has no time of its own: it is given when it arrives.
        part(&if self.kind == NoteKind::Override { 0 } else { self.at }.to_be_bytes());
        if let Some((other, _)) = &self.same_as {
            hash.update(other.bytes());
        }
        hash.finalize().to_vec()
    }
}

/// What became of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// Kept now.
    New,
    /// Kept before, the same.
    Duplicate,
    /// Its name is taken by another note; this one is not kept.
    Conflict,
}

/// A note as the fold reads it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct NoteRow {
    /// Place in the order of all notes.
    pub sequence: i64,
    /// Whose.
    pub agency_id: i64,
    /// In which trial; 0 for all of the agency's.
    pub trial_id: i64,
    /// About whom, as pseudonym bytes.
    pub unit: Vec<u8>,
    /// What kind of note it is.
    pub kind: String,
    /// Status, reason, kind of harm, or kind of opt-out.
    pub code: String,
    /// The arm given, or the arm harmed.
    pub arm: Option<i16>,
    /// Weight of a harm.
    pub severity: Option<i16>,
    /// Whether it came after the trial's data were locked.
    pub late: bool,
    /// The other unit that is the same person.
    pub other: Option<Vec<u8>>,
    /// The place in the log of events after which that holds.
    pub event_place: Option<i64>,
    /// When it came here, in microseconds.
    pub received_at: i64,
}

/// Keeps a note, unless one of its name is kept already in any trial. Works are done one after the other, so nothing comes
/// in between.
///
/// # Errors
/// When the database fails.
pub fn add(c: &mut DbConnection, note: &NewNote) -> Result<Noted, StoreError> {
    let known = known(c, note)?;
    if known == Noted::New {
        add_beside(c, note)?;
    }
    Ok(known)
}

/// What would become of a note, which is not kept yet.
///
/// # Errors
/// When the database fails.
pub fn known(c: &mut DbConnection, note: &NewNote) -> Result<Noted, StoreError> {
    let bucket = writer::bucket(note.agency_id, &note.event_id);
    let known: Option<Vec<u8>> = notes::table
        .filter(notes::agency_id.eq(note.agency_id))
        .filter(notes::event_id.eq(&note.event_id))
        .filter(notes::bucket.eq(bucket))
        .order(notes::sequence)
        .select(notes::fingerprint)
        .first(c)
        .optional()?;
    Ok(match known {
        Some(known) if known == note.fingerprint() => Noted::Duplicate,
        Some(_) => Noted::Conflict,
        None => Noted::New,
    })
}

/// The trials about which there is a note of a name.
///
/// # Errors
/// When the database fails.
pub fn trials_of(c: &mut DbConnection, agency_id: i64, event_id: &str) -> Result<Vec<i64>, StoreError> {
    Ok(notes::table
        .filter(notes::agency_id.eq(agency_id))
        .filter(notes::event_id.eq(event_id))
        .filter(notes::bucket.eq(writer::bucket(agency_id, event_id)))
        .order(notes::trial_id)
        .select(notes::trial_id)
        .load(c)?)
}

/// Keeps one more note of a name that the same work has made: one in each trial that it is about.
///
/// # Errors
/// When the database fails; [`StoreError::Exists`] when there is one for the trial.
pub fn add_beside(c: &mut DbConnection, note: &NewNote) -> Result<(), StoreError> {
    insert(c, note, writer::bucket(note.agency_id, &note.event_id), note.fingerprint())
}

fn insert(c: &mut DbConnection, note: &NewNote, bucket: i16, fingerprint: Vec<u8>) -> Result<(), StoreError> {
    let sequence = writer::take_places(c, "notes", 1)?;
    diesel::insert_into(notes::table)
        .values((
            notes::sequence.eq(sequence),
            notes::bucket.eq(bucket),
            notes::agency_id.eq(note.agency_id),
            notes::event_id.eq(&note.event_id),
            notes::trial_id.eq(note.trial_id),
            notes::unit.eq(note.unit.bytes().to_vec()),
            notes::kind.eq(note.kind.as_str()),
            notes::code.eq(&note.code),
            notes::arm.eq(note.arm.map(i16::from)),
            notes::severity.eq(note.severity.map(i16::from)),
            (
                notes::remark.eq(note.remark.as_deref()),
                notes::late.eq(note.late),
                notes::at.eq(note.at),
                notes::received_at.eq(note.received_at),
                notes::fingerprint.eq(fingerprint),
                notes::key_id.eq(note.key_id),
                notes::person_id.eq(note.person_id),
                notes::other.eq(note.same_as.map(|(other, _)| other.bytes().to_vec())),
                notes::event_place.eq(note.same_as.map(|(_, place)| place)),
            ),
        ))
        .execute(c)?;
    Ok(())
}

/// Notes after a place, at most `limit`, in order.
///
/// # Errors
/// When the database fails.
pub fn after(c: &mut DbConnection, place: i64, limit: i64) -> Result<Vec<NoteRow>, StoreError> {
    Ok(notes::table
        .filter(notes::sequence.gt(place))
        .order(notes::sequence)
        .limit(limit)
        .select((
            notes::sequence,
            notes::agency_id,
            notes::trial_id,
            notes::unit,
            notes::kind,
            notes::code,
            notes::arm,
            notes::severity,
            notes::late,
            notes::other,
            notes::event_place,
            notes::received_at,
        ))
        .load(c)?)
}

/// The last note up to a place; none when there is none, or all of them were deleted.
///
/// # Errors
/// When the database fails.
pub fn last(c: &mut DbConnection, up_to: i64) -> Result<Option<NoteRow>, StoreError> {
    let place: Option<i64> = notes::table
        .filter(notes::sequence.le(up_to))
        .order(notes::sequence.desc())
        .select(notes::sequence)
        .first(c)
        .optional()?;
    Ok(place.map(|place| after(c, place - 1, 1)).transpose()?.and_then(|rows| rows.into_iter().next()))
}

/// All notes up to a place that say something of two units, in order.
///
/// # Errors
/// When the database fails.
pub fn of_two(c: &mut DbConnection, up_to: i64) -> Result<Vec<NoteRow>, StoreError> {
    let (mut found, mut place) = (Vec::new(), 0);
    loop {
        let rows = after(c, place, 10_000)?;
        let Some(last) = rows.last().map(|row| row.sequence).filter(|_| place < up_to) else { return Ok(found) };
        place = last;
        found.extend(rows.into_iter().filter(|row| row.other.is_some() && row.sequence <= up_to));
    }
}

/// Reports of grave harm in a trial, by the position of the arm.
///
/// # Errors
/// When the database fails.
pub fn grave_harms(c: &mut DbConnection, trial_id: i64, arms: usize) -> Result<Vec<u64>, StoreError> {
    let rows: Vec<(Option<i16>, i64)> = notes::table
        .filter(notes::kind.eq(NoteKind::Harm.as_str()))
        .filter(notes::trial_id.eq(trial_id))
        .filter(notes::severity.eq(i16::from(GRAVE)))
        .group_by(notes::arm)
        .select((notes::arm, count_star()))
        .load(c)?;
    let mut counts = vec![0; arms];
    for (arm, reports) in rows {
        let place = arm.and_then(|arm| usize::try_from(arm).ok());
        if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
            *count = u64::try_from(reports).unwrap_or(0);
        }
    }
    Ok(counts)
}
