//! Limits for a difference or a ratio from the limits of its two parts (method of variance estimates recovery, MOVER).

use crate::special::elementary::hypot;
/// An estimate with its limits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) lower: f64,
    pub(crate) middle: f64,
    pub(crate) upper: f64,
}

impl Limits {
    /// From proportions to odds.
    pub(crate) fn odds(self) -> Self {
        let odds = |p: f64| p / (1.0 - p);
        Self { lower: odds(self.lower), middle: odds(self.middle), upper: odds(self.upper) }
    }
}

/// Limits of first - second: the squares of the distances add (Newcombe 1998, method 10).
pub(crate) fn difference(first: Limits, second: Limits) -> (f64, f64) {
    let difference = first.middle - second.middle;
    let lower = difference - hypot(first.middle - first.lower, second.upper - second.middle);
    let upper = difference + hypot(first.upper - first.middle, second.middle - second.lower);
    (lower, upper)
}

/// Limits of first / second (Donner and Zou 2012, Stat. Methods Med. Res. 21, 347-359).
pub(crate) fn ratio(first: Limits, second: Limits) -> (f64, f64) {
    let product = first.middle * second.middle;
    let limit = |own: f64, other: f64, sign: f64| {
        let own_part = own * (2.0 * first.middle - own);
        let other_part = other * (2.0 * second.middle - other);
        let root = (product * product - own_part * other_part).max(0.0).sqrt();
        // The two forms are equal; each avoids its own cancellation and division by 0.
        let numerator = product + sign * root;
        if other_part > 0.0 && (sign > 0.0 || own_part <= 0.0) {
            numerator / other_part
        } else {
            own_part / (product - sign * root)
        }
    };
    let (lower, upper) = (limit(first.lower, second.upper, -1.0).max(0.0), limit(first.upper, second.lower, 1.0));
    // At a level near 0 both are the estimate, and rounding may exchange them.
    (lower.min(upper), upper.max(lower))
}
