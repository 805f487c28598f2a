//! Asking which version a person gets.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use fairtrial_domain::{
    ArmKey, Pseudonym, TrialKey, UnitText,
    eligibility::{AttributeValue, Attributes, Purpose},
    protocol::{Payload, Protocol, ProtocolId},
    trial::{AssignmentOutcome, Gate, Scope, Standing, before_draw, group_of, read_attributes},
};
use fairtrial_store::{AssignAnswer, AssignRequest, Limits, identities};
use serde_json::{Map, Value};

use super::placement::Placement;
use crate::{
    error::AppError,
    state::{
        App,
        actor::KeyActor,
        directory::{Directory, Trial, instant},
        known::KnownPlace,
    },
};

/// How often the plan may change under one request before the caller is asked to come again.
pub(super) const PLANS_TRIED: usize = 3;

/// A request for an assignment.
#[derive(Debug, Clone)]
pub struct AssignCall {
    /// Who, as the caller's system names them.
    pub unit: UnitText,
    /// The cluster, where clusters are assigned.
    pub cluster: Option<String>,
    /// What the plan needs to know of them.
    pub attributes: Map<String, Value>,
    /// Whether to look only: nobody enters, and no arm is told.
    pub dry_run: bool,
}

impl AssignCall {
    /// A request that says who and no more.
    #[must_use]
    pub fn of(unit: UnitText) -> Self {
        Self { unit, cluster: None, attributes: Map::new(), dry_run: false }
    }
}

/// The answer, which explains itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// Which trial.
    pub trial: TrialKey,
    /// What became of the request.
    pub outcome: AssignmentOutcome,
    /// Why nobody was enrolled, in plain words.
    pub reason: Option<String>,
    /// The arm; none when the person is not in the trial.
    pub arm: Option<ArmKey>,
    /// What to show: the arm's payload, or the current version's.
    pub payload: Payload,
    /// Names this assignment in questions and complaints.
    pub assignment_id: Option<String>,
    /// The plan under which it was made.
    pub protocol_id: ProtocolId,
    /// When.
    pub assigned_at: Option<DateTime<Utc>>,
    /// How the person is to be told, when each is told.
    pub notice: Option<String>,
    /// The arm that is served in place of the assigned one, where somebody gave the person another version for their good.
    pub delivered_arm: Option<ArmKey>,
    /// How each gate stands to the person, in their order; of a dry run only.
    pub gates: Option<Vec<GateStep>>,
}

/// Who is asked about in one trial, by whom, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) key: &'a KeyActor,
    pub(super) unit: &'a Pseudonym,
    pub(super) cluster: Option<&'a str>,
    pub(super) dry_run: bool,
}

/// What a person is told by one trial.
#[derive(Debug)]
pub enum TrialAnswer<T> {
    /// What was made for somebody who has had their place, and gets the version of it.
    Placed(T),
    /// Anything else, and the trial that says so.
    Otherwise(Arc<Trial>, Box<Assignment>),
}

/// Whether somebody has a place in a trial, with what they are told, or with what is needed to find one.
enum Recognised<T> {
    Known(TrialAnswer<T>),
    New(Arc<Directory>, Arc<Trial>, Attributes, Pseudonym),
}

/// How far somebody comes who has no place in a trial as far as this server knows.
pub(super) enum Passed {
    /// They are told this.
    Answered(Box<Assignment>),
    /// A version is drawn for them.
    Draws(AssignRequest),
}

impl Passed {
    fn answered(assignment: Assignment) -> Self {
        Self::Answered(Box::new(assignment))
    }
}

/// How one gate stands to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateStep {
    /// Which gate.
    pub gate: Gate,
    /// Whether it lets them pass.
    pub passed: bool,
    /// Why not, in plain words.
    pub detail: Option<String>,
}

impl App {
    /// Which version a person gets in one trial, in full.
    ///
    /// # Errors
    /// As [`App::tell`].
    pub async fn assign(&self, caller: &KeyActor, trial: &str, call: &AssignCall) -> Result<Assignment, AppError> {
        let placed = |trial: &Trial, place: &Placement| place.assignment(trial, AssignmentOutcome::Existing);
        match self.tell(caller, trial, call, placed).await? {
            TrialAnswer::Placed(assignment) => Ok(assignment),
            TrialAnswer::Otherwise(_, assignment) => Ok(*assignment),
        }
    }

    /// Which version a person gets in one trial. Repeated, it gives the same answer. What somebody is told who has a place is made by
    /// `placed`, at once and from the plan itself: nothing of it is copied or held for that, as apps ask by the thousand a second.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a trial that is not the agency's, [`AppError::Invalid`] for undeclared or ill-fitting
    /// attributes, [`AppError::Busy`] and [`AppError::Unavailable`] when nothing could be kept.
    pub async fn tell<T>(
        &self,
        caller: &KeyActor,
        trial: &str,
        call: &AssignCall,
        placed: impl FnOnce(&Trial, &Placement) -> T,
    ) -> Result<TrialAnswer<T>, AppError> {
        let (directory, trial, attributes, unit) = match self.recognise(caller, trial, call, placed)? {
            Recognised::Known(answered) => return Ok(answered),
            Recognised::New(directory, trial, attributes, unit) => (directory, trial, attributes, unit),
        };
        let asker = Asker { key: caller, unit: &unit, cluster: call.cluster.as_deref(), dry_run: call.dry_run };
        // In a box: whoever is known would carry the room for it along.
        let assignment = Box::pin(self.assign_in(&directory, &trial, asker, &attributes)).await?;
        Ok(TrialAnswer::Otherwise(trial, Box::new(assignment)))
    }

    /// Answers at once where the person has a place: nothing is waited for.
    fn recognise<T>(
        &self,
        caller: &KeyActor,
        trial: &str,
        call: &AssignCall,
        placed: impl FnOnce(&Trial, &Placement) -> T,
    ) -> Result<Recognised<T>, AppError> {
        caller.needs(Scope::Assign)?;
        let directory = self.directory.load();
        let trial = directory.trial_of(caller.agency_id, trial)?;
        let attributes =
            read_attributes(&trial.plan.protocol().attributes, &call.attributes).map_err(AppError::Invalid)?;
        let unit = directory.agency(caller.agency_id)?.pseudonym_key.pseudonym(&call.unit);
        let Some((as_whom, place)) = self.place(trial.id, &unit).filter(|_| !call.dry_run) else {
            return Ok(Recognised::New(Arc::clone(&directory), Arc::clone(trial), attributes, unit));
        };
        Ok(Recognised::Known(match self.placement(trial, &unit, &as_whom, place) {
            Ok(placement) => TrialAnswer::Placed(placed(trial, &placement)),
            Err((outcome, why)) => {
                TrialAnswer::Otherwise(Arc::clone(trial), Box::new(not_enrolled(trial, outcome, why.into())))
            }
        }))
    }

    /// A person's place in a trial, without ever making one.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the person is not in the trial.
    pub async fn look_up(&self, caller: &KeyActor, trial: &str, unit: &UnitText) -> Result<Assignment, AppError> {
        caller.needs(Scope::Assign)?;
        let directory = self.directory.load_full();
        let trial = directory.trial_of(caller.agency_id, trial)?;
        let pseudonym = directory.agency(caller.agency_id)?.pseudonym_key.pseudonym(unit);
        let (as_whom, place) = match self.place(trial.id, &pseudonym) {
            Some(place) => place,
            // Another server may have assigned the person a moment ago.
            None => self.kept_place(trial, pseudonym).await?.ok_or(AppError::NotFound("assignment"))?,
        };
        Ok(self.served(trial, &pseudonym, &as_whom, place, AssignmentOutcome::Existing))
    }

    async fn kept_place(&self, trial: &Trial, unit: Pseudonym) -> Result<Option<(Pseudonym, KnownPlace)>, AppError> {
        let (agency_id, trial_id) = (trial.agency_id, trial.id);
        let kept = self.store.read(move |c| identities::place_of(c, agency_id, trial_id, &unit)).await?;
        kept.map(|place| {
            let arm =
                u8::try_from(place.arm).map_err(|_| AppError::Internal("an arm's number is out of range".into()))?;
            Ok((place.unit, KnownPlace { arm, given: None, assigned_at: place.assigned_at }))
        })
        .transpose()
    }

    /// Assigns under the plan in force. Where another comes into force between the gates and the draw, its gates are passed anew:
    /// what it may change are they, and neither the attributes nor the group.
    pub(super) async fn assign_in(
        &self,
        directory: &Arc<Directory>,
        trial: &Arc<Trial>,
        asker: Asker<'_>,
        attributes: &Attributes,
    ) -> Result<Assignment, AppError> {
        let (mut directory, mut trial) = (Arc::clone(directory), Arc::clone(trial));
        for _ in 0..PLANS_TRIED {
            let request = match self.before_store(&directory, &trial, asker, attributes)? {
                Passed::Answered(answer) => return Ok(*answer),
                Passed::Draws(request) => request,
            };
            if let Some(answer) = self.after_store(&trial, asker.unit, self.store.assign(request).await?)? {
                return Ok(answer);
            }
            self.reload_directory().await?;
            directory = self.directory.load_full();
            trial = directory.by_id.get(&trial.id).map(Arc::clone).ok_or(AppError::NotFound("trial"))?;
        }
        Err(AppError::Busy)
    }

    /// What somebody is told before a draw under one plan, or what the draw needs.
    pub(super) fn before_store(
        &self,
        directory: &Directory,
        trial: &Trial,
        asker: Asker<'_>,
        attributes: &Attributes,
    ) -> Result<Passed, AppError> {
        let unit = asker.unit;
        let place = self.place(trial.id, unit);
        if let Some((as_whom, place)) = place.filter(|_| !asker.dry_run) {
            return Ok(Passed::answered(self.served(trial, unit, &as_whom, place, AssignmentOutcome::Existing)));
        }
        let (standing, limits) = self.standing(directory, trial, unit)?;
        let looking = asker.dry_run || !asker.key.live;
        let passed = before_draw(trial.state, standing, trial.plan.protocol(), attributes);
        if !asker.dry_run
            && let Err((outcome, reason)) = passed
        {
            if !looking {
                self.touches.count(trial.id, outcome);
            }
            return Ok(Passed::answered(not_enrolled(trial, outcome, reason)));
        }
        let stratum = match (group_of(trial.plan.protocol(), asker.cluster, attributes), &passed) {
            // Whoever does not come so far needs no group.
            (Err(_), Err(_)) => String::new(),
            (group, _) => group.map_err(|fault| AppError::Invalid(vec![fault]))?,
        };
        if looking {
            if asker.dry_run && asker.key.live && place.is_none() && passed.is_ok() {
                self.touches.look_ahead(trial.id);
            }
            let gates = asker.dry_run.then(|| steps(trial, standing, attributes));
            return Ok(Passed::answered(Assignment { gates, ..looked(trial, place.is_some(), standing, passed) }));
        }
        let drawing =
            trial.drawing.clone().ok_or_else(|| AppError::Internal("a started trial has no secret".into()))?;
        let at = self.ambient.now_micros();
        let day = trial.day_of(at);
        let attributes = kept_attributes(trial.plan.protocol(), attributes)?;
        Ok(Passed::Draws(AssignRequest { drawing, unit: *unit, stratum, day, attributes, limits, at }))
    }

    /// What somebody is told of a draw; none when its plan is not the one in force any more.
    pub(super) fn after_store(
        &self,
        trial: &Trial,
        unit: &Pseudonym,
        drawn: AssignAnswer,
    ) -> Result<Option<Assignment>, AppError> {
        let answer = match drawn {
            AssignAnswer::PlanChanged => return Ok(None),
            AssignAnswer::New(place) => {
                self.known.insert(trial.id, place.unit, place.arm, place.assigned_at);
                Ok(self.served(trial, unit, &place.unit, known(place)?, AssignmentOutcome::Assigned))
            }
            AssignAnswer::Existing(place) => {
                self.known.insert(trial.id, place.unit, place.arm, place.assigned_at);
                Ok(self.served(trial, unit, &place.unit, known(place)?, AssignmentOutcome::Existing))
            }
            AssignAnswer::CapReached => Ok(self.turned_away(trial, AssignmentOutcome::CapReached)),
            AssignAnswer::OptedOut => Ok(self.turned_away(trial, AssignmentOutcome::OptedOut)),
            AssignAnswer::AtBurdenCap => Ok(self.turned_away(trial, AssignmentOutcome::BurdenCap)),
            AssignAnswer::InOtherTrial => Ok(self.turned_away(trial, AssignmentOutcome::ExcludedByOtherTrial)),
            AssignAnswer::NotEnrolling(state) => {
                let refused = Gate::State.pass(state, Standing::default(), trial.plan.protocol(), &Attributes::new());
                Ok(self.turned_away(trial, refused.err().map_or(AssignmentOutcome::Ended, |(outcome, _)| outcome)))
            }
            AssignAnswer::UnknownCluster => {
                Err(AppError::invalid("/cluster", "unknown_cluster", "this cluster is not on the trial's roster"))
            }
        };
        answer.map(Some)
    }

    /// Whom the transaction of the draw turned away.
    fn turned_away(&self, trial: &Trial, outcome: AssignmentOutcome) -> Assignment {
        self.touches.count(trial.id, outcome);
        not_enrolled(trial, outcome, outcome.sentence().to_owned())
    }

    /// Whether the last day on which somebody enters by the plan is over, in the trial's time zone. A clock that has just jumped does
    /// not end a trial.
    pub(super) fn is_past_end(&self, trial: &Trial) -> bool {
        let trusted = self.trusts_clock();
        trusted && trial.day_of(self.ambient.now_micros()) > trial.plan.protocol().monitoring.ends_on
    }

    /// What is known here of a new unit, and the limits that the draw has to keep.
    pub(super) fn standing(
        &self,
        directory: &Directory,
        trial: &Trial,
        unit: &Pseudonym,
    ) -> Result<(Standing, Limits), AppError> {
        let limits = limits(directory, trial)?;
        let (layer, burden) = (&limits.layer, limits.burden);
        let mut standing = Standing {
            past_end: self.is_past_end(trial),
            opted_out: self.opted_out(trial.id, unit),
            full: self.projections.units(trial) as u64 >= trial.plan.protocol().monitoring.max_units,
            ..Standing::default()
        };
        if layer.is_some() || burden.is_some() {
            let since = burden.map(|cap| self.ambient.now() - chrono::Duration::days(cap.days.into()));
            let mut met = 0;
            for other in directory.trials_met(trial) {
                let Some((_, place)) = self.place(other.id, unit) else { continue };
                met += u32::from(since.is_some_and(|since| instant(place.assigned_at) >= since));
                standing.in_layer |=
                    layer.is_some() && other.plan.protocol().layer == *layer && other.locked_at.is_none();
            }
            standing.at_burden_cap = burden.is_some_and(|cap| met >= cap.trials);
        }
        Ok((standing, limits))
    }
}

/// What the draw has to keep beside the trial's own cap.
pub(super) fn limits(directory: &Directory, trial: &Trial) -> Result<Limits, AppError> {
    Ok(Limits {
        agency_id: trial.agency_id,
        layer: trial.plan.protocol().layer.clone(),
        burden: directory.agency(trial.agency_id)?.burden_cap,
    })
}

/// How each gate stands to a person, whatever those before it say.
fn steps(trial: &Trial, standing: Standing, attributes: &Attributes) -> Vec<GateStep> {
    let pass = |gate: Gate| gate.pass(trial.state, standing, trial.plan.protocol(), attributes);
    let step = |gate: &Gate| {
        let detail = pass(*gate).err().map(|(_, reason)| reason);
        GateStep { gate: *gate, passed: detail.is_none(), detail }
    };
    Gate::ALL.iter().map(step).collect()
}

/// What somebody who only looks is told. Never an arm: whoever could look before enrolling could choose whom to enrol.
fn looked(
    trial: &Trial,
    known: bool,
    standing: Standing,
    passed: Result<(), (AssignmentOutcome, String)>,
) -> Assignment {
    let (outcome, reason) = match passed {
        _ if known && !standing.opted_out => {
            (AssignmentOutcome::Existing, AssignmentOutcome::Existing.sentence().to_owned())
        }
        Err(refused) => refused,
        Ok(()) => {
            let reason = "this was a trial run: the person would be assigned, and nothing was kept";
            (AssignmentOutcome::Assigned, reason.to_owned())
        }
    };
    not_enrolled(trial, outcome, reason)
}

fn known(place: fairtrial_store::Placed) -> Result<KnownPlace, AppError> {
    let arm = u8::try_from(place.arm).map_err(|_| AppError::Internal("an arm's number is out of range".into()))?;
    Ok(KnownPlace { arm, given: None, assigned_at: place.assigned_at })
}

pub(super) fn not_enrolled(trial: &Trial, outcome: AssignmentOutcome, reason: String) -> Assignment {
    Assignment {
        trial: trial.plan.protocol().key.clone(),
        outcome,
        reason: Some(reason),
        arm: None,
        payload: trial.control_payload(),
        assignment_id: None,
        protocol_id: trial.plan.id().clone(),
        assigned_at: None,
        notice: None,
        delivered_arm: None,
        gates: None,
    }
}

/// The attributes that the analysis needs, as JSON; what only decided who is in is not kept.
pub(super) fn kept_attributes(protocol: &Protocol, attributes: &Attributes) -> Result<Option<String>, AppError> {
    let needed = |name: &str| {
        let declared = protocol.attributes.iter().find(|attribute| attribute.name == name);
        declared.is_some_and(|a| matches!(a.purpose, Purpose::Stratum | Purpose::Equity | Purpose::Covariate))
    };
    let kept: std::collections::BTreeMap<&String, &AttributeValue> =
        attributes.iter().filter(|(name, _)| needed(name)).collect();
    if kept.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(&kept).map(Some).map_err(|error| AppError::Internal(error.to_string()))
}
