//! Recognising a program by its key.

use std::sync::{PoisonError, atomic::Ordering};

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
    let rest = token.strip_prefix(PREFIX)?.strip_prefix('_')?;
    let environment = ["live", "test"].into_iter().find(|word| rest.starts_with(word))?;
    let rest = rest.get(environment.len()..)?.strip_prefix('_')?;
    let (public_id, secret) = rest.split_once('_')?;
    Some((environment, public_id, secret))
}

/// What is kept of a secret. It has 256 bits of chance in it, so a plain digest cannot be searched through.
pub(crate) fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Whether two digests are the same, in a time that does not tell where they differ. In two halves: byte by byte takes as long as the digest.
fn is_same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    let halves = |digest: &[u8; 32]| {
        let (first, last) = digest.split_at(16);
        [first, last].map(|half| half.try_into().map_or(0, u128::from_ne_bytes))
    };
    let ([a, b], [c, d]) = (halves(one), halves(other));
    bool::from(a.ct_eq(&c) & b.ct_eq(&d))
}

impl App {
    /// Who a token belongs to.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`] when it is malformed, unknown or taken back.
    pub fn key_actor(&self, token: &str) -> Result<KeyActor, AppError> {
        let (environment, public_id, secret) = parts(token).ok_or(AppError::Unauthenticated)?;
        let directory = self.directory.load();
        let key = directory.keys.get(public_id).ok_or(AppError::Unauthenticated)?;
        let right = is_same(&digest(secret), &key.secret_hash) && (environment == "live") == key.actor.live;
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
        Ok(key.actor.clone())
    }
}
