//! People who do not want to be in trials.

use fairtrial_domain::{
    Pseudonym, UnitText,
    note::{CodeWord, NoteKind, OptOutKind},
    trial::{PersonRole, Scope},
};
use fairtrial_store::{
    DbConnection, StoreError,
    audit::{self, NewEntry},
    identities, log,
    notes::{self, NewNote},
    opt_outs::{self, OptOut},
    trials,
};
use serde_json::json;

use crate::{
    error::AppError,
    state::{
        App,
        actor::{Actor, KeyActor},
    },
};

/// Letters of a reference: no two that sound or look alike.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Who may write an opt-out down for somebody who calls.
pub const WRITERS: &[PersonRole] = &[
    PersonRole::ContactCentre,
    PersonRole::Designer,
    PersonRole::Manager,
    PersonRole::Privacy,
    PersonRole::Administrator,
];

/// What somebody does not want.
#[derive(Debug, Clone)]
pub struct OptOutCall {
    /// Who, as the caller's system names them.
    pub unit: UnitText,
    /// What it covers.
    pub kind: OptOutKind,
    /// The trial, where one is meant.
    pub trial: Option<String>,
    /// How the person told it, as a code such as `phone`.
    pub channel: CodeWord,
}

impl App {
    /// Puts an opt-out in force, from the next call on; returns its reference number. A repeat returns the same number.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the scope or a role; [`AppError::NotFound`] for a trial that is not the agency's;
    /// [`AppError::Invalid`] when a trial is missing or too many.
    pub async fn opt_out(&self, caller: &Actor, call: &OptOutCall) -> Result<String, AppError> {
        let out = self.opt_out_of(caller, call)?;
        let fresh = reference("oo", self.ambient.bytes());
        let Some(writing) = self.writing(caller, call, "opt_out.recorded") else { return Ok(fresh) };
        let reference = self.store.write(move |c| begin(c, &out, fresh, &writing)).await?;
        // Memory follows the notes in their order, so that no older one undoes this.
        self.catch_up().await?;
        Ok(reference)
    }

    /// Takes an opt-out back, under whichever of the person's names it was given; returns its reference number. A repeat returns
    /// the same number.
    ///
    /// The person may be assigned again, and gets the version again that they had. Data that were taken out stay out.
    ///
    /// # Errors
    /// As [`App::opt_out`]; [`AppError::NotFound`] when there never was such an opt-out.
    pub async fn withdraw_opt_out(&self, caller: &Actor, call: &OptOutCall) -> Result<String, AppError> {
        let out = self.opt_out_of(caller, call)?;
        let Some(writing) = self.writing(caller, call, "opt_out.withdrawn") else {
            return Ok(reference("oo", self.ambient.bytes()));
        };
        let reference = self.store.write(move |c| end(c, &out, &writing)).await?;
        self.catch_up().await?;
        reference.ok_or(AppError::NotFound("opt-out"))
    }

    fn opt_out_of(&self, caller: &Actor, call: &OptOutCall) -> Result<OptOut, AppError> {
        match caller {
            Actor::Key(key) => key.needs(Scope::Assign)?,
            Actor::Person(person) => person.needs_one_of(WRITERS)?,
        }
        let directory = self.directory.load_full();
        let agency = directory.agency(caller.agency_id())?;
        let trial_id = match (&call.trial, call.kind.names_a_trial()) {
            (Some(key), Some(true) | None) => directory.trial_of(agency.id, key)?.id,
            (None, Some(false) | None) => 0,
            (None, Some(true)) => {
                return Err(AppError::invalid("/trial", "missing_field", "say which trial the person leaves"));
            }
            (Some(_), Some(false)) => {
                let detail = "leave the trial out: this kind is about all trials of the agency";
                return Err(AppError::invalid("/trial", "unexpected_field", detail));
            }
        };
        let unit = agency.pseudonym_key.pseudonym(&call.unit);
        Ok(OptOut { agency_id: agency.id, unit, kind: call.kind, trial_id })
    }

    /// Who writes what down, for the note and the audit; none for a test key, with which nothing is kept.
    fn writing(&self, caller: &Actor, call: &OptOutCall, action: &str) -> Option<Writing> {
        let (key_id, person_id) = match caller {
            Actor::Key(KeyActor { live: false, .. }) => return None,
            Actor::Key(key) => (Some(key.id), None),
            Actor::Person(person) => (None, Some(person.id)),
        };
        let at = self.ambient.now_micros();
        let detail = json!({"kind": call.kind, "trial": call.trial, "channel": call.channel.as_str()});
        let entry = NewEntry {
            at,
            agency_id: Some(caller.agency_id()),
            person_id,
            key_id,
            action: action.to_owned(),
            subject: String::new(),
            detail: detail.to_string(),
        };
        Some(Writing { entry, channel: call.channel.as_str().to_owned(), at })
    }
}

struct Writing {
    entry: NewEntry,
    channel: String,
    at: i64,
}

impl Writing {
    fn note(&self, out: &OptOut, event_id: String, kind: NoteKind) -> NewNote {
        NewNote {
            agency_id: out.agency_id,
            event_id,
            trial_id: out.trial_id,
            unit: out.unit,
            named: None,
            same_as: None,
            kind,
            code: out.kind.as_str().to_owned(),
            arm: None,
            severity: None,
            remark: Some(self.channel.clone()),
            late: false,
            at: self.at,
            received_at: self.at,
            key_id: self.entry.key_id,
            person_id: self.entry.person_id,
        }
    }
}

fn begin(c: &mut DbConnection, out: &OptOut, fresh: String, writing: &Writing) -> Result<String, StoreError> {
    opt_outs::hold(c, out.agency_id)?;
    if let Some((known, true)) = opt_outs::last(c, out)? {
        return Ok(known);
    }
    opt_outs::put(c, out, &fresh, writing.at)?;
    // A slash stands in no identifier of a sender's, so these names are nobody else's.
    notes::add_beside(c, &writing.note(out, format!("opt_out/{fresh}"), NoteKind::OptOut))?;
    let kind = if out.kind == OptOutKind::Data { NoteKind::DataWithdrawn } else { NoteKind::Left };
    // What a person says under one name holds for each.
    let units = names_of(c, out)?;
    for (trial_id, locked) in trials::started(c, out.agency_id)? {
        let covered = out.trial_id == 0 || out.trial_id == trial_id;
        for (n, unit) in units.iter().enumerate().filter(|_| covered) {
            if log::assignment_of(c, trial_id, unit)?.is_some() {
                let left = OptOut { trial_id, unit: *unit, ..*out };
                let name = if n == 0 { format!("left/{fresh}") } else { format!("left/{fresh}/{n}") };
                notes::add_beside(c, &NewNote { late: locked, ..writing.note(&left, name, kind) })?;
            }
        }
    }
    audit::append(c, &NewEntry { subject: fresh.clone(), ..writing.entry.clone() })?;
    Ok(fresh)
}

/// Ends the opt-out under every name of the person under which it is in force: it holds for all of them, so it ends for all. Returns
/// the reference of the one under the name that was given, where there is one, or else of the first of the others.
fn end(c: &mut DbConnection, out: &OptOut, writing: &Writing) -> Result<Option<String>, StoreError> {
    opt_outs::hold(c, out.agency_id)?;
    let mut found = Vec::new();
    for unit in names_of(c, out)? {
        let out = OptOut { unit, ..*out };
        found.extend(opt_outs::last(c, &out)?.map(|(reference, in_force)| (out, reference, in_force)));
    }
    // Where nothing is in force any more it is a repeat, which is told the same number.
    let Some(reference) =
        found.iter().find(|(.., in_force)| *in_force).or(found.first()).map(|(_, known, _)| known.clone())
    else {
        return Ok(None);
    };
    let ended: Vec<&str> =
        found.iter().filter(|(.., in_force)| *in_force).map(|(_, known, _)| known.as_str()).collect();
    for (out, known, _) in found.iter().filter(|(.., in_force)| *in_force) {
        opt_outs::end(c, out, writing.at)?;
        notes::add_beside(c, &writing.note(out, format!("opt_in/{known}"), NoteKind::OptIn))?;
    }
    if !ended.is_empty() {
        let subject = ended.join(" ");
        audit::append(c, &NewEntry { subject, ..writing.entry.clone() })?;
    }
    Ok(Some(reference))
}

/// The name that was given, and then the person's other names in an order that does not change.
fn names_of(c: &mut DbConnection, out: &OptOut) -> Result<Vec<Pseudonym>, StoreError> {
    let others = identities::others(c, out.agency_id, std::slice::from_ref(&out.unit))?;
    let mut others: Vec<Pseudonym> = others.into_values().flatten().collect();
    others.sort_unstable();
    Ok(std::iter::once(out.unit).chain(others).collect())
}

/// A number that a person can read out over the telephone, drawn by chance so that it tells nothing; `kind` is its beginning.
pub(crate) fn reference(kind: &str, bytes: [u8; 12]) -> String {
    let letters = bytes.iter().filter_map(|byte| LETTERS.get(usize::from(byte % 32)).map(|letter| char::from(*letter)));
    letters.enumerate().fold(kind.to_owned(), |text, (place, letter)| {
        if place % 4 == 0 { format!("{text}-{letter}") } else { format!("{text}{letter}") }
    })
}
