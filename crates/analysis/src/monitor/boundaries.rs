//! The boundaries and what stood beside them on one scale, for pictures: the score, against the share of the information.

use fairtrial_domain::{
    ArmKey, OutcomeKey,
    projection::HeldLook,
    protocol::{Protocol, Role},
};
use fairtrial_stats::{StatError, special::normal};

use super::{
    hold::followed_up,
    judge::look_bounds,
    schedule::{bounds, fractions, one_sided_alpha},
};
use crate::{comparison::finite, monitor::judge::parts, report::LookHeld};

/// A p-value below this has the score of this: a picture has an edge.
const SMALLEST_P: f64 = 1e-12;

/// All boundaries of a trial and what stood beside them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Boundaries {
    /// Those of the decision rule, in the order of the information.
    pub rule: Vec<RulePlace>,
    /// Those of the harm measures, in the order of the information; a measure's at one look beside the others' there.
    pub harms: Vec<HarmPlace>,
}

/// The rule's boundaries at one look.
#[derive(Debug, Clone, PartialEq)]
pub struct RulePlace {
    /// Share of the planned information that was in, or will be.
    pub information: f64,
    /// Success at or above this score.
    pub success: Option<f64>,
    /// Giving up at or below this score of the primary outcome.
    pub giving_up: Option<f64>,
    /// What stood beside them; empty at a look still to come.
    pub arms: Vec<ArmPlace>,
}

/// One new version at a look.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmPlace {
    /// Which arm.
    pub arm: ArmKey,
    /// The score of the whole rule, which success is judged by.
    pub rule: Option<f64>,
    /// The score of the primary outcome, which giving up is judged by.
    pub primary: Option<f64>,
}

/// One harm measure's boundary at one look, as a score that is larger the worse the new version is.
#[derive(Debug, Clone, PartialEq)]
pub struct HarmPlace {
    /// Which measure.
    pub outcome: OutcomeKey,
    /// Share of the planned information that was in, or will be.
    pub information: f64,
    /// Harm at or above this score.
    pub bound: Option<f64>,
    /// The new versions with their scores; empty at a look still to come.
    pub arms: Vec<(ArmKey, Option<f64>)>,
}

/// The people followed up at a look and those of them with a recorded primary outcome, by arm in the plan's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Number of the look.
    pub look: usize,
    /// People followed up in full in all arms together.
    pub followed_up: u64,
    /// People followed up in full, and how many of them have a record, by arm.
    pub arms: Vec<(u64, u64)>,
}

/// The score of a one-sided p-value.
fn score(p_value: f64) -> Option<f64> {
    finite(-normal::quantile(p_value.clamp(SMALLEST_P, 1.0 - SMALLEST_P)))
}

/// What the looks held showed, oldest first.
#[must_use]
pub fn boundaries(held: &[LookHeld]) -> Boundaries {
    let mut found = Boundaries::default();
    for look in held {
        let arm = |arm: &crate::report::LookArm| ArmPlace {
            arm: arm.arm.clone(),
            rule: arm.p_value.and_then(score),
            primary: arm.z.and_then(finite),
        };
        found.rule.push(RulePlace {
            information: look.information,
            // No p-value at all is small enough where the level is nothing.
            success: Some(look.efficacy_p).filter(|p| *p > 0.0).and_then(score),
            giving_up: look.futility_z.and_then(finite),
            arms: look.arms.iter().map(arm).collect(),
        });
        found.harms.extend(look.harm_bounds.iter().map(|bound| {
            let of_measure = look.harms.iter().filter(|harm| harm.outcome == bound.outcome);
            HarmPlace {
                outcome: bound.outcome.clone(),
                information: look.information,
                bound: Some(bound.p_value).filter(|p| *p > 0.0).and_then(score),
                arms: of_measure.map(|harm| (harm.arm.clone(), harm.adjusted_p_value.and_then(score))).collect(),
            }
        }));
    }
    found
}

/// The same with the boundaries of the looks still to come, when they are held as planned after those held so far. They move
/// a little with what is in by then, and those of small trials are made exact when the look is held.
///
/// # Errors
/// As [`look_bounds`].
pub fn boundaries_ahead(plan: &Protocol, held: &[LookHeld]) -> Result<Boundaries, StatError> {
    let mut found = boundaries(held);
    let mut shares: Vec<f64> = held.iter().map(|look| look.information).collect();
    let largest = shares.iter().copied().fold(0.0, f64::max);
    let ahead: Vec<f64> =
        fractions(&plan.monitoring).into_iter().filter(|planned| *planned > largest * (1.0 + 1e-9)).collect();
    let from = shares.len();
    shares.extend(&ahead);
    let parts = parts(plan);
    let rule = bounds(&plan.monitoring, one_sided_alpha(&plan.monitoring) / parts, &shares, true)?;
    for (place, bound) in rule.iter().enumerate().skip(from) {
        found.rule.push(RulePlace {
            information: bound.fraction,
            success: Some((bound.efficacy_p * parts).min(1.0)).filter(|p| *p > 0.0).and_then(score),
            giving_up: bound.futility_z,
            arms: Vec::new(),
        });
        let upto = shares.get(..=place).unwrap_or_default();
        for (measure, p_value) in look_bounds(plan, upto, place + 1 == shares.len())?.harm {
            let Some(outcome) = plan.outcomes.get(measure) else { continue };
            found.harms.push(HarmPlace {
                outcome: outcome.key.clone(),
                information: bound.fraction,
                bound: Some(p_value).filter(|p| *p > 0.0).and_then(score),
                arms: Vec::new(),
            });
        }
    }
    Ok(found)
}

/// How the records of the primary outcome came in, look by look.
#[must_use]
pub fn arrivals(plan: &Protocol, looks: &[HeldLook]) -> Vec<Arrival> {
    let Some(primary) = plan.outcomes.iter().position(|outcome| outcome.role == Role::Primary) else {
        return Vec::new();
    };
    let of_look = |look: &HeldLook| {
        let outcome = look.evidence.outcomes.get(primary)?;
        let arm = |arm: usize| {
            let (_, mature, tally) = outcome.arm(arm);
            (mature, tally.observed.min(mature))
        };
        Some(Arrival {
            look: look.look,
            followed_up: followed_up(plan, &look.evidence),
            arms: (0..plan.arms.len()).map(arm).collect(),
        })
    };
    looks.iter().filter_map(of_look).collect()
}
