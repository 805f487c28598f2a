//! The distribution of the score of trials that are still running, carried from look to look.
//!
//! The score is `S = Z sqrt(I)`: a Brownian motion with drift `theta`, observed when the information is `I`. The density
//! on the continuation region is held at the nodes of Gauss-Legendre panels that are never wider than two standard
//! deviations of the steps before and after (Armitage, McPherson and Rowe 1969; Jennison and Turnbull 2000, chapter 19).
//! With twelve nodes a panel the error is about 1e-13. Infinite regions are cut at nine standard deviations.

use crate::special::elementary::{exp, ln};
use std::f64::consts::PI;
use std::sync::LazyLock;

use crate::special::normal;
use crate::special::quadrature::GaussLegendre;

/// Nodes in a panel.
const ORDER: usize = 12;
/// Standard deviations at which an infinite region is cut.
const REACH: f64 = 9.0;
/// Panels further apart than this many standard deviations of a step do not touch.
const FAR: f64 = 11.0;
/// Most panels of a look; smaller steps are widened before they come here.
const MOST_PANELS: usize = 8_000;
/// Smallest step of information, as a share of the information, that is told apart.
pub(crate) const SMALLEST_STEP: f64 = 1e-5;

static RULE: LazyLock<GaussLegendre> = LazyLock::new(|| GaussLegendre::new(ORDER));

/// Mass of the score of running trials at one moment, under one drift.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    theta: f64,
    information: f64,
    /// Where and when the trial was last known exactly.
    origin: (f64, f64),
    centres: Vec<f64>,
    /// Nodes relative to the centre of their panel.
    offsets: Vec<f64>,
    /// Probability carried by each node, panel after panel.
    mass: Vec<f64>,
}

impl Running {
    /// A trial whose score is `score` at `information`, and whose drift is `theta`.
    pub(crate) fn from_point(information: f64, score: f64, theta: f64) -> Self {
        Self {
            theta,
            information,
            origin: (information, score),
            centres: vec![score],
            offsets: vec![0.0],
            mass: vec![1.0],
        }
    }

    /// A trial before its first unit.
    pub(crate) fn start(theta: f64) -> Self {
        Self::from_point(0.0, 0.0, theta)
    }

    /// Mean and standard deviation of the score at `information`, had there been no looks.
    pub(crate) fn free(&self, information: f64) -> (f64, f64) {
        let elapsed = (information - self.origin.0).max(0.0);
        (self.origin.1 + self.theta * elapsed, elapsed.sqrt())
    }

    fn step(&self, information: f64) -> f64 {
        // A step below the resolution is taken as the smallest one: it cannot cross anything that matters.
        (information - self.information).max(SMALLEST_STEP * information).max(f64::MIN_POSITIVE)
    }

    fn sum(&self, mut term: impl FnMut(f64) -> f64) -> f64 {
        let panels = self.centres.iter().zip(self.mass.chunks_exact(self.offsets.len()));
        panels.map(|(centre, mass)| self.offsets.iter().zip(mass).map(|(x, m)| m * term(centre + x)).sum::<f64>()).sum()
    }

    /// Probability of still running now.
    pub(crate) fn total(&self) -> f64 {
        self.mass.iter().sum()
    }

    /// Probability of running until `information` and then having a score of at least `bound`.
    pub(crate) fn above(&self, information: f64, bound: f64) -> f64 {
        let step = self.step(information);
        let (shift, scale) = (bound - self.theta * step, 1.0 / step.sqrt());
        self.sum(|s| tail((shift - s) * scale))
    }

    /// Probability of running until `information` and then having a score of at most `bound`.
    pub(crate) fn below(&self, information: f64, bound: f64) -> f64 {
        let step = self.step(information);
        let (shift, scale) = (bound - self.theta * step, 1.0 / step.sqrt());
        self.sum(|s| tail((s - shift) * scale))
    }

    /// Density of the score at `information`, of trials that run until then.
    fn density(&self, information: f64, score: f64) -> f64 {
        let step = self.step(information);
        let (shift, scale) = (score - self.theta * step, 1.0 / step.sqrt());
        let sum = self.sum(|s| {
            let z = (shift - s) * scale;
            if z.abs() > 38.0 { 0.0 } else { exp(-0.5 * z * z) }
        });
        sum * scale / (2.0 * PI).sqrt()
    }

    /// The score at `information` above which lies the probability `probability`; infinite where that is impossible.
    pub(crate) fn upper_bound(&self, information: f64, probability: f64) -> f64 {
        self.bound(information, probability, 1.0)
    }

    /// The score at `information` below which lies the probability `probability`.
    pub(crate) fn lower_bound(&self, information: f64, probability: f64) -> f64 {
        self.bound(information, probability, -1.0)
    }

    /// Newton's method on the logarithm of the tail, which is concave, within a bracket that shrinks at every step.
    fn bound(&self, information: f64, probability: f64, sign: f64) -> f64 {
        if probability <= 1e-300 {
            return sign * f64::INFINITY;
        }
        if probability >= self.total() {
            return -sign * f64::INFINITY;
        }
        let (mean, sd) = self.free(information);
        // Measured from the mean towards the tail, in standard deviations of the score had there been no looks.
        let at = |x: f64| mean + sign * sd * x;
        let tail = |x: f64| {
            if sign > 0.0 { self.above(information, at(x)) } else { self.below(information, at(x)) }
        };
        let (mut inner, mut outer) = (-40.0, 40.0);
        let mut x = -normal::quantile(probability);
        let target = ln(probability);
        let resolution = (self.step(information).sqrt() / sd).min(1.0);
        for _ in 0..200 {
            let here = tail(x);
            let excess = ln(here) - target;
            if excess > 0.0 {
                inner = x;
            } else {
                outer = x;
            }
            let slope = sd * self.density(information, at(x)) / here;
            let step = excess / slope;
            // The steps shrink quadratically: after one this small the rest is below rounding. It is asked before the
            // bracket, on whose ends rounding would let it fall.
            if step.abs() <= 1e-8 * resolution {
                return at(x + step);
            }
            let newton = x + step;
            x = if newton > inner && newton < outer { newton } else { 0.5 * (inner + outer) };
            if outer - inner <= 1e-15 {
                break;
            }
        }
        at(x)
    }

    /// The trials that run on after a look at `information` with a score between `low` and `high`.
    ///
    /// `next` is the information of the look after that, where there is one.
    pub(crate) fn advance(&self, information: f64, low: f64, high: f64, next: Option<f64>) -> Self {
        let step = self.step(information);
        let (mean, sd) = self.free(information);
        let (low, high) = (low.max(mean - REACH * sd), high.min(mean + REACH * sd));
        let mut result = Self {
            theta: self.theta,
            information,
            origin: self.origin,
            centres: Vec::new(),
            offsets: vec![0.0],
            mass: Vec::new(),
        };
        let open = low < high;
        if !open || self.mass.is_empty() {
            return result;
        }
        let smallest = next.map_or(step, |next| step.min((next - information).max(SMALLEST_STEP * next)));
        let panels = (((high - low) / (2.0 * smallest.sqrt())).ceil() as usize).clamp(1, MOST_PANELS);
        let width = (high - low) / panels as f64;
        let half = 0.5 * width;
        result.centres = (0..panels).map(|i| low + width * (i as f64 + 0.5)).collect();
        result.offsets = RULE.nodes.iter().map(|x| x * half).collect();
        result.mass = self.convolve(step, &result.centres, &result.offsets);
        let weights: Vec<f64> = RULE.weights.iter().map(|w| w * half / (2.0 * PI * step).sqrt()).collect();
        for panel in result.mass.chunks_exact_mut(ORDER) {
            for (mass, weight) in panel.iter_mut().zip(&weights) {
                *mass *= weight;
            }
        }
        result
    }

    /// `sum of mass exp(-(x - s - drift)^2 / 2 step)` at every node `x` of the new panels.
    ///
    /// With `x - s - drift = d + a - c` (centre to centre, node to centre twice) the exponential factors into
    /// `exp(-d^2/2) exp(-d a) exp(d c) exp(-(a - c)^2 / 2)`; the last factor is the same for every pair of panels.
    fn convolve(&self, step: f64, centres: &[f64], offsets: &[f64]) -> Vec<f64> {
        let scale = 1.0 / step.sqrt();
        let a: Vec<f64> = offsets.iter().map(|x| x * scale).collect();
        let c: Vec<f64> = self.offsets.iter().map(|x| x * scale).collect();
        let shared: Vec<f64> = c.iter().flat_map(|c| a.iter().map(move |a| exp(-0.5 * (a - c) * (a - c)))).collect();
        let mut result = vec![0.0; centres.len() * a.len()];
        let mut sums = vec![0.0; a.len()];
        for (&centre, target) in centres.iter().zip(result.chunks_exact_mut(a.len())) {
            for (&from, mass) in self.centres.iter().zip(self.mass.chunks_exact(c.len())) {
                let d = (centre - from - self.theta * step) * scale;
                if d.abs() > FAR {
                    continue;
                }
                sums.fill(0.0);
                for ((m, c), row) in mass.iter().zip(&c).zip(shared.chunks_exact(a.len())) {
                    let weight = m * exp(d * c);
                    for (sum, shared) in sums.iter_mut().zip(row) {
                        *sum += weight * shared;
                    }
                }
                let front = -0.5 * d * d;
                for ((cell, sum), a) in target.iter_mut().zip(&sums).zip(&a) {
                    *cell += sum * exp(front - d * a);
                }
            }
        }
        result
    }
}

/// Upper tail of the standard normal distribution, with the far ends cut short.
fn tail(z: f64) -> f64 {
    if z > 38.0 {
        0.0
    } else if z < -9.0 {
        1.0
    } else {
        normal::sf(z)
    }
}

#[cfg(test)]
mod tests {
    use super::Running;
    use crate::special::normal;

    #[test]
    fn one_step_is_the_normal_distribution() {
        let start = Running::start(0.7);
        for bound in [-3.0, 0.2, 2.0, 6.0] {
            let z = (bound - 0.7 * 2.0) / 2_f64.sqrt();
            assert!((start.above(2.0, bound) - normal::sf(z)).abs() < 1e-15);
            assert!((start.below(2.0, bound) - normal::cdf(z)).abs() < 1e-15);
        }
        let bound = start.upper_bound(2.0, 1e-9);
        assert!((start.above(2.0, bound) / 1e-9 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn looking_without_stopping_changes_nothing() {
        for theta in [-2.0, 0.0, 3.0] {
            let mut running = Running::start(theta);
            let looks = [0.1, 0.15, 0.5, 0.8];
            for (k, &information) in looks.iter().enumerate() {
                let next = looks.get(k + 1).copied().unwrap_or(1.0);
                running = running.advance(information, f64::NEG_INFINITY, f64::INFINITY, Some(next));
            }
            assert!((running.total() - 1.0).abs() < 1e-13, "{}", running.total());
            for z in [-1.0, 0.5, 3.0, 5.0] {
                let expected = normal::sf(z - theta);
                assert!((running.above(1.0, z) - expected).abs() < 1e-13 * expected.max(1e-2));
            }
        }
    }

    #[test]
    fn very_small_steps_stay_accurate_and_bounded() {
        let mut running = Running::start(0.0);
        running = running.advance(0.5, f64::NEG_INFINITY, f64::INFINITY, Some(0.500_02));
        running = running.advance(0.500_02, f64::NEG_INFINITY, f64::INFINITY, Some(1.0));
        assert!((running.above(1.0, 1.96) - normal::sf(1.96)).abs() < 1e-12);
    }
}
