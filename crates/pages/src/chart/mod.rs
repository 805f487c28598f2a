//! Charts drawn on the server: geometry here, markup in `web/templates/components/chart`.
//!
//! Each chart is a figure with a headline, an image that carries its message in its title and description, and the same
//! numbers in a table below: one frame for all of them, `figure.html`, which each fills with its drawing. None of them can hold a number that is not finite: what cannot be drawn is not made.

mod boundaries;
mod course;
mod decisions;
mod enrolment;
mod flow;
mod interval;
mod lines;
mod people;
mod scale;
mod timeline;

pub use boundaries::{Names, boundaries};
pub use course::{NamedArm, arrivals, course};
pub use decisions::{Decisions, Verdicts};
pub use enrolment::{EnrolmentPlan, EnrolmentPoint, enrolment};
pub use flow::{Flow, FlowArm};
pub use interval::{Bar, Interval, Mark, Shade};
pub use lines::{Axes, Line, LineLook, Lines, Said};
pub use people::{ArmLook, People};
pub use timeline::{Life, Timeline};

use std::fmt;

/// A length or place in an image, written with one decimal.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(crate) struct Px(pub(crate) f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0 * 10.0).round() / 10.0;
        // Without this, a place just left of the edge would be written "-0".
        write!(f, "{}", if tenths == 0.0 { 0.0 } else { tenths })
    }
}

/// How a text is set against its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    /// Keeps a text within the image: set to the inside near an edge.
    fn within(x: f64, width: f64, room: f64) -> Self {
        if x < room {
            Self::Start
        } else if x > width - room {
            Self::End
        } else {
            Self::Middle
        }
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "",
            Self::Middle => " ft-chart__text--middle",
            Self::End => " ft-chart__text--end",
        })
    }
}

/// A text at a place.
#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub(crate) x: Px,
    pub(crate) y: Px,
    pub(crate) anchor: Anchor,
    pub(crate) strong: bool,
    pub(crate) text: String,
}

impl Label {
    fn class(&self) -> String {
        let strong = if self.strong { " ft-chart__text--strong" } else { "" };
        format!("ft-chart__text{strong}{}", self.anchor)
    }
}

/// The text in lines of at most `width` letters, broken between words; a longer word has a line of its own.
fn lines(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_with_one_decimal_and_never_as_minus_zero() {
        assert_eq!(Px(12.349).to_string(), "12.3");
        assert_eq!(Px(-0.04).to_string(), "0");
        assert_eq!(Px(640.0).to_string(), "640");
    }

    #[test]
    fn lines_break_between_words_and_keep_every_word() {
        assert_eq!(lines("Letter with the extra sentence", 14), ["Letter with", "the extra", "sentence"]);
        assert_eq!(lines("Whakawhanaungatanga", 8), ["Whakawhanaungatanga"]);
        assert!(lines("", 8).is_empty());
    }
}
