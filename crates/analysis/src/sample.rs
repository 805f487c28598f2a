//! The evidence of one outcome, read under the plan's missing policy.
//!
//! Units are analysed in the arm they were assigned to, whatever they were given. Only units whose follow-up is over are
//! counted in; the others are counted apart.

use chrono::NaiveDate;
use fairtrial_domain::{
    Decimal,
    projection::{Cell, Evidence, OutcomeEvidence, Tally, WedgeEvidence},
    protocol::{Missing, Outcome, OutcomeKind, Protocol},
};
use fairtrial_stats::{
    StatError,
    cluster::{StepState, SteppedWedge},
    sufficient::{FixedSums, Moments, Step},
};

use crate::{
    adjusting::{Adjusting, adjusting},
    report::NotEstimable,
};

/// One arm's units and exact sums for one outcome.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ArmSample {
    /// Units assigned.
    pub assigned: u64,
    /// Units whose follow-up is over and whose data may be used.
    pub mature: u64,
    /// Units whose data may not be used: they are in no number here but `assigned`.
    pub set_aside: u64,
    /// Units with a value, followed up in full.
    pub analysed: u64,
    /// Units followed up in full without a value.
    pub missing: u64,
    /// Sums of the values in steps.
    pub sums: FixedSums,
    /// The same by cluster, where whole clusters are assigned; clusters without a value are left out.
    pub clusters: Vec<FixedSums>,
    /// Clusters with a unit assigned.
    pub clusters_assigned: u64,
    /// Missing units by cluster: the number mature and how many of them have no value.
    pub missing_by_cluster: Vec<FixedSums>,
    /// The sites and periods of a stepped wedge, in the arm to which they cross.
    pub wedge: Option<SteppedWedge>,
    /// What the plan adjusts for.
    pub adjusting: Adjusting,
    /// What makes these numbers impossible.
    pub contradiction: Option<String>,
}

impl ArmSample {
    /// Units whose follow-up is not over.
    #[must_use]
    pub fn not_yet_mature(&self) -> u64 {
        self.assigned.saturating_sub(self.mature).saturating_sub(self.set_aside)
    }

    /// Units that are lost to the analysis: followed up in full without a value, or with data that may not be used.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.missing.saturating_add(self.set_aside)
    }

    /// Units for which a binary outcome happened.
    ///
    /// # Errors
    /// When the sum cannot be a number of units.
    pub fn events(&self) -> Result<u64, NotEstimable> {
        u64::try_from(self.sums.s1).ok().filter(|events| *events <= self.analysed).ok_or_else(contradictory)
    }

    /// Number, mean and spread of the units' values, in the outcome's unit.
    ///
    /// # Errors
    /// When there are no units, or the sums belong to no values.
    pub fn moments(&self, outcome: &Outcome) -> Result<Moments, NotEstimable> {
        self.readable()?;
        self.sums.moments(step_of(outcome)?).map_err(|e| NotEstimable::from(&e))
    }

    /// Number, mean and spread of each cluster's values, in the outcome's unit.
    ///
    /// # Errors
    /// When the sums belong to no values.
    pub fn cluster_moments(&self, outcome: &Outcome) -> Result<Vec<Moments>, NotEstimable> {
        self.readable()?;
        let step = step_of(outcome)?;
        self.clusters.iter().map(|sums| sums.moments(step).map_err(|e| NotEstimable::from(&e))).collect()
    }

    /// Passes when the numbers can be true.
    ///
    /// # Errors
    /// When they contradict each other.
    pub fn readable(&self) -> Result<(), NotEstimable> {
        self.contradiction.as_ref().map_or(Ok(()), |_| Err(contradictory()))
    }
}

fn contradictory() -> NotEstimable {
    NotEstimable::new("contradictory_data", "the recorded numbers contradict each other")
}

/// The outcome's step as the statistics take it: a whole number over a power of ten.
pub(crate) fn step_of(outcome: &Outcome) -> Result<Step, NotEstimable> {
    let (mut multiple, mut decimals) = (outcome.step.millionths(), fairtrial_domain::decimal::PLACES);
    while decimals > 0 && multiple % 10 == 0 {
        multiple /= 10;
        decimals -= 1;
    }
    let too_fine = || StatError::TooLarge { reason: format!("a step of {} has too many digits", outcome.step) };
    let step = match (u32::try_from(multiple), u8::try_from(decimals)) {
        (Ok(multiple), Ok(decimals)) => Step::new(multiple, decimals),
        _ => Err(too_fine()),
    };
    step.map_err(|e| NotEstimable::from(&e))
}

/// Whether a mature unit without an event has a value: no, or zero.
#[must_use]
pub fn absence_counts(plan: &Protocol, outcome: &Outcome) -> bool {
    outcome.kind.absence_is_a_value() && plan.analysis.missing == Missing::NotSettled
}

/// The arms' samples of one outcome, in the plan's order, over the groups (strata, clusters) that are wanted.
#[must_use]
pub fn samples(
    plan: &Protocol,
    outcome: &Outcome,
    evidence: &OutcomeEvidence,
    wanted: &impl Fn(&str) -> bool,
) -> Vec<ArmSample> {
    let mut arms = vec![ArmSample::default(); plan.arms.len()];
    let by_cluster = plan.allocation.is_by_cluster();
    for cell in evidence.cells.iter().filter(|cell| wanted(&cell.group)) {
        if let Some(arm) = arms.get_mut(cell.arm) {
            take(arm, plan, outcome, cell, by_cluster);
        }
    }
    arms
}

/// The samples of the outcome at a place of the plan; empty arms when the evidence does not hold it.
#[must_use]
pub fn samples_at(plan: &Protocol, evidence: &Evidence, index: usize) -> Vec<ArmSample> {
    match (plan.outcomes.get(index), evidence.outcomes.get(index)) {
        (Some(outcome), Some(cells)) if cells.outcome == outcome.key => {
            let mut arms = samples(plan, outcome, cells, &|_| true);
            for (arm, adjusting) in arms.iter_mut().zip(adjusting(plan, index, evidence)) {
                arm.adjusting = adjusting;
            }
            let wedge = evidence.wedge.as_ref().and_then(|wedge| sites_and_periods(plan, outcome, wedge, index));
            if let Some((crossing, _)) = plan.interventions().next()
                && let Some(arm) = arms.get_mut(crossing)
            {
                arm.wedge = wedge;
            }
            arms
        }
        _ => vec![ArmSample::default(); plan.arms.len()],
    }
}

/// Every site in every period with what it worked with; none without a calendar.
fn sites_and_periods(plan: &Protocol, outcome: &Outcome, wedge: &WedgeEvidence, index: usize) -> Option<SteppedWedge> {
    let periods = wedge.starts.len() + 1;
    let state = |on: NaiveDate, counted_from: NaiveDate| {
        // The first period, before any step, has no first day.
        std::iter::once(StepState::Current).chain(wedge.starts.iter().map(move |start| match *start {
            start if start < on => StepState::Current,
            start if start < counted_from => StepState::Transition,
            _ => StepState::New,
        }))
    };
    let mut cells = vec![vec![FixedSums::default(); periods]; wedge.crossings.len()];
    for cell in wedge.outcomes.get(index)? {
        let site = wedge.crossings.iter().position(|(site, ..)| *site == cell.site)?;
        *cells.get_mut(site)?.get_mut(cell.period)? = FixedSums {
            n: if absence_counts(plan, outcome) { cell.mature } else { cell.tally.observed.min(cell.mature) },
            s1: cell.tally.sum,
            s2: cell.tally.sum_of_squares,
        };
    }
    let calendar = wedge.crossings.iter().map(|(_, on, counted_from)| state(*on, *counted_from).collect()).collect();
    let step = step_of(outcome).ok()?;
    (!wedge.crossings.is_empty()).then_some(SteppedWedge { cells, step, calendar, strata: None })
}

fn take(arm: &mut ArmSample, plan: &Protocol, outcome: &Outcome, cell: &Cell, by_cluster: bool) {
    let absence_counts = absence_counts(plan, outcome);
    let Tally { observed, sum, sum_of_squares } = cell.tally;
    let analysed = if absence_counts { cell.mature } else { observed.min(cell.mature) };
    let missing = cell.mature.saturating_sub(analysed);
    arm.assigned = arm.assigned.saturating_add(cell.assigned);
    arm.mature = arm.mature.saturating_add(cell.mature);
    arm.set_aside = arm.set_aside.saturating_add(cell.set_aside);
    arm.analysed = arm.analysed.saturating_add(analysed);
    arm.missing = arm.missing.saturating_add(missing);
    arm.sums = FixedSums {
        n: arm.analysed,
        s1: arm.sums.s1.saturating_add(sum),
        s2: arm.sums.s2.saturating_add(sum_of_squares),
    };
    if let Some(wrong) = contradiction(outcome, cell) {
        arm.contradiction = Some(wrong);
    }
    if by_cluster {
        arm.clusters_assigned += u64::from(cell.assigned > 0);
        if analysed > 0 {
            arm.clusters.push(FixedSums { n: analysed, s1: sum, s2: sum_of_squares });
        }
        if cell.mature > 0 {
            let missing = i128::from(missing);
            arm.missing_by_cluster.push(FixedSums { n: cell.mature, s1: missing, s2: missing });
        }
    }
}

/// What no true data can show, in words.
fn contradiction(outcome: &Outcome, cell: &Cell) -> Option<String> {
    let Tally { observed, sum, sum_of_squares } = cell.tally;
    if cell.mature.saturating_add(cell.set_aside) > cell.assigned {
        let told = cell.mature.saturating_add(cell.set_aside);
        return Some(format!("{told} people followed up or set aside among {} assigned", cell.assigned));
    }
    if observed > cell.mature {
        return Some(format!("values of {observed} people among {} followed up", cell.mature));
    }
    if observed == 0 && (sum != 0 || sum_of_squares != 0) || sum_of_squares < 0 {
        return Some("a sum of values without people".to_owned());
    }
    if outcome.kind == OutcomeKind::Binary && (sum < 0 || sum > i128::from(observed) || sum_of_squares != sum) {
        return Some(format!("{sum} people with the outcome among {observed}"));
    }
    if sum_of_squares == i128::MAX {
        return Some("values too large to be added up".to_owned());
    }
    // No values have a sum of squares below the square of their sum over their number.
    let square = sum.checked_mul(sum)?;
    let squares = sum_of_squares.checked_mul(i128::from(observed))?;
    (square > squares).then(|| "a sum of values that is larger than their squares allow".to_owned())
}

/// The size of an effect in the outcome's unit.
pub(crate) fn size(decimal: Option<Decimal>) -> Option<f64> {
    decimal.map(Decimal::to_f64)
}
