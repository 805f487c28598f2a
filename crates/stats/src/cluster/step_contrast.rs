//! The comparison of a phased roll-out as a sum over sites of weights that depend on the site's place in the calendar only.

use super::step_order::StepState;
use crate::error::StatError;
use crate::linear::{Matrix, dot, inverse_spd};

/// Sums of an order of the sites.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    /// Of the cells' means.
    pub(super) value: f64,
    /// Of the cells that had the new version, each as 1.
    pub(super) new_version: f64,
}

/// A cell in which a site was in transition, and has units.
struct TransitionCell {
    site: usize,
    period: usize,
    /// Its weight under the order that was drawn.
    observed: f64,
}

pub(super) struct Contrast {
    sites: usize,
    /// Weights of a row of the calendar for each period.
    weights: Vec<Vec<f64>>,
    /// `value[place * sites + site]`, and the same for the new version.
    value: Vec<f64>,
    new_version: Vec<f64>,
    transition: Vec<TransitionCell>,
    /// Periods with an empty cell: the sites that have units.
    gaps: Vec<(usize, Vec<usize>)>,
    empty_in_transition: bool,
    largest_value: f64,
}

impl Contrast {
    pub(super) fn new(
        means: &[Vec<Option<f64>>],
        calendar: &[Vec<StepState>],
        rows: &[&[StepState]],
        observed: &[usize],
        correlation: f64,
    ) -> Result<Self, StatError> {
        let weights = weights(rows, observed, correlation)?;
        let (sites, periods) = (means.len(), means[0].len());
        let is_new = |site: usize, period: usize| f64::from(u8::from(calendar[site][period] == StepState::New));
        let (mut outcome, mut exposure) = (vec![vec![0.0; periods]; sites], vec![vec![0.0; periods]; sites]);
        let mut gaps = Vec::new();
        for period in 0..periods {
            let present: Vec<(usize, f64)> = (0..sites).filter_map(|site| Some((site, means[site][period]?))).collect();
            let count = present.len() as f64;
            // Centred on the mean of the period: for complete periods the weights add up to 0 and nothing changes.
            let centre = present.iter().map(|(_, mean)| mean / count).sum::<f64>();
            let share = present.iter().map(|&(site, _)| is_new(site, period)).sum::<f64>() / count;
            for &(site, mean) in &present {
                outcome[site][period] = mean - centre;
                exposure[site][period] = is_new(site, period) - share;
            }
            if present.len() < sites {
                gaps.push((period, present.into_iter().map(|(site, _)| site).collect()));
            }
        }
        let products = |cells: &[Vec<f64>]| -> Vec<f64> {
            weights.iter().flat_map(|row| cells.iter().map(move |cell| dot(row, cell))).collect()
        };
        let largest = outcome.iter().flatten().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let heaviest = weights.iter().flatten().fold(0.0_f64, |largest, weight| largest.max(weight.abs()));
        if !(largest * heaviest * (sites * periods) as f64).is_finite() {
            return Err(StatError::not_estimable("the values are too large for double precision"));
        }
        let (value, new_version) = (products(&outcome), products(&exposure));
        let mut contrast = Self {
            sites,
            weights,
            value,
            new_version,
            transition: Vec::new(),
            gaps,
            empty_in_transition: false,
            largest_value: largest * heaviest * (sites * periods) as f64,
        };
        for site in 0..sites {
            for period in 0..periods {
                if calendar[site][period] == StepState::Transition {
                    if means[site][period].is_some() {
                        let observed = contrast.weight(observed, site, period);
                        contrast.transition.push(TransitionCell { site, period, observed });
                    } else {
                        contrast.empty_in_transition = true;
                    }
                }
            }
        }
        Ok(contrast)
    }

    /// Sums of the order in which site `i` has the row `places[i]`.
    pub(super) fn of(&self, places: &[usize]) -> Sums {
        let mut sums = Sums { value: 0.0, new_version: 0.0 };
        for (site, place) in places.iter().enumerate() {
            sums.value += self.value[place * self.sites + site];
            sums.new_version += self.new_version[place * self.sites + site];
        }
        sums
    }

    /// Weight of the mean of a cell that has units; those of an incomplete period also carry its centre.
    fn weight(&self, places: &[usize], site: usize, period: usize) -> f64 {
        let own = self.weights[places[site]][period];
        self.gaps.iter().find(|(gap, _)| *gap == period).map_or(own, |(_, present)| {
            let sum: f64 = present.iter().map(|&other| self.weights[places[other]][period]).sum();
            own - sum / present.len() as f64
        })
    }

    /// Sums of the negative and of the positive changes of weight of the cells in transition.
    pub(super) fn transition_range(&self, places: &[usize]) -> (f64, f64) {
        self.transition.iter().fold((0.0, 0.0), |(least, most), cell| {
            let change = self.weight(places, cell.site, cell.period) - cell.observed;
            (least + change.min(0.0), most + change.max(0.0))
        })
    }

    /// Steps that one order takes.
    pub(super) fn work(&self) -> u64 {
        let gaps = if self.gaps.is_empty() { 1 } else { 1 + self.sites };
        (self.sites + self.transition.len() * gaps) as u64
    }

    pub(super) fn empty_in_transition(&self) -> bool {
        self.empty_in_transition
    }

    /// No sum of values is larger.
    pub(super) fn largest_value(&self) -> f64 {
        self.largest_value
    }

    pub(super) fn largest_weight(&self) -> f64 {
        self.weights.iter().flatten().fold(0.0_f64, |largest, weight| largest.max(weight.abs()))
    }
}

/// Weights of the generalised least-squares estimate with an effect of every period and equally correlated periods of a site.
fn weights(rows: &[&[StepState]], observed: &[usize], correlation: f64) -> Result<Vec<Vec<f64>>, StatError> {
    let periods = rows[0].len();
    let used: Vec<usize> =
        (0..periods).filter(|&t| observed.iter().any(|&place| rows[place][t] != StepState::Transition)).collect();
    let n = used.len();
    let indicator = |row: &[StepState], is: &dyn Fn(StepState) -> bool| -> Vec<f64> {
        used.iter().map(|&t| f64::from(u8::from(is(row[t])))).collect()
    };
    // What the correlation takes away from the cells of a site: a share of their sum, all of their mean at 1.
    let whitened = |present: &[f64], values: &[f64]| -> Vec<f64> {
        let cells: f64 = present.iter().sum();
        let divisor = 1.0 - correlation + correlation * cells;
        let shrink = if cells == 0.0 { 0.0 } else { correlation * dot(present, values) / divisor };
        present.iter().zip(values).map(|(present, value)| present * (value - shrink)).collect()
    };
    let mut information = Matrix::zeros(n, n);
    let mut right = vec![0.0; n];
    let mut parts = Vec::with_capacity(rows.len());
    for (place, row) in rows.iter().enumerate() {
        let sites = observed.iter().filter(|&&other| other == place).count() as f64;
        let present = indicator(row, &|state| state != StepState::Transition);
        let new = indicator(row, &|state| state == StepState::New);
        for (t, white) in whitened(&present, &new).iter().enumerate() {
            right[t] += sites * white;
            let mut column = vec![0.0; n];
            column[t] = present[t];
            for (s, white) in whitened(&present, &column).iter().enumerate() {
                information.add_at(s, t, sites * white);
            }
        }
        parts.push((present, new));
    }
    if correlation == 1.0 {
        // A shift common to all periods belongs to the sites then; fixing it changes no weight.
        information.add_outer(&vec![1.0; n], 1.0);
    }
    let inverse = inverse_spd(&information)
        .map_err(|_| StatError::not_estimable("the calendar does not tell the version from the periods"))?;
    let period_effects = inverse.times_vector(&right);
    Ok(parts
        .iter()
        .map(|(present, new)| {
            let rest: Vec<f64> = new.iter().zip(&period_effects).map(|(new, effect)| new - effect).collect();
            let mut weights = vec![0.0; periods];
            for (&t, white) in used.iter().zip(whitened(present, &rest)) {
                weights[t] = white;
            }
            weights
        })
        .collect())
}
