//! What was found, and how sure it is: the main outcome.

use super::reading::{Reading, difference, mean, values};
use super::words;
use crate::chart::{ArmLook, Bar, Interval, Mark, People, Shade};
use crate::component::{Cell, Table};
use crate::number::grouped;
use fairtrial_analysis::report::OutcomeReport;
use fairtrial_domain::protocol::{Aim, Better};

/// The main outcome by version.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) sentences: Vec<String>,
    pub(super) drawings: Vec<People>,
    pub(super) table: Table,
}

/// How sure it is.
#[derive(Debug, Clone)]
pub(super) struct Sure {
    pub(super) sentences: Vec<String>,
    pub(super) chart: Option<Interval>,
}

pub(super) fn found(reading: Reading<'_>) -> Option<Found> {
    let outcome = reading.primary()?;
    let sentences: Vec<String> =
        reading.interventions().filter_map(|arm| words::levels(reading, outcome, arm)).collect();
    let first = reading.interventions().next().map(|arm| &arm.arm);
    let quantity = reading.quantity(outcome, first);
    let arms = reading.report.arms.iter();
    let drawings = match quantity.is_share() {
        true => drawings(
            &outcome.name,
            arms.map(|arm| (arm.name.as_str(), reading.look(&arm.arm), mean(outcome, &arm.arm))),
        ),
        false => Vec::new(),
    };
    let row = |arm: &fairtrial_analysis::report::ArmReport| {
        let values = values(outcome, &arm.arm);
        let analysed = values.map_or_else(|| "not known".to_owned(), |values| grouped(values.analysed));
        let level = mean(outcome, &arm.arm).and_then(|mean| quantity.short_level(mean));
        let not_known = || {
            let why = values.and_then(|values| values.not_estimable.as_ref());
            why.map_or_else(|| "not known".to_owned(), |why| words::sentence(&why.detail))
        };
        vec![Cell::words(&arm.name), Cell::number(analysed), Cell::number(level.unwrap_or_else(not_known))]
    };
    Some(Found {
        sentences,
        drawings,
        table: Table {
            caption: outcome.name.clone(),
            caption_hidden: false,
            head: vec![Cell::words("Version"), Cell::number("Counted"), Cell::number("Result")],
            rows: reading.report.arms.iter().map(row).collect(),
        },
    })
}

/// A hundred people for each version whose share is known.
pub(super) fn drawings<'a>(outcome: &str, arms: impl Iterator<Item = (&'a str, ArmLook, Option<f64>)>) -> Vec<People> {
    let did = format!("with this outcome: {}", lower_first(outcome));
    let drawing = |(place, (name, look, mean)): (usize, (&str, ArmLook, Option<f64>))| {
        let share = (mean? * 100.0).round().clamp(0.0, 100.0);
        Some(People::new(&format!("people-{place}"), name, look, share as u8, &did))
    };
    arms.enumerate().filter_map(drawing).collect()
}

pub(super) fn sure(reading: Reading<'_>) -> Option<Sure> {
    let outcome = reading.primary()?;
    let mut sentences = Vec::new();
    for arm in reading.interventions() {
        match words::range(reading, outcome, arm) {
            Some(range) => {
                sentences.push(format!("With {} the true difference is likely {range}.", words::quoted(&arm.name)))
            }
            None => {
                let why = difference(outcome, &arm.arm).and_then(|found| found.not_estimable.as_ref());
                sentences.extend(why.map(|why| {
                    format!("For {} no range can be given. {}", words::quoted(&arm.name), words::sentence(&why.detail))
                }));
            }
        }
    }
    if let Some(comparison) = reading.interventions().find_map(|arm| difference(outcome, &arm.arm)) {
        sentences.extend(words::promise(comparison.level));
        let ranges = reading.interventions().filter(|arm| words::range(reading, outcome, arm).is_some()).count();
        sentences.extend(words::each_by_itself(ranges));
        sentences
            .extend(words::all_together(&outcome.together, &reading.quantity(outcome, None), |arm| reading.name(arm)));
        sentences.extend(comparison.guarantee.map(|guarantee| words::guarantee(guarantee).to_owned()));
    }
    let quantity = reading.quantity(outcome, None);
    let mark = match (reading.report.aim, outcome.smallest_worthwhile_effect, outcome.margin) {
        (Aim::Better, Some(size), _) => Some(Mark {
            value: quantity.shown(good(outcome.better) * size.to_f64()),
            label: format!("Smallest that would matter: {}", quantity.planned(size)),
            shade: if outcome.better == Better::Increase { Shade::Above } else { Shade::Below },
        }),
        (Aim::NotWorse, _, Some(margin)) => Some(limit_mark(reading, outcome, margin)),
        _ => None,
    };
    let chart = interval(reading, outcome, "sure", mark);
    Some(Sure { sentences, chart })
}

/// The limit of an acceptable loss, on the side where a loss lies.
pub(super) fn limit_mark(reading: Reading<'_>, outcome: &OutcomeReport, margin: fairtrial_domain::Decimal) -> Mark {
    let quantity = reading.quantity(outcome, None);
    Mark {
        value: quantity.shown(-good(outcome.better) * margin.to_f64()),
        label: format!("Largest acceptable loss: {}", quantity.planned(margin)),
        shade: if outcome.better == Better::Increase { Shade::Above } else { Shade::Below },
    }
}

/// The differences of all versions from the usual one, on one scale.
pub(super) fn interval(
    reading: Reading<'_>,
    outcome: &OutcomeReport,
    id: &str,
    mark: Option<Mark>,
) -> Option<Interval> {
    let control = reading.control()?;
    let mut decimals = 0;
    let mut bars = Vec::new();
    for arm in reading.interventions() {
        let Some(found) = difference(outcome, &arm.arm) else { continue };
        let Some(estimate) = found.estimate else { continue };
        let quantity = reading.quantity(outcome, Some(&arm.arm));
        decimals = decimals.max(quantity.decimals());
        bars.push(Bar {
            label: arm.name.clone(),
            estimate: quantity.shown(estimate),
            lower: found.lower.map(|lower| quantity.shown(lower)),
            upper: found.upper.map(|upper| quantity.shown(upper)),
        });
    }
    let headline = format!("{}: difference from {}", outcome.name, words::quoted(&control.name));
    let scale = reading.quantity(outcome, None).scale();
    Interval::new(id, &headline, &scale, decimals, &bars, mark.as_slice())
}

/// The sign of a good difference.
pub(super) fn good(better: Better) -> f64 {
    match better {
        Better::Increase => 1.0,
        Better::Decrease => -1.0,
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
