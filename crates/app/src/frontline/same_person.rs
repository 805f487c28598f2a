//! People who are first known by one name and later by another: a browser's code, then a customer number.

use fairtrial_domain::{
    Pseudonym, UnitText,
    event::EventId,
    identity::MOST_UNITS_OF_A_PERSON,
    note::{CodeWord, NoteKind, OptOutKind},
    trial::{PersonRole, Scope},
};
use fairtrial_store::{
    DbConnection, StoreError,
    audit::{self, NewEntry},
    identities::{self, Joined},
    log,
    notes::{self, NewNote, Noted},
    opt_outs, trials,
};
use serde_json::json;

use crate::{
    error::AppError,
    state::{
        App,
        actor::{Actor, KeyActor},
    },
};

/// Who of an agency may say that two names are one person's, and take it back.
pub const KEEPERS_OF_NAMES: &[PersonRole] = &[PersonRole::Privacy, PersonRole::Administrator];

/// That two units are one person.
#[derive(Debug, Clone)]
pub struct SamePersonCall {
    /// The sender's name for it; a repeat is recognised by it.
    pub event_id: EventId,
    /// Who, by the name that is new.
    pub unit: UnitText,
    /// The same person, by the name that was known before.
    pub same_as: UnitText,
    /// For what lawful purpose the two are brought together, as a code of the agency's own list.
    pub purpose: CodeWord,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamePersonReceipt {
    /// Whether they were known to be one person before.
    pub duplicate: bool,
    /// Keys of the open trials in which the person was assigned under both names to different versions: there they are left out of
    /// the results.
    pub in_two_arms: Vec<String>,
    /// Keys of the open trials in which the person was assigned to one version under both names: there they count once.
    pub in_twice: Vec<String>,
}

/// What the transaction found.
enum Kept {
    Linked(SamePersonReceipt),
    Conflict,
    TooMany,
}

impl App {
    /// Says that two units are the same person. From then on the person is served under either name what they were assigned under
    /// the first; outcomes that come under either count for that place.
    ///
    /// Where both were assigned before, neither is moved. In different versions, the person is left out of the trial's results and
    /// shown as a count; in one version, their first place counts.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the scope or a role, [`AppError::Invalid`] for one unit twice, [`AppError::Conflict`] when
    /// the identifier stands for something else or the person would have more names than one person may have.
    pub async fn link_units(&self, caller: &Actor, call: &SamePersonCall) -> Result<SamePersonReceipt, AppError> {
        may_keep_names(caller)?;
        let agency_id = caller.agency_id();
        let directory = self.directory.load_full();
        let key = &directory.agency(agency_id)?.pseudonym_key;
        let (unit, same_as) = (key.pseudonym(&call.unit), key.pseudonym(&call.same_as));
        if unit == same_as {
            return Err(AppError::invalid("/same_as", "same_unit", "send two different names of the person"));
        }
        let Some(sent_by) = keeper(caller) else {
            return Ok(SamePersonReceipt { duplicate: false, in_two_arms: Vec::new(), in_twice: Vec::new() });
        };
        let now = self.ambient.now_micros();
        let note = NewNote {
            code: call.purpose.as_str().to_owned(),
            ..note_of_names(agency_id, &call.event_id, NoteKind::SamePerson, (unit, same_as), sent_by, now)
        };
        let schemes = (call.unit.scheme().map(str::to_owned), call.same_as.scheme().map(str::to_owned));
        match self.store.write(move |c| link(c, note, &schemes)).await? {
            Kept::Linked(receipt) => {
                // Memory follows the notes in their order.
                self.catch_up().await?;
                Ok(receipt)
            }
            Kept::Conflict => {
                let detail = "another note has this event_id; the first one stands. Give each note an id of its own";
                Err(AppError::conflict("event_id_conflict", detail))
            }
            Kept::TooMany => {
                let detail = format!(
                    "one person has at most {MOST_UNITS_OF_A_PERSON} names; look whether a device that many people share is among them"
                );
                Err(AppError::conflict("too_many_names", detail))
            }
        }
    }
}

/// Whether somebody may say whose names are one person's: a key by its scope, a person by a role.
pub(super) fn may_keep_names(caller: &Actor) -> Result<(), AppError> {
    match caller {
        Actor::Key(key) => key.needs(Scope::Assign),
        Actor::Person(person) => person.needs_one_of(KEEPERS_OF_NAMES),
    }
}

/// The key or the person who says something of names, by number; nobody for a test key, for which nothing is kept.
pub(super) fn keeper(caller: &Actor) -> Option<(Option<i64>, Option<i64>)> {
    match caller {
        Actor::Key(KeyActor { live: false, .. }) => None,
        Actor::Key(key) => Some((Some(key.id), None)),
        Actor::Person(person) => Some((None, Some(person.id))),
    }
}

/// A note about two names, which still lacks its reason.
pub(super) fn note_of_names(
    agency_id: i64,
    event_id: &EventId,
    kind: NoteKind,
    (unit, same_as): (Pseudonym, Pseudonym),
    (key_id, person_id): (Option<i64>, Option<i64>),
    received_at: i64,
) -> NewNote {
    NewNote {
        agency_id,
        event_id: event_id.as_str().to_owned(),
        trial_id: 0,
        unit,
        named: None,
        same_as: Some((same_as, 0)),
        kind,
        code: String::new(),
        arm: None,
        severity: None,
        remark: None,
        late: false,
        // It has no time of its own: it holds from when it arrives.
        at: 0,
        received_at,
        key_id,
        person_id,
    }
}

fn link(
    c: &mut DbConnection,
    mut note: NewNote,
    (scheme, same_as_scheme): &(Option<String>, Option<String>),
) -> Result<Kept, StoreError> {
    let agency_id = note.agency_id;
    // Whoever is assigned after it sees the link, and whoever was assigned before is seen.
    opt_outs::hold(c, agency_id)?;
    let Some((other, _)) = note.same_as else {
        return Err(StoreError::Damaged("a link without its other unit".into()));
    };
    match notes::known(c, &note)? {
        Noted::Conflict => return Ok(Kept::Conflict),
        Noted::Duplicate => return seen(c, &note, true).map(Kept::Linked),
        Noted::New => {}
    }
    // The name that was known before gives the person their place.
    let units = match identities::join(c, agency_id, &other, &note.unit)? {
        Joined::TooMany => return Ok(Kept::TooMany),
        Joined::Before => return seen(c, &note, true).map(Kept::Linked),
        Joined::Now(units) => units,
    };
    note.same_as = Some((other, log::mark_events(c)?));
    notes::add_beside(c, &note)?;
    hand_on_wishes(c, &note, &units)?;
    let receipt = seen(c, &note, false)?;
    let detail = json!({
        "purpose": note.code, "scheme": scheme, "same_as_scheme": same_as_scheme,
        "in_two_arms": receipt.in_two_arms, "in_twice": receipt.in_twice,
    });
    let entry = NewEntry {
        at: note.received_at,
        agency_id: Some(agency_id),
        person_id: note.person_id,
        key_id: note.key_id,
        action: "person.linked".into(),
        subject: note.event_id.clone(),
        detail: detail.to_string(),
    };
    audit::append(c, &entry)?;
    Ok(Kept::Linked(receipt))
}

/// In which open trials a person was assigned under more than one name.
fn seen(c: &mut DbConnection, note: &NewNote, duplicate: bool) -> Result<SamePersonReceipt, StoreError> {
    let mut receipt = SamePersonReceipt { duplicate, in_two_arms: Vec::new(), in_twice: Vec::new() };
    let others = identities::others(c, note.agency_id, std::slice::from_ref(&note.unit))?;
    let units: Vec<Pseudonym> = std::iter::once(note.unit).chain(others.into_values().flatten()).collect();
    for (trial_id, locked) in trials::started(c, note.agency_id)? {
        let mut arms = Vec::new();
        for unit in units.iter().filter(|_| !locked) {
            arms.extend(log::assignment_of(c, trial_id, unit)?.map(|(arm, _)| arm));
        }
        if arms.len() < 2 {
            continue;
        }
        let trial = trials::by_id(c, trial_id)?.ok_or_else(|| StoreError::Damaged("a trial is gone".into()))?;
        let in_two_arms = arms.iter().any(|arm| Some(arm) != arms.first());
        if in_two_arms { &mut receipt.in_two_arms } else { &mut receipt.in_twice }.push(trial.key);
    }
    Ok(receipt)
}

/// What a person has opted out of under one name holds for each from now on.
fn hand_on_wishes(c: &mut DbConnection, note: &NewNote, units: &[Pseudonym]) -> Result<(), StoreError> {
    let mut wishes = Vec::new();
    for unit in units {
        wishes.extend(opt_outs::in_force(c, note.agency_id, unit)?.into_iter().map(|wish| (*unit, wish)));
    }
    if wishes.is_empty() {
        return Ok(());
    }
    let started = trials::started(c, note.agency_id)?;
    for (n, (from, (kind, about))) in wishes.into_iter().enumerate() {
        let kind = if kind == OptOutKind::Data { NoteKind::DataWithdrawn } else { NoteKind::Left };
        for (trial_id, locked) in started.iter().filter(|(trial_id, _)| about == 0 || about == *trial_id) {
            for (m, unit) in units.iter().enumerate().filter(|(_, unit)| **unit != from) {
                if log::assignment_of(c, *trial_id, unit)?.is_none() {
                    continue;
                }
                let left = NewNote {
                    // A slash stands in no identifier of a sender's, so these names are nobody else's.
                    event_id: format!("linked/{}/{n}/{m}", note.event_id),
                    trial_id: *trial_id,
                    unit: *unit,
                    same_as: None,
                    kind,
                    late: *locked,
                    at: note.received_at,
                    ..note.clone()
                };
                notes::add_beside(c, &left)?;
            }
        }
    }
    Ok(())
}
