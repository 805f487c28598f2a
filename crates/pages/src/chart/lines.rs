use super::people::ArmLook;
use super::scale::{Scale, round_step};
use super::{Anchor, Label, Px, lines};
use crate::component::{Table, writes_markup};
use askama::Template;
use std::fmt::Write;

const WIDTH: f64 = 640.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 616.0;
const PLOT: f64 = 216.0;
const KEY: f64 = 26.0;
/// Letters of a name that fit beside its key.
const LETTERS: usize = 58;
/// About the width of one letter, and the air between two words below the axis.
const LETTER: f64 = 8.6;
const AIR: f64 = 18.0;
/// Versions that can be told apart in one drawing; the table has them all.
const MOST_LINES: usize = 6;

/// Lines over two axes: how something went over time or over what was known, with the same numbers in a table.
///
/// A line is told from another by its colour, by the shape of its marks and by its name beside a key.
#[derive(Debug, Clone, Template)]
#[template(path = "components/chart/lines.html")]
pub struct Lines {
    id: String,
    headline: String,
    description: String,
    height: Px,
    floor: Px,
    grid: Vec<Px>,
    ticks: Vec<Px>,
    drawn: Vec<Drawn>,
    labels: Vec<Label>,
    table: Table,
}

/// What the chart says.
#[derive(Debug, Clone)]
pub struct Said {
    /// Starts every identifier in the image; must differ between charts on one page.
    pub id: &'static str,
    /// The message.
    pub headline: String,
    /// The message in the words of those who do not see the image.
    pub description: String,
    /// The same numbers.
    pub table: Table,
}

/// One line.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its name beside the key.
    pub name: String,
    /// How it looks.
    pub look: LineLook,
    /// Its points, from left to right. One that is not finite is left out.
    pub points: Vec<(f64, f64)>,
    /// What stands at its last point, if anything.
    pub end: Option<String>,
}

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineLook {
    /// All versions together: drawn through, without marks.
    Together,
    /// One version, with a mark at every point.
    Arm(ArmLook),
    /// What was planned.
    Planned,
    /// The boundary for success.
    Success,
    /// The boundary for giving up.
    GivingUp,
    /// The boundary for harm.
    Harm,
}

/// The two axes.
#[derive(Debug, Clone)]
pub struct Axes {
    /// What is counted upwards, with its unit.
    pub up: String,
    /// Whether the upward axis begins at zero, as that of a count must.
    pub from_zero: bool,
    /// Where the line across ends, at least.
    pub across: f64,
    /// Places of the axis across with their words. Where two come too close, the later one stays.
    pub places: Vec<(f64, String)>,
    /// What the axis across is, where its places do not say so.
    pub name_across: Option<String>,
    /// Digits after the point on the upward axis.
    pub decimals: usize,
}

#[derive(Debug, Clone)]
struct Drawn {
    class: String,
    path: String,
    marks: String,
    key: (String, String),
}

impl Lines {
    /// The chart; nothing without a point that can be drawn. Both axes hold all that is drawn.
    #[must_use]
    pub fn new(said: Said, given: &[Line], axes: &Axes) -> Option<Self> {
        let shown: Vec<Line> = given.iter().take(MOST_LINES).map(finite).collect();
        let values: Vec<f64> = shown.iter().flat_map(|line| line.points.iter().map(|point| point.1)).collect();
        let right = shown.iter().flat_map(|line| line.points.iter().map(|point| point.0)).fold(axes.across, f64::max);
        if values.is_empty() {
            return None;
        }
        let across = Scale::from_zero(right, LEFT, RIGHT)?;
        let top = 14.0 + KEY * shown.len() as f64 + 32.0;
        let floor = top + PLOT;
        let up = upward(&values, axes.from_zero, floor, top)?;
        let written = |value: f64| {
            let digits = crate::number::signed(value, axes.decimals);
            digits.trim_start_matches('+').to_owned()
        };
        let ticks = up.ticks(5);
        let mut labels: Vec<Label> = ticks
            .iter()
            .map(|tick| Label {
                x: Px(LEFT - 8.0),
                y: Px(up.at(*tick).0 + 6.0),
                anchor: Anchor::End,
                strong: false,
                text: if axes.decimals == 0 && *tick >= 1_000.0 {
                    crate::number::grouped(*tick as u64)
                } else {
                    written(*tick)
                },
            })
            .collect();
        let mut say = |x: f64, y: f64, anchor: Anchor, strong: bool, text: String| {
            labels.push(Label { x: Px(x), y: Px(y), anchor, strong, text });
        };
        say(0.0, top - 18.0, Anchor::Start, false, axes.up.clone());
        let mut drawn = Vec::new();
        for (place, line) in shown.iter().enumerate() {
            let y = 10.0 + KEY * place as f64;
            say(44.0, y + 8.0, Anchor::Start, false, shortened(&line.name));
            drawn.push(draw(line, across, up, y));
        }
        for (y, text) in ends(&shown, up) {
            say(RIGHT, y, Anchor::End, true, text);
        }
        let places = apart(&axes.places, across);
        for (x, text) in &places {
            let anchor = Anchor::within(x.0, WIDTH, wide(text) / 2.0);
            say(x.0, floor + 26.0, anchor, false, text.clone());
        }
        let mut height = floor + 38.0;
        if let Some(name) = &axes.name_across {
            say((LEFT + RIGHT) / 2.0, floor + 52.0, Anchor::Middle, false, name.clone());
            height += 26.0;
        }
        Some(Self {
            id: said.id.into(),
            headline: said.headline,
            description: said.description,
            height: Px(height),
            floor: Px(floor),
            grid: ticks.iter().map(|tick| up.at(*tick)).collect(),
            ticks: places.iter().map(|(x, _)| *x).collect(),
            drawn,
            labels,
            table: said.table,
        })
    }
}

fn finite(line: &Line) -> Line {
    let points = line.points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
    Line { points, ..line.clone() }
}

/// The upward scale: from zero to a round number, or around the values with zero among them.
fn upward(values: &[f64], from_zero: bool, floor: f64, top: f64) -> Option<Scale> {
    let high = values.iter().copied().fold(0.0, f64::max);
    if !from_zero {
        return Scale::around(&[values, &[0.0]].concat(), floor, top);
    }
    let high = if high > 0.0 { high } else { 1.0 };
    let step = round_step(high / 4.0);
    Scale::from_zero(step * (high / step).ceil().max(1.0), floor, top)
}

/// The name in one line of the keys.
fn shortened(name: &str) -> String {
    let first = lines(name, LETTERS).into_iter().next().unwrap_or_default();
    let cut: String = first.chars().take(LETTERS).collect();
    if cut.chars().count() < name.trim().chars().count() { format!("{cut}\u{2026}") } else { cut }
}

/// The words at the ends of lines: above the end, below it where another line ends just there, and moved apart where they
/// would stand on each other.
fn ends(shown: &[Line], up: Scale) -> Vec<(f64, String)> {
    let height = |line: &Line| Some(up.at(line.points.last()?.1).0);
    let heights: Vec<f64> = shown.iter().filter_map(height).collect();
    let end = |line: &Line| {
        let y = height(line)?;
        let crowded = heights.iter().any(|other| (y - 24.0..y).contains(other));
        Some((if crowded { y + 24.0 } else { y - 10.0 }, line.end.clone()?))
    };
    let mut ends: Vec<(f64, String)> = shown.iter().filter_map(end).collect();
    ends.sort_by(|one, other| other.0.total_cmp(&one.0));
    let mut below = f64::INFINITY;
    for (y, _) in &mut ends {
        *y = y.min(below - 20.0);
        below = *y;
    }
    ends
}

fn wide(text: &str) -> f64 {
    LETTER * text.chars().count() as f64
}

/// The places whose words do not run into one another, the last of them always.
fn apart(places: &[(f64, String)], across: Scale) -> Vec<(Px, String)> {
    let mut kept: Vec<(Px, String)> = Vec::new();
    let mut free = f64::INFINITY;
    for (value, text) in places.iter().rev().filter(|(value, _)| value.is_finite()) {
        let (x, wide) = (across.at(*value), wide(text));
        // Near an edge the words stand to the inside of their place.
        let right = if x.0 > WIDTH - wide / 2.0 { x.0 } else { x.0 + wide / 2.0 };
        if right <= free {
            free = right - wide - AIR;
            kept.push((x, text.clone()));
        }
    }
    kept.reverse();
    kept
}

fn draw(line: &Line, across: Scale, up: Scale, key: f64) -> Drawn {
    let (mut path, mut marks) = (String::new(), String::new());
    let (class, shape) = class(line.look);
    for (place, (x, y)) in line.points.iter().enumerate() {
        let (x, y) = (across.at(*x), up.at(*y));
        let _ = write!(path, "{}{x} {y}", if place == 0 { "M" } else { "L" });
        if let Some(shape) = shape {
            marks += &shape.path(x.0, y.0);
        } else if matches!(line.look, LineLook::Success | LineLook::GivingUp | LineLook::Harm) {
            // A boundary holds at the looks; a short bar marks each, and shows a single one.
            let _ = write!(path, "M{} {y}H{}M{x} {y}", Px(x.0 - 9.0), Px(x.0 + 9.0));
        }
    }
    let stroke = format!("M4 {}H34", Px(key + 2.0));
    Drawn { class, path, marks, key: (stroke, shape.map(|shape| shape.path(19.0, key + 2.0)).unwrap_or_default()) }
}

fn class(look: LineLook) -> (String, Option<Shape>) {
    let named = |name: &str| (name.to_owned(), None);
    match look {
        LineLook::Together => named("together"),
        LineLook::Planned => named("planned"),
        LineLook::Success => named("success"),
        LineLook::GivingUp => named("giving-up"),
        LineLook::Harm => named("harm"),
        LineLook::Arm(ArmLook::Control) => ("control".to_owned(), Some(Shape::Square)),
        LineLook::Arm(ArmLook::Version(place)) => {
            let place = place.clamp(1, 4);
            let shapes = [Shape::Circle, Shape::Triangle, Shape::Diamond, Shape::Square];
            (format!("arm-{place}"), shapes.get(usize::from(place) - 1).copied())
        }
    }
}

/// What marks the points of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Square,
    Circle,
    Triangle,
    Diamond,
}

impl Shape {
    fn path(self, x: f64, y: f64) -> String {
        match self {
            Self::Square => format!("M{} {}h10v10h-10z", Px(x - 5.0), Px(y - 5.0)),
            Self::Circle => format!("M{} {}a5.5 5.5 0 1 1 11 0a5.5 5.5 0 1 1-11 0z", Px(x - 5.5), Px(y)),
            Self::Triangle => format!("M{} {}l6.5 11h-13z", Px(x), Px(y - 7.0)),
            Self::Diamond => format!("M{} {}l6.5 6.5-6.5 6.5-6.5-6.5z", Px(x), Px(y - 6.5)),
        }
    }
}

writes_markup!(Lines);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::Cell;

    fn chart(points: Vec<(f64, f64)>) -> Option<Lines> {
        let table = Table {
            caption: "Numbers".into(),
            caption_hidden: true,
            head: vec![Cell::words("When")],
            rows: Vec::new(),
        };
        let said = Said { id: "course", headline: "How it went".into(), description: "As told".into(), table };
        let line = |look| Line { name: "Usual letter".into(), look, points: points.clone(), end: Some("20".into()) };
        let axes = Axes {
            up: "People in 100".into(),
            from_zero: true,
            across: 10.0,
            places: vec![(0.0, "start".into()), (1.0, "soon".into()), (10.0, "end".into())],
            name_across: None,
            decimals: 0,
        };
        Lines::new(said, &[line(LineLook::Arm(ArmLook::Control)), line(LineLook::Harm)], &axes)
    }

    #[test]
    fn what_cannot_be_drawn_is_left_out_and_nothing_at_all_makes_no_chart() {
        assert!(chart(vec![]).is_none());
        assert!(chart(vec![(1.0, f64::NAN), (f64::INFINITY, 2.0)]).is_none());
        let drawn = chart(vec![(0.0, 3.0), (2.0, f64::NAN), (10.0, 20.0)]).unwrap();
        assert_eq!(drawn.drawn[0].path.matches('L').count(), 1);
        assert_eq!(drawn.drawn[0].marks.matches('z').count(), 2);
    }

    #[test]
    fn words_at_the_ends_and_below_the_axis_do_not_stand_on_each_other() {
        let drawn = chart(vec![(0.0, 3.0), (10.0, 20.0)]).unwrap();
        let ends: Vec<f64> = drawn.labels.iter().filter(|label| label.strong).map(|label| label.y.0).collect();
        assert!(ends.len() == 2 && (ends[0] - ends[1]).abs() >= 20.0, "{ends:?}");
        let below: Vec<&str> =
            drawn.labels.iter().filter(|label| label.y.0 > drawn.floor.0 + 10.0).map(|l| &*l.text).collect();
        assert_eq!(below, ["soon", "end"], "of two words that come too close the later one stays");
    }

    #[test]
    fn the_versions_differ_in_shape_and_not_by_colour_alone() {
        let marks: Vec<String> = [Shape::Square, Shape::Circle, Shape::Triangle, Shape::Diamond]
            .iter()
            .map(|shape| shape.path(0.0, 0.0))
            .collect();
        for (place, mark) in marks.iter().enumerate() {
            assert!(!marks[place + 1..].contains(mark));
        }
    }
}
