//! What is said of the records of single people: how long they are kept, and that they are gone.

use chrono::NaiveDate;

use crate::{moment::day, number::counted};

/// How it stands with the records of single people of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Records {
    /// There is no final report yet; for so many days after it.
    KeptFor(u32),
    /// The final report is there; kept until this day.
    KeptUntil(NaiveDate),
    /// They have been going since this day.
    Going(NaiveDate),
    /// They went on this day.
    Gone(NaiveDate),
}

/// What went, for people of the agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gone {
    /// People who were in the trial.
    pub people: u64,
    /// Deliveries, harms, overrides and opt-outs.
    pub notes: u64,
    /// Events whose content went.
    pub events: u64,
    /// Lists of people.
    pub lists: u64,
}

impl Records {
    /// In a sentence without its full stop.
    ///
    /// ```
    /// use fairtrial_pages::records::Records;
    /// let day = chrono::NaiveDate::from_ymd_opt(2027, 3, 1).unwrap();
    /// assert_eq!(Records::KeptUntil(day).sentence(), "Kept until 1 March 2027, then deleted");
    /// ```
    #[must_use]
    pub fn sentence(self) -> String {
        match self {
            Self::KeptFor(days) => format!("{} after the final report", counted(u64::from(days), "day", "days")),
            Self::KeptUntil(on) => format!("Kept until {}, then deleted", day(on)),
            Self::Going(since) => format!("Being deleted since {}", day(since)),
            Self::Gone(on) => format!("Deleted on {}. The results that were reported stay", day(on)),
        }
    }
}

impl Gone {
    /// In a sentence without its full stop.
    ///
    /// ```
    /// use fairtrial_pages::records::Gone;
    /// let gone = Gone { people: 1_200, events: 900, notes: 1, lists: 0 };
    /// assert_eq!(gone.sentence(), "Gone are: who was given what, of 1,200 people; 900 events; 1 note");
    /// ```
    #[must_use]
    pub fn sentence(self) -> String {
        let more = [(self.events, "event", "events"), (self.notes, "note", "notes"), (self.lists, "list", "lists")];
        let more =
            more.into_iter().filter(|(number, ..)| *number > 0).map(|(number, one, many)| counted(number, one, many));
        let parts: Vec<String> =
            std::iter::once(format!("who was given what, of {}", counted(self.people, "person", "people")))
                .chain(more)
                .collect();
        format!("Gone are: {}", parts.join("; "))
    }
}
