//! Recognising a program by its key.

use std::sync::{Arc, PoisonError, atomic::Ordering};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    error::AppError,
    state::{App, actor::KeyActor},
};

/// What every token begins with, so that a leaked one can be searched for.
pub(crate) const PREFIX: &str = "ft";

const MICROS_OF_A_SECOND: i64 = 1_000_000;

/// The parts of a token: `ft_live_<public id>_<secret>`.
pub(crate) fn parts(token: &str) -> Option<(&str, &str, &str)> {
    let mut parts = token.splitn(4, '_');
    let (prefix, environment, public_id, secret) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    (prefix == PREFIX && matches!(environment, "live" | "test")).then_some((environment, public_id, secret))
}

/// What is kept of a secret. It has 256 bits of chance in it, so a plain digest cannot be searched through.
pub(crate) fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

impl App {
    /// Who a token belongs to.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`] when it is malformed, unknown or taken back.
    pub fn key_actor(&self, token: &str) -> Result<Arc<KeyActor>, AppError> {
        let (environment, public_id, secret) = parts(token).ok_or(AppError::Unauthenticated)?;
        let directory = self.directory.load();
        let key = directory.keys.get(public_id).ok_or(AppError::Unauthenticated)?;
        let right =
            bool::from(digest(secret).as_slice().ct_eq(&key.secret_hash)) && (environment == "live") == key.actor.live;
        if !right {
            return Err(AppError::Unauthenticated);
        }
        let now = self.ambient.now_micros();
        // To the second is near enough, and callers do not wait for each other meanwhile.
        let noted = key.noted.load(Ordering::Relaxed);
        if noted > now || now.saturating_sub(noted) >= MICROS_OF_A_SECOND {
            key.noted.store(now, Ordering::Relaxed);
            self.keys_used.lock().unwrap_or_else(PoisonError::into_inner).insert(key.actor.id, now);
        }
        Ok(Arc::clone(&key.actor))
    }
}
