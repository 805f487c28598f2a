//! Intervals that invert a randomisation test: which constant effects would the test not reject?
//!
//! With the effect `shift` taken away from everyone who had the new version, the statistic of every arrangement is a line in
//! `shift`. So the arrangements that count against a shift are known for all shifts at once, and the limits are found
//! without trial and error, always with the same arrangements.

use crate::error::StatError;
use crate::estimate::{Interval, PValue, Side};
use crate::wald::{check_finite, check_level};

/// Slopes below this share of the observed arrangement's own are rounding.
const FLAT: f64 = 1e-9;

/// Statistic of an arrangement minus that of the observed one: `excess + shift * slope`, with a slope for shifts below zero and
/// another one for those above, each of the largest and of the smallest value that the statistic can have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) excess: f64,
    /// Slopes of the largest value, below and above a shift of zero; the second is not the smaller one.
    pub(crate) largest: [f64; 2],
    /// Slopes of the smallest value; the second is not the larger one.
    pub(crate) smallest: [f64; 2],
}

impl Line {
    /// An arrangement without unknown parts.
    pub(crate) fn straight(excess: f64, slope: f64) -> Self {
        Self { excess, largest: [slope; 2], smallest: [slope; 2] }
    }
}

/// All arrangements, as far as they matter to one question.
pub(crate) struct Inversion {
    null: f64,
    point: f64,
    total: u64,
    greater: Tail,
    less: Tail,
}

impl Inversion {
    /// `point` is the estimate. Statistics that differ by `tolerance` at most are tied; slopes are in units of the observed
    /// arrangement's own.
    pub(crate) fn new(null: f64, point: f64, tolerance: f64) -> Self {
        Self { null, point, total: 0, greater: Tail::new(null, tolerance), less: Tail::new(-null, tolerance) }
    }

    pub(crate) fn see(&mut self, line: &Line) {
        self.total += 1;
        self.greater.see(line.excess, line.largest);
        // The lower tail is the upper tail of the mirror image, in which the negative shifts come second.
        let [below, above] = line.smallest;
        self.less.see(-line.excess, [above, below]);
    }

    /// p-value of `null` and the shifts that the same test does not reject at 1 - `level`.
    pub(crate) fn answer(mut self, side: Side, level: f64) -> (PValue, Interval) {
        let total = self.total as f64;
        let sides = if side == Side::Two { 2.0 } else { 1.0 };
        // The most arrangements at least as extreme with which a shift is still rejected. Rounding of 1 - level is no reason.
        let rejected = ((1.0 - level) / sides * total + 1e-9).floor() as u64;
        self.greater.sort();
        self.less.sort();
        // No shift is called too small on the evidence of data that lie below it: there a side counts one half at least, so
        // that no interval above 50 % leaves out its own estimate, however skewed the values are.
        let half = self.total.div_ceil(2);
        let floor = |beyond: bool| if beyond { half } else { 0 };
        let greater = self.greater.at_null().max(floor(self.null >= self.point));
        let less = self.less.at_null().max(floor(self.null <= self.point));
        let count = match side {
            Side::Greater => greater,
            Side::Less => less,
            Side::Two => greater.min(less),
        };
        let limit = |tail: &Tail, at_null: u64, own: f64, point: f64| {
            let limit =
                if half > rejected { tail.first_above(rejected).min(point) } else { tail.first_above(rejected) };
            // A limit that differs from the null by rounding only is the null.
            if at_null > rejected { limit.min(own) } else { limit }
        };
        let interval = Interval {
            lower: if side == Side::Less {
                f64::NEG_INFINITY
            } else {
                limit(&self.greater, greater, self.null, self.point)
            },
            upper: if side == Side::Greater {
                f64::INFINITY
            } else {
                -limit(&self.less, less, -self.null, -self.point)
            },
            level,
        };
        (PValue::from_p(sides * count as f64 / total), interval)
    }
}

/// Checks what every such interval is asked.
pub(crate) fn check_question(null: f64, level: f64) -> Result<(), StatError> {
    check_finite("null_difference", null)?;
    check_level(level)
}

/// For which shifts how many arrangements have a statistic at least as large as the observed one.
struct Tail {
    null: f64,
    tolerance: f64,
    always: u64,
    /// Arrangements counted at the null.
    direct: u64,
    /// Ends of the rays from minus infinity.
    below: Vec<f64>,
    /// Starts of the rays to infinity.
    above: Vec<f64>,
}

impl Tail {
    fn new(null: f64, tolerance: f64) -> Self {
        Self { null, tolerance, always: 0, direct: 0, below: Vec::new(), above: Vec::new() }
    }

    fn see(&mut self, excess: f64, [left, right]: [f64; 2]) {
        let flat = |slope: f64| if slope.abs() <= FLAT { 0.0 } else { slope };
        let (left, right) = (flat(left), flat(right));
        let at = excess + self.null * if self.null < 0.0 { left } else { right };
        self.direct += u64::from(at >= -self.tolerance);
        let excess = if excess.abs() <= self.tolerance { 0.0 } else { excess };
        if excess >= 0.0 {
            if left > 0.0 {
                self.above.push(-excess / left);
            }
            if right < 0.0 {
                self.below.push(-excess / right);
            }
            // Counted at zero, and from there on in every direction in which the line does not fall.
            if left <= 0.0 && right >= 0.0 {
                self.always += 1;
            }
        } else {
            if right > 0.0 {
                self.above.push(-excess / right);
            }
            if left < 0.0 {
                self.below.push(-excess / left);
            }
        }
    }

    fn sort(&mut self) {
        self.below.sort_unstable_by(f64::total_cmp);
        self.above.sort_unstable_by(f64::total_cmp);
    }

    /// Largest count for any shift up to the null: a shift is not rejected while one further out is not.
    fn at_null(&self) -> u64 {
        let mut largest = self.direct.max(self.always + self.below.len() as u64);
        for (reached, &start) in self.above.iter().enumerate() {
            if start > self.null {
                break;
            }
            largest = largest.max(self.always + reached as u64 + 1 + self.reaching(start));
        }
        largest
    }

    /// Rays from minus infinity that reach a shift.
    fn reaching(&self, shift: f64) -> u64 {
        (self.below.len() - self.below.partition_point(|&end| end < shift)) as u64
    }

    /// The smallest shift at which more than `rejected` arrangements count.
    fn first_above(&self, rejected: u64) -> f64 {
        if self.always + self.below.len() as u64 > rejected {
            return f64::NEG_INFINITY;
        }
        // Without rays from minus infinity the count grows by one a start.
        let from = if self.below.is_empty() { rejected.saturating_sub(self.always) as usize } else { 0 };
        for (reached, &start) in self.above.iter().enumerate().skip(from) {
            let ties = self.above[reached..].partition_point(|&other| other <= start) as u64;
            if self.always + reached as u64 + ties + self.reaching(start) > rejected {
                return start;
            }
        }
        f64::INFINITY
    }
}
