//! The design itself: boundaries of every look, and what a table at a look means.

use serde::{Deserialize, Serialize};

use super::lattice::{Grid, Thinning, binomial};
use super::one_sided::{OneSidedLook, Sizes, boundary};
use super::order::{Order, Rank, Score};
use super::plan::{ExactBinarySpec, ExactFutility};
use super::region::Staircase;
use crate::two_proportions::CertifiedSupremum;
use crate::{Side, StatError};

/// What the registered rule says of a table at a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExactDecision {
    /// Stop: arm 1 is better.
    Efficacy,
    /// Stop: arm 1 is worse.
    Harm,
    /// Stop: success has become unlikely (may be overruled).
    Futility,
    /// Go on to the next look.
    Continue,
    /// The last look is over and no boundary was reached.
    Undecided,
}

/// Boundaries of one look. Scores count in the direction of benefit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExactLook {
    /// Units in arm 1.
    pub treatment: u64,
    /// Units in arm 0.
    pub control: u64,
    /// Cumulative error that the spending function allows by this look.
    pub allowed: f64,
    /// Lowest score that ends the trial with success; none when no table may, or when a margin orders the tables.
    pub efficacy: Option<Score>,
    /// The same as a number for reading; with a margin the lowest score for it.
    pub efficacy_z: Option<f64>,
    /// Number of tables, among those a trial can reach, that end it with success.
    pub efficacy_tables: u64,
    /// Cumulative probability of a false success by this look, at worst over the common proportion.
    pub size: CertifiedSupremum,
    /// Highest score that stops for futility.
    pub futility_z: Option<f64>,
    /// Highest score (negative) that stops for harm.
    pub harm_z: Option<f64>,
    /// Cumulative probability of a false alarm of harm by this look, at worst over the common proportion.
    pub harm_size: Option<CertifiedSupremum>,
}

/// An exact two-arm group-sequential design for a yes-or-no outcome.
///
/// It answers: *when may we stop, and how often would we be wrong, when there are only a few dozen units an arm?* The
/// tables of a look are ordered by their pooled score, compared as whole numbers; a table rejects when the probability of
/// rejecting by then, at the worst common proportion, stays within the error spent. That supremum is proved, not sampled
/// on a grid. The score rises with every outcome gained in arm 1 and falls with every one in arm 0, so the same bound
/// holds for all pairs of proportions in which arm 1 is not better.
///
/// With a margin it answers *is arm 1 at most so much worse?* The tables are then ordered by the score that supposes just
/// that difference, and the supremum is taken over all pairs of proportions that differ by it, proved in the same way.
///
/// When not: units must be independent (clusters: [`crate::sequential::permutation`]), group sizes must not depend on
/// outcomes, and above some 1,000 units an arm the normal design is as good and faster.
///
/// Source: Jennison and Turnbull 2000, chapter 12; Lin, Wei and DeMets 1991; Stallard and Todd 2000.
///
/// ```
/// use fairtrial_stats::sequential::Spending;
/// use fairtrial_stats::sequential::exact_binary::{ExactBinaryDesign, ExactBinarySpec, LookSize};
/// let looks = [10, 20, 30, 40].map(|n| LookSize { treatment: n, control: n }).to_vec();
/// let design = ExactBinaryDesign::new(ExactBinarySpec::new(looks, 0.025, Spending::LanDeMetsOBrienFleming))?;
/// assert!((design.size().value - 0.024_476_975_455_8).abs() < 1e-12);
/// assert!(design.size().upper_bound <= 0.025);
/// let power = design.operating(0.6, 0.3)?.efficacy;
/// assert!((power - 0.748).abs() < 5e-4);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ExactBinaryDesign {
    pub(crate) spec: ExactBinarySpec,
    pub(crate) sizes: Vec<Sizes>,
    pub(crate) looks: Vec<ExactLook>,
    pub(crate) efficacy: Vec<OneSidedLook>,
    pub(crate) harm: Vec<Staircase>,
    pub(crate) futility: Vec<Staircase>,
    /// Probability that no boundary was reached before, given the table at the look, when futility is obeyed.
    pub(crate) running: Vec<Grid>,
}

impl ExactBinaryDesign {
    /// Computes the boundaries of all looks of `spec`.
    ///
    /// The boundary of a look depends on the looks up to it alone. So when the sizes turn out otherwise than planned,
    /// put the sizes that happened: boundaries of looks already held stay as they were, and error not spent is spent
    /// later, at the latest at the look marked as the last.
    ///
    /// ```
    /// use fairtrial_stats::sequential::{Spending, exact_binary::{ExactBinaryDesign, ExactBinarySpec, ExactDecision, LookSize}};
    /// // One look of 3 and 3: Barnard's 3 of 3 against 0 of 3 has p^3 (1 - p)^3, at most 1/64, and no other table fits into 2.5 %.
    /// let looks = vec![LookSize { treatment: 3, control: 3 }];
    /// let design = ExactBinaryDesign::new(ExactBinarySpec::new(looks, 0.025, Spending::LanDeMetsPocock)).unwrap();
    /// assert!((design.size().value - 1.0 / 64.0).abs() < 1e-12 && design.looks()[0].efficacy_tables == 1);
    /// assert_eq!(design.decide(0, 3, 0).unwrap(), ExactDecision::Efficacy);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` for a probability outside (0, 1), no looks, falling or empty arms; `TooLarge` beyond
    /// [`super::MAX_CELLS`] lattice cells or [`super::MAX_WORK`] steps.
    pub fn new(spec: ExactBinarySpec) -> Result<Self, StatError> {
        spec.validate()?;
        let sizes: Vec<Sizes> = spec.looks.iter().map(|look| (look.treatment, look.control)).collect();
        let allowed = spec.allowed(spec.alpha, &spec.spending);
        let efficacy = boundary(&sizes, &allowed, spec.margin);
        let (harm, harm_looks) = harm_boundary(&spec, &sizes);
        let (futility, futility_scores, running) = futility_boundary(&spec, &sizes, &efficacy, &harm);
        let mut looks = Vec::with_capacity(sizes.len());
        for (k, (&(n1, n0), one_sided)) in sizes.iter().zip(&efficacy).enumerate() {
            let harm_look = harm_looks.get(k);
            looks.push(ExactLook {
                treatment: n1,
                control: n0,
                allowed: allowed.get(k).copied().unwrap_or(spec.alpha),
                efficacy: one_sided.threshold,
                efficacy_z: one_sided.z,
                efficacy_tables: one_sided.tables,
                size: one_sided.size,
                futility_z: futility_scores.get(k).copied().flatten(),
                harm_z: harm_look.and_then(|look| look.z).map(|z| -z),
                harm_size: harm_look.map(|look| look.size),
            });
        }
        Ok(Self { spec, sizes, looks, efficacy, harm, futility, running })
    }

    /// What was laid down.
    ///
    /// ```
    /// use fairtrial_stats::sequential::{Spending, exact_binary::{ExactBinaryDesign, ExactBinarySpec, LookSize}};
    /// let spec = ExactBinarySpec::new(vec![LookSize { treatment: 3, control: 3 }], 0.025, Spending::LanDeMetsPocock);
    /// assert_eq!(ExactBinaryDesign::new(spec.clone()).unwrap().spec(), &spec);
    /// ```
    #[must_use]
    pub fn spec(&self) -> &ExactBinarySpec {
        &self.spec
    }

    /// Boundaries and error rates of each look.
    ///
    /// ```
    /// use fairtrial_stats::sequential::{Spending, exact_binary::{ExactBinaryDesign, ExactBinarySpec, LookSize}};
    /// let looks = [4, 8].map(|n| LookSize { treatment: n, control: n }).to_vec();
    /// let design = ExactBinaryDesign::new(ExactBinarySpec::new(looks, 0.05, Spending::LanDeMetsPocock)).unwrap();
    /// // What has been spent never exceeds what the function allows, and all of it is allowed at the end.
    /// assert!(design.looks().iter().all(|look| look.size.upper_bound <= look.allowed));
    /// assert_eq!(design.looks()[1].allowed, 0.05);
    /// ```
    #[must_use]
    pub fn looks(&self) -> &[ExactLook] {
        &self.looks
    }

    /// Probability of a false success over the whole trial, at worst over the common proportion, with its proof.
    ///
    /// ```
    /// use fairtrial_stats::sequential::{Spending, exact_binary::{ExactBinaryDesign, ExactBinarySpec, LookSize}};
    /// let looks = vec![LookSize { treatment: 2, control: 2 }, LookSize { treatment: 4, control: 4 }];
    /// let design = ExactBinaryDesign::new(ExactBinarySpec::new(looks, 0.05, Spending::LanDeMetsOBrienFleming)).unwrap();
    /// // No common proportion makes a false success likelier than planned.
    /// assert!(design.size().value > 0.0 && design.size().upper_bound <= 0.05);
    /// ```
    #[must_use]
    pub fn size(&self) -> CertifiedSupremum {
        self.looks.last().map_or(CertifiedSupremum { value: 0.0, upper_bound: 0.0, at: 0.0 }, |look| look.size)
    }

    /// Probability of a false success by the end when both proportions are `p` and futility is overruled; with a margin, when
    /// arm 0's is `p` and arm 1's worse by the margin.
    ///
    /// ```
    /// use fairtrial_stats::sequential::{Spending, exact_binary::{ExactBinaryDesign, ExactBinarySpec, LookSize}};
    /// let looks = vec![LookSize { treatment: 2, control: 2 }, LookSize { treatment: 4, control: 4 }];
    /// let design = ExactBinaryDesign::new(ExactBinarySpec::new(looks, 0.05, Spending::LanDeMetsOBrienFleming)).unwrap();
    /// // 4 of 4 against 0 of 4 has p^4 (1 - p)^4, 1/256 at one half; the design has that table and more.
    /// assert!(design.size_at(0.5).unwrap() >= 1.0 / 256.0 && design.size_at(0.5).unwrap() <= design.size().upper_bound);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when `p` is not in [0, 1].
    pub fn size_at(&self, p: f64) -> Result<f64, StatError> {
        let p = self.oriented_proportion("p", p)?;
        let Some((look, &(n1, n0))) = self.efficacy.last().zip(self.sizes.last()) else { return Ok(0.0) };
        let rejected = rejected_by(look, n0);
        Ok(rejected.expectation(&binomial(n1, (p - self.spec.margin).clamp(0.0, 1.0)), &binomial(n0, p)))
    }

    /// What the rule says of `treatment` outcomes in arm 1 and `control` in arm 0 at look `look` (from 0).
    ///
    /// ```
    /// use fairtrial_stats::sequential::{Spending, exact_binary::{ExactBinaryDesign, ExactBinarySpec, ExactDecision, LookSize}};
    /// let looks = vec![LookSize { treatment: 2, control: 2 }, LookSize { treatment: 4, control: 4 }];
    /// let design = ExactBinaryDesign::new(ExactBinarySpec::new(looks, 0.05, Spending::LanDeMetsOBrienFleming)).unwrap();
    /// assert_eq!(design.decide(1, 4, 0).unwrap(), ExactDecision::Efficacy);
    /// assert_ne!(design.decide(1, 0, 4).unwrap(), ExactDecision::Efficacy);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when the look does not exist or a count exceeds the arm.
    pub fn decide(&self, look: usize, treatment: u64, control: u64) -> Result<ExactDecision, StatError> {
        let (x1, x0) = self.oriented(look, treatment, control)?;
        let holds = |sets: &[Staircase]| sets.get(look).is_some_and(|set| set.contains(x1, x0));
        Ok(if self.efficacy.get(look).is_some_and(|l| l.region.contains(x1, x0)) {
            ExactDecision::Efficacy
        } else if holds(&self.harm) {
            ExactDecision::Harm
        } else if holds(&self.futility) {
            ExactDecision::Futility
        } else if self.spec.last_is_final && look + 1 == self.sizes.len() {
            ExactDecision::Undecided
        } else {
            ExactDecision::Continue
        })
    }

    /// The outcomes in arm 1 and arm 0 of a table that just ends the trial with success at look `look` (from 0): none has a
    /// lower score and does so too. None where no table does, or the look does not exist.
    ///
    /// ```
    /// use fairtrial_stats::sequential::{Spending, exact_binary::{ExactBinaryDesign, ExactBinarySpec, LookSize}};
    /// let looks = vec![LookSize { treatment: 3, control: 3 }];
    /// let design = ExactBinaryDesign::new(ExactBinarySpec::new(looks, 0.025, Spending::LanDeMetsPocock)).unwrap();
    /// assert_eq!((design.least_success(0), design.least_success(1)), (Some((3, 0)), None));
    /// ```
    #[must_use]
    pub fn least_success(&self, look: usize) -> Option<(u64, u64)> {
        let (&(n1, n0), found) = self.sizes.get(look).zip(self.efficacy.get(look))?;
        let order = Order { margin: self.spec.margin };
        let last_of_row = |x1: u64| Some((x1, found.region.columns(x1 as usize, n0).next_back()? as u64));
        let (x1, x0) = (0..=n1).filter_map(last_of_row).min_by_key(|&(x1, x0)| order.rank(x1, n1, x0, n0))?;
        Some(if self.spec.direction == Side::Less { (n1 - x1, n0 - x0) } else { (x1, x0) })
    }

    /// Counts in the direction of benefit, checked.
    pub(crate) fn oriented(&self, look: usize, treatment: u64, control: u64) -> Result<(usize, usize), StatError> {
        let Some(&(n1, n0)) = self.sizes.get(look) else {
            return Err(StatError::invalid("look", format!("must be below {}", self.sizes.len())));
        };
        if treatment > n1 {
            return Err(StatError::invalid("treatment", format!("at most {n1} outcomes at this look")));
        }
        if control > n0 {
            return Err(StatError::invalid("control", format!("at most {n0} outcomes at this look")));
        }
        Ok(if self.spec.direction == Side::Less {
            ((n1 - treatment) as usize, (n0 - control) as usize)
        } else {
            (treatment as usize, control as usize)
        })
    }

    /// A proportion in the direction of benefit, checked.
    pub(crate) fn oriented_proportion(&self, argument: &str, p: f64) -> Result<f64, StatError> {
        if !(0.0..=1.0).contains(&p) {
            return Err(StatError::invalid(argument, "must lie between 0 and 1"));
        }
        Ok(if self.spec.direction == Side::Less { 1.0 - p } else { p })
    }
}

/// Probability of rejection at this look or before, given the table.
pub(crate) fn rejected_by(look: &OneSidedLook, n0: u64) -> Grid {
    let mut grid = look.before.clone();
    grid.fill(&look.region, n0, 1.0);
    grid
}

/// The harm boundary is the efficacy boundary of the exchanged arms.
fn harm_boundary(spec: &ExactBinarySpec, sizes: &[Sizes]) -> (Vec<Staircase>, Vec<OneSidedLook>) {
    let Some(harm) = &spec.harm else {
        return (sizes.iter().map(|&(n1, n0)| Staircase::no_low(n1, n0)).collect(), Vec::new());
    };
    let exchanged: Vec<Sizes> = sizes.iter().map(|&(n1, n0)| (n0, n1)).collect();
    let margin = -harm.margin.unwrap_or(spec.margin);
    let looks = boundary(&exchanged, &spec.allowed(harm.alpha, &harm.spending), margin);
    let sets = sizes.iter().zip(&looks).map(|(&(n1, n0), look)| {
        let mut set = Staircase::no_low(n1, n0);
        for x0 in (0..=n0).rev() {
            for x1 in look.region.columns(x0 as usize, n1) {
                set.add(x1 as u64, x0);
            }
        }
        set
    });
    (sets.collect(), looks)
}

/// Futility sets, their highest scores, and the lattice of trials still running when all rules are obeyed.
fn futility_boundary(
    spec: &ExactBinarySpec,
    sizes: &[Sizes],
    efficacy: &[OneSidedLook],
    harm: &[Staircase],
) -> (Vec<Staircase>, Vec<Option<f64>>, Vec<Grid>) {
    let mut sets: Vec<Staircase> = Vec::with_capacity(sizes.len());
    let mut scores = Vec::with_capacity(sizes.len());
    let mut running: Vec<Grid> = Vec::with_capacity(sizes.len());
    let mut spent = 0.0;
    for (k, ((&(n1, n0), efficacy_look), harm_set)) in sizes.iter().zip(efficacy).zip(harm).enumerate() {
        let previous = k.checked_sub(1).and_then(|j| Some((j, running.get(j)?, sizes.get(j)?)));
        let grid = match previous {
            Some((j, grid, &(m1, m0))) => {
                let mut open = grid.clone();
                let stops = [efficacy.get(j).map(|look| &look.region), harm.get(j), sets.get(j)];
                for set in stops.into_iter().flatten() {
                    open.fill(set, m0, 0.0);
                }
                open.carry(&Thinning::new(m1, n1), &Thinning::new(m0, n0))
            }
            None => Grid::filled(n1, n0, 1.0),
        };
        let is_last = spec.last_is_final && k + 1 == sizes.len();
        let (set, score) = if is_last {
            (Staircase::no_low(n1, n0), None)
        } else {
            futile_tables(spec, k, (n1, n0), &grid, &efficacy_look.region, harm_set, &mut spent)
        };
        sets.push(set);
        scores.push(score);
        running.push(grid);
    }
    (sets, scores, running)
}

fn futile_tables(
    spec: &ExactBinarySpec,
    k: usize,
    (n1, n0): Sizes,
    running: &Grid,
    efficacy: &Staircase,
    harm: &Staircase,
    spent: &mut f64,
) -> (Staircase, Option<f64>) {
    let mut set = Staircase::no_low(n1, n0);
    if spec.futility == ExactFutility::None {
        return (set, None);
    }
    let order = Order { margin: spec.margin };
    let mut tables: Vec<(Rank, u64, u64)> = (0..=n1)
        .flat_map(|x1| (0..=n0).map(move |x0| (x1, x0)))
        .filter(|&(x1, x0)| !efficacy.contains(x1 as usize, x0 as usize))
        .map(|(x1, x0)| (order.rank(x1, n1, x0, n0), x1, x0))
        .collect();
    tables.sort_unstable();
    let mut highest = None;
    match &spec.futility {
        ExactFutility::None => {}
        ExactFutility::Score { z } => {
            for &(_, x1, x0) in tables.iter().take_while(|&&(_, x1, x0)| order.z(x1, n1, x0, n0) <= *z) {
                set.add(x1, x0);
                highest = Some(order.z(x1, n1, x0, n0));
            }
        }
        ExactFutility::BetaSpending { beta, spending, treatment, control } => {
            let mirrored = |p: f64| if spec.direction == Side::Less { 1.0 - p } else { p };
            let (arm1, arm0) = (binomial(n1, mirrored(*treatment)), binomial(n0, mirrored(*control)));
            let allowed = spec.allowed(*beta, spending).get(k).copied().unwrap_or(*beta);
            for group in tables.chunk_by(|a, b| a.0 == b.0) {
                let mass: f64 = group
                    .iter()
                    .filter(|&&(_, x1, x0)| !harm.contains(x1 as usize, x0 as usize))
                    .map(|&(_, x1, x0)| running.row(x1 as usize)[x0 as usize] * arm1[x1 as usize] * arm0[x0 as usize])
                    .sum();
                if *spent + mass > allowed {
                    break;
                }
                *spent += mass;
                for &(_, x1, x0) in group {
                    set.add(x1, x0);
                    highest = Some(order.z(x1, n1, x0, n0));
                }
            }
        }
    }
    (set, highest)
}
