//! Planned looks at a randomised trial of few clusters or units, with an error that rests on the assignment alone.

use serde::{Deserialize, Serialize};

use super::Spending;
use super::spending::check_probability;
use crate::assignment::Assignment;
use crate::means::Draws;
use crate::{PValue, Side, StatError};

/// Most looks.
pub const MAX_LOOKS: usize = 100;
/// Statistics that differ by less than this share of the largest are ties: they differ by rounding only.
const TIE: f64 = 1e-10;

/// How the error is spent over the looks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermutationPlan {
    /// Probability of a false success at any look, in (0, 1); of both sides together when two-sided.
    pub alpha: f64,
    /// `Greater` or `Less` for one side, `Two` for both, each with half of `alpha`.
    pub side: Side,
    /// How it is shared over the looks.
    pub spending: Spending,
    /// Share of the planned information at each look held so far, rising, positive; everything is spent from 1 on.
    pub fractions: Vec<f64>,
}

/// What a look says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PermutationLook {
    /// The statistic of the real assignment.
    pub statistic: f64,
    /// Smallest statistic that would have ended the trial here with arm 1 above; none when no value could.
    pub upper: Option<f64>,
    /// Largest statistic that would have ended the trial here with arm 1 below.
    pub lower: Option<f64>,
    /// Share of all assignments that would have ended the trial by now: the error spent.
    pub spent: f64,
    /// Whether the trial ends here.
    pub stops: bool,
    /// p-value if the trial ends here, in stage-wise order.
    pub p_value: PValue,
}

/// A randomised trial with planned looks whose error rests on its assignment alone.
///
/// It answers: *may we stop, although there are only a dozen clusters?* Under no effect for anyone, the data would have
/// been the same under every assignment that chance could have given. At each look the statistic is computed for all of
/// them on the data of that look; an assignment that would have stopped earlier stays stopped. The boundary is the
/// smallest value for which the share of stopped assignments stays within the error spent. No model, no minimum size.
///
/// When not: when the assignment was not of fixed sizes within blocks, or when looks were timed by results. With fewer
/// than four clusters an arm no two-sided result at 5 % is possible, and that is refused.
///
/// Source: Mehta, Patel and Senchaudhuri 1994; Lan and DeMets 1983; Rosenbaum 2002, chapter 2.
///
/// ```
/// use fairtrial_stats::means::Draws;
/// use fairtrial_stats::Side;
/// use fairtrial_stats::sequential::Spending;
/// use fairtrial_stats::sequential::permutation::{PermutationDesign, PermutationPlan};
/// let in_arm1 = [true, false, true, false, true, false, true, false];
/// let design = PermutationDesign::new(&in_arm1, None, Draws::Exact)?;
/// let plan = PermutationPlan {
///     alpha: 0.05,
///     side: Side::Greater,
///     spending: Spending::LanDeMetsOBrienFleming,
///     fractions: vec![0.5, 1.0],
/// };
/// let first = vec![Some(3.0), Some(1.0), Some(4.0), Some(2.0), Some(2.5), Some(2.6), Some(5.0), Some(0.5)];
/// let second = vec![Some(3.5), Some(1.0), Some(4.0), Some(1.5), Some(3.0), Some(2.0), Some(4.5), Some(1.0)];
/// let looks = design.compare_means(&[first, second], &plan)?;
/// assert!(!looks[0].stops && looks[1].stops);
/// assert!(looks[1].spent <= 0.05);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
#[derive(Debug, Clone)]
pub struct PermutationDesign {
    assignment: Assignment<bool>,
    how: Draws,
}

impl PermutationDesign {
    /// The design of a trial from its real assignment.
    ///
    /// `in_arm1` has one entry a unit (or cluster); `blocks` the block of each, when sizes were fixed within blocks; `how`
    /// says whether all assignments are enumerated or some drawn (the real one is then counted among them).
    ///
    /// ```
    /// use fairtrial_stats::{means::Draws, sequential::permutation::PermutationDesign};
    /// assert_eq!(PermutationDesign::new(&[true, true], None, Draws::Exact).unwrap_err().code(), "too_few_units");
    /// assert!(PermutationDesign::new(&[true, false], Some(&[1]), Draws::Exact).is_err());
    /// ```
    ///
    /// # Errors
    /// `TooFewUnits` when an arm is empty; `InvalidArgument` when the lists differ in length.
    pub fn new(in_arm1: &[bool], blocks: Option<&[usize]>, how: Draws) -> Result<Self, StatError> {
        let assignment = Assignment::new(in_arm1, blocks)?;
        if in_arm1.iter().all(|&one| one) || !in_arm1.contains(&true) {
            return Err(StatError::TooFewUnits { need: 1, got: 0 });
        }
        Ok(Self { assignment, how })
    }

    /// Looks at the difference of means, arm 1 - arm 0, of the values at each look.
    ///
    /// `looks` holds for every look one value a unit or cluster (its mean, for clusters), none for those without data yet.
    /// An assignment under which an arm has no data counts as showing nothing.
    ///
    /// ```
    /// use fairtrial_stats::{Side, means::Draws, sequential::Spending};
    /// use fairtrial_stats::sequential::permutation::{PermutationDesign, PermutationPlan};
    /// // One look at four offices against four, all of the new version ahead: one of 70 assignments.
    /// let in_arm1 = [true, true, true, true, false, false, false, false];
    /// let design = PermutationDesign::new(&in_arm1, None, Draws::Exact).unwrap();
    /// let plan = PermutationPlan {
    ///     alpha: 0.025, side: Side::Greater, spending: Spending::LanDeMetsPocock, fractions: vec![1.0],
    /// };
    /// let values = [5.0, 6.0, 7.0, 8.0, 1.0, 2.0, 3.0, 4.0].map(Some).to_vec();
    /// let looks = design.compare_means(&[values], &plan).unwrap();
    /// assert!((looks[0].p_value.p() - 1.0 / 70.0).abs() < 1e-12 && looks[0].stops && looks[0].statistic == 4.0);
    /// ```
    ///
    /// # Errors
    /// As [`PermutationDesign::analyse`]; `InvalidArgument` when a value is not finite or a list has another length.
    pub fn compare_means(
        &self,
        looks: &[Vec<Option<f64>>],
        plan: &PermutationPlan,
    ) -> Result<Vec<PermutationLook>, StatError> {
        let units = self.assignment.observed.len();
        for values in looks {
            if values.len() != units {
                return Err(StatError::invalid("looks", format!("needs {units} values at every look")));
            }
            if values.iter().flatten().any(|value| !value.is_finite()) {
                return Err(StatError::invalid("looks", "must hold finite numbers"));
            }
        }
        if looks.len() != plan.fractions.len() {
            return Err(StatError::invalid("fractions", "needs one entry for each look"));
        }
        self.analyse(plan, |look, in_arm1| {
            let (mut sums, mut counts) = ([0.0; 2], [0_u32; 2]);
            for (value, &one) in looks[look].iter().zip(in_arm1) {
                if let Some(value) = value {
                    sums[usize::from(one)] += value;
                    counts[usize::from(one)] += 1;
                }
            }
            if counts.contains(&0) { 0.0 } else { sums[1] / f64::from(counts[1]) - sums[0] / f64::from(counts[0]) }
        })
    }

    /// Looks at any statistic of the look and the assignment; larger speaks for arm 1.
    ///
    /// `statistic(look, in_arm1)` must depend on the assignment only through its second argument, and use only data
    /// that the look had. The result has one entry a look, up to the one that ends the trial.
    ///
    /// ```
    /// use fairtrial_stats::{Side, means::Draws, sequential::Spending};
    /// use fairtrial_stats::sequential::permutation::{PermutationDesign, PermutationPlan};
    /// // A statistic of one's own, here the median of arm 1 among six offices: 20 assignments cannot show anything at 2.5 %.
    /// let in_arm1 = [true, true, true, false, false, false];
    /// let design = PermutationDesign::new(&in_arm1, None, Draws::Exact).unwrap();
    /// let plan = |alpha| PermutationPlan {
    ///     alpha, side: Side::Greater, spending: Spending::LanDeMetsPocock, fractions: vec![1.0],
    /// };
    /// let values = [9.0, 7.0, 8.0, 1.0, 2.0, 3.0];
    /// let median = |_look: usize, labels: &[bool]| {
    ///     let mut of_arm1: Vec<f64> = values.iter().zip(labels).filter(|(_, one)| **one).map(|(v, _)| *v).collect();
    ///     of_arm1.sort_by(f64::total_cmp);
    ///     of_arm1[1]
    /// };
    /// assert_eq!(design.analyse(&plan(0.025), median).unwrap_err().code(), "not_estimable");
    /// // 8 or more is the median where both 8 and 9 are in arm 1: with any of the four others.
    /// assert!((design.analyse(&plan(0.25), median).unwrap()[0].p_value.p() - 4.0 / 20.0).abs() < 1e-12);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` for probabilities or shares out of range or a statistic that is not a number; `NotEstimable`
    /// when there are so few assignments that no result is possible at `alpha`; `TooLarge` beyond 2^22 enumerated
    /// assignments, 5 * 10^7 assignments times looks, or 5 * 10^9 times units as well.
    pub fn analyse(
        &self,
        plan: &PermutationPlan,
        mut statistic: impl FnMut(usize, &[bool]) -> f64,
    ) -> Result<Vec<PermutationLook>, StatError> {
        plan.validate()?;
        let total = self.assignment.count(self.how, plan.fractions.len())?;
        let sides = if plan.side == Side::Two { 2.0 } else { 1.0 };
        let alpha = plan.alpha / sides;
        if alpha * (total as f64) < 1.0 - 1e-9 {
            return Err(StatError::not_estimable(format!(
                "{total} assignments are too few: the smallest p-value is {}",
                sides / total as f64
            )));
        }
        let mut upper = OneSide::new(plan.side != Side::Less, total);
        let mut lower = OneSide::new(plan.side != Side::Greater, total);
        let mut result = Vec::with_capacity(plan.fractions.len());
        let mut values: Vec<f64> = Vec::with_capacity(total as usize);
        for (look, &fraction) in plan.fractions.iter().enumerate() {
            values.clear();
            self.assignment.each(self.how, |labels| values.push(statistic(look, labels)));
            let observed = statistic(look, &self.assignment.observed);
            if observed.is_nan() || values.iter().any(|value| value.is_nan()) {
                return Err(StatError::invalid("statistic", "must be a number for every assignment"));
            }
            let finite = values.iter().filter(|value| value.is_finite());
            let tolerance = TIE * finite.fold(0.0, |largest: f64, value| largest.max(value.abs()));
            let allowed = (plan.spending.cumulative(alpha, fraction) * total as f64 + 1e-9).floor() as u64;
            let up = upper.look(&values, observed, allowed, tolerance);
            for value in &mut values {
                *value = -*value;
            }
            let down = lower.look(&values, -observed, allowed, tolerance);
            let stopped = upper.stopped.iter().zip(&lower.stopped).filter(|(a, b)| **a || **b).count();
            let p = match plan.side {
                Side::Greater => up.p,
                Side::Less => down.p,
                Side::Two => (2.0 * up.p.min(down.p)).min(1.0),
            };
            let stops = up.stops || down.stops;
            result.push(PermutationLook {
                statistic: observed,
                upper: up.bound,
                lower: down.bound.map(|bound| -bound),
                spent: stopped as f64 / total as f64,
                stops,
                p_value: PValue::from_p(p),
            });
            if stops {
                break;
            }
        }
        Ok(result)
    }
}

impl PermutationPlan {
    fn validate(&self) -> Result<(), StatError> {
        check_probability("alpha", self.alpha)?;
        self.spending.validate()?;
        if self.fractions.is_empty() {
            return Err(StatError::invalid("fractions", "at least one look is needed"));
        }
        if self.fractions.len() > MAX_LOOKS {
            return Err(StatError::TooLarge { reason: format!("at most {MAX_LOOKS} looks") });
        }
        if self.fractions.iter().any(|t| !(t.is_finite() && *t > 0.0)) {
            return Err(StatError::invalid("fractions", "must be positive numbers"));
        }
        if self.fractions.windows(2).any(|pair| pair[1] < pair[0]) {
            return Err(StatError::invalid("fractions", "may not fall from look to look"));
        }
        Ok(())
    }
}

/// One side of the test: which assignments have stopped so far.
struct OneSide {
    active: bool,
    stopped: Vec<bool>,
    used: u64,
}

struct SideLook {
    bound: Option<f64>,
    stops: bool,
    p: f64,
}

impl OneSide {
    fn new(active: bool, total: u64) -> Self {
        Self { active, stopped: vec![false; total as usize], used: 0 }
    }

    /// Lets the highest statistics stop as far as `allowed` assignments in all reach; ties stop together or not at all.
    fn look(&mut self, values: &[f64], observed: f64, allowed: u64, tolerance: f64) -> SideLook {
        if !self.active {
            return SideLook { bound: None, stops: false, p: 1.0 };
        }
        let running = values.iter().zip(&self.stopped).filter(|(_, stopped)| !**stopped);
        let at_least = running.clone().filter(|(value, _)| **value >= observed - tolerance).count() as u64;
        let p = (self.used + at_least) as f64 / values.len() as f64;
        let mut order: Vec<f64> = running.map(|(value, _)| *value).collect();
        order.sort_unstable_by(|a, b| b.total_cmp(a));
        let room = allowed.saturating_sub(self.used) as usize;
        let mut bound = None;
        let mut taken = 0;
        while taken < room.min(order.len()) {
            let group = order[taken];
            let mut end = taken + 1;
            let mut last = group;
            while end < order.len() && last - order[end] <= tolerance {
                last = order[end];
                end += 1;
            }
            if end > room {
                break;
            }
            (bound, taken) = (Some(last), end);
        }
        let Some(limit) = bound else {
            return SideLook { bound: None, stops: false, p };
        };
        for (stopped, value) in self.stopped.iter_mut().zip(values) {
            *stopped |= *value >= limit;
        }
        self.used = self.stopped.iter().filter(|&&stopped| stopped).count() as u64;
        SideLook { bound, stops: observed >= limit - tolerance, p }
    }
}
