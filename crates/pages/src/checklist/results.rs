//! What came out, and what it means.

use fairtrial_analysis::{
    release::{ReleasedFlowArm, ReleasedReport},
    report::{GateStatus, VerdictKind},
};
use fairtrial_domain::protocol::{OutcomeKind, Role};

use super::{answer::Answer, methods::planned_beside, record::Record};
use crate::{
    moment::day,
    number::counted,
    register::count,
    report::{Results, check_name, quoted, sentence},
};

const NOT_LOCKED: &str = "There are no results before the data are locked.";
const BROKEN: &str = "The numbers of the versions are not shown: they cannot be trusted.";

fn by_version(record: &Record<'_>, line: fn(&ReleasedFlowArm) -> String) -> Answer {
    let told = record.report.map(|report| report.flow.arms.iter().map(line).collect()).unwrap_or_default();
    Answer::default().need_any(told, "There are no numbers yet.")
}

pub(super) fn flow(record: &Record<'_>) -> Answer {
    let line = |arm: &ReleasedFlowArm| {
        format!("{}: assigned {}, counted {}.", quoted(&arm.name), count(arm.assigned), count(arm.analysed))
    };
    by_version(record, line).lack("How many a version reached is not among the rounded numbers.")
}

pub(super) fn lost(record: &Record<'_>) -> Answer {
    let line = |arm: &ReleasedFlowArm| {
        let (unknown, early) = (count(arm.missing), count(arm.not_yet_mature));
        format!("{}: no outcome known {unknown}, too early to count {early}.", quoted(&arm.name))
    };
    by_version(record, line).lack("Why outcomes are not known is not among the rounded numbers.")
}

pub(super) fn dates(record: &Record<'_>) -> Answer {
    let standing = record.standing;
    let days = record.plan.outcomes.iter().map(|outcome| outcome.follow_up_days).max().unwrap_or(0);
    Answer::default()
        .need(standing.started.map(|at| format!("Started on {}.", at.day())), "The trial has not started.")
        .need(standing.ended.map(|at| format!("Nobody new since {}.", at.day())), "People still enter the trial.")
        .need(standing.locked.map(|at| format!("Data locked on {}.", at.day())), "The data are not locked.")
        .tell(format!("Outcomes and harm count up to {} after somebody entered.", counted(days.into(), "day", "days")))
}

pub(super) fn ended(record: &Record<'_>) -> Answer {
    if record.standing.ended.is_none() {
        return Answer::default().lack("The trial has not ended.");
    }
    let by = format!("By the plan nobody was to enter after {}.", day(record.plan.monitoring.ends_on));
    let reverted = record.standing.reverted.then(|| "It was stopped because people were harmed.".to_owned());
    let why = record.standing.reason.as_deref().map(|reason| format!("The reason given: {}", sentence(reason)));
    Answer::default().tell(by).tell_all(reverted).need(why, "The reason for ending it then is not on record.")
}

pub(super) fn delivered(record: &Record<'_>) -> Answer {
    let gates = record.results().map_or(&[][..], |report| &report.integrity);
    let told = gates.iter().filter(|gate| matches!(gate.gate.as_str(), "contamination" | "care_overrides"));
    let told = told.map(|gate| format!("Check of {}: {}.", check_name(&gate.gate).to_lowercase(), gate.detail));
    Answer::default().tell_all(told).lack("Who delivered a version, and to how many, is not among the rounded numbers.")
}

pub(super) fn beside(record: &Record<'_>) -> Answer {
    let layer = record.plan.layer.as_ref();
    let told = layer.map(|layer| format!("Nobody was in another trial of the group {layer} at the same time."));
    Answer::default().tell_all(told).lack("What else people got meanwhile is not on record.")
}

pub(super) fn baseline(record: &Record<'_>) -> Answer {
    let names: Vec<String> = record.plan.attributes.iter().map(|kept| kept.name.replace('_', " ")).collect();
    let told =
        (!names.is_empty()).then(|| format!("Known of each {} at the start: {}.", record.plan.unit, names.join(", ")));
    Answer::default().tell_all(told).lack("A table of them by version is not among the rounded numbers.")
}

/// The results of outcomes in these roles.
fn compared(record: &Record<'_>, roles: &'static [Role]) -> Answer {
    let Some(report) = record.results() else { return Answer::default().lack(NOT_LOCKED) };
    if report.verdict.kind == VerdictKind::Invalid {
        return Answer::default().lack(BROKEN);
    }
    let told: Vec<String> = Results::of(report)
        .outcomes
        .iter()
        .filter(|part| roles.contains(&part.role))
        .map(|part| {
            let rows = part.table.rows.iter().map(|row| {
                let cells: Vec<&str> = row.iter().map(|cell| cell.text.as_str()).collect();
                match cells.as_slice() {
                    [version, counted, result] => format!("{}: {result} (counted {counted})", quoted(version)),
                    cells => cells.join(", "),
                }
            });
            format!("{}. {}. {}", part.heading, rows.collect::<Vec<_>>().join("; "), part.sentences.join(" "))
        })
        .collect();
    Answer::default().need_any(told, "Nothing was compared.")
}

pub(super) fn outcomes(record: &Record<'_>) -> Answer {
    let roles: &[Role] = &[Role::Primary, Role::Secondary, Role::Guardrail];
    let answer = compared(record, roles);
    let shares = record.compared(roles).any(|outcome| outcome.kind == OutcomeKind::Binary);
    if shares { answer.lack("Differences are told in people per 100, not also in proportion.") } else { answer }
}

pub(super) fn harms(record: &Record<'_>) -> Answer {
    if record.planned(&[Role::Harm]).next().is_none() {
        return Answer::default().lack("The plan names no measure of harm.");
    }
    compared(record, &[Role::Harm]).lack("Single reports of harm are not among the rounded numbers.")
}

pub(super) fn more(record: &Record<'_>) -> Answer {
    let Some(report) = record.results() else { return Answer::default().lack(NOT_LOCKED) };
    let planned = planned_beside(record);
    if planned.is_empty() {
        return Answer::default().tell("None was planned, and none is part of the report.");
    }
    let groups = Results::of(report).groups.map(|sentence| format!("As planned: {sentence}"));
    let wants = record.plan.equity.is_some();
    let answer =
        if wants { Answer::default().need(groups, "Nothing was found out about groups.") } else { Answer::default() };
    let beside = planned.len() > usize::from(wants);
    if beside {
        answer.lack("Other analyses that the plan asks for are not among the rounded numbers.")
    } else {
        answer
    }
}

pub(super) fn meaning(record: &Record<'_>) -> Answer {
    let rule = record.results().map(|report| format!("By the rule of the plan: {}", sentence(&report.verdict.action)));
    let decided = record.decision.to_vec();
    Answer::default()
        .need(rule, NOT_LOCKED)
        .need_any(decided, "What is done now has not been decided.")
        .lack("Other evidence is not weighed in the record.")
}

pub(super) fn limits(record: &Record<'_>) -> Answer {
    let Some(report) = record.results() else { return Answer::default().lack(NOT_LOCKED) };
    Answer::default()
        .tell(checks(report))
        .tell_all(unsure(report))
        .lack("How far the result holds for other people and places is not on record.")
}

fn checks(report: &ReleasedReport) -> String {
    let found = report.integrity.iter().filter(|gate| gate.status != GateStatus::Green);
    let found: Vec<String> = found.map(|gate| format!("{}: {}", check_name(&gate.gate), gate.detail)).collect();
    match found.as_slice() {
        [] => format!(
            "Nothing was found by the {} of the data.",
            counted(report.integrity.len() as u64, "check", "checks")
        ),
        found => format!("Checks of the data. {}.", found.join("; ")),
    }
}

fn unsure(report: &ReleasedReport) -> Option<String> {
    let text = match report.verdict.kind {
        VerdictKind::Undecided => "There was not enough information to decide the question.",
        VerdictKind::Invalid => BROKEN,
        VerdictKind::Succeeded | VerdictKind::Failed | VerdictKind::Harmful => return None,
    };
    Some(text.to_owned())
}
