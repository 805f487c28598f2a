//! The items in the order of the checklist.

use super::{
    answer::{Answer, Standing},
    before, groups, methods,
    record::{Reader, Record},
    results,
};

/// One item with its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its number in the checklist: "16a"; of an extension with a letter before it: "G2".
    pub number: &'static str,
    /// The part of the checklist that it stands in.
    pub section: &'static str,
    /// What it asks about.
    pub topic: &'static str,
    /// What the record says.
    pub answer: Answer,
    /// Where in the record that stands.
    pub place: Option<Place>,
}

/// A place in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The plan.
    Plan,
    /// The report.
    Report,
    /// The versions of the plan.
    Versions,
    /// The public register.
    Register,
    /// The decision.
    Decision,
}

impl Place {
    /// What it is called.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Plan => "The plan",
            Self::Report => "The report",
            Self::Versions => "The versions of the plan",
            Self::Register => "The public register",
            Self::Decision => "What was decided",
        }
    }

    /// Where it is: for the public all of it stands on one page.
    pub(super) fn address(self, trial: &str, reader: Reader) -> String {
        let part = match (reader, self) {
            (Reader::Public, _) | (_, Self::Register) => return format!("/register/{trial}"),
            (_, Self::Plan) => "protocol",
            (_, Self::Report) => "report",
            (_, Self::Versions) => "versions",
            (_, Self::Decision) => "decision",
        };
        format!("/trials/{trial}/{part}")
    }
}

/// The whole checklist of one trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checklist {
    /// The items, in order.
    pub items: Vec<Item>,
}

type Answers = fn(&Record<'_>) -> Answer;
type Row = (&'static str, &'static str, Option<Place>, Answers);

const SECTIONS: [(&str, &[Row]); 6] = [
    (
        "Title and summary",
        &[
            ("1a", "The title says that chance decided", Some(Place::Plan), before::title),
            ("1b", "A summary of how it was done and what came out", Some(Place::Register), before::summary),
        ],
    ),
    (
        "Openness",
        &[
            ("2", "Where and when it was registered", Some(Place::Register), before::registered),
            ("3", "Where the plan can be read", Some(Place::Register), before::plan_open),
            ("4", "Who can get the data", Some(Place::Register), before::data_open),
            ("5a", "Who paid, and with what say", None, before::funding),
            ("5b", "What those who report it have to gain", None, before::interests),
        ],
    ),
    (
        "Why it was done",
        &[
            ("6", "Why it was worth trying", Some(Place::Plan), before::background),
            ("7", "What it was to show, good and bad", Some(Place::Plan), before::objectives),
        ],
    ),
    (
        "How it was done",
        &[
            ("8", "What say the people concerned had", Some(Place::Plan), methods::involvement),
            ("9", "What kind of trial it was", Some(Place::Plan), methods::design),
            ("10", "What was changed after the start, and why", Some(Place::Versions), methods::changes),
            ("11", "Where it was done", Some(Place::Plan), methods::setting),
            ("12a", "Who could be in it", Some(Place::Plan), methods::eligible),
            ("12b", "Which offices and which staff could take part", Some(Place::Plan), methods::eligible_places),
            ("13", "What the versions are, so that others can repeat them", Some(Place::Plan), methods::versions),
            ("14", "What was measured, how and until when", Some(Place::Plan), methods::outcomes),
            ("15", "What counted as harm, and how it was noticed", Some(Place::Plan), methods::harms),
            ("16a", "Why it was of this size", Some(Place::Plan), methods::size),
            ("16b", "Looks before the end, and what would have ended it", Some(Place::Plan), methods::looks),
            ("17a", "Who drew the versions, and how", Some(Place::Register), methods::drawn_by),
            ("17b", "Which kind of draw, and what it was balanced by", Some(Place::Plan), methods::kind_of_draw),
            ("18", "How a draw was kept from being known before", Some(Place::Register), methods::concealed),
            ("19", "Who of the staff could know a draw before", Some(Place::Plan), methods::known_before),
            ("20a", "Who did not know which version somebody got", Some(Place::Report), methods::masked),
            ("20b", "How it was kept from them", None, methods::masked_how),
            ("21a", "How the versions were compared", Some(Place::Report), methods::comparison),
            ("21b", "Who is counted, and with which version", Some(Place::Plan), methods::counted_in),
            ("21c", "What was done about missing outcomes", Some(Place::Plan), methods::missing),
            ("21d", "What else was planned to be worked out", Some(Place::Plan), methods::more_analyses),
        ],
    ),
    (
        "What came out",
        &[
            ("22a", "How many were assigned, reached and counted, by version", Some(Place::Report), results::flow),
            ("22b", "How many were lost, and why, by version", Some(Place::Report), results::lost),
            ("23a", "From when to when", Some(Place::Register), results::dates),
            ("23b", "Why it ended", Some(Place::Register), results::ended),
            ("24a", "What people really got", Some(Place::Report), results::delivered),
            ("24b", "What else they got meanwhile", Some(Place::Plan), results::beside),
            ("25", "What people were like at the start, by version", Some(Place::Report), results::baseline),
            ("26", "The result of each outcome, by version", Some(Place::Report), results::outcomes),
            ("27", "Harm, by version", Some(Place::Report), results::harms),
            ("28", "What else was worked out", Some(Place::Report), results::more),
        ],
    ),
    (
        "What it means",
        &[
            ("29", "What it means, good against bad", Some(Place::Decision), results::meaning),
            ("30", "What limits it", Some(Place::Report), results::limits),
        ],
    ),
];

impl Checklist {
    /// The checklist, answered from that record. Trials of whole groups, and of offices that change over, have the items of
    /// their extensions after it.
    #[must_use]
    pub fn of(record: &Record<'_>) -> Self {
        let extensions = groups::sections(&record.plan.allocation);
        let sections = SECTIONS.into_iter().chain(extensions);
        let items = sections.flat_map(|(section, rows)| {
            rows.iter().map(move |(number, topic, place, answer)| {
                let answer = answer(record);
                let leads = answer.standing() != Standing::NotOnRecord && answer.standing() != Standing::NotAsked;
                Item { number, section, topic, answer, place: place.filter(|_| leads) }
            })
        });
        Self { items: items.collect() }
    }

    /// How many items stand like that.
    #[must_use]
    pub fn count(&self, standing: Standing) -> usize {
        self.items.iter().filter(|item| item.answer.standing() == standing).count()
    }
}
