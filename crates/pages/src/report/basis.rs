//! How do we know: the way of the people, the checks, planned against actual.

use super::band::Light;
use super::reading::Reading;
use super::words;
use crate::chart::{Flow, FlowArm};
use crate::component::{Cell, Table};
use crate::number::{grouped, plural};
use fairtrial_analysis::report::{Gate, LookStatus};

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
        FlowArm { name: arm.name.clone(), stages }
    };
    let arms: Vec<_> = flow.arms.iter().map(arm).collect();
    let headline =
        format!("From {} {} looked at to those counted", grouped(flow.requests), plural(&reading.report.unit));
    Flow::new("flow", &headline, &before, &left_out, &arms)
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

pub(super) fn looks(reading: Reading<'_>) -> Option<Table> {
    let looks = &reading.report.looks;
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
