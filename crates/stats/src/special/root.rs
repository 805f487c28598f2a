//! Roots of continuous functions, with a bracket that proves them.

use crate::StatError;

/// A root and the bracket in which the sign of the function changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Root {
    /// The end of the bracket with the smaller absolute function value.
    pub value: f64,
    /// Lower end: the function has another sign (or 0) here than at the upper end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// Most function evaluations; bisection alone needs about 1,100 to exhaust all doubles, this method a few tens.
const MAX_EVALUATIONS: usize = 400;

/// Finds where a continuous function changes sign between `lower` and `upper`.
///
/// Inverse quadratic interpolation that falls back on bisection (Chandrupatla 1997), until the bracket is narrower than
/// `absolute` plus a few units in the last place.
///
/// ```
/// use fairtrial_stats::special::root::find;
/// let root = find(|x| x * x - 2.0, 0.0, 2.0, 0.0).unwrap();
/// assert!((root.value - 2.0_f64.sqrt()).abs() < 1e-15 && root.lower <= root.upper);
/// ```
///
/// # Errors
/// `NoConvergence` when the signs at the ends do not differ, the function is not a number somewhere, or the cap on
/// evaluations is reached.
pub fn find(mut f: impl FnMut(f64) -> f64, lower: f64, upper: f64, absolute: f64) -> Result<Root, StatError> {
    let (mut b, mut a) = (lower, upper);
    let (mut fb, mut fa) = (f(b), f(a));
    check(lower, fb)?;
    check(upper, fa)?;
    if fb == 0.0 {
        return Ok(Root { value: lower, lower, upper: lower });
    }
    if fa == 0.0 {
        return Ok(Root { value: upper, lower: upper, upper });
    }
    if fa.is_sign_positive() == fb.is_sign_positive() {
        return Err(StatError::NoConvergence { reason: format!("no change of sign between {lower} and {upper}") });
    }
    let mut t = 0.5;
    for _ in 0..MAX_EVALUATIONS {
        let x = a + t * (b - a);
        let fx = f(x);
        check(x, fx)?;
        let (c, fc);
        if fx.is_sign_positive() == fa.is_sign_positive() && fx != 0.0 {
            (c, fc) = (a, fa);
        } else {
            (c, fc) = (b, fb);
            (b, fb) = (a, fa);
        }
        (a, fa) = (x, fx);
        let (best, f_best) = if fa.abs() < fb.abs() { (a, fa) } else { (b, fb) };
        let tolerance = 2.0 * f64::EPSILON * best.abs() + 0.5 * absolute;
        let width = (b - a).abs();
        if f_best == 0.0 || width <= 2.0 * tolerance {
            return Ok(Root { value: best, lower: a.min(b), upper: a.max(b) });
        }
        let smallest = tolerance / width;
        let xi = (a - b) / (c - b);
        let phi = (fa - fb) / (fc - fb);
        t = if phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi {
            fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        } else {
            0.5
        };
        if !t.is_finite() {
            t = 0.5;
        }
        t = t.clamp(smallest.min(0.5), 1.0 - smallest.min(0.5));
    }
    Err(StatError::NoConvergence { reason: format!("root between {lower} and {upper} after {MAX_EVALUATIONS} steps") })
}

fn check(x: f64, value: f64) -> Result<(), StatError> {
    if value.is_nan() {
        return Err(StatError::NoConvergence { reason: format!("the function is not a number at {x}") });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn finds_roots_and_proves_them() {
        let root = find(|x| x * x - 2.0, 0.0, 2.0, 0.0).unwrap();
        assert!((root.value - 2f64.sqrt()).abs() < 1e-15);
        assert!(root.lower <= 2f64.sqrt() && 2f64.sqrt() <= root.upper);
        let flat = find(|x: f64| (x - 0.3).powi(9), -1.0, 1.0, 1e-12).unwrap();
        assert!((flat.value - 0.3).abs() < 1e-6);
        let step = find(|x| if x < 0.1 { -1.0 } else { 1.0 }, 0.0, 1.0, 1e-14).unwrap();
        assert!((step.value - 0.1).abs() < 1e-13);
    }

    #[test]
    fn refuses_without_a_change_of_sign() {
        assert!(find(|x| x * x + 1.0, -1.0, 1.0, 0.0).is_err());
        assert!(find(|_| f64::NAN, -1.0, 1.0, 0.0).is_err());
    }
}
