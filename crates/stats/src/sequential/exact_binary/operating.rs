//! How a design behaves for a stated pair of proportions: exact, no simulation.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::design::ExactBinaryDesign;
use super::lattice::{Grid, binomial};
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
    /// ```
    /// use fairtrial_stats::sequential::{Spending, exact_binary::{ExactBinaryDesign, ExactBinarySpec, LookSize}};
    /// let looks = vec![LookSize { treatment: 2, control: 2 }, LookSize { treatment: 4, control: 4 }];
    /// let design = ExactBinaryDesign::new(ExactBinarySpec::new(looks, 0.05, Spending::LanDeMetsOBrienFleming)).unwrap();
    /// let certain = design.operating(1.0, 0.0).unwrap();
    /// assert!((certain.efficacy - 1.0).abs() < 1e-14);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when a proportion is outside [0, 1].
    pub fn operating(&self, treatment: f64, control: f64) -> Result<ExactOperating, StatError> {
        let p1 = self.oriented_proportion("treatment", treatment)?;
        let p0 = self.oriented_proportion("control", control)?;
        let mut tally = Tally::new(self.sizes.len());
        for (k, (&(n1, n0), running)) in self.sizes.iter().zip(&self.running).enumerate() {
            let (arm1, arm0) = (binomial(n1, p1), binomial(n0, p0));
            let mut stop = ExactStop::default();
            for (x1, (row, weight)) in running.rows().zip(&arm1).enumerate() {
                if *weight > 0.0 {
                    self.add_row(&mut stop, k, x1, row, |cells, columns| {
                        let weights = arm0.get(columns).unwrap_or(&[]);
                        weight * cells.iter().zip(weights).map(|(a, b)| a * b).sum::<f64>()
                    });
                }
            }
            tally.add(stop, n1 + n0);
        }
        Ok(tally.result())
    }

    /// What the looks after `look` (from 0) bring, given the outcomes there, when the outcome probabilities are
    /// `treatment` and `control` from now on.
    ///
    /// `efficacy` of the result is the exact conditional power; the first stop belongs to look `look + 1`. The trial is
    /// taken to go on at `look`, whatever the rule says of it.
    ///
    /// ```
    /// use fairtrial_stats::sequential::{Spending, exact_binary::{ExactBinaryDesign, ExactBinarySpec, LookSize}};
    /// let looks = vec![LookSize { treatment: 2, control: 2 }, LookSize { treatment: 4, control: 4 }];
    /// let design = ExactBinaryDesign::new(ExactBinarySpec::new(looks, 0.05, Spending::LanDeMetsOBrienFleming)).unwrap();
    /// // After 2 of 2 against 0 of 2, all the rest going the same way is a success.
    /// let rest = design.conditional(0, (2, 0), 1.0, 0.0).unwrap();
    /// assert!((rest.efficacy - 1.0).abs() < 1e-14);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when there is no later look, a count exceeds its arm or a proportion is outside [0, 1].
    pub fn conditional(
        &self,
        look: usize,
        outcomes: (u64, u64),
        treatment: f64,
        control: f64,
    ) -> Result<ExactOperating, StatError> {
        let (x1, x0) = self.oriented(look, outcomes.0, outcomes.1)?;
        let p1 = self.oriented_proportion("treatment", treatment)?;
        let p0 = self.oriented_proportion("control", control)?;
        if look + 1 >= self.sizes.len() {
            return Err(StatError::invalid("look", "must be before the last one"));
        }
        let (mut n1, mut n0) = self.sizes[look];
        let mut mass = Grid::filled(n1, n0, 0.0);
        if let Some(cell) = mass.row_mut(x1).get_mut(x0) {
            *cell = 1.0;
        }
        let mut tally = Tally::new(self.sizes.len() - look - 1);
        for (k, &(m1, m0)) in self.sizes.iter().enumerate().skip(look + 1) {
            mass = mass.extend(&binomial(m1 - n1, p1), &binomial(m0 - n0, p0));
            (n1, n0) = (m1, m0);
            let mut stop = ExactStop::default();
            for (x1, row) in mass.rows().enumerate() {
                self.add_row(&mut stop, k, x1, row, |cells, _| cells.iter().sum());
            }
            tally.add(stop, n1 + n0);
            for set in [&self.efficacy[k].region, &self.harm[k], &self.futility[k]] {
                mass.fill(set, n0, 0.0);
            }
        }
        Ok(tally.result())
    }

    /// Adds what row `x1` of look `k` contributes to each way of stopping; `weigh` gives the mass of a run of columns.
    fn add_row(
        &self,
        stop: &mut ExactStop,
        k: usize,
        x1: usize,
        row: &[f64],
        weigh: impl Fn(&[f64], Range<usize>) -> f64,
    ) {
        let n0 = self.sizes[k].1;
        let mass = |columns: Range<usize>| weigh(row.get(columns.clone()).unwrap_or(&[]), columns);
        let harmful = self.harm[k].columns(x1, n0);
        let futile = self.futility[k].columns(x1, n0);
        stop.efficacy += mass(self.efficacy[k].region.columns(x1, n0));
        stop.futility += mass(futile.start..harmful.start.max(futile.start));
        stop.harm += mass(harmful);
    }
}

/// Adds up the looks of one scenario.
struct Tally {
    looks: usize,
    open: f64,
    expected_total: f64,
    stops: Vec<ExactStop>,
}

impl Tally {
    fn new(looks: usize) -> Self {
        Self { looks, open: 1.0, expected_total: 0.0, stops: Vec::with_capacity(looks) }
    }

    fn add(&mut self, stop: ExactStop, units: u64) {
        self.stops.push(stop);
        let stopped = stop.efficacy + stop.futility + stop.harm;
        let leaves = if self.stops.len() == self.looks { self.open } else { stopped };
        self.expected_total += leaves * units as f64;
        self.open = (self.open - stopped).max(0.0);
    }

    fn result(self) -> ExactOperating {
        let sum = |pick: fn(&ExactStop) -> f64| self.stops.iter().map(pick).sum();
        ExactOperating {
            efficacy: sum(|stop| stop.efficacy),
            futility: sum(|stop| stop.futility),
            harm: sum(|stop| stop.harm),
            undecided: self.open,
            expected_total: self.expected_total,
            stops: self.stops,
        }
    }
}
