use serde::{Deserialize, Serialize};

use super::step_contrast::Contrast;
use crate::assignment::Assignment;
use crate::error::StatError;
use crate::estimate::{Estimate, Guarantee, Side};
use crate::means::Draws;
use crate::shift_inversion::{Inversion, Line, check_question};
use crate::sufficient::{FixedSums, Step};

/// Most orders of the sites that are looked at.
const MOST_ORDERS: u64 = 5_000_000;
/// Most sites and periods.
const MOST_SITES: usize = 2_000;
const MOST_PERIODS: usize = 200;
/// Most steps of the computation.
const MOST_WORK: u64 = 5_000_000_000;
/// Statistics that differ by less than this share of the largest possible one are ties.
const TIE: f64 = 1e-10;

/// What a site works with in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// The current version.
    Current,
    /// Both, or neither properly: left out of the comparison.
    Transition,
    /// The new version.
    New,
}

/// A phased roll-out: sums of the outcome for every site and period, and the calendar that was drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SteppedWedge {
    /// One row a site, one entry a period: exact sums over the units of that site and period. A yes-or-no outcome has the
    /// number of successes as its sum and as its sum of squares.
    pub cells: Vec<Vec<FixedSums>>,
    /// The size of one whole number of the sums in the outcome's unit.
    pub step: Step,
    /// What each site worked with in each period, as drawn.
    pub calendar: Vec<Vec<StepState>>,
    /// The stratum of each site, when the order was drawn within strata.
    #[serde(default)]
    pub strata: Option<Vec<usize>>,
}

impl SteppedWedge {
    /// Number of different orders in which the sites could have been drawn; infinite when a double cannot hold it.
    ///
    /// Up to 2^22 all of them can be gone through ([`Draws::Exact`]).
    ///
    /// ```
    /// use fairtrial_stats::cluster::{StepState::{Current, New}, SteppedWedge};
    /// use fairtrial_stats::sufficient::{FixedSums, Step};
    /// // Three sites, the first to go over drawn: each could have been it.
    /// let cell = FixedSums::of([1, 2, 4]).unwrap();
    /// let trial = SteppedWedge {
    ///     cells: vec![vec![cell; 2]; 3],
    ///     step: Step::ONE,
    ///     calendar: vec![vec![Current, New], vec![Current, Current], vec![Current, Current]],
    ///     strata: None,
    /// };
    /// assert!((trial.orders().unwrap() - 3.0).abs() < 1e-12);
    /// ```
    ///
    /// # Errors
    /// As [`stepped_wedge_permutation`].
    pub fn orders(&self) -> Result<f64, StatError> {
        Ok(self.assignment()?.0.ways())
    }

    /// Refuses tables of another shape than the calendar's.
    pub(super) fn check_shape(&self) -> Result<(), StatError> {
        let (sites, periods) = (self.cells.len(), self.cells.first().map_or(0, Vec::len));
        if sites < 2 || periods < 1 {
            return Err(StatError::TooFewUnits { need: 2, got: sites as u64 });
        }
        if sites > MOST_SITES || periods > MOST_PERIODS {
            let reason = format!("more than {MOST_SITES} sites or {MOST_PERIODS} periods");
            return Err(StatError::TooLarge { reason });
        }
        if self.cells.iter().any(|row| row.len() != periods) {
            return Err(StatError::invalid("cells", "every site needs one entry per period"));
        }
        if self.calendar.len() != sites || self.calendar.iter().any(|row| row.len() != periods) {
            return Err(StatError::invalid("calendar", "needs one row per site and one entry per period"));
        }
        Ok(())
    }

    /// The place of every site in the list of different rows, and that list.
    fn assignment(&self) -> Result<(Assignment<usize>, Vec<&[StepState]>), StatError> {
        self.check_shape()?;
        let sites = self.cells.len();
        if self.strata.as_ref().is_some_and(|strata| strata.len() != sites) {
            return Err(StatError::invalid("strata", "needs one entry per site"));
        }
        let mut rows: Vec<&[StepState]> = self.calendar.iter().map(Vec::as_slice).collect();
        rows.sort_unstable();
        rows.dedup();
        let places: Vec<usize> =
            self.calendar.iter().map(|row| rows.partition_point(|r| *r < row.as_slice())).collect();
        Ok((Assignment::new(&places, self.strata.as_deref())?, rows))
    }

    /// Means of the cells in the outcome's unit; none without units.
    fn means(&self) -> Result<Vec<Vec<Option<f64>>>, StatError> {
        let mean = |cell: &FixedSums| match cell.n {
            0 if cell.s1 != 0 || cell.s2 != 0 => Err(StatError::invalid("cells", "a cell without units has no sums")),
            0 => Ok(None),
            _ => Ok(Some(cell.moments(self.step)?.mean)),
        };
        self.cells.iter().map(|row| row.iter().map(mean).collect()).collect()
    }
}

/// Did the new version change the outcome in a phased roll-out? (The order of the sites drawn again.)
///
/// # Arguments
/// * `wedge` - sums of every site and period, the calendar, and the strata within which the order was drawn.
/// * `correlation` - supposed correlation of two periods of the same site, 0 to 1, fixed before the data are seen. It
///   decides the power only, never the error rate. At 1 every site is also compared with itself; at 0 only sites of the same
///   period are compared.
/// * `how` - all orders, or a number drawn from a seed; `null_difference`, `side`, `level` - the question.
///
/// # Result
/// Difference new - current of the mean of a site and period, every site counting the same. Periods have effects of their
/// own, so that change over time is never taken for the effect; months before and after are never pooled. The p-value is the
/// share of all orders of the sites with a difference at least as large once `null_difference` is taken away from the new
/// version, twice the smaller one when two-sided. The interval holds the differences that the same test does not reject: the
/// test at 1 - `level` rejects exactly when the interval leaves out `null_difference`. With too few orders it is unbounded.
///
/// Cells in transition are left out. Under another order a cell in which a site was in transition does count; while it
/// changed over, the site is taken to have had anything from nothing to the whole effect, whichever speaks less against
/// the difference in question. So the test holds whatever happened in transition between these two.
///
/// Periods with cells without units are compared as far as there are units; an empty cell takes the mean of its period. The
/// error rate then supposes that it would have been empty under every order; with an empty cell in transition it is
/// approximate, and `guarantee` says so.
///
/// # When not
/// Not when the order was not drawn at random, or was drawn in another way than within the strata given; not for an effect
/// that grows with time since the change, of which this is a mean. [`super::stepped_wedge`] is more precise when its model
/// holds.
///
/// # Source
/// Ji, Fink, Robyn and Small (2017), Annals of Applied Statistics 11:1-20; Wang and De Gruttola (2017), Statistics in Medicine
/// 36:2831-2843; Thompson and others (2018), Statistics in Medicine 37:2487-2500; the weights are those of Hussey and Hughes
/// (2007).
///
/// # Errors
/// `NotEstimable` when the calendar does not tell the version from the periods or there is only one order, `ZeroVariance`
/// when all sites are alike, `TooFewUnits` below two sites, `TooLarge` beyond 2^22 orders enumerated, 5 million drawn, 2,000
/// sites or 200 periods, `InvalidArgument`.
///
/// ```
/// use fairtrial_stats::cluster::{StepState, SteppedWedge, stepped_wedge_permutation};
/// use fairtrial_stats::means::Draws;
/// use fairtrial_stats::sufficient::{FixedSums, Step};
/// use fairtrial_stats::Side;
/// use StepState::{Current, New};
/// // Three offices change one after the other, 20 people a month each; the later months are better for everybody.
/// let successes = [[8, 15, 17, 19], [7, 10, 16, 18], [8, 9, 11, 18]];
/// let wedge = SteppedWedge {
///     cells: successes.map(|row| row.map(|x| FixedSums { n: 20, s1: x, s2: x }).to_vec()).to_vec(),
///     step: Step::ONE,
///     calendar: (1..=3).map(|from| (0..4).map(|t| if t < from { Current } else { New }).collect()).collect(),
///     strata: None,
/// };
/// let effect = stepped_wedge_permutation(&wedge, 1.0, Draws::Exact, 0.0, Side::Greater, 0.8)?;
/// // The drawn order shows the largest difference of all six.
/// assert!((effect.p_value.unwrap().p() - 1.0 / 6.0).abs() < 1e-12);
/// assert!((effect.point.unwrap() - 0.25).abs() < 0.05 && effect.interval.lower > 0.0);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn stepped_wedge_permutation(
    wedge: &SteppedWedge,
    correlation: f64,
    how: Draws,
    null_difference: f64,
    side: Side,
    level: f64,
) -> Result<Estimate, StatError> {
    check_question(null_difference, level)?;
    if !(0.0..=1.0).contains(&correlation) {
        return Err(StatError::invalid("correlation", "must be between 0 and 1"));
    }
    let (assignment, rows) = wedge.assignment()?;
    let contrast = Contrast::new(&wedge.means()?, &wedge.calendar, &rows, &assignment.observed, correlation)?;
    let orders = assignment.count(how, 1)?;
    if orders > MOST_ORDERS || orders.saturating_mul(contrast.work()) > MOST_WORK {
        let reason = format!("at most {MOST_ORDERS} orders, and {MOST_WORK} orders times sites");
        return Err(StatError::TooLarge { reason });
    }
    if orders < 2 || assignment.ways() < 1.5 {
        return Err(StatError::not_estimable("there is only one order in which the sites could have been drawn"));
    }
    let observed = contrast.of(&assignment.observed);
    if observed.new_version <= 1e-9 * contrast.largest_weight() {
        return Err(StatError::not_estimable("the calendar does not tell the version from the periods"));
    }
    if contrast.largest_value() <= 0.0 {
        return Err(StatError::ZeroVariance);
    }
    let unit = observed.new_version;
    let tolerance = TIE * contrast.largest_value() / unit;
    let mut inversion = Inversion::new(null_difference, observed.value / unit, tolerance);
    assignment.each(how, |places| {
        let order = contrast.of(places);
        let slope = 1.0 - order.new_version / unit;
        let (least, most) = contrast.transition_range(places);
        let (steep, shallow) = (slope - least / unit, slope - most / unit);
        let line = Line {
            excess: (order.value - observed.value) / unit,
            largest: [shallow, steep],
            smallest: [steep, shallow],
        };
        inversion.see(&line);
    });
    let (p_value, interval) = inversion.answer(side, level);
    Ok(Estimate {
        point: Some(observed.value / unit),
        standard_error: None,
        degrees_of_freedom: None,
        interval,
        p_value: Some(p_value),
        method: "permutation test over the order of the sites".to_owned(),
        guarantee: if contrast.empty_in_transition() { Guarantee::Asymptotic } else { Guarantee::DesignBased },
    })
}
