use super::What;
use crate::Frame;
use crate::component::{Breadcrumbs, Cell, Crumb, Notice, Table};
use crate::number::{counted, grouped, plural};
use askama::Template;
use fairtrial_domain::projection::ArmHandling;

/// What was noted of all people of a trial together. No number on it tells one version from another.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/note/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    key: String,
    title: String,
    people: String,
    table: Table,
    may_note: bool,
    may_compare: bool,
}

/// The same by version: the monitor's page until the data are locked.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/note/by_version.html")]
pub struct ByVersion {
    /// Around the page.
    pub frame: Frame,
    key: String,
    title: String,
    table: Table,
}

/// What is counted, in the order of the page.
const COUNTED: [&str; 11] = [
    "Delivered or seen",
    "Seen",
    "Could not be delivered",
    "Came back",
    "Given another version for their good",
    "Opted out",
    "Data taken out",
    "Harm reports: slight (1)",
    "Harm reports: moderate (2)",
    "Harm reports: grave (3)",
    "Harm reports: gravest (4)",
];

fn numbers(counts: &ArmHandling) -> [u64; COUNTED.len()] {
    let [slight, moderate, grave, gravest] = counts.harms;
    [
        counts.delivered,
        counts.seen,
        counts.failed,
        counts.returned,
        counts.overridden,
        counts.opted_out,
        counts.data_withdrawn,
        slight,
        moderate,
        grave,
        gravest,
    ]
}

impl Show {
    /// The page; `may_note` says whether this person writes notes, `may_compare` whether they may read them by version.
    #[must_use]
    pub fn new(
        frame: Frame,
        (key, title, unit): (&str, &str, &str),
        people: u64,
        counts: &ArmHandling,
        (may_note, may_compare): (bool, bool),
    ) -> Self {
        let row = |(name, number): (&&str, u64)| vec![Cell::words(*name), Cell::number(grouped(number))];
        let table = Table {
            caption: "All versions together".into(),
            caption_hidden: false,
            head: vec![Cell::words("What was noted"), Cell::number("How many")],
            rows: COUNTED.iter().zip(numbers(counts)).map(row).collect(),
        };
        Self {
            frame,
            key: key.to_owned(),
            title: title.to_owned(),
            people: counted(people, unit, &plural(unit)),
            table,
            may_note,
            may_compare,
        }
    }

    /// The same page after something was written down.
    #[must_use]
    pub fn noted(mut self, what: What) -> Self {
        self.frame.notice = Some(Notice::done(what.done(), None));
        self
    }

    fn crumbs(&self) -> Breadcrumbs {
        crumbs(&self.key, &self.title)
    }

    fn forms(&self) -> [(&'static str, &'static str); 3] {
        What::ALL.map(|what| (what.word(), what.heading()))
    }
}

impl ByVersion {
    /// The page; a version is its name, the people assigned to it, and what was noted of them.
    #[must_use]
    pub fn new(frame: Frame, (key, title): (&str, &str), versions: &[(String, u64, ArmHandling)]) -> Self {
        let head = std::iter::once(Cell::words("What was noted"));
        let head = head.chain(versions.iter().map(|(name, ..)| Cell::number(name.clone()))).collect();
        let of = |name: &str, number: &dyn Fn(&(String, u64, ArmHandling)) -> u64| {
            let numbers = versions.iter().map(|version| Cell::number(grouped(number(version))));
            std::iter::once(Cell::words(name)).chain(numbers).collect::<Vec<_>>()
        };
        let mut rows = vec![of("Assigned", &|version| version.1)];
        for (place, name) in COUNTED.iter().enumerate() {
            rows.push(of(name, &|version| numbers(&version.2).get(place).copied().unwrap_or(0)));
        }
        let table = Table { caption: "By version".into(), caption_hidden: false, head, rows };
        Self { frame, key: key.to_owned(), title: title.to_owned(), table }
    }

    fn crumbs(&self) -> Breadcrumbs {
        crumbs(&self.key, &self.title)
    }
}

fn crumbs(key: &str, title: &str) -> Breadcrumbs {
    let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
    crumbs.crumbs.push(Crumb { label: title.to_owned(), address: format!("/trials/{key}") });
    crumbs
}
