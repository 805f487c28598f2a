//! A snapshot of agencies, keys and trials, replaced as a whole when anything in it changes.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, atomic::AtomicI64},
};

use chrono::{DateTime, Utc};
use fairtrial_domain::{
    LockedProtocol, PseudonymKey, TouchpointKey,
    allocation::{AllocationSecret, Allocator},
    event::Catalogue,
    protocol::{Payload, ProtocolId},
    trial::{PersonRole, Scope, State},
};
use fairtrial_store::{
    BurdenCap, DbConnection, Drawing, StoreError, agencies, amendments, api_keys, conclusions, deletions,
    deletions::DeletionRow,
    directory, limits, links, looks,
    looks::{CrossingRow, LookNote},
    people,
    red_checks::{self, RedCheck},
    trials,
};
use serde_json::json;

use super::actor::{KeyActor, Person};
use crate::{
    error::AppError,
    sealing::MasterKey,
    trials::{link::Link, retention::Deletion},
};

/// An agency, ready for use.
#[derive(Debug, Clone)]
pub struct Agency {
    /// Its number.
    pub id: i64,
    /// Its name in documents.
    pub key: String,
    /// Its name for people.
    pub name: String,
    pub(crate) pseudonym_key: PseudonymKey,
    pub(crate) catalogue: Arc<Catalogue>,
    /// Most trials that one person may meet; none without a limit.
    pub burden_cap: Option<BurdenCap>,
}

/// What a version shows, as JSON: written when a plan is read, not for each of the thousands who ask in a second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayloadText {
    /// The payload.
    pub whole: Box<str>,
    /// Its one field called `value`, where each version of the plan has that field alone.
    pub value: Option<Box<str>>,
}

impl PayloadText {
    fn of(plan: &LockedProtocol) -> Arc<[Self]> {
        let arms = &plan.protocol().arms;
        let single =
            |payload: &Payload| payload.as_object().is_some_and(|map| map.len() == 1 && map.contains_key("value"));
        let all_single = arms.iter().all(|arm| single(&arm.payload));
        let text = |payload: &Payload| {
            let value = payload.get("value").filter(|_| all_single).map(|value| value.to_string().into());
            Self { whole: payload.to_string().into(), value }
        };
        arms.iter().map(|arm| text(&arm.payload)).collect()
    }
}

/// How each person is to be told of a trial, where its plan says that each is.
pub(crate) fn notice_of(plan: &LockedProtocol) -> Option<&str> {
    let plan = plan.protocol();
    (plan.data.notice == "individual").then_some(plan.public_summary.as_str())
}

/// A trial, ready for use.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Its number.
    pub id: i64,
    /// Number of its agency.
    pub agency_id: i64,
    /// Where it stands.
    pub state: State,
    /// Its plan.
    pub plan: Arc<LockedProtocol>,
    /// What each version of the plan shows, in the order of the versions.
    pub payloads: Arc<[PayloadText]>,
    /// How each person is to be told, as JSON: a text, or null where nobody is told one by one.
    pub notice: Arc<str>,
    /// Whether everybody gets the current version for good.
    pub reverted: bool,
    /// SHA-256 of the allocation secret, from the start on.
    pub secret_commitment: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it started.
    pub started_at: Option<DateTime<Utc>>,
    /// When enrolment ended for good.
    pub ended_at: Option<DateTime<Utc>>,
    /// When the data were locked.
    pub locked_at: Option<DateTime<Utc>>,
    /// The last event before it started.
    pub(crate) started_sequence: Option<i64>,
    /// The last event that counts, once the data are locked.
    pub locked_sequence: Option<i64>,
    /// Since when its results are for everybody.
    pub published_at: Option<DateTime<Utc>>,
    /// Why it stands where it stands.
    pub state_reason: Option<String>,
    /// The plans that were in force before this one, each with the moment until which it was.
    pub earlier_plans: Vec<(DateTime<Utc>, ProtocolId)>,
    /// The deletion of the records of single people, once it has begun.
    pub deletion: Option<Deletion>,
    /// Whether a boundary has stopped it and two people have not resumed it.
    pub halted: bool,
    /// The looks held, oldest first.
    pub looks: Vec<LookNote>,
    /// The harm boundaries crossed between looks, oldest first.
    pub crossings: Vec<CrossingRow>,
    /// The checks of its data that are red now, the longest red first; those of a trial whose data are locked stand in its report.
    pub red_checks: Vec<RedCheck>,
    pub(crate) drawing: Option<Arc<Drawing>>,
}

impl Trial {
    /// Its name in addresses.
    #[must_use]
    pub fn key(&self) -> &str {
        self.plan.protocol().key.as_str()
    }

    /// The day of a moment in the trial's time zone, where days of assignment and steps of a wedge are counted.
    #[must_use]
    pub fn day_of(&self, micros: i64) -> chrono::NaiveDate {
        instant(micros).with_timezone(&self.plan.protocol().time_zone).date_naive()
    }

    /// Whether an event at this place of their order, which happened then, is one that the trial looks at. Both ends were
    /// written with the log held, so a fold that meets the event live and one that reads it later agree.
    pub(crate) fn listens_to(&self, sequence: i64, occurred_at: DateTime<Utc>) -> bool {
        self.started_at.is_some_and(|start| occurred_at >= start)
            && self.started_sequence.is_none_or(|before| sequence > before)
            && self.locked_sequence.is_none_or(|last| sequence <= last)
    }

    /// Whether events of this kind are the trial's, of an agency, or of the one trial for which they came through a link.
    pub(crate) fn hears(&self, agency_id: i64, only: Option<i64>, kind: &str) -> bool {
        self.state.has_started()
            && self.deletion.is_none()
            && self.agency_id == agency_id
            && only.is_none_or(|only| only == self.id)
            && self.plan.protocol().outcomes.iter().any(|outcome| outcome.event == kind)
    }

    /// The plan that was in force at a moment: assignments keep the one they were made under.
    #[must_use]
    pub fn plan_id_at(&self, moment: DateTime<Utc>) -> &ProtocolId {
        let then = self.earlier_plans.iter().find(|(until, _)| moment < *until);
        then.map_or(self.plan.id(), |(_, id)| id)
    }

    /// What an app shows to people who are not in the trial: the current version.
    #[must_use]
    pub fn control_payload(&self) -> Payload {
        self.plan.protocol().control().map_or_else(Payload::default, |arm| arm.payload.clone())
    }
}

#[derive(Debug, Clone)]
pub(crate) struct StoredKey {
    pub(crate) actor: KeyActor,
    pub(crate) secret_hash: [u8; 32],
    /// When it was last noted that the key is used, in microseconds.
    pub(crate) noted: Arc<AtomicI64>,
}

/// The snapshot.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    pub(crate) version: i64,
    pub(crate) agencies: BTreeMap<i64, Agency>,
    pub(crate) keys: HashMap<String, StoredKey>,
    pub(crate) trials: BTreeMap<String, Arc<Trial>>,
    pub(crate) by_id: HashMap<i64, Arc<Trial>>,
    /// By agency.
    started: HashMap<i64, Vec<Arc<Trial>>>,
    /// By their name; those that are over too, because what came through them is still folded.
    pub(crate) links: HashMap<String, Arc<Link>>,
    pub(crate) by_touchpoint: HashMap<(i64, TouchpointKey), Vec<Arc<Trial>>>,
}

/// What is read for a snapshot, in one go.
pub(crate) struct Rows {
    version: i64,
    agencies: Vec<agencies::AgencyRow>,
    keys: Vec<(api_keys::ApiKeyRow, Option<people::PersonRow>)>,
    /// Each with its plan's text, unless the plan is that of the snapshot before.
    trials: Vec<(trials::TrialRow, Option<String>)>,
    burden_caps: HashMap<i64, BurdenCap>,
    published: HashMap<i64, i64>,
    replaced: Vec<(i64, String, i64)>,
    deletions: Vec<DeletionRow>,
    looks: Vec<LookNote>,
    crossings: Vec<CrossingRow>,
    red_checks: Vec<RedCheck>,
    links: Vec<links::Link>,
}

/// Everything, for a first snapshot.
pub(crate) fn read(c: &mut DbConnection) -> Result<Rows, StoreError> {
    read_beside(c, &Directory::default())
}

/// The same, without the texts of plans that a snapshot has read: a plan never changes under its id, and there may be thousands.
pub(crate) fn read_beside(c: &mut DbConnection, known: &Directory) -> Result<Rows, StoreError> {
    // The version first: a change in between is then seen as another version and read again.
    let version = directory::version(c)?;
    let agencies = agencies::all(c)?;
    let burden_caps = limits::burden_caps(c)?.into_iter().collect();
    let mut keys = Vec::new();
    for key in api_keys::all_valid(c)? {
        let person = key.person_id.map(|id| people::by_id(c, id)).transpose()?.flatten();
        keys.push((key, person));
    }
    let mut read_trials = Vec::new();
    for trial in trials::all(c)? {
        if known.trial_under(&trial).is_some() {
            read_trials.push((trial, None));
            continue;
        }
        let canonical = trials::canonical(c, trial.id, &trial.protocol_id)?;
        let canonical = canonical.ok_or_else(|| StoreError::Damaged(format!("plan of trial {}", trial.key)))?;
        read_trials.push((trial, Some(canonical)));
    }
    let replaced = amendments::replaced(c)?;
    let published = conclusions::published(c)?.into_iter().collect();
    let links = links::all(c)?;
    let deletions = deletions::all(c)?;
    let (looks, crossings, red_checks) = (looks::all(c)?, looks::crossings(c)?, red_checks::all(c)?);
    Ok(Rows {
        version,
        agencies,
        keys,
        trials: read_trials,
        burden_caps,
        published,
        replaced,
        deletions,
        looks,
        crossings,
        red_checks,
        links,
    })
}

impl Directory {
    pub(crate) fn build(rows: Rows, master_key: &MasterKey) -> Result<Self, AppError> {
        Self::default().followed_by(rows, master_key)
    }

    /// What this snapshot knows of a stored trial with the plan that it has there.
    fn trial_under(&self, row: &trials::TrialRow) -> Option<&Arc<Trial>> {
        self.by_id.get(&row.id).filter(|trial| trial.plan.id().as_str() == row.protocol_id)
    }

    /// The snapshot of rows that were read beside this one.
    pub(crate) fn followed_by(&self, rows: Rows, master_key: &MasterKey) -> Result<Self, AppError> {
        let mut directory = Self { version: rows.version, ..Self::default() };
        for (row, canonical) in rows.trials {
            let mut trial = build_trial(row, canonical.as_deref(), self, master_key)?;
            trial.deletion = rows.deletions.iter().find(|row| row.trial_id == trial.id).map(Deletion::of);
            trial.published_at = rows.published.get(&trial.id).copied().map(instant);
            for (_, replaced, until) in rows.replaced.iter().filter(|(id, _, _)| *id == trial.id) {
                let id = replaced.parse().map_err(|_| AppError::Internal("the id of an older plan".into()))?;
                trial.earlier_plans.push((instant(*until), id));
            }
            trial.looks = rows.looks.iter().filter(|look| look.trial_id == trial.id).cloned().collect();
            trial.crossings = rows.crossings.iter().filter(|it| it.trial_id == trial.id).cloned().collect();
            trial.red_checks = rows.red_checks.iter().filter(|it| it.trial_id == trial.id).cloned().collect();
            let trial = Arc::new(trial);
            if let Some(touchpoint) = &trial.plan.protocol().touchpoint {
                let place = directory.by_touchpoint.entry((trial.agency_id, touchpoint.clone())).or_default();
                place.push(Arc::clone(&trial));
            }
            if trial.state.has_started() {
                directory.started.entry(trial.agency_id).or_default().push(Arc::clone(&trial));
            }
            directory.by_id.insert(trial.id, Arc::clone(&trial));
            directory.trials.insert(trial.key().to_owned(), trial);
        }
        for started in directory.started.values_mut() {
            started.sort_unstable_by(|one, other| one.key().cmp(other.key()));
        }
        for row in rows.agencies {
            let secret = master_key.open(&format!("pseudonyms of {}", row.key), &row.sealed_pseudonym_key)?;
            // What only trials listened to whose records are deleted is asked for no more.
            let listens = |trial: &&Arc<Trial>| {
                trial.agency_id == row.id && trial.state.has_started() && trial.deletion.is_none()
            };
            let started = directory.trials.values().filter(listens);
            let catalogue = Catalogue::of(started.map(|trial| trial.plan.protocol()));
            let agency = Agency {
                id: row.id,
                key: row.key,
                name: row.name,
                pseudonym_key: PseudonymKey::new(&secret),
                catalogue: Arc::new(catalogue),
                burden_cap: rows.burden_caps.get(&row.id).copied(),
            };
            directory.agencies.insert(row.id, agency);
        }
        for stored in rows.links {
            let damaged = || AppError::Internal(format!("{} cannot be read", stored.row.id));
            let trial = directory.by_id.get(&stored.row.trial_id).ok_or_else(damaged)?;
            let link = Link::of(&stored, trial).ok_or_else(damaged)?;
            directory.links.insert(stored.row.id, Arc::new(link));
        }
        for (row, person) in rows.keys {
            let scopes = row.scopes.split_whitespace().filter_map(Scope::from_word).collect();
            let person = person.filter(|person| !person.disabled).map(person_of).map(Arc::new);
            let live = row.environment == "live";
            let actor = KeyActor { id: row.id, agency_id: row.agency_id, scopes, live, person };
            let damaged = |_| AppError::Internal(format!("the key {} cannot be read", row.public_id));
            let secret_hash = row.secret_hash.as_slice().try_into().map_err(damaged)?;
            directory.keys.insert(row.public_id, StoredKey { actor, secret_hash, noted: Arc::default() });
        }
        Ok(directory)
    }

    /// The other trials of a trial's agency that somebody may have met: those that have started.
    pub(crate) fn trials_met<'a>(&'a self, trial: &'a Trial) -> impl Iterator<Item = &'a Arc<Trial>> {
        self.started_of(trial.agency_id).iter().filter(|other| other.id != trial.id)
    }

    /// The trials of an agency that have started, by key.
    pub(crate) fn started_of(&self, agency_id: i64) -> &[Arc<Trial>] {
        self.started.get(&agency_id).map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn agency(&self, id: i64) -> Result<&Agency, AppError> {
        self.agencies.get(&id).ok_or(AppError::NotFound("agency"))
    }

    /// A trial of an agency. Another agency's trial looks like none.
    pub(crate) fn trial_of(&self, agency_id: i64, key: &str) -> Result<&Arc<Trial>, AppError> {
        self.trials.get(key).filter(|trial| trial.agency_id == agency_id).ok_or(AppError::NotFound("trial"))
    }
}

pub(crate) fn person_of(row: people::PersonRow) -> Person {
    let roles = row.roles.split_whitespace().filter_map(PersonRole::from_word).collect();
    Person { id: row.id, agency_id: row.agency_id, name: row.name, email: row.email, roles }
}

pub(crate) fn instant(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

/// A trial, with the plan and the drawing of the snapshot before where its plan is the same: the secret never changes.
fn build_trial(
    row: trials::TrialRow,
    canonical: Option<&str>,
    before: &Directory,
    master_key: &MasterKey,
) -> Result<Trial, AppError> {
    let damaged = |what: &str| AppError::Internal(format!("the {what} of trial {} cannot be read", row.key));
    let known = before.trial_under(&row);
    let plan = match (canonical, known) {
        (Some(canonical), _) => Arc::new(LockedProtocol::from_json(canonical.as_bytes()).map_err(|_| damaged("plan"))?),
        (None, Some(known)) => Arc::clone(&known.plan),
        (None, None) => return Err(damaged("plan")),
    };
    if plan.id().as_str() != row.protocol_id {
        return Err(damaged("plan's id"));
    }
    let payloads = known.map_or_else(|| PayloadText::of(&plan), |known| Arc::clone(&known.payloads));
    let notice = known.map_or_else(|| json!(notice_of(&plan)).to_string().into(), |known| Arc::clone(&known.notice));
    let state = State::from_word(&row.state).ok_or_else(|| damaged("state"))?;
    let drawing = match (&row.sealed_secret, known.and_then(|known| known.drawing.as_ref())) {
        (None, _) => None,
        (Some(_), Some(drawing)) => Some(Arc::clone(drawing)),
        (Some(sealed), None) => {
            let secret = AllocationSecret::new(master_key.open(&format!("allocation of {}", row.key), sealed)?);
            let allocator = Allocator::of(plan.protocol(), secret);
            let cap = plan.protocol().monitoring.max_units;
            Some(Arc::new(Drawing { trial_id: row.id, protocol_id: plan.id().to_string(), allocator, cap }))
        }
    };
    Ok(Trial {
        id: row.id,
        agency_id: row.agency_id,
        state,
        plan,
        payloads,
        notice,
        reverted: row.reverted,
        secret_commitment: row.secret_commitment,
        created_at: instant(row.created_at),
        started_at: row.started_at.map(instant),
        ended_at: row.ended_at.map(instant),
        locked_at: row.locked_at.map(instant),
        started_sequence: row.started_sequence,
        locked_sequence: row.locked_sequence,
        published_at: None,
        deletion: None,
        state_reason: row.state_reason,
        halted: row.halted,
        looks: Vec::new(),
        crossings: Vec::new(),
        red_checks: Vec::new(),
        earlier_plans: Vec::new(),
        drawing,
    })
}
