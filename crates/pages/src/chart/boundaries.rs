use super::lines::{Axes, Line, LineLook, Lines, Said};
use super::people::ArmLook;
use crate::component::{Cell, Table};
use crate::number::signed;
use fairtrial_analysis::monitor::Boundaries;
use fairtrial_domain::{ArmKey, OutcomeKey};

/// Scores that differ by less are one to a reader.
const SAME: f64 = 0.005;

/// How the versions and the harm measures are called and drawn.
pub struct Names<'a> {
    /// The name and the look of a version.
    pub arm: &'a dyn Fn(&ArmKey) -> (String, ArmLook),
    /// The name of a harm measure.
    pub outcome: &'a dyn Fn(&OutcomeKey) -> String,
}

/// Shares of the information and what stands there, if anything does.
type Points = Vec<(f64, Option<f64>)>;

/// The value of one boundary or version at the looks.
struct Course {
    name: String,
    look: LineLook,
    points: Points,
}

/// The boundaries with the looks: for success and giving up, and for each harm measure. Nothing where no look before the end
/// was planned.
///
/// `happened` is what the last look came to, in a few words.
#[must_use]
pub fn boundaries(found: &Boundaries, names: &Names<'_>, happened: &str) -> Vec<Lines> {
    if found.rule.len() < 2 {
        return Vec::new();
    }
    let mut charts = Vec::new();
    let one_score = found.rule.iter().flat_map(|place| &place.arms).all(|arm| match (arm.rule, arm.primary) {
        (Some(rule), Some(primary)) => (rule - primary).abs() < SAME,
        _ => true,
    });
    let success = Course {
        name: "Success at or above".into(),
        look: LineLook::Success,
        points: found.rule.iter().map(|place| (place.information, place.success)).collect(),
    };
    let giving_up = Course {
        name: "Giving up at or below".into(),
        look: LineLook::GivingUp,
        points: found.rule.iter().map(|place| (place.information, place.giving_up)).collect(),
    };
    let gives_up = giving_up.points.iter().any(|(_, value)| value.is_some());
    let score_of = |rule: bool| -> Vec<Course> {
        courses(
            found.rule.iter().map(|place| {
                let arms = place.arms.iter();
                (
                    place.information,
                    arms.map(|arm| (arm.arm.clone(), if rule { arm.rule } else { arm.primary })).collect(),
                )
            }),
            names,
        )
    };
    if one_score || !gives_up {
        let mut all = vec![success];
        all.extend(gives_up.then_some(giving_up));
        all.extend(score_of(true));
        charts.extend(chart("boundary", &format!("Success and giving up: {happened}"), &all));
    } else {
        let with = |first: Course, rule: bool| std::iter::once(first).chain(score_of(rule)).collect::<Vec<_>>();
        charts.extend(chart("boundary", &format!("Success, by the whole rule: {happened}"), &with(success, true)));
        charts.extend(chart("giving-up", "Giving up, by the main outcome", &with(giving_up, false)));
    }
    let mut measures: Vec<&OutcomeKey> = Vec::new();
    found.harms.iter().for_each(|place| {
        if !measures.contains(&&place.outcome) {
            measures.push(&place.outcome);
        }
    });
    const IDS: [&str; 8] = ["harm-1", "harm-2", "harm-3", "harm-4", "harm-5", "harm-6", "harm-7", "harm-8"];
    for (measure, id) in measures.into_iter().zip(IDS) {
        let places = || found.harms.iter().filter(|place| place.outcome == *measure);
        let bound = Course {
            name: "Harm at or above".into(),
            look: LineLook::Harm,
            points: places().map(|place| (place.information, place.bound)).collect(),
        };
        let arms = courses(places().map(|place| (place.information, place.arms.clone())), names);
        let all: Vec<Course> = std::iter::once(bound).chain(arms).collect();
        charts.extend(chart(id, &format!("Harm: {}", (names.outcome)(measure)), &all));
    }
    charts
}

/// The versions' scores at the looks, a line for each.
fn courses(places: impl Iterator<Item = (f64, Vec<(ArmKey, Option<f64>)>)>, names: &Names<'_>) -> Vec<Course> {
    let mut found: Vec<(ArmKey, Points)> = Vec::new();
    for (information, arms) in places {
        for (arm, score) in arms {
            match found.iter_mut().find(|(known, _)| *known == arm) {
                Some((_, points)) => points.push((information, score)),
                None => found.push((arm, vec![(information, score)])),
            }
        }
    }
    let line = |(arm, points): (ArmKey, Points)| {
        let (name, look) = (names.arm)(&arm);
        Course { name, look: LineLook::Arm(look), points }
    };
    found.into_iter().map(line).collect()
}

fn chart(id: &'static str, headline: &str, courses: &[Course]) -> Option<Lines> {
    let line = |course: &Course| Line {
        name: course.name.clone(),
        look: course.look,
        points: course.points.iter().filter_map(|(x, y)| Some((100.0 * x, (*y)?))).collect(),
        end: None,
    };
    let lines: Vec<Line> = courses.iter().map(line).collect();
    let shares: Vec<f64> = courses.first()?.points.iter().map(|(share, _)| *share).collect();
    let told = |course: &Course| {
        let values: Vec<String> = course
            .points
            .iter()
            .filter_map(|(share, value)| Some(format!("{} at {}", signed((*value)?, 2), in_100(*share))))
            .collect();
        (!values.is_empty()).then(|| format!("{}: {}.", course.name, values.join(", ")))
    };
    let said = Said {
        id,
        headline: headline.to_owned(),
        description: courses.iter().filter_map(told).collect::<Vec<_>>().join(" "),
        table: table(headline, &shares, courses),
    };
    let axes = Axes {
        up: "Score".into(),
        from_zero: false,
        across: 100.0,
        places: shares.iter().map(|share| (100.0 * share, format!("{:.0}", 100.0 * share))).collect(),
        name_across: Some("Of 100 people planned, followed up in full".into()),
        decimals: 0,
    };
    Lines::new(said, &lines, &axes)
}

fn in_100(share: f64) -> String {
    format!("{:.0} in 100", 100.0 * share)
}

fn table(headline: &str, shares: &[f64], courses: &[Course]) -> Table {
    let mut head = vec![Cell::words("Followed up")];
    head.extend(courses.iter().map(|course| Cell::number(course.name.clone())));
    let row = |share: &f64| {
        let mut row = vec![Cell::words(in_100(*share))];
        row.extend(courses.iter().map(|course| {
            let value = course.points.iter().find(|(at, _)| at == share).and_then(|(_, value)| *value);
            Cell::number(value.map_or_else(|| "\u{2013}".to_owned(), |value| signed(value, 2)))
        }));
        row
    };
    Table { caption: headline.to_owned(), caption_hidden: true, head, rows: shares.iter().map(row).collect() }
}
