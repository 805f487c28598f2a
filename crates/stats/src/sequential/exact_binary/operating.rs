//! How a design behaves for a stated pair of proportions: exact, no simulation.

use serde::{Deserialize, Serialize};

use super::design::ExactBinaryDesign;
use super::lattice::binomial;
use crate::StatError;

/// Probabilities of stopping at one look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ExactStop {
    /// With success.
    pub efficacy: f64,
    /// For futility.
    pub futility: f64,
    /// For harm.
    pub harm: f64,
}

/// What a design does for one pair of proportions, when every rule is obeyed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExactOperating {
    /// Stopping probabilities look by look.
    pub stops: Vec<ExactStop>,
    /// Probability of success: the power, or under no effect the false-success rate.
    pub efficacy: f64,
    /// Probability of stopping for futility.
    pub futility: f64,
    /// Probability of stopping for harm.
    pub harm: f64,
    /// Probability that the last look ends without any boundary.
    pub undecided: f64,
    /// Expected number of units of both arms.
    pub expected_total: f64,
}

impl ExactBinaryDesign {
    /// Stopping probabilities and expected size when the outcome probabilities are `treatment` and `control`.
    ///
    /// The rule is followed to the letter, futility included. For the false-success rate when futility is overruled use
    /// [`ExactBinaryDesign::size`]. Both arguments lie in [0, 1]; results are probabilities and units.
    ///
    /// # Errors
    /// `InvalidArgument` when a proportion is outside [0, 1].
    pub fn operating(&self, treatment: f64, control: f64) -> Result<ExactOperating, StatError> {
        let p1 = self.oriented_proportion("treatment", treatment)?;
        let p0 = self.oriented_proportion("control", control)?;
        let mut stops = Vec::with_capacity(self.sizes.len());
        let mut result = ExactOperating {
            stops: Vec::new(),
            efficacy: 0.0,
            futility: 0.0,
            harm: 0.0,
            undecided: 0.0,
            expected_total: 0.0,
        };
        let mut open = 1.0;
        for (k, (&(n1, n0), running)) in self.sizes.iter().zip(&self.running).enumerate() {
            let (arm1, arm0) = (binomial(n1, p1), binomial(n0, p0));
            let mut stop = ExactStop::default();
            let (efficacy, harm, futility) = (&self.efficacy[k].region, &self.harm[k], &self.futility[k]);
            for (x1, (row, weight)) in running.rows().zip(&arm1).enumerate() {
                if *weight == 0.0 {
                    continue;
                }
                let mass = |range: std::ops::Range<usize>| -> f64 {
                    let (cells, weights) = (row.get(range.clone()), arm0.get(range));
                    let pairs = cells.unwrap_or(&[]).iter().zip(weights.unwrap_or(&[]));
                    pairs.map(|(a, b)| a * b).sum::<f64>() * weight
                };
                let harmful = harm.columns(x1, n0);
                let futile = futility.columns(x1, n0);
                stop.efficacy += mass(efficacy.columns(x1, n0));
                stop.futility += mass(futile.start..harmful.start.max(futile.start));
                stop.harm += mass(harmful);
            }
            let stopped = stop.efficacy + stop.futility + stop.harm;
            let last = k + 1 == self.sizes.len();
            let leaves = if last { open } else { stopped };
            result.expected_total += leaves * (n1 + n0) as f64;
            open = (open - stopped).max(0.0);
            result.efficacy += stop.efficacy;
            result.futility += stop.futility;
            result.harm += stop.harm;
            stops.push(stop);
        }
        result.undecided = open;
        result.stops = stops;
        Ok(result)
    }
}
