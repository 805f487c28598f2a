//! What is published of an allocation: the calendar of a stepped wedge from the start on, everything once the data are locked.

use std::sync::Arc;

use chrono::NaiveDate;
use fairtrial_domain::{
    Pseudonym,
    allocation::{
        Calendar,
        bundle::{Assigned, Bundle},
    },
    projection::Replayed,
};
use fairtrial_store::{
    Store,
    audit::{self, NewEntry},
    log,
};
use serde_json::json;

use super::view::may_read;
use crate::{
    aside::aside,
    error::AppError,
    sealing::MasterKey,
    state::{
        App,
        actor::Actor,
        directory::{Directory, Trial, read},
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
    /// [`AppError::NotFound`], [`AppError::Forbidden`] for a key without the scope, [`AppError::Conflict`] before the lock.
    pub async fn allocation_bundle(&self, actor: &Actor, key: &str) -> Result<Bundle, AppError> {
        may_read(actor)?;
        let trial = self.trial_of(actor, key)?;
        let drawing = trial.drawing.clone().filter(|_| trial.locked_at.is_some()).ok_or_else(|| {
            let detail =
                "the secret and the list are published once the data are locked; before, they would tell the next arm";
            AppError::conflict("not_locked", detail)
        })?;
        trial.with_records()?;
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
        Bundle::new(trial.plan.protocol(), trial.plan.id(), drawing.allocator.secret(), people.iter().map(Drawn::place))
            .map_err(|error| AppError::Internal(error.to_string()))
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
    let id = trial.id;
    let rows = store.read(move |c| log::assignments_of(c, id)).await?;
    let read = |row: log::AssignmentRow| {
        let damaged = || AppError::Internal(format!("assignment {} cannot be read", row.sequence));
        Ok(Drawn {
            unit: Pseudonym::from_bytes(&row.unit).ok_or_else(damaged)?,
            arm: usize::try_from(row.arm).map_err(|_| damaged())?,
            day: trial.day_of(row.assigned_at),
            group: row.stratum,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Somebody who was assigned.
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
