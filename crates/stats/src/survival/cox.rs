use crate::special::elementary::{exp, ln};
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event_table::{Observation, RiskSet, risk_sets, rows_of};
use crate::error::StatError;
use crate::estimate::{Estimate, Guarantee, Side};
use crate::special::{chi_square, count, root};
use crate::wald::{Reference, Wald};

/// How events at the same time are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ties {
    /// Efron (1977); the default.
    Efron,
    /// Breslow (1974): biased towards no effect with many ties.
    Breslow,
    /// Cox's discrete model (1972), for times that are whole days or months by nature.
    Exact,
}

/// A proportional-hazards comparison of two arms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CoxModel {
    /// Logarithm of the hazard ratio 1 / 0, with standard error, interval and Wald's p-value.
    pub log_hazard_ratio: Estimate,
    /// Model-based standard error, also where the estimate has a robust one.
    pub model_standard_error: f64,
    /// Score test statistic of no effect, chi-square with 1 degree of freedom.
    pub score: f64,
    /// Likelihood-ratio statistic.
    pub likelihood_ratio: f64,
    /// Wald's statistic with the model-based standard error.
    pub wald: f64,
    /// p-value of the likelihood-ratio statistic.
    pub likelihood_ratio_p: f64,
}

/// Most tied events at one time in Cox's discrete model.
const MOST_TIES: f64 = 20_000.0;
/// Hazard ratios beyond e^30 are taken as infinite.
const LARGEST: f64 = 30.0;

/// Log-likelihood with its first two derivatives.
#[derive(Default, Clone, Copy)]
struct Likelihood {
    value: f64,
    score: f64,
    information: f64,
}

fn likelihood(sets: &[RiskSet], beta: f64, ties: Ties) -> Likelihood {
    let ratio = exp(beta);
    let mut sum = Likelihood::default();
    for set in sets {
        let events = set.events1 + set.events0;
        if ties == Ties::Exact {
            add_exact(&mut sum, set, beta);
            continue;
        }
        sum.value += set.events1 * beta;
        sum.score += set.events1;
        let (risk1, risk) = (set.at_risk1 * ratio, set.at_risk1 * ratio + set.at_risk0);
        let (tied1, tied) = (set.events1 * ratio, set.events1 * ratio + set.events0);
        let mut l = 0.0;
        while l < events {
            let part = if ties == Ties::Efron { l / events } else { 0.0 };
            let (weight1, weight) = (risk1 - part * tied1, risk - part * tied);
            let share = weight1 / weight;
            sum.value -= ln(weight);
            sum.score -= share;
            sum.information += share * (1.0 - share);
            l += 1.0;
        }
    }
    sum
}

/// The events of arm 1 among all events at one time have Fisher's noncentral hypergeometric distribution.
fn add_exact(sum: &mut Likelihood, set: &RiskSet, beta: f64) {
    let (n1, n0) = (set.at_risk1 as u64, set.at_risk0 as u64);
    let (events, events1) = ((set.events1 + set.events0) as u64, set.events1 as u64);
    let terms: Vec<(f64, f64)> = (events.saturating_sub(n0)..=events.min(n1))
        .map(|k| (k as f64, count::ln_choose(n1, k) + count::ln_choose(n0, events - k) + k as f64 * beta))
        .collect();
    let largest = terms.iter().map(|(_, term)| *term).fold(f64::NEG_INFINITY, f64::max);
    let (mut total, mut mean, mut square) = (0.0, 0.0, 0.0);
    for (k, term) in terms {
        let weight = exp(term - largest);
        total += weight;
        mean += weight * k;
        square += weight * k * k;
    }
    mean /= total;
    let observed = count::ln_choose(n1, events1) + count::ln_choose(n0, events - events1);
    sum.value += events1 as f64 * beta + observed - largest - ln(total);
    sum.score += events1 as f64 - mean;
    sum.information += square / total - mean * mean;
}

/// By which factor does arm 1 change the rate of the event at any time? (Cox's proportional hazards, two arms.)
///
/// # Arguments
/// * `arm1`, `arm0` - times of the people; `ties` - treatment of events at the same time; `side`, `level` - question.
///
/// # When not
/// Not when the curves cross: one factor for all times then describes none of them; see [`super::compare_restricted_means`].
///
/// # Source
/// Cox (1972), JRSS B 34:187-220; Efron (1977); Breslow (1974).
///
/// # Errors
/// `NotEstimable` when the factor is 0 or infinite or no event is informative, `TooFewUnits`, `TooLarge`, `InvalidArgument`.
///
/// ```
/// use fairtrial_stats::{Side, survival::{Ties, cox}};
/// use fairtrial_stats::survival::Observation;
/// let of = |time: f64, event: bool| Observation { time, event };
/// // Freireich and others (1963): weeks of remission with 6-MP and with placebo.
/// let drug: Vec<_> = [6.0, 6.0, 6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0].map(|t| of(t, true)).into_iter()
///     .chain([6.0, 9.0, 10.0, 11.0, 17.0, 19.0, 20.0, 25.0, 32.0, 32.0, 34.0, 35.0].map(|t| of(t, false))).collect();
/// let placebo: Vec<_> = [1., 1., 2., 2., 3., 4., 4., 5., 5., 8., 8., 8., 8., 11., 11., 12., 12., 15., 17., 22., 23.]
///     .map(|t| of(t, true)).into();
/// let point = |ties| cox(&drug, &placebo, ties, Side::Two, 0.95).map(|model| model.log_hazard_ratio.point.unwrap());
/// // Kalbfleisch and Prentice (2002) give 1.509, 1.572 and 1.628 for placebo against 6-MP.
/// assert!((point(Ties::Breslow)? + 1.509).abs() < 1e-3);
/// assert!((point(Ties::Efron)? + 1.572).abs() < 1e-3);
/// assert!((point(Ties::Exact)? + 1.628).abs() < 1e-3);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn cox(
    arm1: &[Observation],
    arm0: &[Observation],
    ties: Ties,
    side: Side,
    level: f64,
) -> Result<CoxModel, StatError> {
    let sets = risk_sets(&rows_of(arm1, "arm1")?, &rows_of(arm0, "arm0")?);
    fit(&sets, ties)?.model(None, side, level)
}

struct Fit {
    beta: f64,
    at: Likelihood,
    null: Likelihood,
}

fn fit(sets: &[RiskSet], ties: Ties) -> Result<Fit, StatError> {
    if ties == Ties::Exact && sets.iter().any(|set| set.events1 + set.events0 > MOST_TIES) {
        return Err(StatError::TooLarge { reason: format!("more than {MOST_TIES} events at one time") });
    }
    let null = likelihood(sets, 0.0, ties);
    if null.information <= 0.0 {
        return Err(StatError::not_estimable("no event happened while people of both arms were waiting"));
    }
    let score = |beta: f64| likelihood(sets, beta, ties).score;
    // The score falls in beta; without a change of sign one arm has all the events that say anything.
    if score(-LARGEST) <= 1e-9 || score(LARGEST) >= -1e-9 {
        return Err(StatError::not_estimable(
            "one arm has no events while the other is waiting: the factor is 0 or infinite",
        ));
    }
    let beta = root::find(score, -LARGEST, LARGEST, 1e-14)?.value;
    Ok(Fit { beta, at: likelihood(sets, beta, ties), null })
}

impl Fit {
    fn model(&self, robust: Option<f64>, side: Side, level: f64) -> Result<CoxModel, StatError> {
        let model_standard_error = self.at.information.sqrt().recip();
        let likelihood_ratio = 2.0 * (self.at.value - self.null.value);
        let log_hazard_ratio = Wald {
            point: self.beta,
            standard_error: robust.unwrap_or(model_standard_error),
            reference: Reference::Normal,
            null: 0.0,
            side,
            level,
        }
        .estimate("Cox's proportional hazards", Guarantee::Asymptotic)?;
        Ok(CoxModel {
            log_hazard_ratio,
            model_standard_error,
            score: self.null.score.powi(2) / self.null.information,
            likelihood_ratio,
            wald: (self.beta / model_standard_error).powi(2),
            likelihood_ratio_p: chi_square::sf(likelihood_ratio.max(0.0), 1.0),
        })
    }
}

/// The same with a standard error that allows for people of the same cluster belonging together (Efron's ties).
///
/// # Arguments
/// * `observations` - times; `in_arm1` - arm; `cluster` - cluster number of each person.
///
/// # Source
/// Lin and Wei (1989), JASA 84:1074-1078: sums of score residuals per cluster.
///
/// ```
/// use fairtrial_stats::{Side, survival::{Observation, Ties, cox, cox_clustered}};
/// let of = |times: &[f64]| -> Vec<Observation> { times.iter().map(|&time| Observation { time, event: true }).collect() };
/// let (arm1, arm0) = (of(&[1.0, 3.0, 4.0, 9.0]), of(&[2.0, 5.0, 6.0, 7.0]));
/// let plain = cox(&arm1, &arm0, Ties::Efron, Side::Two, 0.95).unwrap();
/// // Clusters change the standard error, not the ratio.
/// let all: Vec<Observation> = arm1.into_iter().chain(arm0).collect();
/// let in_arm1 = [true, true, true, true, false, false, false, false];
/// let clustered = cox_clustered(&all, &in_arm1, &[1, 1, 2, 2, 3, 3, 4, 4], Side::Two, 0.95).unwrap();
/// let (a, b) = (plain.log_hazard_ratio.point.unwrap(), clustered.log_hazard_ratio.point.unwrap());
/// assert!((a - b).abs() < 1e-10);
/// ```
///
/// # Errors
/// As [`cox`]; `TooFewUnits` below two clusters.
pub fn cox_clustered(
    observations: &[Observation],
    in_arm1: &[bool],
    cluster: &[usize],
    side: Side,
    level: f64,
) -> Result<CoxModel, StatError> {
    if observations.len() != in_arm1.len() || observations.len() != cluster.len() {
        return Err(StatError::invalid("cluster", "observations, arms and clusters must have the same length"));
    }
    let of = |arm: bool| -> Vec<Observation> {
        observations.iter().zip(in_arm1).filter(|(_, in1)| **in1 == arm).map(|(one, _)| *one).collect()
    };
    let sets = risk_sets(&rows_of(&of(true), "observations")?, &rows_of(&of(false), "observations")?);
    let fitted = fit(&sets, Ties::Efron)?;
    let ratio = exp(fitted.beta);
    // Per event time: mean score residual of the people with the event, and cumulative sums for those who only were at risk.
    let steps: Vec<ResidualStep> = sets.iter().map(|set| ResidualStep::new(set, ratio)).collect();
    let mut cumulative = vec![[0.0; 2]];
    for step in &steps {
        let last = cumulative[cumulative.len() - 1];
        cumulative.push([last[0] + step.at_risk[0], last[1] + step.at_risk[1]]);
    }
    let mut sums: BTreeMap<usize, f64> = BTreeMap::new();
    for ((one, &new), &name) in observations.iter().zip(in_arm1).zip(cluster) {
        let arm = usize::from(new);
        let before = sets.partition_point(|set| set.time < one.time);
        let here = sets.get(before).filter(|set| set.time == one.time).map(|_| &steps[before]);
        let residual = cumulative[before][arm]
            + match here {
                Some(step) if one.event => step.event[arm],
                Some(step) => step.at_risk[arm],
                None => 0.0,
            };
        *sums.entry(name).or_default() += residual;
    }
    if sums.len() < 2 {
        return Err(StatError::TooFewUnits { need: 2, got: sums.len() as u64 });
    }
    let robust = sums.values().map(|sum| sum * sum).sum::<f64>().sqrt() / fitted.at.information;
    fitted.model(Some(robust), side, level)
}

/// Score residuals of one event time by arm: of a person with the event, and of one who was only at risk.
struct ResidualStep {
    event: [f64; 2],
    at_risk: [f64; 2],
}

impl ResidualStep {
    fn new(set: &RiskSet, ratio: f64) -> Self {
        let events = set.events1 + set.events0;
        let mut step = Self { event: [0.0; 2], at_risk: [0.0; 2] };
        let mut l = 0.0;
        while l < events {
            let part = l / events;
            let weight1 = (set.at_risk1 - part * set.events1) * ratio;
            let weight = weight1 + set.at_risk0 - part * set.events0;
            let share = weight1 / weight;
            for (arm, (covariate, risk)) in [(0.0, 1.0), (1.0, ratio)].into_iter().enumerate() {
                let deviation = covariate - share;
                let hazard = risk * deviation / weight;
                step.at_risk[arm] -= hazard;
                step.event[arm] += deviation / events - (1.0 - part) * hazard;
            }
            l += 1.0;
        }
        step
    }
}
