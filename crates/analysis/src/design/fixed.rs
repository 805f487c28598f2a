//! Power of the test that the analysis will use, in a trial that is looked at once.

use fairtrial_domain::protocol::OutcomeKind;
use fairtrial_stats::{
    Side, StatError,
    power::{
        ClusterSizes, ExactTest, StepUnits, clusters_power, exact_power, means_power, proportions_power,
        stepped_wedge_power,
    },
    two_proportions::EXACT_TOTAL,
};

use super::question::{Question, Rollout};
use crate::comparison::PERIOD_CORRELATION;

/// What is given to one test.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// Units of the new version to be analysed.
    pub(super) new: f64,
    /// Units of the current version to be analysed.
    pub(super) control: f64,
}

/// The arm sizes of the least favourable comparison when `units` enter in all: that with the smallest new version.
pub(super) fn sizes(question: &Question, units: f64) -> Sizes {
    let shares: f64 = question.ratio.iter().map(|share| f64::from(*share)).sum();
    let analysed = units * (1.0 - question.attrition);
    let control = question.ratio.first().copied().unwrap_or(1);
    let smallest = question.ratio.iter().skip(1).min().copied().unwrap_or(1);
    Sizes { new: analysed * f64::from(smallest) / shares, control: analysed * f64::from(control) / shares }
}

/// Whether the exact test is used for that many units.
pub(super) fn is_exact(question: &Question, sizes: Sizes) -> bool {
    question.kind == OutcomeKind::Binary
        && question.clusters.is_none()
        && question.rollout.is_none()
        && question.margin.is_none()
        && sizes.new.round() + sizes.control.round() <= EXACT_TOTAL as f64
}

/// The test, as it is called.
pub(super) fn method(question: &Question, sizes: Sizes) -> &'static str {
    if question.rollout.is_some() {
        return "order of the sites drawn again; variance of Hussey and Hughes with periods of a site half as alike";
    }
    match (question.clusters.is_some(), question.kind, is_exact(question, sizes)) {
        (true, ..) => "t test of cluster means with the design effect",
        (_, OutcomeKind::Binary, true) => "Boschloo's exact test, by complete enumeration",
        (_, OutcomeKind::Binary, false) => "score test of two proportions (Farrington and Manning)",
        _ => "Welch's t test, noncentral t distribution",
    }
}

/// Standard deviations of single units under the new and the current version, when the true gain is `gain`: what covariates do not
/// explain of them.
fn spreads(question: &Question, gain: f64) -> (f64, f64) {
    let new = question.control + question.signed(gain);
    let left = (1.0 - question.saved_by_adjusting()).sqrt();
    let (new, control) = match (question.standard_deviation, question.kind) {
        (Some(sd), _) => (sd, sd),
        (None, OutcomeKind::Binary) => {
            let spread = |p: f64| (p * (1.0 - p)).max(0.0).sqrt();
            (spread(new), spread(question.control))
        }
        (None, _) => (new.max(0.0).sqrt(), question.control.max(0.0).sqrt()),
    };
    (new * left, control * left)
}

/// Probability that one comparison shows what it wants to show, with `units` in all and one look at one-sided `alpha`.
///
/// `gain` is the true gain and `margin` the loss to be excluded, 0 for a trial that wants to show a gain.
pub(super) fn power(question: &Question, units: f64, gain: f64, margin: f64, alpha: f64) -> Result<f64, StatError> {
    let sizes = sizes(question, units);
    let distance = gain + margin;
    if let Some(clusters) = &question.clusters {
        return by_cluster(question, units, gain, distance, alpha, clusters);
    }
    if let Some(rollout) = &question.rollout {
        return by_step(question, units, gain, distance, alpha, rollout);
    }
    if question.kind != OutcomeKind::Binary {
        let (new, control) = spreads(question, gain);
        return means_power(distance, sizes.new, sizes.control, new, control, alpha, Side::Greater);
    }
    let (p1, p0) = (question.control + question.signed(gain), question.control);
    if is_exact(question, sizes) {
        let (n1, n0) = (sizes.new.round().max(1.0) as u64, sizes.control.round().max(1.0) as u64);
        return exact_power(ExactTest::Boschloo, n1, n0, p1, p0, alpha);
    }
    let null = -question.signed(margin);
    proportions_power(p1, p0, null, sizes.new, sizes.control, alpha, Side::Greater)
}

/// Sites that change over one after the other, with as many units in every site and period.
///
/// What lies between sites is taken to be half of the site and half of the site and its period, as the analysis supposes: with all of it
/// of the site, units without end would tell any difference (Hooper and others 2016, Statistics in Medicine 35:4718-4728).
fn by_step(
    question: &Question,
    units: f64,
    gain: f64,
    distance: f64,
    alpha: f64,
    rollout: &Rollout,
) -> Result<f64, StatError> {
    // However clear the difference is, its p-value is no smaller.
    if rollout.orders() * alpha < 1.0 {
        return Ok(0.0);
    }
    let (new, control) = spreads(question, gain);
    let variance = (new * new + control * control) / 2.0;
    let table = rollout.table();
    let cells = (rollout.sites() * (rollout.sites_per_step.len() as u64 + 1)) as f64;
    let of_cell = (units * (1.0 - question.attrition) / cells).max(1.0);
    let (between, within) = (rollout.icc * variance, (1.0 - rollout.icc) * variance);
    let cell = StepUnits {
        units: 1.0,
        between: PERIOD_CORRELATION * between,
        within: within / of_cell + (1.0 - PERIOD_CORRELATION) * between,
    };
    stepped_wedge_power(distance, &table, &cell, alpha, Side::Greater)
}

fn by_cluster(
    question: &Question,
    units: f64,
    gain: f64,
    distance: f64,
    alpha: f64,
    clusters: &super::question::Clusters,
) -> Result<f64, StatError> {
    let (new, control) = spreads(question, gain);
    let sd = ((new * new + control * control) / 2.0).sqrt();
    let count = clusters.count as f64;
    let sizes = ClusterSizes {
        mean_size: (units * (1.0 - question.attrition) / count).max(1.0),
        icc: clusters.icc,
        size_variation: clusters.size_variation,
    };
    let arms = self::sizes(&Question { attrition: 0.0, ..question.clone() }, count);
    clusters_power(distance, sd, arms.new, arms.control, &sizes, alpha, Side::Greater)
}
