//! What a boundary does to a trial when it is crossed.

use std::sync::Arc;

use fairtrial_domain::{protocol::Action, trial::State};
use fairtrial_store::{
    DbConnection, StoreError,
    audit::{self, NewEntry},
    trials::{self, StateChange},
};
use serde_json::{Value, json};

use crate::{
    error::AppError,
    state::{App, directory::Trial},
};

/// How a crossed boundary moves a trial from a state; nothing where there is nothing to stop.
///
/// [`Action::Pause`] ends enrolment for now and [`Action::Suspend`] brings everybody back to the current version. Where nobody
/// enters any more, suspending takes the new versions away for good.
pub(super) fn change(state: State, reverted: bool, action: Action, reason: &str) -> Option<StateChange> {
    let to = match (state, action) {
        (_, Action::Notify) => return None,
        (State::Enrolling | State::EnrolmentPaused, Action::Pause) => State::EnrolmentPaused,
        (State::Enrolling | State::EnrolmentPaused | State::Suspended, Action::Suspend) => State::Suspended,
        (State::Suspended, Action::Pause) => State::Suspended,
        (State::FollowUp, Action::Suspend) if !reverted => State::FollowUp,
        _ => return None,
    };
    let over = to == State::FollowUp;
    Some(StateChange {
        state: to.as_str().to_owned(),
        state_reason: Some(reason.to_owned()),
        reverted: over.then_some(true),
        halted: (!over).then_some(true),
        ..StateChange::default()
    })
}

impl App {
    /// Keeps what was found, moves the trial when it must be, and adds the entry, in one transaction. False when another server
    /// was first, whose row stands, or the trial was moved meanwhile and is to be looked at again.
    pub(super) async fn act(
        &self,
        trial: &Arc<Trial>,
        change: Option<StateChange>,
        entry: NewEntry,
        keep: impl FnOnce(&mut DbConnection) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<bool, AppError> {
        let trial = Arc::clone(trial);
        // Also on a full disk: a trial that harms must not go on for want of room.
        let kept = self.store.write_urgently(move |c| {
            keep(c)?;
            let (state, plan) = (trial.state.as_str(), trial.plan.id().as_str());
            match &change {
                Some(change) => trials::move_state(c, trial.id, state, plan, change)?,
                None => trials::still_stands(c, trial.id, state, plan)?,
            }
            audit::append(c, &entry)
        });
        match kept.await {
            Ok(()) => Ok(true),
            Err(StoreError::Exists | StoreError::Changed(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// An entry of what the system did by itself. It names no number of any arm.
    pub(super) fn own_entry(&self, trial: &Trial, action: &str, change: Option<&StateChange>, more: Value) -> NewEntry {
        let to = change.map_or(trial.state.as_str(), |change| change.state.as_str());
        let mut detail = json!({"from": trial.state, "to": to, "protocol_id": trial.plan.id()});
        if let (Some(detail), Value::Object(more)) = (detail.as_object_mut(), more) {
            detail.extend(more);
        }
        if let (Some(detail), Some(change)) = (detail.as_object_mut(), change) {
            detail.insert("reason".into(), json!(change.state_reason));
            detail.insert("reverted".into(), json!(change.reverted));
        }
        self.entry_by_itself(trial, action, &detail)
    }
}
