//! The regularised incomplete gamma function: the distribution of gamma, chi-square and Poisson variables.

use super::gamma::{LN_SQRT_2PI, ln_1p_minus, stirling_error};
use crate::special::elementary::{exp, exp_m1, ln, ln_1p};

/// Enough for shapes to 1e10; the needed number grows with the square root of the shape.
const MAX_TERMS: usize = 3_000_000;

/// Logarithms of both tails, the smaller one computed directly.
#[derive(Clone, Copy)]
struct Tails {
    ln_lower: f64,
    ln_upper: f64,
}

/// ln of x^a e^-x / Γ(a + 1).
fn ln_prefix(a: f64, x: f64) -> f64 {
    let excess = (x - a) / a;
    let exponent = if excess.abs() <= 0.5 { a * ln_1p_minus(excess) } else { a * ln(x / a) - (x - a) };
    exponent - stirling_error(a) - LN_SQRT_2PI - 0.5 * ln(a)
}

fn tails(a: f64, x: f64) -> Tails {
    if !(a > 0.0 && x >= 0.0) || a == f64::INFINITY {
        return Tails { ln_lower: f64::NAN, ln_upper: f64::NAN };
    }
    if x == 0.0 {
        return Tails { ln_lower: f64::NEG_INFINITY, ln_upper: 0.0 };
    }
    if x == f64::INFINITY {
        return Tails { ln_lower: 0.0, ln_upper: f64::NEG_INFINITY };
    }
    let prefix = ln_prefix(a, x);
    if x <= a.max(1.0) {
        let mut sum = 1.0;
        let mut term = 1.0;
        let mut k = a;
        for _ in 0..MAX_TERMS {
            k += 1.0;
            term *= x / k;
            sum += term;
            if term <= sum * 1e-17 {
                break;
            }
        }
        let ln_lower = (prefix + ln(sum)).min(0.0);
        Tails { ln_lower, ln_upper: ln_complement(ln_lower) }
    } else {
        let fraction = upper_fraction(a, x);
        let ln_upper = (prefix + ln(a) + ln(fraction)).min(0.0);
        Tails { ln_lower: ln_complement(ln_upper), ln_upper }
    }
}

/// Γ(a, x) e^x x^-a by Legendre's continued fraction, modified Lentz.
fn upper_fraction(a: f64, x: f64) -> f64 {
    let tiny = 1e-300;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / tiny;
    let mut d = 1.0 / if b == 0.0 { tiny } else { b };
    let mut h = d;
    for i in 1..MAX_TERMS {
        let n = i as f64;
        let coefficient = -n * (n - a);
        b += 2.0;
        d = coefficient * d + b;
        if d.abs() < tiny {
            d = tiny;
        }
        c = b + coefficient / c;
        if c.abs() < tiny {
            c = tiny;
        }
        d = 1.0 / d;
        let delta = d * c;
        h *= delta;
        if (delta - 1.0).abs() <= 2.3e-16 {
            break;
        }
    }
    h
}

/// ln(1 - e^v) for v <= 0.
pub(crate) fn ln_complement(v: f64) -> f64 {
    if v > -std::f64::consts::LN_2 { ln(-exp_m1(v)) } else { ln_1p(-exp(v)) }
}

/// Probability that a gamma variable of shape `a` (scale 1) is at most `x`.
///
/// ```
/// use fairtrial_stats::special::incomplete_gamma;
/// assert!((incomplete_gamma::lower(1.0, 2.0) - (1.0 - (-2.0_f64).exp())).abs() < 1e-15);
/// ```
#[must_use]
pub fn lower(a: f64, x: f64) -> f64 {
    let tails = tails(a, x);
    if tails.ln_lower > tails.ln_upper { -exp_m1(tails.ln_upper) } else { exp(tails.ln_lower) }
}

/// Probability that a gamma variable of shape `a` (scale 1) is above `x`.
///
/// ```
/// use fairtrial_stats::special::incomplete_gamma;
/// // Two events or fewer at a mean of 3: e^-3 (1 + 3 + 9/2).
/// assert!((incomplete_gamma::upper(3.0, 3.0) - 8.5 * (-3.0_f64).exp()).abs() < 1e-15);
/// ```
#[must_use]
pub fn upper(a: f64, x: f64) -> f64 {
    let tails = tails(a, x);
    if tails.ln_upper > tails.ln_lower { -exp_m1(tails.ln_lower) } else { exp(tails.ln_upper) }
}

/// Natural logarithm of [`lower`].
///
/// ```
/// use fairtrial_stats::special::incomplete_gamma;
/// assert!((incomplete_gamma::ln_lower(1.0, 1e-200) + 200.0 * std::f64::consts::LN_10).abs() < 1e-10);
/// ```
#[must_use]
pub fn ln_lower(a: f64, x: f64) -> f64 {
    tails(a, x).ln_lower
}

/// Natural logarithm of [`upper`].
///
/// ```
/// use fairtrial_stats::special::incomplete_gamma;
/// assert!((incomplete_gamma::ln_upper(1.0, 5000.0) + 5000.0).abs() < 1e-9);
/// ```
#[must_use]
pub fn ln_upper(a: f64, x: f64) -> f64 {
    tails(a, x).ln_upper
}

/// The value at or below which a gamma variable of shape `a` falls with probability `p`.
///
/// ```
/// use fairtrial_stats::special::incomplete_gamma;
/// assert!((incomplete_gamma::quantile(1.0, 0.5) - std::f64::consts::LN_2).abs() < 1e-15);
/// ```
#[must_use]
pub fn quantile(a: f64, p: f64) -> f64 {
    inverse(a, p, true)
}

/// The value above which a gamma variable of shape `a` falls with probability `q`.
///
/// ```
/// use fairtrial_stats::special::incomplete_gamma;
/// assert!((incomplete_gamma::quantile_upper(1.0, 0.25) - 4.0_f64.ln()).abs() < 1e-14);
/// ```
#[must_use]
pub fn quantile_upper(a: f64, q: f64) -> f64 {
    inverse(a, q, false)
}

fn inverse(a: f64, target: f64, is_lower: bool) -> f64 {
    if a.is_nan() || a <= 0.0 || a == f64::INFINITY || !(0.0..=1.0).contains(&target) {
        return f64::NAN;
    }
    if target == 0.0 || target == 1.0 {
        return if (target == 0.0) == is_lower { 0.0 } else { f64::INFINITY };
    }
    let goal = ln(target);
    // In u = ln x both log tails are concave, so that Newton's steps approach from one side.
    let spread = 40.0 * (1.0 / a.sqrt()).max(1e-7);
    let (mut low, mut high) = (-745.0_f64, ln(a).max(0.0) + spread + 8.0);
    let mut u = start(a, target, is_lower).clamp(low, high);
    for _ in 0..300 {
        let x = exp(u);
        let tails = tails(a, x);
        let value = if is_lower { tails.ln_lower } else { tails.ln_upper };
        let above = if is_lower { value > goal } else { value < goal };
        if above {
            high = u;
        } else {
            low = u;
        }
        let density = exp(ln_prefix(a, x) + ln(a) - value);
        let step = (goal - value) / if is_lower { density } else { -density };
        let mut next = u + step;
        if !next.is_finite() || next <= low || next >= high {
            next = 0.5 * (low + high);
        }
        let moved = (next - u).abs();
        u = next;
        if moved <= 1e-16 || high - low <= 1e-16 * high.abs() {
            break;
        }
    }
    exp(u)
}

/// Wilson-Hilferty, or the leading power near 0.
fn start(a: f64, target: f64, is_lower: bool) -> f64 {
    let z = if is_lower { super::normal::quantile(target) } else { -super::normal::quantile(target) };
    let root = 1.0 - 1.0 / (9.0 * a) + z / (3.0 * a.sqrt());
    if root > 0.2 {
        return ln(a) + 3.0 * ln(root);
    }
    let ln_p = if is_lower { ln(target) } else { ln_1p(-target) };
    (ln_p + super::gamma::ln_gamma(a + 1.0)) / a
}
