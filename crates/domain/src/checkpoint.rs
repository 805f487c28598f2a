//! A statement of how far the audit has come, to be kept where the database's owner cannot reach it.
//!
//! The form is that of a C2SP checkpoint (`origin`, `size`, `root`, an empty line, a line of proof; see
//! <https://c2sp.org/tlog-checkpoint>), with two differences: `root` is the hash of the last entry of a chain, not of a tree,
//! in hexadecimal digits, and the proof is an HMAC-SHA-256 by a key of the installation, not a public signature. Whoever holds
//! a checkpoint can compare its root; whoever holds the key can tell a forged one.
//!
//! ```text
//! fairtrial/audit/0d1f5c2a9b3e4f60
//! 1042
//! 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
//!
//! — fairtrial/audit/0d1f5c2a9b3e4f60 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8
//! ```

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::canonical::hex;

/// Names of installations begin so.
const ORIGIN: &str = "fairtrial/audit/";

/// A known head of the audit: after `size` entries, the hash of the last one was `root`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// How many entries there were.
    pub size: i64,
    /// Hash of the last of them; all zero when there were none.
    pub root: [u8; 32],
}

/// The key that vouches for checkpoints of one installation.
#[derive(Clone)]
pub struct CheckpointKey([u8; 32]);

impl std::fmt::Debug for CheckpointKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CheckpointKey(..)")
    }
}

/// Why a text is no list of checkpoints of this installation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// It does not have the form.
    #[error("the checkpoint that begins at line {line} is not: origin, size, root, an empty line, and a line of proof")]
    Malformed {
        /// Line, from 1.
        line: usize,
    },
    /// It is of another installation.
    #[error("the checkpoint that begins at line {line} is of another installation: {origin}")]
    Foreign {
        /// Line, from 1.
        line: usize,
        /// The installation it names.
        origin: String,
    },
    /// Its proof is wrong: somebody changed it, or made it up.
    #[error("the checkpoint that begins at line {line} is forged: its proof does not fit its content")]
    Forged {
        /// Line, from 1.
        line: usize,
    },
}

impl CheckpointKey {
    /// From 32 secret bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The name of the installation: the first 64 bits of a digest of the key.
    #[must_use]
    pub fn origin(&self) -> String {
        let digest = Sha256::new().chain_update(b"fairtrial checkpoint origin").chain_update(self.0).finalize();
        format!("{ORIGIN}{}", hex(digest.get(..8).unwrap_or_default()))
    }

    fn mac(&self, body: &str) -> Option<Hmac<Sha256>> {
        Hmac::<Sha256>::new_from_slice(&self.0).ok().map(|mac| mac.chain_update(body.as_bytes()))
    }

    /// The checkpoint as text.
    ///
    /// ```
    /// use fairtrial_domain::checkpoint::{Checkpoint, CheckpointKey};
    /// let key = CheckpointKey::new([7; 32]);
    /// let head = Checkpoint { size: 3, root: [1; 32] };
    /// assert_eq!(key.read(&key.write(&head)), Ok(vec![head]));
    /// ```
    #[must_use]
    pub fn write(&self, checkpoint: &Checkpoint) -> String {
        let origin = self.origin();
        let body = format!("{origin}\n{}\n{}\n", checkpoint.size, hex(&checkpoint.root));
        let proof = self.mac(&body).map(|mac| hex(&mac.finalize().into_bytes())).unwrap_or_default();
        format!("{body}\n— {origin} {proof}\n")
    }

    /// Reads one checkpoint or several, one after the other; empty lines between them do not matter.
    ///
    /// # Errors
    /// The first one that is malformed, of another installation, or forged.
    pub fn read(&self, text: &str) -> Result<Vec<Checkpoint>, CheckpointError> {
        let lines: Vec<&str> = text.lines().map(|line| line.trim_end_matches('\r')).collect();
        let mut checkpoints = Vec::new();
        let mut place = 0;
        while let Some(rest) = lines.get(place..).filter(|rest| !rest.is_empty()) {
            if rest.first().is_some_and(|line| line.is_empty()) {
                place += 1;
                continue;
            }
            checkpoints.push(self.read_one(rest, place + 1)?);
            place += 5;
        }
        if checkpoints.is_empty() { Err(CheckpointError::Malformed { line: 1 }) } else { Ok(checkpoints) }
    }

    fn read_one(&self, lines: &[&str], line: usize) -> Result<Checkpoint, CheckpointError> {
        let malformed = || CheckpointError::Malformed { line };
        let [origin, size, root, "", proof, ..] = lines else { return Err(malformed()) };
        if !origin.starts_with(ORIGIN) {
            return Err(malformed());
        }
        if *origin != self.origin() {
            return Err(CheckpointError::Foreign { line, origin: (*origin).to_owned() });
        }
        let number = size.parse::<i64>().ok().filter(|n| *n >= 0 && n.to_string() == *size).ok_or_else(malformed)?;
        let bytes = from_hex(root).ok_or_else(malformed)?;
        let proof = proof.strip_prefix("— ").and_then(|rest| rest.strip_prefix(origin)).ok_or_else(malformed)?;
        let proof = proof.strip_prefix(' ').and_then(from_hex).ok_or_else(malformed)?;
        let mac = self.mac(&format!("{origin}\n{size}\n{root}\n")).ok_or_else(malformed)?;
        mac.verify_slice(&proof).map_err(|_| CheckpointError::Forged { line })?;
        Ok(Checkpoint { size: number, root: bytes })
    }
}

/// 64 lower-case hexadecimal digits.
fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(size: i64) -> Checkpoint {
        Checkpoint { size, root: [u8::try_from(size).unwrap(); 32] }
    }

    #[test]
    fn several_are_read_and_any_change_is_told() {
        let key = CheckpointKey::new([3; 32]);
        let text = format!("{}\n{}", key.write(&head(4)), key.write(&head(9)));
        assert_eq!(key.read(&text), Ok(vec![head(4), head(9)]));
        assert_eq!(key.read(&text.replace('\n', "\r\n")), Ok(vec![head(4), head(9)]));
        // Whatever single character is changed, it is no longer taken.
        for (place, old) in text.char_indices().filter(|(_, c)| *c != '\n') {
            let new = if old == '1' { '2' } else { '1' };
            let changed = format!("{}{new}{}", &text[..place], &text[place + old.len_utf8()..]);
            assert!(key.read(&changed).is_err(), "{changed}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let (key, other) = (CheckpointKey::new([3; 32]), CheckpointKey::new([4; 32]));
        assert_eq!(key.read(""), Err(CheckpointError::Malformed { line: 1 }));
        assert_eq!(key.read("hello"), Err(CheckpointError::Malformed { line: 1 }));
        let foreign = CheckpointError::Foreign { line: 1, origin: other.origin() };
        assert_eq!(key.read(&other.write(&head(4))), Err(foreign));
        let forged = format!("{}{}", key.write(&head(4)), key.write(&head(9)).replace("\n9\n", "\n8\n"));
        assert_eq!(key.read(&forged), Err(CheckpointError::Forged { line: 6 }));
    }
}
