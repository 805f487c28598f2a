//! Trials in which not everybody took up what they were assigned: the effect on those who did because of it.

use serde::{Deserialize, Serialize};

use crate::confidence_set::ConfidenceSet;
use crate::error::StatError;
use crate::estimate::{Estimate, Guarantee, Side};
use crate::sufficient::{CoMoments, Moments};
use crate::wald::{Reference, Wald, check_level};

/// How far the assignment moved take-up and outcome.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TakeUp {
    /// Difference of the outcome's means 1 - 0, as assigned.
    pub intention_to_treat: f64,
    /// Difference of the mean take-up 1 - 0; for yes/no take-up the share of people who take it up because they are assigned to it.
    pub take_up_difference: f64,
}

/// Which variance two-stage least squares takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResidualSpread {
    /// Each arm has its own; the default.
    PerArm,
    /// Both arms have the same.
    Common,
}

struct Arm {
    outcome: Moments,
    take_up: Moments,
    cross: f64,
}

fn arm(moments: &CoMoments, argument: &str) -> Result<Arm, StatError> {
    if moments.units() < 2 {
        return Err(StatError::TooFewUnits { need: 2, got: moments.units() });
    }
    match (moments.variable(0), moments.variable(1), moments.product(0, 1)) {
        (Some(outcome), Some(take_up), Some(cross)) if moments.width() == 2 => Ok(Arm { outcome, take_up, cross }),
        _ => Err(StatError::invalid(argument, "needs the outcome and the take-up")),
    }
}

/// How far did the assignment move take-up and outcome?
///
/// # Arguments
/// * `arm1`, `arm0` - co-moments of outcome (variable 0) and take-up (variable 1; 0 or 1, or a dose) of the units as assigned.
///
/// ```
/// use fairtrial_stats::{instrumental::take_up, sufficient::CoMoments};
/// // Outcome and take-up, person by person.
/// let arm1 = CoMoments::of(&[&[4.0, 6.0, 5.0, 5.0], &[1.0, 1.0, 1.0, 0.0]]).unwrap();
/// let arm0 = CoMoments::of(&[&[3.0, 5.0, 4.0, 4.0], &[0.0, 0.0, 1.0, 0.0]]).unwrap();
/// let found = take_up(&arm1, &arm0).unwrap();
/// assert!((found.intention_to_treat - 1.0).abs() < 1e-14 && (found.take_up_difference - 0.5).abs() < 1e-14);
/// ```
///
/// # Errors
/// `TooFewUnits` below two units an arm, `InvalidArgument`.
pub fn take_up(arm1: &CoMoments, arm0: &CoMoments) -> Result<TakeUp, StatError> {
    let (a1, a0) = (arm(arm1, "arm1")?, arm(arm0, "arm0")?);
    Ok(TakeUp {
        intention_to_treat: a1.outcome.mean - a0.outcome.mean,
        take_up_difference: a1.take_up.mean - a0.take_up.mean,
    })
}

/// What is the effect on those who take it up because they were assigned to it? (Two-stage least squares with robust variance.)
///
/// # Arguments
/// * `arm1`, `arm0` - as [`take_up`]; `spread` - of the residuals; `side`, `level` - question, the null effect is 0.
///
/// # Result
/// Difference of outcomes over difference of take-up. The standard error is for large samples; the interval is wrong when take-up
/// hardly differs: then read [`anderson_rubin`].
///
/// # When not
/// Not when assignment can act other than through take-up, or makes some people do the opposite.
///
/// # Source
/// Imbens and Angrist (1994), Econometrica 62:467-475; White's variance without small-sample factor.
///
/// ```
/// use fairtrial_stats::{Side, instrumental::{ResidualSpread, complier_average}, sufficient::CoMoments};
/// let arm1 = CoMoments::of(&[&[4.0, 6.0, 5.0, 5.0], &[1.0, 1.0, 1.0, 0.0]]).unwrap();
/// let arm0 = CoMoments::of(&[&[3.0, 5.0, 4.0, 4.0], &[0.0, 0.0, 1.0, 0.0]]).unwrap();
/// // Wald 1940: a difference of 1 in the outcome over 1/2 in the take-up.
/// let e = complier_average(&arm1, &arm0, ResidualSpread::PerArm, Side::Two, 0.95).unwrap();
/// assert!((e.point.unwrap() - 2.0).abs() < 1e-13);
/// ```
///
/// # Errors
/// `NotEstimable` when take-up does not differ, `ZeroVariance`, `TooFewUnits`, `InvalidArgument`.
pub fn complier_average(
    arm1: &CoMoments,
    arm0: &CoMoments,
    spread: ResidualSpread,
    side: Side,
    level: f64,
) -> Result<Estimate, StatError> {
    let (a1, a0) = (arm(arm1, "arm1")?, arm(arm0, "arm0")?);
    let first_stage = a1.take_up.mean - a0.take_up.mean;
    if first_stage == 0.0 {
        return Err(StatError::not_estimable("take-up is the same in both arms"));
    }
    let point = (a1.outcome.mean - a0.outcome.mean) / first_stage;
    // Within each arm the residuals have mean 0: the two means determine the two coefficients.
    let squares = |arm: &Arm| (arm.outcome.m2 - 2.0 * point * arm.cross + point * point * arm.take_up.m2).max(0.0);
    let (n1, n0) = (a1.outcome.n as f64, a0.outcome.n as f64);
    let variance = match spread {
        ResidualSpread::PerArm => squares(&a1) / (n1 * n1) + squares(&a0) / (n0 * n0),
        ResidualSpread::Common => (squares(&a1) + squares(&a0)) / (n1 * n0),
    };
    Wald {
        point,
        standard_error: variance.sqrt() / first_stage.abs(),
        reference: Reference::Normal,
        null: 0.0,
        side,
        level,
    }
    .estimate("two-stage least squares", Guarantee::Asymptotic)
}

/// Which effects on those who take it up are compatible with the data, however weak the take-up? (Anderson and Rubin.)
///
/// # Arguments
/// * `arm1`, `arm0` - as [`take_up`]; `level` - confidence level in (0, 1).
///
/// # Result
/// All effects `b` for which outcome - b take-up does not differ between the arms. Everything, or everything outside a gap, when
/// take-up does not clearly differ.
///
/// # Source
/// Anderson and Rubin (1949); Fieller (1954), with each arm's own variances and the normal quantile.
///
/// ```
/// use fairtrial_stats::{instrumental::anderson_rubin, sufficient::CoMoments};
/// let arm1 = CoMoments::of(&[&[4.0, 6.0, 5.0, 5.0], &[1.0, 1.0, 1.0, 0.0]]).unwrap();
/// let arm0 = CoMoments::of(&[&[3.0, 5.0, 4.0, 4.0], &[0.0, 0.0, 1.0, 0.0]]).unwrap();
/// // Wald's ratio, 1 over 1/2, is always in the set; with so little take-up nothing bounds the set.
/// let set = anderson_rubin(&arm1, &arm0, 0.95).unwrap();
/// assert!(set.contains(2.0) && set.contains(1e6));
/// ```
///
/// # Errors
/// `TooFewUnits`, `ZeroVariance`, `InvalidArgument`.
pub fn anderson_rubin(arm1: &CoMoments, arm0: &CoMoments, level: f64) -> Result<ConfidenceSet, StatError> {
    check_level(level)?;
    let (a1, a0) = (arm(arm1, "arm1")?, arm(arm0, "arm0")?);
    let over = |arm: &Arm, sum: f64| sum / (arm.outcome.n as f64 * (arm.outcome.n - 1) as f64);
    let var_y = over(&a1, a1.outcome.m2) + over(&a0, a0.outcome.m2);
    let var_d = over(&a1, a1.take_up.m2) + over(&a0, a0.take_up.m2);
    if var_y <= 0.0 {
        return Err(StatError::ZeroVariance);
    }
    Ok(ConfidenceSet::fieller(
        a1.outcome.mean - a0.outcome.mean,
        a1.take_up.mean - a0.take_up.mean,
        var_y,
        var_d,
        over(&a1, a1.cross) + over(&a0, a0.cross),
        Reference::Normal.upper_quantile((1.0 - level) / 2.0),
    ))
}
