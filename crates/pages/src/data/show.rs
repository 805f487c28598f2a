use crate::component::{Area, Breadcrumbs, Cell, Crumb, ErrorSummary, Table};
use crate::number::{counted, grouped};
use crate::protocol::attribute_words;
use crate::{Frame, Moment};
use askama::Template;
use fairtrial_analysis::report::OutcomeReport;
use fairtrial_domain::protocol::{OutcomeKind, Protocol, Role};

/// What the data of a trial hold and lack, and the place where records are taken away.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/data/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    /// Why records were not given.
    pub errors: ErrorSummary,
    key: String,
    title: String,
    population: &'static str,
    attributes: Vec<String>,
    outcomes: Table,
    missing: Option<Table>,
    as_of: Moment,
    corrections: Vec<String>,
    files: Vec<String>,
    purpose: Area,
}

impl Show {
    /// The page. `found` are the outcomes by arm, empty before the data are locked; `typed` what was typed before.
    #[must_use]
    pub fn new(
        frame: Frame,
        plan: &Protocol,
        as_of: Moment,
        found: &[OutcomeReport],
        typed: &str,
        errors: ErrorSummary,
    ) -> Self {
        let hint = "In a sentence. It is kept on record with your name and the fingerprint of what you take away.";
        let purpose = Area::purpose("What are the records for?", hint, typed, &errors);
        Self {
            frame,
            errors,
            key: plan.key.to_string(),
            title: plan.title.clone(),
            population: "Everybody who was assigned, in the version that chance gave them, whatever they got in the end. People who took their data out, and people who turned out to be in the trial twice, are left out.",
            attributes: plan.attributes.iter().map(attribute_words).collect(),
            outcomes: dictionary(plan),
            missing: (!found.is_empty()).then(|| missing(plan, found)),
            as_of,
            corrections: Vec::new(),
            files: Vec::new(),
            purpose,
        }
    }

    /// With what was corrected, in sentences.
    #[must_use]
    pub fn with_corrections(mut self, sentences: Vec<String>, waiting: u64) -> Self {
        self.corrections = sentences;
        if waiting > 0 {
            self.corrections.push(format!(
                "Corrections of this agency that wait for an event which has not come: {}. Ask the sender whether its id is right.",
                grouped(waiting)
            ));
        }
        self
    }

    /// With the files that people took in: when, who, how many outcomes, and when it was taken back.
    #[must_use]
    pub fn with_files(mut self, files: &[(Moment, String, u64, Option<Moment>)]) -> Self {
        let sentence = |(at, by, new, back): &(Moment, String, u64, Option<Moment>)| {
            let back = back.as_ref().map(|back| format!(", and taken back on {back}")).unwrap_or_default();
            format!(
                "{} with the file that was taken in on {at}, by {by}{back}.",
                counted(*new, "outcome came", "outcomes came")
            )
        };
        self.files = files.iter().map(sentence).collect();
        self
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs
    }
}

/// What each outcome is, in a row.
fn dictionary(plan: &Protocol) -> Table {
    let kind = |kind: OutcomeKind| match kind {
        OutcomeKind::Binary => "1 where it happened, empty where it did not",
        OutcomeKind::Count => "how often it happened",
        OutcomeKind::Amount => "sum of the values",
        OutcomeKind::Duration => "time until it happened",
        OutcomeKind::Rating => "value on a scale",
    };
    let role = |role: Role| match role {
        Role::Primary => "The main question",
        Role::Secondary => "Also measured",
        Role::Guardrail => "Must not get worse",
        Role::Harm => "Watched for harm",
    };
    let row = |outcome: &fairtrial_domain::protocol::Outcome| {
        vec![
            Cell::words(outcome.name.clone()),
            Cell::words(outcome.key.to_string()),
            Cell::words(outcome.event.clone()),
            Cell::words(kind(outcome.kind)),
            Cell::words(role(outcome.role)),
            Cell::number(grouped(u64::from(outcome.follow_up_days))),
        ]
    };
    Table {
        caption: "Outcomes".into(),
        caption_hidden: false,
        head: vec![
            Cell::words("Name"),
            Cell::words("Column"),
            Cell::words("Made from the event"),
            Cell::words("Value"),
            Cell::words("What it is for"),
            Cell::number("Days of follow-up"),
        ],
        rows: plan.outcomes.iter().map(row).collect(),
    }
}

/// Who is missing, by outcome and version.
fn missing(plan: &Protocol, found: &[OutcomeReport]) -> Table {
    let name = |key: &fairtrial_domain::ArmKey| {
        plan.arms.iter().find(|arm| arm.key == *key).map_or_else(|| key.to_string(), |arm| arm.name.clone())
    };
    let rows = found.iter().flat_map(|outcome| {
        outcome.arms.iter().map(|arm| {
            let of = arm.analysed.saturating_add(arm.missing);
            let share =
                if of == 0 { "\u{2013}".to_owned() } else { format!("{:.1}", 100.0 * arm.missing as f64 / of as f64) };
            vec![
                Cell::words(format!("{}, {}", outcome.name, name(&arm.arm))),
                Cell::number(grouped(arm.assigned)),
                Cell::number(grouped(arm.not_yet_mature)),
                Cell::number(grouped(arm.analysed)),
                Cell::number(grouped(arm.missing)),
                Cell::number(share),
            ]
        })
    });
    Table {
        caption: "Who is missing, by outcome and version".into(),
        caption_hidden: true,
        head: vec![
            Cell::words("Outcome and version"),
            Cell::number("Assigned"),
            Cell::number("Too early to count"),
            Cell::number("Counted"),
            Cell::number("No outcome known"),
            Cell::number("Missing of 100"),
        ],
        rows: rows.collect(),
    }
}
