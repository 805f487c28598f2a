use crate::chart::{Life, Timeline};
use crate::component::{Cell, SummaryList, Table, Tag};
use crate::decision::words;
use crate::number::{counted, grouped, money};
use crate::report::Mark;
use crate::review::Attention;
use crate::{Frame, Moment, trial};
use askama::Template;
use fairtrial_analysis::report::VerdictKind;
use fairtrial_domain::trial::{Adoption, Decision, State};

/// The verdicts in the order in which they are counted: none before the other for what it found.
const ANSWERS: [VerdictKind; 5] =
    [VerdictKind::Succeeded, VerdictKind::Failed, VerdictKind::Harmful, VerdictKind::Undecided, VerdictKind::Invalid];

/// What an agency's trials have shown, and what became of it.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/portfolio/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    agency: String,
    attention: Attention,
    lines: Vec<Line>,
    facts: SummaryList,
    answers: Table,
    states: Table,
    adoptions: Option<Table>,
    timeline: Option<Timeline>,
}

/// One trial.
#[derive(Debug, Clone)]
pub struct Line {
    /// The key in its address.
    pub key: String,
    /// The title.
    pub title: String,
    /// Where it stands.
    pub state: State,
    /// People in it.
    pub people: u64,
    /// Whether people have ever been in it.
    pub started: bool,
    /// The verdict, once the data are locked.
    pub verdict: Option<VerdictKind>,
    /// Days from the first draft to the answer.
    pub days: Option<u64>,
    /// What was decided.
    pub decision: Option<Decision>,
    /// What became of it, the last report.
    pub adoption: Option<Adoption>,
    /// Since when an answer about it is awaited.
    pub awaited: Option<Moment>,
    /// The days of its life.
    pub life: Life,
    /// What its versions cost, as far as its plan states unit costs; once the data are locked.
    pub cost: Option<f64>,
    /// What the new version would cost more for each 1,000 people.
    pub extra: Option<f64>,
}

impl Line {
    fn tag(&self) -> Tag {
        trial::tag(self.state)
    }

    fn mark(&self) -> Option<Mark> {
        self.verdict.map(|kind| Mark { kind })
    }

    fn decided(&self) -> Option<&'static str> {
        self.decision.map(words::decided)
    }

    fn is_undecided(&self) -> bool {
        self.verdict.is_some() && self.decision.is_none()
    }

    fn adoption_tag(&self) -> Option<Tag> {
        self.adoption.map(words::adoption_tag)
    }

    fn days(&self) -> String {
        self.days.map_or_else(|| "–".to_owned(), grouped)
    }
}

impl Show {
    /// The page of an agency with that name and those trials, of which some call for attention.
    #[must_use]
    pub fn new(frame: Frame, agency: &str, lines: Vec<Line>, attention: Attention, now: Moment) -> Self {
        let count = |wanted: &dyn Fn(&Line) -> bool| lines.iter().filter(|line| wanted(line)).count() as u64;
        let row = |name: &str, n: u64| vec![Cell::words(name), Cell::number(grouped(n))];
        let table = |caption: &str, first: &str, rows: Vec<Vec<Cell>>| Table {
            caption: caption.into(),
            caption_hidden: true,
            head: vec![Cell::words(first), Cell::number("Trials")],
            rows,
        };
        let answers = ANSWERS.iter().map(|kind| row(words::learned(*kind), count(&|line| line.verdict == Some(*kind))));
        let states = State::ALL.iter().map(|state| (trial::tag(*state).word, count(&|line| line.state == *state)));
        let states = states.filter(|(_, n)| *n > 0).map(|(word, n)| row(&word, n)).collect();
        let to_adopt = |line: &Line| line.decision == Some(Decision::Adopt);
        let mut became: Vec<_> = Adoption::ALL
            .iter()
            .map(|status| row(words::became(*status), count(&|line| to_adopt(line) && line.adoption == Some(*status))))
            .collect();
        became.push(row("Nobody has reported yet", count(&|line| to_adopt(line) && line.adoption.is_none())));
        let lives: Vec<Life> = lines.iter().map(|line| line.life.clone()).collect();
        Self {
            timeline: Timeline::new("timeline", &lives, now),
            facts: facts(&lines),
            answers: table("What was learned", "Answer", answers.collect()),
            states: table("Where the trials stand", "State", states),
            adoptions: lines
                .iter()
                .any(to_adopt)
                .then(|| table("What became of what was to be adopted", "Now", became)),
            frame,
            attention,
            agency: agency.to_owned(),
            lines,
        }
    }
}

fn facts(lines: &[Line]) -> SummaryList {
    let people: u64 = lines.iter().filter(|line| line.started).map(|line| line.people).sum();
    let started = lines.iter().filter(|line| line.started).count() as u64;
    let mut days: Vec<u64> = lines.iter().filter_map(|line| line.days).collect();
    days.sort_unstable();
    let speed = match (days.first(), days.get(days.len() / 2), days.last()) {
        (Some(shortest), Some(_), Some(longest)) => {
            let spread = format!("the shortest {}, the longest {}", grouped(*shortest), grouped(*longest));
            vec![format!("{} days in the middle; {spread}", grouped(median(&days)))]
        }
        _ => vec!["No trial has an answer yet".to_owned()],
    };
    SummaryList::default()
        .row("Trials", grouped(lines.len() as u64))
        .row(
            "People reached",
            format!("{} in {}", counted(people, "person", "people"), counted(started, "trial", "trials")),
        )
        .rows_of("From the first draft to the answer", speed)
        .row("Cost of learning", cost(lines))
        .row("Money not spent", not_spent(lines))
}

/// What the versions cost in the trials with an answer, as far as their plans say it.
fn cost(lines: &[Line]) -> String {
    let known: Vec<f64> = lines.iter().filter_map(|line| line.cost).collect();
    let answered = lines.iter().filter(|line| line.verdict.is_some()).count() as u64;
    match money(known.iter().sum()) {
        Some(total) if !known.is_empty() => format!(
            "{total} dollars for the versions themselves, told by {} of {} with an answer. The time of staff is not in it.",
            grouped(known.len() as u64),
            counted(answered, "trial", "trials")
        ),
        _ => "No trial with an answer states what its versions cost.".to_owned(),
    }
}

/// What dearer versions would have cost that are not adopted because they did not do enough or did harm.
fn not_spent(lines: &[Line]) -> String {
    let given_up = |line: &&Line| {
        matches!(line.verdict, Some(VerdictKind::Failed | VerdictKind::Harmful))
            && line.decision != Some(Decision::Adopt)
    };
    let dearer: Vec<f64> =
        lines.iter().filter(given_up).filter_map(|line| line.extra).filter(|extra| *extra > 0.0).collect();
    match money(dearer.iter().sum()) {
        Some(total) if !dearer.is_empty() => format!(
            "{} that did not do enough, or did harm, would have cost {total} dollars more for every 1,000 people.",
            counted(dearer.len() as u64, "version", "versions")
        ),
        _ => "No dearer version was given up yet.".to_owned(),
    }
}

/// The middle of sorted numbers; of two middles their mean, rounded down.
fn median(sorted: &[u64]) -> u64 {
    let at = |place: usize| sorted.get(place).copied().unwrap_or(0);
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { at(half) } else { at(half.saturating_sub(1)).midpoint(at(half)) }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_middle_of_an_even_number_lies_between_two() {
        assert_eq!([median(&[]), median(&[7]), median(&[7, 10]), median(&[1, 7, 100])], [0, 7, 8, 7]);
    }
}
