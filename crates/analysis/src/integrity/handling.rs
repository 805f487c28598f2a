//! Did people get the version that chance gave them?

use super::gate;
use crate::{
    reading::Reading,
    report::{Gate, GateStatus},
    words::{grouped, plural},
};

/// Share of an arm's people that may be given another version for their good before it has to be explained: staff who do so
/// often may see a harm that nobody has reported.
const OVERRIDDEN_SHARE: f64 = 0.05;

/// How many people of an arm met two versions: amber above the share that the plan names (one in a hundred unless it says
/// otherwise), red when more than the plan bears (five in a hundred) are in two arms under different names. None where nothing is
/// known of it.
///
/// Those who were given another version for their good are among the people of the warning, never of the red light: of each
/// somebody said why, and they are analysed as assigned. In a person who is in two arms the versions are mixed by nobody's
/// decision, so that a comparison of the others is one of whoever was not found out.
pub(super) fn contamination(reading: &Reading<'_>) -> Option<Gate> {
    let evidence = reading.evidence;
    if evidence.handling.is_empty() {
        return None;
    }
    let (arms, limits) = (&reading.plan.arms, reading.plan.analysis.contamination);
    let people = plural(&reading.plan.unit);
    let share = |count: u64, assigned: u64| if assigned == 0 { 0.0 } else { count as f64 / assigned as f64 };
    let found =
        arms.iter().zip(&evidence.handling).zip(evidence.assigned(arms.len())).map(|((arm, handling), assigned)| {
            let met_both = handling.overridden.saturating_add(handling.in_two_arms);
            (arm, handling.in_two_arms, met_both, share(handling.in_two_arms, assigned), share(met_both, assigned))
        });
    let found: Vec<_> = found.collect();
    let spoilt = found.iter().filter(|arm| arm.3 > limits.invalid_above.to_f64()).max_by(|a, b| a.3.total_cmp(&b.3));
    let warned = found.iter().filter(|arm| arm.4 > limits.warn_above.to_f64()).max_by(|a, b| a.4.total_cmp(&b.4));
    let percent = |share: f64| format!("{:.1} in 100", share * 100.0);
    let (status, detail) = match (spoilt, warned) {
        (Some((arm, in_two_arms, _, share, _)), _) => {
            let detail = format!(
                "{} {people} of \u{201c}{}\u{201d} ({}) are in another version too, under another name; nothing can be read from such \
                 data.",
                grouped(*in_two_arms),
                arm.name,
                percent(*share)
            );
            (GateStatus::Red, detail)
        }
        (None, Some((arm, in_two_arms, met_both, _, share))) => {
            let detail = format!(
                "{} {people} of \u{201c}{}\u{201d} ({}) met another version too; {} of them are in two versions under different names and \
                 in no result.",
                grouped(*met_both),
                arm.name,
                percent(*share),
                grouped(*in_two_arms)
            );
            (GateStatus::Amber, detail)
        }
        (None, None) => {
            let all = found.iter().fold(0_u64, |sum, arm| sum.saturating_add(arm.2));
            (GateStatus::Green, format!("{} {people} met more than one version.", grouped(all)))
        }
    };
    Some(gate("contamination", status, detail, None))
}

/// Amber when many people of one arm were given another version; none where nothing is known of it.
pub(super) fn care_overrides(reading: &Reading<'_>) -> Option<Gate> {
    let evidence = reading.evidence;
    if evidence.handling.is_empty() {
        return None;
    }
    let arms = &reading.plan.arms;
    let found = arms.iter().zip(&evidence.handling).zip(evidence.assigned(arms.len()));
    let share = |overridden: u64, assigned: u64| if assigned == 0 { 0.0 } else { overridden as f64 / assigned as f64 };
    let worst = found
        .map(|((arm, handling), assigned)| (arm, handling.overridden, share(handling.overridden, assigned)))
        .max_by(|a, b| a.2.total_cmp(&b.2));
    let all = evidence.handling.iter().fold(0_u64, |sum, arm| sum.saturating_add(arm.overridden));
    let people = plural(&reading.plan.unit);
    Some(match worst {
        Some((arm, overridden, share)) if share > OVERRIDDEN_SHARE => {
            let detail = format!(
                "{} {people} assigned to \u{201c}{}\u{201d} ({:.0} in 100) were given another version for their good; ask those \
                 who did it what they saw.",
                grouped(overridden),
                arm.name,
                share * 100.0
            );
            gate("care_overrides", GateStatus::Amber, detail, None)
        }
        _ => {
            let detail = format!("{} {people} were given another version for their good.", grouped(all));
            gate("care_overrides", GateStatus::Green, detail, None)
        }
    })
}
