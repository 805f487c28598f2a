use super::{Typed, crumbs, read_as};
use crate::component::{Breadcrumbs, Button, ButtonStyle, SummaryList};
use crate::number::{counted, grouped};
use crate::{Frame, Moment};
use askama::Template;

/// A file that was taken in, and the button that takes it back.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/outcome_file/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    key: String,
    title: String,
    facts: SummaryList,
    back: Option<String>,
    take_back: Option<Button>,
}

/// What is kept of it.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its number.
    pub id: i64,
    /// When it was taken in.
    pub at: Moment,
    /// By whom.
    pub by: String,
    /// SHA-256 of the file.
    pub digest: String,
    /// How its columns were read.
    pub read_as: Typed,
    /// Rows that were new, known before, about people who were not in the trial, and refused.
    pub rows: [u64; 4],
    /// That it was taken back.
    pub back: Option<Back>,
}

/// That a file was taken back.
#[derive(Debug, Clone)]
pub struct Back {
    /// When.
    pub at: Moment,
    /// By whom.
    pub by: String,
    /// Events taken back.
    pub events: u64,
    /// Events that had been corrected before, and stay so.
    pub corrected: u64,
}

impl Show {
    /// The page; the button is there while the trial takes outcomes.
    #[must_use]
    pub fn new(frame: Frame, (key, title): (&str, &str), kept: &Kept, open: bool) -> Self {
        let [new, known, others, refused] = kept.rows;
        let facts = SummaryList::default()
            .row("Taken in", format!("{}, by {}", kept.at, kept.by))
            .row("New", grouped(new))
            .row("Known before, and counted once", grouped(known))
            .row("About people who were not in the trial: left out, and not kept", grouped(others))
            .row("Refused and left out", grouped(refused))
            .row("Checksum of the file (SHA-256)", kept.digest.clone());
        let back = kept.back.as_ref().map(|back| {
            let stay = match back.corrected {
                0 => "",
                1 => " One had been corrected before, and stays as it was corrected.",
                _ => " Those that had been corrected before stay as they were corrected.",
            };
            format!(
                "Taken back on {}, by {}: {} no more.{stay} All of it stays on record.",
                back.at,
                back.by,
                counted(back.events, "outcome counts", "outcomes count")
            )
        });
        let take_back = (open && back.is_none()).then(|| Button {
            explanation: Some(
                "Everything that this file brought counts no more, and stays on record. Rows that another file brings again count with \
                 that file. It cannot be done once the data are locked."
                    .into(),
            ),
            style: ButtonStyle::Warning,
            ..frame.button(format!("/trials/{key}/outcome-files/{}/take-back", kept.id), "Take the file back")
        });
        Self {
            key: key.to_owned(),
            title: title.to_owned(),
            facts: read_as(facts, &kept.read_as),
            back,
            take_back,
            frame,
        }
    }

    fn crumbs(&self) -> Breadcrumbs {
        crumbs(&self.key, &self.title, true)
    }
}
