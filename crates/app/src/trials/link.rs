//! Links by which another agency sends outcomes for one trial: proposed by the trial's agency, accepted by the other one.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use fairtrial_domain::{
    event::Catalogue,
    trial::{Authority, LinkId, LinkTerms, PersonRole, State},
};
use fairtrial_store::{StoreError, audit, links, trials};
use serde_json::json;

use super::view::may_read;
use crate::{
    error::AppError,
    state::{
        App,
        actor::{Actor, Person},
        directory::{Trial, instant},
    },
};

/// Who may make a link and end it, in the trial's agency.
pub const OWNERS: [PersonRole; 3] = [PersonRole::Designer, PersonRole::Privacy, PersonRole::Administrator];

/// Who answers for what leaves the partner.
pub const PARTNERS: [PersonRole; 2] = [PersonRole::Privacy, PersonRole::Administrator];

/// A link, ready for use.
#[derive(Debug, Clone)]
pub struct Link {
    /// Its name in addresses.
    pub id: LinkId,
    /// The trial that it is for.
    pub trial: Arc<Trial>,
    /// Number of the agency that sends.
    pub partner_id: i64,
    /// What was agreed.
    pub terms: LinkTerms,
    /// When it was proposed.
    pub proposed_at: DateTime<Utc>,
    /// Since when the partner agrees.
    pub accepted_at: Option<DateTime<Utc>>,
    /// Since when it is no more.
    pub ended_at: Option<DateTime<Utc>>,
    pub(crate) catalogue: Arc<Catalogue>,
}

/// How a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkStanding {
    /// Waits for the partner.
    Proposed,
    /// Outcomes may come.
    InForce,
    /// Its time is over.
    Expired,
    /// One of the two ended it.
    Ended,
}

/// A link as a list shows it.
#[derive(Debug, Clone)]
pub struct LinkView {
    /// The link.
    pub link: Arc<Link>,
    /// Key of the trial's agency.
    pub owner: String,
    /// Key of the agency that sends.
    pub partner: String,
    /// How it stands now.
    pub standing: LinkStanding,
}

impl Link {
    /// How it stands at a moment.
    #[must_use]
    pub fn standing(&self, now: DateTime<Utc>) -> LinkStanding {
        match (self.ended_at, self.accepted_at) {
            (Some(_), _) => LinkStanding::Ended,
            (None, _) if now >= self.terms.expires_at => LinkStanding::Expired,
            (None, None) => LinkStanding::Proposed,
            (None, Some(_)) => LinkStanding::InForce,
        }
    }

    /// Reads a stored link; none when it cannot be read.
    pub(crate) fn of(stored: &links::Link, trial: &Arc<Trial>) -> Option<Self> {
        let row = &stored.row;
        let terms = LinkTerms {
            events: row.events.split_whitespace().map(str::to_owned).collect(),
            authority: Authority::from_word(&row.authority)?,
            reference: row.reference.clone(),
            expires_at: instant(row.expires_at),
        };
        let catalogue = Arc::new(Catalogue::of([trial.plan.protocol()]).only(&terms.events));
        Some(Self {
            id: LinkId::new(&row.id)?,
            trial: Arc::clone(trial),
            partner_id: row.partner_id,
            terms,
            proposed_at: instant(row.proposed_at),
            accepted_at: stored.accepted_at.map(instant),
            ended_at: stored.ended_at.map(instant),
            catalogue,
        })
    }
}

impl App {
    /// Proposes that another agency sends outcomes for a trial that has been approved. It is in force once that agency accepts.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for an unknown trial, [`AppError::Conflict`] for one that is not approved or is locked already,
    /// [`AppError::Invalid`] for terms that do not fit the plan.
    pub async fn propose_link(
        &self,
        actor: &Actor,
        trial: &str,
        partner: &str,
        terms: LinkTerms,
    ) -> Result<LinkView, AppError> {
        let person = actor.person()?;
        person.needs_one_of(&OWNERS)?;
        let trial = self.trial_of(actor, trial)?;
        may_be_linked(trial.state)?;
        let mut faults = terms.faults(trial.plan.protocol(), self.ambient.now());
        let partner_id = self.agency_by_key(partner).ok().map(|agency| agency.id).filter(|id| *id != trial.agency_id);
        if partner_id.is_none() {
            let detail = "name another agency of this installation by its key";
            faults.push(fairtrial_domain::Fault::new("/partner", "unknown_agency", detail));
        }
        let Some(partner_id) = partner_id.filter(|_| faults.is_empty()) else { return Err(AppError::Invalid(faults)) };
        let id = LinkId::from_random(self.ambient.bytes());
        let row = links::LinkRow {
            id: id.as_str().to_owned(),
            trial_id: trial.id,
            partner_id,
            events: terms.events.join(" "),
            authority: terms.authority.as_str().to_owned(),
            reference: terms.reference.trim().to_owned(),
            expires_at: terms.expires_at.timestamp_micros(),
            person_id: person.id,
            proposed_at: self.ambient.now_micros(),
        };
        let detail = json!({
            "link": id.as_str(), "partner": partner, "events": terms.events, "authority": terms.authority,
            "reference": row.reference, "expires_at": terms.expires_at,
        });
        let entry = self.entry(actor, person, "link.proposed", trial.key(), detail);
        self.store
            .write(move |c| {
                trials::still_stands(c, trial.id, trial.state.as_str(), trial.plan.id().as_str())?;
                links::propose(c, &row)?;
                audit::append(c, &entry)
            })
            .await?;
        self.reload_directory().await?;
        self.link_of(actor, id.as_str())
    }

    /// Accepts a link on behalf of the agency that is to send.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a link of other agencies, [`AppError::Forbidden`] for anybody but those who answer for the
    /// agency's data, [`AppError::Conflict`] when it does not wait.
    pub async fn accept_link(&self, actor: &Actor, id: &str) -> Result<LinkView, AppError> {
        let view = self.link_of(actor, id)?;
        let person = actor.person()?;
        if view.link.partner_id != person.agency_id {
            return Err(AppError::Forbidden("the agency that is to send the outcomes accepts a link".into()));
        }
        person.needs_one_of(&PARTNERS)?;
        may_be_linked(view.link.trial.state)?;
        if view.standing != LinkStanding::Proposed {
            return Err(AppError::conflict("link_not_waiting", "this link does not wait to be accepted"));
        }
        self.note_step(actor, person, &view, links::Step::Accepted).await
    }

    /// Ends a link, on either side and without anybody's approval. What came before stays.
    ///
    /// # Errors
    /// As [`App::accept_link`].
    pub async fn end_link(&self, actor: &Actor, id: &str) -> Result<LinkView, AppError> {
        let view = self.link_of(actor, id)?;
        let person = actor.person()?;
        person.needs_one_of(if view.link.partner_id == person.agency_id { &PARTNERS } else { &OWNERS })?;
        if view.standing == LinkStanding::Ended {
            return Err(AppError::conflict("link_ended", "this link has ended before"));
        }
        self.note_step(actor, person, &view, links::Step::Ended).await
    }

    async fn note_step(
        &self,
        actor: &Actor,
        person: &Person,
        view: &LinkView,
        step: links::Step,
    ) -> Result<LinkView, AppError> {
        let action = match step {
            links::Step::Accepted => "link.accepted",
            links::Step::Ended => "link.ended",
        };
        let detail = json!({"link": view.link.id.as_str(), "owner": view.owner, "partner": view.partner});
        let entry = self.entry(actor, person, action, view.link.trial.key(), detail);
        let (id, by, at) = (view.link.id.as_str().to_owned(), person.id, entry.at);
        let done = self.store.write(move |c| {
            links::step(c, &id, step, by, at)?;
            audit::append(c, &entry)
        });
        match done.await {
            Err(StoreError::Exists) => {
                return Err(AppError::conflict("changed_meanwhile", "somebody else was faster; look again"));
            }
            other => other?,
        };
        self.reload_directory().await?;
        self.link_of(actor, view.link.id.as_str())
    }

    /// A link of the actor's agency, on either side. Other agencies' links look like none.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn link_of(&self, actor: &Actor, id: &str) -> Result<LinkView, AppError> {
        self.links_seen_by(actor.agency_id(), |link| link.id.as_str() == id).pop().ok_or(AppError::NotFound("link"))
    }

    /// The links of the actor's agency, on either side, oldest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for a key without the scope.
    pub fn links(&self, actor: &Actor) -> Result<Vec<LinkView>, AppError> {
        may_read(actor)?;
        Ok(self.links_seen_by(actor.agency_id(), |_| true))
    }

    /// The links of a trial that its partners have accepted, with the names of the agencies that send, for the public.
    #[must_use]
    pub fn accepted_links(&self, trial: &Trial) -> Vec<(Arc<Link>, String)> {
        let directory = self.directory.load();
        let mut found: Vec<(Arc<Link>, String)> = directory
            .links
            .values()
            .filter(|link| link.trial.id == trial.id && link.accepted_at.is_some())
            .filter_map(|link| Some((Arc::clone(link), directory.agency(link.partner_id).ok()?.name.clone())))
            .collect();
        found.sort_by_key(|(link, _)| (link.accepted_at, link.id.clone()));
        found
    }

    fn links_seen_by(&self, agency_id: i64, wanted: impl Fn(&Link) -> bool) -> Vec<LinkView> {
        let (directory, now) = (self.directory.load(), self.ambient.now());
        let name = |id: i64| directory.agency(id).map(|agency| agency.key.clone()).unwrap_or_default();
        let concerns =
            |link: &&Arc<Link>| (link.partner_id == agency_id || link.trial.agency_id == agency_id) && wanted(link);
        let mut found: Vec<&Arc<Link>> = directory.links.values().filter(concerns).collect();
        found.sort_by_key(|link| (link.proposed_at, link.id.clone()));
        let view = |link: &Arc<Link>| LinkView {
            link: Arc::clone(link),
            owner: name(link.trial.agency_id),
            partner: name(link.partner_id),
            standing: link.standing(now),
        };
        found.into_iter().map(view).collect()
    }
}

/// Only a plan that was agreed to is worth another agency's data, and only while its data are open.
///
/// # Errors
/// [`AppError::Conflict`] in every other state.
pub fn may_be_linked(state: State) -> Result<(), AppError> {
    if state == State::Approved || state.collects_events() {
        return Ok(());
    }
    let detail = "outcomes are linked for a trial that is approved and whose data are not locked";
    Err(AppError::conflict("not_linkable", detail))
}
