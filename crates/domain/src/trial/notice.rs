//! The short code that stands on a letter and leads to the page about the trial.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::TrialKey;

/// Letters and digits that cannot be taken for one another when they are read out or copied by hand.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const LENGTH: usize = 7;

/// The short code of a trial: seven letters and digits, the same for everybody and every version, and for ever.
///
/// It is made from the trial's key alone, so it tells nothing about who holds the letter.
///
/// ```
/// use fairtrial_domain::{TrialKey, trial::NoticeCode};
/// let code = NoticeCode::of(&TrialKey::new("fines-letter").unwrap());
/// assert_eq!(NoticeCode::read(&code.to_string().to_lowercase()), Some(code));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NoticeCode([u8; LENGTH]);

impl NoticeCode {
    /// The code of a trial.
    #[must_use]
    pub fn of(trial: &TrialKey) -> Self {
        let digest = Sha256::new().chain_update(b"fairtrial notice 1\0").chain_update(trial.as_str()).finalize();
        let mut code = [0; LENGTH];
        for (letter, byte) in code.iter_mut().zip(digest) {
            *letter = ALPHABET.get(usize::from(byte % 32)).copied().unwrap_or(b'0');
        }
        Self(code)
    }

    /// Reads a code as people copy it: small letters, spaces and dashes, O for 0 and I or L for 1.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut code = [0; LENGTH];
        let mut letters = text.chars().filter(|letter| !matches!(letter, ' ' | '-'));
        for place in &mut code {
            let letter = match letters.next()?.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                letter => letter,
            };
            *place = u8::try_from(letter).ok().filter(|letter| ALPHABET.contains(letter))?;
        }
        letters.next().is_none().then_some(Self(code))
    }
}

impl fmt::Display for NoticeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|letter| write!(f, "{}", char::from(*letter)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_copy_it() {
        let code = NoticeCode::read("0a1-b1 cd").unwrap();
        assert_eq!(NoticeCode::read("OAIBLCD"), Some(code));
        for bad in ["", "0A1B1C", "0A1B1CDE", "0A1B1C*", "ŌA1B1CD", "UUUUUUU"] {
            assert_eq!(NoticeCode::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn trials_have_codes_of_their_own() {
        let codes: std::collections::HashSet<_> =
            (0..2_000).map(|n| NoticeCode::of(&TrialKey::new(&format!("trial-{n}")).unwrap())).collect();
        assert_eq!(codes.len(), 2_000);
    }
}
