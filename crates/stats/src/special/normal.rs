//! The standard normal distribution and the error functions.

use crate::special::elementary::{exp, ln, ln_1p};
use std::f64::consts::{FRAC_1_SQRT_2, LN_2, PI, SQRT_2};

const FRAC_1_SQRT_PI: f64 = 0.564_189_583_547_756_3;

/// Which of the three error functions the rational approximation is to give.
#[derive(Clone, Copy, PartialEq)]
enum Scale {
    Plain,
    TimesExpSquare,
}

/// exp(-y^2) without the loss that rounding y^2 would bring for large y.
fn exp_minus_square(y: f64) -> f64 {
    let coarse = (y * 16.0).trunc() / 16.0;
    let rest = (y - coarse) * (y + coarse);
    exp(-coarse * coarse) * exp(-rest)
}

/// erfc or erfcx for y > 0.46875 (W. J. Cody, Math. Comp. 23, 1969, 631-637).
fn cody_tail(y: f64, scale: Scale) -> f64 {
    const C: [f64; 9] = [
        0.564_188_496_988_670_1,
        8.883_149_794_388_377,
        66.119_190_637_141_63,
        298.635_138_197_400_1,
        881.952_221_241_769,
        1_712.047_612_634_070_7,
        2_051.078_377_826_071_6,
        1_230.339_354_797_997_2,
        2.153_115_354_744_038_3e-8,
    ];
    const D: [f64; 8] = [
        15.744_926_110_709_835,
        117.693_950_891_312_5,
        537.181_101_862_009_9,
        1_621.389_574_566_690_3,
        3_290.799_235_733_459_7,
        4_362.619_090_143_247,
        3_439.367_674_143_721_6,
        1_230.339_354_803_749_5,
    ];
    const P: [f64; 6] = [
        0.305_326_634_961_232_36,
        0.360_344_899_949_804_45,
        0.125_781_726_111_229_26,
        0.016_083_785_148_742_275,
        6.587_491_615_298_378e-4,
        0.016_315_387_137_302_097,
    ];
    const Q: [f64; 5] = [
        2.568_520_192_289_822,
        1.872_952_849_923_460_4,
        0.527_905_102_951_428_5,
        0.060_518_341_312_441_32,
        0.002_335_204_976_268_691_8,
    ];
    let scaled = if y <= 4.0 {
        let mut numerator = C[8] * y;
        let mut denominator = y;
        for i in 0..7 {
            numerator = (numerator + C[i]) * y;
            denominator = (denominator + D[i]) * y;
        }
        (numerator + C[7]) / (denominator + D[7])
    } else {
        let inverse = 1.0 / (y * y);
        let mut numerator = P[5] * inverse;
        let mut denominator = inverse;
        for i in 0..4 {
            numerator = (numerator + P[i]) * inverse;
            denominator = (denominator + Q[i]) * inverse;
        }
        let correction = inverse * (numerator + P[4]) / (denominator + Q[4]);
        (FRAC_1_SQRT_PI - correction) / y
    };
    match scale {
        Scale::TimesExpSquare => scaled,
        Scale::Plain if y > 27.3 => 0.0,
        Scale::Plain => exp_minus_square(y) * scaled,
    }
}

/// The error function near 0, where the complement is not small.
fn cody_centre(x: f64) -> f64 {
    const A: [f64; 5] = [
        3.161_123_743_870_565_6,
        113.864_154_151_050_16,
        377.485_237_685_302,
        3_209.377_589_138_469_4,
        0.185_777_706_184_603_15,
    ];
    const B: [f64; 4] =
        [23.601_290_952_344_122, 244.024_637_934_444_17, 1_282.616_526_077_372_3, 2_844.236_833_439_171];
    let square = x * x;
    let mut numerator = A[4] * square;
    let mut denominator = square;
    for i in 0..3 {
        numerator = (numerator + A[i]) * square;
        denominator = (denominator + B[i]) * square;
    }
    x * (numerator + A[3]) / (denominator + B[3])
}

/// The error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x.
///
/// ```
/// use fairtrial_stats::special::normal;
/// // Abramowitz and Stegun 1964, table 7.1
/// assert!((normal::erf(1.0) - 0.842_700_792_9).abs() < 1e-10);
/// ```
#[must_use]
pub fn erf(x: f64) -> f64 {
    let y = x.abs();
    if y <= 0.468_75 {
        cody_centre(x)
    } else {
        let tail = cody_tail(y, Scale::Plain);
        (1.0 - tail).copysign(x)
    }
}

/// The complementary error function, 1 - erf(x), with full relative accuracy for large x.
///
/// ```
/// use fairtrial_stats::special::normal;
/// assert!((normal::erfc(1.0) - 0.157_299_207_050_285_13).abs() < 1e-15);
/// ```
#[must_use]
pub fn erfc(x: f64) -> f64 {
    let y = x.abs();
    if y <= 0.468_75 {
        1.0 - cody_centre(x)
    } else if x > 0.0 {
        cody_tail(y, Scale::Plain)
    } else {
        2.0 - cody_tail(y, Scale::Plain)
    }
}

/// The scaled complementary error function, exp(x^2) erfc(x); infinite below about -26.6.
///
/// ```
/// use fairtrial_stats::special::normal;
/// assert!((normal::erfcx(1.0) - 1.0_f64.exp() * normal::erfc(1.0)).abs() < 1e-14);
/// ```
#[must_use]
pub fn erfcx(x: f64) -> f64 {
    let y = x.abs();
    if y <= 0.468_75 {
        exp(x * x) * (1.0 - cody_centre(x))
    } else if x > 0.0 {
        cody_tail(y, Scale::TimesExpSquare)
    } else {
        2.0 / exp_minus_square(y) - cody_tail(y, Scale::TimesExpSquare)
    }
}

/// Density of the standard normal distribution.
///
/// ```
/// use fairtrial_stats::special::normal;
/// assert!((normal::pdf(0.0) - 1.0 / (2.0 * std::f64::consts::PI).sqrt()).abs() < 1e-16);
/// ```
#[must_use]
pub fn pdf(x: f64) -> f64 {
    exp_minus_half_square(x) / (2.0 * PI).sqrt()
}

/// exp(-x^2/2) without the loss that rounding x^2 would bring.
fn exp_minus_half_square(x: f64) -> f64 {
    let y = x.abs();
    if y > 40.0 {
        return 0.0;
    }
    let coarse = (y * 16.0).trunc() / 16.0;
    let rest = (y - coarse) * (y + coarse);
    exp(-0.5 * coarse * coarse) * exp(-0.5 * rest)
}

/// Probability that a standard normal variable is at most `x`.
///
/// ```
/// let p = fairtrial_stats::special::normal::cdf(-1.959_963_984_540_054);
/// assert!((p - 0.025).abs() < 1e-16);
/// ```
#[must_use]
pub fn cdf(x: f64) -> f64 {
    if x < -0.6 {
        // erfcx hardly feels the rounding of x/sqrt(2), erfc(x/sqrt(2)) would.
        0.5 * erfcx(-x * FRAC_1_SQRT_2) * exp_minus_half_square(x)
    } else {
        0.5 * erfc(-x * FRAC_1_SQRT_2)
    }
}

/// Probability that a standard normal variable is above `x`.
///
/// ```
/// use fairtrial_stats::special::normal;
/// assert!((normal::sf(1.959_963_984_540_054) - 0.025).abs() < 1e-15);
/// ```
#[must_use]
pub fn sf(x: f64) -> f64 {
    cdf(-x)
}

/// Natural logarithm of [`cdf`], finite down to about -1e154.
///
/// ```
/// use fairtrial_stats::special::normal;
/// assert!((normal::ln_cdf(-10.0) + 53.231_285_150_512_47).abs() < 1e-12);
/// ```
#[must_use]
pub fn ln_cdf(x: f64) -> f64 {
    if x < -0.6 { ln(erfcx(-x * FRAC_1_SQRT_2)) - LN_2 - 0.5 * x * x } else { ln_1p(-sf(x)) }
}

/// Natural logarithm of [`sf`].
///
/// ```
/// use fairtrial_stats::special::normal;
/// assert!((normal::ln_sf(10.0) + 53.231_285_150_512_47).abs() < 1e-12);
/// ```
#[must_use]
pub fn ln_sf(x: f64) -> f64 {
    ln_cdf(-x)
}

/// The value below which a standard normal variable falls with probability `p`; infinite at 0 and 1, NaN outside.
///
/// ```
/// let z = fairtrial_stats::special::normal::quantile(0.975);
/// assert!((z - 1.959_963_984_540_054).abs() < 1e-14);
/// ```
#[must_use]
pub fn quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    if p == 1.0 {
        return f64::INFINITY;
    }
    if p < 1e-290 {
        return quantile_of_ln(ln(p));
    }
    -SQRT_2 * statrs::function::erf::erfc_inv(2.0 * p)
}

/// The value `x` with `ln_cdf(x) = ln_p`; serves probabilities far below the smallest double.
///
/// ```
/// use fairtrial_stats::special::normal;
/// assert!((normal::quantile_of_ln(0.025_f64.ln()) + 1.959_963_984_540_054).abs() < 1e-13);
/// // Far below the smallest double.
/// assert!((normal::ln_cdf(normal::quantile_of_ln(-5000.0)) + 5000.0).abs() < 1e-9);
/// ```
#[must_use]
pub fn quantile_of_ln(ln_p: f64) -> f64 {
    if ln_p.is_nan() || ln_p > 0.0 {
        return f64::NAN;
    }
    if ln_p > -650.0 {
        return quantile(exp(ln_p));
    }
    if ln_p == f64::NEG_INFINITY {
        return f64::NEG_INFINITY;
    }
    let mut x = -(-2.0 * ln_p - ln(-2.0 * ln_p * 2.0 * PI)).sqrt();
    for _ in 0..20 {
        // d ln_cdf / dx = pdf / cdf = sqrt(2/pi) / erfcx(-x/sqrt 2)
        let slope = (2.0 / PI).sqrt() / erfcx(-x * FRAC_1_SQRT_2);
        let step = (ln_cdf(x) - ln_p) / slope;
        x -= step;
        if step.abs() <= 1e-15 * x.abs() {
            break;
        }
    }
    x
}
