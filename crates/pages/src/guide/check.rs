use super::{Given, Shape, words};
use crate::Frame;
use crate::component::{Breadcrumbs, Button, ButtonStyle, Crumb, SummaryList, SummaryRow};
use crate::person::role;
use crate::trial::Change;
use askama::Template;
use chrono::NaiveDate;
use fairtrial_domain::LockedProtocol;
use fairtrial_domain::trial::{PersonRole, Tier};

/// All answers of a plan before it is sent for approval.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/guide/check.html")]
pub struct Check {
    /// Around the page.
    pub frame: Frame,
    key: String,
    title: String,
    steps: Vec<(String, SummaryList)>,
    sentences: Vec<String>,
    rehearsed: bool,
    changes: Option<Vec<Change>>,
    tier: Tier,
    signers: Vec<&'static str>,
    send: Button,
}

/// What is checked.
#[derive(Debug, Clone)]
pub struct Answered<'a> {
    /// The plan.
    pub plan: &'a LockedProtocol,
    /// Each step by its name, with its answers.
    pub steps: Vec<(String, Vec<Given>)>,
    /// How many people it calls for.
    pub sentences: Vec<String>,
    /// Whether it is known that this very plan was rehearsed.
    pub rehearsed: bool,
    /// What differs from the content that was sent last; nothing when none was sent.
    pub changes: Option<Vec<Change>>,
    /// How much people could lose.
    pub tier: Tier,
    /// The roles that must sign it.
    pub signers: &'a [PersonRole],
}

impl Check {
    /// The page of that draft.
    #[must_use]
    pub fn of(frame: Frame, answered: Answered<'_>) -> Self {
        let protocol = answered.plan.protocol();
        let key = protocol.key.to_string();
        let send = Button {
            explanation: Some(
                "The plan goes to those who must sign it. It can be changed again only if they return it.".into(),
            ),
            protocol_id: Some(answered.plan.id().to_string()),
            style: ButtonStyle::Primary,
            ..frame.button(format!("/trials/{key}/submit"), "Send for approval")
        };
        let list = |(step, given): (String, Vec<Given>)| {
            let row = |given: Given| SummaryRow {
                key: words::field(&given.name).0.to_owned(),
                change: Some(format!("/trials/{key}/steps/{step}#{}", given.name)),
                value: shown(given),
            };
            (words::step_title(&step).to_owned(), SummaryList { rows: given.into_iter().map(row).collect() })
        };
        Self {
            frame,
            title: protocol.title.clone(),
            steps: answered.steps.into_iter().map(list).collect(),
            sentences: answered.sentences,
            rehearsed: answered.rehearsed,
            changes: answered.changes,
            tier: answered.tier,
            signers: answered.signers.iter().map(|role| role::signer(*role)).collect(),
            send,
            key,
        }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs.crumbs.push(Crumb { label: "Plan".into(), address: format!("/trials/{}/steps", self.key) });
        crumbs
    }
}

/// An answer as people read it, a paragraph for each line.
fn shown(given: Given) -> Vec<String> {
    if given.text.is_empty() {
        return vec!["Nothing".into()];
    }
    match given.shape {
        Shape::Line => vec![given.text],
        Shape::Lines => given.text.lines().map(str::to_owned).collect(),
        Shape::OneOf(_) | Shape::AnyOf(_) => {
            given.text.lines().map(|value| words::choice(&given.name, value).0).collect()
        }
        Shape::Day => {
            let day = given.text.parse::<NaiveDate>();
            vec![day.map_or(given.text, |day| day.format("%-d %B %Y").to_string())]
        }
    }
}
