//! How the watch over a running trial stands, for those who run it.

use fairtrial_analysis::report::GateStatus;

use crate::{component::SummaryList, report::Light};

/// Lights and facts of a trial under way. None of them is a number of one version beside another's.
#[derive(Debug, Clone)]
pub struct Watch {
    /// Whether anybody seems to be harmed, and what that tells.
    pub safety: (GateStatus, String),
    /// The checks of the data, by their names for programs.
    pub health: Vec<(String, GateStatus)>,
    /// Looks held and to come, people followed up, and how harm is watched.
    pub facts: SummaryList,
    /// Whether this person may read what the looks found.
    pub may_read_looks: bool,
}

impl Watch {
    /// The lights in the order of the page: a name, the light, and a sentence where there is one.
    pub(super) fn lights(&self) -> Vec<(String, Light, Option<String>)> {
        let (status, sentence) = &self.safety;
        let word = match status {
            GateStatus::Green => "Nothing seen",
            GateStatus::Amber => "Harm reported",
            GateStatus::Red => "Harm",
        };
        let safety = Light { status: *status, word: word.into() };
        let health =
            self.health.iter().map(|(name, status)| (crate::report::check_name(name), Light::of_gate(*status), None));
        std::iter::once(("Safety of people".to_owned(), safety, Some(sentence.clone()))).chain(health).collect()
    }
}
