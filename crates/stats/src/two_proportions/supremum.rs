//! The largest value over (0, 1) of a polynomial with non-negative Bernstein coefficients, with a proof.
//!
//! The size of an exact test is the sum over totals s of P(rejection | s) times the binomial probability of s: a
//! polynomial in Bernstein form. A grid under-evaluates its maximum and makes the test anti-conservative; here every
//! cell is bounded from above and cut in two until no cell can exceed the best value found.

use crate::special::elementary::exp;
use serde::Serialize;

use crate::special::count;

/// A maximum with its proof.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CertifiedSupremum {
    /// The largest value found, at `at`.
    pub value: f64,
    /// No point of [0, 1] has a larger value than this; at most 1e-9 above `value` in proportion (1e-4 above 0.3).
    pub upper_bound: f64,
    /// Where the largest value is taken (the largest such point when several tie).
    pub at: f64,
}

/// Cells narrower than this are not cut further.
const NARROWEST: f64 = 1e-9;
/// A cell whose bound exceeds the best value by no more than this share is left.
const SLACK: f64 = 1e-10;
/// The same where the best value is so large that nothing is decided by it.
const SLACK_WHERE_LARGE: f64 = 1e-4;
const LARGE: f64 = 0.3;

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
    buffer[mode] = exp(count::ln_binomial(mode as u64, degree as u64, p, q));
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

/// The polynomial in Bernstein form: its coefficients and their differences.
struct Bernstein<'a> {
    coefficients: &'a [f64],
    first: Vec<f64>,
    second: Vec<f64>,
    third: Vec<f64>,
    /// The largest value over p of each mass, which is taken at s/n.
    peaks: Vec<f64>,
    /// The largest coefficient.
    largest: f64,
}

/// Value, slope and curvature at a point.
#[derive(Clone, Copy)]
struct Jet {
    value: f64,
    slope: f64,
    curvature: f64,
}

/// Room for the masses of two points.
struct Buffers {
    first: Vec<f64>,
    second: Vec<f64>,
}

fn differences(values: &[f64]) -> Vec<f64> {
    values.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

impl<'a> Bernstein<'a> {
    fn new(coefficients: &'a [f64]) -> Self {
        let first = differences(coefficients);
        let second = differences(&first);
        let third = differences(&second);
        let n = coefficients.len() - 1;
        let peak = |s: usize| {
            let p = s as f64 / n as f64;
            exp(count::ln_binomial(s as u64, n as u64, p, 1.0 - p))
        };
        let peaks = (0..=n).map(peak).collect();
        let largest = coefficients.iter().copied().fold(0.0, f64::max);
        Self { coefficients, first, second, third, peaks, largest }
    }

    fn degree(&self) -> usize {
        self.coefficients.len() - 1
    }

    /// All three from the masses of two degrees less.
    fn jet(&self, p: f64, buffer: &mut [f64]) -> Jet {
        let degree = self.degree();
        let (from, to) = masses(degree - 2, p, buffer);
        let q = 1.0 - p;
        let (mut value, mut slope, mut curvature) = (0.0, 0.0, 0.0);
        for (s, mass) in buffer.iter().copied().enumerate().take(to + 1).skip(from) {
            let g = &self.coefficients[s..s + 3];
            value += mass * (q * q * g[0] + 2.0 * p * q * g[1] + p * p * g[2]);
            slope += mass * (q * self.first[s] + p * self.first[s + 1]);
            curvature += mass * self.second[s];
        }
        let n = degree as f64;
        Jet { value, slope: n * slope, curvature: n * (n - 1.0) * curvature }
    }

    /// A bound of the absolute third derivative on a cell [a, b].
    fn third_bound(&self, a: f64, b: f64, buffers: &mut Buffers) -> f64 {
        if a > 0.0 && b < 1.0 { self.inner_third_bound(a, b, buffers) } else { self.edge_third_bound(a, b, buffers) }
    }

    /// Away from the ends: the third derivative of a mass is the mass times l1^3 + 3 l1 l2 + l3, where l1, l2, l3 are
    /// the derivatives of its logarithm. Each factor is taken at its largest on the cell.
    fn inner_third_bound(&self, a: f64, b: f64, buffers: &mut Buffers) -> f64 {
        let degree = self.degree();
        let n = degree as f64;
        let low = masses(degree, a, &mut buffers.first);
        let high = masses(degree, b, &mut buffers.second);
        let at = |range: (usize, usize), buffer: &[f64], s: usize| {
            if s >= range.0 && s <= range.1 { buffer[s] } else { 0.0 }
        };
        let (ia, ib) = (1.0 / a, 1.0 / (1.0 - b));
        let growth = |s: f64| {
            let f = n - s;
            let (left, right) = (s / a - f / (1.0 - a), s / b - f / (1.0 - b));
            let l1 = left.abs().max(right.abs());
            let l2 = s * ia * ia + f * ib * ib;
            let l3 = 2.0 * (s * ia * ia * ia).max(f * ib * ib * ib);
            l1 * l1 * l1 + 3.0 * l1 * l2 + l3
        };
        let mut sum = 0.0;
        for s in low.0.min(high.0)..=high.1.max(low.1) {
            let peak = s as f64 / n;
            let mass = if peak <= a {
                at(low, &buffers.first, s)
            } else if peak >= b {
                at(high, &buffers.second, s)
            } else {
                self.peaks[s]
            };
            // Constants have no derivative: half of the largest coefficient may be taken off.
            sum += mass * (self.coefficients[s] - 0.5 * self.largest).abs() * growth(s as f64);
        }
        // Beyond the two ranges every mass on the cell is below 1e-21.
        sum + 1e-21 * self.largest * (n + 1.0) * growth(0.0).max(growth(n))
    }

    /// At the ends: by the third differences, every mass taken at the point of the cell where it is largest.
    fn edge_third_bound(&self, a: f64, b: f64, buffers: &mut Buffers) -> f64 {
        if self.third.is_empty() {
            return 0.0;
        }
        let degree = self.degree();
        let n = degree - 3;
        let low = masses(n, a, &mut buffers.first);
        let high = masses(n, b, &mut buffers.second);
        let at = |range: (usize, usize), buffer: &[f64], s: usize| {
            if s >= range.0 && s <= range.1 { buffer[s] } else { 0.0 }
        };
        let mut sum = 0.0;
        for s in low.0.min(high.0)..=high.1.max(low.1) {
            let peak = s as f64 / n.max(1) as f64;
            let mass = if peak <= a {
                at(low, &buffers.first, s)
            } else if peak >= b {
                at(high, &buffers.second, s)
            } else {
                1.0
            };
            sum += mass * self.third[s].abs();
        }
        // Beyond the two ranges every mass on the cell is below 1e-21, and a third difference is at most four times the
        // largest coefficient.
        let rest = 4e-21 * self.largest * (n as f64 + 1.0);
        (degree * (degree - 1) * (degree - 2)) as f64 * (sum + rest)
    }
}

/// A lower bound of the supremum: the largest value at a few points.
pub(crate) fn supremum_at_least(coefficients: &[f64]) -> f64 {
    let degree = coefficients.len().saturating_sub(1);
    let mut buffer = vec![0.0; degree + 1];
    let value = |p: f64| {
        let (from, to) = masses(degree, p, &mut buffer);
        (from..=to).map(|s| buffer[s] * coefficients[s]).sum::<f64>()
    };
    [0.1, 0.3, 0.5, 0.7, 0.9].map(value).into_iter().fold(0.0, f64::max)
}

/// The supremum over p in [0, 1] of the sum of `coefficients[s]` times the binomial probability of s at p.
///
/// `coefficients` lie in [0, 1]; fewer than three are bounded by the largest of them.
pub(crate) fn supremum(coefficients: &[f64]) -> CertifiedSupremum {
    let (Some(&at_zero), Some(&at_one)) = (coefficients.first(), coefficients.last()) else {
        return CertifiedSupremum { value: 0.0, upper_bound: 0.0, at: 0.0 };
    };
    let largest = coefficients.iter().copied().fold(0.0, f64::max);
    let at_end = |value: f64, at: f64| CertifiedSupremum { value, upper_bound: value, at };
    if at_zero == largest {
        return at_end(at_zero, 0.0);
    }
    if at_one == largest || coefficients.len() < 3 {
        return at_end(largest, 1.0);
    }
    let polynomial = Bernstein::new(coefficients);
    let degree = polynomial.degree();
    let mut buffers = Buffers { first: vec![0.0; degree + 1], second: vec![0.0; degree + 1] };
    let mut best = if at_one > at_zero { (at_one, 1.0) } else { (at_zero, 0.0) };
    // A first look, so that most cells can be left at once.
    let cells = (2 * ((degree as f64).sqrt() as usize) + 6).min(400);
    let edge = |i: usize| i as f64 / cells as f64;
    let jets: Vec<Jet> =
        (0..cells).map(|i| polynomial.jet(0.5 * (edge(i) + edge(i + 1)), &mut buffers.first)).collect();
    for (i, jet) in jets.iter().enumerate() {
        if jet.value >= best.0 * (1.0 - 1e-12) {
            best = (jet.value.max(best.0), 0.5 * (edge(i) + edge(i + 1)));
        }
    }
    // Every local maximum that the first look shows is followed to its top.
    for i in 0..cells {
        let here = jets[i].value;
        let before = if i == 0 { at_zero } else { jets[i - 1].value };
        let after = if i + 1 == cells { at_one } else { jets[i + 1].value };
        if here >= before && here >= after && here > 0.9 * best.0 {
            let mut top = (here, 0.5 * (edge(i) + edge(i + 1)));
            settle(&polynomial, &mut top, 1.0 / cells as f64, &mut buffers.first);
            improve(&mut best, top, true);
        }
    }
    // The best cell is looked at first, and the others from the left, so that of tied maxima the right one stays.
    let mut open: Vec<(f64, f64)> = (0..cells).rev().map(|i| (edge(i), edge(i + 1))).collect();
    open.push((edge((best.1 * cells as f64) as usize % cells), edge((best.1 * cells as f64) as usize % cells + 1)));
    let mut bound = best.0;
    while let Some((a, b)) = open.pop() {
        let centre = 0.5 * (a + b);
        let half = b - centre;
        let jet = polynomial.jet(centre, &mut buffers.first);
        improve(&mut best, (jet.value, centre), false);
        let third = polynomial.third_bound(a, b, &mut buffers);
        let highest_curvature = jet.curvature + third * half;
        let cell_bound = jet.value + jet.slope.abs() * half + 0.5 * highest_curvature.max(0.0) * half * half;
        let slack = if best.0 > LARGE { SLACK_WHERE_LARGE } else { SLACK };
        if cell_bound <= best.0 * (1.0 + slack) || b - a <= NARROWEST {
            bound = bound.max(cell_bound);
        } else if highest_curvature < 0.0 {
            bound = bound.max(concave_maximum(&polynomial, a, b, &mut best, &mut buffers.first));
        } else {
            open.push((centre, b));
            open.push((a, centre));
        }
    }
    settle(&polynomial, &mut best, SAME, &mut buffers.first);
    CertifiedSupremum { value: best.0, upper_bound: bound.min(largest).max(best.0), at: best.1 }
}

/// Points nearer than this belong to the same maximum.
const SAME: f64 = 1e-3;

/// Takes a better point. Of values that differ by rounding alone, the one at the larger p, or where the slope is 0.
fn improve(best: &mut (f64, f64), candidate: (f64, f64), stationary: bool) {
    let better = candidate.0 > best.0 * (1.0 + 1e-13);
    let tied = candidate.0 >= best.0 * (1.0 - 1e-13);
    let apart = candidate.1 - best.1;
    if better || (tied && (apart > SAME || (stationary && apart.abs() <= SAME))) {
        *best = (candidate.0.max(best.0), candidate.1);
    }
}

/// Moves the best point to where the slope is 0, when that is close by.
fn settle(polynomial: &Bernstein<'_>, best: &mut (f64, f64), reach: f64, buffer: &mut [f64]) {
    let (a, b) = ((best.1 - reach).max(0.0), (best.1 + reach).min(1.0));
    if polynomial.jet(a, buffer).slope > 0.0
        && polynomial.jet(b, buffer).slope < 0.0
        && let Ok(found) = crate::special::root::find(|p| polynomial.jet(p, buffer).slope, a, b, 0.0)
    {
        let value = polynomial.jet(found.value, buffer).value;
        if value >= best.0 * (1.0 - 1e-13) {
            *best = (value.max(best.0), found.value);
        }
    }
}

/// The largest value on a cell where the polynomial is concave: at the point of slope 0, or at an end.
fn concave_maximum(polynomial: &Bernstein<'_>, a: f64, b: f64, best: &mut (f64, f64), buffer: &mut [f64]) -> f64 {
    let (low, high) = (polynomial.jet(a, buffer), polynomial.jet(b, buffer));
    if low.slope > 0.0 && high.slope < 0.0 {
        let found = crate::special::root::find(|p| polynomial.jet(p, buffer).slope, a, b, 0.0);
        let at = found.map_or(0.5 * (a + b), |root| root.value);
        let jet = polynomial.jet(at, buffer);
        improve(best, (jet.value, at), true);
        return jet.value + jet.slope.abs() * (b - a);
    }
    let (value, at) = if low.value > high.value { (low.value, a) } else { (high.value, b) };
    improve(best, (value, at), false);
    value
}

#[cfg(test)]
mod tests {
    use super::supremum;
    use crate::special::{count::ln_binomial, elementary::exp};

    #[test]
    fn bounds_every_point_of_a_fine_grid() {
        let mut seed = 1u64;
        for degree in 2..40 {
            let coefficients: Vec<f64> = (0..=degree)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (seed >> 40) as f64 / (1u64 << 24) as f64
                })
                .collect();
            let found = supremum(&coefficients);
            let value = |p: f64| -> f64 {
                (0..=degree).map(|s| exp(ln_binomial(s as u64, degree as u64, p, 1.0 - p)) * coefficients[s]).sum()
            };
            assert!((value(found.at) - found.value).abs() < 1e-13, "degree {degree}: {found:?}");
            assert!(found.upper_bound <= found.value * if found.value > 0.3 { 1.0 + 1e-4 } else { 1.0 + 1e-9 });
            for i in 0..=2000 {
                let p = f64::from(i) / 2000.0;
                assert!(value(p) <= found.upper_bound * (1.0 + 1e-13), "degree {degree} at {p}: {found:?}");
            }
        }
    }
}
