//! The same question asked in other ways: had the missing been different, had chance drawn otherwise, and those who got it.

use super::reading::Reading;
use super::words;
use super::working::{dash, digits, interval_text, p_value};
use crate::component::{Cell, Table};
use crate::number::grouped;
use fairtrial_analysis::report::{BaselineArm, BaselineRow, GotItReport, MissingBounds, OutcomeReport, RedrawReport};
use fairtrial_domain::protocol::GotIt;

/// One other way, with what it says.
#[derive(Debug, Clone)]
pub(super) struct Beside {
    pub(super) heading: &'static str,
    pub(super) sentence: String,
    pub(super) table: Table,
}

/// The other ways that the report went.
pub(super) fn beside(reading: Reading<'_>) -> Vec<Beside> {
    [before(reading), missing(reading), redrawn(reading), got_it(reading)].into_iter().flatten().collect()
}

fn before(reading: Reading<'_>) -> Option<Beside> {
    let rows = &reading.report.baseline;
    let first = rows.first()?;
    let row = |row: &BaselineRow| {
        let what =
            row.level.as_ref().map_or_else(|| row.attribute.clone(), |level| format!("{}: {level}", row.attribute));
        let value = |arm: &BaselineArm| match row.level {
            Some(_) => dash(arm.mean.map(|share| format!("{:.1} in 100", share * 100.0))),
            None => dash(arm.mean.and_then(digits)),
        };
        let far = |arm: &BaselineArm| dash(arm.standardised_difference.map(|far| format!("{far:.2}")));
        let others = row.arms.iter().filter(|arm| !reading.is_control(&arm.arm));
        let mut cells = vec![Cell::words(words::sentence(&what).trim_end_matches('.').to_owned())];
        cells.extend(row.arms.iter().map(|arm| Cell::number(value(arm))));
        cells.extend(others.map(|arm| Cell::number(far(arm))));
        cells
    };
    let mut head = vec![Cell::words("What")];
    head.extend(first.arms.iter().map(|arm| Cell::number(reading.name(&arm.arm))));
    let others = first.arms.iter().filter(|arm| !reading.is_control(&arm.arm));
    head.extend(
        others.map(|arm| Cell::number(format!("{}: how far from the current version", reading.name(&arm.arm)))),
    );
    Some(Beside {
        heading: "What people were like before the start",
        sentence: "Chance puts versions a little apart in everything, so no row is a finding. How far is told in standard deviations \
                   of single people; the check of the draw looks at all rows together."
            .into(),
        table: Table {
            caption: "People before the start, by version".into(),
            caption_hidden: false,
            head,
            rows: rows.iter().map(row).collect(),
        },
    })
}

fn missing(reading: Reading<'_>) -> Option<Beside> {
    let rows: Vec<Vec<Cell>> = reading
        .report
        .outcomes
        .iter()
        .flat_map(|outcome| outcome.missing_bounds.iter().map(move |found| bounds(reading, outcome, found)))
        .collect();
    (!rows.is_empty()).then(|| Beside {
        heading: "If the missing had been different",
        sentence: "Nobody knows the outcomes that are missing. The difference cannot lie outside the first range, whatever they \
                   were; the last column says how different they would have to be to take the finding away."
            .into(),
        table: Table {
            caption: "What missing outcomes could hide".into(),
            caption_hidden: false,
            head: vec![
                Cell::words("Outcome and version"),
                Cell::number("Missing, new and current"),
                Cell::number("Worst to best case"),
                Cell::number("Interval for all cases"),
                Cell::number("Among those seen either way"),
                Cell::words("What would take the finding away"),
            ],
            rows,
        },
    })
}

fn bounds(reading: Reading<'_>, outcome: &OutcomeReport, found: &MissingBounds) -> Vec<Cell> {
    let tips = match (
        &found.not_estimable,
        found.tipping_shift.and_then(|shift| digits(shift.abs())),
        found.tips_within_limits,
    ) {
        (Some(why), ..) => words::sentence(&why.detail),
        (None, None, _) => "No difference is shown that could be taken away".into(),
        (None, Some(shift), Some(false)) => {
            format!("The missing would have to differ from those seen by {shift}, which is outside what is possible")
        }
        (None, Some(shift), _) => format!("The missing would have to differ from those seen by {shift} on average"),
    };
    vec![
        Cell::words(format!("{}: {}", outcome.name, reading.name(&found.arm))),
        Cell::number(format!("{} and {}", grouped(found.lost), grouped(found.lost_in_control))),
        Cell::number(interval_text(found.smallest, found.largest)),
        Cell::number(interval_text(found.lower, found.upper)),
        Cell::number(interval_text(found.smallest_where_seen, found.largest_where_seen)),
        Cell::words(tips),
    ]
}

fn redrawn(reading: Reading<'_>) -> Option<Beside> {
    let redrawn = &reading.report.redrawn;
    let times = redrawn.first()?.redraws;
    let row = |found: &RedrawReport| {
        let why = found.not_estimable.as_ref().map(|why| words::sentence(&why.detail)).unwrap_or_default();
        vec![
            Cell::words(reading.name(&found.arm)),
            Cell::number(dash(found.statistic.and_then(digits))),
            Cell::number(p_value(found.p_value)),
            Cell::words(why),
        ]
    };
    Some(Beside {
        heading: "If chance had drawn otherwise",
        sentence: format!(
            "If the version changed nothing for anybody, everybody's outcome would have been the same under another draw. The \
             trial's own allocator drew {} more times; the p-value is the share of draws whose difference is as large as the \
             one found.",
            grouped(times.into())
        ),
        table: Table {
            caption: "The allocation drawn again".into(),
            caption_hidden: false,
            head: vec![
                Cell::words("Version"),
                Cell::number("Difference over its standard error"),
                Cell::number("Two-sided p-value"),
                Cell::words("Remark"),
            ],
            rows: redrawn.iter().map(row).collect(),
        },
    })
}

fn got_it(reading: Reading<'_>) -> Option<Beside> {
    let found = &reading.report.got_it;
    let what = match found.first()?.what {
        GotIt::Given => "were given it",
        GotIt::Delivered => "had it delivered",
        GotIt::Seen => "took it in",
    };
    let row = |found: &GotItReport| {
        let share = |share: Option<f64>| dash(share.map(|share| format!("{:.1} in 100", share * 100.0)));
        let why = found.not_estimable.as_ref().map(|why| words::sentence(&why.detail)).unwrap_or_default();
        vec![
            Cell::words(reading.name(&found.arm)),
            Cell::number(share(found.share)),
            Cell::number(share(found.share_in_control)),
            Cell::number(dash(found.estimate.and_then(digits))),
            Cell::number(interval_text(found.lower, found.upper)),
            Cell::words(why),
        ]
    };
    Some(Beside {
        heading: "Those who got it",
        sentence: format!(
            "Above, everybody is counted with the version they were assigned. Here is the effect on those who {what} because they \
             were assigned to it: the difference as assigned, divided by how many more got it."
        ),
        table: Table {
            caption: format!("Effect on those who {what}"),
            caption_hidden: false,
            head: vec![
                Cell::words("Version"),
                Cell::number("Got it, of those assigned"),
                Cell::number("Got it, of the others"),
                Cell::number("Effect on them"),
                Cell::number("Interval"),
                Cell::words("Remark"),
            ],
            rows: found.iter().map(row).collect(),
        },
    })
}
