use super::lines::{Axes, Line, LineLook, Lines, Said};
use super::people::ArmLook;
use crate::component::{Cell, Table};
use crate::number::{grouped, plural};
use fairtrial_analysis::{monitor::Arrival, release::ReleasedCourse};
use fairtrial_domain::ArmKey;

/// A version as it is called and drawn.
#[derive(Debug, Clone)]
pub struct NamedArm {
    /// Which.
    pub arm: ArmKey,
    /// Its name for people.
    pub name: String,
    /// How it looks.
    pub look: ArmLook,
}

/// How the answer came together: of all who had come in until a day, the share for whom the main outcome happened, by
/// version, from rounded counts.
#[must_use]
pub fn course(found: &ReleasedCourse, arms: &[NamedArm], unit: &str) -> Option<Lines> {
    let (first, last) = (found.points.first()?, found.points.last()?);
    let days = |until: chrono::NaiveDate| (until - first.until).num_days() as f64;
    let of = |point: &fairtrial_analysis::release::ReleasedPoint, arm: &ArmKey| {
        point.arms.iter().find(|found| found.arm == *arm).cloned()
    };
    let line = |named: &NamedArm| Line {
        name: named.name.clone(),
        look: LineLook::Arm(named.look),
        points: found
            .points
            .iter()
            .filter_map(|point| Some((days(point.until), 100.0 * of(point, &named.arm)?.share)))
            .collect(),
        end: of(last, &named.arm).map(|end| format!("{:.0}", 100.0 * end.share)),
    };
    let lines: Vec<Line> = arms.iter().map(line).collect();
    let people = plural(unit);
    let headline = format!("{}: how the answer came together", found.outcome);
    let ends: Vec<String> = arms
        .iter()
        .filter_map(|named| Some((named, of(first, &named.arm)?, of(last, &named.arm)?)))
        .map(|(named, start, end)| {
            format!("{}: {:.0}, then {:.0} in 100", named.name, 100.0 * start.share, 100.0 * end.share)
        })
        .collect();
    let row = |point: &fairtrial_analysis::release::ReleasedPoint| {
        let mut row = vec![Cell::words(day(point.until))];
        for named in arms {
            let told = of(point, &named.arm).map_or_else(
                || "\u{2013}".to_owned(),
                |arm| {
                    let count =
                        |count: fairtrial_analysis::release::Count| count.value().map(grouped).unwrap_or_default();
                    format!("{} of {} ({:.0} in 100)", count(arm.events), count(arm.analysed), 100.0 * arm.share)
                },
            );
            row.push(Cell::number(told));
        }
        row
    };
    let mut head = vec![Cell::words("Came in until")];
    head.extend(arms.iter().map(|named| Cell::number(named.name.clone())));
    let said = Said {
        id: "course",
        description: format!(
            "Of all {people} who had come in from the start until {}, and then until {}: {}. Counts are rounded.",
            day(first.until),
            day(last.until),
            ends.join("; ")
        ),
        table: Table {
            caption: format!("{headline} (rounded)"),
            caption_hidden: true,
            head,
            rows: found.points.iter().map(row).collect(),
        },
        headline,
    };
    let axes = Axes {
        up: format!("In 100 {people} who had come in until then"),
        from_zero: true,
        across: days(last.until),
        places: found.points.iter().map(|point| (days(point.until), day(point.until))).collect(),
        name_across: None,
        decimals: 0,
    };
    Lines::new(said, &lines, &axes)
}

/// How records of the main outcome came in, by version, at the looks: for the monitor. Versions whose records come in unequally
/// may be recorded unequally.
#[must_use]
pub fn arrivals(found: &[Arrival], arms: &[NamedArm], unit: &str) -> Option<Lines> {
    let last = found.last()?;
    let people = plural(unit);
    let share =
        |(followed_up, recorded): (u64, u64)| (followed_up > 0).then(|| 100.0 * recorded as f64 / followed_up as f64);
    let line = |(place, named): (usize, &NamedArm)| Line {
        name: named.name.clone(),
        look: LineLook::Arm(named.look),
        points: found
            .iter()
            .filter_map(|look| Some((look.followed_up as f64, share(*look.arms.get(place)?)?)))
            .collect(),
        end: last.arms.get(place).and_then(|arm| share(*arm)).map(|share| format!("{share:.0}")),
    };
    let lines: Vec<Line> = arms.iter().enumerate().map(line).collect();
    let told = |(followed_up, recorded): (u64, u64)| match share((followed_up, recorded)) {
        Some(share) => format!("{} of {} ({share:.0} in 100)", grouped(recorded), grouped(followed_up)),
        None => "\u{2013}".to_owned(),
    };
    let row = |look: &Arrival| {
        let mut row = vec![Cell::words(format!("Look {}", look.look))];
        row.extend(look.arms.iter().map(|arm| Cell::number(told(*arm))));
        row
    };
    let mut head = vec![Cell::words("Look")];
    head.extend(arms.iter().map(|named| Cell::number(named.name.clone())));
    let headline = "Records of the main outcome that came in, by version".to_owned();
    let ends: Vec<String> =
        arms.iter().zip(&last.arms).map(|(named, arm)| format!("{}: {}", named.name, told(*arm))).collect();
    let said = Said {
        id: "arrivals",
        description: format!(
            "Of the {people} followed up in full at look {}, those with a record. {}.",
            last.look,
            ends.join("; ")
        ),
        table: Table { caption: headline.clone(), caption_hidden: true, head, rows: found.iter().map(row).collect() },
        headline,
    };
    let axes = Axes {
        up: format!("With a record, of 100 {people} followed up"),
        from_zero: true,
        across: last.followed_up as f64,
        places: found.iter().map(|look| (look.followed_up as f64, grouped(look.followed_up))).collect(),
        name_across: Some(format!("Followed up in full, all versions together ({people})")),
        decimals: 0,
    };
    Lines::new(said, &lines, &axes)
}

fn day(day: chrono::NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}
