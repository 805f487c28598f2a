//! Several trials.

use std::path::Path;

use fairtrial_stats::meta::{BetweenTrials, Pooling, heterogeneity, pool, q_profile};
use fairtrial_stats::{Side, StatError};
use serde_json::{Value, json};

use super::shape::{f64_or, f64s_of, unknown};

pub(crate) fn value(id: &str, input: &Value, _: &Path) -> Result<Value, StatError> {
    let (effects, variances) = (f64s_of(input, "yi")?, f64s_of(input, "vi")?);
    let level = f64_or(input, "level", 0.95)?;
    if id == "tau2_ci_Qprofile" {
        // Beside this interval metafor ends its search for the variance at steps of 1e-5.
        let between = heterogeneity(&effects, &variances, BetweenTrials::Reml { tolerance: 1e-5 })?.between;
        let interval = q_profile(&effects, &variances, level)?;
        return Ok(json!([between, interval.lower, interval.upper]));
    }
    let name = id.strip_prefix("k2_").unwrap_or(id);
    let (method, pooling) = name.split_once('_').ok_or_else(|| unknown(id))?;
    let method = match method {
        "FE" => BetweenTrials::Fixed,
        "DL" => BetweenTrials::DerSimonianLaird,
        "PM" => BetweenTrials::PauleMandel,
        "REML" => BetweenTrials::Reml { tolerance: 1e-12 },
        "HE" => BetweenTrials::Hedges,
        "SJ" => BetweenTrials::SidikJonkman,
        _ => return Err(unknown(id)),
    };
    let pooling = match pooling {
        "z" => Pooling::Normal,
        "knha" => Pooling::HartungKnappUnguarded,
        _ => return Err(unknown(id)),
    };
    let pooled = pool(&effects, &variances, method, pooling, Side::Two, level)?;
    Ok(json!({
        "est": pooled.estimate.point,
        "se": pooled.estimate.standard_error,
        "lo": pooled.estimate.interval.lower,
        "hi": pooled.estimate.interval.upper,
        "tau2": pooled.heterogeneity.between,
        "I2": pooled.heterogeneity.i_squared,
        "H2": pooled.heterogeneity.h_squared,
        "Q": pooled.heterogeneity.q,
        "Qp": pooled.heterogeneity.q_p_value.p(),
        "pi_lo": pooled.prediction.map(|interval| interval.lower),
        "pi_hi": pooled.prediction.map(|interval| interval.upper),
    }))
}
