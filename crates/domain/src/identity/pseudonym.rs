//! Keyed codes in place of units.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::unit_text::UnitText;
use crate::canonical::{hex, hex_in};

/// Buckets over which large tables are spread. Fixed for ever: stored rows carry the number.
pub const BUCKETS: u8 = 64;

/// A unit as it is stored: 128 bits of HMAC-SHA-256 under the agency's key.
///
/// Two agencies never hold the same pseudonym for one person, and nobody without the key can tell whose it is. With
/// 10^8 units the chance that any two meet is below 10^-22.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pseudonym([u8; 16]);

impl Pseudonym {
    /// From its stored bytes; none when there are not 16.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The stored bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The bucket in which this unit's rows are kept, below [`BUCKETS`].
    #[must_use]
    pub fn bucket(&self) -> u8 {
        self.0[0] % BUCKETS
    }

    /// As lower-case hexadecimal digits: the form that the allocation hashes.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex(&self.0)
    }

    /// As 32 hexadecimal digits, written to a place of the caller's: the allocation draws millions of these.
    pub fn hex_in<'a>(&self, digits: &'a mut [u8; 32]) -> &'a str {
        hex_in(&self.0, digits)
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The first four digits tell rows apart in a test's printout and identify nobody.
        write!(f, "{}..", &self.to_hex()[..4])
    }
}

/// HMAC-SHA-256 under a 32-byte key. A key shorter than the hash's block is padded with zeros (RFC 2104).
pub(crate) fn keyed_by(secret: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    block[..32].copy_from_slice(secret);
    Hmac::new(&block.into())
}

/// An agency's key for making pseudonyms. It stays on the server.
#[derive(Clone)]
pub struct PseudonymKey(Hmac<Sha256>);

impl PseudonymKey {
    /// From 32 secret bytes.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(keyed_by(secret))
    }

    /// The pseudonym of a unit.
    #[must_use]
    pub fn pseudonym(&self, unit: &UnitText) -> Pseudonym {
        let mut mac = self.0.clone();
        mac.update(b"fairtrial/1/unit/");
        mac.update(unit.bytes());
        let full = mac.finalize().into_bytes();
        let mut short = [0; 16];
        short.copy_from_slice(&full[..16]);
        Pseudonym(short)
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_key_same_pseudonym_other_key_another() {
        let unit = UnitText::new("case-17").unwrap();
        let (a, b) = (PseudonymKey::new(&[1; 32]), PseudonymKey::new(&[2; 32]));
        assert_eq!(a.pseudonym(&unit), a.pseudonym(&unit));
        assert_ne!(a.pseudonym(&unit), b.pseudonym(&unit));
    }

    #[test]
    fn agrees_with_another_implementation() {
        // printf 'fairtrial/1/unit/case-17' | openssl dgst -sha256 -mac HMAC -macopt hexkey:$(printf '01%.0s' {1..32})
        let key = PseudonymKey::new(&[1; 32]);
        assert_eq!(key.pseudonym(&UnitText::new("case-17").unwrap()).to_hex(), "e003af6c28222aa7c0bf816eb4a88a54");
    }

    #[test]
    fn both_ways_to_write_it_agree() {
        let unit = Pseudonym(std::array::from_fn(|n| (n * 17 + 3) as u8));
        assert_eq!(unit.hex_in(&mut [0; 32]), unit.to_hex());
    }

    #[test]
    fn prints_too_little_to_find_anybody() {
        let shown = format!("{:?}", Pseudonym([0xab; 16]));
        assert_eq!(shown, "abab..");
    }
}
