use super::answers;
use crate::component::{Tag, TagColour};
use fairtrial_domain::LockedProtocol;

/// One principle with what the plan answers and what is left to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principle {
    /// Its number in the Act: "1", "3A".
    pub number: &'static str,
    /// What it is about.
    pub name: &'static str,
    /// What it asks, in a sentence of our own.
    pub asks: &'static str,
    /// What the plan and the platform answer.
    pub answered: Vec<String>,
    /// What somebody must still answer; empty when nothing is left open.
    pub open: Vec<String>,
}

/// The principles of one plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checklist {
    /// The title of the trial.
    pub title: String,
    /// Its key.
    pub key: String,
    /// The agency.
    pub agency: String,
    /// Which content it was made from.
    pub protocol_id: String,
    /// What the plan says of a privacy impact assessment.
    pub pia: Option<String>,
    /// The principles in the order of the Act.
    pub principles: Vec<Principle>,
}

/// What is known beside the plan.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The agency that runs the trial.
    pub agency: String,
    /// Which agencies send outcomes, by what right and until when, each in a sentence.
    pub partners: Vec<String>,
    /// How numbers are rounded and from which size they are shown: base, smallest count, people behind an average.
    pub release: (u64, u64, u64),
}

impl Checklist {
    /// The checklist of that content.
    #[must_use]
    pub fn of(plan: &LockedProtocol, facts: &Facts) -> Self {
        let protocol = plan.protocol();
        Self {
            title: protocol.title.clone(),
            key: protocol.key.to_string(),
            agency: facts.agency.clone(),
            protocol_id: plan.id().to_string(),
            pia: protocol.data.pia.clone(),
            principles: answers::all(protocol, facts),
        }
    }

    /// How many principles leave something to a person.
    #[must_use]
    pub fn open(&self) -> usize {
        self.principles.iter().filter(|principle| !principle.open.is_empty()).count()
    }
}

impl Principle {
    pub(super) fn tag(&self) -> Tag {
        match self.open.is_empty() {
            true => Tag::new("Answered", TagColour::Green),
            false => Tag::new("For a person", TagColour::Yellow),
        }
    }
}
