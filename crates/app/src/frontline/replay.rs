//! The same answer to the same request, for callers that give their requests names.
//!
//! Nothing counts twice without it: events, units and lists are recognised by themselves. It only spares a caller that lost an
//! answer from reading another one than the first.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use fairtrial_store::{
    StoreError,
    replies::{self, Reply},
};
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use crate::{
    error::AppError,
    state::{App, actor::KeyActor},
};

/// How long an answer is kept.
pub const KEPT_FOR: TimeDelta = TimeDelta::days(7);

/// How long a caller waits for what only spares them another answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Names of requests that are being answered on this server.
pub(crate) type Answering = Mutex<HashSet<(i64, String)>>;

/// A named request that is being answered; the name is free again when this is dropped.
pub struct Named<'a> {
    app: &'a App,
    key_id: i64,
    name: String,
    fingerprint: [u8; 32],
}

/// What to do with a named request.
pub enum Replay<'a> {
    /// It is new: answer it, and keep the answer.
    New(Named<'a>),
    /// It was answered before, with this status and body.
    Known(u16, String),
}

/// SHA-256 over the parts of a request, each with its length in front.
#[must_use]
pub fn fingerprint(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

impl App {
    /// Looks a named request up.
    ///
    /// # Errors
    /// [`AppError::Conflict`] while it is being answered, [`AppError::Invalid`] when its name belongs to another request,
    /// [`AppError::Unavailable`] when the database does not tell in time whether it was answered before.
    pub async fn replay(&self, caller: &KeyActor, name: &str, fingerprint: [u8; 32]) -> Result<Replay<'_>, AppError> {
        let (key_id, name) = (caller.id, name.to_owned());
        let answering =
            |app: &Self| app.answering.lock().unwrap_or_else(PoisonError::into_inner).insert((key_id, name.clone()));
        if !answering(self) {
            let detail =
                "the first request with this Idempotency-Key is still being answered; send it again in a moment";
            return Err(AppError::conflict("idempotency_key_in_use", detail));
        }
        let named = Named { app: self, key_id, name, fingerprint };
        let (wanted, since) = (named.name.clone(), self.kept_since());
        let found = in_time(self.store.read(move |c| replies::find(c, key_id, &wanted, since)));
        match found.await? {
            None => Ok(Replay::New(named)),
            Some(reply) if reply.fingerprint == fingerprint => {
                let status = u16::try_from(reply.status).map_err(|_| AppError::Internal("a status".into()))?;
                Ok(Replay::Known(status, reply.body))
            }
            Some(_) => {
                let detail = "this Idempotency-Key belongs to another request; give each request one of its own";
                Err(AppError::invalid("", "idempotency_key_reused", detail))
            }
        }
    }

    fn kept_since(&self) -> i64 {
        (self.ambient.now() - KEPT_FOR).timestamp_micros()
    }
}

impl Named<'_> {
    /// Keeps the answer for whoever sends the request again.
    ///
    /// # Errors
    /// When the database fails; what was asked is done all the same.
    pub async fn keep(self, status: u16, body: String) -> Result<(), AppError> {
        let reply = Reply { fingerprint: self.fingerprint.to_vec(), status: i64::from(status), body };
        let (key_id, name) = (self.key_id, self.name.clone());
        let (at, since) = (self.app.ambient.now_micros(), self.app.kept_since());
        Ok(in_time(self.app.store.write(move |c| replies::keep(c, key_id, &name, &reply, at, since))).await?)
    }
}

async fn in_time<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let silent = |_| Err(StoreError::Unavailable("it did not answer in time".into()));
    timeout(PATIENCE, answer).await.unwrap_or_else(silent)
}

impl Drop for Named<'_> {
    fn drop(&mut self) {
        let name = (self.key_id, std::mem::take(&mut self.name));
        self.app.answering.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
    }
}
