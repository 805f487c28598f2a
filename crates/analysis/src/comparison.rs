//! Two arms compared on one outcome, by the method that the kind of outcome and the allocation ask for.
//!
//! | units assigned | outcome | difference | ratio | test of a margin |
//! |---|---|---|---|---|
//! | one by one | binary | Miettinen-Nurminen, Boschloo's test when small | Miettinen-Nurminen | score test |
//! | one by one | count, amount, duration, rating | Welch's t on exact sums | Fieller | Welch's t |
//! | whole clusters | any | Welch's t on cluster means | Fieller on cluster means | Welch's t on cluster means |
//! | sites that cross in steps | any | permutation of the order of the sites, period by period | none | the same |
//!
//! Where the plan adjusts for something and the evidence holds it, [`crate::adjusting`] takes the place of the
//! difference and of the test.

use std::{cell::RefCell, collections::BTreeMap};

use fairtrial_domain::protocol::{Allocation, Better, Outcome, OutcomeKind, Protocol};
use fairtrial_stats::{
    Estimate, Guarantee, Interval, PValue, Side, StatError,
    cluster::{cluster_means_welch, stepped_wedge_permutation},
    means::{Draws, ratio_of_means, welch},
    sufficient::Moments,
    two_proportions::{self, EXACT_TOTAL, ScoreVariance, Table, barnard, boschloo, pooled_z, score_test},
};

use crate::{
    adjusting::{self, Adjusting},
    monitor::{ExactBound, ExactLooks},
    report::{Comparison, Measure, NotEstimable},
    sample::ArmSample,
};

/// Orders of the sites up to which all are looked at; beyond, that many are drawn from a fixed seed.
const MOST_ORDERS: f64 = 20_000.0;
const ORDERS_DRAWN: u64 = 20_000;
const SEED: u64 = 1;
/// Supposed correlation of two periods of a site: it decides the power only, never the error rate.
pub(crate) const PERIOD_CORRELATION: f64 = 0.5;

/// How units of one trial are compared on one outcome.
#[derive(Debug, Clone, Copy)]
pub struct Method<'a> {
    /// The outcome.
    pub outcome: &'a Outcome,
    /// Whether whole clusters are assigned.
    pub by_cluster: bool,
    /// Whether clusters change their arm over time, so that people of different times must not be compared as one.
    pub over_time: bool,
    /// Whether the arms are compared at equal values of what the samples carry for it.
    pub adjusted: bool,
}

/// What orders the tables of an exact test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ExactOrder {
    /// Fisher's p-value: Boschloo's test.
    Fisher,
    /// The pooled score, which orders them also in the exact design with looks: Barnard's test.
    Score,
}

/// The order of tables, whether more is asked for, and the table itself.
type ExactQuestion = (ExactOrder, bool, [u64; 4]);

/// Exact p-values and boundaries that were computed before: a rehearsal meets the same small tables again and again.
#[derive(Debug, Default)]
pub struct Remembered {
    tests: RefCell<BTreeMap<ExactQuestion, PValue>>,
    pub(crate) looks: RefCell<BTreeMap<ExactLooks, Option<ExactBound>>>,
}

impl Remembered {
    pub(crate) fn exact(&self, table: &Table, order: ExactOrder, side: Side) -> Result<PValue, StatError> {
        let key = (order, side == Side::Greater, [table.x1(), table.n1(), table.x0(), table.n0()]);
        if let Some(known) = self.tests.borrow().get(&key) {
            return Ok(*known);
        }
        let p_value = match order {
            ExactOrder::Fisher => boschloo(table, side)?.p_value,
            ExactOrder::Score => barnard(table, side)?.p_value,
        };
        self.tests.borrow_mut().insert(key, p_value);
        Ok(p_value)
    }
}

/// A one-sided test's answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Tested {
    /// p-value against the null difference.
    pub p_value: PValue,
    /// The field's name of the test.
    pub method: String,
    /// On what its error rate rests.
    pub guarantee: Guarantee,
}

/// The direction that is good for people.
#[must_use]
pub fn good_side(outcome: &Outcome) -> Side {
    match outcome.better {
        Better::Increase => Side::Greater,
        Better::Decrease => Side::Less,
    }
}

/// The direction that is bad for people.
#[must_use]
pub fn bad_side(outcome: &Outcome) -> Side {
    match outcome.better {
        Better::Increase => Side::Less,
        Better::Decrease => Side::Greater,
    }
}

/// A difference turned so that more is better.
#[must_use]
pub fn gain(outcome: &Outcome, difference: f64) -> f64 {
    match outcome.better {
        Better::Increase => difference,
        Better::Decrease => -difference,
    }
}

/// A number as it may stand in a report: finite or absent.
#[must_use]
pub fn finite(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}

/// A p-value as it may stand in a report: never a false 0.
#[must_use]
pub fn shown(p: PValue) -> Option<f64> {
    finite(p.p().max(f64::MIN_POSITIVE))
}

impl<'a> Method<'a> {
    /// The method for an outcome of a plan.
    #[must_use]
    pub fn of(plan: &Protocol, outcome: &'a Outcome) -> Self {
        let over_time = matches!(plan.allocation, Allocation::SteppedWedge { .. });
        Self { outcome, by_cluster: plan.allocation.is_by_cluster(), over_time, adjusted: true }
    }

    /// The same without adjustment.
    #[must_use]
    pub fn plain(self) -> Self {
        Self { adjusted: false, ..self }
    }

    /// Whether two arms are compared with adjustment.
    #[must_use]
    pub fn adjusts(&self, arm1: &ArmSample, arm0: &ArmSample) -> bool {
        self.adjusted && arm1.adjusting.is_done() && arm0.adjusting.is_done()
    }

    /// What adjustment makes of two arms whose numbers can be true; none where the plan does not adjust.
    fn with_adjustment<T>(
        &self,
        (arm1, arm0): (&ArmSample, &ArmSample),
        compare: impl Fn(&Adjusting, &Adjusting) -> Option<Result<T, StatError>>,
    ) -> Option<Result<T, NotEstimable>> {
        if !self.adjusts(arm1, arm0) {
            return None;
        }
        if let Err(wrong) = arm1.readable().and_then(|()| arm0.readable()) {
            return Some(Err(wrong));
        }
        compare(&arm1.adjusting, &arm0.adjusting).map(stat)
    }

    fn is_table(&self) -> bool {
        !self.by_cluster && self.outcome.kind == OutcomeKind::Binary
    }

    fn table(arm1: &ArmSample, arm0: &ArmSample) -> Result<Table, NotEstimable> {
        arm1.readable()?;
        arm0.readable()?;
        Table::new(arm1.events()?, arm1.analysed, arm0.events()?, arm0.analysed).map_err(|e| NotEstimable::from(&e))
    }

    /// Moments of what counts as one observation: a unit, or a cluster's mean.
    ///
    /// # Errors
    /// When there are none, or their sums contradict each other.
    pub fn moments(&self, arm: &ArmSample) -> Result<Moments, NotEstimable> {
        self.must_not_pool_over_time()?;
        if !self.by_cluster {
            return arm.moments(self.outcome);
        }
        let means: Vec<f64> = arm.cluster_moments(self.outcome)?.iter().map(|cluster| cluster.mean).collect();
        Moments::of(&means).map_err(|e| NotEstimable::from(&e))
    }

    /// The difference 1 - 0 with its interval and the two-sided p-value of no difference.
    ///
    /// # Errors
    /// When the data do not determine it.
    pub fn difference(&self, arm1: &ArmSample, arm0: &ArmSample, level: f64) -> Result<Estimate, NotEstimable> {
        let adjusted = |one: &Adjusting, zero: &Adjusting| adjusting::difference(one, zero, level);
        if let Some(found) = self.with_adjustment((arm1, arm0), adjusted) {
            return found;
        }
        if self.is_table() {
            let t = Self::table(arm1, arm0)?;
            return stat(two_proportions::risk_difference(t.x1(), t.n1(), t.x0(), t.n0(), level));
        }
        self.t_test(arm1, arm0, 0.0, Side::Two, level)
    }

    /// The ratio 1 / 0 with its interval and the two-sided p-value of a ratio of 1.
    ///
    /// # Errors
    /// When the data do not determine it.
    pub fn ratio(&self, arm1: &ArmSample, arm0: &ArmSample, level: f64) -> Result<Estimate, NotEstimable> {
        let adjusted = |one: &Adjusting, zero: &Adjusting| adjusting::common_ratio(one, zero, level);
        if let Some(found) = self.with_adjustment((arm1, arm0), adjusted) {
            return found;
        }
        if self.is_table() {
            let t = Self::table(arm1, arm0)?;
            return stat(two_proportions::risk_ratio(t.x1(), t.n1(), t.x0(), t.n0(), level));
        }
        let (moments1, moments0) = (self.moments(arm1)?, self.moments(arm0)?);
        if moments1.mean < 0.0 || moments0.mean < 0.0 {
            return Err(NotEstimable::new("not_estimable", "a ratio says nothing when a mean is below zero"));
        }
        let mut estimate = stat(ratio_of_means(&moments1, &moments0, 1.0, Side::Two, level))?;
        if self.by_cluster {
            estimate.method = "Fieller's ratio of cluster means".to_owned();
        }
        Ok(estimate)
    }

    /// The order of the sites drawn again, every period compared within itself.
    fn by_order(arm1: &ArmSample, null_difference: f64, side: Side, level: f64) -> Result<Estimate, NotEstimable> {
        let wedge = arm1
            .wedge
            .as_ref()
            .ok_or_else(|| NotEstimable::new("no_calendar", "the evidence does not say which site crossed when"))?;
        arm1.readable()?;
        let orders = wedge.orders().map_err(|e| NotEstimable::from(&e))?;
        let how =
            if orders <= MOST_ORDERS { Draws::Exact } else { Draws::MonteCarlo { draws: ORDERS_DRAWN, seed: SEED } };
        stat(stepped_wedge_permutation(wedge, PERIOD_CORRELATION, how, null_difference, side, level))
    }

    /// In a stepped wedge the new version comes later than the current one, so whatever else changes over time would count
    /// as its effect.
    fn must_not_pool_over_time(&self) -> Result<(), NotEstimable> {
        if self.over_time {
            let detail = "in a stepped wedge the versions follow each other in time; people of different times are not compared \
                          as if they had come together";
            return Err(NotEstimable::new("changes_over_time", detail));
        }
        Ok(())
    }

    fn t_test(
        &self,
        arm1: &ArmSample,
        arm0: &ArmSample,
        null_difference: f64,
        side: Side,
        level: f64,
    ) -> Result<Estimate, NotEstimable> {
        if self.over_time {
            return Self::by_order(arm1, null_difference, side, level);
        }
        if self.by_cluster {
            let clusters1 = arm1.cluster_moments(self.outcome)?;
            let clusters0 = arm0.cluster_moments(self.outcome)?;
            return stat(cluster_means_welch(&clusters1, &clusters0, null_difference, side, level));
        }
        let (moments1, moments0) = (arm1.moments(self.outcome)?, arm0.moments(self.outcome)?);
        stat(welch(&moments1, &moments0, null_difference, side, level))
    }

    /// Whether the difference lies on one side of a null value.
    ///
    /// # Errors
    /// When the data do not determine it.
    pub fn test(
        &self,
        arm1: &ArmSample,
        arm0: &ArmSample,
        null_difference: f64,
        side: Side,
    ) -> Result<Tested, NotEstimable> {
        self.test_remembering(arm1, arm0, null_difference, side, &Remembered::default())
    }

    /// The same, looking small tables up in `known` and adding them to it.
    ///
    /// # Errors
    /// When the data do not determine it.
    pub fn test_remembering(
        &self,
        arm1: &ArmSample,
        arm0: &ArmSample,
        null_difference: f64,
        side: Side,
        known: &Remembered,
    ) -> Result<Tested, NotEstimable> {
        let adjusted = |one: &Adjusting, zero: &Adjusting| adjusting::test(one, zero, null_difference, side);
        if let Some(found) = self.with_adjustment((arm1, arm0), adjusted) {
            return found;
        }
        if !self.is_table() {
            let estimate = self.t_test(arm1, arm0, null_difference, side, 0.95)?;
            let p_value =
                estimate.p_value.ok_or_else(|| NotEstimable::new("not_estimable", "the test has no p-value"))?;
            return Ok(Tested { p_value, method: estimate.method, guarantee: estimate.guarantee });
        }
        let table = Self::table(arm1, arm0)?;
        if null_difference == 0.0 && table.total() <= EXACT_TOTAL {
            let p_value = stat(known.exact(&table, ExactOrder::Fisher, side))?;
            return Ok(Tested { p_value, method: "Boschloo's exact test".to_owned(), guarantee: Guarantee::Exact });
        }
        let p_value = stat(score_test(&table, null_difference, side, ScoreVariance::MiettinenNurminen))?;
        let method = "Miettinen-Nurminen score test".to_owned();
        Ok(Tested { p_value, method, guarantee: Guarantee::Asymptotic })
    }

    /// Whether the arms differ, by the score that orders the tables in the exact design with looks: its p-value is that of one
    /// look taken by itself, and is held against the boundary of the look, on which the guarantee rests.
    ///
    /// # Errors
    /// When the data do not determine it.
    pub(crate) fn test_by_score(
        &self,
        (arm1, arm0): (&ArmSample, &ArmSample),
        null_difference: f64,
        side: Side,
        known: &Remembered,
    ) -> Result<Tested, NotEstimable> {
        let table = Self::table(arm1, arm0)?;
        let (p_value, test) = if null_difference == 0.0 {
            (stat(known.exact(&table, ExactOrder::Score, side))?, "Barnard's exact test")
        } else {
            let p_value = stat(score_test(&table, null_difference, side, ScoreVariance::MiettinenNurminen))?;
            (p_value, "Miettinen-Nurminen score test")
        };
        let method = format!("{test} at the boundary of an exact sequential design");
        Ok(Tested { p_value, method, guarantee: Guarantee::Exact })
    }

    /// The pooled score of two shares, so that more is better; 0 where nothing varies.
    pub(crate) fn pooled_score(&self, arm1: &ArmSample, arm0: &ArmSample) -> Option<f64> {
        let table = Self::table(arm1, arm0).ok()?;
        match pooled_z(&table) {
            Ok(z) => finite(gain(self.outcome, z)),
            Err(StatError::ZeroVariance) => Some(0.0),
            Err(_) => None,
        }
    }

    /// The difference where it can be had without a measure of its certainty: when nothing varies, for example.
    fn bare_difference(&self, arm1: &ArmSample, arm0: &ArmSample) -> Option<f64> {
        let (one, zero) = (self.moments(arm1).ok()?, self.moments(arm0).ok()?);
        finite(one.mean - zero.mean)
    }

    /// A comparison as it stands in the report.
    #[must_use]
    pub fn compare(
        &self,
        (arm1, key1): (&ArmSample, &fairtrial_domain::ArmKey),
        (arm0, key0): (&ArmSample, &fairtrial_domain::ArmKey),
        measure: Measure,
        level: f64,
    ) -> Comparison {
        let result = match measure {
            Measure::Difference => self.difference(arm1, arm0, level),
            Measure::Ratio => self.ratio(arm1, arm0, level),
        };
        let mut comparison = Comparison {
            arm: key1.clone(),
            control: key0.clone(),
            measure,
            estimate: None,
            lower: None,
            upper: None,
            level,
            p_value: None,
            method: None,
            guarantee: None,
            not_estimable: None,
        };
        match result {
            Ok(estimate) => fill(&mut comparison, &estimate),
            Err(reason) => {
                comparison.not_estimable = Some(reason);
                if measure == Measure::Difference {
                    comparison.estimate = self.bare_difference(arm1, arm0);
                }
            }
        }
        comparison
    }
}

fn fill(comparison: &mut Comparison, estimate: &Estimate) {
    let Interval { lower, upper, level } = estimate.interval;
    comparison.estimate = estimate.point.and_then(finite);
    comparison.lower = finite(lower);
    comparison.upper = finite(upper);
    comparison.level = level;
    comparison.p_value = estimate.p_value.and_then(shown);
    comparison.method = Some(estimate.method.clone());
    comparison.guarantee = Some(estimate.guarantee);
    let unbounded = match (comparison.lower, comparison.upper) {
        (Some(_), Some(_)) => None,
        (None, None) => Some("the data set no bound on either side"),
        (None, Some(_)) => Some("the data set no lower bound"),
        (Some(_), None) => Some("the data set no upper bound"),
    };
    comparison.not_estimable = match (comparison.estimate, unbounded) {
        (None, _) => Some(NotEstimable::new("not_estimable", "nothing happened in the arm that is divided by")),
        (Some(_), Some(detail)) => Some(NotEstimable::new("unbounded", detail)),
        (Some(_), None) => None,
    };
}

fn stat<T>(result: Result<T, StatError>) -> Result<T, NotEstimable> {
    result.map_err(|e| NotEstimable::from(&e))
}
