//! What the front line notes of people in a trial: deliveries, care overrides, harms.

use chrono::{DateTime, Utc};
use fairtrial_domain::{
    UnitText,
    event::EventId,
    identity,
    note::{CodeWord, DeliveryStatus, GRAVE, GRAVEST, NoteKind, harms_suspend},
    trial::{PersonRole, Scope, State, Verb},
};
use fairtrial_store::{
    DbConnection, StoreError,
    audit::{self, NewEntry},
    identities,
    notes::{self, NewNote, Noted},
    trials::{self, StateChange},
};
use serde_json::json;

use crate::{
    error::AppError,
    state::{
        App,
        actor::{KeyActor, Person},
        directory::Trial,
    },
};

/// Longest remark beside an override.
const LONGEST_REMARK: usize = 500;

/// What all notes say.
#[derive(Debug, Clone)]
pub struct NoteCall {
    /// The sender's name for it; a repeat is recognised by it.
    pub event_id: EventId,
    /// About whom, as the caller's system names them.
    pub unit: UnitText,
}

/// A care override: another version for the person's good.
#[derive(Debug, Clone)]
pub struct OverrideCall {
    /// What all notes say.
    pub note: NoteCall,
    /// The arm that is given.
    pub to_arm: String,
    /// Why, as a code of the agency's own list.
    pub reason_code: CodeWord,
    /// What the adviser wrote beside it. It is kept, and read by people only.
    pub remark: Option<String>,
}

/// A report of harm.
#[derive(Debug, Clone)]
pub struct HarmCall {
    /// What all notes say.
    pub note: NoteCall,
    /// How grave, 1 to 4.
    pub severity: u8,
    /// What kind, as a code of the agency's own list.
    pub kind: CodeWord,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// What became of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteReceipt {
    /// Whether the same note was kept before.
    pub duplicate: bool,
    /// Where the trial stands now.
    pub state: State,
}

/// Who notes: a program with a key, or somebody who speaks with people.
#[derive(Debug, Clone, Copy)]
pub enum Noter<'a> {
    /// A program.
    Key(&'a KeyActor),
    /// A person.
    Person(&'a Person),
}

/// People who write notes down where no app does.
pub const NOTERS: &[PersonRole] =
    &[PersonRole::ContactCentre, PersonRole::Designer, PersonRole::Manager, PersonRole::Privacy];

/// Who notes, as the audit has it.
#[derive(Debug, Clone, Copy)]
struct Who {
    agency_id: i64,
    key_id: Option<i64>,
    person_id: Option<i64>,
}

impl<'a> From<&'a KeyActor> for Noter<'a> {
    fn from(key: &'a KeyActor) -> Self {
        Self::Key(key)
    }
}

impl<'a> From<&'a Person> for Noter<'a> {
    fn from(person: &'a Person) -> Self {
        Self::Person(person)
    }
}

impl Noter<'_> {
    /// Goes on only for a key with the scope, and for people who are [`NOTERS`].
    fn may(self, scope: Scope) -> Result<(), AppError> {
        match self {
            Self::Key(key) => key.needs(scope),
            Self::Person(person) => person.needs_one_of(NOTERS),
        }
    }

    fn agency_id(self) -> i64 {
        match self {
            Self::Key(key) => key.agency_id,
            Self::Person(person) => person.agency_id,
        }
    }

    fn key_id(self) -> Option<i64> {
        match self {
            Self::Key(key) => Some(key.id),
            Self::Person(_) => None,
        }
    }

    fn person_id(self) -> Option<i64> {
        match self {
            Self::Key(_) => None,
            Self::Person(person) => Some(person.id),
        }
    }

    fn who(self) -> Who {
        Who { agency_id: self.agency_id(), key_id: self.key_id(), person_id: self.person_id() }
    }

    /// With a test key nothing is kept.
    fn is_live(self) -> bool {
        match self {
            Self::Key(key) => key.live,
            Self::Person(_) => true,
        }
    }
}

/// What the transaction found.
enum Kept {
    NotInTrial,
    Noted(Noted, bool),
}

impl App {
    /// Notes how far a version has come on its way to a person.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the trial is not the agency's or the person is not in it, [`AppError::Conflict`] when the
    /// identifier stands for another note or the trial has not started.
    pub async fn note_delivery<'a>(
        &self,
        caller: impl Into<Noter<'a>>,
        trial: &str,
        call: &NoteCall,
        status: DeliveryStatus,
        at: DateTime<Utc>,
    ) -> Result<NoteReceipt, AppError> {
        let caller = caller.into();
        caller.may(Scope::EventsWrite)?;
        let (trial, mut note) = self.note_of(caller, trial, call, NoteKind::Delivery, status.as_str())?;
        note.at = at.timestamp_micros();
        self.keep(caller, &trial, note, None).await
    }

    /// Gives a person another version for their good. Where they were assigned stays as it was.
    ///
    /// # Errors
    /// As [`App::note_delivery`]; [`AppError::Invalid`] for an arm that the plan does not have, or a remark that is too long or
    /// names a person.
    pub async fn override_version<'a>(
        &self,
        caller: impl Into<Noter<'a>>,
        trial: &str,
        call: &OverrideCall,
    ) -> Result<NoteReceipt, AppError> {
        let caller = caller.into();
        caller.may(Scope::Assign)?;
        let (trial, mut note) =
            self.note_of(caller, trial, &call.note, NoteKind::Override, call.reason_code.as_str())?;
        let arms = &trial.plan.protocol().arms;
        let arm = arms.iter().position(|arm| arm.key.as_str() == call.to_arm).and_then(|arm| u8::try_from(arm).ok());
        let unknown = || AppError::invalid("/to_arm", "unknown_arm", "the plan does not have this version");
        note.arm = Some(arm.ok_or_else(unknown)?);
        note.remark = call.remark.as_deref().map(remark).transpose()?;
        let detail = json!({"reason_code": call.reason_code.as_str(), "to_arm": call.to_arm});
        let entry = note_entry(caller.who(), note.received_at, "version.overridden", trial.key(), &detail);
        self.keep(caller, &trial, note, Some(entry)).await
    }

    /// Takes in a report of harm. The arm is attached here, and when the report is of the gravest kind in a new version, or
    /// there are too many grave ones, the trial is suspended in the same transaction.
    ///
    /// A report about somebody who is not in the trial is kept too, without an arm: no report of harm is turned away.
    ///
    /// # Errors
    /// As [`App::note_delivery`], but for people outside the trial; [`AppError::Invalid`] for a weight out of range.
    pub async fn report_harm<'a>(
        &self,
        caller: impl Into<Noter<'a>>,
        trial: &str,
        call: &HarmCall,
    ) -> Result<NoteReceipt, AppError> {
        let caller = caller.into();
        caller.may(Scope::EventsWrite)?;
        if !(1..=GRAVEST).contains(&call.severity) {
            return Err(AppError::invalid("/severity", "out_of_range", "severity is 1 (slight) to 4 (gravest)"));
        }
        let (trial, mut note) = self.note_of(caller, trial, &call.note, NoteKind::Harm, call.kind.as_str())?;
        note.severity = Some(call.severity);
        note.at = call.at.timestamp_micros();
        let detail = json!({"severity": call.severity, "kind": call.kind.as_str()});
        let entry = note_entry(caller.who(), note.received_at, "harm.reported", trial.key(), &detail);
        self.keep(caller, &trial, note, Some(entry)).await
    }

    fn note_of(
        &self,
        caller: Noter<'_>,
        trial: &str,
        call: &NoteCall,
        kind: NoteKind,
        code: &str,
    ) -> Result<(std::sync::Arc<Trial>, NewNote), AppError> {
        let directory = self.directory.load_full();
        let trial = directory.trial_of(caller.agency_id(), trial)?;
        if !trial.state.has_started() {
            return Err(AppError::conflict("not_started", "nobody is in this trial yet: it has not started"));
        }
        let now = self.ambient.now_micros();
        let note = NewNote {
            agency_id: caller.agency_id(),
            event_id: call.event_id.as_str().to_owned(),
            trial_id: trial.id,
            unit: directory.agency(caller.agency_id())?.pseudonym_key.pseudonym(&call.unit),
            named: None,
            same_as: None,
            kind,
            code: code.to_owned(),
            arm: None,
            severity: None,
            remark: None,
            late: false,
            at: now,
            received_at: now,
            key_id: caller.key_id(),
            person_id: caller.person_id(),
        };
        Ok((std::sync::Arc::clone(trial), note))
    }

    async fn keep(
        &self,
        caller: Noter<'_>,
        trial: &Trial,
        note: NewNote,
        entry: Option<NewEntry>,
    ) -> Result<NoteReceipt, AppError> {
        if !caller.is_live() {
            return Ok(NoteReceipt { duplicate: false, state: trial.state });
        }
        let (harm, overrides) = (note.kind == NoteKind::Harm, note.kind == NoteKind::Override);
        let limit = HarmLimit {
            arms: trial.plan.protocol().arms.len(),
            control: trial.plan.protocol().control_index(),
            more_than_control: trial.plan.protocol().monitoring.severe_harms_over_control,
            severity: note.severity.unwrap_or(0),
            who: caller.who(),
            key: trial.key().to_owned(),
        };
        let kept = self.store.write(move |c| keep_note(c, note, entry.as_ref(), harm.then_some(&limit))).await?;
        match kept {
            Kept::NotInTrial => Err(AppError::NotFound("assignment")),
            Kept::Noted(Noted::Conflict, _) => {
                let detail = "another note has this event_id; the first one stands. Give each note an id of its own";
                Err(AppError::conflict("event_id_conflict", detail))
            }
            Kept::Noted(noted, moved) => {
                if moved {
                    self.reload_directory().await?;
                }
                if overrides {
                    // Memory follows the notes in their order, so that no older one undoes this.
                    self.catch_up().await?;
                }
                let state = self.directory.load().by_id.get(&trial.id).map_or(trial.state, |trial| trial.state);
                Ok(NoteReceipt { duplicate: noted == Noted::Duplicate, state })
            }
        }
    }
}

/// When reports of harm suspend a trial.
struct HarmLimit {
    arms: usize,
    control: usize,
    more_than_control: Option<u32>,
    severity: u8,
    who: Who,
    key: String,
}

/// Keeps a note; for a harm, attaches the arm and suspends the trial when it must be. Returns whether the trial was moved.
fn keep_note(
    c: &mut DbConnection,
    mut note: NewNote,
    entry: Option<&NewEntry>,
    harm: Option<&HarmLimit>,
) -> Result<Kept, StoreError> {
    let row = trials::by_id(c, note.trial_id)?.ok_or_else(|| StoreError::Changed("the trial is gone".into()))?;
    let assigned = identities::place_of(c, note.agency_id, note.trial_id, &note.unit)?;
    let arm = assigned.and_then(|place| u8::try_from(place.arm).ok());
    // Whoever was taken for another person until now is served that person's version; what is noted is not about them. A harm is
    // kept with its arm all the same.
    let own = assigned.filter(|place| !place.anothers);
    if let Some(place) = own {
        note.named = Some(std::mem::replace(&mut note.unit, place.unit));
    }
    if own.is_none() && harm.is_none() {
        return Ok(Kept::NotInTrial);
    }
    note.late = row.locked_at.is_some();
    if harm.is_some() {
        note.arm = arm;
    }
    let noted = notes::add(c, &note)?;
    if noted != Noted::New {
        return Ok(Kept::Noted(noted, false));
    }
    if let Some(entry) = entry {
        audit::append(c, entry)?;
    }
    let moved = match (harm, arm) {
        (Some(limit), Some(arm)) if !note.late => suspend_if_needed(c, &row, &note, limit, arm)?,
        _ => false,
    };
    Ok(Kept::Noted(noted, moved))
}

fn suspend_if_needed(
    c: &mut DbConnection,
    row: &trials::TrialRow,
    note: &NewNote,
    limit: &HarmLimit,
    arm: u8,
) -> Result<bool, StoreError> {
    let grave = if limit.severity == GRAVE { notes::grave_harms(c, row.id, limit.arms)? } else { Vec::new() };
    let in_control = usize::from(arm) == limit.control;
    if !harms_suspend(limit.severity, in_control, &grave, limit.control, limit.more_than_control) {
        return Ok(false);
    }
    let state =
        State::from_word(&row.state).ok_or_else(|| StoreError::Damaged(format!("state of trial {}", row.key)))?;
    let reason = if limit.severity == GRAVEST {
        "suspended by itself: a harm of the gravest kind was reported in a new version"
    } else {
        "suspended by itself: more grave harms were reported in a new version than the plan allows"
    };
    let mut change =
        StateChange { state: row.state.clone(), state_reason: Some(reason.into()), ..StateChange::default() };
    match state.after(Verb::Suspend) {
        Ok(next) => change.state = next.as_str().to_owned(),
        // Nobody enters any more, but people are still served: the versions go, for good.
        Err(_) if state == State::FollowUp && !row.reverted => change.reverted = Some(true),
        Err(_) => return Ok(false),
    }
    trials::move_state(c, row.id, &row.state, &row.protocol_id, &change)?;
    let detail = json!({"from": row.state, "to": change.state, "reason": reason, "reverted": change.reverted});
    audit::append(c, &note_entry(limit.who, note.received_at, "trial.suspend", &limit.key, &detail))?;
    Ok(true)
}

/// An audit entry for a note. It names no unit.
fn note_entry(who: Who, at: i64, action: &str, subject: &str, detail: &serde_json::Value) -> NewEntry {
    NewEntry {
        at,
        agency_id: Some(who.agency_id),
        person_id: who.person_id,
        key_id: who.key_id,
        action: action.to_owned(),
        subject: subject.to_owned(),
        detail: detail.to_string(),
    }
}

/// A remark that names nobody, as far as that can be seen.
fn remark(text: &str) -> Result<String, AppError> {
    let text = text.trim();
    if text.chars().count() > LONGEST_REMARK || text.chars().any(char::is_control) {
        let detail = format!("a note has at most {LONGEST_REMARK} characters on one line");
        return Err(AppError::invalid("/note", "out_of_range", detail));
    }
    if names_somebody(text) {
        let detail = "the note seems to hold a number or an address of a person; leave it out";
        return Err(AppError::invalid("/note", "names_a_person", detail));
    }
    Ok(text.to_owned())
}

/// Whether a text seems to hold a number or an address of a person: each word and each two or three in a row are looked at.
pub(crate) fn names_somebody(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().map(|word| word.trim_matches([',', ';', ':', '.'])).collect();
    let names = |window: &[&str]| {
        let found = identity::recognise(&window.join(" "));
        // Two words of a sentence are no name.
        found.is_some_and(|found| found != identity::RealIdentifier::PersonName)
    };
    (1..=3).any(|length| words.windows(length).any(names))
}
