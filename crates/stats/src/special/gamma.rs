//! The gamma function and the small differences in which log-gamma itself would cancel.

use crate::special::elementary::{ln, ln_1p};
pub use statrs::function::gamma::{digamma, ln_gamma};

/// Half the logarithm of 2 pi.
pub const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_8;

/// ln(1 + x) - x, accurate also where the two terms nearly cancel. Domain x > -1.
///
/// ```
/// use fairtrial_stats::special::gamma;
/// // -x^2/2 + x^3/3, of which ln(1 + x) - x would keep nothing.
/// assert!((gamma::ln_1p_minus(1e-9) / -5e-19 - 1.0).abs() < 1e-8);
/// ```
#[must_use]
pub fn ln_1p_minus(x: f64) -> f64 {
    if x.abs() > 0.5 {
        return ln_1p(x) - x;
    }
    // ln(1+x) = 2 atanh(r) with r = x/(2+x), and x = 2r + r x.
    let r = x / (2.0 + x);
    let square = r * r;
    // |r| is at most 1/3; so many terms leave less than 1e-17 of the sum.
    let sum = if square > 0.01 {
        odd_series::<17>(square)
    } else if square > 1e-4 {
        odd_series::<8>(square)
    } else {
        odd_series::<4>(square)
    };
    r * (2.0 * sum - x)
}

/// The error of Stirling's formula at 1/2, 1, 3/2 ... 15: the counts and halves of counts that statistics ask for most (own
/// 40-digit arithmetic, `scripts/reference`).
const AT_HALVES: [f64; 30] = [
    0.153_426_409_720_027_36,
    0.081_061_466_795_327_26,
    0.054_814_121_051_917_65,
    0.041_340_695_955_409_3,
    0.033_162_873_519_936_29,
    0.027_677_925_684_998_34,
    0.023_746_163_656_297_496,
    0.020_790_672_103_765_093,
    0.018_488_450_532_673_187,
    0.016_644_691_189_821_193,
    0.015_134_973_221_917_378,
    0.013_876_128_823_070_748,
    0.012_810_465_242_920_227,
    0.011_896_709_945_891_77,
    0.011_104_559_758_206_917,
    0.010_411_265_261_972_096,
    0.009_799_416_126_158_804,
    0.009_255_462_182_712_733,
    0.008_768_700_134_139_386,
    0.008_330_563_433_362_87,
    0.007_934_114_564_314_02,
    0.007_573_675_487_951_841,
    0.007_244_554_301_320_383,
    0.006_942_840_107_209_53,
    0.006_665_247_032_707_682,
    0.006_408_994_188_004_207,
    0.006_171_712_263_039_458,
    0.005_951_370_112_758_847_5,
    0.005_746_216_513_010_115_5,
    0.005_554_733_551_962_801,
];

/// From here on the twelve terms of the series leave an error below 1e-16.
const SERIES_FROM: f64 = 6.0;

/// The error of Stirling's formula, ln Γ(x + 1) - (x + 1/2) ln x + x - ln sqrt(2 pi), for x > 0 (Loader 2000).
///
/// ```
/// use fairtrial_stats::special::gamma;
/// // 1! = 1: what is left is 1 - ln sqrt(2 pi).
/// assert!((gamma::stirling_error(1.0) - (1.0 - gamma::LN_SQRT_2PI)).abs() < 1e-15);
/// ```
#[must_use]
pub fn stirling_error(x: f64) -> f64 {
    if x > 15.0 {
        return stirling_series::<8>(x);
    }
    let doubled = 2.0 * x;
    if doubled >= 1.0 && doubled == doubled.trunc() {
        return AT_HALVES[doubled as usize - 1];
    }
    let (mut total, mut at) = (0.0, x);
    while at < SERIES_FROM {
        total += stirling_step(at);
        at += 1.0;
    }
    total + stirling_series::<12>(at)
}

/// stirling_error(x) - stirling_error(x + 1) = (x + 1/2) ln(1 + 1/x) - 1.
fn stirling_step(x: f64) -> f64 {
    if x < 1.0 {
        return (x + 0.5) * ln((1.0 + x) / x) - 1.0;
    }
    // With t = 1/(2x+1) it is atanh(t)/t - 1, a series of positive terms whose ratio is below t^2.
    let t = 1.0 / (2.0 * x + 1.0);
    let square = t * t;
    if x < 2.0 { odd_series::<17>(square) } else { odd_series::<11>(square) }
}

/// s/3 + s^2/5 + s^3/7 ..., so many terms.
fn odd_series<const TERMS: usize>(square: f64) -> f64 {
    const RECIPROCALS: [f64; 17] = {
        let mut list = [0.0; 17];
        let mut k = 0;
        while k < 17 {
            list[k] = 1.0 / (2 * k + 3) as f64;
            k += 1;
        }
        list
    };
    RECIPROCALS[..TERMS].iter().rev().fold(0.0, |sum, reciprocal| (sum + reciprocal) * square)
}

fn stirling_series<const TERMS: usize>(x: f64) -> f64 {
    const S: [f64; 12] = [
        1.0 / 12.0,
        1.0 / 360.0,
        1.0 / 1260.0,
        1.0 / 1680.0,
        1.0 / 1188.0,
        691.0 / 360_360.0,
        1.0 / 156.0,
        3617.0 / 122_400.0,
        43_867.0 / 244_188.0,
        174_611.0 / 125_400.0,
        77_683.0 / 5796.0,
        236_364_091.0 / 1_506_960.0,
    ];
    let inverse_square = 1.0 / (x * x);
    let mut sum = 0.0;
    for coefficient in S[..TERMS].iter().rev() {
        sum = coefficient - sum * inverse_square;
    }
    sum / x
}

/// x ln(x/m) + m - x: half the Poisson deviance of a count x with mean m, without cancellation (Loader's bd0).
///
/// ```
/// use fairtrial_stats::special::gamma;
/// assert!((gamma::deviance(2.0, 1.0) - (2.0 * 2.0_f64.ln() - 1.0)).abs() < 1e-15);
/// ```
#[must_use]
pub fn deviance(x: f64, m: f64) -> f64 {
    if x == 0.0 {
        return m;
    }
    let excess = (m - x) / x;
    if excess.abs() <= 0.5 { -x * ln_1p_minus(excess) } else { x * ln(x / m) + m - x }
}

/// The derivative of the digamma function, for x > 0.
///
/// ```
/// use fairtrial_stats::special::gamma;
/// assert!((gamma::trigamma(1.0) - std::f64::consts::PI.powi(2) / 6.0).abs() < 1e-14);
/// ```
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
