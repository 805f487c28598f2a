use super::lines::{Axes, Line, LineLook, Lines, Said};
use crate::Moment;
use crate::component::{Cell, Table};
use crate::number::grouped;
use fairtrial_domain::protocol::Protocol;

const MOST_POINTS: usize = 24;
const DAY: f64 = 86_400.0;

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

/// What the plan says about how people come in.
#[derive(Debug, Clone, Copy)]
pub struct EnrolmentPlan {
    /// The most that may be assigned.
    pub most: u64,
    /// How many are expected on a day, where the plan says so.
    pub a_day: Option<f64>,
}

impl EnrolmentPlan {
    /// As a plan has it.
    #[must_use]
    pub fn of(plan: &Protocol) -> Self {
        Self { most: plan.monitoring.max_units, a_day: plan.planning.units_per_day.map(|rate| rate.to_f64()) }
    }

    /// How many were expected after so many seconds.
    fn expected(self, seconds: u64) -> Option<u64> {
        let people = self.a_day.filter(|rate| rate.is_finite() && *rate > 0.0)? * seconds as f64 / DAY;
        Some((people.round() as u64).min(self.most))
    }
}

/// How many people have been assigned over time, against the plan; nothing before two points in time. All versions
/// together: never one by one while a trial runs.
///
/// `points` are in order; of many, an even selection with the last is drawn and listed.
#[must_use]
pub fn enrolment(id: &'static str, points: &[EnrolmentPoint], plan: EnrolmentPlan) -> Option<Lines> {
    let (first, last) = (points.first()?, points.last()?);
    if last.seconds == 0 {
        return None;
    }
    let chosen = thinned(points);
    let end = last.seconds as f64;
    let start = (0.0, 0.0);
    let assigned = chosen.iter().map(|point| (point.seconds as f64, point.assigned as f64));
    let mut lines = vec![Line {
        name: "People assigned".into(),
        look: LineLook::Together,
        points: std::iter::once(start).chain(assigned).collect(),
        end: Some(grouped(last.assigned)),
    }];
    let expected = plan.expected(last.seconds);
    if let Some(expected) = expected {
        let a_day = plan.a_day.unwrap_or_default();
        // The line bends where everybody who may be assigned was expected to be in.
        let full = plan.most as f64 / a_day * DAY;
        let bend = (full < end).then_some((full, plan.most as f64));
        lines.push(Line {
            name: format!("Expected by the plan: {} a day", a_day),
            look: LineLook::Planned,
            points: [start].into_iter().chain(bend).chain([(end, expected as f64)]).collect(),
            end: None,
        });
    }
    if plan.most > 0 && plan.most <= last.assigned.saturating_mul(4) {
        lines.push(Line {
            name: format!("Most that may be assigned: {}", grouped(plan.most)),
            look: LineLook::Planned,
            points: vec![(0.0, plan.most as f64), (end, plan.most as f64)],
            end: None,
        });
    }
    let headline = match expected {
        Some(expected) => {
            format!("{} people assigned by {}, {} expected", grouped(last.assigned), last.at.day(), grouped(expected))
        }
        None => format!("{} people assigned by {}", grouped(last.assigned), last.at.day()),
    };
    let said = Said {
        id,
        description: format!(
            "From {} to {}, the number of people assigned to any version rose to {}. The plan allows at most {}.{}",
            first.at.day(),
            last.at.day(),
            grouped(last.assigned),
            grouped(plan.most),
            expected.map(|expected| format!(" It expected {} by then.", grouped(expected))).unwrap_or_default()
        ),
        table: table(&headline, &chosen, plan),
        headline,
    };
    let axes = Axes {
        up: "People".into(),
        from_zero: true,
        across: end,
        places: vec![(0.0, first.at.day()), (end, last.at.day())],
        name_across: None,
        decimals: 0,
    };
    Lines::new(said, &lines, &axes)
}

fn table(headline: &str, chosen: &[EnrolmentPoint], plan: EnrolmentPlan) -> Table {
    let mut head = vec![Cell::words("Until"), Cell::number("People assigned")];
    if plan.expected(0).is_some() {
        head.push(Cell::number("Expected by the plan"));
    }
    let row = |point: &EnrolmentPoint| {
        let mut row = vec![Cell::words(point.at.day()), Cell::number(grouped(point.assigned))];
        row.extend(plan.expected(point.seconds).map(|expected| Cell::number(grouped(expected))));
        row
    };
    Table { caption: headline.to_owned(), caption_hidden: true, head, rows: chosen.iter().map(row).collect() }
}

fn thinned(points: &[EnrolmentPoint]) -> Vec<EnrolmentPoint> {
    let stride = points.len().div_ceil(MOST_POINTS).max(1);
    let mut chosen: Vec<_> = points.iter().rev().step_by(stride).copied().collect();
    chosen.reverse();
    chosen
}
