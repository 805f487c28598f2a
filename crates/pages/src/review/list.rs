use super::Attention;
use crate::component::{Tag, TagColour};
use crate::person::role;
use crate::{Frame, Moment};
use askama::Template;
use fairtrial_domain::trial::{PersonRole, Tier};

/// The plans and amendments that wait for signatures, those that wait for this person first.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/review/list.html")]
pub struct List {
    /// Around the page.
    pub frame: Frame,
    /// What waits for this person.
    pub mine: Vec<Row>,
    /// What waits for somebody else.
    pub others: Vec<Row>,
    /// What happened with trials after their start, the newest first.
    pub since: Attention,
}

/// One plan or amendment.
#[derive(Debug, Clone)]
pub struct Row {
    /// The key of the trial.
    pub key: String,
    /// Its title.
    pub title: String,
    /// The number of the amendment, where it is one.
    pub amendment: Option<i64>,
    /// How much people could lose.
    pub tier: Tier,
    /// The role in which this person could sign it now.
    pub mine: Option<PersonRole>,
    /// Whether they have signed it on a condition that is still open.
    pub on_condition: bool,
    /// The roles whose signature is missing.
    pub missing: Vec<PersonRole>,
    /// Since when it waits.
    pub since: Moment,
}

impl Row {
    fn what(&self) -> String {
        match self.amendment {
            Some(number) => format!("Version {number} of the plan, while the trial runs"),
            None => "Plan of a new trial".to_owned(),
        }
    }

    fn tag(&self) -> Tag {
        match self.mine {
            Some(_) if self.on_condition => Tag::new("Your condition is open", TagColour::Orange),
            Some(_) => Tag::new("Your signature is missing", TagColour::Yellow),
            None => Tag::new("Waits for others", TagColour::Grey),
        }
    }

    fn tier_words(&self) -> String {
        format!("Tier {}", self.tier.number())
    }

    fn missing_words(&self) -> String {
        self.missing.iter().map(|missing| role::signer(*missing)).collect::<Vec<_>>().join(", ")
    }
}
