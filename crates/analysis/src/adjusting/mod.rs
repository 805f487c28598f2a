//! Arms compared at equal values of what was known before the trial, as the plan's `adjust_for` asks.
//!
//! | units assigned | adjusted for | outcome | way |
//! |---|---|---|---|
//! | one by one | strata of permuted blocks alone | binary | within strata: Miettinen-Nurminen, exact conditional test when small |
//! | one by one | anything else | any | Lin's difference (a slope per arm); common slopes when an arm has few people for them |
//! | whole clusters | anything | any | cluster means on cluster means of the covariates, CR2 with Satterthwaite |
//!
//! For a binary outcome the second way is the difference of shares standardised to the covariates of everybody, with a linear
//! working model: right whatever the true curve, because chance assigned (Lin 2013; Negi and Wooldridge 2021), and estimable
//! where a logistic one separates. Which way is taken depends on the plan, the arms and the covariates, never on outcomes.
//!
//! A value that was not said is its own level of a category; a number that was not said counts as the mean of the others, with
//! a mark of its own beside it (White and Thompson 2005). Both are sound because chance does not know what is missing.

mod covariates;
mod estimate;

use std::collections::BTreeMap;

use fairtrial_domain::{
    allocation::levels_of,
    projection::{Evidence, Observed},
    protocol::{Allocation, Outcome, OutcomeKind, Protocol, Role},
};
use fairtrial_stats::sufficient::{CoMoments, FixedSums};

use crate::{
    report::NotEstimable,
    sample::{absence_counts, step_of},
};
use covariates::{Encoding, Values};

pub(crate) use estimate::{common_ratio, difference, test};

/// What an arm's sample carries for adjustment.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Adjusting {
    /// The plan does not ask for it.
    #[default]
    NotAsked,
    /// The plan asks for it, and the evidence does not allow it.
    Impossible(NotEstimable),
    /// People and events by stratum.
    Strata(BTreeMap<String, FixedSums>),
    /// Outcome (variable 0) and covariates of the people.
    People(CoMoments),
    /// Each cluster's mean outcome, then its mean covariates.
    Clusters(Vec<Vec<f64>>),
}

impl Adjusting {
    /// Whether the arms are compared with adjustment.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Strata(_) | Self::People(_) | Self::Clusters(_))
    }
}

/// People of one arm who share cluster and covariates, with the sums of their values.
type Alike = BTreeMap<(usize, String, Values), FixedSums>;

/// What each arm carries for one outcome, in the plan's order. Harm measures are never adjusted: they must be readable at any
/// moment, from counts alone.
pub(crate) fn adjusting(plan: &Protocol, place: usize, evidence: &Evidence) -> Vec<Adjusting> {
    let names = &plan.analysis.adjust_for;
    let (arms, outcome) = (plan.arms.len(), plan.outcomes.get(place));
    let Some(outcome) = outcome.filter(|outcome| !names.is_empty() && outcome.role != Role::Harm) else {
        return vec![Adjusting::NotAsked; arms];
    };
    gather(plan, outcome, place, evidence)
        .and_then(|alike| by_arm(plan, outcome, &alike))
        .unwrap_or_else(|reason| vec![Adjusting::Impossible(reason); arms])
}

/// The people who are alike: from the groups' sums where these hold every covariate, else from the people one by one, or from their
/// sums by covariates where the evidence holds no more, as that of a look does.
fn gather(plan: &Protocol, outcome: &Outcome, place: usize, evidence: &Evidence) -> Result<Alike, NotEstimable> {
    if matches!(plan.allocation, Allocation::SteppedWedge { .. }) {
        return Err(NotEstimable::new("not_adjustable", "a stepped wedge leaves no room for adjustment"));
    }
    let names = &plan.analysis.adjust_for;
    let balanced = plan.allocation.balanced_by();
    let absence = absence_counts(plan, outcome);
    let mut alike = Alike::new();
    if names.iter().all(|name| balanced.contains(name)) {
        for cell in evidence.outcomes.get(place).map(|found| &found.cells).into_iter().flatten() {
            let levels = levels_of(&cell.group);
            let values = Values::from_levels(plan, names, |name| {
                let at = balanced.iter().position(|balanced| balanced == name)?;
                levels.get(at).map(String::as_str)
            });
            let n = if absence { cell.mature } else { cell.tally.observed.min(cell.mature) };
            let sums = FixedSums { n, s1: cell.tally.sum, s2: cell.tally.sum_of_squares };
            add(&mut alike, (cell.arm, String::new(), values), sums);
        }
        return Ok(alike);
    }
    let Some(people) = evidence.units.as_ref() else {
        let cells = evidence.alike.get(place).filter(|_| !evidence.alike.is_empty()).ok_or_else(|| {
            NotEstimable::new("not_recorded", "the evidence holds sums over people, and not what the plan adjusts for")
        })?;
        for cell in cells {
            let n = if absence { cell.mature } else { cell.tally.observed.min(cell.mature) };
            let values = Values::from_texts(plan, names, &cell.values);
            let sums = FixedSums { n, s1: cell.tally.sum, s2: cell.tally.sum_of_squares };
            add(&mut alike, (cell.arm, cell.cluster.clone(), values), sums);
        }
        return Ok(alike);
    };
    for unit in people.units.iter().filter(|unit| unit.counted) {
        let value = match unit.outcomes.get(place) {
            Some(Observed::Value(value)) => *value,
            Some(Observed::Nothing) if absence => 0,
            _ => continue,
        };
        let cluster = if plan.allocation.is_by_cluster() { people.group_of(unit).to_owned() } else { String::new() };
        let values = Values::from_attributes(names, &unit.attributes);
        add(&mut alike, (unit.arm, cluster, values), FixedSums::unit(value));
    }
    Ok(alike)
}

fn add(alike: &mut Alike, who: (usize, String, Values), sums: FixedSums) {
    let known = alike.entry(who).or_default();
    *known = FixedSums {
        n: known.n.saturating_add(sums.n),
        s1: known.s1.saturating_add(sums.s1),
        s2: known.s2.saturating_add(sums.s2),
    };
}

fn by_arm(plan: &Protocol, outcome: &Outcome, alike: &Alike) -> Result<Vec<Adjusting>, NotEstimable> {
    let arms = 0..plan.arms.len();
    let in_blocks = matches!(plan.allocation, Allocation::PermutedBlocks { .. });
    let strata = plan.allocation.balanced_by();
    if in_blocks
        && outcome.kind == OutcomeKind::Binary
        && plan.analysis.adjust_for.iter().all(|name| strata.contains(name))
    {
        let of = |arm: usize| {
            let own = alike.iter().filter(|((found, ..), _)| *found == arm);
            Adjusting::Strata(own.map(|((_, _, values), sums)| (values.label(), *sums)).collect())
        };
        return Ok(arms.map(of).collect());
    }
    let encoding = Encoding::of(plan, alike.iter().map(|((_, _, values), sums)| (values, sums.n)));
    let people = alike.values().fold(0_u64, |all, sums| all.saturating_add(sums.n));
    if people <= 3 * (encoding.width() as u64 + 1) {
        let detail = format!("{people} people are too few to adjust for {} covariates", encoding.width());
        return Err(NotEstimable::new("too_few_units", detail));
    }
    let step = step_of(outcome)?;
    arms.map(|arm| {
        let own = alike.iter().filter(|((found, ..), sums)| *found == arm && sums.n > 0);
        let mut rows = Vec::new();
        for ((_, cluster, values), sums) in own {
            let moments = sums.moments(step).map_err(|error| NotEstimable::from(&error))?;
            rows.push((cluster.as_str(), encoding.encode(values), moments));
        }
        Ok(match plan.allocation.is_by_cluster() {
            true => Adjusting::Clusters(covariates::cluster_means(&rows)),
            false => Adjusting::People(covariates::co_moments(&rows, encoding.width())?),
        })
    })
    .collect()
}
