//! The largest value over (0, 1) of a polynomial with non-negative Bernstein coefficients, with a proof.
//!
//! The size of an exact test is the sum over totals s of P(rejection | s) times the binomial probability of s: a
//! polynomial in Bernstein form. A grid under-evaluates its maximum and makes the test anti-conservative; here every
//! cell is bounded from above and cut in two until no cell can exceed the best value found.

use serde::Serialize;

use crate::special::count;

/// A maximum with its proof.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CertifiedSupremum {
    /// The largest value found, at `at`.
    pub value: f64,
    /// No point of [0, 1] has a larger value than this; at most 1e-9 relative above `value`.
    pub upper_bound: f64,
    /// Where the largest value is taken (the largest such point when several tie).
    pub at: f64,
}

/// Cells narrower than this are not cut further.
const NARROWEST: f64 = 1e-9;
/// A cell whose bound exceeds the best value by no more than this share is left.
const SLACK: f64 = 1e-10;

/// The polynomial, its first and second differences.
struct Bernstein<'a> {
    coefficients: &'a [f64],
    first: Vec<f64>,
    second: Vec<f64>,
    /// The largest value over p of each mass of two degrees less, which is taken at s/(n - 2).
    peaks: Vec<f64>,
    /// The largest coefficient.
    largest: f64,
}

/// Binomial probabilities of all counts, into a buffer; returns the range that is not negligible.
pub(crate) fn masses(degree: usize, p: f64, buffer: &mut [f64]) -> (usize, usize) {
    if p <= 0.0 || degree == 0 {
        buffer[0] = 1.0;
        return (0, 0);
    }
    if p >= 1.0 {
        buffer[degree] = 1.0;
        return (degree, degree);
    }
    let q = 1.0 - p;
    let n = degree as f64;
    let mode = (((n + 1.0) * p).floor() as usize).min(degree);
    buffer[mode] = count::ln_binomial(mode as u64, degree as u64, p, q).exp();
    let negligible = buffer[mode] * 1e-22;
    let odds = p / q;
    let mut to = mode;
    while to < degree {
        let next = buffer[to] * (odds * (degree - to) as f64 / (to + 1) as f64);
        to += 1;
        buffer[to] = next;
        if next < negligible {
            break;
        }
    }
    let mut from = mode;
    while from > 0 {
        let next = buffer[from] * (from as f64 / ((degree - from + 1) as f64 * odds));
        from -= 1;
        buffer[from] = next;
        if next < negligible {
            break;
        }
    }
    (from, to)
}

impl<'a> Bernstein<'a> {
    fn new(coefficients: &'a [f64]) -> Self {
        let first: Vec<f64> = coefficients.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let second: Vec<f64> = first.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let n = second.len().saturating_sub(1);
        let peak = |s: usize| {
            let p = s as f64 / n.max(1) as f64;
            count::ln_binomial(s as u64, n as u64, p, 1.0 - p).exp()
        };
        let peaks = (0..second.len()).map(peak).collect();
        let largest = coefficients.iter().copied().fold(0.0, f64::max);
        Self { coefficients, first, second, peaks, largest }
    }

    fn degree(&self) -> usize {
        self.coefficients.len() - 1
    }

    fn value(&self, p: f64, buffer: &mut [f64]) -> f64 {
        let (from, to) = masses(self.degree(), p, buffer);
        (from..=to).map(|s| buffer[s] * self.coefficients[s]).sum()
    }

    fn slope(&self, p: f64, buffer: &mut [f64]) -> f64 {
        if self.first.is_empty() {
            return 0.0;
        }
        let degree = self.degree();
        let (from, to) = masses(degree - 1, p, buffer);
        let sum: f64 = (from..=to).map(|s| buffer[s] * self.first[s]).sum();
        degree as f64 * sum
    }

    /// A bound of the absolute second derivative on [a, b]: every mass is taken at the point of the cell where it is
    /// largest. Masses below the smallest that the two ends give are covered by the sum of the ends.
    fn curvature_bound(&self, a: f64, b: f64, buffers: &mut Buffers) -> f64 {
        if self.second.is_empty() {
            return 0.0;
        }
        let degree = self.degree();
        let n = degree - 2;
        let low = masses(n, a, &mut buffers.first);
        let high = masses(n, b, &mut buffers.second);
        let at = |range: (usize, usize), buffer: &[f64], s: usize| {
            if s >= range.0 && s <= range.1 { buffer[s] } else { 0.0 }
        };
        let mut sum = 0.0;
        // Beyond the two ranges every mass on the cell is below 1e-21, and a second difference is at most twice the
        // largest coefficient.
        let rest = 2e-21 * self.largest * (n as f64 + 1.0);
        for s in low.0..=high.1 {
            let peak = s as f64 / (n.max(1)) as f64;
            let mass = if peak <= a {
                at(low, &buffers.first, s)
            } else if peak >= b {
                at(high, &buffers.second, s)
            } else {
                self.peaks[s]
            };
            sum += mass * self.second[s].abs();
        }
        (degree * (degree - 1)) as f64 * (sum + rest)
    }
}

/// Room for the masses of two points.
struct Buffers {
    first: Vec<f64>,
    second: Vec<f64>,
}

/// The supremum over p in [0, 1] of the sum of `coefficients[s]` times the binomial probability of s at p.
///
/// `coefficients` lie in [0, 1]; an empty list has supremum 0.
pub(crate) fn supremum(coefficients: &[f64]) -> CertifiedSupremum {
    let Some(&at_zero) = coefficients.first() else {
        return CertifiedSupremum { value: 0.0, upper_bound: 0.0, at: 0.0 };
    };
    let largest = coefficients.iter().copied().fold(0.0, f64::max);
    let smallest = coefficients.iter().copied().fold(f64::INFINITY, f64::min);
    if largest == smallest || at_zero == largest {
        return CertifiedSupremum { value: at_zero, upper_bound: at_zero, at: 0.0 };
    }
    let polynomial = Bernstein::new(coefficients);
    let degree = polynomial.degree();
    let mut buffers = Buffers { first: vec![0.0; degree + 1], second: vec![0.0; degree + 1] };
    let at_one = coefficients[degree];
    let mut best = if at_one > at_zero { (at_one, 1.0) } else { (at_zero, 0.0) };
    // A first look, so that most cells can be left at once.
    let cells = (4 * ((degree as f64).sqrt() as usize) + 8).min(400);
    let mut interesting = (0.0, 1.0);
    for i in 0..cells {
        let p = (i as f64 + 0.5) / cells as f64;
        let value = polynomial.value(p, &mut buffers.first);
        if value >= best.0 * (1.0 - 1e-12) {
            best = (value, p);
            interesting = (i as f64 / cells as f64, (i + 1) as f64 / cells as f64);
        }
    }
    best = polished(&polynomial, best, interesting, &mut buffers.first);
    let mut bound = best.0;
    let mut open: Vec<(f64, f64)> =
        (0..cells).rev().map(|i| (i as f64 / cells as f64, (i + 1) as f64 / cells as f64)).collect();
    while let Some((a, b)) = open.pop() {
        let centre = 0.5 * (a + b);
        let half = b - centre;
        let value = polynomial.value(centre, &mut buffers.first);
        if value > best.0 * (1.0 + 1e-13) {
            best = polished(&polynomial, (value, centre), (a, b), &mut buffers.first);
            bound = bound.max(best.0);
        }
        let slope = polynomial.slope(centre, &mut buffers.first);
        let curvature = polynomial.curvature_bound(a, b, &mut buffers);
        let cell_bound = value + slope.abs() * half + 0.5 * curvature * half * half;
        if cell_bound <= best.0 * (1.0 + SLACK) || b - a <= NARROWEST {
            bound = bound.max(cell_bound);
        } else {
            open.push((centre, b));
            open.push((a, centre));
        }
    }
    CertifiedSupremum { value: best.0, upper_bound: bound.min(largest).max(best.0), at: best.1 }
}

/// Moves to the point of slope 0 nearest to a good point, by bisection of the slope where its sign changes.
fn polished(polynomial: &Bernstein<'_>, best: (f64, f64), cell: (f64, f64), buffer: &mut [f64]) -> (f64, f64) {
    let width = (cell.1 - cell.0).max(1e-12);
    let mut slope = |p: f64| polynomial.slope(p, buffer);
    let rising = slope(best.1) > 0.0;
    let direction = if rising { 1.0 } else { -1.0 };
    let (mut near, mut far) = (best.1, best.1);
    let mut step = 0.25 * width;
    let mut found = false;
    for _ in 0..60 {
        far = (near + direction * step).clamp(0.0, 1.0);
        if (slope(far) > 0.0) != rising {
            found = true;
            break;
        }
        if far <= 0.0 || far >= 1.0 {
            break;
        }
        near = far;
        step *= 1.5;
    }
    let at = if found {
        crate::special::root::find(&mut slope, near.min(far), near.max(far), 0.0).map_or(best.1, |root| root.value)
    } else {
        far
    };
    let value = polynomial.value(at, buffer);
    // Only the point moves when the values differ by rounding alone.
    if value >= best.0 * (1.0 - 1e-14) { (value.max(best.0), at) } else { best }
}
