//! Receivers of alerts, which administrators make and close.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use fairtrial_domain::{
    canonical::hex,
    trial::{AlertKind, AlertMatter, PersonRole, RECEIVER_TESTED},
};
use fairtrial_store::{
    alerts::{self, AlertRow, SendingRow},
    audit,
    receivers::{self, ReceiverRow},
};
use serde_json::json;

use super::{AllowedHosts, ReceiverAddress};
use crate::{
    error::AppError,
    people::accounts,
    state::{
        App,
        actor::{Actor, Person},
        directory::instant,
    },
};

/// Most receivers of an agency that are told something.
const MOST: usize = 10;

/// Sendings that are listed of one receiver.
const MOST_LISTED: i64 = 100;

/// A receiver to make.
#[derive(Debug, Clone)]
pub struct NewReceiver {
    /// What it is called.
    pub name: String,
    /// Where it is called.
    pub address: String,
    /// What it is told of.
    pub kinds: Vec<AlertKind>,
}

/// A receiver as its page shows it. Its secret is not among it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiverView {
    /// Its name in addresses.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Where it is called, without what comes behind the host.
    pub origin: String,
    /// What it is told of.
    pub kinds: Vec<AlertKind>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when it is told nothing any more.
    pub closed_at: Option<DateTime<Utc>>,
    /// Since when it takes nothing.
    pub failing_since: Option<DateTime<Utc>>,
    /// When it last took something.
    pub taken_at: Option<DateTime<Utc>>,
    /// How many alerts it did not take yet; they are tried again.
    pub tried_again: u64,
    /// Whether its host is allowed now.
    pub allowed: bool,
}

/// Where a sending stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendingState {
    /// It is sent, or will be.
    Waiting,
    /// The receiver has it.
    Taken,
    /// It was tried often enough.
    GivenUp,
}

/// One alert for one receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendingView {
    /// What happened.
    pub matter: AlertMatter,
    /// With which trial.
    pub trial: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// Its name for the receiver.
    pub id: String,
    /// Where it stands.
    pub state: SendingState,
    /// How often it was tried.
    pub tries: i64,
    /// When last, and what came of it.
    pub last: Option<(DateTime<Utc>, String)>,
    /// When the next time is.
    pub next_at: Option<DateTime<Utc>>,
}

impl App {
    /// Sets the hosts that may be called; the first word counts.
    pub fn set_alert_hosts(&self, hosts: AllowedHosts) {
        // It is set once, before anybody asks.
        let _ = self.alert_hosts.set(hosts);
    }

    /// The hosts that may be called.
    #[must_use]
    pub fn alert_hosts(&self) -> AllowedHosts {
        self.alert_hosts.get().cloned().unwrap_or_default()
    }

    /// Makes a receiver. Its name in addresses is returned, and the secret by which it knows us: once, and never again.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for anybody but an administrator; [`AppError::Invalid`] for what does not fit.
    pub async fn create_receiver(&self, actor: &Actor, new: &NewReceiver) -> Result<(String, String), AppError> {
        let administrator = administrator(actor)?;
        let name = new.name.trim().to_owned();
        let address = ReceiverAddress::read(new.address.trim(), &self.alert_hosts());
        let mut faults = Vec::new();
        let mut fault = |pointer: &str, code: &str, detail: String| {
            faults.push(fairtrial_domain::Fault::new(pointer, code, detail));
        };
        if !accounts::is_name(&name) {
            fault("/name", "out_of_range", "a name has 1 to 100 characters".into());
        }
        if let Err(error) = &address {
            fault("/address", "bad_address", error.to_string());
        }
        if new.kinds.is_empty() {
            fault("/kinds", "missing_field", "choose at least one thing to be told of".into());
        }
        let (Ok(address), true) = (address, faults.is_empty()) else { return Err(AppError::Invalid(faults)) };
        let id = format!("rc-{}", hex(&self.ambient.bytes::<8>()));
        let secret: [u8; 32] = self.ambient.bytes();
        let kinds: Vec<&str> = new.kinds.iter().map(|kind| kind.as_str()).collect();
        let row = ReceiverRow {
            id: id.clone(),
            agency_id: administrator.agency_id,
            name: name.clone(),
            address: address.whole(),
            kinds: kinds.join(" "),
            sealed_secret: self.master_key.seal(&self.ambient, &label(&id), &secret)?,
            person_id: administrator.id,
            created_at: self.ambient.now_micros(),
            closed_at: None,
            failing_since: None,
            taken_at: None,
        };
        let detail = json!({"name": name, "address": address.origin(), "kinds": kinds});
        let entry = self.entry(actor, administrator, "receiver.created", &id, detail);
        let kept = self.store.write(move |c| {
            let open = receivers::of_agency(c, row.agency_id)?.iter().filter(|row| row.closed_at.is_none()).count();
            if open >= MOST {
                return Ok(false);
            }
            receivers::add(c, &row)?;
            audit::append(c, &entry)?;
            Ok(true)
        });
        if !kept.await? {
            let detail = format!("an agency has at most {MOST} receivers; close one first");
            return Err(AppError::conflict("too_many_receivers", detail));
        }
        Ok((id, format!("whsec_{}", STANDARD.encode(secret))))
    }

    /// The receivers of the administrator's agency, the newest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for anybody else.
    pub async fn receivers(&self, actor: &Actor) -> Result<Vec<ReceiverView>, AppError> {
        let agency_id = administrator(actor)?.agency_id;
        let (rows, again) = self
            .store
            .read(move |c| {
                let rows = receivers::of_agency(c, agency_id)?;
                let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
                let again = alerts::tried_again(c, &ids)?;
                Ok((rows, again))
            })
            .await?;
        let view = |row: ReceiverRow| {
            let again = again.iter().find(|(id, _)| *id == row.id).map_or(0, |(_, count)| *count);
            self.receiver_view(row, again)
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// One of them with what was sent to it, the latest first, and how many sendings were given up.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a receiver of another agency.
    pub async fn receiver(&self, actor: &Actor, id: &str) -> Result<(ReceiverView, Vec<SendingView>, u64), AppError> {
        let row = self.own_receiver(administrator(actor)?, id).await?;
        let id = id.to_owned();
        let (sendings, given_up, again) = self
            .store
            .read(move |c| {
                let again = alerts::tried_again(c, std::slice::from_ref(&id))?;
                Ok((alerts::of_receiver(c, &id, MOST_LISTED)?, alerts::count(c, &id, alerts::GIVEN_UP)?, again))
            })
            .await?;
        let sendings = sendings.into_iter().filter_map(sending_view).collect();
        let again = again.first().map_or(0, |(_, count)| *count);
        Ok((self.receiver_view(row, again), sendings, given_up.unsigned_abs()))
    }

    /// Closes a receiver: it is told nothing from now on.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a receiver of another agency or one that is closed.
    pub async fn close_receiver(&self, actor: &Actor, id: &str) -> Result<(), AppError> {
        let administrator = administrator(actor)?;
        let entry = self.entry(actor, administrator, "receiver.closed", id, json!({}));
        let (agency_id, id, at) = (administrator.agency_id, id.to_owned(), entry.at);
        let closed = self.store.write(move |c| {
            let closed = receivers::close(c, agency_id, &id, at)?;
            if closed {
                audit::append(c, &entry)?;
            }
            Ok(closed)
        });
        if closed.await? { Ok(()) } else { Err(AppError::NotFound("receiver")) }
    }

    /// Sends a receiver an alert that says that it is a test.
    ///
    /// # Errors
    /// As [`App::close_receiver`].
    pub async fn test_receiver(&self, actor: &Actor, id: &str) -> Result<(), AppError> {
        let administrator = administrator(actor)?;
        self.open_receiver(administrator, id).await?;
        let entry = self.entry(actor, administrator, RECEIVER_TESTED, id, json!({}));
        Ok(self.store.write(move |c| audit::append(c, &entry)).await?)
    }

    /// Sends everything again that was given up for a receiver.
    ///
    /// # Errors
    /// As [`App::close_receiver`]; [`AppError::Conflict`] when nothing was given up.
    pub async fn send_again(&self, actor: &Actor, id: &str) -> Result<(), AppError> {
        let administrator = administrator(actor)?;
        self.open_receiver(administrator, id).await?;
        let entry = self.entry(actor, administrator, "receiver.sent_again", id, json!({}));
        let (id, at) = (id.to_owned(), entry.at);
        let again = self.store.write(move |c| {
            let again = alerts::again(c, &id, at)?;
            if again > 0 {
                audit::append(c, &entry)?;
            }
            Ok(again)
        });
        match again.await? {
            0 => Err(AppError::conflict("nothing_given_up", "nothing was given up, so there is nothing to send again")),
            _ => Ok(()),
        }
    }

    async fn own_receiver(&self, administrator: &Person, id: &str) -> Result<ReceiverRow, AppError> {
        let id = id.to_owned();
        let row = self.store.read(move |c| receivers::by_id(c, &id)).await?;
        row.filter(|row| row.agency_id == administrator.agency_id).ok_or(AppError::NotFound("receiver"))
    }

    async fn open_receiver(&self, administrator: &Person, id: &str) -> Result<(), AppError> {
        let row = self.own_receiver(administrator, id).await?;
        if row.closed_at.is_some() { Err(AppError::NotFound("receiver")) } else { Ok(()) }
    }

    fn receiver_view(&self, row: ReceiverRow, again: i64) -> ReceiverView {
        let allowed = ReceiverAddress::read(&row.address, &self.alert_hosts());
        let origin = match &allowed {
            Ok(address) => address.origin(),
            // What it was when it was allowed, up to the host.
            Err(_) => row.address.splitn(4, '/').take(3).collect::<Vec<_>>().join("/"),
        };
        ReceiverView {
            origin,
            tried_again: again.unsigned_abs(),
            allowed: allowed.is_ok(),
            kinds: row.kinds.split_whitespace().filter_map(AlertKind::from_word).collect(),
            created_at: instant(row.created_at),
            closed_at: row.closed_at.map(instant),
            failing_since: row.failing_since.map(instant),
            taken_at: row.taken_at.map(instant),
            id: row.id,
            name: row.name,
        }
    }
}

/// What a receiver's secret is sealed for.
pub(super) fn label(id: &str) -> String {
    format!("receiver {id}")
}

fn administrator(actor: &Actor) -> Result<&Person, AppError> {
    let person = actor.person()?;
    person.needs_one_of(&[PersonRole::Administrator])?;
    Ok(person)
}

fn sending_view((alert, sending): (AlertRow, SendingRow)) -> Option<SendingView> {
    let matter = AlertMatter::from_word(&alert.matter)?;
    let state = match sending.state.as_str() {
        alerts::WAITING => SendingState::Waiting,
        alerts::TAKEN => SendingState::Taken,
        _ => SendingState::GivenUp,
    };
    Some(SendingView {
        matter,
        trial: matter.is_about_a_trial().then_some(alert.subject),
        at: instant(alert.at),
        id: alert.id,
        state,
        tries: sending.tries,
        last: sending.tried_at.map(instant).zip(sending.answer),
        next_at: (state == SendingState::Waiting).then(|| instant(sending.next_at)),
    })
}
