//! One number for a set of event ids, so that a sender and this program can compare what they hold without listing it.

use sha2::{Digest, Sha256};

use super::EventId;
use crate::{canonical::hex, trial::LinkId};

/// The exclusive or of the SHA-256 of event ids: the same in any order, and on any number of servers. An id that is missing on
/// one side, or is there twice, makes it another number. Of no ids it is all zeros.
///
/// It finds what is lost by mistake, not what somebody forges: whoever may choose ids can choose some that cancel out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IdDigest([u8; 32]);

impl IdDigest {
    /// Puts an id in, or takes it out again. One that came through a link counts as its sender wrote it.
    pub fn toggle(&mut self, id: &EventId) {
        let sent = LinkId::unmark(id.as_str()).map_or(id.as_str(), |(_, sent)| sent);
        let hash: [u8; 32] = Sha256::digest(sent.as_bytes()).into();
        self.0.iter_mut().zip(hash).for_each(|(byte, other)| *byte ^= other);
    }

    /// As four whole numbers, for databases that can combine whole numbers only.
    #[must_use]
    pub fn parts(&self) -> [i64; 4] {
        let mut parts = [0; 4];
        for (part, bytes) in parts.iter_mut().zip(self.0.chunks_exact(8)) {
            *part = bytes.iter().fold(0_i64, |whole, byte| (whole << 8) | i64::from(*byte));
        }
        parts
    }

    /// From the four whole numbers.
    #[must_use]
    pub fn from_parts(parts: [i64; 4]) -> Self {
        let mut bytes = [0; 32];
        for (place, byte) in bytes.iter_mut().zip(parts.into_iter().flat_map(i64::to_be_bytes)) {
            *place = byte;
        }
        Self(bytes)
    }

    /// 64 hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        hex(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ids: &[&str]) -> IdDigest {
        let mut digest = IdDigest::default();
        ids.iter().for_each(|id| digest.toggle(&EventId::new(id).unwrap()));
        digest
    }

    #[test]
    fn order_does_not_matter_and_each_id_does() {
        assert_eq!(of(&["a", "b", "c"]), of(&["c", "a", "b"]));
        assert_ne!(of(&["a", "b", "c"]), of(&["a", "b"]));
        assert_eq!(of(&["a", "b", "b"]), of(&["a"]));
        assert_eq!(of(&[]).hex(), "0".repeat(64));
        let mut linked = IdDigest::default();
        linked.toggle(&EventId::new("a").unwrap().within(&LinkId::from_random([7; 8])));
        assert_eq!(linked, of(&["a"]));
        // FIPS 180-4 test vector for "abc", the same as the digest of a set of one.
        assert_eq!(of(&["abc"]).hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn parts_lose_nothing() {
        for ids in [&[][..], &["a"], &["a", "b"], &["row-1", "row-2", "row-3"]] {
            assert_eq!(IdDigest::from_parts(of(ids).parts()), of(ids));
        }
    }
}
