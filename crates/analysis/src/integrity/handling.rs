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
