use crate::component::{Area, Breadcrumbs, Cell, Crumb, ErrorSummary, Table};
use crate::number::{counted, grouped};
use crate::quantity::Quantity;
use crate::{Frame, Moment};
use askama::Template;
use fairtrial_analysis::explore::Explored;
use fairtrial_domain::protocol::{Outcome, Protocol};

/// Differences by declared group, for analysts after the decision. Everything on it says that it is exploratory.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/explore/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    /// Why the numbers were not given.
    pub errors: ErrorSummary,
    key: String,
    title: String,
    as_of: Moment,
    asked: String,
    tables: Vec<Table>,
    purpose: Area,
}

impl Show {
    /// The page of what was found; `typed` is what was typed before.
    #[must_use]
    pub fn new(
        frame: Frame,
        plan: &Protocol,
        as_of: Moment,
        found: &[Explored],
        typed: &str,
        errors: ErrorSummary,
    ) -> Self {
        let hint = "In a sentence. It is kept on record with your name.";
        let purpose = Area::purpose("What are the numbers for?", hint, typed, &errors);
        Self {
            frame,
            errors,
            key: plan.key.to_string(),
            title: plan.title.clone(),
            as_of,
            asked: counted(found.len() as u64, "question", "questions"),
            tables: tables(plan, found),
            purpose,
        }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs.crumbs.push(Crumb { label: "Data".into(), address: format!("/trials/{}/data", self.key) });
        crumbs
    }
}

/// A table for each attribute and outcome that has something to show.
fn tables(plan: &Protocol, found: &[Explored]) -> Vec<Table> {
    let mut tables = Vec::new();
    for attribute in &plan.attributes {
        for outcome in &plan.outcomes {
            let rows: Vec<&Explored> =
                found.iter().filter(|one| one.attribute == attribute.name && one.outcome == outcome.key).collect();
            if !rows.is_empty() {
                tables.push(Table {
                    caption: format!("Exploratory: {} by {}", outcome.name, attribute.name.replace('_', " ")),
                    caption_hidden: false,
                    head: vec![
                        Cell::words("Group"),
                        Cell::words("Version"),
                        Cell::number("Counted, usual and new"),
                        Cell::number("Difference"),
                        Cell::number("Likely"),
                        Cell::number("p-value"),
                        Cell::number("Adjusted for all"),
                    ],
                    rows: rows.into_iter().map(|one| row(plan, outcome, one)).collect(),
                });
            }
        }
    }
    tables
}

fn row(plan: &Protocol, outcome: &Outcome, one: &Explored) -> Vec<Cell> {
    let name = plan.arms.iter().find(|arm| arm.key == one.comparison.arm);
    let people = |key: &fairtrial_domain::ArmKey| {
        one.arms.iter().find(|(arm, ..)| arm == key).map_or_else(String::new, |(_, people, _)| grouped(*people))
    };
    let found = &one.comparison;
    let quantity = Quantity::new(outcome.kind, &plan.unit).for_difference(found.estimate, found.lower, found.upper);
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "\u{2013}".to_owned());
    let probability =
        |p: Option<f64>| or_dash(p.map(|p| if p < 0.0001 { "below 0.0001".to_owned() } else { format!("{p:.4}") }));
    let group = match one.merged.is_empty() {
        true => one.group.clone(),
        false => format!("{} ({})", one.group, one.merged.join(", ")),
    };
    vec![
        Cell::words(group),
        Cell::words(name.map_or_else(|| found.arm.to_string(), |arm| arm.name.clone())),
        Cell::number(format!("{} and {}", people(&found.control), people(&found.arm))),
        Cell::number(or_dash(found.estimate.and_then(|estimate| quantity.change(estimate)))),
        Cell::number(or_dash(quantity.range(found.lower, found.upper))),
        Cell::number(probability(one.p_value)),
        Cell::number(probability(one.adjusted)),
    ]
}
