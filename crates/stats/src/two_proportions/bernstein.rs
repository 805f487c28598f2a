//! Polynomials by their Bernstein coefficients: halved, cut, and bounded by the largest coefficient of each piece.

/// A piece that has been halved so often and is still not within the limit counts as beyond it.
const DEEPEST: i32 = 40;

/// A place at which the polynomial is above `limit`, or may be; none when it is proved not to be.
pub(super) fn above(coefficients: &[f64], limit: f64) -> Option<f64> {
    if largest(coefficients) <= limit {
        return None;
    }
    let mut open = vec![(coefficients.to_vec(), 0.0, 0)];
    while let Some((mut right, from, depth)) = open.pop() {
        let width = 0.5_f64.powi(depth);
        let (at_start, at_end) = (right.first().copied(), right.last().copied());
        for (value, place) in [(at_start, from), (at_end, from + width)] {
            if value.is_some_and(|value| value > limit) {
                return Some(place);
            }
        }
        if depth >= DEEPEST {
            return Some(from);
        }
        let left = halve(&mut right);
        let halves = [(left, from), (right, from + 0.5 * width)];
        let [near, far] = halves.map(|(half, from)| (largest(&half), half, from));
        // The likelier half is looked at first.
        let (later, sooner) = if near.0 > far.0 { (far, near) } else { (near, far) };
        for (bound, half, from) in [later, sooner] {
            if bound > limit {
                open.push((half, from, depth + 1));
            }
        }
    }
    None
}

/// Replaces the coefficients by those on a part of the interval.
pub(super) fn keep(coefficients: &mut [f64], (from, to): (f64, f64)) {
    if from > 0.0 {
        keep_right(coefficients, from);
    }
    if to < 1.0 {
        coefficients.reverse();
        keep_right(coefficients, 1.0 - (to - from) / (1.0 - from));
        coefficients.reverse();
    }
}

fn largest(coefficients: &[f64]) -> f64 {
    coefficients.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// Halves the interval of a polynomial: returns the coefficients of the left half and leaves those of the right one.
fn halve(coefficients: &mut [f64]) -> Vec<f64> {
    let mut left = Vec::with_capacity(coefficients.len());
    for last in (0..coefficients.len()).rev() {
        left.push(coefficients[0]);
        for i in 0..last {
            coefficients[i] = 0.5 * (coefficients[i] + coefficients[i + 1]);
        }
    }
    left
}

/// The coefficients on the part of the interval to the right of `share`.
fn keep_right(coefficients: &mut [f64], share: f64) {
    for last in (0..coefficients.len()).rev() {
        for i in 0..last {
            coefficients[i] = (1.0 - share) * coefficients[i] + share * coefficients[i + 1];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{above, keep};

    /// (1 - 2u)^2 has the coefficients 1, -1, 1: 0 in the middle, above it everywhere else.
    #[test]
    fn limits_are_proved_or_passed() {
        let square = [1.0, -1.0, 1.0];
        assert!(above(&square, 1.0).is_none());
        assert_eq!(above(&square, 0.99), Some(0.0));
        // On the middle fifth it is at most 1/25.
        let mut middle = square;
        keep(&mut middle, (0.4, 0.6));
        assert!(above(&middle, 0.04 + 1e-12).is_none() && above(&middle, 0.04 - 1e-12).is_some());
        // -(1 - 2u)^2 is nowhere above 0, though a coefficient is.
        assert!(above(&[-1.0, 1.0, -1.0], 1e-12).is_none());
    }
}
