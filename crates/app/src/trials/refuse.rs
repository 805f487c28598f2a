//! Refusing a plan for good.

use std::sync::Arc;

use fairtrial_domain::trial::{State, Verb};
use fairtrial_store::{audit, trials};
use serde_json::json;

use super::{life::Move, review::UnderReview};
use crate::{
    error::AppError,
    state::{
        App,
        actor::{Actor, Person},
        directory::Trial,
    },
};

impl App {
    /// Refuses a plan for good. It takes somebody whose role must sign it and who did not write it, so that no author can end
    /// a review that goes badly and no bystander another's trial. The signatures stay as they were given.
    pub(super) async fn refuse(
        &self,
        actor: &Actor,
        person: &Person,
        trial: &Arc<Trial>,
        asked: &Move,
        next: State,
    ) -> Result<(), AppError> {
        let (trial, asked, reviewer) = (Arc::clone(trial), asked.clone(), person.id);
        let change = self.state_change(&trial, &asked, next)?;
        let entry = self.entry(actor, person, &format!("trial.{}", Verb::Refuse.as_str()), trial.key(), json!({}));
        self.store
            .write(move |c| {
                let under = UnderReview::read(c, trial.id)?;
                if let Err(refusal) = under.is_as_seen(&trial, &asked) {
                    return Ok(Err(refusal));
                }
                let Some(role) = under.refuses_as(reviewer) else {
                    let detail = "a plan is refused by somebody whose signature it needs, and who did not write it";
                    return Ok(Err(AppError::Forbidden(detail.into())));
                };
                trials::move_state(c, trial.id, trial.state.as_str(), under.plan.id().as_str(), &change)?;
                let mut entry = entry;
                entry.detail = json!({"from": trial.state, "to": next, "reason": asked.reason, "role": role,
                    "protocol_id": under.plan.id(), "tier": under.assessment.tier})
                .to_string();
                audit::append(c, &entry)?;
                Ok(Ok(()))
            })
            .await?
    }
}
