//! The largest error over the unknown common proportion, with a proof.

use crate::two_proportions::CertifiedSupremum;

/// Terms below this share of the largest one cannot change a sum.
const NEGLIGIBLE: f64 = 1e-22;
/// Relative room that covers the rounding of the sums, which have positive terms only.
const ROUNDING: f64 = 1e-12;
/// Half-width below which a cell is not divided further.
const NARROWEST: f64 = 1e-9;
/// Most cells looked at before the bound found so far is given.
const MOST_CELLS: usize = 500_000;

/// `f(p) = sum of c_s C(N, s) p^s (1 - p)^(N - s)` with every `c_s` in [0, 1].
#[derive(Debug, Clone)]
pub(crate) struct ErrorPolynomial {
    coefficients: Vec<f64>,
    /// `(N - 1 - s) / (s + 1)`, the ratio of neighbouring binomial coefficients of degree `N - 1`.
    ratios: Vec<f64>,
    /// Bound on the absolute second derivative.
    bend: f64,
    /// Cells in which a bound is sought at first.
    cells: usize,
}

impl ErrorPolynomial {
    pub(crate) fn new(coefficients: Vec<f64>) -> Self {
        let degree = coefficients.len().saturating_sub(1);
        let ratios = (0..degree).map(|s| (degree - 1 - s) as f64 / (s + 1) as f64).collect();
        let steepest = coefficients.windows(3).map(|c| (c[2] - 2.0 * c[1] + c[0]).abs()).fold(0.0, f64::max);
        let bend = degree as f64 * degree.saturating_sub(1) as f64 * steepest;
        Self { coefficients, ratios, bend, cells: 16 + 2 * (degree as f64).sqrt() as usize }
    }

    /// Value and slope at `p`.
    fn at(&self, p: f64) -> (f64, f64) {
        let c = &self.coefficients;
        let degree = self.ratios.len();
        if degree == 0 {
            return (c.first().copied().unwrap_or(0.0), 0.0);
        }
        let q = 1.0 - p;
        let (mut total, mut low, mut high) = (0.0, 0.0, 0.0);
        if p <= 0.0 || q <= 0.0 {
            let s = if p <= 0.0 { 0 } else { degree - 1 };
            (total, low, high) = (1.0, c[s], c[s + 1]);
        } else {
            let odds = p / q;
            let mode = ((degree as f64 * p) as usize).min(degree - 1);
            let mut weight = 1.0;
            for ((ratio, pair), _) in self.ratios.iter().zip(c.windows(2)).skip(mode).zip(0..) {
                total += weight;
                low += weight * pair[0];
                high += weight * pair[1];
                weight *= ratio * odds;
                if weight < NEGLIGIBLE {
                    break;
                }
            }
            weight = 1.0;
            let step = 1.0 / odds;
            for (ratio, pair) in self.ratios.iter().zip(c.windows(2)).take(mode).rev() {
                weight *= step / ratio;
                if weight < NEGLIGIBLE {
                    break;
                }
                total += weight;
                low += weight * pair[0];
                high += weight * pair[1];
            }
        }
        ((q * low + p * high) / total, degree as f64 * (high - low) / total)
    }

    fn value(&self, p: f64) -> f64 {
        self.at(p).0
    }

    /// Whether the supremum over [0, 1] is at most `level`. In doubt the answer is no.
    pub(crate) fn is_at_most(&self, level: f64) -> bool {
        let level = level * (1.0 - ROUNDING);
        let half = 0.5 / self.cells as f64;
        let mut cells: Vec<(f64, f64)> = (0..self.cells).map(|i| ((2 * i + 1) as f64 * half, half)).collect();
        let mut seen = 0;
        while let Some((middle, half)) = cells.pop() {
            let (value, slope) = self.at(middle);
            seen += 1;
            if value > level || half < NARROWEST || seen > MOST_CELLS {
                return false;
            }
            if value + slope.abs() * half + 0.5 * self.bend * half * half > level {
                cells.push((middle - 0.5 * half, 0.5 * half));
                cells.push((middle + 0.5 * half, 0.5 * half));
            }
        }
        true
    }

    /// The supremum over [0, 1], its place, and a proved upper bound within about 1e-9 of it.
    pub(crate) fn supremum(&self) -> CertifiedSupremum {
        let grid = 2 * self.cells;
        let half = 0.5 / grid as f64;
        let mut best = (0.0, self.value(0.0));
        for p in (0..grid).map(|i| (2 * i + 1) as f64 * half).chain([1.0]) {
            let value = self.value(p);
            if value > best.1 * (1.0 + ROUNDING) {
                best = (p, value);
            }
        }
        best = self.climb(best.0, half);
        // No value exceeds the largest coefficient, of which the polynomial is a mean. Where it comes that near, as on the wide
        // plateau at 1 of an event that is nearly certain, nothing is left to search.
        let most = self.coefficients.iter().copied().fold(0.0, f64::max);
        if most <= best.1 * (1.0 + 1e-9) {
            let upper_bound = (most.max(best.1) * (1.0 + ROUNDING)).min(1.0);
            return CertifiedSupremum { value: best.1, upper_bound, at: best.0 };
        }
        let mut cells: Vec<(f64, f64)> = (0..grid).rev().map(|i| ((2 * i + 1) as f64 * half, half)).collect();
        let mut upper = best.1;
        let mut seen = 0;
        while let Some((middle, half)) = cells.pop() {
            let (value, slope) = self.at(middle);
            seen += 1;
            if value > best.1 * (1.0 + ROUNDING) {
                best = self.climb(middle, half);
                upper = upper.max(best.1);
            }
            let bound = value + slope.abs() * half + 0.5 * self.bend * half * half;
            if bound <= best.1 * (1.0 + 1e-9) + f64::MIN_POSITIVE || half < NARROWEST || seen > MOST_CELLS {
                upper = upper.max(bound);
            } else {
                cells.push((middle + 0.5 * half, 0.5 * half));
                cells.push((middle - 0.5 * half, 0.5 * half));
            }
        }
        CertifiedSupremum { value: best.1, upper_bound: (upper * (1.0 + ROUNDING)).min(1.0), at: best.0 }
    }

    /// A local maximum within two half-widths of `middle`: the zero of the slope by bisection.
    fn climb(&self, middle: f64, half: f64) -> (f64, f64) {
        let (mut low, mut high) = ((middle - 2.0 * half).max(0.0), (middle + 2.0 * half).min(1.0));
        for _ in 0..60 {
            let centre = 0.5 * (low + high);
            if self.at(centre).1 > 0.0 {
                low = centre;
            } else {
                high = centre;
            }
        }
        let candidates = [middle.clamp(0.0, 1.0), low, high];
        candidates.iter().map(|&p| (p, self.value(p))).fold((low, 0.0), |a, b| if b.1 > a.1 { b } else { a })
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorPolynomial;

    fn direct(coefficients: &[f64], p: f64) -> f64 {
        let n = coefficients.len() - 1;
        super::super::lattice::binomial(n as u64, p).iter().zip(coefficients).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn evaluates_the_polynomial_and_its_slope() {
        let c = [0.0, 0.0, 0.3, 0.9, 0.2, 0.0, 1.0];
        let polynomial = ErrorPolynomial::new(c.to_vec());
        for i in 0..=50 {
            let p = f64::from(i) / 50.0;
            let (value, slope) = polynomial.at(p);
            assert!((value - direct(&c, p)).abs() < 1e-14);
            let h = 1e-6;
            if p > h && p < 1.0 - h {
                let numeric = (direct(&c, p + h) - direct(&c, p - h)) / (2.0 * h);
                assert!((slope - numeric).abs() < 1e-7);
            }
        }
    }

    #[test]
    fn a_coarse_grid_is_not_enough_but_the_bound_holds() {
        // Narrow spikes between the points of a grid of 100: the supremum must not be missed.
        let mut c = vec![0.0; 2001];
        c[1009] = 1.0;
        c[303] = 0.97;
        let polynomial = ErrorPolynomial::new(c.clone());
        let top = polynomial.supremum();
        let exact = direct(&c, 303.0 / 2000.0);
        assert!((top.value - exact).abs() < 1e-12 * exact, "{top:?} against {exact}");
        assert!(top.upper_bound >= top.value && top.upper_bound < top.value * (1.0 + 1e-8));
        assert!(polynomial.is_at_most(top.value * 1.000_001));
        assert!(!polynomial.is_at_most(top.value * 0.999_999));
    }
}
