//! Secrets in the database, sealed by a key that is not in it.

use std::fmt;

use chacha20poly1305::{
    ChaCha20Poly1305, Nonce,
    aead::{Aead, KeyInit, Payload},
};
use fairtrial_analysis::release::ReleaseKey;
use fairtrial_domain::{canonical::hex, checkpoint::CheckpointKey};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::{ambient::Ambient, error::AppError, state::FoldKey};

/// The installation's master key: 32 bytes in a file beside the configuration, never in the database.
#[derive(Clone)]
pub struct MasterKey(ChaCha20Poly1305, CheckpointKey, ReleaseKey, [u8; 32], FoldKey);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

impl MasterKey {
    /// From 32 secret bytes.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Self {
        // Keys of their own for other purposes; from them nobody can compute the master key.
        let derived =
            |purpose: &[u8]| -> [u8; 32] { Sha256::new().chain_update(purpose).chain_update(bytes).finalize().into() };
        let checkpoints = CheckpointKey::new(derived(b"fairtrial key for audit checkpoints"));
        let release = ReleaseKey::new(derived(b"fairtrial key for the rounding of released numbers"));
        let proofs = derived(b"fairtrial key for proofs of what was written here");
        let folds = FoldKey::new(&derived(b"fairtrial key for kept folds"));
        Self(ChaCha20Poly1305::new(bytes.into()), checkpoints, release, proofs, folds)
    }

    /// The key that vouches for kept folds.
    pub(crate) fn folds(&self) -> &FoldKey {
        &self.4
    }

    /// The proof that whoever holds this key wrote a text for a purpose: an HMAC-SHA-256, in hexadecimal digits.
    ///
    /// # Errors
    /// Never: an HMAC takes keys of any length.
    pub fn proof(&self, purpose: &'static str, text: &str) -> Result<String, AppError> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.3).map_err(|error| AppError::Internal(error.to_string()))?;
        let mac = mac.chain_update(purpose.as_bytes()).chain_update([0]).chain_update(text.as_bytes());
        Ok(hex(&mac.finalize().into_bytes()))
    }

    /// The key that vouches for the head of the audit.
    pub(crate) fn checkpoints(&self) -> &CheckpointKey {
        &self.1
    }

    /// The key by which released numbers are rounded.
    pub(crate) fn release(&self) -> &ReleaseKey {
        &self.2
    }

    /// Seals a secret under a label that says what it is for; only the same label opens it.
    pub(crate) fn seal(&self, ambient: &Ambient, label: &str, secret: &[u8]) -> Result<Vec<u8>, AppError> {
        let nonce: [u8; 12] = ambient.bytes();
        let payload = Payload { msg: secret, aad: label.as_bytes() };
        let sealed =
            self.0.encrypt(&Nonce::from(nonce), payload).map_err(|_| AppError::Internal("sealing failed".into()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens a sealed secret of 32 bytes.
    pub(crate) fn open(&self, label: &str, sealed: &[u8]) -> Result<[u8; 32], AppError> {
        let wrong =
            || AppError::Internal(format!("the master key does not open the secret of {label}: is it the right key?"));
        let (nonce, sealed) = sealed.split_first_chunk::<12>().ok_or_else(wrong)?;
        let payload = Payload { msg: sealed, aad: label.as_bytes() };
        let secret = self.0.decrypt(&Nonce::from(*nonce), payload).map_err(|_| wrong())?;
        secret.try_into().map_err(|_| wrong())
    }
}
