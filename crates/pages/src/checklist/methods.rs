//! How the trial was done.

use fairtrial_domain::protocol::{Aim, Allocation, Missing, OutcomeKind, Role};
use serde_json::Value;

use super::{
    answer::Answer,
    record::{Record, filled},
};
use crate::{
    moment::day,
    number::{counted, grouped, plural},
    protocol::{chance, in_100, limits, measured, missing_words, spending, watched, who},
    quantity::Quantity,
    report::{quoted, sentence},
};

pub(super) fn involvement(record: &Record<'_>) -> Answer {
    let comment = record.plan.public_comment.map(|window| {
        format!("Everybody could comment on the plan from {} to {}.", day(window.from), day(window.until))
    });
    let group = record.plan.data.kaitiaki.as_ref().map(|group| format!("Māori data are governed by {}.", group.group));
    let told: Vec<String> = comment.into_iter().chain(group).collect();
    Answer::default()
        .need_any(told, "Neither days for comments of the public nor a group of the people concerned is on record.")
}

pub(super) fn design(record: &Record<'_>) -> Answer {
    let plan = record.plan;
    let shares: Vec<String> = plan.arms.iter().map(|arm| arm.ratio.to_string()).collect();
    let aim = match plan.aim {
        Aim::Better => "To show that a new version works better.",
        Aim::NotWorse => "To show that a new version works no worse than its margin allows.",
    };
    let versions = counted(plan.arms.len() as u64, "version", "versions");
    Answer::default().tell(format!("{versions}, in shares of {}. {}", shares.join(" to "), chance(plan))).tell(aim)
}

pub(super) fn changes(record: &Record<'_>) -> Answer {
    if record.standing.started.is_none() {
        return Answer::default().lack("The trial has not started.");
    }
    let changed = record.changes.iter().map(|change| {
        let why = change.reason.as_deref().map(|reason| format!(" Why: {}", sentence(reason))).unwrap_or_default();
        format!("Version {} of the plan, since {}. {}{why}", change.number, change.since.day(), change.kind)
    });
    let mut told: Vec<String> = changed.collect();
    if told.is_empty() {
        told.push("The plan is the one of the start.".to_owned());
    }
    let departures = record.results().map(|report| match report.departures.as_slice() {
        [] => "The report does nothing otherwise than the plan says.".to_owned(),
        found => found.iter().map(|reason| sentence(&reason.detail)).collect::<Vec<_>>().join(" "),
    });
    Answer::default().tell_all(told).need(departures, "There is no report yet that could differ from the plan.")
}

pub(super) fn setting(record: &Record<'_>) -> Answer {
    let plan = record.plan;
    let place = plan.touchpoint.as_ref().map(|place| format!("At this place in the service: {place}."));
    let roster = match plan.allocation.roster() {
        [] => None,
        groups => Some(format!("{} take part.", counted(groups.len() as u64, "group", "groups"))),
    };
    Answer::default()
        .need(filled(record.agency).map(|name| format!("{name}.")), "The agency is not on record.")
        .need(place, "The plan names no place in the service.")
        .tell_all(roster)
}

pub(super) fn eligible(record: &Record<'_>) -> Answer {
    let (included, excluded) = who(record.plan);
    let whom = filled(&record.plan.hypothesis.who).map(sentence);
    Answer::default().need(whom, "The plan does not say in words whom it is about.").tell(format!(
        "In: {}. Left out: {}.",
        included.join("; "),
        excluded.join("; ")
    ))
}

pub(super) fn eligible_places(record: &Record<'_>) -> Answer {
    match record.plan.allocation.roster() {
        [] => Answer::of_no_matter(
            "People are assigned one by one, and the plan sets no conditions for offices or staff.",
        ),
        groups => {
            let names: Vec<String> = groups.iter().map(ToString::to_string).collect();
            Answer::default()
                .tell(format!("These take part: {}.", names.join(", ")))
                .lack("How they were chosen is not on record.")
        }
    }
}

pub(super) fn versions(record: &Record<'_>) -> Answer {
    let shows = |payload: &Value| match payload {
        Value::Null => false,
        Value::Object(fields) => !fields.is_empty(),
        Value::String(text) => !text.trim().is_empty(),
        _ => true,
    };
    record.plan.arms.iter().fold(Answer::default(), |answer, arm| {
        let usual = if arm.control { " It is what happens today." } else { "" };
        match shows(&arm.payload) {
            true => answer.tell(format!("{}: what it shows is part of the plan.{usual}", quoted(&arm.name))),
            false => answer.lack(format!("The plan does not hold what {} shows.", quoted(&arm.name))),
        }
    })
}

pub(super) fn outcomes(record: &Record<'_>) -> Answer {
    let lines = |roles| record.planned(roles).map(|outcome| format!("{}. {}", outcome.name, measured(outcome)));
    let main: Vec<String> = lines(&[Role::Primary]).collect();
    Answer::default().need_any(main, "The plan names no main outcome.").tell_all(lines(&[
        Role::Secondary,
        Role::Guardrail,
        Role::Harm,
    ]))
}

pub(super) fn harms(record: &Record<'_>) -> Answer {
    let plan = record.plan;
    let line = |outcome: &fairtrial_domain::protocol::Outcome| {
        let limits = limits(outcome, &plan.unit).join(" ");
        format!("{}. {} {limits}", outcome.name, measured(outcome)).trim().to_owned()
    };
    let told: Vec<String> = record.planned(&[Role::Harm]).map(line).collect();
    let severe = plan.monitoring.severe_harms_over_control.map(|most| {
        format!(
            "{most} more reports of grave harm (weight 3) than with the usual version suspend the trial by themselves."
        )
    });
    Answer::default().need_any(told, "The plan names no measure of harm.").tell_all(severe)
}

pub(super) fn size(record: &Record<'_>) -> Answer {
    let (plan, monitoring) = (record.plan, &record.plan.monitoring);
    let primary = plan.primary();
    let quantity = |kind| Quantity::new(kind, &plan.unit);
    let matters = primary.and_then(|outcome| {
        let (size, what) = match plan.aim {
            Aim::Better => (outcome.smallest_worthwhile_effect?, "The smallest difference that would matter"),
            Aim::NotWorse => (outcome.margin?, "The largest loss that is acceptable"),
        };
        Some(format!("{what}: {}.", quantity(outcome.kind).planned(size)))
    });
    let expected = primary.and_then(|outcome| match outcome.kind {
        OutcomeKind::Binary => {
            let share = in_100(outcome.expected_control?.to_f64());
            Some(format!("Expected with the usual version: {share} in 100."))
        }
        _ => {
            Some(format!("Single values are expected to vary by {} (standard deviation).", outcome.standard_deviation?))
        }
    });
    let [alpha, power] = [monitoring.alpha, monitoring.power].map(|share| in_100(share.to_f64()));
    let most = counted(monitoring.max_units, &plan.unit, &plural(&plan.unit));
    Answer::default()
        .tell(format!("At most {most}. Chance of a difference that is not there: {alpha} in 100; of seeing the one planned for: {power} in 100."))
        .need(matters, "The plan does not say which difference would matter.")
        .need(expected, "The plan does not say what is expected with the usual version.")
}

pub(super) fn looks(record: &Record<'_>) -> Answer {
    let monitoring = &record.plan.monitoring;
    let early: Vec<String> = monitoring.looks.iter().map(|look| in_100(look.to_f64())).collect();
    let told = match early.split_last() {
        None | Some((_, [])) => "No look before the end is planned.".to_owned(),
        Some((_, looks)) => format!("Looks when {} in 100 of the outcomes are in.", looks.join(", ")),
    };
    let ends = [("success", &monitoring.efficacy), ("giving up", &monitoring.futility)];
    let ends = ends.into_iter().filter_map(|(what, shared)| {
        Some(format!("The error for {what} is shared over the looks: {}.", spending(shared.as_ref()?)))
    });
    Answer::default()
        .tell(told)
        .tell_all(ends)
        .tell_all(watched(record.plan).into_iter().map(|line| format!("Watched for harm. {line}.")))
}

pub(super) fn drawn_by(record: &Record<'_>) -> Answer {
    let told = record.standing.commitment.as_ref().map(|commitment| {
        format!("Fairtrial, by its published method from a secret. The secret\u{2019}s fingerprint is public since the start: {commitment}.")
    });
    let again =
        record.results().and_then(|report| report.integrity.iter().find(|gate| gate.gate == "allocation_replay"));
    let again = again.map(|gate| format!("All draws were made again from the secret: {}.", gate.detail));
    Answer::default().need(told, "No secret from which versions are drawn is on record.").tell_all(again)
}

pub(super) fn kind_of_draw(record: &Record<'_>) -> Answer {
    let sizes = match &record.plan.allocation {
        Allocation::PermutedBlocks { block_multiples, .. } => {
            let sum: u32 = record.plan.ratio().iter().sum();
            let sizes: Vec<String> = block_multiples.iter().map(|times| grouped(u64::from(times * sum))).collect();
            Some(format!("Sizes of the groups, drawn by chance: {}.", sizes.join(", ")))
        }
        _ => None,
    };
    Answer::default().tell(chance(record.plan)).tell_all(sizes)
}

pub(super) fn concealed(record: &Record<'_>) -> Answer {
    let how = match &record.plan.allocation {
        Allocation::Cluster { .. } => "The version of each group is drawn from the secret, which the server keeps.",
        Allocation::SteppedWedge { .. } => "The order of the sites is drawn from the secret at the start.",
        _ => "A version is drawn when somebody enters, from a secret that the server keeps.",
    };
    let told = record.standing.commitment.as_ref().map(|_| how.to_owned());
    Answer::default().need(told, "Without a secret on record nothing says how a draw was kept from being known.")
}

pub(super) fn known_before(record: &Record<'_>) -> Answer {
    let who = match &record.plan.allocation {
        Allocation::Cluster { .. } => {
            "Staff of a group know its version once somebody of it is in the trial, before others of it enter."
        }
        Allocation::SteppedWedge { .. } => {
            "Staff of a site know the day on which it changes over, before people enter."
        }
        _ => "Nobody: whoever lets people in learns a version when it is assigned.",
    };
    let told = record.standing.commitment.as_ref().map(|_| who.to_owned());
    Answer::default().need(told, "No draw is on record.")
}

pub(super) fn masked(record: &Record<'_>) -> Answer {
    let locked = record.standing.locked.map(|at| {
        format!(
            "Those who run the trial saw no comparison of the versions before the data were locked on {}.",
            at.day()
        )
    });
    Answer::default()
        .tell_all(locked)
        .lack("The plan does not say whether people and staff could tell which version it was.")
}

pub(super) fn masked_how(_: &Record<'_>) -> Answer {
    Answer::default().lack("The plan does not say how the versions were kept from being told apart.")
}

pub(super) fn comparison(record: &Record<'_>) -> Answer {
    Answer::default().need_any(record.methods(), "Nothing was compared.")
}

pub(super) fn counted_in(record: &Record<'_>) -> Answer {
    let told = filled(&record.plan.analysis_unit)
        .map(|unit| format!("Every {unit} is counted with the version that was assigned, whatever they received."));
    Answer::default().need(told, "The plan does not say what is counted.")
}

pub(super) fn missing(record: &Record<'_>) -> Answer {
    let also = match record.plan.analysis.missing {
        Missing::NotSettled => None,
        Missing::LeftOut => Some("The report says what the missing could hide.".to_owned()),
    };
    let told = format!("Somebody of whom nothing is heard: {}", missing_words(record.plan.analysis.missing));
    Answer::default().tell(told).tell_all(also)
}

/// What the plan asks for beside the comparison itself.
pub(super) fn planned_beside(record: &Record<'_>) -> Vec<String> {
    let (plan, analysis) = (record.plan, &record.plan.analysis);
    let names = |names: &[String]| names.iter().map(|name| name.replace('_', " ")).collect::<Vec<_>>().join(", ");
    let equity =
        plan.equity.as_ref().map(|equity| format!("Whether a group is left worse off, by {}.", names(&equity.groups)));
    let adjusted = (!analysis.adjust_for.is_empty()).then(|| format!("Adjusted for {}.", names(&analysis.adjust_for)));
    let redrawn = analysis.redraws.map(|times| format!("The allocation drawn {} more times.", grouped(times.into())));
    let got_it = analysis.got_it.map(|_| "The effect on those who got their version.".to_owned());
    [equity, adjusted, redrawn, got_it].into_iter().flatten().collect()
}

pub(super) fn more_analyses(record: &Record<'_>) -> Answer {
    let planned = planned_beside(record);
    let told = match planned.is_empty() {
        true => vec!["None was planned.".to_owned()],
        false => planned.into_iter().map(|what| format!("Planned: {what}")).collect(),
    };
    Answer::default().tell_all(told)
}
