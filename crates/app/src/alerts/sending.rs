//! What is sent, to whom, and what came of it.
//!
//! An alert is sent at least once: it is held by one server at a time, for as long as a try may take and more, and goes out again when
//! that server ends before it has kept the answer. Its name is the same each time.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::SecondsFormat;
use fairtrial_domain::trial::{AlertMatter, RECEIVER_FAILS};
use fairtrial_store::{
    alerts::{self, AlertRow},
    audit::NewEntry,
    receivers::ReceiverRow,
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use super::{ReceiverAddress, receivers::label};
use crate::{
    error::AppError,
    state::{App, directory::instant},
};

const MICROS_OF_A_SECOND: i64 = 1_000_000;

/// How long a server holds what it sends, in seconds.
const HELD: i64 = 30;

/// Seconds between one try and the next, as the specification of Standard Webhooks proposes; a little more by chance. They are three days
/// in all.
const PAUSES: [i64; 10] = [5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Most letters that are kept of an answer.
const LONGEST_ANSWER: usize = 200;

/// Something to be sent now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// To whom.
    pub receiver: String,
    /// Which alert, by its place.
    pub sequence: i64,
    /// How often it was tried before.
    pub tries: i64,
    /// Where to.
    pub address: ReceiverAddress,
    /// Its name, the same each time.
    pub id: String,
    /// When it is sent, in seconds since 1970.
    pub timestamp: i64,
    /// The proof that it is from us.
    pub signature: String,
    /// What it says, as JSON.
    pub body: String,
    agency_id: i64,
}

/// What came of a try, in words for an administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// The receiver has it.
    Taken(String),
    /// It has not, as far as we know.
    Failed(String),
}

/// The proof by Standard Webhooks that an alert of that name, sent at that time, says exactly this.
///
/// # Errors
/// Never: an HMAC takes keys of any length.
pub fn signature(secret: &[u8], id: &str, timestamp: i64, body: &str) -> Result<String, AppError> {
    let mac = Hmac::<Sha256>::new_from_slice(secret).map_err(|error| AppError::Internal(error.to_string()))?;
    let mac = mac.chain_update(format!("{id}.{timestamp}.").as_bytes()).chain_update(body.as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

impl App {
    /// How many alerts wait to be taken, and how many were given up, with all receivers together.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alerts_standing(&self) -> Result<(u64, u64), AppError> {
        let (waiting, given_up) = self.store.read(alerts::standing).await?;
        Ok((waiting.unsigned_abs(), given_up.unsigned_abs()))
    }

    /// What may be sent now: of each receiver the oldest alert whose time has come.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due_sendings(&self) -> Result<Vec<(String, i64)>, AppError> {
        let now = self.ambient.now_micros();
        Ok(self.store.read(move |c| alerts::due(c, now)).await?)
    }

    /// Takes hold of a sending and makes it ready; nothing when another server has it, or it is not to be sent any more. `site` is the
    /// address under which people find our pages.
    ///
    /// # Errors
    /// When the database fails, or the master key does not open the receiver's secret.
    pub async fn take_sending(&self, receiver: &str, sequence: i64, site: &str) -> Result<Option<Outgoing>, AppError> {
        let (id, now) = (receiver.to_owned(), self.ambient.now_micros());
        let until = now.saturating_add(HELD * MICROS_OF_A_SECOND);
        let held = self.store.write(move |c| alerts::hold(c, &id, sequence, now, until)).await?;
        let Some((alert, to, tries)) = held else { return Ok(None) };
        if to.closed_at.is_some() {
            return Ok(None);
        }
        match ReceiverAddress::read(&to.address, &self.alert_hosts()) {
            Ok(address) => self.make_ready(&alert, to, tries, address, site).map(Some),
            Err(error) => {
                let next_at = self.next_try(tries);
                self.keep_failure(&to.id, sequence, alert.agency_id, error.to_string(), next_at).await?;
                Ok(None)
            }
        }
    }

    fn make_ready(
        &self,
        alert: &AlertRow,
        to: ReceiverRow,
        tries: i64,
        address: ReceiverAddress,
        site: &str,
    ) -> Result<Outgoing, AppError> {
        let secret = self.master_key.open(&label(&to.id), &to.sealed_secret)?;
        let timestamp = self.ambient.now_micros().div_euclid(MICROS_OF_A_SECOND);
        let body = self.body_of(alert, site)?;
        Ok(Outgoing {
            receiver: to.id,
            sequence: alert.sequence,
            tries,
            address,
            id: alert.id.clone(),
            timestamp,
            signature: signature(&secret, &alert.id, timestamp, &body)?,
            body,
            agency_id: alert.agency_id,
        })
    }

    /// What an alert says: what happened, to which trial, when, and where to look. No number, and nothing of any version.
    fn body_of(&self, alert: &AlertRow, site: &str) -> Result<String, AppError> {
        let unknown = || AppError::Internal(format!("the alert {} has no matter that we know", alert.id));
        let matter = AlertMatter::from_word(&alert.matter).ok_or_else(unknown)?;
        let directory = self.directory.load_full();
        let agency = directory.agency(alert.agency_id)?;
        let trial = directory.trial_of(alert.agency_id, &alert.subject).ok().filter(|_| matter.is_about_a_trial());
        let trial = trial.map(|trial| json!({"key": trial.key(), "title": trial.plan.protocol().title}));
        let body = json!({
            "type": matter.as_str(),
            "timestamp": instant(alert.at).to_rfc3339_opts(SecondsFormat::Millis, true),
            "data": {
                "id": alert.id,
                "agency": agency.key,
                "trial": trial,
                "what": matter.sentence(),
                "page": format!("{}{}", site.trim_end_matches('/'), matter.page(&alert.subject)),
            },
        });
        Ok(body.to_string())
    }

    /// Keeps what came of a try.
    ///
    /// # Errors
    /// When the database fails. The alert then goes out again.
    pub async fn settle_sending(&self, sent: &Outgoing, tried: Tried) -> Result<(), AppError> {
        match tried {
            Tried::Taken(answer) => {
                let (receiver, sequence) = (sent.receiver.clone(), sent.sequence);
                let (answer, now) = (short(&answer), self.ambient.now_micros());
                Ok(self.store.write(move |c| alerts::taken(c, &receiver, sequence, now, &answer)).await?)
            }
            Tried::Failed(answer) => {
                let next_at = self.next_try(sent.tries);
                self.keep_failure(&sent.receiver, sent.sequence, sent.agency_id, answer, next_at).await
            }
        }
    }

    async fn keep_failure(
        &self,
        receiver: &str,
        sequence: i64,
        agency_id: i64,
        answer: String,
        next_at: Option<i64>,
    ) -> Result<(), AppError> {
        let now = self.ambient.now_micros();
        let fails = NewEntry {
            at: now,
            agency_id: Some(agency_id),
            person_id: None,
            key_id: None,
            action: RECEIVER_FAILS.to_owned(),
            subject: receiver.to_owned(),
            detail: json!({"answer": short(&answer)}).to_string(),
        };
        let (receiver, answer) = (receiver.to_owned(), short(&answer));
        let kept = self.store.write(move |c| alerts::failed(c, (&receiver, sequence), now, &answer, next_at, &fails));
        Ok(kept.await?)
    }

    /// When the next try is after so many before the last one; none when that was the last of all.
    fn next_try(&self, tries_before: i64) -> Option<i64> {
        let pause = PAUSES.get(usize::try_from(tries_before).ok()?)?.saturating_mul(MICROS_OF_A_SECOND);
        // Those that failed together do not come back together.
        let [chance] = self.ambient.bytes();
        let more = (pause / 5).saturating_mul(i64::from(chance)) / 256;
        Some(self.ambient.now_micros().saturating_add(pause).saturating_add(more))
    }
}

fn short(answer: &str) -> String {
    answer.chars().filter(|letter| !letter.is_control()).take(LONGEST_ANSWER).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_like_the_worked_example_of_standard_webhooks() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = |id: &str, timestamp: i64, body: &str| signature(&secret, id, timestamp, body).unwrap();
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", r#"{"test": 2432232314}"#);
        assert_eq!(signed(id, 1_614_265_330, body), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        // Each part has its say.
        for other in
            [signed("msg_other", 1_614_265_330, body), signed(id, 1_614_265_331, body), signed(id, 1_614_265_330, "{}")]
        {
            assert_ne!(other, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        }
    }

    #[test]
    fn tries_go_on_for_about_three_days() {
        let days = PAUSES.iter().sum::<i64>() as f64 / 86_400.0;
        assert!((3.0..3.7).contains(&days), "{days}");
        assert!(PAUSES.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
