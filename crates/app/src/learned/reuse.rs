//! A new draft from the design of a trial that is over.

use chrono::Duration;
use fairtrial_store::origins::Origin;
use serde_json::{Value, json};

use super::library::is_over;
use crate::{
    error::AppError,
    state::{App, actor::Actor},
    trials::guide::USUAL_DAYS,
};

/// What another agency must fill in: its place in the plan, and what stands there until then.
const OWN: [(&str, &str); 3] = [
    ("/owner", "[name of the team that answers for it]"),
    ("/data/lawful_basis", "[the law under which the service is run]"),
    ("/risk/least_able_to_cope", "[who could cope least, and how they are protected]"),
];

/// What belongs to one agency or one run and goes with neither.
const LEFT_BEHIND: [(&str, &str); 6] = [
    ("", "layer"),
    ("", "public_comment"),
    ("/data", "pia"),
    ("/data", "kaitiaki"),
    ("/data", "hosting"),
    ("/data", "review_on"),
];

impl App {
    /// Makes a draft from the design of a trial that is over, of any agency: its plan is public. Returns the key of the draft.
    ///
    /// What the other agency alone can know stands in square brackets, and what is about the first run is left out.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such trial or it is not over; as [`App::create_trial`].
    pub async fn use_design(&self, actor: &Actor, key: &str) -> Result<String, AppError> {
        let agency = self.agency_of(actor)?;
        let directory = self.directory.load_full();
        let source = directory.trials.get(key).filter(|trial| is_over(trial)).ok_or(AppError::NotFound("trial"))?;
        let mut document: Value =
            serde_json::from_str(source.plan.canonical()).map_err(|error| AppError::Internal(error.to_string()))?;
        let mut set = |place: &str, value: Value| {
            if let Some(old) = document.pointer_mut(place) {
                *old = value;
            }
        };
        set("/key", json!(self.free_key(&source.plan.protocol().title)));
        set("/agency", json!(agency.key));
        let ends_on = (self.ambient.now() + Duration::days(USUAL_DAYS)).date_naive();
        set("/monitoring/ends_on", json!(ends_on.to_string()));
        if source.agency_id != agency.id {
            for (place, text) in OWN {
                set(place, json!(text));
            }
            set("/data/sources", json!(["[where the outcome is recorded]"]));
        }
        for (place, name) in LEFT_BEHIND {
            if let Some(part) = document.pointer_mut(place).and_then(Value::as_object_mut) {
                part.remove(name);
            }
        }
        // The draft gets its number when it is added.
        let origin =
            Origin { trial_id: 0, from_trial_id: source.id, protocol_id: source.plan.id().as_str().to_owned() };
        self.create(actor, document.to_string().as_bytes(), Some((source.key(), origin))).await
    }
}
