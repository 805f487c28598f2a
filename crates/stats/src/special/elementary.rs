//! Logarithms, powers and angles that give the same bits on every machine.
//!
//! Why not the methods of `f64`: those are the platform's, which differ in the last bit between C libraries and between
//! processors with and without fused multiplication. A plan that is rehearsed with the same seed, and a result that is
//! computed again elsewhere, must come out byte for byte. These are computed in Rust, by `libm`, from additions,
//! multiplications and square roots alone, which the standard of floating point fixes to the last bit.

/// Natural logarithm; NaN below 0.
///
/// ```
/// use fairtrial_stats::special::elementary;
/// assert!((elementary::ln(10.0) - std::f64::consts::LN_10).abs() < 1e-15);
/// ```
#[must_use]
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// `ln(1 + x)`, also where `x` is far below 1.
///
/// ```
/// use fairtrial_stats::special::elementary;
/// assert_eq!(elementary::ln_1p(1e-20), 1e-20);
/// ```
#[must_use]
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// Logarithm to base 10; NaN below 0.
///
/// ```
/// use fairtrial_stats::special::elementary;
/// assert_eq!(elementary::log10(1000.0), 3.0);
/// ```
#[must_use]
pub fn log10(x: f64) -> f64 {
    libm::log10(x)
}

/// `e` to the power of `x`.
///
/// ```
/// use fairtrial_stats::special::elementary;
/// assert!((elementary::exp(1.0) - std::f64::consts::E).abs() < 1e-15);
/// ```
#[must_use]
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// `exp(x) - 1`, also where `x` is near 0.
///
/// ```
/// use fairtrial_stats::special::elementary;
/// assert_eq!(elementary::exp_m1(1e-20), 1e-20);
/// ```
#[must_use]
pub fn exp_m1(x: f64) -> f64 {
    libm::expm1(x)
}

/// `x` to the power of `exponent`; NaN where `x` is below 0 and the exponent no whole number.
///
/// ```
/// use fairtrial_stats::special::elementary;
/// assert_eq!(elementary::powf(9.0, 1.5), 27.0);
/// ```
#[must_use]
pub fn powf(x: f64, exponent: f64) -> f64 {
    libm::pow(x, exponent)
}

/// Sine of an angle in radians.
///
/// ```
/// use fairtrial_stats::special::elementary;
/// assert!((elementary::sin(std::f64::consts::FRAC_PI_6) - 0.5).abs() < 1e-15);
/// ```
#[must_use]
pub fn sin(x: f64) -> f64 {
    libm::sin(x)
}

/// Cosine of an angle in radians.
///
/// ```
/// use fairtrial_stats::special::elementary;
/// assert!((elementary::cos(std::f64::consts::FRAC_PI_3) - 0.5).abs() < 1e-15);
/// ```
#[must_use]
pub fn cos(x: f64) -> f64 {
    libm::cos(x)
}

/// The angle in radians whose sine is `x`; NaN outside -1 to 1.
///
/// ```
/// use fairtrial_stats::special::elementary;
/// assert_eq!(elementary::asin(1.0), std::f64::consts::FRAC_PI_2);
/// ```
#[must_use]
pub fn asin(x: f64) -> f64 {
    libm::asin(x)
}

/// The angle in radians whose cosine is `x`; NaN outside -1 to 1.
///
/// ```
/// use fairtrial_stats::special::elementary;
/// assert_eq!(elementary::acos(-1.0), std::f64::consts::PI);
/// ```
#[must_use]
pub fn acos(x: f64) -> f64 {
    libm::acos(x)
}

/// Length of the diagonal of a rectangle with sides `x` and `y`, without overflow on the way.
///
/// ```
/// use fairtrial_stats::special::elementary;
/// assert_eq!(elementary::hypot(3.0, 4.0), 5.0);
/// ```
#[must_use]
pub fn hypot(x: f64, y: f64) -> f64 {
    libm::hypot(x, y)
}
