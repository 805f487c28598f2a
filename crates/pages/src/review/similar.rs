use crate::register::{self, count};
use crate::report::Mark;
use fairtrial_analysis::release::ReleasedOutcome;
use fairtrial_analysis::report::VerdictKind;
use fairtrial_domain::ArmKey;
use fairtrial_domain::trial::State;

/// A trial that is over and resembles the plan, with what it did to people.
#[derive(Debug, Clone)]
pub struct Similar {
    /// The key in its address.
    pub key: String,
    /// The title.
    pub title: String,
    /// The agency that ran it.
    pub agency: String,
    /// Where it stands, and whether it was stopped because people were harmed.
    pub standing: (State, bool),
    /// The verdict with its sentence, once the results are public.
    pub finding: Option<(VerdictKind, String)>,
    /// Its harm measures, each in a sentence of released numbers.
    pub harms: Vec<String>,
}

impl Similar {
    pub(super) fn mark(&self) -> Option<Mark> {
        self.finding.as_ref().map(|(kind, _)| Mark { kind: *kind })
    }

    pub(super) fn tag(&self) -> crate::component::Tag {
        register::state_tag(self.standing.0, self.standing.1)
    }

    pub(super) fn sentence(&self) -> &str {
        self.finding.as_ref().map_or("Its results are not public yet.", |(_, sentence)| sentence)
    }

    pub(super) fn stopped(&self) -> Option<&'static str> {
        self.standing.1.then_some("It was stopped because people were harmed.")
    }
}

/// A harm measure in a sentence: "Complaint: 12 of 1,023 with ‘Usual letter’; number not shown with ‘New letter’." Nothing for
/// a measure that is no count of people.
#[must_use]
pub fn harm_sentence(harm: &ReleasedOutcome, names: &[(ArmKey, String)]) -> Option<String> {
    let arms: Vec<String> = harm
        .arms
        .iter()
        .map(|arm| {
            let told = match (arm.events.value(), arm.analysed.value()) {
                (Some(_), Some(_)) => format!("{} of {}", count(arm.events), count(arm.analysed)),
                _ => format!("number {}", register::HIDDEN),
            };
            format!("{told} with \u{2018}{}\u{2019}", name(names, &arm.arm))
        })
        .collect();
    let counts = harm.kind == fairtrial_domain::protocol::OutcomeKind::Binary && !arms.is_empty();
    counts.then(|| format!("{}: {}.", harm.name, arms.join("; ")))
}

fn name<'a>(names: &'a [(ArmKey, String)], key: &'a ArmKey) -> &'a str {
    names.iter().find(|(known, _)| known == key).map_or(key.as_str(), |(_, name)| name)
}
