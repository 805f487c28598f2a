//! Maps whose keys are pseudonyms.

use std::hash::{BuildHasher, Hasher};

/// Takes a pseudonym's own bits for its hash: they come out of a hash under a secret key, so nobody can choose them to collide,
/// and hashing them again would only cost time on the way of every known person.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ByPseudonym;

impl BuildHasher for ByPseudonym {
    type Hasher = OwnBits;

    fn build_hasher(&self) -> OwnBits {
        OwnBits(0)
    }
}

/// The last eight bytes of what is hashed: the bucket is in the first.
#[derive(Debug)]
pub(crate) struct OwnBits(u64);

impl Hasher for OwnBits {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last_chunk() {
            self.0 = u64::from_le_bytes(*last);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use fairtrial_domain::Pseudonym;

    use super::*;

    #[test]
    fn it_is_made_of_the_last_eight_bytes() {
        let hash = |bytes: [u8; 16]| ByPseudonym.hash_one(Pseudonym::from_bytes(&bytes).unwrap());
        let mut bytes = [7; 16];
        bytes[8..].copy_from_slice(&0x0123_4567_89ab_cdef_u64.to_le_bytes());
        assert_eq!(hash(bytes), 0x0123_4567_89ab_cdef);
        bytes[0] = 8;
        assert_eq!(hash(bytes), 0x0123_4567_89ab_cdef, "the bucket's byte tells nothing within a bucket");
        bytes[15] ^= 1;
        assert_ne!(hash(bytes), 0x0123_4567_89ab_cdef);
    }
}
