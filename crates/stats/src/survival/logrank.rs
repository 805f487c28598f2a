use crate::special::elementary::powf;
use serde::{Deserialize, Serialize};

use super::event_table::{Observation, RiskSet, risk_sets, rows_of};
use crate::error::StatError;
use crate::estimate::{PValue, Side};
use crate::means::{Draws, PermutationTest, permutation_test};
use crate::wald::{Reference, check_finite};

/// Result of a test of the logrank family.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LogRank {
    /// Weighted events in arm 1.
    pub observed1: f64,
    /// Weighted events in arm 0.
    pub observed0: f64,
    /// Weighted events expected in arm 1 if the arms did not differ.
    pub expected1: f64,
    /// Weighted events expected in arm 0.
    pub expected0: f64,
    /// Variance of observed minus expected.
    pub variance: f64,
    /// Observed minus expected in arm 1 over its standard deviation: above 0 when events come earlier in arm 1.
    pub z: f64,
    /// p-value from the normal distribution of `z`.
    pub p_value: PValue,
}

#[derive(Default)]
struct Sums {
    observed1: f64,
    observed0: f64,
    expected1: f64,
    expected0: f64,
    variance: f64,
}

impl Sums {
    fn add(&mut self, sets: &[RiskSet], rho: f64) {
        // Harrington and Fleming weigh with the share still waiting just before the event, over both arms.
        let mut survival: f64 = 1.0;
        for set in sets {
            let (at_risk, events) = (set.at_risk1 + set.at_risk0, set.events1 + set.events0);
            let weight = powf(survival, rho);
            let share = set.at_risk1 / at_risk;
            self.observed1 += weight * set.events1;
            self.observed0 += weight * set.events0;
            self.expected1 += weight * events * share;
            self.expected0 += weight * events * (1.0 - share);
            if at_risk > 1.0 {
                self.variance +=
                    weight * weight * events * share * (1.0 - share) * (at_risk - events) / (at_risk - 1.0);
            }
            survival *= 1.0 - events / at_risk;
        }
    }

    fn test(&self, side: Side) -> Result<LogRank, StatError> {
        if self.variance <= 0.0 {
            return Err(StatError::not_estimable("no event happened while people of both arms were waiting"));
        }
        let z = (self.observed1 - self.expected1) / self.variance.sqrt();
        Ok(LogRank {
            observed1: self.observed1,
            observed0: self.observed0,
            expected1: self.expected1,
            expected0: self.expected0,
            variance: self.variance,
            z,
            p_value: Reference::Normal.p_value(z, side),
        })
    }
}

/// Do events come earlier or later in arm 1? (Logrank test and its weighted family.)
///
/// # Arguments
/// * `arm1`, `arm0` - times of the people; `rho` - weight on early differences: 0 is the logrank test, 1 Peto and Prentice's; -10 to
///   10.
/// * `side` - `Greater` asks whether events come earlier (more events than expected) in arm 1.
///
/// # When not
/// Not as the only number: give restricted means or shares beside it. Weak when the curves cross.
///
/// # Source
/// Mantel (1966); Harrington and Fleming (1982), Biometrika 69:553-566.
///
/// # Errors
/// `TooFewUnits` for an empty arm, `NotEstimable` without events while both arms are at risk, `InvalidArgument`.
///
/// ```
/// use fairtrial_stats::{Side, survival::logrank};
/// use fairtrial_stats::survival::Observation;
/// let of = |time: f64, event: bool| Observation { time, event };
/// // Freireich and others (1963): weeks of remission with 6-MP and with placebo.
/// let drug: Vec<_> = [6.0, 6.0, 6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0].map(|t| of(t, true)).into_iter()
///     .chain([6.0, 9.0, 10.0, 11.0, 17.0, 19.0, 20.0, 25.0, 32.0, 32.0, 34.0, 35.0].map(|t| of(t, false))).collect();
/// let placebo: Vec<_> = [1., 1., 2., 2., 3., 4., 4., 5., 5., 8., 8., 8., 8., 11., 11., 12., 12., 15., 17., 22., 23.]
///     .map(|t| of(t, true)).into();
/// let test = logrank(&drug, &placebo, 0.0, Side::Two)?;
/// assert!((test.z * test.z - 16.79).abs() < 5e-3 && test.z < 0.0);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn logrank(arm1: &[Observation], arm0: &[Observation], rho: f64, side: Side) -> Result<LogRank, StatError> {
    check_rho(rho)?;
    let mut sums = Sums::default();
    sums.add(&risk_sets(&rows_of(arm1, "arm1")?, &rows_of(arm0, "arm0")?), rho);
    sums.test(side)
}

/// The same, comparing only within strata; strata with people of one arm only say nothing.
///
/// # Arguments
/// * `strata` - per stratum the times of (arm 1, arm 0); the rest as [`logrank`].
///
/// ```
/// use fairtrial_stats::{Side, survival::{Observation, logrank, logrank_stratified}};
/// let of = |times: &[f64]| -> Vec<Observation> { times.iter().map(|&time| Observation { time, event: true }).collect() };
/// // The same stratum twice: everything adds up, so z grows by the root of 2.
/// let (arm1, arm0) = (of(&[1.0, 3.0, 4.0]), of(&[2.0, 5.0, 6.0]));
/// let one = logrank(&arm1, &arm0, 0.0, Side::Two).unwrap();
/// let two = logrank_stratified(&[(arm1.clone(), arm0.clone()), (arm1, arm0)], 0.0, Side::Two).unwrap();
/// assert!((two.z - one.z * 2.0_f64.sqrt()).abs() < 1e-13);
/// ```
///
/// # Errors
/// As [`logrank`].
pub fn logrank_stratified(
    strata: &[(Vec<Observation>, Vec<Observation>)],
    rho: f64,
    side: Side,
) -> Result<LogRank, StatError> {
    check_rho(rho)?;
    let mut sums = Sums::default();
    for (arm1, arm0) in strata {
        let rows = |arm: &[Observation], argument| if arm.is_empty() { Ok(Vec::new()) } else { rows_of(arm, argument) };
        sums.add(&risk_sets(&rows(arm1, "strata")?, &rows(arm0, "strata")?), rho);
    }
    sums.test(side)
}

fn check_rho(rho: f64) -> Result<(), StatError> {
    check_finite("rho", rho)?;
    if rho.abs() > 10.0 { Err(StatError::invalid("rho", "must lie between -10 and 10")) } else { Ok(()) }
}

/// Could chance assignment alone explain when events came? (Permutation test of logrank scores.)
///
/// # Result
/// The score of a person is whether the event happened minus the cumulative hazard of everybody up to that time; a positive
/// difference means earlier events in arm 1.
///
/// # Source
/// Peto and Peto (1972); scores with the Nelson-Aalen hazard as in Hothorn and Lausen (2003).
///
/// ```
/// use fairtrial_stats::{means::Draws, survival::{Observation, logrank_permutation}};
/// let of = |times: &[f64]| -> Vec<Observation> { times.iter().map(|&time| Observation { time, event: true }).collect() };
/// // All three of arm 1 before all three others: 1 of C(6, 3) = 20 assignments, or its mirror image.
/// let test = logrank_permutation(&of(&[1.0, 2.0, 3.0]), &of(&[4.0, 5.0, 6.0]), Draws::Exact).unwrap();
/// assert!((test.p_greater - 0.05).abs() < 1e-14 && (test.p_two - 0.1).abs() < 1e-14);
/// ```
///
/// # Errors
/// As [`permutation_test`]; `InvalidArgument` for times.
pub fn logrank_permutation(
    arm1: &[Observation],
    arm0: &[Observation],
    how: Draws,
) -> Result<PermutationTest, StatError> {
    let all: Vec<Observation> = arm1.iter().chain(arm0).copied().collect();
    let mut hazard = 0.0;
    let mut at_risk = all.len() as f64;
    let mut steps: Vec<(f64, f64)> = Vec::new();
    for row in rows_of(&all, "arm1")? {
        hazard += row.events as f64 / at_risk;
        at_risk -= (row.events + row.censored) as f64;
        steps.push((row.time, hazard));
    }
    let score = |one: &Observation| {
        let index = steps.partition_point(|(time, _)| *time < one.time);
        f64::from(u8::from(one.event)) - steps[index].1
    };
    let scores: Vec<f64> = all.iter().map(score).collect();
    let in_arm1: Vec<bool> = (0..all.len()).map(|i| i < arm1.len()).collect();
    permutation_test(&scores, &in_arm1, None, how)
}
