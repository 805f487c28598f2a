//! Lists of people for letters: sent as a file, looked at, committed by a second person, and assigned all at once.
//!
//! The caller's name for a unit is not kept, so what comes back names the line of the list that was sent.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use fairtrial_domain::{
    Fault, Pseudonym, UnitText,
    allocation::{AllocationSecret, Allocator, Progress, Subject},
    canonical::sha256_hex,
    eligibility::AttributeKind,
    identity::UnitTextError,
    protocol::{Allocation, Protocol},
    trial::{AssignmentOutcome, PersonRole, Scope, State, before_draw, group_of, read_attributes},
};
use fairtrial_store::{
    AssignAnswer, AssignRequest, Placed, StoreError, assign_within,
    audit::{self, NewEntry},
    batches::{self, BatchRow},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    assign::{kept_attributes, limits},
    batch_file::{Line, balance, file},
    placement::{ASSIGNMENT_ID_DIGITS, assignment_id},
};
use crate::{
    error::AppError,
    state::{
        App,
        actor::{Actor, Person},
        directory::{Directory, Trial},
    },
};

/// Most people in one list.
pub const MOST_UNITS: usize = 100_000;

/// Who sends lists, and commits those of others.
pub const SENDERS: &[PersonRole] = &[PersonRole::Designer, PersonRole::Approver];

/// Most lines that are named when a commit is refused.
const MOST_NAMED: usize = 50;

/// One line of a list as sent.
#[derive(Debug, Clone)]
pub struct SentUnit {
    /// Its line in a file, or its place in a list, from 1.
    pub line: u64,
    /// Who, as the caller's system names them.
    pub unit: String,
    /// The cluster or site.
    pub cluster: Option<String>,
    /// The attributes.
    pub attributes: Map<String, Value>,
}

/// A line that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedLine {
    /// Which line.
    pub line: u64,
    /// Stable code.
    pub code: String,
    /// Why; never what the line held.
    pub detail: String,
}

/// Someone in a list that waits: everything that the draw needs, and no unit as it was sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Waiting(u64, String, String, Option<String>);

impl App {
    /// Keeps a list and says how its people would lie in the arms. Nobody is assigned. The same list again is the same batch;
    /// the flag tells whether it is new.
    ///
    /// The balance is that of a draw with other random numbers, as if the trial began with this list: a look at the real
    /// one would tell arms before anybody is enrolled. A wedge's calendar is public, so there it is the real one.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`], [`AppError::Conflict`] when nobody may enter, [`AppError::Invalid`] for
    /// a list that is too long or in which no line can be accepted.
    pub async fn upload_batch(
        &self,
        actor: &Actor,
        key: &str,
        sent: &[SentUnit],
        texts: bool,
    ) -> Result<(BatchRow, bool), AppError> {
        may_send(actor)?;
        let trial = self.trial_of(actor, key)?;
        check_enrolling(&trial)?;
        if sent.is_empty() || sent.len() > MOST_UNITS {
            return Err(AppError::invalid("", "batch_size", format!("a list holds 1 to {MOST_UNITS} people")));
        }
        let (waiting, refused) = self.read_list(&trial, sent, texts)?;
        if waiting.is_empty() {
            let first =
                refused.first().map_or_else(String::new, |line| format!("; line {}: {}", line.line, line.detail));
            return Err(AppError::invalid(
                "",
                "nobody_accepted",
                format!("no line of the list can be accepted{first}"),
            ));
        }
        let text = |error: serde_json::Error| AppError::Internal(error.to_string());
        let (units, refused) =
            (serde_json::to_string(&waiting).map_err(text)?, serde_json::to_string(&refused).map_err(text)?);
        let mut id = sha256_hex(&format!("fairtrial/1/batch/{}/{units}/{refused}", trial.plan.id()));
        id.truncate(32);
        let (trial_id, wanted) = (trial.id, id.clone());
        if let Some(known) = self.store.read(move |c| batches::find(c, trial_id, &wanted)).await? {
            return Ok((known, false));
        }
        let batch = BatchRow {
            trial_id,
            id,
            protocol_id: trial.plan.id().to_string(),
            uploaded_by: person_of(actor).map(|person| person.id),
            uploaded_key: actor.key_id(),
            uploaded_at: self.ambient.now_micros(),
            accepted: i64::try_from(waiting.len()).unwrap_or(i64::MAX),
            refused,
            balance: self.preview(&trial, &waiting)?.to_string(),
            units,
            committed_by: None,
            committed_at: None,
            file: None,
            checksum: None,
        };
        let entry = self.batch_entry(actor, &trial, "batch.uploaded", &batch);
        let row = batch.clone();
        self.store
            .write(move |c| {
                batches::add(c, &row)?;
                audit::append(c, &entry)
            })
            .await?;
        Ok((batch, true))
    }

    /// Assigns everybody in a list, or nobody, by the trial's own allocator.
    ///
    /// Whoever has opted out, or may not enter for another reason, since the list was read keeps the whole list from being
    /// committed: what is sent out is then exactly what the second person looked at. The error names the lines; the same list
    /// sent again is read without them. A person who is in the trial already is in the file with the version that they are
    /// served.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for whoever sent the list and for a key that acts as nobody; [`AppError::NotFound`];
    /// [`AppError::Conflict`] when it is committed already, the plan has changed, or somebody in it may not enter any more.
    pub async fn commit_batch(&self, actor: &Actor, key: &str, id: &str) -> Result<BatchRow, AppError> {
        may_send(actor)?;
        let trial = self.trial_of(actor, key)?;
        let batch = self.batch(actor, key, id).await?;
        let person = person_of(actor)
            .ok_or_else(|| AppError::Forbidden("a list is committed by a person, or a key that acts as one".into()))?;
        person.needs_one_of(SENDERS)?;
        if batch.uploaded_by == Some(person.id) {
            return Err(AppError::Forbidden("you sent this list, so somebody else must commit it".into()));
        }
        if batch.committed_at.is_some() {
            return Err(AppError::conflict("already_committed", "everybody in this list is assigned already"));
        }
        check_enrolling(&trial)?;
        self.check_end(&trial)?;
        if batch.protocol_id != trial.plan.id().as_str() {
            return Err(AppError::conflict(
                "plan_changed",
                "the plan has changed since the list was read; send it again",
            ));
        }
        let damaged = || AppError::Internal(format!("the list {} cannot be read", batch.id));
        let waiting: Vec<Waiting> = serde_json::from_str(&batch.units).map_err(|_| damaged())?;
        // So that wishes and overrides of a moment ago count, also those that another server took.
        self.catch_up().await?;
        let at = self.ambient.now_micros();
        let requests = self.requests(&trial, &waiting, at)?;
        let unwilling: HashSet<Pseudonym> =
            requests.iter().map(|request| request.unit).filter(|unit| self.opted_out(trial.id, unit)).collect();
        let given: HashMap<Pseudonym, usize> = requests
            .iter()
            .filter_map(|request| Some((request.unit, usize::from(self.place(trial.id, &request.unit)?.1.given?))))
            .collect();
        let entry = self.batch_entry(actor, &trial, "batch.committed", &batch);
        let (person_id, trial_id, batch_id, plan) = (person.id, trial.id, batch.id.clone(), Arc::clone(&trial));
        self.store
            .write(move |c| {
                batches::commit(c, trial_id, &batch_id, person_id, at)?;
                let answers = assign_within(c, &requests)?;
                let (mut lines, mut refused) = (Vec::with_capacity(answers.len()), Vec::new());
                for ((answer, request), Waiting(line, ..)) in answers.iter().zip(&requests).zip(&waiting) {
                    let unit = &request.unit;
                    let answer = if unwilling.contains(unit) { &AssignAnswer::OptedOut } else { answer };
                    match placed(answer) {
                        Err(code) => refused.push((*line, code)),
                        Ok((place, outcome)) => lines.push(Line {
                            line: *line,
                            arm: place.arm,
                            served: given.get(unit).copied().unwrap_or(place.arm),
                            outcome: outcome.as_str(),
                            assignment_id: assignment_id(&plan, &place.unit, &mut [0; ASSIGNMENT_ID_DIGITS]).to_owned(),
                        }),
                    }
                }
                if !refused.is_empty() {
                    return Err(StoreError::Changed(nobody_assigned(&refused)));
                }
                let protocol = plan.plan.protocol();
                let placed = lines.iter().zip(&requests).map(|(line, request)| (request.stratum.as_str(), line.arm));
                let balance = balance(protocol, placed, false).to_string();
                let text = file(protocol, &lines);
                batches::set_file(c, trial_id, &batch_id, &balance, &text, &sha256_hex(&text))?;
                audit::append(c, &entry)
            })
            .await?;
        self.catch_up().await?;
        self.batch(actor, key, id).await
    }

    /// A list of a trial.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Forbidden`]; [`AppError::Conflict`] once the people on it are deleted.
    pub async fn batch(&self, actor: &Actor, key: &str, id: &str) -> Result<BatchRow, AppError> {
        may_send(actor)?;
        let trial = self.trial_of(actor, key)?;
        trial.with_records()?;
        let (trial_id, id) = (trial.id, id.to_owned());
        let found = self.store.read(move |c| batches::find(c, trial_id, &id)).await?;
        found.ok_or(AppError::NotFound("batch"))
    }

    fn read_list(
        &self,
        trial: &Trial,
        sent: &[SentUnit],
        texts: bool,
    ) -> Result<(Vec<Waiting>, Vec<RefusedLine>), AppError> {
        let directory = self.directory.load_full();
        let (mut waiting, mut refused, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for unit in sent {
            match self.read_unit(&directory, trial, unit, texts)? {
                Err((code, detail)) => refused.push(RefusedLine { line: unit.line, code, detail }),
                Ok((pseudonym, stratum, attributes)) => {
                    if seen.insert(pseudonym) {
                        waiting.push(Waiting(unit.line, pseudonym.to_hex(), stratum, attributes));
                    } else {
                        let detail = "this unit stands in an earlier line".to_owned();
                        refused.push(RefusedLine { line: unit.line, code: "duplicate_unit".into(), detail });
                    }
                }
            }
        }
        Ok((waiting, refused))
    }

    /// Reads one line and takes it through the gates. Whoever is in the trial already meets one only: their own wish.
    fn read_unit(&self, directory: &Directory, trial: &Trial, sent: &SentUnit, texts: bool) -> Result<Read, AppError> {
        let plan = trial.plan.protocol();
        let name = match read_name(sent) {
            Ok(name) => name,
            Err(refused) => return Ok(Err(refused)),
        };
        let unit = directory.agency(trial.agency_id)?.pseudonym_key.pseudonym(&name);
        let (standing, _) = self.standing(directory, trial, &unit)?;
        let known = self.place(trial.id, &unit).is_some() && !standing.opted_out;
        let fault = |fault: Fault| (fault.code, format!("{}: {}", fault.pointer, fault.detail));
        let attributes = if texts { typed(plan, &sent.attributes) } else { sent.attributes.clone() };
        let attributes = match read_attributes(&plan.attributes, &attributes) {
            Ok(attributes) => attributes,
            Err(faults) => return Ok(Err(faults.into_iter().next().map_or_else(Default::default, fault))),
        };
        if let (false, Err((outcome, reason))) = (known, before_draw(State::Enrolling, standing, plan, &attributes)) {
            return Ok(Err((outcome.as_str().to_owned(), reason)));
        }
        match group_of(plan, sent.cluster.as_deref(), &attributes) {
            Ok(stratum) => Ok(Ok((unit, stratum, kept_attributes(plan, &attributes)?))),
            Err(wrong) => Ok(Err(fault(wrong))),
        }
    }

    /// Refuses a list of a trial in which nobody enters any more.
    fn check_end(&self, trial: &Trial) -> Result<(), AppError> {
        match self.is_past_end(trial) {
            true => {
                Err(AppError::conflict("enrolment_over", "the last day on which somebody enters by the plan is over"))
            }
            false => Ok(()),
        }
    }

    fn requests(&self, trial: &Trial, waiting: &[Waiting], at: i64) -> Result<Vec<AssignRequest>, AppError> {
        let drawing =
            trial.drawing.clone().ok_or_else(|| AppError::Internal("a started trial has no secret".into()))?;
        let (day, limits) = (trial.day_of(at), limits(&self.directory.load_full(), trial)?);
        waiting
            .iter()
            .map(|Waiting(line, unit, stratum, attributes)| {
                let unit = pseudonym(unit).ok_or_else(|| AppError::Internal(format!("line {line} cannot be read")))?;
                let (stratum, attributes, limits) = (stratum.clone(), attributes.clone(), limits.clone());
                Ok(AssignRequest { drawing: Arc::clone(&drawing), unit, stratum, day, attributes, limits, at })
            })
            .collect()
    }

    fn preview(&self, trial: &Trial, waiting: &[Waiting]) -> Result<Value, AppError> {
        let plan = trial.plan.protocol();
        let requests = self.requests(trial, waiting, self.ambient.now_micros())?;
        let public = matches!(plan.allocation, Allocation::SteppedWedge { .. });
        let other = Allocator::of(plan, AllocationSecret::new(Sha256::digest("fairtrial/1/batch-preview").into()));
        let mut progress = Progress::default();
        let placed = requests.iter().filter_map(|request| {
            let allocator = if public { &request.drawing.allocator } else { &other };
            let subject = Subject { unit: &request.unit, group: &request.stratum, day: request.day };
            Some((request.stratum.as_str(), allocator.assign(&mut progress, &subject)?))
        });
        Ok(balance(plan, placed, !public))
    }

    fn batch_entry(&self, actor: &Actor, trial: &Trial, action: &str, batch: &BatchRow) -> NewEntry {
        NewEntry {
            at: self.ambient.now_micros(),
            agency_id: Some(trial.agency_id),
            person_id: person_of(actor).map(|person| person.id),
            key_id: actor.key_id(),
            action: action.to_owned(),
            subject: trial.key().to_owned(),
            detail: json!({"batch": batch.id, "accepted": batch.accepted, "protocol_id": batch.protocol_id})
                .to_string(),
        }
    }
}

/// Who, their stratum, and the attributes to keep; or the code and the reason of a refusal.
type Read = Result<(Pseudonym, String, Option<String>), (String, String)>;

fn read_name(sent: &SentUnit) -> Result<UnitText, (String, String)> {
    UnitText::new(&sent.unit).map_err(|error| {
        let code = match error {
            UnitTextError::LooksLikeIdentifier(_) => "unit_looks_like_identifier",
            UnitTextError::Malformed => "malformed_unit",
        };
        (code.to_owned(), error.to_string())
    })
}
/// Cells of a table as values of the kinds that the plan declares; what does not fit stays a text, and is refused as one.
pub(crate) fn typed(plan: &Protocol, cells: &Map<String, Value>) -> Map<String, Value> {
    let value = |(name, cell): (&String, &Value)| {
        let text = cell.as_str().unwrap_or_default();
        let kind = plan.attributes.iter().find(|attribute| attribute.name == *name).map(|attribute| &attribute.kind);
        let value = match kind {
            Some(AttributeKind::Integer { .. }) => text.parse::<i64>().ok().map(Value::from),
            Some(AttributeKind::Boolean) => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" => Some(true.into()),
                "false" | "no" => Some(false.into()),
                _ => None,
            },
            _ => None,
        };
        (name.clone(), value.unwrap_or_else(|| cell.clone()))
    };
    cells.iter().map(value).collect()
}

/// The place of somebody who is in the trial now, and whether they are new; or why they are not.
fn placed(answer: &AssignAnswer) -> Result<(Placed, AssignmentOutcome), &'static str> {
    match answer {
        AssignAnswer::New(place) => Ok((*place, AssignmentOutcome::Assigned)),
        AssignAnswer::Existing(place) => Ok((*place, AssignmentOutcome::Existing)),
        AssignAnswer::CapReached => Err(AssignmentOutcome::CapReached.as_str()),
        AssignAnswer::OptedOut => Err(AssignmentOutcome::OptedOut.as_str()),
        AssignAnswer::AtBurdenCap => Err(AssignmentOutcome::BurdenCap.as_str()),
        AssignAnswer::InOtherTrial => Err(AssignmentOutcome::ExcludedByOtherTrial.as_str()),
        AssignAnswer::NotEnrolling(_) => Err("not_enrolling"),
        AssignAnswer::UnknownCluster => Err("unknown_cluster"),
        AssignAnswer::PlanChanged => Err("plan_changed"),
    }
}

fn nobody_assigned(refused: &[(u64, &'static str)]) -> String {
    let named: Vec<String> =
        refused.iter().take(MOST_NAMED).map(|(line, code)| format!("line {line} ({code})")).collect();
    let more = refused.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!(
        "nobody is assigned, because these may not enter: {}{more}; send the list again without them",
        named.join(", ")
    )
}

fn pseudonym(digits: &str) -> Option<Pseudonym> {
    let bytes: Option<Vec<u8>> =
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect();
    Pseudonym::from_bytes(&bytes?)
}

pub(super) fn may_send(actor: &Actor) -> Result<(), AppError> {
    match actor {
        Actor::Person(person) => person.needs_one_of(SENDERS),
        Actor::Key(key) if !key.live => {
            Err(AppError::Forbidden("with a test key nothing is kept, so it sends no lists".into()))
        }
        Actor::Key(key) => key.needs(Scope::BatchesWrite),
    }
}

fn person_of(actor: &Actor) -> Option<&Person> {
    match actor {
        Actor::Person(person) => Some(person),
        Actor::Key(key) => key.person.as_deref(),
    }
}

fn check_enrolling(trial: &Trial) -> Result<(), AppError> {
    if trial.state == State::Enrolling {
        return Ok(());
    }
    Err(AppError::conflict("not_enrolling", "nobody enters this trial now, so no list is taken"))
}
