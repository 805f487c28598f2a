//! Writing plans.

use fairtrial_domain::{
    Fault, LockedProtocol, ProtocolId,
    allocation::ALGO_VERSION,
    trial::{PersonRole, State},
};
use fairtrial_store::{
    audit::{self, NewEntry},
    origins::{self, Origin},
    trials::{self, NewTrial},
};
use serde_json::json;

use crate::{
    error::AppError,
    state::{
        App,
        actor::{Actor, Person},
    },
};

impl App {
    /// Makes a trial from a plan, as a draft. Returns its key.
    ///
    /// # Errors
    /// Every fault of the document; [`AppError::Conflict`] when the key is taken; [`AppError::Forbidden`] for people who
    /// do not design trials.
    pub async fn create_trial(&self, actor: &Actor, document: &[u8]) -> Result<String, AppError> {
        self.create(actor, document, None).await
    }

    /// Makes a draft; `origin` is the trial whose design it is, by its key.
    pub(crate) async fn create(
        &self,
        actor: &Actor,
        document: &[u8],
        origin: Option<(&str, Origin)>,
    ) -> Result<String, AppError> {
        let author = actor.person()?.clone();
        let plan = self.readable_plan(&author, document)?;
        let key = plan.protocol().key.as_str().to_owned();
        let detail = json!({"protocol_id": plan.id(), "design_of": origin.as_ref().map(|(key, _)| key)});
        let entry = self.entry(actor, &author, "trial.created", &key, detail);
        let origin = origin.map(|(_, origin)| origin);
        let at = self.ambient.now_micros();
        let created = self
            .store
            .write(move |c| {
                let trial_id = trials::add(c, &new_trial(&plan, &author, at))?;
                if let Some(origin) = &origin {
                    origins::add(c, &Origin { trial_id, ..origin.clone() })?;
                }
                audit::append(c, &entry)
            })
            .await;
        if created == Err(fairtrial_store::StoreError::Exists) {
            return Err(AppError::conflict("trial_exists", "another trial has this key; choose another"));
        }
        created?;
        self.reload_directory().await?;
        Ok(key)
    }

    /// Puts another plan in the place of a draft's.
    ///
    /// # Errors
    /// As [`App::create_trial`]; [`AppError::Conflict`] when the trial is not a draft, because a plan that people sign or
    /// that has started does not change under them.
    pub async fn replace_plan(&self, actor: &Actor, key: &str, document: &[u8]) -> Result<(), AppError> {
        let author = actor.person()?.clone();
        let trial = self.trial_of(actor, key)?;
        if trial.state != State::Draft {
            return Err(AppError::conflict(
                "not_a_draft",
                "only a draft can be changed; ask for it to be returned first",
            ));
        }
        let plan = self.readable_plan(&author, document)?;
        if plan.protocol().key.as_str() != key {
            return Err(AppError::invalid("/key", "another_key", "the document's key must be that of the trial"));
        }
        let detail = json!({"before": trial.plan.id(), "after": plan.id()});
        let entry = self.entry(actor, &author, "trial.plan_changed", key, detail);
        let (id, at) = (trial.id, self.ambient.now_micros());
        self.store
            .write(move |c| {
                trials::replace_protocol(c, id, &new_trial(&plan, &author, at))?;
                audit::append(c, &entry)
            })
            .await?;
        self.reload_directory().await
    }

    /// Puts another plan in the place of the draft that somebody has seen: when it was changed since, nothing is saved.
    ///
    /// # Errors
    /// As [`App::replace_plan`]; [`AppError::Conflict`] when another plan stands there now.
    pub async fn replace_seen_plan(
        &self,
        actor: &Actor,
        key: &str,
        seen: &ProtocolId,
        document: &[u8],
    ) -> Result<(), AppError> {
        if seen != self.trial_of(actor, key)?.plan.id() {
            return Err(AppError::conflict(
                "plan_changed",
                "the plan was changed since you opened this page; open it again",
            ));
        }
        self.replace_plan(actor, key, document).await
    }

    pub(super) fn readable_plan(&self, author: &Person, document: &[u8]) -> Result<LockedProtocol, AppError> {
        author.needs_one_of(&[PersonRole::Designer])?;
        let plan = LockedProtocol::from_json(document).map_err(AppError::Invalid)?;
        let directory = self.directory.load();
        let agency = directory.agency(author.agency_id)?;
        if plan.protocol().agency.as_str() != agency.key {
            let detail = format!("you belong to the agency \"{}\"; a plan can only be written for it", agency.key);
            return Err(AppError::Invalid(vec![Fault::new("/agency", "another_agency", detail)]));
        }
        Ok(plan)
    }

    /// An audit entry for something that a person does.
    pub(crate) fn entry(
        &self,
        actor: &Actor,
        person: &Person,
        action: &str,
        subject: &str,
        mut detail: serde_json::Value,
    ) -> NewEntry {
        if let Some(fields) = detail.as_object_mut() {
            // Roles come and go: what somebody could do at the time is part of what they did.
            fields.insert("roles".into(), json!(person.roles));
        }
        NewEntry {
            at: self.ambient.now_micros(),
            agency_id: Some(person.agency_id),
            person_id: Some(person.id),
            key_id: actor.key_id(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            detail: detail.to_string(),
        }
    }
}

pub(super) fn new_trial<'a>(plan: &'a LockedProtocol, author: &Person, at: i64) -> NewTrial<'a> {
    NewTrial {
        key: plan.protocol().key.as_str(),
        agency_id: author.agency_id,
        state: State::Draft.as_str(),
        protocol_id: plan.id().as_str(),
        canonical: plan.canonical(),
        algo_version: ALGO_VERSION,
        author_id: author.id,
        created_at: at,
    }
}
