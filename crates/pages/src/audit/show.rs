use crate::component::SummaryList;
use crate::{Frame, number};
use askama::Template;

/// How far the record has come, with the text to keep elsewhere.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/audit/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    /// How many entries there are.
    pub size: u64,
    /// Hash of the last one, in hexadecimal digits.
    pub root: String,
    /// The checkpoint as text.
    pub checkpoint: String,
}

impl Show {
    fn facts(&self) -> SummaryList {
        SummaryList::default().row("Entries", number::grouped(self.size)).row("Hash of the last one", &self.root)
    }
}
