//! Boundaries for success, futility and harm.

use super::plan::{Efficacy, Futility, GroupSequentialSpec};
use crate::sequential::Spending;
use crate::sequential::recursion::Running;
use crate::special::elementary::{exp, ln, powf};
use crate::special::quadrature::GaussLegendre;
use crate::special::{normal, root};
use crate::{Side, StatError};

/// A look whose information is this share above the last is the same look again.
const SAME_LOOK: f64 = 1e-10;

/// Whether look `k` brings no information that the one before did not have.
///
/// The last look is never one: error that is left is spent on the same data.
pub(crate) fn repeats(information: &[f64], k: usize) -> bool {
    same(information, k) && k + 1 < information.len()
}

fn same(information: &[f64], k: usize) -> bool {
    let pair = k.checked_sub(1).and_then(|j| information.get(j).zip(information.get(k)));
    pair.is_some_and(|(before, now)| now - before < SAME_LOOK * now)
}

/// Whether look `k` asks no less of the data of the look before than that did: nobody crosses it who has not crossed before.
pub(crate) fn asks_again(information: &[f64], k: usize, bound: impl Fn(usize) -> f64) -> bool {
    same(information, k) && bound(k) >= bound(k - 1)
}

/// Cumulative error allowed at each look.
pub(crate) fn allowed(spec: &GroupSequentialSpec, spending: &Spending, alpha: f64) -> Vec<f64> {
    spec.fractions().iter().map(|&t| spending.cumulative(alpha, t)).collect()
}

/// The boundary for success in `z`, one per look, when one side may spend `alpha`; `lower` holds binding futility bounds.
pub(crate) fn efficacy(spec: &GroupSequentialSpec, alpha: f64, lower: Option<&[f64]>) -> Result<Vec<f64>, StatError> {
    match &spec.efficacy {
        Efficacy::Spending { spending } => Ok(by_spending(spec, &allowed(spec, spending, alpha), |_, _| None, lower).0),
        Efficacy::Fixed { z } => Ok(z.clone()),
        Efficacy::OBrienFleming => by_shape(spec, alpha, lower, |t| powf(t, -0.5)),
        Efficacy::Pocock => by_shape(spec, alpha, lower, |_| 1.0),
        Efficacy::WangTsiatis { delta } => by_shape(spec, alpha, lower, |t| powf(t, delta - 0.5)),
        Efficacy::HaybittlePeto { z } => haybittle_peto(spec, alpha, lower, *z),
    }
}

/// Lower end of the region in which the trial goes on, in score.
fn floor(spec: &GroupSequentialSpec, high: f64, lower: Option<f64>, information: f64) -> f64 {
    if spec.side == Side::Two { -high } else { lower.map_or(f64::NEG_INFINITY, |z| z * information.sqrt()) }
}

/// Boundaries from cumulative allowances. `futility` may give a binding bound once the one for success is known.
pub(crate) fn by_spending(
    spec: &GroupSequentialSpec,
    allowed: &[f64],
    mut futility: impl FnMut(usize, f64) -> Option<f64>,
    lower: Option<&[f64]>,
) -> (Vec<f64>, Vec<f64>) {
    let mut running = Running::start(0.0);
    let (mut bounds, mut lows) = (Vec::with_capacity(allowed.len()), Vec::with_capacity(allowed.len()));
    let mut spent = 0.0;
    for (k, (&information, &level)) in spec.information.iter().zip(allowed).enumerate() {
        if repeats(&spec.information, k) {
            bounds.push(bounds.last().copied().unwrap_or(f64::INFINITY));
            lows.push(lows.last().copied().unwrap_or(f64::NEG_INFINITY));
            continue;
        }
        let high = running.upper_bound(information, level - spent);
        spent = f64::max(spent, level);
        let z = high / information.sqrt();
        let low_z = futility(k, z).or_else(|| lower.and_then(|l| l.get(k)).copied());
        let low = floor(spec, high, low_z, information);
        running = running.advance(information, low, high, spec.information.get(k + 1).copied());
        bounds.push(z);
        lows.push(low_z.unwrap_or(f64::NEG_INFINITY));
    }
    (bounds, lows)
}

/// Probability under no effect of reaching the boundary `z` at any look, one side.
pub(crate) fn crossing(spec: &GroupSequentialSpec, bounds: &[f64], lower: Option<&[f64]>) -> Vec<f64> {
    let mut running = Running::start(0.0);
    let mut total = 0.0;
    let mut result = Vec::with_capacity(bounds.len());
    for (k, (&information, &z)) in spec.information.iter().zip(bounds).enumerate() {
        if !repeats(&spec.information, k) {
            let high = z * information.sqrt();
            if !asks_again(&spec.information, k, |k| bounds[k]) {
                total += running.above(information, high);
            }
            let low = floor(spec, high, lower.and_then(|l| l.get(k)).copied(), information);
            running = running.advance(information, low, high, spec.information.get(k + 1).copied());
        }
        result.push(total);
    }
    result
}

fn by_shape(
    spec: &GroupSequentialSpec,
    alpha: f64,
    lower: Option<&[f64]>,
    shape: impl Fn(f64) -> f64,
) -> Result<Vec<f64>, StatError> {
    let last = spec.information.last().copied().unwrap_or(1.0);
    let shapes: Vec<f64> = spec.information.iter().map(|i| shape(i / last)).collect();
    let smallest = shapes.iter().copied().fold(1.0, f64::min);
    let bounds = |c: f64| shapes.iter().map(|s| c * s).collect::<Vec<f64>>();
    if alpha >= 0.5 {
        return Err(StatError::invalid("alpha", "must be below 0.5 a side for this boundary"));
    }
    let excess = |c: f64| {
        let crossed = crossing(spec, &bounds(c), lower).last().copied().unwrap_or(0.0);
        if crossed > 0.0 { ln(crossed / alpha) } else { -800.0 }
    };
    // The last look alone gives the lower end, all looks as if disjoint the upper one; a binding stop only lowers both.
    let fewest = if lower.is_some() { 0.0 } else { -normal::quantile(alpha) * (1.0 - 1e-12) };
    let most = -normal::quantile(alpha / shapes.len() as f64) / smallest;
    Ok(bounds(root::find(excess, fewest, most * (1.0 + 1e-12), 1e-13)?.value))
}

fn haybittle_peto(
    spec: &GroupSequentialSpec,
    alpha: f64,
    lower: Option<&[f64]>,
    z: f64,
) -> Result<Vec<f64>, StatError> {
    let looks = spec.information.len();
    let mut bounds = vec![z; looks];
    let before = looks.checked_sub(2).map_or(0.0, |j| crossing(spec, &bounds, lower).get(j).copied().unwrap_or(0.0));
    if before >= alpha {
        return Err(StatError::invalid("z", "the looks before the last already spend all of alpha"));
    }
    let rest = |c: f64| {
        let mut bounds = bounds.clone();
        if let Some(last) = bounds.last_mut() {
            *last = c;
        }
        let crossed = crossing(spec, &bounds, lower).last().copied().unwrap_or(0.0);
        ln(crossed / alpha)
    };
    let last = root::find(rest, normal::quantile(alpha), 38.0, 1e-13)?.value;
    if let Some(bound) = bounds.last_mut() {
        *bound = last;
    }
    Ok(bounds)
}

/// The boundary for harm in `z`: error spent under no effect, success stopping the trial, futility not.
pub(crate) fn harm(spec: &GroupSequentialSpec, allowed: &[f64], efficacy: &[f64]) -> Vec<f64> {
    let mut running = Running::start(0.0);
    let mut bounds: Vec<f64> = Vec::with_capacity(allowed.len());
    let mut spent = 0.0;
    for (k, ((&information, &level), &z)) in spec.information.iter().zip(allowed).zip(efficacy).enumerate() {
        if repeats(&spec.information, k) {
            bounds.push(bounds.last().copied().unwrap_or(f64::NEG_INFINITY));
            continue;
        }
        let low = running.lower_bound(information, level - spent);
        spent = f64::max(spent, level);
        let high = z * information.sqrt();
        running = running.advance(information, low, high, spec.information.get(k + 1).copied());
        bounds.push(low / information.sqrt());
    }
    bounds
}

/// Boundaries for success and for harm in `z`, each spending its error under no effect while the other one stops the trial.
pub(crate) fn success_and_harm(spec: &GroupSequentialSpec, success: &[f64], harm: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut running = Running::start(0.0);
    let (mut highs, mut lows): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    let mut spent = (0.0_f64, 0.0_f64);
    for (k, ((&information, &up), &down)) in spec.information.iter().zip(success).zip(harm).enumerate() {
        if repeats(&spec.information, k) {
            highs.push(highs.last().copied().unwrap_or(f64::INFINITY));
            lows.push(lows.last().copied().unwrap_or(f64::NEG_INFINITY));
            continue;
        }
        let high = running.upper_bound(information, up - spent.0);
        let low = running.lower_bound(information, down - spent.1);
        spent = (spent.0.max(up), spent.1.max(down));
        running = running.advance(information, low, high, spec.information.get(k + 1).copied());
        highs.push(high / information.sqrt());
        lows.push(low / information.sqrt());
    }
    (highs, lows)
}

/// Bounds for success and futility that spend `beta` at the effect at which the power is `1 - beta`, and that effect.
pub(crate) fn beta_spending(
    spec: &GroupSequentialSpec,
    spending: &Spending,
    beta: f64,
    binding: bool,
) -> Result<(Vec<f64>, Vec<f64>, f64), StatError> {
    let alpha = spec.alpha_of_side();
    let share = allowed(spec, spending, beta);
    let fixed = if binding { None } else { Some(efficacy(spec, alpha, None)?) };
    let solve = |theta: f64| -> Result<(Vec<f64>, Vec<f64>, f64), StatError> {
        let mut miss = Miss::new(spec, &share, theta);
        let (upper, lower) = match (&fixed, &spec.efficacy) {
            (Some(upper), _) => {
                let lower = upper.iter().enumerate().map(|(k, &z)| miss.look(k, z)).collect();
                (upper.clone(), lower)
            }
            (None, Efficacy::Spending { spending }) => {
                by_spending(spec, &allowed(spec, spending, alpha), |k, z| Some(miss.look(k, z)), None)
            }
            (None, _) => {
                return Err(StatError::invalid("binding", "needs a spending function for success"));
            }
        };
        Ok((upper, lower, miss.total))
    };
    let unit = spec.information.last().copied().unwrap_or(1.0).sqrt();
    let start = (-normal::quantile(alpha) - normal::quantile(beta)).max(1e-3) / unit;
    let excess = |theta: f64| solve(theta).map(|found| ln(found.2.max(1e-300) / beta));
    let (mut low, mut high) = (0.8 * start, 1.2 * start);
    let mut tries = 0;
    while excess(high)? > 0.0 && tries < 60 {
        (low, high) = (high, 1.3 * high);
        tries += 1;
    }
    while excess(low)? < 0.0 && tries < 120 {
        (low, high) = (0.7 * low, low);
        tries += 1;
    }
    let theta = root::find(|theta| excess(theta).unwrap_or(f64::NAN), low, high, 1e-13 / unit)?.value;
    let (upper, mut lower, _) = solve(theta)?;
    if let Some((last, bound)) = lower.last_mut().zip(upper.last()) {
        *last = *bound;
    }
    Ok((upper, lower, theta))
}

/// The probability of missing an effect, spent look by look.
struct Miss<'a> {
    spec: &'a GroupSequentialSpec,
    allowed: &'a [f64],
    running: Running,
    spent: f64,
    total: f64,
    last: f64,
}

impl<'a> Miss<'a> {
    fn new(spec: &'a GroupSequentialSpec, allowed: &'a [f64], theta: f64) -> Self {
        let running = Running::start(theta);
        Self { spec, allowed, running, spent: 0.0, total: 0.0, last: f64::NEG_INFINITY }
    }

    /// The futility bound of look `k` in `z`, given the one for success.
    fn look(&mut self, k: usize, success: f64) -> f64 {
        let information = self.spec.information[k];
        if repeats(&self.spec.information, k) {
            return self.last;
        }
        let unit = information.sqrt();
        let high = success * unit;
        let is_last = k + 1 == self.spec.information.len();
        let low = if is_last {
            high
        } else {
            let level = self.allowed[k];
            let bound = self.running.lower_bound(information, level - self.spent).min(high);
            self.spent = self.spent.max(level);
            bound
        };
        self.total += self.running.below(information, low);
        self.running = self.running.advance(information, low, high, self.spec.information.get(k + 1).copied());
        self.last = low / unit;
        self.last
    }
}

/// Futility bounds at which a forecast of success `power(look, z)`, rising in `z`, falls to `minimum`.
fn forecast_futility(efficacy: &[f64], minimum: f64, power: impl Fn(usize, f64) -> f64) -> Result<Vec<f64>, StatError> {
    let mut bounds = Vec::with_capacity(efficacy.len());
    for (k, &success) in efficacy.iter().enumerate().take(efficacy.len().saturating_sub(1)) {
        let top = success.min(20.0);
        let excess = |z: f64| power(k, z) - minimum;
        bounds.push(if excess(-20.0) >= 0.0 {
            f64::NEG_INFINITY
        } else if excess(top) <= 0.0 {
            top
        } else {
            root::find(excess, -20.0, top, 1e-11)?.value
        });
    }
    bounds.push(f64::NEG_INFINITY);
    Ok(bounds)
}

/// Probability of success at a look after `k`, given `z` there, when the effect is `theta`.
fn forecast(spec: &GroupSequentialSpec, efficacy: &[f64], k: usize, z: f64, theta: f64) -> f64 {
    let information = spec.information[k];
    let mut running = Running::from_point(information, z * information.sqrt(), theta);
    let mut total = 0.0;
    for (j, (&later, &bound)) in spec.information.iter().zip(efficacy).enumerate().skip(k + 1) {
        let high = bound * later.sqrt();
        total += running.above(later, high);
        running = running.advance(later, f64::NEG_INFINITY, high, spec.information.get(j + 1).copied());
    }
    total
}

/// The futility bounds that a rule without error rates of its own gives, in `z`.
pub(crate) fn plain_futility(spec: &GroupSequentialSpec, efficacy: &[f64]) -> Result<Option<Vec<f64>>, StatError> {
    match &spec.futility {
        Futility::None | Futility::BetaSpending { .. } => Ok(None),
        Futility::Fixed { z } => {
            let mut bounds = z.clone();
            bounds.resize(efficacy.len(), f64::NEG_INFINITY);
            Ok(Some(bounds.iter().zip(efficacy).map(|(a, b)| a.min(*b)).collect()))
        }
        Futility::ConditionalPower { minimum, effect } => {
            let power =
                |k: usize, z: f64| forecast(spec, efficacy, k, z, effect.unwrap_or(z / spec.information[k].sqrt()));
            forecast_futility(efficacy, *minimum, power).map(Some)
        }
        Futility::PredictivePower { minimum } => {
            // After z the effect is believed to be normal around z / sqrt(I) with variance 1 / I.
            let rule = GaussLegendre::new(48);
            let power = |k: usize, z: f64| {
                let unit = spec.information[k].sqrt();
                let (mut total, mut weight) = (0.0, 0.0);
                for (x, w) in rule.nodes.iter().zip(&rule.weights) {
                    let density = w * exp(-32.0 * x * x);
                    total += density * forecast(spec, efficacy, k, z, (z + 8.0 * x) / unit);
                    weight += density;
                }
                total / weight
            };
            forecast_futility(efficacy, *minimum, power).map(Some)
        }
    }
}
