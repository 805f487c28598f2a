//! The sender's own name for one event, by which a repeat is recognised.

use std::fmt;

use crate::trial::LinkId;

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
