//! Is the odds ratio the same in all strata?

use crate::special::elementary::ln;
use serde::Serialize;

use super::{Cells, Strata, common_odds_ratio};
use crate::special::chi_square;
use crate::{PValue, StatError};

/// Tests of equal odds ratios.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Homogeneity {
    /// Breslow and Day's statistic.
    pub breslow_day: f64,
    /// Its p-value.
    pub breslow_day_p: PValue,
    /// Tarone's corrected statistic: our default.
    pub tarone: f64,
    /// Its p-value.
    pub tarone_p: PValue,
    /// Cochran's Q of the log odds ratios about the Mantel-Haenszel one; none when a stratum has an empty cell.
    pub q: Option<f64>,
    /// Its p-value.
    pub q_p: Option<PValue>,
    /// Strata less one.
    pub degrees_of_freedom: f64,
}

/// The expected successes of arm 1 in a stratum under a common odds ratio, given its margins.
fn expected(s: Cells, ratio: f64) -> f64 {
    let successes = s.a + s.c;
    let a = ratio - 1.0;
    let b = s.n0 - successes + ratio * (s.n1 + successes);
    let c = ratio * s.n1 * successes;
    // The root of a e^2 - b e + c that lies between the margins, by the product of the roots.
    2.0 * c / (b + (b * b - 4.0 * a * c).max(0.0).sqrt())
}

/// Does the effect differ between strata? Breslow-Day and Tarone tests of equal odds ratios.
///
/// Strata where nobody or everybody succeeded are left out: they say nothing about the odds ratio. Weak for few or small
/// strata: no difference found is not no difference. Sources: Breslow and Day 1980; Tarone 1985, Biometrika 72, 91-95.
///
/// ```
/// use fairtrial_stats::stratified::{Strata, homogeneity};
/// // R `metafor::rma.mh`: Breslow-Day and Tarone of the first and third stratum
/// let strata = Strata::new(&[[8, 20, 4, 20], [0, 15, 3, 14], [12, 40, 9, 38], [2, 9, 0, 11], [0, 5, 0, 6]]).unwrap();
/// let strata = Strata::new(&[[8, 20, 4, 20], [12, 40, 9, 38]]).unwrap();
/// let h = homogeneity(&strata).unwrap();
/// assert!((h.breslow_day - 0.553_969_473).abs() < 1e-8 && (h.tarone - 0.553_901_625).abs() < 1e-8);
/// ```
///
/// # Errors
/// `too_few_units` with fewer than two informative strata; `not_estimable` when there is no common odds ratio.
pub fn homogeneity(strata: &Strata) -> Result<Homogeneity, StatError> {
    let informative: Vec<_> =
        strata.tables().iter().filter(|t| t.successes() > 0 && t.successes() < t.total()).copied().collect();
    if informative.len() < 2 {
        return Err(StatError::TooFewUnits { need: 2, got: informative.len() as u64 });
    }
    let strata = Strata { tables: informative };
    let ratio = common_odds_ratio(&strata, 0.95)?.point.unwrap_or(f64::NAN);
    let variance = |s: Cells| {
        let e = expected(s, ratio);
        1.0 / (1.0 / e + 1.0 / (s.n1 - e) + 1.0 / (s.a + s.c - e) + 1.0 / (s.n0 - s.a - s.c + e))
    };
    let breslow_day = strata.sum(|s| (s.a - expected(s, ratio)).powi(2) / variance(s));
    let excess = strata.sum(|s| s.a - expected(s, ratio));
    let tarone = breslow_day - excess * excess / strata.sum(variance);
    let degrees_of_freedom = strata.tables.len() as f64 - 1.0;
    let p = |statistic: f64| PValue::from_ln(chi_square::ln_sf(statistic, degrees_of_freedom));
    let empty = strata.tables.iter().any(|t| t.x1() == 0 || t.x0() == 0 || t.x1() == t.n1() || t.x0() == t.n0());
    let q = strata.sum(|s| {
        let excess = ln(s.a * s.d / (s.b * s.c)) - ln(ratio);
        excess * excess / (1.0 / s.a + 1.0 / s.b + 1.0 / s.c + 1.0 / s.d)
    });
    let q = (!empty).then_some(q);
    Ok(Homogeneity {
        breslow_day,
        breslow_day_p: p(breslow_day),
        tarone,
        tarone_p: p(tarone),
        q,
        q_p: q.map(p),
        degrees_of_freedom,
    })
}
