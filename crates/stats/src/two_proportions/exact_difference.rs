//! Exact inference about a difference of any size: tests of a margin and the interval that inverts them.

use super::score::{Ratio, ScoreVariance, difference_z, ratio_z};
use super::supremum::{CertifiedSupremum, masses};
use super::table::{Table, check_level};
use super::unconditional::{UnconditionalTest, barnard};
use crate::{Estimate, Guarantee, Interval, PValue, Side, StatError};

/// Largest number of possible tables.
const MAX_TABLES: u64 = 110_000;
/// Share by which the proof may exceed the largest value found.
pub(super) const SLACK: f64 = 1e-4;
/// What the proof may exceed it by besides.
pub(super) const ABSOLUTE_SLACK: f64 = 1e-6;
/// The same where the value is so large that nothing is decided by it.
const SLACK_WHERE_LARGE: f64 = 1e-2;
const LARGE: f64 = 0.3;
/// Cells with which the search starts.
const CELLS: usize = 64;

/// The edge of a null hypothesis: which p1 goes with each p0.
#[derive(Debug, Clone, Copy)]
pub(super) enum Null {
    /// p1 - p0.
    Difference(f64),
    /// p1 / p0 or the ratio of the odds; above 0.
    Ratio(Ratio, f64),
}

impl Null {
    pub(super) fn statistic(self, table: &Table) -> f64 {
        match self {
            Self::Difference(difference) => difference_z(table, difference, ScoreVariance::Uncorrected),
            // Without any variation no odds are contradicted; rounding must not say otherwise.
            Self::Ratio(Ratio::Odds, _) if table.successes() == 0 || table.successes() == table.total() => 0.0,
            Self::Ratio(measure, ratio) => ratio_z(table, measure, ratio, ScoreVariance::Uncorrected),
        }
    }

    /// The proportions p1 and p0 at a place along the edge: p0 itself, for odds the mean of both logits, because one of the
    /// proportions rushes through [0, 1] while the other one hardly moves.
    fn pair(self, place: f64) -> (f64, f64) {
        let (p1, p0) = match self {
            Self::Difference(difference) => (place + difference, place),
            Self::Ratio(Ratio::Risk, ratio) => (place * ratio, place),
            Self::Ratio(Ratio::Odds, ratio) => {
                let half = 0.5 * ratio.ln();
                let expit = |logit: f64| 1.0 / (1.0 + (-logit).exp());
                (expit(place + half), expit(place - half))
            }
        };
        (p1.clamp(0.0, 1.0), p0.clamp(0.0, 1.0))
    }

    /// The places at which both proportions lie in [0, 1] and p0 between two bounds. Odds are followed until both are within
    /// e^-40 of an end.
    fn places(self, (from, to): (f64, f64)) -> (f64, f64) {
        match self {
            Self::Difference(difference) => {
                let low = (-difference).max(0.0);
                (low.max(from), (1.0 - difference).min(1.0).max(low).min(to))
            }
            Self::Ratio(Ratio::Risk, ratio) => (from, (1.0 / ratio).min(1.0).min(to)),
            Self::Ratio(Ratio::Odds, ratio) => {
                let half = 0.5 * ratio.ln();
                let place = |p0: f64| p0.ln() - (-p0).ln_1p() + half;
                let far = 40.0 + half.abs();
                (place(from).max(-far), place(to).min(far))
            }
        }
    }
}

pub(super) fn check_size(table: &Table) -> Result<(), StatError> {
    let tables = u128::from(table.n1() + 1) * u128::from(table.n0() + 1);
    if tables > u128::from(MAX_TABLES) {
        let reason = "exact tests of a difference take up to 110,000 tables (330 people an arm)".to_owned();
        return Err(StatError::TooLarge { reason });
    }
    Ok(())
}

/// The tables at least as extreme (towards arm 1) as the observed one under a difference: for every x0 the smallest x1.
///
/// The thresholds are made monotone, so that the probability of the region is largest on the edge of the null
/// hypothesis; that can only add tables.
fn thresholds(table: &Table, null: Null) -> Vec<u64> {
    let observed = null.statistic(table);
    // Scores closer than rounding count as tied.
    let limit = observed - 1e-10 * observed.abs().clamp(1e-3, 1e300);
    let (n1, n0) = (table.n1(), table.n0());
    let extreme = |x1: u64, x0: u64| Table::new(x1, n1, x0, n0).is_ok_and(|t| null.statistic(&t) >= limit);
    let mut found = Vec::with_capacity(n0 as usize + 1);
    let mut from = 0;
    for x0 in 0..=n0 {
        let (mut low, mut high) = (from, n1 + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if extreme(middle, x0) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        found.push(low);
        from = low;
    }
    // The observed table belongs to its own region whatever the rounding.
    for threshold in found.iter_mut().take(table.x0() as usize + 1) {
        *threshold = (*threshold).min(table.x1());
    }
    found
}

/// The region and room for the probabilities.
pub(super) struct Region {
    n1: usize,
    n0: usize,
    null: Null,
    /// The places along the edge that are looked at.
    within: (f64, f64),
    thresholds: Vec<u64>,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Region {
    pub(super) fn new(table: &Table, null: Null) -> Self {
        Self::within(table, null, (0.0, 1.0))
    }

    /// With p0 in a part of [0, 1] only.
    pub(super) fn within(table: &Table, null: Null, p0: (f64, f64)) -> Self {
        let (n1, n0) = (table.n1() as usize, table.n0() as usize);
        let thresholds = thresholds(table, null);
        let (first, second) = (vec![0.0; n1 + 1], vec![0.0; n0 + 1]);
        Self { n1, n0, null, within: null.places(p0), thresholds, first, second }
    }

    /// Whether no pair of proportions is left.
    pub(super) fn is_empty(&self) -> bool {
        self.within.0 > self.within.1
    }

    /// The probability of the region at a place along the edge.
    fn probability(&mut self, place: f64) -> f64 {
        let (p1, p0) = self.null.pair(place);
        let (from1, to1) = masses(self.n1, p1, &mut self.first);
        let (from0, to0) = masses(self.n0, p0, &mut self.second);
        // Thresholds grow with x0: walk both down together.
        let (mut tail, mut at, mut sum) = (0.0, to1 + 1, 0.0);
        for x0 in (from0..=to0).rev() {
            let threshold = (self.thresholds[x0] as usize).max(from1);
            while at > threshold {
                at -= 1;
                tail += self.first[at];
            }
            sum += self.second[x0] * tail;
        }
        sum.min(1.0)
    }

    /// The largest probability that a grid and an ascent from its best point find; not proved.
    pub(super) fn peak(&mut self) -> (f64, f64) {
        let (low, high) = self.within;
        let mut best = (self.probability(low), low);
        for i in 1..=2 * CELLS {
            let p = low + (high - low) * (i as f64 / (2 * CELLS) as f64);
            let value = self.probability(p);
            if value > best.0 {
                best = (value, p);
            }
        }
        self.climbed(best, (high - low) / CELLS as f64, (low, high))
    }

    /// The largest probability over all p0, proved to a share of 1e-4 (1e-2 above 0.3) and 1e-6 besides. With a
    /// positive `enough` the search ends when that is exceeded, and below it only so much is proved.
    ///
    /// By the Cauchy-Schwarz inequality the slope of the arcsine of the root of any event's probability is at most half
    /// the root of the Fisher information, which integrates to arcsines: that bounds the probability between two places. Near
    /// the maximum, where the probability is flat, its second derivative bounds it more sharply.
    pub(super) fn supremum(&mut self, enough: f64) -> CertifiedSupremum {
        let (low, high) = self.within;
        let angle = |p: f64| p.clamp(0.0, 1.0).sqrt().asin();
        let (root1, root0) = ((self.n1 as f64).sqrt(), (self.n0 as f64).sqrt());
        let null = self.null;
        let distance = |a: f64, b: f64| {
            let ((a1, a0), (b1, b0)) = (null.pair(a), null.pair(b));
            root1 * (angle(a1) - angle(b1)).abs() + root0 * (angle(a0) - angle(b0)).abs()
        };
        let mut best = self.peak();
        let mut bound = best.0;
        let bend = self.bend();
        let edges: Vec<(f64, f64)> = (0..=CELLS)
            .map(|i| low + (high - low) * (i as f64 / CELLS as f64))
            .map(|place| (place, self.probability(place)))
            .collect();
        let mut open: Vec<[(f64, f64); 2]> = edges.windows(2).map(|pair| [pair[0], pair[1]]).collect();
        while let Some([a, b]) = open.pop() {
            if enough > 0.0 && best.0 > enough {
                break;
            }
            let reach = 0.5 * (angle(a.1) + angle(b.1) + distance(a.0, b.0));
            let by_angle = if reach >= std::f64::consts::FRAC_PI_2 { 1.0 } else { reach.sin().powi(2) };
            let width = b.0 - a.0;
            let cell_bound = by_angle.min(a.1.max(b.1) + 0.125 * bend * width * width);
            let slack = if best.0 > LARGE { SLACK_WHERE_LARGE } else { SLACK };
            if cell_bound <= best.0.max(enough) * (1.0 + slack) + ABSOLUTE_SLACK || width < 1e-12 {
                bound = bound.max(cell_bound);
                continue;
            }
            let centre = 0.5 * (a.0 + b.0);
            let value = self.probability(centre);
            if value > best.0 * (1.0 + 1e-12) {
                best = self.climbed((value, centre), 0.5 * width, (low, high));
                bound = bound.max(best.0);
            }
            open.push([a, (centre, value)]);
            open.push([(centre, value), b]);
        }
        CertifiedSupremum { value: best.0, upper_bound: bound.min(1.0), at: null.pair(best.1).1 }
    }

    /// Bound on the second derivative of the probability along the edge; infinite where the edge is not a line.
    ///
    /// Differentiating twice leaves second differences of the region's indicator, times the numbers of units; one step up a
    /// staircase makes them at most 1.
    fn bend(&self) -> f64 {
        let (n1, n0) = (self.n1 as f64, self.n0 as f64);
        match self.null {
            Null::Difference(_) => (n1 + n0).powi(2),
            Null::Ratio(Ratio::Risk, ratio) => (ratio * n1 + n0).powi(2),
            Null::Ratio(Ratio::Odds, _) => f64::INFINITY,
        }
    }

    /// Golden-section ascent around a good point.
    fn climbed(&mut self, start: (f64, f64), width: f64, range: (f64, f64)) -> (f64, f64) {
        let golden = 0.618_033_988_749_894_9;
        let (mut a, mut b) = ((start.1 - width).max(range.0), (start.1 + width).min(range.1));
        let mut best = start;
        let (mut left, mut right) = (b - golden * (b - a), a + golden * (b - a));
        let (mut at_left, mut at_right) = (self.probability(left), self.probability(right));
        for _ in 0..45 {
            if at_left > best.0 {
                best = (at_left, left);
            }
            if at_right > best.0 {
                best = (at_right, right);
            }
            if at_left >= at_right {
                (b, right, at_right) = (right, left, at_left);
                left = b - golden * (b - a);
                at_left = self.probability(left);
            } else {
                (a, left, at_left) = (left, right, at_right);
                right = a + golden * (b - a);
                at_right = self.probability(right);
            }
        }
        best
    }
}

/// Is arm 1 better than arm 0 by more than a margin, or not worse by more than it, at any size of trial?
///
/// The null hypothesis is p1 - p0 = `null_difference`; tables are ordered by the score statistic for it, and the p-value is
/// the largest probability over all pairs of proportions on the edge of the null hypothesis, proved to one part in
/// ten thousand (one in a hundred above 0.3) and 1e-6 besides. [`Side::Two`] doubles the smaller side. Up to 330 people an arm.
///
/// Sources: Chan and Zhang 1999, Biometrics 55, 1202-1209; Farrington and Manning 1990 (ordering).
///
/// # Errors
/// `invalid_argument` for a difference outside (-1, 1); `too_large` beyond the limit.
pub fn exact_margin_test(table: &Table, null_difference: f64, side: Side) -> Result<UnconditionalTest, StatError> {
    check_size(table)?;
    if !(null_difference > -1.0 && null_difference < 1.0) {
        return Err(StatError::invalid("null_difference", "must lie strictly between -1 and 1"));
    }
    if null_difference == 0.0 {
        // The common proportion alone is unknown: whole-number ordering, and a sharper proof.
        return barnard(table, side);
    }
    let statistic = difference_z(table, null_difference, ScoreVariance::Uncorrected);
    let towards = |table: &Table, difference: f64| {
        let supremum = Region::new(table, Null::Difference(difference)).supremum(0.0);
        UnconditionalTest { p_value: PValue::from_p(supremum.value), supremum, statistic }
    };
    let greater = || towards(table, null_difference);
    let less = || towards(&table.swapped(), -null_difference);
    Ok(match side {
        Side::Greater => greater(),
        Side::Less => less(),
        Side::Two => {
            let (up, down) = (greater(), less());
            let smaller = if down.supremum.value < up.supremum.value { down } else { up };
            UnconditionalTest { p_value: PValue::from_p(2.0 * smaller.supremum.value), ..smaller }
        }
    })
}

/// By how much do two proportions differ, with coverage guaranteed at any size of trial?
///
/// All differences that the exact score-ordered test does not reject at (1 - level)/2 on either side (Chan and Zhang), so
/// that interval and test agree; the p-value is the same test of no difference. Slower and a little wider than the
/// Miettinen-Nurminen interval. Up to 330 people an arm.
///
/// ```
/// use fairtrial_stats::two_proportions::{Table, exact_risk_difference};
/// let e = exact_risk_difference(&Table::new(1, 1, 0, 1).unwrap(), 0.95).unwrap();
/// // The limit has a closed form here; ours is at most 1e-4 further out.
/// let exact = 2.0 * 0.025f64.sqrt() - 1.0;
/// assert!(e.interval.lower <= exact && exact - e.interval.lower < 1e-4 && e.interval.upper == 1.0);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1); `too_large` beyond the limit.
pub fn exact_risk_difference(table: &Table, level: f64) -> Result<Estimate, StatError> {
    check_level(level)?;
    check_size(table)?;
    let tail = 0.5 * (1.0 - level);
    let lower = lower_limit(table, tail);
    let upper = -lower_limit(&table.swapped(), tail);
    Ok(Estimate {
        point: Some(table.difference()),
        standard_error: None,
        degrees_of_freedom: None,
        interval: Interval { lower, upper, level },
        p_value: Some(barnard(table, Side::Two)?.p_value),
        method: "exact unconditional interval, score ordering (Chan-Zhang), Barnard's test".to_owned(),
        guarantee: Guarantee::Exact,
    })
}

/// The smallest difference whose test towards arm 1 does not reject at `tail`.
fn lower_limit(table: &Table, tail: f64) -> f64 {
    // Rejected needs a margin for the proof that follows: its bound may exceed what is found by the slack.
    let limit_of_rejection = tail / (1.0 + SLACK) - ABSOLUTE_SLACK;
    let accepted = |difference: f64| Region::new(table, Null::Difference(difference)).peak().0 > limit_of_rejection;
    let observed = table.difference();
    if observed <= -1.0 {
        return -1.0;
    }
    let bisect = |mut low: f64, mut high: f64| {
        // `low` rejected (or -1), `high` accepted.
        while high - low > 1e-7 {
            let middle = 0.5 * (low + high);
            if accepted(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        low
    };
    let mut limit = bisect(-1.0, observed);
    // The p-value is not monotone in the difference: look further out, as far as rejections are near the line.
    let step = 0.004;
    let mut probe = limit - step;
    while probe > -1.0 && probe > limit - 10.0 * step {
        if accepted(probe) {
            limit = bisect((probe - step).max(-1.0), probe);
        }
        probe -= step;
    }
    // The search above was by the largest value found; now it is proved, else the limit moves outwards.
    let mut outwards = 1e-6;
    while limit > -1.0
        && Region::new(table, Null::Difference(limit)).supremum(limit_of_rejection).value > limit_of_rejection
    {
        limit = (limit - outwards).max(-1.0);
        outwards *= 2.0;
    }
    limit
}
