use crate::Frame;
use crate::component::SummaryList;
use crate::language::{Label, Say};
use crate::moment::day;
use crate::records::Records;
use crate::register::state;
use askama::Template;
use fairtrial_domain::protocol::{Protocol, Role};
use fairtrial_domain::trial::State;

/// Name of the row that tells which agencies take part beside the one that runs the trial.
const PARTNERS: &str = "Other agencies that take part";

/// The page that the code on a letter leads to. It is made from the plan, the state and the agencies that take part alone, so it is the same
/// for everybody, whichever version they got and whether they are in the trial or not.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/notice/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    key: String,
    title: String,
    agency: String,
    code: String,
    state: &'static str,
    summary: String,
    why: String,
    who: String,
    lists: SummaryList,
    watched: Vec<String>,
    kept: Records,
}

impl Show {
    /// The page of that trial.
    #[must_use]
    pub fn of(frame: Frame, plan: &Protocol, agency: &str, code: &str, standing: (State, bool)) -> Self {
        let attributes: Vec<String> = plan.attributes.iter().map(crate::protocol::attribute_words).collect();
        let outcomes = plan.outcomes.iter().map(|outcome| outcome.name.clone()).collect();
        let watched = plan.outcomes.iter().filter(|outcome| matches!(outcome.role, Role::Harm | Role::Guardrail));
        Self {
            frame,
            key: plan.key.to_string(),
            title: plan.title.clone(),
            agency: agency.to_owned(),
            code: code.to_owned(),
            state: state(standing.0, standing.1),
            summary: plan.public_summary.clone(),
            why: plan.hypothesis.because.trim().trim_end_matches('.').to_owned(),
            who: plan.hypothesis.who.trim().trim_end_matches('.').to_owned(),
            lists: SummaryList::default()
                .row("Who runs the trial", agency)
                .row(PARTNERS, "None")
                .rows_of("What is known about you", attributes)
                .rows_of("What is counted", outcomes)
                .rows_of("Where it comes from", plan.data.sources.clone())
                .row("Under which law", &plan.data.lawful_basis),
            watched: watched.map(|outcome| outcome.name.clone()).collect(),
            kept: Records::KeptFor(plan.data.retain_units_days),
        }
    }

    /// The same page with how it stands with the records of single people.
    #[must_use]
    pub fn keeping(self, records: Records) -> Self {
        Self { kept: records, ..self }
    }

    /// A page about this trial.
    fn way(&self, page: &str) -> String {
        format!("/t/{}/{page}", self.code)
    }

    fn register(&self) -> String {
        format!("/register/{}", self.key)
    }

    fn records(&self) -> String {
        let keeps = "The trial keeps a code in the place of your name. Records about single people are";
        let gone = "The results that were reported stay.";
        match self.kept {
            Records::KeptFor(_) => format!("{keeps} deleted {}.", self.kept.sentence()),
            Records::KeptUntil(on) => format!("{keeps} kept until {}, then deleted.", day(on)),
            Records::Going(since) => format!("{keeps} being deleted, which began on {}. {gone}", day(since)),
            Records::Gone(on) => format!(
                "The trial kept a code in the place of your name. Records about single people were deleted on {}. {gone}",
                day(on)
            ),
        }
    }

    /// The same page, with the agencies that send outcomes: which, since when, and by what right.
    #[must_use]
    pub fn with_partners(mut self, partners: Vec<String>) -> Self {
        if let Some(row) = self.lists.rows.iter_mut().find(|row| row.key == PARTNERS).filter(|_| !partners.is_empty()) {
            row.value = partners;
        }
        self
    }
}
