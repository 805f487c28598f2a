use crate::component::{Breadcrumbs, Button, ButtonStyle, Cell, Crumb, SummaryList, Table};
use crate::number::{counted, grouped, signed};
use crate::{Frame, Moment};
use askama::Template;

/// A list: how its people lie in the versions, which lines were refused, and whether it is committed.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/batch/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    key: String,
    title: String,
    id: String,
    facts: SummaryList,
    balance: Table,
    expected: bool,
    refused: Option<Table>,
    commit: Option<Button>,
    own: bool,
    committed: Option<Committed>,
}

/// What came of a list.
#[derive(Debug, Clone)]
pub struct Committed {
    /// When.
    pub at: Moment,
    /// By whom.
    pub by: String,
    /// SHA-256 of the file.
    pub checksum: String,
}

/// How people lie in the versions.
#[derive(Debug, Clone)]
pub struct Balance {
    /// Whether these are expected counts, before the draw.
    pub expected: bool,
    /// Names of the versions.
    pub arms: Vec<String>,
    /// The strata; each with its counts, and the largest standardised difference from the usual version.
    pub strata: Vec<(String, Vec<u64>, Option<f64>)>,
    /// All together.
    pub all: Vec<u64>,
}

/// What of a list this person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct May {
    /// Commit it.
    pub commit: bool,
    /// They sent it themselves.
    pub own: bool,
}

impl Show {
    /// The page of the list `id` of the trial `(key, title)`; `refused` are lines with the reason.
    #[must_use]
    pub fn new(
        frame: Frame,
        (key, title, id): (&str, &str, &str),
        (people, uploaded, by): (u64, Moment, &str),
        balance: &Balance,
        refused: &[(u64, String)],
        may: May,
        committed: Option<Committed>,
    ) -> Self {
        let facts = SummaryList::default()
            .row("People in it", counted(people, "person", "people"))
            .row("Lines refused", grouped(refused.len() as u64))
            .row("Sent", format!("{uploaded}, by {by}"));
        let facts = match &committed {
            Some(done) => facts.row("Committed", format!("{}, by {}", done.at, done.by)),
            None => facts,
        };
        let commit = (may.commit && committed.is_none()).then(|| Button {
            explanation: Some("Everybody in the list is assigned at once, for good.".into()),
            style: ButtonStyle::Primary,
            ..frame.button(format!("/trials/{key}/batches/{id}/commit"), "Commit the list")
        });
        Self {
            key: key.to_owned(),
            title: title.to_owned(),
            id: id.to_owned(),
            facts,
            balance: table(balance),
            expected: balance.expected,
            refused: refusals(refused),
            commit,
            own: may.own && committed.is_none(),
            committed,
            frame,
        }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        let lists = Crumb { label: "Lists for letters".into(), address: format!("/trials/{}/batches", self.key) };
        crumbs.crumbs.push(lists);
        crumbs
    }
}

fn table(balance: &Balance) -> Table {
    let mut head = vec![Cell::words("Group")];
    head.extend(balance.arms.iter().map(|arm| Cell::number(arm.clone())));
    head.push(Cell::number("Difference, in standard deviations"));
    let row = |name: &str, counts: &[u64], difference: Option<f64>| {
        let mut cells = vec![Cell::words(name)];
        cells.extend(counts.iter().map(|count| Cell::number(grouped(*count))));
        cells.push(Cell::number(difference.filter(|d| d.is_finite()).map_or("–".into(), |d| signed(d, 2))));
        cells
    };
    let mut rows: Vec<_> = balance.strata.iter().map(|(name, counts, d)| row(name, counts, *d)).collect();
    rows.push(row("All", &balance.all, None));
    Table { caption: "People by group and version".into(), caption_hidden: true, head, rows }
}

/// Lines that are named on the page.
const NAMED: usize = 100;

fn refusals(refused: &[(u64, String)]) -> Option<Table> {
    let row = |(line, why): &(u64, String)| vec![Cell::words(format!("Line {line}")), Cell::words(why.clone())];
    (!refused.is_empty()).then(|| Table {
        caption: match refused.len() > NAMED {
            true => format!("Lines that were refused, the first {NAMED}"),
            false => "Lines that were refused".to_owned(),
        },
        caption_hidden: true,
        head: vec![Cell::words("Line"), Cell::words("Why")],
        rows: refused.iter().take(NAMED).map(row).collect(),
    })
}
