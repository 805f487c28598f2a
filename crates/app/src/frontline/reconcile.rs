//! What was kept of what was sent: for senders who count what they send, and for the trials that rest on it.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use fairtrial_analysis::{integrity, report::GateStatus};
use fairtrial_domain::{event::Declared, trial::Scope};
use fairtrial_store::{
    audit::{self, NewEntry},
    declarations::{self, Compared, Declaration, Subject},
    receipts::{self, DayOfKey},
};
use serde_json::json;

use crate::{
    error::AppError,
    state::{App, actor::KeyActor, directory::Trial},
    trials::link::Link,
};

/// Most days that one declaration is about.
const MOST_DAYS: i64 = 3_660;
const DAY: i64 = 86_400_000_000;

/// What a sender's word is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum About {
    /// All that the key sent, for every trial of its agency.
    #[default]
    Agency,
    /// All that the key sent, for one trial of its agency, by its key: that trial alone shows it.
    Trial(String),
    /// What the key sent through a link, for the trial of another agency.
    Link(String),
}

/// What a sender says it sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclarationCall {
    /// Of what.
    pub about: About,
    /// The first day in UTC.
    pub from: NaiveDate,
    /// The last day, that one too.
    pub to: NaiveDate,
    /// Events sent that are to count, each once.
    pub sent: u64,
    /// The digest of their ids, 64 hexadecimal digits in lower case, where the sender keeps one.
    pub fingerprint: Option<String>,
}

impl App {
    /// The keys of the caller's agency that sent events on a day in UTC, by the moment of receipt, with what became of them.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the scope, [`AppError::Unavailable`].
    pub async fn reconcile(&self, caller: &KeyActor, day: NaiveDate) -> Result<Vec<DayOfKey>, AppError> {
        caller.needs(Scope::EventsWrite)?;
        let (agency_id, day) = (caller.agency_id, number_of(day));
        Ok(self.store.read(move |c| receipts::of_day(c, agency_id, day)).await?)
    }

    /// Keeps what a sender says it sent with its key on some days, and tells what was kept of it. Days are those of receipt. Every
    /// trial that it is about and that ran on them shows whether the two agree, until a later word about the same days.
    ///
    /// With a test key nothing is kept.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the scope, and for a link by which others send; [`AppError::NotFound`] for an unknown trial or
    /// link; [`AppError::Conflict`] for a trial that has not started and a link that was never accepted; [`AppError::Invalid`] for
    /// days that are out of order, too many, or to come, or a fingerprint that is none.
    pub async fn declare(&self, caller: &KeyActor, call: &DeclarationCall) -> Result<Declared, AppError> {
        caller.needs(Scope::EventsWrite)?;
        if call.to < call.from || number_of(call.to) - number_of(call.from) >= MOST_DAYS {
            let detail =
                format!("to is the day of from or a later one, and the two are less than {MOST_DAYS} days apart");
            return Err(AppError::invalid("/to", "out_of_range", detail));
        }
        if call.to > self.today() {
            return Err(AppError::invalid("/to", "out_of_range", "nothing was sent yet on days to come"));
        }
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if call.fingerprint.as_ref().is_some_and(|text| text.len() != 64 || !text.bytes().all(is_digit)) {
            let detail = "fingerprint is 64 hexadecimal digits in lower case";
            return Err(AppError::invalid("/fingerprint", "malformed_fingerprint", detail));
        }
        let subject = self.subject_of(caller, &call.about)?;
        let too_many = || AppError::invalid("/sent", "out_of_range", "sent is a whole number");
        let said = Declaration {
            key_id: caller.id,
            subject,
            first_day: number_of(call.from),
            last_day: number_of(call.to),
            sent: i64::try_from(call.sent).map_err(|_| too_many())?,
            digest: call.fingerprint.clone(),
            declared_at: self.ambient.now_micros(),
        };
        let mut detail = json!({"from": call.from, "to": call.to, "sent": call.sent, "fingerprint": call.fingerprint});
        match &call.about {
            About::Agency => {}
            About::Trial(key) => detail["trial"] = json!(key),
            About::Link(id) => detail["link"] = json!(id),
        }
        let entry = NewEntry {
            at: said.declared_at,
            agency_id: Some(caller.agency_id),
            person_id: None,
            key_id: Some(caller.id),
            action: "events.declared".into(),
            subject: format!("key {}", caller.id),
            detail: detail.to_string(),
        };
        let (kept, writing) = (said.clone(), caller.live);
        let (kept, digest) = self
            .store
            .write(move |c| {
                if writing {
                    declarations::declare(c, &kept)?;
                    audit::append(c, &entry)?;
                }
                declarations::kept_of(c, &kept)
            })
            .await?;
        Ok(compared(Compared { said, name: String::new(), kept, digest }))
    }

    /// The trial or the link that a word is about.
    fn subject_of(&self, caller: &KeyActor, about: &About) -> Result<Subject, AppError> {
        let directory = self.directory.load_full();
        match about {
            About::Agency => Ok(Subject::Agency),
            About::Trial(key) => {
                let trial = directory.trial_of(caller.agency_id, key)?;
                if !trial.state.has_started() {
                    let detail = "the trial has not started; say what was sent once it has";
                    return Err(AppError::conflict("not_started", detail));
                }
                Ok(Subject::Trial(trial.id))
            }
            About::Link(id) => {
                let concerns = |link: &&Arc<Link>| [link.partner_id, link.trial.agency_id].contains(&caller.agency_id);
                let link = directory.links.get(id).filter(concerns).ok_or(AppError::NotFound("link"))?;
                if link.partner_id != caller.agency_id {
                    return Err(AppError::Forbidden("whoever sends through a link says what was sent".into()));
                }
                // What came before it ended may be declared when it has.
                if link.accepted_at.is_none() {
                    let detail = "this link waits to be accepted; nothing can have come through it";
                    return Err(AppError::conflict("link_not_in_force", detail));
                }
                Ok(Subject::Link(id.clone()))
            }
        }
    }

    /// What senders say about the days of a started trial, with what was kept: the words that stand, of its agency and of those that
    /// send for it through links.
    pub(crate) async fn declared(&self, trial: &Trial) -> Result<Vec<Declared>, AppError> {
        let Some(started_at) = trial.started_at else { return Ok(Vec::new()) };
        let ended = trial.locked_at.map_or_else(|| self.ambient.now_micros(), |at| at.timestamp_micros());
        let days = (started_at.timestamp_micros().div_euclid(DAY), ended.div_euclid(DAY));
        let directory = self.directory.load_full();
        let of_trial = directory.links.values().filter(|link| link.trial.id == trial.id);
        let links: Vec<String> = of_trial.map(|link| link.id.as_str().to_owned()).collect();
        let of = (trial.agency_id, trial.id);
        let said = self.store.read(move |c| declarations::of_trial(c, of, &links, days)).await?;
        let named = |found: Compared| {
            // What another agency calls its key is its own business.
            let partner = match &found.said.subject {
                Subject::Link(id) => directory.links.get(id).map(|link| link.partner_id),
                Subject::Agency | Subject::Trial(_) => None,
            };
            let name = partner.and_then(|id| directory.agency(id).ok()).map(|agency| agency.name.clone());
            compared(Compared { name: name.unwrap_or_else(|| found.name.clone()), ..found })
        };
        Ok(said.into_iter().map(named).collect())
    }

    /// Whether what was kept agrees with what senders say, for those who run a started trial; none when none says anything.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reconciliation(&self, trial: &Trial) -> Result<Option<GateStatus>, AppError> {
        let mut evidence = self.projections.evidence(trial, &self.ambient, Vec::new());
        evidence.declared = self.declared(trial).await?;
        let gates = integrity::of_counts(trial.plan.protocol(), &evidence);
        Ok(gates.into_iter().find(|gate| gate.gate == "reconciliation").map(|gate| gate.status))
    }

    /// Today in UTC.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.ambient.now().date_naive()
    }
}

fn number_of(day: NaiveDate) -> i64 {
    (day - NaiveDate::default()).num_days()
}

fn compared(found: Compared) -> Declared {
    let Compared { said, name, kept, digest } = found;
    let day = |number: i64| {
        let days = Days::new(u64::try_from(number).unwrap_or(0));
        NaiveDate::default().checked_add_days(days).unwrap_or_default()
    };
    Declared {
        source: said.key_id,
        name,
        first_day: day(said.first_day),
        last_day: day(said.last_day),
        sent: u64::try_from(said.sent).unwrap_or(0),
        kept: u64::try_from(kept).unwrap_or(0),
        same_ids: said.digest.zip(digest).map(|(told, kept)| told == kept.hex()),
    }
}
