//! The sender's own name for one event, by which a repeat is recognised.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::{canonical::hex, trial::LinkId};

/// 1 to 128 plain ASCII characters; a UUID is kept in lower case, so that its two spellings are one id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(String);

impl EventId {
    /// Reads an id; none when it is malformed, or the nil or the all-ones UUID, which stand for "no id".
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._:~-".contains(&b);
        if text.is_empty() || text.len() > 128 || !text.bytes().all(allowed) || text.contains("..") {
            return None;
        }
        if !is_uuid(text) {
            return Some(Self(text.to_owned()));
        }
        let digits = || text.bytes().filter(|b| *b != b'-');
        let stands_for_nothing = digits().all(|b| b == b'0') || digits().all(|b| b.eq_ignore_ascii_case(&b'f'));
        (!stands_for_nothing).then(|| Self(text.to_ascii_lowercase()))
    }

    /// The id under which an event is kept that came through a link: two agencies may use one id for two things.
    #[must_use]
    pub fn within(&self, link: &LinkId) -> Self {
        Self(link.mark(&self.0))
    }

    /// The id of a row of a file, made from what it says, so that the same row in another file is the same event. `nth` counts rows of
    /// one file that say the same, and `round` how often such a row was taken in and taken back before: what comes again after
    /// that is a new event.
    #[must_use]
    pub fn of_row(fingerprint: &[u8; 16], nth: u32, round: u32) -> Self {
        let hash = Sha256::new().chain_update(b"fairtrial/1/row").chain_update(fingerprint);
        let digest = hash.chain_update(nth.to_be_bytes()).chain_update(round.to_be_bytes()).finalize();
        Self(format!("file-{}", hex(&digest[..16])))
    }

    /// The id under which an event is taken back together with its whole file.
    #[must_use]
    pub fn taken_back(&self) -> Self {
        let digest = Sha256::new().chain_update(b"fairtrial/1/taken-back").chain_update(self.0.as_bytes()).finalize();
        Self(format!("back-{}", hex(&digest[..16])))
    }

    /// Reads an id back as it was kept: a sender's own, or one of a link.
    #[must_use]
    pub fn kept(text: String) -> Option<Self> {
        let own = LinkId::unmark(&text).map_or(text.as_str(), |(_, own)| own);
        (Self::new(own)?.0 == own).then_some(Self(text))
    }

    /// The id as kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_named_by_what_it_says() {
        let id = |print: u8, nth, round| EventId::of_row(&[print; 16], nth, round);
        assert_eq!(id(1, 0, 0), id(1, 0, 0));
        let all = [id(1, 0, 0), id(2, 0, 0), id(1, 1, 0), id(1, 0, 1), id(1, 0, 0).taken_back()];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert!(all.iter().all(|id| EventId::new(id.as_str()).as_ref() == Some(id)), "a sender can name each: {all:?}");
    }

    #[test]
    fn two_spellings_of_a_uuid_are_one_id() {
        let id = |text: &str| EventId::new(text).map(|id| id.0);
        assert_eq!(id("0198F1C2-7D3E-7000-8000-0123456789AB"), id("0198f1c2-7d3e-7000-8000-0123456789ab"));
        assert_eq!(id("Row-17"), Some("Row-17".into()));
        for bad in
            ["", " ", "a b", "../../etc/passwd", "é", "00000000-0000-0000-0000-000000000000", "x\n", &"x".repeat(129)]
        {
            assert_eq!(id(bad), None, "{bad:?}");
        }
    }
}
