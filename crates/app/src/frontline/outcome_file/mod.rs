//! Outcomes of a trial as a file that a person takes in: tried first, taken in as a whole, and taken back as a whole.
//!
//! The file is read and forgotten. What is kept of it are events like those of programs, and who took it in, when, its digest, how its
//! columns were read, and how many rows came to what. A row is named by what it says, so that a file that comes again, or overlaps with
//! another one, counts once.

mod reading;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use fairtrial_domain::{
    event::{EventId, NewEvent, Replaces, Sender},
    trial::PersonRole,
};
use fairtrial_store::{
    DbConnection, RecordRequest, Recorded, StoreError, audit,
    outcome_files::{self, FileEnd, FileRow, NewFile},
    people, record_within,
};
use serde_json::json;

pub use self::reading::{Columns, DayOrder, MOST_ROWS, Table};
use self::reading::{Reading, prints, read};
use super::batch::RefusedLine;
use crate::{
    error::AppError,
    state::{
        App,
        actor::{Actor, Person},
        directory::{Trial, instant},
    },
};

/// Who takes files in and back.
pub const KEEPERS_OF_FILES: &[PersonRole] = &[PersonRole::Designer, PersonRole::Analyst];

/// What would become of a file, row by row. Of people who are in the trial nothing is told but that they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// SHA-256 of the file.
    pub digest: String,
    /// Rows that would be new.
    pub new: usize,
    /// Rows that are events already.
    pub known: usize,
    /// Rows about people who are not in the trial.
    pub others: usize,
    /// Rows that would be refused.
    pub refused: Vec<RefusedLine>,
}

/// A file that was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    /// Its number.
    pub id: i64,
    /// When it was taken in.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: String,
    /// SHA-256 of the file.
    pub digest: String,
    /// Which column was read as what.
    pub columns: Columns,
    /// Rows that were new.
    pub new: u64,
    /// Rows that were events already.
    pub known: u64,
    /// Rows about people who were not in the trial.
    pub others: u64,
    /// Rows that were refused and left out.
    pub refused: u64,
    /// Since when it counts no more.
    pub taken_back: Option<TakenBack>,
}

/// That a file was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenBack {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: String,
    /// How many events were taken back.
    pub events: u64,
    /// How many had been corrected before, and stay so.
    pub corrected: u64,
}

/// What the transaction found.
enum Taken {
    In(i64),
    NothingNew,
}

impl App {
    /// Says what would become of a file. Nothing is kept.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Forbidden`] for people who are not [`KEEPERS_OF_FILES`]; [`AppError::Conflict`] when the trial
    /// takes no outcomes; [`AppError::Invalid`] for columns that are not there and for a file without rows or with too many.
    pub async fn check_outcome_file(
        &self,
        actor: &Actor,
        key: &str,
        table: &Table,
        columns: &Columns,
    ) -> Result<Checked, AppError> {
        let trial = self.keeper_of_files(actor, key)?.1;
        let (reading, others) = self.read_outcomes(&trial, table, columns).await?;
        let (rows, agency_id) = (prints(reading.events.iter().map(|(_, event)| event)), trial.agency_id);
        let ids = self.store.read(move |c| outcome_files::new_ids(c, agency_id, &rows)).await?;
        let new = ids.iter().flatten().count();
        Ok(Checked { digest: table.digest.clone(), new, known: ids.len() - new, others, refused: reading.refused })
    }

    /// Takes a file in: all of its rows that are new, in one transaction. Where rows are refused, only when they are to be left out;
    /// else nothing is kept, and what was found is given back.
    ///
    /// # Errors
    /// As [`App::check_outcome_file`]; [`AppError::Invalid`] when it is not the file that was `checked`; [`AppError::Conflict`] when
    /// nothing in it is new, or the data were locked meanwhile.
    pub async fn take_outcome_file(
        &self,
        actor: &Actor,
        key: &str,
        table: &Table,
        columns: &Columns,
        checked: &str,
        leave_out: bool,
    ) -> Result<Result<i64, Checked>, AppError> {
        let (person, trial) = self.keeper_of_files(actor, key)?;
        if table.digest != checked {
            let detail = "this is another file than the one that was checked, or it was changed since: nothing was taken in; check this one first";
            return Err(AppError::invalid("/file", "another_file", detail));
        }
        let (reading, others) = self.read_outcomes(&trial, table, columns).await?;
        if !reading.refused.is_empty() && !leave_out {
            return self.check_outcome_file(actor, key, table, columns).await.map(Err);
        }
        let text = serde_json::to_string(columns).map_err(|error| AppError::Internal(error.to_string()))?;
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let Reading { events, refused, turned_away } = reading;
        let at = self.ambient.now_micros();
        let file = NewFile {
            trial_id: trial.id,
            person_id: person.id,
            taken_at: at,
            digest: table.digest.clone(),
            read_as: text,
            new_rows: 0,
            known_rows: 0,
            other_rows: count(others),
            refused_rows: count(refused.len()),
        };
        let entry = self.entry(actor, person, "outcomes.taken_in", trial.key(), json!({}));
        let (moved, shown, plan) = (Arc::clone(&trial), columns.clone(), trial.plan.id().clone());
        let taken = self.store.write(move |c| {
            hold(c, &moved)?;
            let events: Vec<NewEvent> = events.into_iter().map(|(_, event)| event).collect();
            let ids = outcome_files::new_ids(c, moved.agency_id, &prints(events.iter()))?;
            let known = ids.iter().filter(|id| id.is_none()).count();
            let new: Vec<NewEvent> =
                ids.into_iter().zip(events).filter_map(|(id, event)| Some(NewEvent { event_id: id?, ..event })).collect();
            if new.is_empty() {
                return Ok(Taken::NothingNew);
            }
            let file = NewFile { new_rows: count(new.len()), known_rows: count(known), ..file };
            let id = outcome_files::add(c, &file)?;
            keep_all(c, moved.agency_id, id, new, at)?;
            let detail = json!({"file": id, "digest": file.digest, "columns": shown, "new": file.new_rows, "known": file.known_rows,
                "others": file.other_rows, "refused": file.refused_rows, "protocol_id": plan, "roles": roles(&entry.detail)});
            audit::append(c, &audit::NewEntry { detail: detail.to_string(), ..entry })?;
            Ok(Taken::In(id))
        });
        match taken.await? {
            Taken::NothingNew => Err(AppError::conflict(
                "nothing_new",
                "nothing in this file is new: every row that can be taken in is known already",
            )),
            Taken::In(id) => {
                if !turned_away.is_empty() {
                    self.count_refused(trial.agency_id, (None, Some(person.id)), Some(trial.id), &turned_away);
                }
                self.catch_up().await?;
                Ok(Ok(id))
            }
        }
    }

    /// Takes everything back that a file brought, by a retraction of each event: they count no more, and stay on record.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Forbidden`]; [`AppError::Conflict`] once the data are locked or the file was taken back.
    pub async fn take_back_outcome_file(&self, actor: &Actor, key: &str, id: i64) -> Result<(), AppError> {
        let (person, trial) = self.keeper_of_files(actor, key)?;
        self.outcome_file(actor, key, id).await?;
        let entry = self.entry(actor, person, "outcomes.taken_back", trial.key(), json!({}));
        let (moved, person_id, now) = (Arc::clone(&trial), person.id, self.ambient.now());
        let at = self.ambient.now_micros();
        let taken = self.store.write(move |c| {
            hold(c, &moved)?;
            let Some((file, None)) = outcome_files::find(c, moved.id, id)? else { return Ok(false) };
            let found = outcome_files::events_of(c, id)?;
            let corrected = found.iter().filter(|event| event.corrected).count();
            let retractions: Vec<NewEvent> = found
                .into_iter()
                .filter(|event| !event.corrected)
                .map(|event| NewEvent {
                    event_id: event.event_id.taken_back(),
                    unit: event.unit,
                    kind: event.kind,
                    value: None,
                    occurred_at: now,
                    source: None,
                    attributes: std::collections::BTreeMap::new(),
                    replaces: Some(Replaces { event_id: event.event_id, retracts: true }),
                })
                .collect();
            let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
            let end = FileEnd {
                file_id: id,
                person_id,
                taken_back_at: at,
                events: count(retractions.len()),
                corrected: count(corrected),
            };
            keep_all(c, moved.agency_id, id, retractions, at)?;
            outcome_files::end(c, &end)?;
            let detail = json!({"file": id, "digest": file.digest, "events": end.events, "corrected": end.corrected,
                "roles": roles(&entry.detail)});
            audit::append(c, &audit::NewEntry { detail: detail.to_string(), ..entry })?;
            Ok(true)
        });
        if !taken.await? {
            return Err(AppError::conflict("taken_back", "this file was taken back before"));
        }
        self.catch_up().await
    }

    /// The files of a trial, the latest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Forbidden`] for people who are not [`KEEPERS_OF_FILES`].
    pub async fn outcome_files(&self, actor: &Actor, key: &str) -> Result<Vec<ListedFile>, AppError> {
        let trial = self.trial_of(actor, key)?;
        actor.person()?.needs_one_of(KEEPERS_OF_FILES)?;
        let (trial_id, agency_id) = (trial.id, trial.agency_id);
        let (rows, people) = self
            .store
            .read(move |c| Ok((outcome_files::of_trial(c, trial_id)?, people::of_agency(c, agency_id)?)))
            .await?;
        rows.into_iter().map(|row| listed(row, &people)).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// As [`App::outcome_files`].
    pub async fn outcome_file(&self, actor: &Actor, key: &str, id: i64) -> Result<ListedFile, AppError> {
        let files = self.outcome_files(actor, key).await?;
        files.into_iter().find(|file| file.id == id).ok_or(AppError::NotFound("file"))
    }

    fn keeper_of_files<'a>(&self, actor: &'a Actor, key: &str) -> Result<(&'a Person, Arc<Trial>), AppError> {
        let trial = self.trial_of(actor, key)?;
        let person = actor.person()?;
        person.needs_one_of(KEEPERS_OF_FILES)?;
        if !trial.state.collects_events() {
            let detail =
                "the trial takes no outcomes now, and gives none back: it has not started, or its data are locked";
            return Err(AppError::conflict("takes_no_outcomes", detail));
        }
        Ok((person, trial))
    }

    /// What a table says of people in the trial, and how many rows are about others. These are not kept: an export of a whole register
    /// names many with whom the trial has nothing to do.
    async fn read_outcomes(
        &self,
        trial: &Trial,
        table: &Table,
        columns: &Columns,
    ) -> Result<(Reading, usize), AppError> {
        // So that people count whom another server has just assigned.
        self.catch_up().await?;
        let directory = self.directory.load_full();
        let agency = directory.agency(trial.agency_id)?;
        let door = (&*agency.catalogue, &agency.pseudonym_key);
        let mut reading = read(trial.plan.protocol(), door, table, columns, self.ambient.now())?;
        let all = reading.events.len();
        reading.events.retain(|(_, event)| self.place(trial.id, &event.unit).is_some());
        let others = all - reading.events.len();
        Ok((reading, others))
    }
}

/// Holds the trial and the log, and refuses when the data were locked a moment ago.
fn hold(c: &mut DbConnection, trial: &Trial) -> Result<(), StoreError> {
    match outcome_files::hold(c, trial.id)?.locked_at {
        None => Ok(()),
        Some(_) => {
            Err(StoreError::Changed("the data of the trial were locked a moment ago; nothing was changed".into()))
        }
    }
}

/// Keeps events of a file: all, or the transaction comes to nothing.
fn keep_all(c: &mut DbConnection, agency_id: i64, file: i64, events: Vec<NewEvent>, at: i64) -> Result<(), StoreError> {
    let request =
        RecordRequest { agency_id, sender: Sender::File(file), events, refused: 0, received_at: at, promised: false };
    let names: Vec<EventId> = request.events.iter().map(|event| event.event_id.clone()).collect();
    let answers = record_within(c, request)?.0;
    match answers.iter().zip(names).find(|(answer, _)| !matches!(answer, Recorded::New(_))) {
        None => Ok(()),
        Some((_, id)) => {
            Err(StoreError::Changed(format!("a program sent another event under the id {id}; nothing was changed")))
        }
    }
}

/// The roles in an entry's detail, which is written anew once the numbers are known.
fn roles(detail: &str) -> serde_json::Value {
    let read: serde_json::Value = serde_json::from_str(detail).unwrap_or_default();
    read.get("roles").cloned().unwrap_or_default()
}

fn listed((row, end): (FileRow, Option<FileEnd>), people: &[people::PersonRow]) -> Result<ListedFile, AppError> {
    let damaged = || AppError::Internal(format!("the file {} cannot be read", row.id));
    let name = |id: i64| {
        let found = people.iter().find(|person| person.id == id);
        found.map_or_else(|| "somebody who has left".to_owned(), |person| person.name.clone())
    };
    let count = |n: i64| u64::try_from(n).map_err(|_| damaged());
    let taken_back = match end {
        None => None,
        Some(end) => Some(TakenBack {
            at: instant(end.taken_back_at),
            by: name(end.person_id),
            events: count(end.events)?,
            corrected: count(end.corrected)?,
        }),
    };
    Ok(ListedFile {
        id: row.id,
        at: instant(row.taken_at),
        by: name(row.person_id),
        columns: serde_json::from_str(&row.read_as).map_err(|_| damaged())?,
        new: count(row.new_rows)?,
        known: count(row.known_rows)?,
        others: count(row.other_rows)?,
        refused: count(row.refused_rows)?,
        digest: row.digest,
        taken_back,
    })
}
