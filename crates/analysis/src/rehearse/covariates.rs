//! Covariates of made-up people: what the plan adjusts for beside its strata, and how it goes with the outcome.

use fairtrial_domain::{
    Decimal,
    allocation::levels_of,
    eligibility::{Attribute, AttributeKind},
    protocol::Protocol,
};
use fairtrial_stats::special::normal;

/// Most combinations of values. Beyond, a rehearsal compares without them.
const MOST_COMBINATIONS: usize = 64;
/// Values that a number takes here, evenly spread over its range.
const NUMBERS: i64 = 5;
/// Half the width and the number of steps of the table of the distribution below.
const HALF_WIDTH: f64 = 7.0;
const STEPS: usize = 4_096;

/// Every combination of values that a person can have.
#[derive(Debug, Clone)]
pub(super) struct Covariates {
    names: Vec<String>,
    /// The values of each combination by covariate beside the strata, in the order of `names`, as text.
    combinations: Vec<Vec<String>>,
    /// How far each combination is from the average, in standard deviations over people.
    scores: Vec<f64>,
    /// Roots of the shares of the variance that go with the covariates, and that do not.
    weights: (f64, f64),
    /// The distribution of the weighted sum of score and rest.
    places: Vec<f64>,
}

impl Covariates {
    /// Those of a plan; none where it adjusts for nothing beside its strata, or for too much to be gone through.
    pub(super) fn of(plan: &Protocol) -> Option<Self> {
        let balanced = plan.allocation.balanced_by();
        let beside = plan.analysis.adjust_for.iter().filter(|name| !balanced.contains(name));
        let declared: Vec<&Attribute> =
            beside.filter_map(|name| plan.attributes.iter().find(|attribute| attribute.name == *name)).collect();
        let levels: Vec<Vec<String>> = declared.iter().map(|attribute| levels(&attribute.kind)).collect();
        let count = levels.iter().try_fold(1_usize, |all, levels| all.checked_mul(levels.len()))?;
        if declared.is_empty() || !(2..=MOST_COMBINATIONS).contains(&count) {
            return None;
        }
        let mut combinations: Vec<(Vec<String>, f64)> = vec![(Vec::new(), 0.0)];
        for levels in &levels {
            let with = |(before, score): &(Vec<String>, f64)| -> Vec<(Vec<String>, f64)> {
                let each = levels.iter().enumerate();
                let each = each.map(|(at, level)| {
                    ([before.as_slice(), std::slice::from_ref(level)].concat(), score + standing(at, levels.len()))
                });
                each.collect()
            };
            combinations = combinations.iter().flat_map(with).collect();
        }
        let (combinations, scores): (Vec<Vec<String>>, Vec<f64>) = combinations.into_iter().unzip();
        let varying = levels.iter().filter(|levels| levels.len() > 1).count().max(1) as f64;
        let scores: Vec<f64> = scores.into_iter().map(|score| score / varying.sqrt()).collect();
        let explained = plan.planning.explained_by_covariates.map_or(0.0, Decimal::to_f64);
        let weights = (explained.sqrt(), (1.0 - explained).sqrt());
        let at = |step: usize| {
            let value = HALF_WIDTH * (2.0 * step as f64 / STEPS as f64 - 1.0);
            let below = scores.iter().map(|score| normal::cdf((value - weights.0 * score) / weights.1)).sum::<f64>();
            below / scores.len() as f64
        };
        let places = if explained > 0.0 { (0..=STEPS).map(at).collect() } else { Vec::new() };
        let names = declared.into_iter().map(|attribute| attribute.name.clone()).collect();
        Some(Self { names, combinations, scores, weights, places })
    }

    /// Number of combinations.
    pub(super) fn len(&self) -> usize {
        self.combinations.len()
    }

    /// The place among people, from 0 to 1, of somebody with this combination whose place among those alike is `rest`. Over people
    /// of all combinations places are spread evenly, so that the covariates change no average.
    pub(super) fn place(&self, combination: usize, rest: f64) -> f64 {
        let Some(score) = self.scores.get(combination).filter(|_| !self.places.is_empty()) else { return rest };
        let value = self.weights.0 * score + self.weights.1 * normal::quantile(rest);
        let at = ((value / HALF_WIDTH + 1.0) / 2.0 * STEPS as f64).clamp(0.0, STEPS as f64);
        let (below, part) = (at.floor() as usize, at.fract());
        let of = |step: usize| self.places.get(step.min(STEPS)).copied().unwrap_or(1.0);
        (of(below) + part * (of(below + 1) - of(below))).clamp(1e-12, 1.0 - 1e-12)
    }

    /// What the plan adjusts for, in its order, for people of a group and a combination.
    pub(super) fn values(&self, plan: &Protocol, group: &str, combination: usize) -> Vec<Option<String>> {
        let (balanced, levels) = (plan.allocation.balanced_by(), levels_of(group));
        let own = self.combinations.get(combination);
        let value = |name: &String| -> Option<String> {
            if let Some(at) = self.names.iter().position(|own| own == name) {
                return own?.get(at).cloned();
            }
            let level = levels.get(balanced.iter().position(|balanced| balanced == name)?)?;
            let declared = plan.attributes.iter().find(|attribute| attribute.name == *name)?;
            Some(match (&declared.kind, level.as_str()) {
                (AttributeKind::Boolean, "yes") => "true".to_owned(),
                (AttributeKind::Boolean, "no") => "false".to_owned(),
                (_, level) => level.to_owned(),
            })
        };
        plan.analysis.adjust_for.iter().map(value).collect()
    }
}

/// The values that somebody can have, all alike often.
fn levels(kind: &AttributeKind) -> Vec<String> {
    let spread = |minimum: i64, maximum: i64, unit: i64| -> Vec<String> {
        let steps = ((maximum - minimum) / unit.max(1)).clamp(1, NUMBERS - 1);
        let value = |at: i64| Decimal::from_millionths(minimum + (maximum - minimum) / unit * at / steps * unit);
        let mut texts: Vec<String> = (0..=steps).filter_map(value).map(|value| value.to_string()).collect();
        texts.dedup();
        texts
    };
    const ONE: i64 = 1_000_000;
    match kind {
        AttributeKind::Category { values } => values.clone(),
        AttributeKind::Boolean => vec!["true".to_owned(), "false".to_owned()],
        AttributeKind::Integer { minimum, maximum } => {
            spread(minimum.saturating_mul(ONE), maximum.saturating_mul(ONE), ONE)
        }
        AttributeKind::Decimal { minimum, maximum } => spread(minimum.millionths(), maximum.millionths(), 1),
    }
}

/// How far the level at a place is from the average of levels that are alike often, in standard deviations.
fn standing(at: usize, levels: usize) -> f64 {
    let n = levels as f64;
    if levels < 2 { 0.0 } else { (at as f64 - (n - 1.0) / 2.0) / ((n * n - 1.0) / 12.0).sqrt() }
}
