//! Several new versions against one current version, with planned looks at which versions may win or be dropped.

use serde::{Deserialize, Serialize};

use super::Spending;
use super::recursion::Running;
use super::spending::check_probability;
use crate::StatError;
use crate::special::quadrature::GaussLegendre;
use crate::special::{normal, root};
use crate::wald::{check_all_finite, check_positive};

/// Most new versions.
const MOST_ARMS: usize = 20;
/// Nodes an increment of the control arm, by number of looks; their product over the looks bounds the work.
const NODES: [usize; 3] = [64, 40, 28];
/// Standard deviations of an increment within which it is integrated.
const REACH: f64 = 7.0;

/// How the bounds for success follow from the error rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ManyArmEfficacy {
    /// By a spending function of the share of the final units.
    Spending {
        /// The function.
        spending: Spending,
    },
    /// A constant divided by the root of the share of the final units.
    #[serde(rename = "obrien_fleming")]
    OBrienFleming,
    /// The same bound at every look.
    Pocock,
    /// Upper and lower bounds that meet at the last look (Whitehead); brings its own bounds for dropping versions.
    Triangular,
}

/// A design with several new versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManyArmSpec {
    /// New versions, 1 to 20.
    pub arms: usize,
    /// Units of each new version still in the trial at the looks, cumulative; 1 to 3 looks.
    pub treatment: Vec<f64>,
    /// Units of the current version at the looks, cumulative.
    pub control: Vec<f64>,
    /// One-sided probability that any version that is no better is called better.
    pub alpha: f64,
    /// Bounds for success.
    pub efficacy: ManyArmEfficacy,
    /// A version whose z is at most this at a look before the last is dropped; one entry for each such look.
    #[serde(default)]
    pub futility: Option<Vec<f64>>,
    /// Whether dropping is obeyed without exception, so that the bounds for success may be lower for it.
    #[serde(default)]
    pub binding: bool,
}

/// The bounds of a look, in z of one new version against the current one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ManyArmLook {
    /// Share of the final units of the current version.
    pub fraction: f64,
    /// A version at or above it has been shown better.
    pub efficacy: f64,
    /// A version at or below it is dropped; none where none is.
    pub futility: Option<f64>,
    /// Probability, by this look, that any version is called better when none is.
    pub spent: f64,
}

/// What happens when the versions have the effects given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ManyArmOperating {
    /// Probability that at least one version is called better.
    pub any: f64,
    /// Probability for each version, had the trial gone on for it alone whatever became of the others.
    pub each: Vec<f64>,
}

/// Several new versions against one, with looks: the chance of any false success is `alpha`.
///
/// It answers: *from which z on may we say at a look that one of these versions is better, when several are compared with the
/// same current one?* Given the path of the current version, the new ones are independent; so the error is an integral over that
/// path alone, of a product over the versions. No simulation, the same digits every time.
///
/// # When not
/// The z must be normal in large samples with known spread; with fewer than some 30 units an arm at the first look it is too
/// bold. For a single look use [`crate::multiplicity::Dunnett`].
///
/// # Source
/// Magirr, Jaki and Whitehead (2012), Biometrika 99:494-501; Wason and Jaki (2012), Statist. Med. 31:4269-4279 (triangular).
///
/// ```
/// use fairtrial_stats::sequential::many_arms::{ManyArmDesign, ManyArmEfficacy, ManyArmSpec};
/// // Three versions, one look: Dunnett's one-sided bound.
/// let design = ManyArmDesign::new(ManyArmSpec {
///     arms: 3, treatment: vec![50.0], control: vec![50.0], alpha: 0.025,
///     efficacy: ManyArmEfficacy::Pocock, futility: None, binding: false,
/// })?;
/// assert!((design.looks()[0].efficacy - 2.348_976).abs() < 1e-6);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ManyArmDesign {
    spec: ManyArmSpec,
    looks: Vec<ManyArmLook>,
}

impl ManyArmDesign {
    /// Computes the bounds.
    ///
    /// ```
    /// use fairtrial_stats::sequential::many_arms::{ManyArmDesign, ManyArmEfficacy, ManyArmSpec};
    /// let spec = |alpha| ManyArmSpec {
    ///     arms: 1, treatment: vec![1.0, 2.0], control: vec![1.0, 2.0], alpha,
    ///     efficacy: ManyArmEfficacy::Pocock, futility: None, binding: false,
    /// };
    /// // With one new version it is Pocock's design: 2.178 for two looks.
    /// let design = ManyArmDesign::new(spec(0.025)).unwrap();
    /// assert!((design.looks()[0].efficacy - 2.178).abs() < 1e-3);
    /// assert_eq!(ManyArmDesign::new(spec(0.6)).unwrap_err().code(), "invalid_argument");
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` for sizes that are not above 0 and rising, an alpha outside (0, 0.5), bounds that are not numbers or do
    /// not fit the looks; `TooLarge` beyond 20 versions or 3 looks; `NoConvergence`.
    pub fn new(spec: ManyArmSpec) -> Result<Self, StatError> {
        validate(&spec)?;
        let looks = spec.treatment.len();
        let last = spec.control[looks - 1];
        let shares: Vec<f64> = spec.treatment.iter().map(|r| r / spec.treatment[looks - 1]).collect();
        let lower = |c: f64| -> Option<Vec<f64>> {
            match spec.efficacy {
                ManyArmEfficacy::Triangular => Some(shares.iter().map(|t| c * (3.0 * t - 1.0) / t.sqrt()).collect()),
                _ => spec.futility.clone(),
            }
        };
        let upper = |c: f64| -> Vec<f64> {
            let shape = |t: &f64| match spec.efficacy {
                ManyArmEfficacy::OBrienFleming => c / t.sqrt(),
                ManyArmEfficacy::Triangular => c * (1.0 + t) / t.sqrt(),
                ManyArmEfficacy::Spending { .. } | ManyArmEfficacy::Pocock => c,
            };
            shares.iter().map(shape).collect()
        };
        let obeyed = |lower: Option<Vec<f64>>| if spec.binding { lower } else { None };
        let (bounds, futility) = if let ManyArmEfficacy::Spending { spending } = &spec.efficacy {
            let lower = obeyed(lower(0.0));
            let mut bounds: Vec<f64> = Vec::with_capacity(looks);
            for (k, share) in spec.control.iter().map(|r| r / last).enumerate() {
                let allowed = spending.cumulative(spec.alpha, if k + 1 == looks { 1.0 } else { share });
                let excess = |z: f64| {
                    let mut trial = bounds.clone();
                    trial.push(z);
                    any(&spec, &trial, lower.as_deref(), &vec![0.0; spec.arms]) - allowed
                };
                bounds.push(if excess(30.0) >= 0.0 {
                    f64::INFINITY
                } else {
                    root::find(excess, -9.0, 30.0, 1e-10)?.value
                });
            }
            (bounds, spec.futility.clone())
        } else {
            let excess =
                |c: f64| any(&spec, &upper(c), obeyed(lower(c)).as_deref(), &vec![0.0; spec.arms]) - spec.alpha;
            let most = 2.0 - 2.0 * normal::quantile(spec.alpha / (spec.arms * looks) as f64);
            let c = root::find(excess, 0.0, most, 1e-10)?.value;
            (upper(c), lower(c))
        };
        let lower = obeyed(futility.clone());
        let looks = bounds
            .iter()
            .enumerate()
            .map(|(k, &efficacy)| ManyArmLook {
                fraction: spec.control[k] / last,
                efficacy,
                futility: futility.as_ref().filter(|_| k + 1 < looks).map(|lower| lower[k].min(efficacy)),
                spent: any(&spec, &bounds[..=k], lower.as_deref(), &vec![0.0; spec.arms]),
            })
            .collect();
        Ok(Self { spec, looks })
    }

    /// The bounds of every look.
    ///
    /// ```
    /// use fairtrial_stats::sequential::many_arms::{ManyArmDesign, ManyArmEfficacy, ManyArmSpec};
    /// let design = ManyArmDesign::new(ManyArmSpec {
    ///     arms: 2, treatment: vec![20.0, 40.0], control: vec![20.0, 40.0], alpha: 0.025,
    ///     efficacy: ManyArmEfficacy::OBrienFleming, futility: None, binding: false,
    /// }).unwrap();
    /// let looks = design.looks();
    /// assert!((looks[0].efficacy / looks[1].efficacy - 2_f64.sqrt()).abs() < 1e-9 && looks[0].fraction == 0.5);
    /// assert!((looks[1].spent - 0.025).abs() < 1e-8);
    /// ```
    #[must_use]
    pub fn looks(&self) -> &[ManyArmLook] {
        &self.looks
    }

    /// How often versions are called better when their effects, in standard deviations of a unit, are these; dropping is obeyed.
    ///
    /// ```
    /// use fairtrial_stats::sequential::many_arms::{ManyArmDesign, ManyArmEfficacy, ManyArmSpec};
    /// let design = ManyArmDesign::new(ManyArmSpec {
    ///     arms: 2, treatment: vec![50.0], control: vec![50.0], alpha: 0.025,
    ///     efficacy: ManyArmEfficacy::Pocock, futility: None, binding: false,
    /// }).unwrap();
    /// // Nothing to find: some false success with the error rate, each version less often.
    /// let none = design.operating(&[0.0, 0.0]).unwrap();
    /// assert!((none.any - 0.025).abs() < 1e-8 && none.each[0] < none.any);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` for a number of effects other than that of the versions, or effects that are not finite.
    pub fn operating(&self, effects: &[f64]) -> Result<ManyArmOperating, StatError> {
        if effects.len() != self.spec.arms {
            return Err(StatError::invalid("effects", format!("needs {} numbers", self.spec.arms)));
        }
        check_all_finite("effects", effects)?;
        let bounds: Vec<f64> = self.looks.iter().map(|look| look.efficacy).collect();
        let lower: Vec<f64> = self.looks.iter().map(|look| look.futility.unwrap_or(f64::NEG_INFINITY)).collect();
        let probability = |effects: &[f64]| any(&self.spec, &bounds, Some(&lower), effects).clamp(0.0, 1.0);
        Ok(ManyArmOperating {
            any: probability(effects),
            each: effects.iter().map(|effect| probability(std::slice::from_ref(effect))).collect(),
        })
    }
}

fn validate(spec: &ManyArmSpec) -> Result<(), StatError> {
    if spec.arms == 0 || spec.treatment.is_empty() {
        return Err(StatError::invalid("arms", "needs a new version and a look"));
    }
    if spec.arms > MOST_ARMS || spec.treatment.len() > NODES.len() {
        return Err(StatError::TooLarge { reason: format!("more than {MOST_ARMS} versions or {} looks", NODES.len()) });
    }
    if spec.control.len() != spec.treatment.len() {
        return Err(StatError::invalid("control", "needs one size a look, as treatment"));
    }
    for (argument, sizes) in [("treatment", &spec.treatment), ("control", &spec.control)] {
        let mut last = 0.0;
        for &size in sizes {
            check_positive(argument, size)?;
            if size - last <= 1e-4 * size || size > 1e15 {
                return Err(StatError::invalid(argument, "must rise from look to look, by more than one in 10,000"));
            }
            last = size;
        }
    }
    check_probability("alpha", spec.alpha)?;
    if spec.alpha >= 0.5 {
        return Err(StatError::invalid("alpha", "must be below 0.5"));
    }
    if let ManyArmEfficacy::Spending { spending } = &spec.efficacy {
        spending.validate()?;
    }
    if let Some(lower) = &spec.futility {
        if matches!(spec.efficacy, ManyArmEfficacy::Triangular) {
            return Err(StatError::invalid("futility", "the triangular bounds bring their own"));
        }
        if lower.len() + 1 != spec.treatment.len() {
            return Err(StatError::invalid("futility", "needs one bound for each look before the last"));
        }
        check_all_finite("futility", lower)?;
    }
    Ok(())
}

/// Probability that any of the versions with these effects has reached a bound by the last of `upper`.
fn any(spec: &ManyArmSpec, upper: &[f64], lower: Option<&[f64]>, effects: &[f64]) -> f64 {
    // Versions with the same effect have the same chance given the control's path.
    let mut distinct: Vec<(f64, i32)> = Vec::new();
    for &effect in effects {
        match distinct.iter_mut().find(|(known, _)| *known == effect) {
            Some((_, count)) => *count += 1,
            None => distinct.push((effect, 1)),
        }
    }
    let rule = GaussLegendre::new(NODES[spec.treatment.len() - 1]);
    let path = Path { spec, upper, lower, rule: &rule, counts: distinct.iter().map(|(_, count)| *count).collect() };
    let start = |&(effect, _): &(f64, i32)| Arm { running: Running::start(effect), missed: 1.0 };
    1.0 - path.none(0, 0.0, &distinct.iter().map(start).collect::<Vec<Arm>>())
}

/// One version, given the control's path so far: its own score, and the probability of no bound reached yet.
#[derive(Clone)]
struct Arm {
    running: Running,
    missed: f64,
}

struct Path<'a> {
    spec: &'a ManyArmSpec,
    upper: &'a [f64],
    lower: Option<&'a [f64]>,
    rule: &'a GaussLegendre,
    counts: Vec<i32>,
}

impl Path<'_> {
    /// Mean, over the control's score from look `k` on, of the probability that no version reaches a bound.
    fn none(&self, k: usize, score: f64, arms: &[Arm]) -> f64 {
        let bound = self.upper[k];
        let (own, other) = (self.spec.treatment[k], self.spec.control[k]);
        let before = k.checked_sub(1).map_or(0.0, |j| self.spec.control[j]);
        let spread = (own.recip() + other.recip()).sqrt();
        let next = self.spec.treatment.get(k + 1).filter(|_| k + 1 < self.upper.len()).copied();
        let sd = (other - before).sqrt();
        let (mut total, mut mass) = (0.0, 0.0);
        for (node, weight) in self.rule.nodes.iter().zip(&self.rule.weights) {
            let x = REACH * node;
            let weight = weight * normal::pdf(x);
            let score = score + sd * x;
            let mean = score / other;
            let high = own * (mean + bound * spread);
            let low =
                self.lower.and_then(|lower| lower.get(k)).map_or(f64::NEG_INFINITY, |z| own * (mean + z * spread));
            let missed = |arm: &Arm| arm.missed - arm.running.above(own, high);
            total += weight
                * match next {
                    Some(_) => {
                        let step =
                            |arm: &Arm| Arm { missed: missed(arm), running: arm.running.advance(own, low, high, next) };
                        self.none(k + 1, score, &arms.iter().map(step).collect::<Vec<Arm>>())
                    }
                    None => {
                        arms.iter().zip(&self.counts).map(|(arm, &count)| missed(arm).max(0.0).powi(count)).product()
                    }
                };
            mass += weight;
        }
        total / mass
    }
}
