use serde::{Deserialize, Serialize};

use super::check_p_values;
use crate::error::StatError;
use crate::wald::check_share;

/// Hypotheses with shares of the error rate, and where a share goes when its hypothesis is rejected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Graph {
    weights: Vec<f64>,
    transitions: Vec<Vec<f64>>,
}

/// What a graphical procedure says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GraphResult {
    /// Smallest overall error rate at which each hypothesis would be rejected.
    pub adjusted: Vec<f64>,
    /// Whether each hypothesis is rejected.
    pub rejected: Vec<bool>,
}

impl Graph {
    /// From the hypotheses' shares of the error rate and the matrix of transitions.
    ///
    /// # Arguments
    /// * `weights` - shares, at least 0, summing to at most 1.
    /// * `transitions` - per hypothesis the parts of its share that go to the others; at least 0, diagonal 0, rows summing to at
    ///   most 1.
    ///
    /// ```
    /// use fairtrial_stats::multiplicity::Graph;
    /// // Two hypotheses that hand on their half of the error when they are rejected: Holm's procedure.
    /// let holm = Graph::new(vec![0.5, 0.5], vec![vec![0.0, 1.0], vec![1.0, 0.0]]).unwrap();
    /// assert_eq!(holm.test(&[0.02, 0.04], 0.05).unwrap().adjusted, [0.04, 0.04]);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument`, `TooLarge` beyond 200 hypotheses.
    pub fn new(weights: Vec<f64>, transitions: Vec<Vec<f64>>) -> Result<Self, StatError> {
        let m = weights.len();
        if m == 0 {
            return Err(StatError::invalid("weights", "needs at least one hypothesis"));
        }
        if m > 200 {
            return Err(StatError::TooLarge { reason: "more than 200 hypotheses".into() });
        }
        let share =
            |values: &[f64]| values.iter().all(|v| (0.0..=1.0).contains(v)) && values.iter().sum::<f64>() <= 1.0 + 1e-9;
        if !share(&weights) {
            return Err(StatError::invalid("weights", "must be at least 0 and sum to at most 1"));
        }
        let sound = |(i, row): (usize, &Vec<f64>)| row.len() == m && share(row) && row[i] == 0.0;
        if transitions.len() != m || !transitions.iter().enumerate().all(sound) {
            let reason =
                "needs one row per hypothesis, with a zero diagonal, entries of at least 0 and sums of at most 1";
            return Err(StatError::invalid("transitions", reason));
        }
        Ok(Self { weights, transitions })
    }

    /// Hypotheses in a fixed order, each tested at the full rate as long as all before it were rejected.
    ///
    /// ```
    /// use fairtrial_stats::multiplicity::Graph;
    /// // The second is not looked at, however small, when the first fails.
    /// let result = Graph::fixed_sequence(2).unwrap().test(&[0.06, 1e-9], 0.05).unwrap();
    /// assert_eq!((result.rejected, result.adjusted), (vec![false, false], vec![0.06, 0.06]));
    /// ```
    ///
    /// # Errors
    /// As [`Graph::new`].
    pub fn fixed_sequence(hypotheses: usize) -> Result<Self, StatError> {
        if hypotheses > 200 {
            return Err(StatError::TooLarge { reason: "more than 200 hypotheses".into() });
        }
        let unit = |i: usize, j: usize| if i == j { 1.0 } else { 0.0 };
        let weights = (0..hypotheses).map(|i| unit(i, 0)).collect();
        let transitions = (0..hypotheses).map(|i| (0..hypotheses).map(|j| unit(i + 1, j)).collect()).collect();
        Self::new(weights, transitions)
    }

    /// Which hypotheses can be rejected so that the chance of any false claim is at most alpha?
    ///
    /// # Arguments
    /// * `p` - p-values of the hypotheses, each in \[0, 1\]; `alpha` - in (0, 1).
    ///
    /// # When not
    /// Not for the expected share of false claims, nor with p-values from unplanned looks.
    ///
    /// # Source
    /// Bretz, Maurer, Brannath and Posch (2009), Statistics in Medicine 28:586-604, algorithm 1 and section 2.4 for adjusted p-values.
    ///
    /// # Errors
    /// `InvalidArgument`.
    ///
    /// ```
    /// use fairtrial_stats::multiplicity::Graph;
    /// let result = Graph::fixed_sequence(4)?.test(&[0.01, 0.02, 0.03, 0.001], 0.025)?;
    /// assert_eq!(result.rejected, [true, true, false, false]);
    /// # Ok::<(), fairtrial_stats::StatError>(())
    /// ```
    pub fn test(&self, p: &[f64], alpha: f64) -> Result<GraphResult, StatError> {
        check_p_values(p)?;
        check_share("alpha", alpha)?;
        let m = self.weights.len();
        if p.len() != m {
            return Err(StatError::invalid("p", format!("needs {m} p-values, got {}", p.len())));
        }
        let (mut weights, mut transitions) = (self.weights.clone(), self.transitions.clone());
        let mut open: Vec<usize> = (0..m).collect();
        let mut adjusted = vec![1.0; m];
        let mut largest: f64 = 0.0;
        while !open.is_empty() {
            let ratio = |i: usize| if weights[i] > 0.0 { p[i] / weights[i] } else { f64::INFINITY };
            let Some(position) = (0..open.len()).min_by(|&a, &b| ratio(open[a]).total_cmp(&ratio(open[b]))) else {
                break;
            };
            let chosen = open.swap_remove(position);
            open.sort_unstable();
            if !ratio(chosen).is_finite() {
                break;
            }
            largest = largest.max(ratio(chosen)).min(1.0);
            adjusted[chosen] = largest;
            (weights, transitions) = without(chosen, &open, &weights, &transitions);
        }
        let rejected = adjusted.iter().map(|&value| value <= alpha).collect();
        Ok(GraphResult { adjusted, rejected })
    }
}

/// The graph after a rejection: the share moves on, and paths through the rejected hypothesis are joined.
fn without(gone: usize, open: &[usize], weights: &[f64], transitions: &[Vec<f64>]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let (mut new_weights, mut new_transitions) = (weights.to_vec(), transitions.to_vec());
    for &l in open {
        new_weights[l] = weights[l] + weights[gone] * transitions[gone][l];
        let round_trip = transitions[l][gone] * transitions[gone][l];
        for &k in open {
            new_transitions[l][k] = if l == k || round_trip >= 1.0 {
                0.0
            } else {
                (transitions[l][k] + transitions[l][gone] * transitions[gone][k]) / (1.0 - round_trip)
            };
        }
    }
    new_weights[gone] = 0.0;
    (new_weights, new_transitions)
}
