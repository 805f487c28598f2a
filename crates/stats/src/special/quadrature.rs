//! Gauss-Legendre quadrature, nodes by Newton's method.

use crate::special::elementary::cos;
use std::f64::consts::PI;

/// Nodes and weights on [-1, 1]; integrates polynomials of degree below 2n exactly.
#[derive(Debug, Clone, PartialEq)]
pub struct GaussLegendre {
    /// Nodes, ascending.
    pub nodes: Vec<f64>,
    /// Weights, which sum to 2.
    pub weights: Vec<f64>,
}

impl GaussLegendre {
    /// The rule with `n` nodes; 0 is taken as 1.
    ///
    /// ```
    /// use fairtrial_stats::special::quadrature::GaussLegendre;
    /// let rule = GaussLegendre::new(2);
    /// assert!((rule.nodes[1] - 1.0 / 3.0_f64.sqrt()).abs() < 1e-15 && (rule.weights[1] - 1.0).abs() < 1e-15);
    /// ```
    #[must_use]
    pub fn new(n: usize) -> Self {
        let n = n.max(1);
        let mut nodes = vec![0.0; n];
        let mut weights = vec![0.0; n];
        let order = n as f64;
        for i in 0..n.div_ceil(2) {
            let mut x = cos(PI * (i as f64 + 0.75) / (order + 0.5));
            for _ in 0..100 {
                let (value, slope) = legendre(n, x);
                let step = value / slope;
                x -= step;
                if step.abs() <= 1e-16 {
                    break;
                }
            }
            if n % 2 == 1 && i == n / 2 {
                x = 0.0;
            }
            let slope = legendre(n, x).1;
            let weight = 2.0 / ((1.0 - x * x) * slope * slope);
            (nodes[i], weights[i]) = (-x, weight);
            (nodes[n - 1 - i], weights[n - 1 - i]) = (x, weight);
        }
        Self { nodes, weights }
    }

    /// The integral of `f` from `a` to `b` by one application of the rule.
    ///
    /// ```
    /// use fairtrial_stats::special::quadrature::GaussLegendre;
    /// // Two nodes integrate a cubic exactly.
    /// assert!((GaussLegendre::new(2).integrate(0.0, 2.0, |x| x * x * x) - 4.0).abs() < 1e-14);
    /// ```
    pub fn integrate(&self, a: f64, b: f64, mut f: impl FnMut(f64) -> f64) -> f64 {
        let (centre, half) = (0.5 * (a + b), 0.5 * (b - a));
        let sum: f64 = self.nodes.iter().zip(&self.weights).map(|(x, w)| w * f(centre + half * x)).sum();
        half * sum
    }

    /// The integral of `f` from `a` to `b`, cut into `panels` equal parts.
    ///
    /// ```
    /// use fairtrial_stats::special::quadrature::GaussLegendre;
    /// let area = GaussLegendre::new(8).integrate_panels(0.0, 10.0, 5, |x| (-x).exp());
    /// assert!((area - (1.0 - (-10.0_f64).exp())).abs() < 1e-12);
    /// ```
    pub fn integrate_panels(&self, a: f64, b: f64, panels: usize, mut f: impl FnMut(f64) -> f64) -> f64 {
        let panels = panels.max(1);
        let width = (b - a) / panels as f64;
        (0..panels)
            .map(|i| {
                let from = a + width * i as f64;
                self.integrate(from, from + width, &mut f)
            })
            .sum()
    }
}

/// The Legendre polynomial of degree `n` and its derivative.
fn legendre(n: usize, x: f64) -> (f64, f64) {
    let (mut previous, mut current) = (1.0, x);
    for k in 2..=n {
        let k = k as f64;
        (previous, current) = (current, ((2.0 * k - 1.0) * x * current - (k - 1.0) * previous) / k);
    }
    (current, n as f64 * (x * current - previous) / (x * x - 1.0))
}

#[cfg(test)]
mod tests {
    use super::GaussLegendre;

    #[test]
    fn is_exact_for_polynomials_and_good_for_smooth_functions() {
        for n in [1, 2, 5, 20, 64] {
            let rule = GaussLegendre::new(n);
            assert!((rule.weights.iter().sum::<f64>() - 2.0).abs() < 1e-13);
            assert!(rule.nodes.windows(2).all(|w| w[0] < w[1]));
            let degree = (2 * n - 1) as i32;
            let exact = 1.0 / f64::from(degree + 1);
            assert!((rule.integrate(0.0, 1.0, |x| x.powi(degree)) - exact).abs() < 1e-14);
        }
        let e = GaussLegendre::new(12).integrate_panels(0.0, 1.0, 3, crate::special::elementary::exp);
        assert!((e - (std::f64::consts::E - 1.0)).abs() < 1e-15);
    }
}
