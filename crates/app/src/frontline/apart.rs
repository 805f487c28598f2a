//! Taking back that two names are one person's.

use fairtrial_domain::{
    Pseudonym, UnitText,
    event::EventId,
    note::{CodeWord, NoteKind},
};
use fairtrial_store::{
    DbConnection, StoreError,
    audit::{self, NewEntry},
    identities::{self, Parted},
    log,
    notes::{self, NewNote, Noted},
    opt_outs, trials,
};
use serde_json::json;

use super::same_person::{keeper, may_keep_names, note_of_names};
use crate::{
    error::AppError,
    state::{App, actor::Actor},
};

/// That two units are different people after all.
#[derive(Debug, Clone)]
pub struct ApartCall {
    /// The sender's name for it; a repeat is recognised by it.
    pub event_id: EventId,
    /// One of the two.
    pub unit: UnitText,
    /// The other.
    pub same_as: UnitText,
    /// Why the link is taken back, as a code of the agency's own list.
    pub reason: CodeWord,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApartReceipt {
    /// Whether the same call was taken in before.
    pub duplicate: bool,
    /// Keys of the open trials in which one of the two goes on with the version of the other, whose place is in no result.
    pub left_out_in: Vec<String>,
}

/// What the transaction found.
enum Kept {
    Parted(ApartReceipt),
    Conflict,
    NotLinked,
    ThroughOthers,
}

impl App {
    /// Takes back that two units are the same person. From then on each is a person of its own, with the other names that it has by
    /// other links: wishes, layers and the burden cap hold for each alone, and outcomes count for the one under whose name they come.
    ///
    /// Every answer that was given stands. Who had no place of their own in a trial goes on to be served the version that they were
    /// served, and is in no result; the place itself, which was two people's for a while, is left out of the results and counted. What
    /// the link had left out, because a person was in a trial twice, stays out.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the scope or a role, [`AppError::Invalid`] for one unit twice, [`AppError::NotFound`] when the
    /// two are not one person, [`AppError::Conflict`] when they are so by other links only, or the identifier stands for something else.
    pub async fn part_units(&self, caller: &Actor, call: &ApartCall) -> Result<ApartReceipt, AppError> {
        may_keep_names(caller)?;
        let agency_id = caller.agency_id();
        let directory = self.directory.load_full();
        let key = &directory.agency(agency_id)?.pseudonym_key;
        let (unit, same_as) = (key.pseudonym(&call.unit), key.pseudonym(&call.same_as));
        if unit == same_as {
            return Err(AppError::invalid("/same_as", "same_unit", "send two different names"));
        }
        // With a test key nothing is kept, so there is nothing to take back.
        let Some(sent_by) = keeper(caller) else {
            return Ok(ApartReceipt { duplicate: false, left_out_in: Vec::new() });
        };
        let now = self.ambient.now_micros();
        let note = NewNote {
            code: call.reason.as_str().to_owned(),
            ..note_of_names(agency_id, &call.event_id, NoteKind::Apart, (unit, same_as), sent_by, now)
        };
        let schemes = (call.unit.scheme().map(str::to_owned), call.same_as.scheme().map(str::to_owned));
        match self.store.write(move |c| part(c, note, &schemes)).await? {
            Kept::Parted(receipt) => {
                // Memory follows the notes in their order.
                self.catch_up().await?;
                Ok(receipt)
            }
            Kept::Conflict => {
                let detail = "another note has this event_id; the first one stands. Give each note an id of its own";
                Err(AppError::conflict("event_id_conflict", detail))
            }
            Kept::NotLinked => Err(AppError::NotFound("link between these names")),
            Kept::ThroughOthers => {
                let detail = "the two are one person by other links; take back the one that is wrong, between the names it was said of";
                Err(AppError::conflict("linked_through_others", detail))
            }
        }
    }
}

fn part(
    c: &mut DbConnection,
    mut note: NewNote,
    (scheme, same_as_scheme): &(Option<String>, Option<String>),
) -> Result<Kept, StoreError> {
    let agency_id = note.agency_id;
    // Whoever is assigned after it sees it, and whoever was assigned before is seen.
    opt_outs::hold(c, agency_id)?;
    let Some((other, _)) = note.same_as else {
        return Err(StoreError::Damaged("a link without its other unit".into()));
    };
    match notes::known(c, &note)? {
        Noted::Conflict => return Ok(Kept::Conflict),
        Noted::Duplicate => {
            let left_out_in = left_out_in(c, &note)?;
            return Ok(Kept::Parted(ApartReceipt { duplicate: true, left_out_in }));
        }
        Noted::New => {}
    }
    // As whom everybody is served is looked at while they are still one person.
    let mut units: Vec<Pseudonym> = identities::others(c, agency_id, &[note.unit])?.into_values().flatten().collect();
    units.push(note.unit);
    let mut served = Vec::new();
    for (trial_id, locked) in trials::started(c, agency_id)? {
        for unit in &units {
            let place = identities::place_of(c, agency_id, trial_id, unit)?;
            served.extend(
                place
                    .filter(|place| place.unit != *unit && !place.anothers)
                    .map(|place| (trial_id, locked, *unit, place)),
            );
        }
    }
    let sides = match identities::part(c, agency_id, &note.unit, &other)? {
        Parted::NotLinked => return Ok(Kept::NotLinked),
        Parted::ThroughOthers => return Ok(Kept::ThroughOthers),
        Parted::Now(sides) => sides,
    };
    let at = log::mark_events(c)?;
    note.same_as = Some((other, at));
    notes::add_beside(c, &note)?;
    let together =
        |one: &Pseudonym, other: &Pseudonym| sides.iter().any(|side| side.contains(one) && side.contains(other));
    for (trial_id, locked, unit, place) in served.iter().filter(|(_, _, unit, place)| !together(unit, &place.unit)) {
        let number = units.iter().position(|known| known == unit).unwrap_or(0);
        let kept = NewNote {
            event_id: kept_name(&note, number),
            trial_id: *trial_id,
            unit: *unit,
            same_as: Some((place.unit, at)),
            kind: NoteKind::KeptPlace,
            arm: u8::try_from(place.arm).ok(),
            late: *locked,
            at: note.received_at,
            ..note.clone()
        };
        notes::add_beside(c, &kept)?;
    }
    let left_out_in = left_out_in(c, &note)?;
    let detail = json!({
        "reason": note.code, "scheme": scheme, "same_as_scheme": same_as_scheme, "left_out_in": left_out_in,
    });
    let entry = NewEntry {
        at: note.received_at,
        agency_id: Some(agency_id),
        person_id: note.person_id,
        key_id: note.key_id,
        action: "person.unlinked".into(),
        subject: note.event_id.clone(),
        detail: detail.to_string(),
    };
    audit::append(c, &entry)?;
    Ok(Kept::Parted(ApartReceipt { duplicate: false, left_out_in }))
}

/// The name of the notes that keep a unit's places. A slash stands in no identifier of a sender's, so it is nobody else's.
fn kept_name(note: &NewNote, number: usize) -> String {
    format!("kept/{}/{number}", note.event_id)
}

/// In which open trials a place that was two people's is left out of the results.
fn left_out_in(c: &mut DbConnection, note: &NewNote) -> Result<Vec<String>, StoreError> {
    let mut ids = Vec::new();
    for number in 0..fairtrial_domain::identity::MOST_UNITS_OF_A_PERSON {
        ids.extend(notes::trials_of(c, note.agency_id, &kept_name(note, number))?);
    }
    ids.sort_unstable();
    ids.dedup();
    let mut keys = Vec::new();
    for id in ids {
        let trial = trials::by_id(c, id)?.ok_or_else(|| StoreError::Damaged("a trial is gone".into()))?;
        keys.extend(trial.locked_at.is_none().then_some(trial.key));
    }
    Ok(keys)
}
