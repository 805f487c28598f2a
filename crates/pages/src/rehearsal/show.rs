use super::ending::{self, Told};
use crate::Frame;
use crate::chart::{Decisions, Verdicts};
use crate::component::{Breadcrumbs, Cell, Crumb, Table};
use crate::number::{counted, grouped, plural};
use askama::Template;
use fairtrial_analysis::design::Problem;
use fairtrial_analysis::preview::Ending;
use fairtrial_analysis::rehearse::{RehearsalReport, ScenarioReport, Share, Truth};
use fairtrial_domain::protocol::Protocol;

/// What a plan would have decided under its truths.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/rehearsal/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    key: String,
    title: String,
    planning: Vec<String>,
    cannot: Option<String>,
    result: Option<Tried>,
    harm: Vec<String>,
    endings: Vec<Told>,
    no_endings: Option<String>,
}

#[derive(Debug, Clone)]
struct Tried {
    how_many: String,
    finished: bool,
    sentences: Vec<String>,
    chart: Decisions,
    assumptions: Vec<String>,
}

/// The decisions in the order of the table.
const HEAD: [&str; 6] = [
    "Adopt",
    "Does not do enough",
    "Given up early",
    "Stopped for harm",
    "Not enough information",
    "Could not be read",
];

fn shares(scenario: &ScenarioReport) -> [Share; 6] {
    let decided = &scenario.decided;
    [decided.succeeded, decided.failed, decided.futile, decided.harmful, decided.undecided, decided.invalid]
}

fn truth(truth: Truth) -> &'static str {
    match truth {
        Truth::NoEffect => "The new version changes nothing",
        Truth::Worthwhile => "It helps just enough to matter",
        Truth::HalfOfIt => "It helps half as much",
        Truth::Harm => "It does harm",
        Truth::HarmAtMargin => "It harms just as many as you accept",
    }
}

/// How many of 100, with the error that the number of trials leaves.
fn of_100(share: Share) -> String {
    let error = 100.0 * 2.0 * share.monte_carlo_error;
    let error = if error < 0.5 { String::new() } else { format!(" \u{b1} {error:.0}") };
    format!("{:.0}{error}", share.share * 100.0)
}

impl Show {
    /// The page; `tried` what there is of a rehearsal and whether it has ended, `cannot` why it cannot be, `planning` what its numbers can show.
    #[must_use]
    pub fn new(
        frame: Frame,
        (key, title): (&str, &str),
        planning: Vec<String>,
        tried: Option<(&RehearsalReport, bool)>,
        unit: &str,
        cannot: Option<String>,
    ) -> Self {
        let result = tried.map(|(report, finished)| Tried::of(report, finished, unit));
        Self {
            frame,
            key: key.to_owned(),
            title: title.to_owned(),
            planning,
            cannot,
            result,
            harm: Vec::new(),
            endings: Vec::new(),
            no_endings: None,
        }
    }

    /// The same page with how soon the rules for harm would stop such a trial, in sentences.
    #[must_use]
    pub fn with_harm(self, harm: Vec<String>) -> Self {
        Self { harm, ..self }
    }

    /// The same page with what the report will say for each way to end, or with what keeps it from being told.
    #[must_use]
    pub fn with_endings(self, endings: Result<&[Ending], &Problem>, plan: &Protocol) -> Self {
        match endings {
            Ok(endings) => Self { endings: ending::told(endings, plan), ..self },
            Err(problem) => Self { no_endings: Some(format!("{}.", problem.detail)), ..self },
        }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs
    }
}

impl Tried {
    fn of(report: &RehearsalReport, finished: bool, unit: &str) -> Self {
        let row = |scenario: &ScenarioReport| {
            let mut cells = vec![Cell::words(truth(scenario.truth))];
            cells.extend(shares(scenario).map(|share| Cell::number(of_100(share))));
            cells.push(Cell::number(grouped(scenario.expected_people.round().max(0.0) as u64)));
            cells.push(Cell::number(grouped(scenario.expected_days.round().max(0.0) as u64)));
            cells
        };
        let mut head = vec![Cell::words("If this is true")];
        head.extend(HEAD.map(|decision| Cell::number(format!("{decision}, of 100"))));
        head.push(Cell::number(format!("{} on average", capital(&plural(unit)))));
        head.push(Cell::number("Days on average"));
        let table = Table {
            caption: "What 100 such trials would have decided".into(),
            caption_hidden: true,
            head,
            rows: report.scenarios.iter().map(row).collect(),
        };
        let bars: Vec<Verdicts> = report
            .scenarios
            .iter()
            .map(|scenario| Verdicts {
                truth: truth(scenario.truth),
                shares: shares(scenario).map(|share| share.share),
            })
            .collect();
        Self {
            how_many: format!(
                "{} were run under each truth, with people made up by chance (seed {}). In full, one takes {}.",
                counted(report.trials, "made-up trial", "made-up trials"),
                report.seed,
                counted(report.people, unit, &plural(unit)),
            ),
            finished,
            sentences: report.sentences.clone(),
            chart: Decisions::new("rehearsal", "What 100 such trials would have decided", &HEAD, &bars, table),
            assumptions: report.assumptions.clone(),
        }
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
