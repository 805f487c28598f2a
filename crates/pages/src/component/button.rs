use super::{Area, Choice, writes_markup};
use askama::Template;

/// How much weight a button has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ButtonStyle {
    /// The one thing to do on the page.
    Primary,
    /// Anything else.
    Secondary,
    /// Cannot be undone.
    Warning,
}

/// A button in a form of its own, which posts to one address.
#[derive(Debug, Clone, Template)]
#[template(path = "components/button.html")]
pub struct Button {
    /// Where it posts to.
    pub action: String,
    /// The token of the page.
    pub csrf: String,
    /// What the button does, as a verb.
    pub label: String,
    /// What it is done to, for those who cannot see the row it stands in.
    pub hidden_label: Option<String>,
    /// What will happen, in one sentence.
    pub explanation: Option<String>,
    /// The reason to be given, when one is needed.
    pub reason: Option<Area>,
    /// A question that goes with it.
    pub choice: Option<Choice>,
    /// The plan on the page, sent back so that what is done is done to exactly that one.
    pub protocol_id: Option<String>,
    /// How much weight it has.
    pub style: ButtonStyle,
}

impl Button {
    /// A plain button without explanation or reason.
    #[must_use]
    pub fn new(action: impl Into<String>, label: impl Into<String>, csrf: &str) -> Self {
        Self {
            action: action.into(),
            csrf: csrf.into(),
            label: label.into(),
            hidden_label: None,
            explanation: None,
            reason: None,
            choice: None,
            protocol_id: None,
            style: ButtonStyle::Secondary,
        }
    }

    fn class(&self) -> &'static str {
        match self.style {
            ButtonStyle::Primary => "",
            ButtonStyle::Secondary => " govuk-button--secondary",
            ButtonStyle::Warning => " govuk-button--warning",
        }
    }
}

/// The colours of tags. Each has enough contrast with the words on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagColour {
    /// Rests or has ended.
    Grey,
    /// Under way, needs nothing.
    Green,
    /// Under way, prepared.
    Blue,
    /// Waits for somebody.
    Yellow,
    /// Interrupted.
    Orange,
    /// Stopped or broken.
    Red,
    /// Published or decided.
    Purple,
}

/// A word for a state.
#[derive(Debug, Clone, Template)]
#[template(path = "components/tag.html")]
pub struct Tag {
    /// The word.
    pub word: String,
    /// Its colour.
    pub colour: TagColour,
}

impl Tag {
    /// A tag.
    #[must_use]
    pub fn new(word: impl Into<String>, colour: TagColour) -> Self {
        Self { word: word.into(), colour }
    }

    fn class(&self) -> &'static str {
        match self.colour {
            TagColour::Grey => "grey",
            TagColour::Green => "green",
            TagColour::Blue => "blue",
            TagColour::Yellow => "yellow",
            TagColour::Orange => "orange",
            TagColour::Red => "red",
            TagColour::Purple => "purple",
        }
    }
}

writes_markup!(Button, Tag);
