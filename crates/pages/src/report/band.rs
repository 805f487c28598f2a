use super::words;
use crate::component::writes_markup;
use askama::Template;
use fairtrial_analysis::Report;
use fairtrial_analysis::report::{GateStatus, VerdictKind};

/// The verdict: shape, word, action and sentence. The colour only repeats what they say.
#[derive(Debug, Clone, Template)]
#[template(path = "components/verdict.html")]
pub struct Band {
    /// The verdict.
    pub kind: VerdictKind,
    /// What the rule recommends.
    pub action: String,
    /// The verdict in one or two sentences.
    pub sentence: String,
}

impl Band {
    fn action_differs(&self) -> bool {
        self.action != self.kind.word()
    }

    fn class(&self) -> &'static str {
        class(self.kind)
    }
}

/// Why the verdict is what it is, the deciding reason first.
pub(crate) fn reasons(report: &Report) -> Vec<String> {
    report.verdict.reasons.iter().map(|reason| words::sentence(&reason.detail)).collect()
}

fn class(kind: VerdictKind) -> &'static str {
    match kind {
        VerdictKind::Succeeded => "succeeded",
        VerdictKind::Failed => "failed",
        VerdictKind::Harmful => "harmful",
        VerdictKind::Undecided => "undecided",
        VerdictKind::Invalid => "invalid",
    }
}

/// The verdict in a list: its shape and its word, in its colour.
#[derive(Debug, Clone, Template)]
#[template(path = "components/verdict-mark.html")]
pub struct Mark {
    /// The verdict.
    pub kind: VerdictKind,
}

impl Mark {
    fn class(&self) -> &'static str {
        class(self.kind)
    }
}

/// How a check came out: shape, word and colour.
#[derive(Debug, Clone, Template)]
#[template(path = "components/light.html")]
pub struct Light {
    /// The outcome of the check.
    pub status: GateStatus,
    /// The outcome in a word or two.
    pub word: String,
}

impl Light {
    /// The light of a check of the data's integrity.
    #[must_use]
    pub fn of_gate(status: GateStatus) -> Self {
        let word = match status {
            GateStatus::Green => "In order",
            GateStatus::Amber => "To be explained",
            GateStatus::Red => "Broken",
        };
        Self { status, word: word.into() }
    }

    fn class(&self) -> &'static str {
        match self.status {
            GateStatus::Green => "green",
            GateStatus::Amber => "amber",
            GateStatus::Red => "red",
        }
    }
}

writes_markup!(Band, Light, Mark);
