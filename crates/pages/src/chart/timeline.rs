use super::{Anchor, Label, Px, lines};
use crate::Moment;
use crate::component::{Cell, Table, writes_markup};
use askama::Template;

const WIDTH: f64 = 640.0;
const ROW: f64 = 62.0;
const BAR: f64 = 22.0;
const HEAD: f64 = 64.0;
/// Letters of a title that fit over its bar.
const LETTERS: usize = 64;
/// Rows that are drawn; the table has them all.
const MOST_ROWS: usize = 20;

/// From the idea to the answer: a bar for each trial, one part for each stretch of its life.
#[derive(Debug, Clone, Template)]
#[template(path = "components/chart/timeline.html")]
pub struct Timeline {
    id: String,
    headline: String,
    description: String,
    height: Px,
    parts: Vec<Stretch>,
    keys: Vec<Stretch>,
    labels: Vec<Label>,
    table: Table,
}

/// The days of one trial.
#[derive(Debug, Clone)]
pub struct Life {
    /// Its title.
    pub title: String,
    /// When the first draft was made.
    pub drafted: Moment,
    /// When it started.
    pub started: Option<Moment>,
    /// When nobody new entered any more.
    pub ended: Option<Moment>,
    /// When the data were locked and the answer was there.
    pub answered: Option<Moment>,
}

#[derive(Debug, Clone)]
struct Stretch {
    x: Px,
    y: Px,
    width: Px,
    kind: &'static str,
}

const STRETCHES: [(&str, &str); 3] =
    [("planned", "Planned and signed"), ("enrolling", "People entered"), ("awaited", "Outcomes awaited")];

impl Timeline {
    /// The chart, the newest first, with everything up to `now`; nothing without trials.
    #[must_use]
    pub fn new(id: &str, lives: &[Life], now: Moment) -> Option<Self> {
        let first = lives.iter().map(|life| life.drafted.seconds()).min()?;
        let span = (now.seconds() - first).max(1) as f64;
        let at = |moment: &Moment| {
            let share = (moment.seconds() - first) as f64 / span;
            4.0 + share.clamp(0.0, 1.0) * (WIDTH - 8.0)
        };
        let (mut parts, mut keys, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        let mut say = |x: f64, y: f64, anchor, strong, text: String| {
            labels.push(Label { x: Px(x), y: Px(y), anchor, strong, text });
        };
        for (place, (kind, name)) in STRETCHES.iter().enumerate() {
            let x = 4.0 + place as f64 * 212.0;
            keys.push(Stretch { x: Px(x), y: Px(4.0), width: Px(20.0), kind });
            say(x + 28.0, 20.0, Anchor::Start, false, (*name).to_owned());
        }
        say(4.0, 50.0, Anchor::Start, false, first_day(lives));
        say(WIDTH - 4.0, 50.0, Anchor::End, false, now.day());
        let drawn = lives.len().min(MOST_ROWS);
        for (number, life) in lives.iter().take(MOST_ROWS).enumerate() {
            let y = HEAD + number as f64 * ROW;
            let title = lines(&life.title, LETTERS);
            let more = if title.len() > 1 { "\u{2026}" } else { "" };
            let title = title.into_iter().next().unwrap_or_default();
            let title: String = title.chars().take(LETTERS).collect();
            say(4.0, y + 18.0, Anchor::Start, true, format!("{title}{more}"));
            let mut from = at(&life.drafted);
            let ends = [life.started, life.ended, life.answered];
            for (stretch, (kind, _)) in STRETCHES.iter().enumerate() {
                // A stretch that is not over lasts until now, and none comes after it.
                let to = ends[stretch].as_ref().map_or(at(&now), &at).max(from);
                parts.push(Stretch { x: Px(from), y: Px(y + 26.0), width: Px((to - from).max(1.0)), kind });
                from = to;
                if ends[stretch].is_none() {
                    break;
                }
            }
        }
        let answered = lives.iter().filter(|life| life.answered.is_some()).count();
        Some(Self {
            id: id.into(),
            headline: match answered {
                0 => "No trial has an answer yet".to_owned(),
                some => format!("{some} of {} trials have an answer", lives.len()),
            },
            description: format!(
                "{} trials since {}, a bar for each; {answered} have an answer. The table below has the days.",
                lives.len(),
                first_day(lives)
            ),
            height: Px(HEAD + drawn as f64 * ROW),
            parts,
            keys,
            labels,
            table: table(lives),
        })
    }

    fn bar(&self) -> Px {
        Px(BAR)
    }
}

fn first_day(lives: &[Life]) -> String {
    lives.iter().min_by_key(|life| life.drafted.seconds()).map(|life| life.drafted.day()).unwrap_or_default()
}

fn table(lives: &[Life]) -> Table {
    let day = |moment: &Option<Moment>| moment.as_ref().map_or_else(|| "\u{2013}".to_owned(), Moment::day);
    let row = |life: &Life| {
        vec![
            Cell::words(life.title.clone()),
            Cell::words(life.drafted.day()),
            Cell::words(day(&life.started)),
            Cell::words(day(&life.ended)),
            Cell::words(day(&life.answered)),
        ]
    };
    Table {
        caption: "The days of every trial".into(),
        caption_hidden: true,
        head: ["Trial", "First draft", "Started", "Nobody new since", "Answer"].map(Cell::words).to_vec(),
        rows: lives.iter().map(row).collect(),
    }
}

writes_markup!(Timeline);
