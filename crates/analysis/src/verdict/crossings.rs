//! What was found before the end, at looks and between them.

use fairtrial_domain::{ArmKey, OutcomeKey};

use super::{Found, arm_name, outcome_name};
use crate::{monitor::LookDecision, report::Reason};

/// A harm boundary that was crossed before the end.
pub(super) struct Crossed {
    pub(super) outcome: OutcomeKey,
    pub(super) arm: ArmKey,
    pub(super) reason: Reason,
}

/// The harm boundaries that were crossed between looks and at them.
pub(super) fn harms(found: &Found<'_>) -> Vec<Crossed> {
    let say = |outcome: &OutcomeKey, arm: &ArmKey, when: &str| {
        let (name, arm) = (outcome_name(found, outcome), arm_name(found, arm));
        let detail = format!("{name}: {when} the boundary for harm was crossed in \u{201c}{arm}\u{201d}.");
        Reason::new("harm_boundary_crossed", detail)
    };
    let day =
        |at: &chrono::DateTime<chrono::Utc>| at.with_timezone(&found.reading.plan.time_zone).format("on %-d %B %Y");
    let between = found.watched.crossings.iter().map(|crossing| Crossed {
        outcome: crossing.outcome.clone(),
        arm: crossing.arm.clone(),
        reason: say(&crossing.outcome, &crossing.arm, &day(&crossing.at).to_string()),
    });
    let harmful = found.watched.looks.iter().filter(|look| look.decision == LookDecision::Harmful);
    let at_looks = harmful.flat_map(|look| look.harms.iter().filter(|harm| harm.crossed).map(move |harm| (look, harm)));
    let at_looks = at_looks.map(|(look, harm)| Crossed {
        outcome: harm.outcome.clone(),
        arm: harm.arm.clone(),
        reason: say(&harm.outcome, &harm.arm, &format!("at look {}", look.look)),
    });
    between.chain(at_looks).collect()
}

/// The arms for which the rule held at a look before the end, each with its reason.
pub(super) fn successes(found: &Found<'_>) -> Vec<(ArmKey, Reason)> {
    let crossed = found.watched.looks.iter().filter(|look| look.decision == LookDecision::Succeeded);
    crossed
        .filter_map(|look| {
            let arm = look.arm.clone()?;
            let detail = format!(
                "At look {} the rule \u{201c}{}\u{201d} held for \u{201c}{}\u{201d}: the boundary for success was crossed.",
                look.look,
                found.decision.rule,
                arm_name(found, &arm)
            );
            Some((arm, Reason::new("efficacy_boundary_crossed", detail)))
        })
        .collect()
}
