use super::scale::{Scale, round_step};
use super::{Anchor, Label, Px};
use crate::Moment;
use crate::component::{Cell, Table, writes_markup};
use crate::number::grouped;
use askama::Template;
use std::fmt::Write;

const WIDTH: f64 = 640.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 250.0;
const MOST_POINTS: usize = 24;

/// How many people have been assigned over time, against the plan. All versions together: never one by one while a
/// trial runs.
#[derive(Debug, Clone, Template)]
#[template(path = "components/chart/enrolment.html")]
pub struct Enrolment {
    id: String,
    headline: String,
    description: String,
    line: String,
    plan: Option<Px>,
    grid: Vec<Px>,
    labels: Vec<Label>,
    table: Table,
}

/// How many had been assigned at a moment.
#[derive(Debug, Clone, Copy)]
pub struct EnrolmentPoint {
    /// The end of a day or week.
    pub at: Moment,
    /// Whole seconds since the start.
    pub seconds: u64,
    /// Assigned until then.
    pub assigned: u64,
}

impl Enrolment {
    /// The chart; nothing before two points in time. `points` are in order; of many, an even selection with the last is
    /// drawn and listed. `planned` is the most that may be assigned; it is drawn when it fits the scale.
    #[must_use]
    pub fn new(id: &str, points: &[EnrolmentPoint], planned: u64) -> Option<Self> {
        let (first, last) = (points.first()?, points.last()?);
        let chosen = thinned(points);
        let time = Scale::from_zero(last.seconds as f64, LEFT, WIDTH - RIGHT)?;
        let shown_plan = planned > 0 && planned <= last.assigned.saturating_mul(4);
        let highest = if shown_plan { planned.max(last.assigned) } else { last.assigned };
        let step = round_step((highest as f64 / 4.0).max(1.0));
        let top = step * (highest as f64 / step).ceil().max(1.0);
        let count = Scale::from_zero(top, BOTTOM, TOP)?;

        let mut line = format!("M{} {}", time.at(0.0), count.at(0.0));
        for point in &chosen {
            let _ = write!(line, "L{} {}", time.at(point.seconds as f64), count.at(point.assigned as f64));
        }
        let ticks = count.ticks(5);
        let mut labels: Vec<Label> = ticks
            .iter()
            .map(|tick| Label {
                x: Px(LEFT - 8.0),
                y: Px(count.at(*tick).0 + 6.0),
                anchor: Anchor::End,
                strong: false,
                text: grouped(*tick as u64),
            })
            .collect();
        let mut say = |x: f64, y: f64, anchor: Anchor, strong: bool, text: String| {
            labels.push(Label { x: Px(x), y: Px(y), anchor, strong, text });
        };
        say(0.0, 16.0, Anchor::Start, false, "People assigned".into());
        say(LEFT, BOTTOM + 26.0, Anchor::Start, false, first.at.day());
        say(WIDTH - RIGHT, BOTTOM + 26.0, Anchor::End, false, last.at.day());
        let height = count.at(last.assigned as f64).0;
        say(WIDTH - RIGHT, (height - 10.0).max(TOP + 14.0), Anchor::End, true, grouped(last.assigned));
        if shown_plan {
            let y = count.at(planned as f64).0;
            say(LEFT + 8.0, y + 20.0, Anchor::Start, false, format!("At most {}", grouped(planned)));
        }
        let headline = format!("{} people assigned by {}", grouped(last.assigned), last.at.day());
        Some(Self {
            id: id.into(),
            description: format!(
                "From {} to {}, the number of people assigned to any version rose to {}. The plan allows at most {}.",
                first.at.day(),
                last.at.day(),
                grouped(last.assigned),
                grouped(planned)
            ),
            line,
            plan: shown_plan.then(|| count.at(planned as f64)),
            grid: ticks.iter().map(|tick| count.at(*tick)).collect(),
            labels,
            table: Table {
                caption: headline.clone(),
                caption_hidden: true,
                head: vec![Cell::words("Until"), Cell::number("People assigned")],
                rows: chosen
                    .iter()
                    .map(|point| vec![Cell::words(point.at.day()), Cell::number(grouped(point.assigned))])
                    .collect(),
            },
            headline,
        })
    }
}

fn thinned(points: &[EnrolmentPoint]) -> Vec<EnrolmentPoint> {
    let stride = points.len().div_ceil(MOST_POINTS).max(1);
    let mut chosen: Vec<_> = points.iter().rev().step_by(stride).copied().collect();
    chosen.reverse();
    chosen
}

writes_markup!(Enrolment);
