use serde::{Deserialize, Serialize};

use super::heterogeneity::generalised_q;
use super::{BetweenTrials, Heterogeneity, heterogeneity};
use crate::error::StatError;
use crate::estimate::{Estimate, Guarantee, Interval, Side};
use crate::wald::{Reference, Wald};

/// How the pooled effect's uncertainty is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// Normal distribution with the variance between trials taken as known: too narrow with few trials.
    Normal,
    /// Hartung, Knapp, Sidik and Jonkman: t with a variance from the trials' scatter, never below the normal one (factor
    /// `max(1, q)`); the default.
    HartungKnapp,
    /// The same without that guard: with trials that happen to agree it is narrower than a single common effect would be.
    HartungKnappUnguarded,
}

/// A pooled effect, with what to expect at the next place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pooled {
    /// Mean effect over trials.
    pub estimate: Estimate,
    /// Range of the true effect of the next trial; none for a fixed effect.
    pub prediction: Option<Interval>,
    /// How much the trials differ.
    pub heterogeneity: Heterogeneity,
}

/// What is the mean effect over trials, and what is to be expected at the next place?
///
/// # Arguments
/// * `effects`, `variances` - as [`heterogeneity`]; `method` - variance between trials; `pooling` - uncertainty.
/// * `side`, `level` - question; the null effect is 0.
///
/// # Result
/// Mean effect, and the prediction interval `mean ± t sqrt(between + se²)` with the distribution of the mean's own interval.
///
/// # When not
/// Not for trials that asked different questions: a mean of them means nothing. With two trials the interval is very wide, rightly.
///
/// # Source
/// DerSimonian and Laird (1986); Hartung and Knapp (2001); IntHout, Ioannidis and Borm (2014); Roever, Knapp and Friede (2015) for
/// the guard; Riley, Higgins and Deeks (2011) for the prediction interval.
///
/// # Errors
/// As [`heterogeneity`]; `ZeroVariance` for Hartung and Knapp without the guard when all effects are equal.
///
/// ```
/// use fairtrial_stats::{Side, meta::{BetweenTrials, Pooling, pool}};
/// // Thirteen trials of BCG vaccine, log risk ratios (Colditz and others 1994; Viechtbauer 2010).
/// let effects = [-0.8893, -1.5854, -1.3481, -1.4416, -0.2175, -0.7861, -1.6209, 0.0120, -0.4694, -1.3713, -0.3394, 0.4459,
///     -0.0173];
/// let variances = [0.3256, 0.1946, 0.4154, 0.0200, 0.0512, 0.0069, 0.2230, 0.0040, 0.0564, 0.0730, 0.0124, 0.5325, 0.0714];
/// let method = BetweenTrials::Reml { tolerance: 1e-12 };
/// let pooled = pool(&effects, &variances, method, Pooling::Normal, Side::Two, 0.95)?;
/// assert!((pooled.estimate.point.unwrap() + 0.7145).abs() < 2e-4);
/// assert!((pooled.heterogeneity.between - 0.3132).abs() < 2e-4);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn pool(
    effects: &[f64],
    variances: &[f64],
    method: BetweenTrials,
    pooling: Pooling,
    side: Side,
    level: f64,
) -> Result<Pooled, StatError> {
    let heterogeneity = heterogeneity(effects, variances, method)?;
    let weights: Vec<f64> = variances.iter().map(|variance| 1.0 / (variance + heterogeneity.between)).collect();
    let total: f64 = weights.iter().sum();
    let point = effects.iter().zip(&weights).map(|(effect, weight)| effect * (weight / total)).sum();
    let df = effects.len() as f64 - 1.0;
    let scatter = generalised_q(effects, variances, heterogeneity.between) / df;
    let (factor, reference) = match pooling {
        Pooling::Normal => (1.0, Reference::Normal),
        Pooling::HartungKnapp => (scatter.max(1.0), Reference::Student(df)),
        Pooling::HartungKnappUnguarded => (scatter, Reference::Student(df)),
    };
    let variance = factor / total;
    let standard_error = variance.sqrt();
    let estimate = Wald { point, standard_error, reference, null: 0.0, side, level }
        .estimate(&name(method, pooling), Guarantee::Asymptotic)?;
    let margin = reference.upper_quantile((1.0 - level) / 2.0) * (heterogeneity.between + variance).sqrt();
    let prediction =
        (method != BetweenTrials::Fixed).then_some(Interval { lower: point - margin, upper: point + margin, level });
    Ok(Pooled { estimate, prediction, heterogeneity })
}

fn name(method: BetweenTrials, pooling: Pooling) -> String {
    let between = match method {
        BetweenTrials::Fixed => "fixed effect",
        BetweenTrials::DerSimonianLaird => "random effects, DerSimonian-Laird",
        BetweenTrials::PauleMandel => "random effects, Paule-Mandel",
        BetweenTrials::Reml { .. } => "random effects, REML",
        BetweenTrials::Hedges => "random effects, Hedges",
        BetweenTrials::SidikJonkman => "random effects, Sidik-Jonkman",
    };
    match pooling {
        Pooling::Normal => between.to_owned(),
        Pooling::HartungKnapp => format!("{between}, Hartung-Knapp"),
        Pooling::HartungKnappUnguarded => format!("{between}, Hartung-Knapp without guard"),
    }
}
