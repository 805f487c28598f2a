//! What needs two people, and what becomes of a trial once its data are locked.

use std::sync::Arc;

use chrono::NaiveDate;
use fairtrial_analysis::report::{EquityFinding, GateStatus, VerdictKind};
use fairtrial_domain::trial::{Decision, PersonRole, State, Verb};
use fairtrial_store::{
    agreements::{self, Agreement},
    audit,
    conclusions::{self, DecisionRow},
    trials,
};
use serde_json::json;

use super::{
    life::{AdoptionPlan, Move},
    review::Holders,
};
use crate::{
    error::AppError,
    state::{
        App,
        actor::{Actor, Person},
        directory::Trial,
    },
};

/// What the decision rule recommends for a verdict; whatever else is decided goes against it.
#[must_use]
pub fn recommended(verdict: VerdictKind) -> &'static [Decision] {
    match verdict {
        VerdictKind::Succeeded => &[Decision::Adopt],
        VerdictKind::Failed | VerdictKind::Harmful => &[Decision::KeepCurrent, Decision::Stop],
        VerdictKind::Undecided | VerdictKind::Invalid => &[Decision::RunAgain, Decision::KeepCurrent, Decision::Stop],
    }
}

impl App {
    /// Resumes a trial that is suspended, or whose enrolment a boundary has stopped, once two people have asked for it, one of
    /// them a monitor.
    pub(super) async fn resume(
        &self,
        actor: &Actor,
        person: &Person,
        trial: &Arc<Trial>,
        asked: &Move,
        next: State,
    ) -> Result<(), AppError> {
        let change = self.state_change(trial, asked, next)?;
        let agreement = self.agreement(person, trial, asked, "");
        let entry = self.entry(actor, person, &format!("trial.{}", asked.verb.as_str()), trial.key(), json!({}));
        let trial = Arc::clone(trial);
        self.store
            .write(move |c| {
                let holders = Holders::read(c, trial.agency_id)?;
                let monitor = |person: i64| holders.has(person, PersonRole::Monitor);
                let first = agreements::of_trial(c, trial.id)?.into_iter().find(|first| {
                    first.verb == agreement.verb
                        && first.person_id != agreement.person_id
                        && (monitor(first.person_id)
                            || (monitor(agreement.person_id) && holders.is_open(first.person_id)))
                });
                match &first {
                    Some(_) => {
                        trials::move_state(c, trial.id, trial.state.as_str(), trial.plan.id().as_str(), &change)?;
                    }
                    None => {
                        trials::still_stands(c, trial.id, trial.state.as_str(), trial.plan.id().as_str())?;
                        agreements::ask(c, &agreement)?;
                    }
                }
                let mut entry = entry;
                if first.is_none() {
                    entry.action = "trial.resume_asked".into();
                }
                let to = if first.is_some() { next } else { trial.state };
                let detail = json!({"from": trial.state, "to": to, "reason": agreement.reason,
                    "protocol_id": trial.plan.id(), "with": first.map(|first| first.person_id)});
                entry.detail = detail.to_string();
                audit::append(c, &entry)
            })
            .await?;
        Ok(())
    }

    /// Keeps what is done about the results. By one person when the verdict recommends it; against it by two, with a reason.
    pub(super) async fn decide(
        &self,
        actor: &Actor,
        person: &Person,
        trial: &Arc<Trial>,
        asked: &Move,
        next: State,
    ) -> Result<(), AppError> {
        let words: Vec<&str> = Decision::ALL.iter().map(|decision| decision.as_str()).collect();
        let missing =
            || AppError::invalid("/decision", "missing_field", format!("must be one of: {}", words.join(", ")));
        let decision = asked.decision.ok_or_else(missing)?;
        let report = self.compute_report(trial).await?;
        let verdict = report.verdict.kind;
        let by_the_rule = recommended(verdict).contains(&decision);
        let open = report.equity.iter().any(|group| group.finding != EquityFinding::NoneSeen);
        if decision == Decision::Adopt && open && asked.reason.trim().is_empty() {
            let detail = "it cannot be ruled out that a group is left worse off: say why this is adopted all the same, and what \
                          is done for them; it will be published";
            return Err(AppError::invalid("/reason", "missing_field", detail));
        }
        let adoption = self.adoption_asked(trial, asked, decision)?;
        let warned: Vec<&str> = report
            .integrity
            .iter()
            .filter(|gate| gate.status == GateStatus::Amber)
            .map(|gate| gate.detail.as_str())
            .collect();
        if !warned.is_empty() && asked.reason.trim().is_empty() {
            let detail = format!(
                "checks of the data raised a warning: say why the results can be read all the same, it will be published. {}",
                warned.join(" ")
            );
            return Err(AppError::invalid("/reason", "missing_field", detail));
        }
        if !by_the_rule && asked.reason.trim().is_empty() {
            let detail = "this is not what the verdict recommends: say why, it will be published";
            return Err(AppError::invalid("/reason", "missing_field", detail));
        }
        let verdict = serde_json::to_value(verdict).ok().and_then(|word| word.as_str().map(str::to_owned));
        let verdict = verdict.ok_or_else(|| AppError::Internal("the verdict has no word".into()))?;
        let change = self.state_change(trial, asked, next)?;
        let agreement = Agreement {
            owner: adoption.map(|plan| plan.owner.trim().to_owned()),
            due_on: adoption.map(|plan| plan.due_on.to_string()),
            ..self.agreement(person, trial, asked, decision.as_str())
        };
        let entry = self.entry(actor, person, "trial.decide", trial.key(), json!({}));
        let trial = Arc::clone(trial);
        self.store
            .write(move |c| {
                let holders = Holders::read(c, trial.agency_id)?;
                let may = [PersonRole::Manager, PersonRole::Approver];
                let first = agreements::of_trial(c, trial.id)?.into_iter().find(|first| {
                    first.verb == agreement.verb
                        && first.about == agreement.about
                        && first.person_id != agreement.person_id
                        && holders.has_one_of(first.person_id, &may)
                });
                let done = by_the_rule || first.is_some();
                // Who asked first decided; who agreed is the second.
                let by = first.as_ref().unwrap_or(&agreement);
                if decision == Decision::Adopt && by.owner.is_none() {
                    let detail = "say who sees to it that the new version becomes the usual one, and by when";
                    return Ok(Err(AppError::invalid("/owner", "missing_field", detail)));
                }
                if done {
                    let row = DecisionRow {
                        trial_id: trial.id,
                        decision: decision.as_str().into(),
                        verdict: verdict.clone(),
                        by_the_rule,
                        reason: by.reason.clone(),
                        person_id: by.person_id,
                        second_person_id: first.as_ref().map(|_| agreement.person_id),
                        decided_at: agreement.asked_at,
                        owner: by.owner.clone(),
                        due_on: by.due_on.clone(),
                    };
                    conclusions::decide(c, &row)?;
                    trials::move_state(c, trial.id, trial.state.as_str(), trial.plan.id().as_str(), &change)?;
                } else {
                    trials::still_stands(c, trial.id, trial.state.as_str(), trial.plan.id().as_str())?;
                    agreements::ask(c, &agreement)?;
                }
                let mut entry = entry;
                if !done {
                    entry.action = "trial.decide_asked".into();
                }
                let detail = json!({"from": trial.state, "to": if done { next } else { trial.state },
                    "reason": agreement.reason, "protocol_id": trial.plan.id(), "decision": decision, "verdict": verdict,
                    "by_the_rule": by_the_rule, "owner": by.owner, "due_on": by.due_on,
                    "with": first.as_ref().map(|first| first.person_id)});
                entry.detail = detail.to_string();
                audit::append(c, &entry)?;
                Ok(Ok(()))
            })
            .await?
    }

    /// Who is to see to an adoption, when one is decided and they are named.
    fn adoption_asked<'a>(
        &self,
        trial: &Trial,
        asked: &'a Move,
        decision: Decision,
    ) -> Result<Option<&'a AdoptionPlan>, AppError> {
        let Some(plan) = asked.adoption.as_ref().filter(|_| decision == Decision::Adopt) else { return Ok(None) };
        let length = plan.owner.trim().chars().count();
        if !(1..=200).contains(&length) || plan.owner.contains('\0') {
            let detail = "name the person or team that sees to it, in at most 200 characters";
            return Err(AppError::invalid("/owner", "missing_field", detail));
        }
        if plan.due_on < trial.day_of(self.ambient.now_micros()) {
            return Err(AppError::invalid("/due_on", "out_of_range", "the day by which it is done is not in the past"));
        }
        Ok(Some(plan))
    }

    /// Makes the results public, and the decision once it is taken.
    pub(super) async fn publish(
        &self,
        actor: &Actor,
        person: &Person,
        trial: &Arc<Trial>,
        asked: &Move,
        next: State,
    ) -> Result<(), AppError> {
        let change = self.state_change(trial, asked, next)?;
        let detail = json!({"from": trial.state, "to": next, "reason": asked.reason, "protocol_id": trial.plan.id()});
        let entry = self.entry(actor, person, "trial.publish", trial.key(), detail);
        let (trial, by, at) = (Arc::clone(trial), person.id, self.ambient.now_micros());
        self.store
            .write(move |c| {
                conclusions::publish(c, trial.id, by, at)?;
                trials::move_state(c, trial.id, trial.state.as_str(), trial.plan.id().as_str(), &change)?;
                audit::append(c, &entry)
            })
            .await?;
        Ok(())
    }

    fn agreement(&self, person: &Person, trial: &Trial, asked: &Move, about: &str) -> Agreement {
        Agreement {
            trial_id: trial.id,
            verb: asked.verb.as_str().to_owned(),
            person_id: person.id,
            about: about.to_owned(),
            reason: asked.reason.trim().to_owned(),
            asked_at: self.ambient.now_micros(),
            owner: None,
            due_on: None,
        }
    }

    /// What people have asked for and a second person must agree to, with all that the second one has to know; nothing when nobody
    /// has.
    ///
    /// # Errors
    /// [`AppError::NotFound`], and when the database fails.
    pub async fn waits_for_agreement(&self, actor: &Actor, key: &str) -> Result<Option<String>, AppError> {
        let trial = self.trial_of(actor, key)?;
        let (id, agency_id) = (trial.id, trial.agency_id);
        let (asked, people) = self
            .store
            .read(move |c| Ok((agreements::of_trial(c, id)?, fairtrial_store::people::of_agency(c, agency_id)?)))
            .await?;
        let told = |asked: &Agreement| {
            let name = people.iter().find(|person| person.id == asked.person_id).map(|person| person.name.as_str());
            let day = trial.day_of(asked.asked_at).format("%-d %B %Y");
            asked_for(asked, name.unwrap_or("Somebody who has left"), &day.to_string())
        };
        let told: Vec<String> = asked.iter().map(told).collect();
        Ok((!told.is_empty()).then(|| told.join(" ")))
    }
}

/// What one person has asked for, in sentences.
fn asked_for(asked: &Agreement, name: &str, day: &str) -> String {
    let mut told = match Decision::from_word(&asked.about).filter(|_| asked.verb == Verb::Decide.as_str()) {
        Some(decision) => format!(
            "{name} asked on {day} to decide: \u{201c}{}\u{201d}. The verdict does not recommend it, so a second person must \
             agree, by deciding the same.",
            decision.statement()
        ),
        None => {
            format!("{name} asked on {day} to resume: a second person must agree, and one of the two is a monitor.")
        }
    };
    if !asked.reason.is_empty() {
        told += &format!(" The reason given: \u{201c}{}\u{201d}.", asked.reason);
    }
    if let Some((owner, due)) = asked.owner.as_ref().zip(asked.due_on.as_ref()) {
        let due = due.parse().map_or_else(|_| due.clone(), |day: NaiveDate| day.format("%-d %B %Y").to_string());
        told += &format!(" {owner} sees to it, by {due}.");
    }
    told
}
