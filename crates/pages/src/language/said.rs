//! Sentences of the public pages, with the values that stand in them.
//!
//! A sentence is written as people read it. `{name}` is the place of a value, `*words*` is told with weight, and `[words]{name}` leads to
//! the address of that name.

use std::fmt::{self, Write};

use super::Say;
use crate::component::writes_markup;
use crate::moment::Moment;

/// A sentence with its values.
#[derive(Debug, Clone)]
pub struct Said {
    english: &'static str,
    maori: Option<&'static str>,
    values: Vec<(&'static str, Value)>,
}

#[derive(Debug, Clone)]
enum Value {
    Text(String),
    /// A day, and the moment for programs.
    Day(String, String),
}

impl Say {
    /// The sentence with a value at a place.
    #[must_use]
    pub fn with(self, name: &'static str, value: impl fmt::Display) -> Said {
        self.alone().and(name, value)
    }

    /// The sentence with a day at a place.
    #[must_use]
    pub fn on(self, name: &'static str, moment: &Moment) -> Said {
        let mut said = self.alone();
        said.values.push((name, Value::Day(moment.day(), moment.stamp())));
        said
    }

    fn alone(self) -> Said {
        Said { english: self.english(), maori: self.maori(), values: Vec::new() }
    }
}

impl Said {
    /// The same with one more value.
    #[must_use]
    pub fn and(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.values.push((name, Value::Text(value.to_string())));
        self
    }

    /// In English without weight or a way, for the title of a page.
    #[must_use]
    pub fn plain(&self) -> String {
        let mut text = String::new();
        for (at, part) in self.english.split('{').enumerate() {
            match part.split_once('}').filter(|_| at > 0) {
                Some((name, rest)) => {
                    text.extend(self.value(name).map(|(Value::Text(words) | Value::Day(words, _))| words.as_str()));
                    text.push_str(rest);
                }
                None => text.push_str(part),
            }
        }
        text
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The words of one language as markup. A value that is not there is an error, so that no page goes out with a gap.
    fn write(&self, f: &mut impl Write, words: &str) -> fmt::Result {
        let mut rest = words;
        while let Some(at) = rest.find(['{', '*', '[']) {
            let (before, from) = rest.split_at(at);
            escaped(f, before)?;
            let mut inner = from.chars();
            let opens = inner.next().ok_or(fmt::Error)?;
            let closes = match opens {
                '{' => '}',
                '[' => ']',
                _ => '*',
            };
            let (inside, after) = inner.as_str().split_once(closes).ok_or(fmt::Error)?;
            rest = after;
            match opens {
                '{' => match self.value(inside).ok_or(fmt::Error)? {
                    Value::Text(text) => escaped(f, text)?,
                    Value::Day(day, stamp) => write!(f, "<time datetime=\"{stamp}\">{day}</time>")?,
                },
                '*' => {
                    f.write_str("<strong>")?;
                    self.write(f, inside)?;
                    f.write_str("</strong>")?;
                }
                _ => {
                    let (name, after) =
                        after.strip_prefix('{').and_then(|named| named.split_once('}')).ok_or(fmt::Error)?;
                    rest = after;
                    let Some(Value::Text(address)) = self.value(name) else { return Err(fmt::Error) };
                    f.write_str("<a class=\"govuk-link\" href=\"")?;
                    escaped(f, address)?;
                    f.write_str("\">")?;
                    self.write(f, inside)?;
                    f.write_str("</a>")?;
                }
            }
        }
        escaped(f, rest)
    }
}

fn escaped(f: &mut impl Write, text: &str) -> fmt::Result {
    for letter in text.chars() {
        match letter {
            '&' | '<' | '>' | '"' | '\'' => write!(f, "&#{};", u32::from(letter))?,
            other => f.write_char(other)?,
        }
    }
    Ok(())
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(words) = self.maori {
            f.write_str("<span lang=\"mi\">")?;
            self.write(f, words)?;
            f.write_str("</span> ")?;
        }
        self.write(f, self.english)
    }
}

impl fmt::Display for Say {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.alone().fmt(f)
    }
}

writes_markup!(Say, Said);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_at_their_places_and_never_as_markup() {
        let said = Say::CallOrVisit.with("agency", "A & <B>").and("code", "T*4{x}");
        assert!(
            said.to_string().starts_with("Call or visit A &#38; &#60;B&#62; and say the code <strong>T*4{x}</strong>."),
            "{said}"
        );
        assert_eq!(Say::AboutThisTrial.with("code", "T4").plain(), "About this trial (T4)");
        let led = Say::ReadWhyInRegister.with("register", "/register/\"x").to_string();
        assert_eq!(led, "<a class=\"govuk-link\" href=\"/register/&#34;x\">Read in the register why</a>.");
    }

    #[test]
    fn words_in_te_reo_come_first_and_say_which_language_they_are() {
        let said = Said { english: "Hello, *{agency}*", maori: Some("Kia ora, *{agency}*"), values: Vec::new() };
        let told = said.and("agency", "A").to_string();
        assert_eq!(told, "<span lang=\"mi\">Kia ora, <strong>A</strong></span> Hello, <strong>A</strong>");
    }

    #[test]
    fn a_sentence_without_its_value_is_not_written() {
        let mut text = String::new();
        assert!(write!(text, "{}", Say::CallOrVisit.with("agency", "A")).is_err());
        assert!(write!(text, "{}", Say::CallOrVisit).is_err());
    }

    /// The places of a sentence, in order of their names.
    fn places(words: &str) -> Vec<&str> {
        let mut found: Vec<&str> = words.split('{').skip(1).filter_map(|part| part.split('}').next()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    #[test]
    fn every_sentence_can_be_written_and_has_the_same_places_in_both_languages() {
        for sentence in Say::ALL {
            for words in std::iter::once(sentence.english()).chain(sentence.maori()) {
                assert_eq!(places(words), places(sentence.english()), "{words}");
                assert!(words.matches('*').count().is_multiple_of(2), "{words}");
                assert_eq!(words.matches('[').count(), words.matches("]{").count(), "{words}");
                assert_eq!(words.matches('{').count(), words.matches('}').count(), "{words}");
            }
        }
    }
}
