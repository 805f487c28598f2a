//! The regularised incomplete beta function: the distribution of beta, binomial, t and F variables.

use super::gamma::{LN_SQRT_2PI, ln_1p_minus, stirling_error};
use super::incomplete_gamma::ln_complement;
use crate::special::elementary::{exp, exp_m1, ln, ln_1p};

/// Enough for shapes to 1e10; the needed number grows with the square root of the shapes.
const MAX_TERMS: usize = 1_000_000;
/// Distance of a log probability from its goal, relative to the goal or to 1, from which a single Newton step is enough.
const NEAR: f64 = 1e-9;

/// Logarithms of both tails, the smaller one computed directly.
#[derive(Clone, Copy)]
pub(crate) struct Tails {
    pub(crate) ln_lower: f64,
    pub(crate) ln_upper: f64,
}

impl Tails {
    fn swapped(self) -> Self {
        Self { ln_lower: self.ln_upper, ln_upper: self.ln_lower }
    }

    pub(crate) fn lower(self) -> f64 {
        if self.ln_lower > self.ln_upper { -exp_m1(self.ln_upper) } else { exp(self.ln_lower) }
    }

    pub(crate) fn upper(self) -> f64 {
        self.swapped().lower()
    }
}

/// a (1 - x) - b x without cancellation of the rounded products; uses the smaller of x and y = 1 - x as the exact one.
fn offset(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= y { exact_offset(a, b, x) } else { -exact_offset(b, a, y) }
}

fn exact_offset(a: f64, b: f64, x: f64) -> f64 {
    let (ax, bx) = (a * x, b * x);
    let (ax_rest, bx_rest) = (a.mul_add(x, -ax), b.mul_add(x, -bx));
    let first = a - ax;
    let first_rest = (a - first) - ax;
    let second = first - bx;
    let part = first - second;
    let second_rest = (first - (second + (first - second))) + (part - bx);
    second + (first_rest + second_rest - ax_rest - bx_rest)
}

/// ln of x^a y^b / B(a, b).
pub(crate) fn ln_power_over_beta(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let total = a + b;
    let d = offset(a, b, x, y);
    let half = |shape: f64, share: f64, excess: f64| {
        if excess.abs() <= 0.5 { shape * ln_1p_minus(excess) } else { shape * (ln(share) + ln(total / shape) - excess) }
    };
    half(a, x, -d / a) + half(b, y, d / b) + stirling_error(total) - stirling_error(a) - stirling_error(b)
        + 0.5 * (ln(a) + ln(b) - ln(total))
        - LN_SQRT_2PI
}

/// I_x(a, b) B(a, b) / (x^a y^b) by the continued fraction of Didonato and Morris (1992), for x below the mean.
fn lower_fraction(a: f64, b: f64, x: f64, y: f64, offset: f64) -> f64 {
    let c = 1.0 + offset;
    let c0 = b / a;
    let c1 = 1.0 + 1.0 / a;
    let yp1 = y + 1.0;
    let (mut p, mut s) = (1.0, a + 1.0);
    let (mut an, mut bn, mut anp1, mut bnp1) = (0.0, 1.0, 1.0, c / c1);
    let mut r = c1 / c;
    for i in 1..MAX_TERMS {
        let n = i as f64;
        let t = n / a;
        let w = n * (b - n) * x;
        let mut e = a / s;
        let alpha = p * (p + c0) * e * e * (w * x);
        e = (1.0 + t) / (c1 + t + t);
        let beta = n + w / s + e * (c + n * yp1);
        p = 1.0 + t;
        s += 2.0;
        let next = alpha * an + beta * anp1;
        an = anp1;
        anp1 = next;
        let next = alpha * bn + beta * bnp1;
        bn = bnp1;
        bnp1 = next;
        let before = r;
        r = anp1 / bnp1;
        if (r - before).abs() <= 1.2e-16 * r {
            break;
        }
        an /= bnp1;
        bn /= bnp1;
        anp1 = r;
        bnp1 = 1.0;
    }
    r
}

/// a I_x(a, b) B(a, b) / (x^a y^b) as a series of positive terms, for (a + b) x of moderate size.
fn lower_series(a: f64, b: f64, x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    let mut n = 0.0;
    for _ in 0..MAX_TERMS {
        term *= (a + b + n) * x / (a + 1.0 + n);
        sum += term;
        n += 1.0;
        if term <= sum * 1e-17 {
            break;
        }
    }
    sum
}

/// Both tails at x, with y = 1 - x given as well so that neither end loses precision.
pub(crate) fn tails(a: f64, b: f64, x: f64, y: f64) -> Tails {
    if !(a > 0.0 && b > 0.0 && x >= 0.0 && y >= 0.0) || a == f64::INFINITY || b == f64::INFINITY {
        return Tails { ln_lower: f64::NAN, ln_upper: f64::NAN };
    }
    if x == 0.0 {
        return Tails { ln_lower: f64::NEG_INFINITY, ln_upper: 0.0 };
    }
    if y == 0.0 {
        return Tails { ln_lower: 0.0, ln_upper: f64::NEG_INFINITY };
    }
    let d = offset(a, b, x, y);
    if d < 0.0 {
        return tails(b, a, y, x).swapped();
    }
    let prefix = ln_power_over_beta(a, b, x, y);
    if b < 1.0 && d < 0.5 && x > 0.5 {
        // The fraction is slow near the mean when b < 1; the other tail is a quick series of positive terms.
        let ln_upper = (prefix - ln(b) + ln(lower_series(b, a, y))).min(0.0);
        return Tails { ln_lower: ln_complement(ln_upper), ln_upper };
    }
    let ln_lower = (prefix + ln(lower_fraction(a, b, x, y, d))).min(0.0);
    Tails { ln_lower, ln_upper: ln_complement(ln_lower) }
}

/// Probability that a beta variable with shapes `a`, `b` is at most `x`.
///
/// ```
/// let p = fairtrial_stats::special::beta::lower(2.0, 3.0, 0.25);
/// assert!((p - 0.261_718_75).abs() < 1e-15);
/// ```
#[must_use]
pub fn lower(a: f64, b: f64, x: f64) -> f64 {
    tails(a, b, x, 1.0 - x).lower()
}

/// Probability that a beta variable with shapes `a`, `b` is above `x`.
///
/// ```
/// use fairtrial_stats::special::beta;
/// // The complement of the textbook polynomial 6 x^2 - 8 x^3 + 3 x^4.
/// assert!((beta::upper(2.0, 3.0, 0.25) - (1.0 - 0.261_718_75)).abs() < 1e-15);
/// ```
#[must_use]
pub fn upper(a: f64, b: f64, x: f64) -> f64 {
    tails(a, b, x, 1.0 - x).upper()
}

/// Natural logarithm of [`lower`].
///
/// ```
/// use fairtrial_stats::special::beta;
/// assert!((beta::ln_lower(1000.0, 1.0, 0.01) - 1000.0 * 0.01_f64.ln()).abs() < 1e-9);
/// ```
#[must_use]
pub fn ln_lower(a: f64, b: f64, x: f64) -> f64 {
    tails(a, b, x, 1.0 - x).ln_lower
}

/// Natural logarithm of [`upper`].
///
/// ```
/// use fairtrial_stats::special::beta;
/// assert!((beta::ln_upper(1.0, 1000.0, 0.99) - 1000.0 * 0.01_f64.ln()).abs() < 1e-9);
/// ```
#[must_use]
pub fn ln_upper(a: f64, b: f64, x: f64) -> f64 {
    tails(a, b, x, 1.0 - x).ln_upper
}

/// Natural logarithm of the beta density at `x`.
///
/// ```
/// use fairtrial_stats::special::beta;
/// // 12 x (1 - x)^2
/// assert!((beta::ln_pdf(2.0, 3.0, 0.25) - (12.0 * 0.25 * 0.5625_f64).ln()).abs() < 1e-14);
/// ```
#[must_use]
pub fn ln_pdf(a: f64, b: f64, x: f64) -> f64 {
    let y = 1.0 - x;
    if !(0.0..=1.0).contains(&x) {
        return f64::NEG_INFINITY;
    }
    if x == 0.0 || y == 0.0 {
        let (here, other) = if x == 0.0 { (a, b) } else { (b, a) };
        return if here > 1.0 {
            f64::NEG_INFINITY
        } else if here < 1.0 {
            f64::INFINITY
        } else {
            ln(other)
        };
    }
    ln_power_over_beta(a, b, x, y) - ln(x) - ln(y)
}

/// The value at or below which a beta variable falls with probability `p`.
///
/// ```
/// use fairtrial_stats::special::beta;
/// // The larger of two uniform values: x^2.
/// assert!((beta::quantile(2.0, 1.0, 0.25) - 0.5).abs() < 1e-15);
/// ```
#[must_use]
pub fn quantile(a: f64, b: f64, p: f64) -> f64 {
    inverse(a, b, p, true).0
}

/// The value above which a beta variable falls with probability `q`.
///
/// ```
/// use fairtrial_stats::special::beta;
/// // The smaller of two uniform values: above x with probability (1 - x)^2.
/// assert!((beta::quantile_upper(1.0, 2.0, 0.25) - 0.5).abs() < 1e-15);
/// ```
#[must_use]
pub fn quantile_upper(a: f64, b: f64, q: f64) -> f64 {
    inverse(a, b, q, false).0
}

/// The quantile x together with 1 - x, both with full relative accuracy.
pub(crate) fn inverse(a: f64, b: f64, target: f64, is_lower: bool) -> (f64, f64) {
    let sound = a > 0.0 && b > 0.0 && a < f64::INFINITY && b < f64::INFINITY;
    if !sound || !(0.0..=1.0).contains(&target) {
        return (f64::NAN, f64::NAN);
    }
    if target == 0.0 || target == 1.0 {
        return if (target == 0.0) == is_lower { (0.0, 1.0) } else { (1.0, 0.0) };
    }
    let goal = ln(target);
    let (mut low, mut high) = (-745.0_f64, 745.0_f64);
    let mut s = start(a, b, target, is_lower).clamp(low, high);
    for _ in 0..300 {
        let (x, y) = logistic(s);
        let tails = tails(a, b, x, y);
        let value = if is_lower { tails.ln_lower } else { tails.ln_upper };
        let above = if is_lower { value > goal } else { value < goal };
        if above {
            high = s;
        } else {
            low = s;
        }
        // On the logit scale both log tails are concave: Newton's steps approach from one side.
        let density = exp(ln_power_over_beta(a, b, x, y) - value);
        let step = (goal - value) / if is_lower { density } else { -density };
        let mut next = s + step;
        // Each step squares the error, so one from here is the last that changes anything but rounding.
        let near = next.is_finite() && (goal - value).abs() <= NEAR * goal.abs().min(1.0);
        let inside = next > low && next < high;
        if !(near || inside) {
            next = 0.5 * (low + high);
        }
        let moved = (next - s).abs();
        s = next;
        if near || moved <= 1e-16 * s.abs().max(1.0) || high - low <= 1e-16 {
            break;
        }
    }
    logistic(s)
}

/// x and 1 - x for the logit s.
fn logistic(s: f64) -> (f64, f64) {
    let e = exp(-s.abs());
    let (large, small) = (1.0 / (1.0 + e), e / (1.0 + e));
    if s >= 0.0 { (large, small) } else { (small, large) }
}

/// A normal approximation on the logit scale for large shapes, the leading power near an end otherwise.
fn start(a: f64, b: f64, target: f64, is_lower: bool) -> f64 {
    let (ln_p, ln_q) = if is_lower { (ln(target), ln_1p(-target)) } else { (ln_1p(-target), ln(target)) };
    if a.min(b) >= 1.0 {
        let z = if is_lower { super::normal::quantile(target) } else { -super::normal::quantile(target) };
        return ln(a / b) + z * (1.0 / a + 1.0 / b).sqrt();
    }
    let ln_beta = super::gamma::ln_gamma(a) + super::gamma::ln_gamma(b) - super::gamma::ln_gamma(a + b);
    let mean = a / (a + b);
    if ln_p < ln(mean) { (ln_p + ln(a) + ln_beta) / a } else { -(ln_q + ln(b) + ln_beta) / b }
}
