//! A trial's secret and the numbers drawn from it.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::{canonical::hex, identity::keyed_by};

/// The secret that decides a trial's allocation: 32 bytes from the operating system, one per trial.
///
/// It never leaves the server while people are assigned. Its SHA-256 is published at the start and the secret itself at
/// the end, so that anybody can replay every draw.
#[derive(Clone)]
pub struct AllocationSecret {
    bytes: [u8; 32],
    keyed: Hmac<Sha256>,
    commitment: [u8; 32],
}

impl AllocationSecret {
    /// From 32 secret bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self { bytes, keyed: keyed_by(&bytes), commitment: Sha256::digest(bytes).into() }
    }

    /// SHA-256 of the secret, in hexadecimal: what is published at the start.
    #[must_use]
    pub fn commitment(&self) -> String {
        hex(&self.commitment)
    }

    /// The secret itself, in hexadecimal: only for the bundle that is published once the data are locked.
    #[must_use]
    pub fn reveal(&self) -> String {
        hex(&self.bytes)
    }

    /// A whole number below `places`, drawn for a message.
    pub(super) fn draw(&self, message: &[&str], places: u64) -> u64 {
        let mut mac = self.keyed.clone();
        mac.update(b"fairtrial/1/");
        for part in message {
            mac.update(part.as_bytes());
        }
        let digest = mac.finalize().into_bytes();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        let scaled = (u128::from(u64::from_be_bytes(first)) * u128::from(places)) >> 64;
        // Below `places`, which is a u64.
        scaled as u64
    }
}

impl fmt::Debug for AllocationSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AllocationSecret(..)")
    }
}
