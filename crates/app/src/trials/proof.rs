//! What is published of an allocation: the calendar of a stepped wedge from the start on, everything once the data are locked.

use std::sync::Arc;

use chrono::NaiveDate;
use fairtrial_domain::{
    Pseudonym,
    allocation::{
        Calendar,
        bundle::{Assigned, Bundle, BundleError, Place},
    },
    projection::Replayed,
};
use fairtrial_store::{
    Store, StoreError,
    audit::{self, NewEntry},
    log,
};
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;

use super::view::may_read;
use crate::{
    aside::aside,
    error::AppError,
    sealing::MasterKey,
    state::{
        App,
        actor::Actor,
        directory::{Directory, Trial, instant, read},
    },
};

/// The trial of a stepped wedge that has started, and so has a calendar.
#[derive(Debug, Clone)]
pub struct PublishedCalendar(Arc<Trial>);

impl PublishedCalendar {
    /// The calendar of a trial; none when it is no stepped wedge, or has not started.
    #[must_use]
    pub fn of(trial: &Arc<Trial>) -> Option<Self> {
        trial.drawing.as_ref()?.allocator.calendar()?;
        Some(Self(Arc::clone(trial)))
    }

    /// Which trial.
    #[must_use]
    pub fn trial(&self) -> &Trial {
        &self.0
    }

    /// Which site crosses when.
    #[must_use]
    pub fn calendar(&self) -> Option<&Calendar> {
        self.0.drawing.as_ref()?.allocator.calendar()
    }
}

impl App {
    /// The calendar of a stepped wedge.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for another agency's trial and for one of another method; [`AppError::Conflict`] before the
    /// start, when chance has not ordered the sites yet.
    pub fn calendar(&self, actor: &Actor, key: &str) -> Result<PublishedCalendar, AppError> {
        let trial = self.trial_of(actor, key)?;
        if !matches!(trial.plan.protocol().allocation, fairtrial_domain::protocol::Allocation::SteppedWedge { .. }) {
            return Err(AppError::NotFound("calendar"));
        }
        PublishedCalendar::of(&trial).ok_or_else(|| {
            AppError::conflict(
                "not_started",
                "chance orders the sites when the trial starts; there is no calendar before",
            )
        })
    }

    /// The secret and the list of a trial whose data are locked, for anybody to draw again. Every reading is an entry in the
    /// audit.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Forbidden`] for a key without the scope, [`AppError::Conflict`] before the lock;
    /// [`AppError::Busy`] while others are taking as many lists of single people as are handed out at once.
    pub async fn allocation_bundle(&self, actor: &Actor, key: &str) -> Result<PublishedAllocation, AppError> {
        may_read(actor)?;
        let trial = self.trial_of(actor, key)?;
        let drawing = trial.drawing.clone().filter(|_| trial.locked_at.is_some()).ok_or_else(|| {
            let detail =
                "the secret and the list are published once the data are locked; before, they would tell the next arm";
            AppError::conflict("not_locked", detail)
        })?;
        trial.with_records()?;
        let place = Arc::clone(&self.records).try_acquire_owned().map_err(|_| AppError::Busy)?;
        let entry = NewEntry {
            at: self.ambient.now_micros(),
            agency_id: Some(trial.agency_id),
            person_id: match actor {
                Actor::Person(person) => Some(person.id),
                Actor::Key(key) => key.person.as_ref().map(|person| person.id),
            },
            key_id: actor.key_id(),
            action: "allocation.published".into(),
            subject: trial.key().to_owned(),
            detail: json!({"protocol_id": trial.plan.id(), "secret_commitment": trial.secret_commitment}).to_string(),
        };
        self.store.write(move |c| audit::append(c, &entry)).await?;
        let people = drawn(&self.store, &trial).await?;
        let made = aside(move || {
            let (plan, id) = (trial.plan.protocol(), trial.plan.id());
            let list = people.iter().map(Drawn::place);
            let bundle = Bundle::without_list(plan, id, drawing.allocator.secret(), list)?;
            Ok((bundle.opening()?, trial, people))
        });
        let (opening, trial, people) = made.await?.map_err(broken)?;
        Ok(PublishedAllocation { trial, people, written: Written::Nothing(opening), _place: place })
    }

    /// Whether the draws of a trial come out again as they are kept, by the secret that was committed to; none for a trial that
    /// has not started.
    pub(crate) async fn replayed(&self, trial: &Trial) -> Result<Option<Replayed>, AppError> {
        replayed(&self.store, trial).await
    }

    /// The trials whose draws do not come out again as they are kept, each with what was found, and how many draws did. It reads the
    /// database alone, so it can be asked where no server runs.
    ///
    /// # Errors
    /// When the database fails, or the master key is another.
    pub async fn draws_that_differ(store: &Store, key: &MasterKey) -> Result<(u64, Vec<(String, String)>), AppError> {
        let directory = Directory::build(store.read(read).await?, key)?;
        let (mut agree, mut differ) = (0, Vec::new());
        for trial in directory.trials.values().filter(|trial| trial.deletion.is_none()) {
            match replayed(store, trial).await? {
                None => {}
                Some(Replayed::Agrees { people }) => agree += people,
                Some(Replayed::Differs(why)) => differ.push((trial.key().to_owned(), why)),
            }
        }
        Ok((agree, differ))
    }
}

fn broken(error: BundleError) -> AppError {
    AppError::Internal(error.to_string())
}

/// People whose places are written at once.
const PLACES_AT_ONCE: usize = 500;

/// How far a bundle is written.
#[derive(Debug)]
enum Written {
    /// Not at all: how it begins.
    Nothing(String),
    /// Up to this place, counted from 0.
    Places(usize),
    /// To its end.
    All,
}

/// An allocation bundle in pieces, one after the other, as they are read: no more of it is in memory than who was assigned what. It takes a
/// place among the lists of single people that are handed out at once, until it is dropped.
#[derive(Debug)]
pub struct PublishedAllocation {
    trial: Arc<Trial>,
    people: Vec<Drawn>,
    written: Written,
    _place: OwnedSemaphorePermit,
}

impl PublishedAllocation {
    /// Which trial.
    #[must_use]
    pub fn trial(&self) -> &str {
        self.trial.key()
    }

    fn places_from(&self, first: usize) -> Result<Vec<u8>, AppError> {
        let mut text = Vec::new();
        for (index, drawn) in self.people.iter().enumerate().skip(first).take(PLACES_AT_ONCE) {
            if index > 0 {
                text.push(b',');
            }
            let place = Place::of(self.trial.plan.protocol(), index as u64 + 1, &drawn.place()).map_err(broken)?;
            serde_json::to_writer(&mut text, &place).map_err(|error| AppError::Internal(error.to_string()))?;
        }
        Ok(text)
    }
}

impl Iterator for PublishedAllocation {
    type Item = Result<Vec<u8>, AppError>;

    fn next(&mut self) -> Option<Self::Item> {
        match std::mem::replace(&mut self.written, Written::All) {
            Written::Nothing(opening) => {
                self.written = Written::Places(0);
                Some(Ok(opening.into_bytes()))
            }
            Written::Places(first) if first < self.people.len() => {
                let places = self.places_from(first);
                // After an error nothing follows.
                if places.is_ok() {
                    self.written = Written::Places(first + PLACES_AT_ONCE);
                }
                Some(places)
            }
            Written::Places(_) => Some(Ok(Bundle::CLOSING.into())),
            Written::All => None,
        }
    }
}

async fn replayed(store: &Store, trial: &Trial) -> Result<Option<Replayed>, AppError> {
    let Some(drawing) = trial.drawing.clone() else { return Ok(None) };
    if trial.secret_commitment.as_deref() != Some(drawing.allocator.secret().commitment().as_str()) {
        let why = "The secret of the draws is not the one that was committed to at the start.";
        return Ok(Some(Replayed::Differs(why.to_owned())));
    }
    let people = drawn(store, trial).await?;
    let again = aside(move || drawing.allocator.replay(people.iter().map(Drawn::place))).await?;
    Ok(Some(match again {
        Ok(people) => Replayed::Agrees { people },
        Err(found) => Replayed::Differs(format!(
            "Assignment {} is kept with another version than chance gave; compare the allocation bundle.",
            found.row
        )),
    }))
}

/// Everybody who was assigned, in order.
async fn drawn(store: &Store, trial: &Trial) -> Result<Vec<Drawn>, AppError> {
    let (id, zone) = (trial.id, trial.plan.protocol().time_zone);
    let read = move |row: log::DrawRow| {
        let damaged = || StoreError::Damaged(format!("assignment {}", row.sequence));
        Ok(Drawn {
            unit: Pseudonym::from_bytes(&row.unit).ok_or_else(damaged)?,
            arm: usize::try_from(row.arm).map_err(|_| damaged())?,
            day: instant(row.assigned_at).with_timezone(&zone).date_naive(),
            group: row.stratum,
        })
    };
    Ok(store.read(move |c| log::draws_of(c, id, read)).await?)
}

/// Somebody who was assigned.
#[derive(Debug)]
struct Drawn {
    unit: Pseudonym,
    group: String,
    day: NaiveDate,
    arm: usize,
}

impl Drawn {
    fn place(&self) -> Assigned<'_> {
        Assigned { unit: &self.unit, group: &self.group, day: self.day, arm: self.arm }
    }
}
