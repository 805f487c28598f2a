//! How do we know: the way of the people, the checks, planned against actual.

use super::band::Light;
use super::reading::Reading;
use super::words;
use crate::chart::{self, Flow, FlowArm, Lines, Names};
use crate::component::{Cell, Table};
use crate::number::{grouped, plural};
use fairtrial_analysis::{
    monitor,
    report::{Gate, LookHeld, LookStatus},
};
use fairtrial_domain::projection::ArmHandling;

/// One check with its light.
#[derive(Debug, Clone)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) light: Light,
    pub(super) detail: String,
}

pub(super) fn flow(reading: Reading<'_>) -> Flow {
    let flow = &reading.report.flow;
    let pair = |stage: &str, count: u64| (stage.to_owned(), grouped(count));
    let before = [pair("Looked at", flow.requests), pair("Assigned", flow.assigned)];
    let mut left_out: Vec<_> =
        flow.not_enrolled.iter().map(|left| (words::not_enrolled(&left.reason), grouped(left.count))).collect();
    if flow.in_transition > 0 {
        left_out
            .push(("New version while their site was changing over: not counted".into(), grouped(flow.in_transition)));
    }
    let arm = |arm: &fairtrial_analysis::report::FlowArm| {
        let mut stages = vec![pair("Assigned", arm.assigned)];
        stages.extend(arm.clusters.map(|clusters| pair("Groups", clusters)));
        stages.extend([
            pair("Too early to count", arm.not_yet_mature),
            pair("No outcome known", arm.missing),
            pair("Counted", arm.analysed),
        ]);
        stages.extend(arm.handling.iter().flat_map(handled).map(|(stage, count)| pair(stage, count)));
        FlowArm { name: arm.name.clone(), stages }
    };
    let arms: Vec<_> = flow.arms.iter().map(arm).collect();
    let headline =
        format!("From {} {} looked at to those counted", grouped(flow.requests), plural(&reading.report.unit));
    Flow::new("flow", &headline, &before, &left_out, &arms)
}

/// What became of an arm's people on the way, beside the ways that the flow counts; what did not happen is left out.
fn handled(handling: &ArmHandling) -> Vec<(&'static str, u64)> {
    let harms = handling.harms.iter().fold(0_u64, |sum, reports| sum.saturating_add(*reports));
    let all = [
        ("Version delivered", handling.delivered),
        ("Version seen", handling.seen),
        ("Delivery failed", handling.failed),
        ("Sent back", handling.returned),
        ("Given another version for their good", handling.overridden),
        ("Opted out later", handling.opted_out),
        ("Data taken out", handling.data_withdrawn),
        ("In two versions under different names", handling.in_two_arms),
        ("In this version twice under different names", handling.in_twice),
        ("Taken for another person for a while", handling.link_taken_back),
        ("Harm reports", harms),
    ];
    all.into_iter().filter(|(_, count)| *count > 0).collect()
}

pub(super) fn checks(reading: Reading<'_>) -> Vec<Check> {
    let check = |gate: &Gate| Check {
        name: gate_name(&gate.gate),
        light: Light::of_gate(gate.status),
        detail: words::sentence(&gate.detail),
    };
    reading.report.integrity.iter().map(check).collect()
}

pub(crate) fn gate_name(code: &str) -> String {
    match code {
        "sample_ratio" | "srm" => "Sizes of the versions".to_owned(),
        other => words::sentence(&other.replace('_', " ")).trim_end_matches('.').to_owned(),
    }
}

pub(super) fn looks(looks: &[fairtrial_analysis::report::LookReport]) -> Option<Table> {
    let row = |look: &fairtrial_analysis::report::LookReport| {
        let share = (look.fraction.to_f64() * 100.0).round();
        let became = match look.status {
            LookStatus::NotHeld => "Not held",
            LookStatus::Planned => "To come",
            LookStatus::Held => "Held",
        };
        vec![
            Cell::words(format!("Look {}", look.look)),
            Cell::number(format!("{share} in 100")),
            Cell::words(became),
            Cell::words(words::sentence(&look.detail)),
        ]
    };
    (!looks.is_empty()).then(|| Table {
        caption: "Planned looks and what became of them".into(),
        caption_hidden: false,
        head: vec![
            Cell::words("Look"),
            Cell::number("Planned at this share of the outcomes"),
            Cell::words("What became of it"),
            Cell::words("Remark"),
        ],
        rows: looks.iter().map(row).collect(),
    })
}

/// The boundaries with the looks that were held; nothing where none was held before the end.
pub(super) fn boundaries(reading: Reading<'_>) -> Vec<Lines> {
    let held: Vec<LookHeld> = reading.report.looks.iter().filter_map(|look| look.held.clone()).collect();
    // The look that ended the question, or the last where none did.
    let told = held.iter().find(|look| look.decision.ends()).or(held.last());
    let Some(last) = told else { return Vec::new() };
    let names = Names {
        arm: &|arm| (reading.name(arm), reading.look(arm)),
        outcome: &|key| {
            let found = reading.report.outcomes.iter().find(|outcome| outcome.outcome == *key);
            found.map_or_else(|| key.to_string(), |outcome| outcome.name.clone())
        },
    };
    let happened = format!("look {} {}", last.look, words::came_to(last.decision));
    chart::boundaries(&monitor::boundaries(&held), &names, &happened)
}

/// What may be said of the main outcome with the looks taken into account, a sentence for each new version.
pub(super) fn after_looks(reading: Reading<'_>) -> Vec<String> {
    let Some(after) = &reading.report.after_looks else { return Vec::new() };
    let Some(outcome) = reading.report.outcomes.iter().find(|found| found.outcome == after.outcome) else {
        return Vec::new();
    };
    let sentence = |arm: &fairtrial_analysis::report::ArmAfterLooks| {
        let plain = crate::quantity::Quantity::new(outcome.kind, &reading.report.unit);
        let quantity = plain.for_difference(arm.estimate, arm.lower, arm.upper);
        let estimate = quantity.change(arm.estimate?)?;
        let range = quantity.range(arm.lower, arm.upper)?;
        Some(format!(
            "With the looks taken into account, as of look {}: {estimate} with {}, likely {range}.",
            after.look,
            words::quoted(&reading.name(&arm.arm))
        ))
    };
    after.arms.iter().filter_map(sentence).collect()
}
