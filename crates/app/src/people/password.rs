//! Passwords: argon2id, with a bounded number of hashes at once.

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash};
use tokio::task::spawn_blocking;

use crate::{ambient::Ambient, error::AppError, state::App};

/// OWASP's advice for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;

/// Shortest and longest password, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 12..=128;

fn hasher() -> Result<Argon2<'static>, AppError> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|error| AppError::Internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(ambient: &Ambient, password: &str) -> Result<String, AppError> {
    let salt: [u8; 16] = ambient.bytes();
    let hash: PasswordHash = hasher()?
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|error| AppError::Internal(error.to_string()))?;
    Ok(hash.to_string())
}

/// Refuses passwords that are guessed first.
pub(super) fn check_strength(password: &str, email: &str) -> Result<(), AppError> {
    let refuse = |detail: &str| Err(AppError::invalid("/password", "weak_password", detail));
    if !LENGTH.contains(&password.chars().count()) || password.contains('\0') {
        return refuse("a password has 12 to 128 characters; a few words in a row are easy to remember");
    }
    let lower = password.to_lowercase();
    let name = email.split('@').next().unwrap_or("");
    let repeated = lower.chars().all(|c| lower.starts_with(c));
    if repeated
        || (name.len() >= 4 && lower.contains(name))
        || ["password", "fairtrial", "123456789", "qwerty"].iter().any(|w| lower.contains(w))
    {
        return refuse("this password is among the first that are guessed; choose another");
    }
    Ok(())
}

impl App {
    pub(super) async fn hash_password(&self, password: String) -> Result<String, AppError> {
        let _turn = self.passwords.acquire().await.map_err(|_| AppError::Busy)?;
        let ambient = self.ambient.clone();
        spawn_blocking(move || hash(&ambient, &password))
            .await
            .map_err(|_| AppError::Internal("hashing ended early".into()))?
    }

    /// Whether a password is right. For an account that does not exist a hash is computed all the same, so that the time
    /// it takes does not tell.
    pub(super) async fn verify_password(&self, password: String, stored: Option<String>) -> Result<bool, AppError> {
        let Some(stored) = stored else {
            self.hash_password(password).await?;
            return Ok(false);
        };
        let _turn = self.passwords.acquire().await.map_err(|_| AppError::Busy)?;
        spawn_blocking(move || {
            let stored = PasswordHash::new(&stored).map_err(|error| AppError::Internal(error.to_string()))?;
            Ok(hasher()?.verify_password(password.as_bytes(), &stored).is_ok())
        })
        .await
        .map_err(|_| AppError::Internal("hashing ended early".into()))?
    }
}
