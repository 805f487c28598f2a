//! The edge of a null hypothesis about two proportions, and the tables that speak against it as loudly as the observed one.

use super::exact_ratio::ExactMeasure;
use super::frontier::{Frontier, Start, odds_curve, start};
use super::limit_search::secant;
use super::score::{Ratio, ScoreVariance, difference_z, ratio_z};
use super::table::Table;
use crate::StatError;
use crate::special::elementary::{exp, ln, ln_1p};

/// Largest number of possible tables.
const MAX_TABLES: u64 = 110_000;

/// The edge of a null hypothesis: which p1 goes with each p0.
#[derive(Debug, Clone, Copy)]
pub(super) enum Null {
    /// p1 - p0.
    Difference(f64),
    /// p1 / p0 or the ratio of the odds; above 0.
    Ratio(Ratio, f64),
}

impl Null {
    pub(super) fn statistic(self, table: &Table) -> f64 {
        match self {
            Self::Difference(difference) => difference_z(table, difference, ScoreVariance::Uncorrected),
            // Without any variation no odds are contradicted; rounding must not say otherwise.
            Self::Ratio(Ratio::Odds, _) if table.successes() == 0 || table.successes() == table.total() => 0.0,
            Self::Ratio(measure, ratio) => ratio_z(table, measure, ratio, ScoreVariance::Uncorrected),
        }
    }

    /// The proportions p1 and p0 at a place along the edge: p0 itself, for odds the mean of both logits, because one of the
    /// proportions rushes through [0, 1] while the other one hardly moves.
    pub(super) fn pair(self, place: f64) -> (f64, f64) {
        let (p1, p0) = match self {
            Self::Difference(difference) => (place + difference, place),
            Self::Ratio(Ratio::Risk, ratio) => (place * ratio, place),
            Self::Ratio(Ratio::Odds, ratio) => {
                let half = 0.5 * ln(ratio);
                let expit = |logit: f64| 1.0 / (1.0 + exp(-logit));
                (expit(place + half), expit(place - half))
            }
        };
        (p1.clamp(0.0, 1.0), p0.clamp(0.0, 1.0))
    }

    /// The places at which both proportions lie in [0, 1] and p0 between two bounds. Odds are followed until both are within
    /// e^-40 of an end.
    pub(super) fn places(self, (from, to): (f64, f64)) -> (f64, f64) {
        match self {
            Self::Difference(difference) => {
                let low = (-difference).max(0.0);
                (low.max(from), (1.0 - difference).min(1.0).max(low).min(to))
            }
            Self::Ratio(Ratio::Risk, ratio) => (from, (1.0 / ratio).min(1.0).min(to)),
            Self::Ratio(Ratio::Odds, ratio) => {
                let half = 0.5 * ln(ratio);
                let place = |p0: f64| ln(p0) - ln_1p(-p0) + half;
                let far = 40.0 + half.abs();
                (place(from).max(-far), place(to).min(far))
            }
        }
    }

    /// The ends of the edge, p1 and p0 at each, where both proportions move along a straight line between them.
    pub(super) fn line(self) -> Option<[(f64, f64); 2]> {
        match self {
            Self::Difference(difference) if difference <= 0.0 => Some([(0.0, -difference), (1.0 + difference, 1.0)]),
            Self::Difference(difference) => Some([(difference, 0.0), (1.0, 1.0 - difference)]),
            Self::Ratio(Ratio::Risk, ratio) if ratio <= 1.0 => Some([(0.0, 0.0), (ratio, 1.0)]),
            Self::Ratio(Ratio::Risk, ratio) => Some([(0.0, 0.0), (1.0, 1.0 / ratio)]),
            Self::Ratio(Ratio::Odds, _) => None,
        }
    }
}

pub(super) fn check_size(table: &Table) -> Result<(), StatError> {
    let tables = u128::from(table.n1() + 1) * u128::from(table.n0() + 1);
    if tables > u128::from(MAX_TABLES) {
        let reason = "exact tests of a difference take up to 110,000 tables (330 people an arm)".to_owned();
        return Err(StatError::TooLarge { reason });
    }
    Ok(())
}

/// The tables at least as extreme (towards arm 1) as the observed one: for every x0 the smallest x1.
pub(super) fn thresholds(table: &Table, null: Null) -> Vec<u64> {
    thresholds_over(table, null, null, None)
}

/// The same, looked for about those of a null hypothesis nearby.
pub(super) fn thresholds_near(table: &Table, null: Null, known: &[u64]) -> Vec<u64> {
    thresholds_over(table, null, null, Some(known))
}

/// A cell of null hypotheses, from `outer` inwards to `inner` (places on the scale of the measure).
#[derive(Clone, Copy)]
pub(super) struct Cell<'a> {
    pub(super) table: &'a Table,
    pub(super) measure: ExactMeasure,
    pub(super) outer: f64,
    pub(super) inner: f64,
}

impl Cell<'_> {
    /// All tables that can be as extreme as the observed one somewhere in the cell, and others: for every x0 the smallest x1.
    ///
    /// Every score falls as its null hypothesis moves inwards, so such a table has at `outer` at least the score that the observed
    /// one has at `inner`. (With t the parameter in which the likelihood is concave and the null hypothesis fixes a difference, the
    /// squared score is the product of the slope of the profile likelihood, which falls, and of a difference of terms each of which
    /// falls with its own restricted estimate: p1 - p0 for a difference, x1/p1 - x0/p0 over the sizes for a ratio, (x - n p)/(p q)
    /// over them for odds.)
    ///
    /// They are looked for about those at the inner end, which must be known.
    pub(super) fn widest(&self, known: &[u64]) -> Vec<u64> {
        thresholds_over(self.table, self.measure.null(self.outer), self.measure.null(self.inner), Some(known))
    }

    /// The tables given, which are as extreme as the observed one at an end, those of the widest that are so somewhere between, and
    /// rarely a few more.
    pub(super) fn with_those_between(&self, at_ends: &[u64], widest: &[u64]) -> Vec<u64> {
        let mut all = at_ends.to_vec();
        let mut looks = LOOKS;
        let mut observed = Observed { cell: *self, known: Vec::new() };
        for (x0, (threshold, most)) in all.iter_mut().zip(widest).enumerate() {
            for x1 in (*most..*threshold).rev() {
                if looks == 0 {
                    *threshold = *most;
                    break;
                }
                if self.comes_in(x1, x0 as u64, &mut observed, &mut looks) {
                    *threshold = x1;
                } else if self.measure != ExactMeasure::OddsRatio {
                    // With fewer successes of arm 1 it is less extreme still.
                    break;
                }
            }
        }
        for x0 in (0..all.len().saturating_sub(1)).rev() {
            all[x0] = all[x0].min(all[x0 + 1]);
        }
        all
    }

    /// Whether a table may be as extreme as the observed one somewhere in the cell, at whose ends it is not; when not, that is certain.
    fn comes_in(&self, x1: u64, x0: u64, observed: &mut Observed<'_>, looks: &mut u32) -> bool {
        Table::new(x1, self.table.n1(), x0, self.table.n0()).is_ok_and(|other| {
            let at_outer = self.measure.null(self.outer).statistic(&other);
            self.reaches(&other, (self.outer, self.inner), at_outer, observed, looks)
        })
    }

    /// The same between two places, where at the outer one the table has a score.
    fn reaches(
        &self,
        other: &Table,
        (outer, inner): (f64, f64),
        at_outer: f64,
        observed: &mut Observed<'_>,
        looks: &mut u32,
    ) -> bool {
        if at_outer < observed.least(inner) {
            return false;
        }
        if *looks == 0 {
            return true;
        }
        *looks -= 1;
        let middle = 0.5 * (outer + inner);
        let at_middle = self.measure.null(middle).statistic(other);
        at_middle >= observed.least(middle)
            || self.reaches(other, (middle, inner), at_middle, observed, looks)
            || self.reaches(other, (outer, middle), at_outer, observed, looks)
    }
}

/// How many parts of a cell are looked at to tell which tables enter within it; the rest counts as entering.
const LOOKS: u32 = 200;

/// The least scores that are as extreme as the observed table, by place; the same places are asked for again and again.
struct Observed<'a> {
    cell: Cell<'a>,
    known: Vec<(f64, f64)>,
}

impl Observed<'_> {
    fn least(&mut self, place: f64) -> f64 {
        if let Some((_, known)) = self.known.iter().find(|(known, _)| *known == place) {
            return *known;
        }
        let score = least(self.cell.measure.null(place).statistic(self.cell.table));
        self.known.push((place, score));
        score
    }
}

/// Where between two places another table comes to be as extreme as the observed one, or ceases to be; none when it does neither.
pub(super) fn crossing(table: &Table, other: &Table, measure: ExactMeasure, (low, high): (f64, f64)) -> Option<f64> {
    let excess = |place: f64| {
        let null = measure.null(place);
        null.statistic(other) - least(null.statistic(table))
    };
    let sign = if excess(high) >= 0.0 { 1.0 } else { -1.0 };
    secant(&mut |place| Some(sign * excess(place)), (low, high))
}

/// The least score that counts as tied with an observed one: what differs by rounding only.
pub(super) fn least(observed: f64) -> f64 {
    observed - 1e-10 * observed.abs().clamp(1e-3, 1e300)
}

fn thresholds_over(table: &Table, outer: Null, inner: Null, known: Option<&[u64]>) -> Vec<u64> {
    let mut found = reaching(table.n1(), table.n0(), outer, least(inner.statistic(table)), known);
    // The observed table belongs to its own region whatever the rounding.
    for threshold in found.iter_mut().take(table.x0() as usize + 1) {
        *threshold = (*threshold).min(table.x1());
    }
    found
}

/// The tables whose scores reach a level, closed under more successes of arm 1 and fewer of arm 0: for every x0 the smallest x1.
pub(super) fn reaching(n1: u64, n0: u64, null: Null, level: f64, known: Option<&[u64]>) -> Vec<u64> {
    let extreme = |x1: u64, x0: u64| Table::new(x1, n1, x0, n0).is_ok_and(|t| null.statistic(&t) >= level);
    match (null, Frontier::new(n1, n0, null, level)) {
        (Null::Ratio(Ratio::Odds, _), _) => closed(n1, n0, &reaching_by_total(n1, n0, null, level)),
        (_, Some(frontier)) => smallest_along(n1, n0, frontier, known, extreme),
        (_, None) => smallest_by_row(n1, n0, known, extreme),
    }
}

/// The tables whose scores reach a level, for odds: for every total of successes the smallest x1, above all that are possible when
/// there is none.
pub(super) fn reaching_by_total(n1: u64, n0: u64, null: Null, level: f64) -> Vec<u64> {
    let extreme = |x1: u64, x0: u64| Table::new(x1, n1, x0, n0).is_ok_and(|t| null.statistic(&t) >= level);
    let Null::Ratio(Ratio::Odds, ratio) = null else { return Vec::new() };
    let mut threshold = 0;
    let of_total = |(s, x1): (u64, f64)| {
        let (low, high) = (s.saturating_sub(n0), s.min(n1) + 1);
        threshold = match start(x1) {
            Start::Known(x1) if s > 0 && s < n1 + n0 => x1.clamp(low, high),
            // Of the total before, or near the curve.
            _ => {
                let guess = threshold.clamp(low, high);
                low + smallest_near(guess - low, high - low, |above| extreme(low + above, s - low - above))
            }
        };
        threshold
    };
    (0..).zip(odds_curve(n1, n0, ratio, level)).map(of_total).collect()
}

/// For every x0 the smallest x1 of a score that grows with x1 and falls with x0, along the curve of the score; where the curve says
/// nothing, about the known ones of a score that is nearly the same.
fn smallest_along(
    n1: u64,
    n0: u64,
    mut frontier: Frontier,
    known: Option<&[u64]>,
    extreme: impl Fn(u64, u64) -> bool,
) -> Vec<u64> {
    let mut found = vec![n1 + 1; n0 as usize + 1];
    let mut below = 0;
    for x0 in 0..=n0 {
        let threshold = match frontier.row(x0) {
            Start::Known(x1) if x1 <= n1 => x1.max(below),
            // Beyond n1 the curve need not be the only one.
            Start::Known(_) => {
                if extreme(n1, x0) {
                    smallest_near(n1, n1, |x1| extreme(x1, x0))
                } else {
                    n1 + 1
                }
            }
            Start::Near(x1) => {
                let guess = known.map_or(x1, |known| known[x0 as usize]);
                smallest_near(guess.clamp(below, n1 + 1), n1 + 1, |x1| x1 > n1 || extreme(x1, x0))
            }
        };
        if threshold > n1 {
            break;
        }
        found[x0 as usize] = threshold;
        below = threshold;
    }
    found
}

/// For every x0 the smallest x1 of a score that grows with x1 and falls with x0, as those for a difference and a ratio do; looked
/// for about the known ones of a score that is nearly the same.
fn smallest_by_row(n1: u64, n0: u64, known: Option<&[u64]>, extreme: impl Fn(u64, u64) -> bool) -> Vec<u64> {
    let mut found = vec![0; n0 as usize + 1];
    let mut above = n1 + 1;
    for x0 in (0..=n0).rev() {
        let guess = known.map_or(above, |known| known[x0 as usize].min(above));
        above = smallest_near(guess, above, |x1| extreme(x1, x0));
        found[x0 as usize] = above;
    }
    found
}

/// The smallest count that is extreme, all larger ones being so; at most `most`. From the guess in strides that double, then by
/// bisection.
fn smallest_near(guess: u64, most: u64, extreme: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high, mut stride) = (0, most, 1);
    if guess < most {
        if extreme(guess) {
            high = guess;
        } else {
            low = guess + 1;
            while low < high {
                let probe = (low + stride - 1).min(high - 1);
                if extreme(probe) {
                    high = probe;
                    break;
                }
                low = probe + 1;
                stride *= 2;
            }
            return bisected(low, high, extreme);
        }
    }
    while high > low {
        let probe = high.saturating_sub(stride);
        if extreme(probe) {
            high = probe;
            stride *= 2;
        } else {
            low = probe + 1;
            break;
        }
    }
    bisected(low, high, extreme)
}

fn bisected(mut low: u64, mut high: u64, extreme: impl Fn(u64) -> bool) -> u64 {
    while low < high {
        let middle = low + (high - low) / 2;
        if extreme(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// A score for odds grows with x1 given x1 + x0. It need not grow with x1 alone, so the region is closed under more successes of
/// arm 1 and fewer of arm 0: that only adds tables, and its probability is then largest on the edge of the null hypothesis.
fn closed(n1: u64, n0: u64, by_total: &[u64]) -> Vec<u64> {
    let mut found = vec![n1 + 1; n0 as usize + 1];
    for (s, threshold) in (0..).zip(by_total) {
        for x1 in *threshold..s.min(n1) + 1 {
            let smallest = &mut found[(s - x1) as usize];
            *smallest = x1.min(*smallest);
        }
    }
    for x0 in (0..n0 as usize).rev() {
        found[x0] = found[x0].min(found[x0 + 1]);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::exact_ratio::ExactMeasure;
    use super::super::table::Table;
    use super::{Cell, least, thresholds};

    const MEASURES: [ExactMeasure; 3] =
        [ExactMeasure::RiskDifference, ExactMeasure::RiskRatio, ExactMeasure::OddsRatio];

    fn tables(n1: u64, n0: u64) -> impl Iterator<Item = Table> {
        (0..=n1).flat_map(move |x1| (0..=n0).filter_map(move |x0| Table::new(x1, n1, x0, n0).ok()))
    }

    /// A place on the scale of a measure, from share 0 (far outside) to 1.
    fn place(measure: ExactMeasure, share: f64) -> f64 {
        if measure == ExactMeasure::RiskDifference { 1.98 * share - 0.99 } else { 16.0 * share - 8.0 }
    }

    #[test]
    fn scores_fall_as_their_null_hypothesis_moves_inwards() {
        for (n1, n0) in [(1, 1), (3, 5), (8, 4), (7, 7)] {
            for table in tables(n1, n0) {
                for measure in MEASURES {
                    let mut before = f64::INFINITY;
                    for i in 0..=400 {
                        let score = measure.null(place(measure, f64::from(i) / 400.0)).statistic(&table);
                        assert!(score <= before + 1e-9 * before.abs().max(1.0), "{table:?} {measure:?} {i}");
                        before = score;
                    }
                }
            }
        }
    }

    #[test]
    fn thresholds_are_those_of_all_tables() {
        for (n1, n0) in [(1, 4), (5, 3), (6, 6)] {
            for (table, measure) in tables(n1, n0).flat_map(|t| MEASURES.map(|m| (t, m))) {
                for i in 0..40 {
                    let null = measure.null(place(measure, f64::from(i) / 40.0 + 0.003));
                    let found = thresholds(&table, null);
                    let least = null.statistic(&table);
                    for other in tables(n1, n0) {
                        let extreme = null.statistic(&other) >= least;
                        let within = other.x1() >= found[other.x0() as usize];
                        // Closed upwards for odds, so that there can be more; never fewer.
                        assert!(within || !extreme, "{table:?} {measure:?} {i} {other:?}");
                        let odds = measure == ExactMeasure::OddsRatio;
                        let beyond = null.statistic(&other) < least - 1e-6 * least.abs().max(1.0);
                        assert!(!within || !beyond || odds || other == table, "{table:?} {measure:?} {i} {other:?}");
                    }
                }
            }
        }
    }

    /// The curve gives what comparing the scores of all tables gives, also far out and in arms of unlike sizes.
    #[test]
    fn curves_part_the_tables_as_their_scores_do() {
        for (n1, n0) in [(40, 31), (150, 7), (3, 90), (60, 60)] {
            for (table, measure) in tables(n1, n0).step_by(97).flat_map(|t| MEASURES.map(|m| (t, m))) {
                for share in [0.006, 0.02, 0.1, 0.3, 0.45, 0.53, 0.7, 0.9, 0.99] {
                    let null = measure.null(place(measure, share));
                    let (found, least) = (thresholds(&table, null), least(null.statistic(&table)));
                    let reaches = |x1: u64, x0: u64| null.statistic(&Table::new(x1, n1, x0, n0).unwrap()) >= least;
                    for x0 in 0..=n0 {
                        let first = (0..=n1).find(|x1| reaches(*x1, x0)).unwrap_or(n1 + 1);
                        let threshold = found[x0 as usize];
                        if measure == ExactMeasure::OddsRatio {
                            assert!(threshold <= first, "{table:?} {share} {x0}");
                        } else {
                            assert_eq!(threshold, first, "{table:?} {measure:?} {share} {x0}");
                        }
                    }
                }
            }
        }
    }

    /// A table that enters the region within a cell and leaves it again is among the cell's tables.
    #[test]
    fn cells_hold_whatever_enters_within_them() {
        for (n1, n0) in [(4, 7), (9, 9), (12, 5)] {
            for (table, measure) in tables(n1, n0).flat_map(|t| MEASURES.map(|m| (t, m))) {
                for (outer, inner) in [(0.1, 0.13), (0.4, 0.5), (0.61, 0.62), (0.2, 0.9)] {
                    let (from, to) = (place(measure, outer), place(measure, inner));
                    let cell = Cell { table: &table, measure, outer: from, inner: to };
                    let ends = [from, to].map(|place| thresholds(&table, measure.null(place)));
                    let at_ends: Vec<u64> = ends[0].iter().zip(&ends[1]).map(|(a, b)| *a.min(b)).collect();
                    let cell = cell.with_those_between(&at_ends, &cell.widest(&ends[1]));
                    for i in 0..=30 {
                        let single = thresholds(&table, measure.null(from + (to - from) * f64::from(i) / 30.0));
                        assert!(cell.iter().zip(&single).all(|(a, b)| a <= b), "{table:?} {measure:?} {outer} {i}");
                    }
                }
            }
        }
    }
}
