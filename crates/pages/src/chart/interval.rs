use super::scale::Scale;
use super::{Anchor, Label, Px};
use crate::component::{Cell, Table, writes_markup};
use crate::number::signed;
use askama::Template;

const WIDTH: f64 = 640.0;
const EDGE: f64 = 28.0;
const HEAD: f64 = 30.0;
const ROW: f64 = 62.0;

/// Differences with their intervals on one scale, with zero and the values that matter marked.
///
/// Use it for differences between a version and the usual one. Do not use it for shares: a share without the other
/// version's beside it invites wrong comparisons; [`super::People`] shows those.
#[derive(Debug, Clone, Template)]
#[template(path = "components/chart/interval.html")]
pub struct Interval {
    id: String,
    headline: String,
    description: String,
    height: Px,
    axis_y: Px,
    marks: Vec<DrawnMark>,
    bars: Vec<DrawnBar>,
    ticks: Vec<Label>,
    tick_places: Vec<Px>,
    shade: Option<(Px, Px)>,
    labels: Vec<Label>,
    table: Table,
}

/// One difference.
#[derive(Debug, Clone)]
pub struct Bar {
    /// The version, or the outcome.
    pub label: String,
    /// The best estimate, in the unit of the scale.
    pub estimate: f64,
    /// The lowest likely value; nothing when the interval has no lower end.
    pub lower: Option<f64>,
    /// The highest likely value; nothing when the interval has no upper end.
    pub upper: Option<f64>,
}

/// A value that matters, such as the smallest worthwhile effect or a margin.
#[derive(Debug, Clone)]
pub struct Mark {
    /// The value, in the unit of the scale.
    pub value: f64,
    /// What it is, with its value in words: "Smallest that would matter: 3 in 100".
    pub label: String,
    /// The side of the mark to be tinted, if any: where an effect would be worth having.
    pub shade: Shade,
}

/// The side of a mark that is tinted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shade {
    /// No side.
    Neither,
    /// Values above the mark.
    Above,
    /// Values below the mark.
    Below,
}

#[derive(Debug, Clone)]
struct DrawnMark {
    x: Px,
    top: Px,
    zero: bool,
}

#[derive(Debug, Clone)]
struct DrawnBar {
    y: Px,
    cap_top: Px,
    cap_bottom: Px,
    start: Px,
    end: Px,
    open_start: bool,
    open_end: bool,
    estimate: Px,
    label: Label,
}

impl Interval {
    /// The chart; nothing when a number is not finite or there is no bar.
    ///
    /// `id` starts every identifier in the image and must differ between charts on one page; `headline` is the message;
    /// `unit` names the scale ("people per 100"); `decimals` is how many digits after the point the data support.
    #[must_use]
    pub fn new(id: &str, headline: &str, unit: &str, decimals: usize, bars: &[Bar], marks: &[Mark]) -> Option<Self> {
        if bars.is_empty() {
            return None;
        }
        let mut values = vec![0.0];
        for bar in bars {
            values.push(bar.estimate);
            values.extend(bar.lower);
            values.extend(bar.upper);
        }
        values.extend(marks.iter().map(|mark| mark.value));
        let scale = Scale::around(&values, EDGE, WIDTH - EDGE)?;

        // Every marked value has its words on a line of their own, so that two marks close together stay readable.
        let lines = 1 + marks.len();
        let first_row = HEAD + 24.0 * lines as f64;
        let axis_y = first_row + ROW * bars.len() as f64;
        let mut drawn_marks = vec![DrawnMark { x: scale.at(0.0), top: Px(HEAD - 2.0), zero: true }];
        let mut labels = vec![mark_label(scale.at(0.0), HEAD - 10.0, "No difference".into())];
        for (place, mark) in marks.iter().enumerate() {
            let y = HEAD - 10.0 + 24.0 * (place as f64 + 1.0);
            drawn_marks.push(DrawnMark { x: scale.at(mark.value), top: Px(y + 8.0), zero: false });
            labels.push(mark_label(scale.at(mark.value), y, mark.label.clone()));
        }
        let shade = marks.iter().find_map(|mark| match mark.shade {
            Shade::Neither => None,
            Shade::Above => Some((scale.at(mark.value), Px(WIDTH - EDGE - scale.at(mark.value).0))),
            Shade::Below => Some((Px(EDGE), Px(scale.at(mark.value).0 - EDGE))),
        });
        let drawn = bars.iter().enumerate().map(|(row, bar)| {
            let top = first_row + ROW * row as f64;
            DrawnBar {
                y: Px(top + 40.0),
                cap_top: Px(top + 30.0),
                cap_bottom: Px(top + 50.0),
                start: bar.lower.map_or(Px(EDGE), |lower| scale.at(lower)),
                end: bar.upper.map_or(Px(WIDTH - EDGE), |upper| scale.at(upper)),
                open_start: bar.lower.is_none(),
                open_end: bar.upper.is_none(),
                estimate: scale.at(bar.estimate),
                label: Label {
                    x: Px(EDGE),
                    y: Px(top + 18.0),
                    anchor: Anchor::Start,
                    strong: true,
                    text: sentence(bar, decimals),
                },
            }
        });
        let ticks = scale.ticks(8);
        let tick = |value: &f64| Label {
            x: scale.at(*value),
            y: Px(axis_y + 24.0),
            anchor: Anchor::Middle,
            strong: false,
            text: signed(*value, tick_decimals(&ticks)),
        };
        labels.push(Label {
            x: Px(WIDTH / 2.0),
            y: Px(axis_y + 50.0),
            anchor: Anchor::Middle,
            strong: false,
            text: format!("Difference in {unit}"),
        });
        Some(Self {
            id: id.into(),
            headline: headline.into(),
            description: bars.iter().map(|bar| sentence(bar, decimals)).collect::<Vec<_>>().join(". "),
            height: Px(axis_y + 62.0),
            axis_y: Px(axis_y),
            marks: drawn_marks,
            bars: drawn.collect(),
            tick_places: ticks.iter().map(|value| scale.at(*value)).collect(),
            ticks: ticks.iter().map(tick).collect(),
            shade,
            labels,
            table: table(headline, unit, decimals, bars),
        })
    }
}

fn mark_label(x: Px, y: f64, text: String) -> Label {
    // A letter is about nine pixels wide; half of the text must fit on either side to stand in the middle.
    let half = 4.6 * text.chars().count() as f64;
    Label { x, y: Px(y), anchor: Anchor::within(x.0, WIDTH, half), strong: false, text }
}

fn tick_decimals(ticks: &[f64]) -> usize {
    let step = ticks.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    if step >= 1.0 {
        0
    } else if step >= 0.1 {
        1
    } else {
        2
    }
}

fn sentence(bar: &Bar, decimals: usize) -> String {
    let say = |value: f64| signed(value, decimals);
    let range = match (bar.lower, bar.upper) {
        (Some(lower), Some(upper)) => format!("likely {} to {}", say(lower), say(upper)),
        (Some(lower), None) => format!("likely {} or more", say(lower)),
        (None, Some(upper)) => format!("likely {} or less", say(upper)),
        (None, None) => "any value fits".to_owned(),
    };
    format!("{}: {}, {range}", bar.label, say(bar.estimate))
}

fn table(headline: &str, unit: &str, decimals: usize, bars: &[Bar]) -> Table {
    let end = |value: Option<f64>| Cell::number(value.map_or("no limit".to_owned(), |value| signed(value, decimals)));
    Table {
        caption: format!("{headline} (difference in {unit})"),
        caption_hidden: true,
        head: vec![
            Cell::words("Compared"),
            Cell::number("Best estimate"),
            Cell::number("Lowest likely"),
            Cell::number("Highest likely"),
        ],
        rows: bars
            .iter()
            .map(|bar| {
                vec![
                    Cell::words(&bar.label),
                    Cell::number(signed(bar.estimate, decimals)),
                    end(bar.lower),
                    end(bar.upper),
                ]
            })
            .collect(),
    }
}

writes_markup!(Interval);
