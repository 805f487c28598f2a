//! The gamma function and the small differences in which log-gamma itself would cancel.

pub use statrs::function::gamma::{digamma, ln_gamma};

/// Half the logarithm of 2 pi.
pub const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_8;

/// ln(1 + x) - x, accurate also where the two terms nearly cancel. Domain x > -1.
#[must_use]
pub fn ln_1p_minus(x: f64) -> f64 {
    if x.abs() > 0.5 {
        return x.ln_1p() - x;
    }
    // ln(1+x) = 2 atanh(r) with r = x/(2+x), and x = 2r + r x.
    let r = x / (2.0 + x);
    let square = r * r;
    let mut power = square;
    let mut sum = 0.0;
    let mut k = 3.0;
    for _ in 0..40 {
        let term = power / k;
        sum += term;
        if term <= sum * 1e-17 {
            break;
        }
        power *= square;
        k += 2.0;
    }
    r * (2.0 * sum - x)
}

/// The error of Stirling's formula, ln Γ(x + 1) - (x + 1/2) ln x + x - ln sqrt(2 pi), for x > 0 (Loader 2000).
#[must_use]
pub fn stirling_error(x: f64) -> f64 {
    if x < 15.0 {
        let mut total = 0.0;
        let mut at = x;
        while at < 15.0 {
            total += stirling_step(at);
            at += 1.0;
        }
        return total + stirling_series(at);
    }
    stirling_series(x)
}

/// stirling_error(x) - stirling_error(x + 1) = (x + 1/2) ln(1 + 1/x) - 1.
fn stirling_step(x: f64) -> f64 {
    if x < 1.0 {
        return (x + 0.5) * ((1.0 + x) / x).ln() - 1.0;
    }
    // With t = 1/(2x+1) it is atanh(t)/t - 1, a series of positive terms.
    let t = 1.0 / (2.0 * x + 1.0);
    let square = t * t;
    let mut power = square;
    let mut sum = 0.0;
    let mut k = 3.0;
    for _ in 0..40 {
        let term = power / k;
        sum += term;
        if term <= sum * 1e-17 {
            break;
        }
        power *= square;
        k += 2.0;
    }
    sum
}

fn stirling_series(x: f64) -> f64 {
    const S: [f64; 8] = [
        1.0 / 12.0,
        1.0 / 360.0,
        1.0 / 1260.0,
        1.0 / 1680.0,
        1.0 / 1188.0,
        691.0 / 360_360.0,
        1.0 / 156.0,
        3617.0 / 122_400.0,
    ];
    let inverse_square = 1.0 / (x * x);
    let mut sum = 0.0;
    for coefficient in S.iter().rev() {
        sum = coefficient - sum * inverse_square;
    }
    sum / x
}

/// x ln(x/m) + m - x: half the Poisson deviance of a count x with mean m, without cancellation (Loader's bd0).
#[must_use]
pub fn deviance(x: f64, m: f64) -> f64 {
    if x == 0.0 {
        return m;
    }
    let excess = (m - x) / x;
    if excess.abs() <= 0.5 { -x * ln_1p_minus(excess) } else { x * (x / m).ln() + m - x }
}

/// The derivative of the digamma function, for x > 0.
#[must_use]
pub fn trigamma(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    let mut shifted = x;
    let mut sum = 0.0;
    while shifted < 15.0 {
        sum += 1.0 / (shifted * shifted);
        shifted += 1.0;
    }
    let inverse = 1.0 / shifted;
    let square = inverse * inverse;
    const B: [f64; 7] = [1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0];
    let mut series = 0.0;
    for coefficient in B.iter().rev() {
        series = series * square + coefficient;
    }
    sum + inverse + 0.5 * square + series * square * inverse
}
