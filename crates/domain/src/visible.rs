//! What of a text a reader sees.
//!
//! Some characters show nothing, and some turn round the letters that follow: a name made of the first is blank to everybody, and
//! with one of the second a text reads as another than it is.

/// Whether there is nothing in a text that anybody could see.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|letter| letter.is_whitespace() || letter.is_control() || shows_nothing(letter))
}

/// Whether a text has a character that turns round what follows. Scripts that run from right to left need none.
#[must_use]
pub fn turns_round(text: &str) -> bool {
    text.contains(|letter| matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
}

/// The characters that Unicode lets programs leave out when they show a text.
fn shows_nothing(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_nothing_is_blank() {
        for blank in ["", " \t\n", "\u{a0}", "\u{200b}\u{2060}", "\u{feff}", "\u{200d}", "\u{3164}", "\u{ad} \u{fe0f}"]
        {
            assert!(is_blank(blank), "{blank:?}");
        }
        for text in ["a", ".", "\u{1f469}\u{1f3fd}\u{200d}\u{1f4bb}", "مرحبا", "\u{200b}a", "ā"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }

    #[test]
    fn what_turns_letters_round_is_seen() {
        assert!(turns_round("pay \u{202e}yap") && turns_round("\u{2066}a"));
        assert!(!turns_round("مرحبا \u{200f}abc") && !turns_round("a\u{200d}b"));
    }
}
