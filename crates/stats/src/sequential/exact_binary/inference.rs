//! The exact p-value and interval after the trial has stopped.

use super::design::ExactBinaryDesign;
use super::edge::Edge;
use super::lattice::{Grid, Thinning, binomial};
use super::nuisance::ErrorPolynomial;
use super::order::{Order, Rank};
use crate::sequential::spending::check_probability;
use crate::special::root;
use crate::two_proportions::CertifiedSupremum;
use crate::{Interval, PValue, Side, StatError};

/// Points at which the worst nuisance proportion is first sought.
const NUISANCE_GRID: usize = 96;

impl ExactBinaryDesign {
    /// The one-sided p-value of a trial that stopped at `look` (from 0) with these outcomes.
    ///
    /// Stage-wise order: an earlier success is stronger evidence than a later one, and at the same look a higher score
    /// is. The p-value is the largest probability, over the common proportion (with a margin: over all pairs that differ by it),
    /// of evidence at least as strong; it is at most the error spent exactly when the trial ended with success. Stops for futility and harm are ignored, so it
    /// holds whether they were obeyed or not. Given is the proved upper bound.
    ///
    /// When not: in the middle of a trial that goes on, or after an unplanned end; then put the sizes at the end as the
    /// last look and compute the design anew.
    ///
    /// ```
    /// use fairtrial_stats::sequential::{Spending, exact_binary::{ExactBinaryDesign, ExactBinarySpec, LookSize}};
    /// let looks = vec![LookSize { treatment: 2, control: 2 }, LookSize { treatment: 4, control: 4 }];
    /// let design = ExactBinaryDesign::new(ExactBinarySpec::new(looks, 0.05, Spending::LanDeMetsOBrienFleming)).unwrap();
    /// // Nothing stops at the first look; the most extreme outcome at the end has p^4 (1 - p)^4, at most 1/256.
    /// assert!((design.p_value(1, 4, 0).unwrap().p() - 1.0 / 256.0).abs() < 1e-9);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when the look does not exist or a count exceeds the arm.
    pub fn p_value(&self, look: usize, treatment: u64, control: u64) -> Result<PValue, StatError> {
        Ok(PValue::from_p(self.p_supremum(look, treatment, control)?.upper_bound))
    }

    /// The supremum behind [`ExactBinaryDesign::p_value`], with the proportion at which it is attained.
    ///
    /// ```
    /// use fairtrial_stats::sequential::{Spending, exact_binary::{ExactBinaryDesign, ExactBinarySpec, LookSize}};
    /// let looks = vec![LookSize { treatment: 2, control: 2 }, LookSize { treatment: 4, control: 4 }];
    /// let design = ExactBinaryDesign::new(ExactBinarySpec::new(looks, 0.05, Spending::LanDeMetsOBrienFleming)).unwrap();
    /// let supremum = design.p_supremum(1, 4, 0).unwrap();
    /// assert!((supremum.value - 1.0 / 256.0).abs() < 1e-9 && (supremum.at - 0.5).abs() < 1e-4);
    /// ```
    ///
    /// # Errors
    /// As [`ExactBinaryDesign::p_value`].
    pub fn p_supremum(&self, look: usize, treatment: u64, control: u64) -> Result<CertifiedSupremum, StatError> {
        let event = self.at_least(look, treatment, control)?;
        let (n1, n0) = self.sizes[look];
        if self.spec.margin != 0.0 {
            let mut supremum = Edge::new(&event, (n1, n0), self.spec.margin).supremum();
            let (x1, x0) = self.oriented(look, treatment, control)?;
            if self.efficacy[look].region.contains(x1, x0) {
                // Evidence at least this strong is part of what the look rejects, whose error has been proved more sharply.
                supremum.upper_bound = supremum.upper_bound.min(self.efficacy[look].size.upper_bound);
            }
            return Ok(supremum);
        }
        let coefficients = event.by_total(&Thinning::new(n1, n1 + n0), (n1 + n0) as usize + 1);
        Ok(ErrorPolynomial::new(coefficients).supremum())
    }

    /// The interval for the difference of proportions, arm 1 - arm 0, of a trial that stopped at `look` (from 0).
    ///
    /// Every difference that the two one-sided stage-wise tests at `(1 - level) / 2` do not reject, the unknown control
    /// proportion being taken at its worst. `level` lies in (0, 1). It agrees with [`ExactBinaryDesign::p_value`]: 0, or
    /// the margin below it, is outside on the lower side exactly when that is at most `(1 - level) / 2`. The worst proportion is found on a grid
    /// of 97 points with refinement around the best.
    ///
    /// Source: Jennison and Turnbull 2000, section 12.3 (stage-wise order); Chan and Zhang 1999 (nuisance at its worst).
    ///
    /// ```
    /// use fairtrial_stats::sequential::{Spending, exact_binary::{ExactBinaryDesign, ExactBinarySpec, LookSize}};
    /// let looks = vec![LookSize { treatment: 2, control: 2 }, LookSize { treatment: 4, control: 4 }];
    /// let design = ExactBinaryDesign::new(ExactBinarySpec::new(looks, 0.05, Spending::LanDeMetsOBrienFleming)).unwrap();
    /// let interval = design.interval(1, 4, 0, 0.9).unwrap();
    /// // The lower limit d solves p^4 (1 - p0)^4 = 0.05 on p1 - p0 = d, largest where both lie as far from one half.
    /// let limit = 2.0 * 0.05_f64.powf(1.0 / 8.0) - 1.0;
    /// assert!((interval.lower - limit).abs() < 1e-4 && interval.upper == 1.0);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` for a look, count or level out of range.
    pub fn interval(&self, look: usize, treatment: u64, control: u64, level: f64) -> Result<Interval, StatError> {
        check_probability("level", level)?;
        let tail = 0.5 * (1.0 - level);
        let (n1, n0) = *self.sizes.get(look).ok_or_else(|| StatError::invalid("look", "does not exist"))?;
        let at_least = self.at_least(look, treatment, control)?;
        let at_most = self.at_most(look, treatment, control)?;
        let above = |delta: f64| worst(&at_least, n1, n0, delta) - tail;
        let below = |delta: f64| worst(&at_most, n1, n0, delta) - tail;
        let lower = if above(-1.0) > 0.0 { -1.0 } else { root::find(above, -1.0, 1.0, 1e-9)?.lower };
        let upper = if below(1.0) > 0.0 { 1.0 } else { root::find(below, -1.0, 1.0, 1e-9)?.upper };
        Ok(if self.spec.direction == Side::Less {
            Interval { lower: -upper, upper: -lower, level }
        } else {
            Interval { lower, upper, level }
        })
    }

    /// Probability, given the table at `look`, of evidence at least as strong as the one observed.
    fn at_least(&self, look: usize, treatment: u64, control: u64) -> Result<Grid, StatError> {
        self.compare(look, treatment, control, |before, score, observed| if score >= observed { 1.0 } else { before })
    }

    /// Probability, given the table at `look`, of evidence at most as strong as the one observed.
    fn at_most(&self, look: usize, treatment: u64, control: u64) -> Result<Grid, StatError> {
        self.compare(
            look,
            treatment,
            control,
            |before, score, observed| {
                if score <= observed { (1.0 - before).max(0.0) } else { 0.0 }
            },
        )
    }

    fn compare(
        &self,
        look: usize,
        treatment: u64,
        control: u64,
        cell: impl Fn(f64, Rank, Rank) -> f64,
    ) -> Result<Grid, StatError> {
        let (x1, x0) = self.oriented(look, treatment, control)?;
        let (n1, n0) = self.sizes[look];
        let order = Order { margin: self.spec.margin };
        let observed = order.rank(x1 as u64, n1, x0 as u64, n0);
        let mut grid = self.efficacy[look].before.clone();
        for y1 in 0..=n1 {
            for (y0, value) in grid.row_mut(y1 as usize).iter_mut().enumerate() {
                *value = cell(*value, order.rank(y1, n1, y0 as u64, n0), observed);
            }
        }
        Ok(grid)
    }
}

/// The largest probability of the event over the control proportion, when the proportions differ by `delta`.
fn worst(event: &Grid, n1: u64, n0: u64, delta: f64) -> f64 {
    let (low, high) = ((-delta).max(0.0), (1.0 - delta).min(1.0));
    let value = |p0: f64| {
        let p1 = (p0 + delta).clamp(0.0, 1.0);
        event.expectation(&binomial(n1, p1), &binomial(n0, p0.clamp(0.0, 1.0)))
    };
    let step = (high - low) / NUISANCE_GRID as f64;
    let grid: Vec<f64> = (0..=NUISANCE_GRID).map(|i| value(low + step * i as f64)).collect();
    let mut best = grid.iter().copied().fold(0.0, f64::max);
    for (i, &here) in grid.iter().enumerate() {
        let left = i.checked_sub(1).and_then(|j| grid.get(j)).copied().unwrap_or(0.0);
        let right = grid.get(i + 1).copied().unwrap_or(0.0);
        // A hump that could pass the best point by the height of its own shoulders.
        let reach = 2.0 * here - left.min(right);
        if here >= left && here >= right && reach > best && step > 0.0 {
            let centre = low + step * i as f64;
            best = best.max(hump(&value, (centre - step).max(low), (centre + step).min(high)));
        }
    }
    best
}

/// The largest value found by golden sections.
fn hump(value: &impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let golden = 0.5 * (5_f64.sqrt() - 1.0);
    let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
    let (mut fa, mut fb) = (value(a), value(b));
    let mut best = fa.max(fb);
    for _ in 0..24 {
        if fa > fb {
            (high, b, fb) = (b, a, fa);
            a = high - golden * (high - low);
            fa = value(a);
        } else {
            (low, a, fa) = (a, b, fb);
            b = low + golden * (high - low);
            fb = value(b);
        }
        best = best.max(fa).max(fb);
    }
    best
}
