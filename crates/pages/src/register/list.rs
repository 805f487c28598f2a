use super::words;
use crate::component::{Pagination, Select, Tag, TextField};
use crate::language::{Label, Say};
use crate::{Frame, Moment, number::counted};
use askama::Template;
use fairtrial_domain::trial::State;

/// The register, or what was found in it.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/register/list.html")]
pub struct List {
    /// Around the page.
    pub frame: Frame,
    /// The trials on this page of the list.
    pub rows: Vec<Row>,
    /// How many were found in all.
    pub found: u64,
    /// Whether something was looked for.
    pub narrowed: bool,
    /// Links to the other pages of the list.
    pub pagination: Pagination,
    words: TextField,
    agency: Select,
    state: Select,
}

/// One trial in the register.
#[derive(Debug, Clone)]
pub struct Row {
    /// The key in its address.
    pub key: String,
    /// The title.
    pub title: String,
    /// The agency that runs it.
    pub agency: String,
    /// What is compared, in a sentence or two.
    pub summary: String,
    /// Where it stands.
    pub state: State,
    /// Whether it was stopped because people were harmed.
    pub reverted: bool,
    /// When something last changed.
    pub changed: Moment,
    /// Whether results are overdue.
    pub overdue: bool,
}

impl Row {
    fn tag(&self) -> Tag {
        words::state_tag(self.state, self.reverted)
    }
}

impl List {
    /// The page. `agencies` are keys and names to choose from; `words`, `agency` and `state` what was looked for.
    #[must_use]
    pub fn new(
        frame: Frame,
        rows: Vec<Row>,
        found: u64,
        pagination: Pagination,
        agencies: Vec<(String, String)>,
        (words, agency, state): (&str, &str, &str),
    ) -> Self {
        let any = |label: &str| (String::new(), label.to_owned());
        let states = State::ALL.iter().filter(|state| !matches!(state, State::Draft | State::InReview));
        let states = states.map(|state| (state.as_str().to_owned(), words::state(*state, false).to_owned()));
        let field = TextField::new("q", "Words").hint("For example: letter, fines, appointment");
        Self {
            frame,
            rows,
            found,
            narrowed: !(words.is_empty() && agency.is_empty() && state.is_empty()),
            pagination,
            words: TextField { value: words.to_owned(), ..field },
            agency: Select {
                name: "agency".into(),
                label: "Agency".into(),
                options: std::iter::once(any("Any agency")).chain(agencies).collect(),
                chosen: agency.to_owned(),
            },
            state: Select {
                name: "state".into(),
                label: "Where it stands".into(),
                options: std::iter::once(any("Anywhere")).chain(states).collect(),
                chosen: state.to_owned(),
            },
        }
    }

    fn found_sentence(&self) -> String {
        counted(self.found, "trial", "trials")
    }
}
