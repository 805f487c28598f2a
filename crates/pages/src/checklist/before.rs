//! Title, openness, and why the trial was done.

use fairtrial_domain::protocol::{Aim, Role};

use super::{
    answer::Answer,
    record::{Record, filled},
};
use crate::{Moment, number::counted, records::Records, report::quoted};

pub(super) fn title(record: &Record<'_>) -> Answer {
    let title = record.plan.title.to_lowercase();
    let says = ["random", "by chance", "chance decides"].iter().any(|word| title.contains(word));
    let said = says.then(|| format!("{}.", quoted(&record.plan.title)));
    Answer::default().need(said, "The title does not say that chance decided who got which version.")
}

pub(super) fn summary(record: &Record<'_>) -> Answer {
    let summary = filled(&record.plan.public_summary).map(|text| format!("{text}."));
    let found = record.results().map(|report| report.verdict.headline.clone());
    Answer::default()
        .need(summary, "The plan has no summary for the public.")
        .need(found, "There is no result before the data are locked.")
}

pub(super) fn registered(record: &Record<'_>) -> Answer {
    let since = record.approvals.iter().map(|approval| approval.at).max_by_key(Moment::seconds);
    let told = since.map(|at| {
        let (key, code) = (&record.plan.key, &record.standing.code);
        format!("In the public register as {key}, with the code {code}, since its approval on {}.", at.day())
    });
    Answer::default().need(told, "No approval of the plan is on record, and it is the day of registration.")
}

pub(super) fn plan_open(record: &Record<'_>) -> Answer {
    let told = record.standing.ended.map(|at| {
        let id = record.protocol_id;
        format!("In the public register since {}, with how it is analysed. Its protocol id is {id}.", at.day())
    });
    Answer::default().need(told, "The plan is not public while people enter the trial.")
}

pub(super) fn data_open(record: &Record<'_>) -> Answer {
    let told = record.published.map(|at| {
        format!("Rounded results are in the public register since {}, as tables and as a document.", at.day())
    });
    let until = match record.records {
        Records::KeptFor(days) => {
            format!("They are deleted {} after the final report", counted(u64::from(days), "day", "days"))
        }
        other => other.sentence(),
    };
    let kept = format!("Records of single people are not passed on. {until}.");
    Answer::default().need(told, "The results are not public yet.").tell(kept)
}

pub(super) fn funding(_: &Record<'_>) -> Answer {
    Answer::default().lack("The record does not ask who paid for the trial, nor what say they had.")
}

pub(super) fn interests(_: &Record<'_>) -> Answer {
    Answer::default().lack("The record does not ask what those who wrote and report the trial have to gain.")
}

pub(super) fn background(record: &Record<'_>) -> Answer {
    let because = filled(&record.plan.hypothesis.because).map(|why| format!("The idea: {why}."));
    Answer::default().need(because, "The plan does not say why the change should help.")
}

pub(super) fn objectives(record: &Record<'_>) -> Answer {
    let (plan, idea) = (record.plan, &record.plan.hypothesis);
    let aim = match plan.aim {
        Aim::Better => "works better",
        Aim::NotWorse => "works no worse",
    };
    let good = filled(&idea.change)
        .zip(plan.outcome(&idea.outcome))
        .map(|(change, outcome)| format!("Whether it {aim} to {change}, judged by {}.", quoted(&outcome.name)));
    let names: Vec<String> =
        record.planned(&[Role::Harm, Role::Guardrail]).map(|outcome| quoted(&outcome.name)).collect();
    let bad = (!names.is_empty()).then(|| format!("What must not get worse: {}.", names.join(", ")));
    Answer::default()
        .need(good, "The plan does not say what is changed, or by which outcome it is judged.")
        .need(bad, "The plan names nothing that must not get worse.")
}
