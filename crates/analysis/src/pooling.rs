//! What several trials of the same question say together, from released numbers alone.
//!
//! **Architecture invariant:** the input is a [`ReleasedOutcome`], which only disclosure control makes: nothing that is said of several
//! trials can tell more of their people than what was published of each. Which trials are put together must not depend on what
//! they found; the caller chooses them by their plans.

use fairtrial_domain::protocol::{Better, OutcomeKind};
use fairtrial_stats::{
    Side,
    meta::{BetweenTrials, Pooling, pool},
};
use serde::Serialize;

use crate::release::ReleasedOutcome;

/// Fewest trials that are put together: with two, the range of a next one is anything.
pub const FEWEST: usize = 3;

/// The level of the ranges.
const LEVEL: f64 = 0.95;

/// What several trials say together, in people per 100; above 0 the new versions are better for people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PooledEffect {
    /// The mean of the trials' true effects, and its 95 % interval.
    pub mean: Effect,
    /// Where the true effect of a next trial is likely to lie: a 95 % prediction interval.
    pub next: (f64, f64),
    /// Share of the differences between the trials that chance does not explain, in percent.
    pub i_squared: f64,
    /// Each trial's own effect, in the order given; nothing for one that cannot be put together with others.
    pub trials: Vec<Option<Effect>>,
    /// In two sentences for everybody.
    pub sentences: Vec<String>,
}

/// An effect in people per 100 with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Effect {
    /// The best estimate.
    pub estimate: f64,
    /// The lowest likely value.
    pub lower: f64,
    /// The highest likely value.
    pub upper: f64,
}

/// One trial's effect, with the variance of its estimate, as shares.
#[derive(Debug, Clone, Copy)]
struct Found {
    effect: f64,
    variance: f64,
    shown: Effect,
}

/// What do these trials' main outcomes say together, and what is to be expected at the next place?
///
/// # Arguments
/// * `outcomes` - the main outcome of each trial, in released numbers.
///
/// # Result
/// The random-effects mean difference in people per 100 with its interval (Hartung, Knapp, Sidik and Jonkman, with the guard), a
/// prediction interval, and the variance between trials by restricted maximum likelihood; nothing with fewer than three trials
/// whose outcome happens to a person or does not and whose counts are all shown. Where a trial has several new versions they
/// are taken together.
///
/// # When not
/// Not for trials of different questions, and not for trials chosen by what they found.
///
/// # Source
/// As [`pool`]. Several new versions of one trial as one group: Cochrane Handbook, section 23.3.4. The variance of a trial's difference
/// with one success and one failure added in each group: Agresti and Caffo (2000).
#[must_use]
pub fn pooled(outcomes: &[&ReleasedOutcome]) -> Option<PooledEffect> {
    let found: Vec<Option<Found>> = outcomes.iter().map(|outcome| effect(outcome)).collect();
    let usable: Vec<Found> = found.iter().copied().flatten().collect();
    if usable.len() < FEWEST {
        return None;
    }
    let effects: Vec<f64> = usable.iter().map(|found| found.effect).collect();
    let variances: Vec<f64> = usable.iter().map(|found| found.variance).collect();
    let between = BetweenTrials::Reml { tolerance: 1e-12 };
    let pooled = pool(&effects, &variances, between, Pooling::HartungKnapp, Side::Two, LEVEL).ok()?;
    let (point, interval) = (pooled.estimate.point?, pooled.estimate.interval);
    let in_100 = |share: f64| (100.0 * share).clamp(-100.0, 100.0);
    let mean = Effect { estimate: in_100(point), lower: in_100(interval.lower), upper: in_100(interval.upper) };
    let next = pooled.prediction.map(|next| (in_100(next.lower), in_100(next.upper)))?;
    let i_squared = pooled.heterogeneity.i_squared;
    let sentences = sentences(usable.len(), mean, next, i_squared);
    Some(PooledEffect {
        mean,
        next,
        i_squared,
        trials: found.iter().map(|found| found.map(|f| f.shown)).collect(),
        sentences,
    })
}

/// The difference of the new versions together from the current one.
fn effect(outcome: &ReleasedOutcome) -> Option<Found> {
    if outcome.kind != OutcomeKind::Binary {
        return None;
    }
    let control = &outcome.comparisons.first()?.control;
    let sums = |is_control: bool| {
        let arms = outcome.arms.iter().filter(|arm| (arm.arm == *control) == is_control);
        arms.map(|arm| Some((arm.events.value()?, arm.analysed.value()?)))
            .try_fold((0_u64, 0_u64), |sum, arm| arm.map(|(x, n)| (sum.0.saturating_add(x), sum.1.saturating_add(n))))
    };
    let ((usual, of_usual), (new, of_new)) = (sums(true)?, sums(false)?);
    if of_usual == 0 || of_new == 0 || usual > of_usual || new > of_new {
        return None;
    }
    let share = |x: u64, n: u64| x as f64 / n as f64;
    let variance = |x: u64, n: u64| {
        let p = (x as f64 + 1.0) / (n as f64 + 2.0);
        p * (1.0 - p) / (n as f64 + 2.0)
    };
    let sign = match outcome.better {
        Better::Increase => 1.0,
        Better::Decrease => -1.0,
    };
    let effect = sign * (share(new, of_new) - share(usual, of_usual));
    let variance = variance(usual, of_usual) + variance(new, of_new);
    let margin = fairtrial_stats::special::normal::quantile(0.5 + LEVEL / 2.0) * variance.sqrt();
    let shown = Effect { estimate: 100.0 * effect, lower: 100.0 * (effect - margin), upper: 100.0 * (effect + margin) };
    Some(Found { effect, variance, shown })
}

fn sentences(trials: usize, mean: Effect, next: (f64, f64), i_squared: f64) -> Vec<String> {
    let said = |value: f64| {
        let size = format!("{:.1}", value.abs());
        match size.as_str() {
            "0.0" => "no difference".to_owned(),
            _ if value > 0.0 => format!("{size} more in 100 for the better"),
            _ => format!("{size} in 100 for the worse"),
        }
    };
    let alike = match i_squared {
        share if share < 25.0 => "The trials agree about as well as chance allows.",
        share if share < 75.0 => "The trials differ more than chance explains.",
        _ => "The trials differ much more than chance explains: look at each before the mean.",
    };
    vec![
        format!(
            "{trials} trials together: on average {}; the mean is likely between {} and {}.",
            said(mean.estimate),
            said(mean.lower),
            said(mean.upper)
        ),
        format!("In a next trial the true effect is likely between {} and {}. {alike}", said(next.0), said(next.1)),
    ]
}
