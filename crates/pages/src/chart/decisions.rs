use super::{Anchor, Label, Px};
use crate::component::{Table, writes_markup};
use askama::Template;

const WIDTH: f64 = 640.0;
const BAR: f64 = 34.0;
const ROW: f64 = 74.0;
/// A part of at least this width bears its number, and of this one its word too.
const ROOM: f64 = 34.0;
const ROOM_FOR_WORDS: f64 = 104.0;

/// What trials would have decided, a bar of 100 for each truth.
#[derive(Debug, Clone, Template)]
#[template(path = "components/chart/decisions.html")]
pub struct Decisions {
    id: String,
    headline: String,
    description: String,
    height: Px,
    parts: Vec<Segment>,
    keys: Vec<Key>,
    labels: Vec<Label>,
    table: Table,
}

/// One truth.
#[derive(Debug, Clone)]
pub struct Verdicts {
    /// What is true.
    pub truth: &'static str,
    /// The shares of the decisions, from 0 to 1, in the order of their names.
    pub shares: [f64; 6],
}

#[derive(Debug, Clone)]
struct Segment {
    x: Px,
    y: Px,
    width: Px,
    kind: &'static str,
    light: bool,
    label: Option<Label>,
}

#[derive(Debug, Clone)]
struct Key {
    x: Px,
    y: Px,
    kind: &'static str,
}

const WORDS: [&str; 6] = ["adopt", "too little", "given up", "harm", "unsure", "unread"];
const KINDS: [&str; 6] = ["succeeded", "failed", "futile", "harmful", "undecided", "invalid"];

impl Decisions {
    /// The chart; `names` of the decisions in order. What is below one half in 100 is left to the table.
    #[must_use]
    pub fn new(id: &str, headline: &str, names: &[&str; 6], rows: &[Verdicts], table: Table) -> Self {
        let (mut parts, mut labels, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        let mut say = |x: f64, y: f64, strong: bool, text: &str| {
            labels.push(Label { x: Px(x), y: Px(y), anchor: Anchor::Start, strong, text: text.to_owned() });
        };
        for (place, name) in names.iter().enumerate() {
            let (x, y) = (4.0 + (place % 2) as f64 * 320.0, 6.0 + (place / 2) as f64 * 28.0);
            keys.push(Key { x: Px(x), y: Px(y), kind: KINDS[place] });
            say(x + 28.0, y + 15.0, false, name);
        }
        let top = 3.0 * 28.0 + 22.0;
        for (number, row) in rows.iter().enumerate() {
            let y = top + number as f64 * ROW;
            say(4.0, y + 16.0, true, row.truth);
            let mut x = 4.0;
            for (place, share) in row.shares.iter().enumerate() {
                let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
                let width = share * (WIDTH - 8.0);
                if share >= 0.005 {
                    let label = (width >= ROOM).then(|| Label {
                        x: Px(x + width / 2.0),
                        y: Px(y + 26.0 + BAR / 2.0 + 6.0),
                        anchor: Anchor::Middle,
                        strong: true,
                        text: match width >= ROOM_FOR_WORDS {
                            true => format!("{} {:.0}", WORDS[place], share * 100.0),
                            false => format!("{:.0}", share * 100.0),
                        },
                    });
                    let light = matches!(KINDS[place], "futile");
                    let (bar_x, bar_y, wide) = (Px(x), Px(y + 26.0), Px(width));
                    parts.push(Segment { x: bar_x, y: bar_y, width: wide, kind: KINDS[place], light, label });
                }
                x += width;
            }
        }
        let described: Vec<String> = rows
            .iter()
            .map(|row| {
                let told = names.iter().zip(row.shares).filter(|(_, share)| *share >= 0.005);
                let told: Vec<String> = told.map(|(name, share)| format!("{name} {:.0}", share * 100.0)).collect();
                format!("{}: of 100 trials {}.", row.truth, told.join(", "))
            })
            .collect();
        Self {
            id: id.into(),
            headline: headline.into(),
            description: described.join(" "),
            height: Px(top + rows.len() as f64 * ROW),
            parts,
            keys,
            labels,
            table,
        }
    }
}

writes_markup!(Decisions);
