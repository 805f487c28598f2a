use super::Change;
use crate::component::{Breadcrumbs, Crumb, SummaryList, Tag, TagColour};
use crate::{Frame, Moment};
use askama::Template;
use fairtrial_domain::trial::{AmendmentClass, DataSeen};

/// Every version of a trial's plan, the latest first, each with what it changed.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/trial/versions.html")]
pub struct Versions {
    /// Around the page.
    pub frame: Frame,
    /// The key of the trial.
    pub key: String,
    /// The title of the trial.
    pub title: String,
    /// The versions.
    pub versions: Vec<Version>,
    /// Whether this person may propose another one.
    pub may_amend: bool,
}

/// One version of a plan.
#[derive(Debug, Clone)]
pub struct Version {
    /// Its number.
    pub number: i64,
    /// How it stands, in a word: `draft`, `waiting`, `in_force`, `replaced` or `returned`.
    pub standing: String,
    /// Its protocol id.
    pub protocol_id: String,
    /// When it was proposed.
    pub proposed: Moment,
    /// From when on it was in force.
    pub in_force: Option<Moment>,
    /// By whom, why, how much it changes, and what had been seen; nothing for the first version.
    pub amendment: Option<(String, String, AmendmentClass, DataSeen)>,
    /// What it changed.
    pub changes: Vec<Change>,
}

impl Versions {
    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs
    }
}

impl Version {
    fn tag(&self) -> Tag {
        match self.standing.as_str() {
            "in_force" => Tag::new("In force", TagColour::Green),
            "waiting" => Tag::new("Waiting for signatures", TagColour::Yellow),
            "returned" => Tag::new("Returned", TagColour::Grey),
            "replaced" => Tag::new("Replaced", TagColour::Grey),
            _ => Tag::new("Draft", TagColour::Grey),
        }
    }

    fn facts(&self) -> SummaryList {
        let mut list = SummaryList::default().row("Plan", &self.protocol_id).row("Proposed", self.proposed.to_string());
        if let Some(from) = &self.in_force {
            list = list.row("In force from", from.to_string());
        }
        if let Some((name, reason, class, seen)) = &self.amendment {
            let class = match class {
                AmendmentClass::Minor => "Minor: words only",
                AmendmentClass::Major => "Major: changed after start",
            };
            let seen = match seen {
                DataSeen::None => "Nothing",
                DataSeen::Pooled => "Numbers of all versions together",
                DataSeen::ByArm => "Numbers of each version",
            };
            list =
                list.row("By", name).row("Why", reason).row("Class", class).row("Seen of the outcomes by then", seen);
        }
        list
    }
}
