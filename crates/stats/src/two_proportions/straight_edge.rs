//! The probability of a region along a straight edge of a null hypothesis: a polynomial, and a proof of how large it gets.
//!
//! On a straight edge each proportion moves from a to b as u goes from 0 to 1, and starts at 0 or ends at 1. Such an arm is
//! one whose people succeed with probability u, of whom a part is then drawn: k of n at first, and of these each with
//! probability b (or of the other n - k each fails with probability 1 - a). Given k in arm 1 and l in arm 0 the region has a
//! probability free of u, and k + l is binomial in u: that makes the coefficients of a Bernstein polynomial, every one a
//! probability. Halving such a polynomial (de Casteljau) proves a bound of it to rounding.

use super::bernstein;
use super::edge::Null;
use super::ordering::given_totals;
use super::supremum::{CertifiedSupremum, supremum};

/// Largest number of people; halving a polynomial takes the square of it.
pub(super) const MAX_TOTAL: u64 = 1_000;

/// p1 and p0 at both ends of an edge.
type Ends = [(f64, f64); 2];

/// Room for the polynomials of many regions of tables of one size.
pub(super) struct StraightEdge {
    n1: usize,
    n0: usize,
    /// By l and k: the probability of k in arm 1, given k + l in both.
    given_total: Vec<f64>,
    /// The edge that the next three are of, by its ends.
    thinned: Option<Ends>,
    /// By k and x: the probability of x successes given k.
    first: Vec<f64>,
    second: Vec<f64>,
    /// By x and k: the probability of at least x successes of arm 1 given k.
    tails: Vec<f64>,
    row: Vec<f64>,
    coefficients: Vec<f64>,
    /// The part of the edge in use, by u.
    part: (f64, f64),
    /// p0 at both ends of the edge.
    p0: (f64, f64),
    /// Where a limit was last exceeded, by share of the part.
    hint: f64,
}

/// By k and x, the probability of x successes given k, when the proportion goes from `start` to `end` and one of them is an
/// end of [0, 1].
fn thinned(n: usize, (start, end): (f64, f64), rows: &mut [f64]) {
    let width = n + 1;
    let (kept, mirrored) = if start == 0.0 { (end, false) } else { (1.0 - start, true) };
    rows.fill(0.0);
    rows[0] = 1.0;
    for k in 0..n {
        let (known, next) = rows[k * width..].split_at_mut(width);
        for x in 0..=k {
            next[x] += known[x] * (1.0 - kept);
            next[x + 1] += known[x] * kept;
        }
    }
    if mirrored {
        // Failures are drawn from the n - k: both indices run the other way.
        rows.reverse();
    }
}

impl StraightEdge {
    pub(super) fn new(n1: u64, n0: u64) -> Self {
        let (width, height) = (n1 as usize + 1, n0 as usize + 1);
        let given_total = given_totals(n1, n0);
        let total = width + height - 1;
        Self {
            n1: n1 as usize,
            n0: n0 as usize,
            given_total,
            thinned: None,
            first: vec![0.0; width * width],
            second: vec![0.0; height * height],
            tails: vec![0.0; (width + 1) * width],
            row: vec![0.0; width],
            coefficients: vec![0.0; total],
            part: (0.0, 1.0),
            p0: (0.0, 1.0),
            hint: 0.5,
        }
    }

    /// The part of the edge, by its shares, where p0 lies within two bounds; none when there is no such part or no straight edge.
    fn part(null: Null, within: (f64, f64)) -> Option<(Ends, (f64, f64))> {
        let [from, to] = null.line()?;
        let (low, high) = null.places(within);
        if low > high {
            return None;
        }
        let share = |p0: f64| if to.1 > from.1 { ((p0 - from.1) / (to.1 - from.1)).clamp(0.0, 1.0) } else { 0.0 };
        let part = if within == (0.0, 1.0) { (0.0, 1.0) } else { (share(low), share(high)) };
        Some(([from, to], part))
    }

    /// The proportions at a share of the edge where p0 lies within two bounds.
    pub(super) fn pair(null: Null, within: (f64, f64), share: f64) -> Option<(f64, f64)> {
        let ([from, to], part) = Self::part(null, within)?;
        let u = part.0 + (part.1 - part.0) * share;
        Some((from.0 + (to.0 - from.0) * u, from.1 + (to.1 - from.1) * u))
    }

    /// Makes the polynomial of the region with these thresholds (for every x0 the smallest x1) along an edge, where p0 lies
    /// within two bounds. False when the edge has no such part or is not straight.
    pub(super) fn set(&mut self, thresholds: &[u64], null: Null, within: (f64, f64)) -> bool {
        let Some(([from, to], part)) = Self::part(null, within) else { return false };
        (self.p0, self.part) = ((from.1, to.1), part);
        if self.thinned != Some([from, to]) {
            self.thinned = Some([from, to]);
            thinned(self.n1, (from.0, to.0), &mut self.first);
            thinned(self.n0, (from.1, to.1), &mut self.second);
            self.sum_tails();
        }
        self.sum_region(thresholds, [from.0 == 0.0, from.1 == 0.0]);
        bernstein::keep(&mut self.coefficients, self.part);
        true
    }

    /// Where a limit was last exceeded, by share of the part of the edge; there it is looked first.
    pub(super) fn hint(&self) -> f64 {
        self.hint
    }

    pub(super) fn look_at(&mut self, share: f64) {
        self.hint = share;
    }

    fn sum_tails(&mut self) {
        let width = self.n1 + 1;
        for x in (0..width).rev() {
            let (here, beyond) = self.tails[x * width..].split_at_mut(width);
            for k in 0..width {
                here[k] = beyond[k] + self.first[k * width + x];
            }
        }
    }

    /// An arm whose proportion starts at 0 has at most as many successes as it was given, another one at least: `from_zero` says
    /// which, of arm 1 and arm 0, and leaves out half of the sums.
    fn sum_region(&mut self, thresholds: &[u64], from_zero: [bool; 2]) {
        let width = self.n1 + 1;
        self.coefficients.fill(0.0);
        for l in 0..=self.n0 {
            let x0 = if from_zero[1] { 0..l + 1 } else { l..self.n0 + 1 };
            let given = &self.second[l * (self.n0 + 1)..][x0.clone()];
            let thresholds = &thresholds[x0];
            self.row.fill(0.0);
            let mut first = 0;
            while let Some(threshold) = thresholds.get(first) {
                // Thresholds grow with x0: those that share one stand together.
                let many = thresholds[first..].iter().take_while(|other| *other == threshold).count();
                let mass: f64 = given[first..first + many].iter().sum();
                first += many;
                let threshold = *threshold as usize;
                let from = if from_zero[0] { threshold.min(width) } else { 0 };
                let tails = &self.tails[threshold * width..][..width];
                for (sum, tail) in self.row[from..].iter_mut().zip(&tails[from..]) {
                    *sum += mass * tail;
                }
            }
            let weights = &self.given_total[l * width..][..width];
            for ((sum, weight), value) in self.coefficients[l..].iter_mut().zip(weights).zip(&self.row) {
                *sum += weight * value;
            }
        }
        for coefficient in &mut self.coefficients {
            *coefficient = coefficient.min(1.0);
        }
    }

    /// Whether the probability is above `limit` anywhere; when not, that is proved.
    pub(super) fn exceeds(&mut self, limit: f64) -> bool {
        match bernstein::above(&self.coefficients, limit) {
            Some(place) => {
                self.hint = place;
                true
            }
            None => false,
        }
    }

    /// The largest probability, proved, and the p0 where it is taken.
    pub(super) fn largest(&self) -> CertifiedSupremum {
        let found = supremum(&self.coefficients);
        let u = self.part.0 + (self.part.1 - self.part.0) * found.at;
        CertifiedSupremum { at: self.p0.0 + (self.p0.1 - self.p0.0) * u, ..found }
    }
}

#[cfg(test)]
mod tests {
    use super::super::edge::{Null, thresholds};
    use super::super::edge_search::Region;
    use super::super::score::Ratio;
    use super::super::supremum::masses;
    use super::super::table::Table;
    use super::StraightEdge;

    fn value(edge: &StraightEdge, share: f64) -> f64 {
        let mut buffer = vec![0.0; edge.coefficients.len()];
        let (from, to) = masses(buffer.len() - 1, share, &mut buffer);
        (from..=to).map(|s| buffer[s] * edge.coefficients[s]).sum()
    }

    /// Probabilities by the definition and by the polynomial, on whole edges and on parts of them.
    #[test]
    fn polynomials_are_the_probabilities() {
        for (x1, n1, x0, n0) in [(3, 7, 2, 5), (0, 1, 1, 1), (9, 12, 4, 20), (40, 60, 11, 31)] {
            let table = Table::new(x1, n1, x0, n0).unwrap();
            let mut edge = StraightEdge::new(n1, n0);
            for null in [
                Null::Difference(-0.37),
                Null::Difference(0.0),
                Null::Difference(0.8),
                Null::Ratio(Ratio::Risk, 0.3),
                Null::Ratio(Ratio::Risk, 2.5),
            ] {
                for within in [(0.0, 1.0), (0.1, 0.9), (0.0, 0.45)] {
                    let (low, high) = null.places(within);
                    if !edge.set(&thresholds(&table, null), null, within) {
                        assert!(low > high);
                        continue;
                    }
                    let mut region = Region::with(&table, null, within, thresholds(&table, null));
                    for share in [0.0, 0.1, 0.5, 0.77, 1.0] {
                        let direct = region.probability(low + (high - low) * share);
                        assert!((value(&edge, share) - direct).abs() < 1e-13, "{table:?} {null:?} {within:?} {share}");
                    }
                    let (proved, searched) = (edge.largest(), region.supremum(0.0));
                    assert!(
                        (proved.value - searched.value).abs() < 1e-9 * searched.value.max(1e-3),
                        "{table:?} {null:?}"
                    );
                    for share in [0.5, 0.999_999, 1.000_001, 1.5] {
                        assert_eq!(
                            edge.exceeds(share * proved.value),
                            share < 1.0 && proved.value > 0.0,
                            "{table:?} {null:?}"
                        );
                    }
                }
            }
        }
    }
}
