//! Who sent events.

/// A program with a key, or a person with a file. Both are kept as one whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sender {
    /// The number of a key.
    Key(i64),
    /// The number of a file that somebody took in.
    File(i64),
}

impl Sender {
    /// As it is kept: keys above zero, files below, so that neither can be taken for the other.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::Key(key) => key,
            Self::File(file) => -file,
        }
    }

    /// From what was kept.
    #[must_use]
    pub fn from_number(number: i64) -> Self {
        if number < 0 { Self::File(number.saturating_neg()) } else { Self::Key(number) }
    }

    /// The key, where a program sent it.
    #[must_use]
    pub fn key(self) -> Option<i64> {
        match self {
            Self::Key(key) => Some(key),
            Self::File(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_for_one_sender() {
        for sender in [Sender::Key(1), Sender::Key(i64::MAX), Sender::File(1), Sender::File(i64::MAX)] {
            assert_eq!(Sender::from_number(sender.number()), sender);
        }
        assert_ne!(Sender::Key(7).number(), Sender::File(7).number());
        assert_eq!((Sender::Key(7).key(), Sender::File(7).key()), (Some(7), None));
    }
}
