//! The boundaries of the looks, from the plan and from what was in at the looks held.

use fairtrial_domain::protocol::{Monitoring, Sides, Spending};
use fairtrial_stats::{
    Side, StatError,
    sequential::{
        self,
        group::{Efficacy, Futility, GroupSequentialDesign, GroupSequentialSpec},
    },
    special::normal,
};

/// The boundaries of one look.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Bound {
    /// Share of the planned information that was in.
    pub fraction: f64,
    /// Success at or above this score.
    pub efficacy_z: Option<f64>,
    /// The same as a one-sided p-value: success at or below it.
    pub efficacy_p: f64,
    /// Giving up at or below this score; absent at the last look.
    pub futility_z: Option<f64>,
    /// One-sided error that all looks up to this one may have spent.
    pub alpha_spent: f64,
}

/// The one-sided error of each claim over the whole trial.
///
/// In millionths first, so that two sides of 0.05 are the 0.025 that people write.
#[must_use]
pub fn one_sided_alpha(monitoring: &Monitoring) -> f64 {
    let both = match monitoring.sides {
        Sides::One => 2 * monitoring.alpha.millionths(),
        Sides::Two => monitoring.alpha.millionths(),
    };
    both as f64 / fairtrial_domain::Decimal::ONE.millionths() as f64 / 2.0
}

/// The planned looks as shares of the information.
#[must_use]
pub fn fractions(monitoring: &Monitoring) -> Vec<f64> {
    monitoring.looks.iter().map(|look| look.to_f64()).collect()
}

/// The spending function that a plan names.
#[must_use]
pub fn spending(named: &Spending) -> sequential::Spending {
    match named {
        Spending::ObrienFleming => sequential::Spending::LanDeMetsOBrienFleming,
        Spending::Pocock => sequential::Spending::LanDeMetsPocock,
        Spending::HwangShihDecani { gamma } => sequential::Spending::HwangShihDeCani { gamma: gamma.to_f64() },
        Spending::KimDemets { rho } => sequential::Spending::KimDeMets { rho: rho.to_f64() },
    }
}

/// The group-sequential design of a plan at looks with the information given, the last of them final.
///
/// `alpha` is one-sided. Without a rule for success in the plan there is one look, which spends everything.
///
/// # Errors
/// As [`GroupSequentialDesign::new`].
pub fn design(monitoring: &Monitoring, alpha: f64, information: Vec<f64>) -> Result<GroupSequentialDesign, StatError> {
    let efficacy = monitoring.efficacy.as_ref().map_or(sequential::Spending::LanDeMetsOBrienFleming, spending);
    let beta = 1.0 - monitoring.power.to_f64();
    let futility = match &monitoring.futility {
        Some(rule) if information.len() > 1 => {
            Futility::BetaSpending { spending: spending(rule), beta, binding: monitoring.futility_binding }
        }
        _ => Futility::None,
    };
    GroupSequentialDesign::new(GroupSequentialSpec {
        side: Side::Greater,
        alpha,
        efficacy: Efficacy::Spending { spending: efficacy },
        futility,
        harm: None,
        information,
        maximum: Some(1.0),
        last_is_final: true,
    })
}

/// The boundaries of the looks held with the shares of information `held`, oldest first; the last of them ends the trial
/// when `last_is_final`.
///
/// Error is spent on the information that was in, whatever was planned. A share that is not above the one before counts as
/// that one, and nothing is given back. The last look spends whatever is left. The boundary for success of a look depends
/// on the looks up to it alone; the one for giving up also on those still planned.
///
/// # Errors
/// `InvalidArgument` without a look or for a share that is not positive.
pub fn bounds(monitoring: &Monitoring, alpha: f64, held: &[f64], last_is_final: bool) -> Result<Vec<Bound>, StatError> {
    if held.iter().any(|share| !(share.is_finite() && *share > 0.0)) {
        return Err(StatError::invalid("held", "a look needs somebody whose outcome is known"));
    }
    let mut largest = 0.0_f64;
    let mut information: Vec<f64> = held
        .iter()
        .map(|share| {
            largest = largest.max(*share);
            largest
        })
        .collect();
    if held.len() == 1 && last_is_final {
        // One look spends everything, to the last digit.
        let bound = Bound {
            fraction: largest,
            efficacy_z: Some(-normal::quantile(alpha)),
            efficacy_p: alpha,
            futility_z: None,
            alpha_spent: alpha,
        };
        return Ok(vec![bound]);
    }
    if !last_is_final {
        let later = fractions(monitoring).into_iter().filter(|planned| *planned > largest * (1.0 + 1e-9));
        information.extend(later.collect::<Vec<f64>>());
        if information.len() == held.len() {
            // All that was planned is in, and still it is not the end: the rest of the error waits for the end.
            information.push(largest.max(1.0) * 1.01);
        }
    }
    let design = design(monitoring, alpha, information)?;
    let last = held.len() - 1;
    let shown = |(k, look): (usize, &sequential::group::LookBounds)| Bound {
        fraction: look.information,
        efficacy_z: Some(look.efficacy).filter(|z| z.is_finite()),
        efficacy_p: normal::sf(look.efficacy),
        futility_z: look.futility.filter(|z| z.is_finite() && !(last_is_final && k == last)),
        alpha_spent: look.alpha_spent,
    };
    Ok(design.looks().iter().take(held.len()).enumerate().map(shown).collect())
}
