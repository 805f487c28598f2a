//! For every total of successes, the share of tables that count as at least as extreme as the observed one.
//!
//! Ties decide exact p-values: the pooled score is compared in whole numbers, tail probabilities with a slack that is
//! a thousand times their rounding error and far below any real difference.

use super::table::Table;

/// Conditional probabilities closer than this are tied; it errs towards a larger p-value.
const SLACK: f64 = 1.0 + 1e-11;

/// The probabilities of x1 = low.. given the total `s`.
pub(super) fn conditional_masses(n1: u64, n0: u64, s: u64) -> (u64, Vec<f64>) {
    let (low, high) = (s.saturating_sub(n0), s.min(n1));
    let size = (high - low + 1) as usize;
    let mode = (((s + 1) * (n1 + 1)) / (n1 + n0 + 2)).clamp(low, high);
    let mut masses = vec![0.0; size];
    let centre = (mode - low) as usize;
    masses[centre] = 1.0;
    let ratio = |k: u64| ((n1 - k) * (s - k)) as f64 / ((k + 1) * (n0 + k + 1 - s)) as f64;
    for i in centre..size - 1 {
        masses[i + 1] = masses[i] * ratio(low + i as u64);
    }
    for i in (0..centre).rev() {
        masses[i] = masses[i + 1] / ratio(low + i as u64);
    }
    // Smallest first, so that the sum is as good as its terms.
    let below: f64 = masses[..centre].iter().sum();
    let above: f64 = masses[centre..].iter().rev().sum();
    let total = below + above;
    for mass in &mut masses {
        *mass /= total;
    }
    (low, masses)
}

/// The same of every total: by x0 and x1, n1 + 1 in a row, the probability of x1 given x0 + x1.
pub(super) fn given_totals(n1: u64, n0: u64) -> Vec<f64> {
    let width = n1 as usize + 1;
    let mut given = vec![0.0; width * (n0 as usize + 1)];
    for s in 0..=n1 + n0 {
        let (low, masses) = conditional_masses(n1, n0, s);
        for (x1, mass) in (low..).zip(masses) {
            given[(s - x1) as usize * width + x1 as usize] = mass;
        }
    }
    given
}

/// Fisher's one-sided p-value of the observed table towards arm 1 above arm 0.
pub(super) fn observed_upper_tail(table: &Table) -> f64 {
    let (low, masses) = conditional_masses(table.n1(), table.n0(), table.successes());
    masses[(table.x1() - low) as usize..].iter().rev().sum()
}

/// For every total: the largest upper tail that does not exceed `limit`, and the smallest x1 in it.
pub(super) fn upper_tails_within(n1: u64, n0: u64, limit: f64) -> Vec<(f64, u64)> {
    (0..=n1 + n0)
        .map(|s| {
            let (low, masses) = conditional_masses(n1, n0, s);
            let (mut tail, mut within, mut threshold) = (0.0, 0.0, n1 + 1);
            for (i, mass) in masses.iter().enumerate().rev() {
                tail += mass;
                if tail > limit * SLACK {
                    break;
                }
                within = tail;
                threshold = low + i as u64;
            }
            (within, threshold)
        })
        .collect()
}

/// All one-sided p-values of Fisher's test for the two sizes, smallest first, ties once.
pub(super) fn all_upper_tails_ascending(n1: u64, n0: u64) -> Vec<f64> {
    let mut tails = Vec::new();
    for s in 0..=n1 + n0 {
        let (_, masses) = conditional_masses(n1, n0, s);
        let mut tail = 0.0;
        for mass in masses.iter().rev() {
            tail += mass;
            tails.push(tail);
        }
    }
    tails.sort_by(f64::total_cmp);
    // Of a run of tied values the last stands for all.
    let mut distinct: Vec<f64> = Vec::with_capacity(tails.len());
    for tail in tails {
        match distinct.last_mut() {
            Some(last) if tail <= *last * SLACK => *last = tail,
            _ => distinct.push(tail),
        }
    }
    distinct
}

/// All pooled scores for the two sizes, largest first, ties once.
pub(super) fn all_scores_descending(n1: u64, n0: u64) -> Vec<Score> {
    let mut scores: Vec<Score> = (0..=n1).flat_map(|x1| (0..=n0).map(move |x0| Score::new(x1, n1, x0, n0))).collect();
    let order = |a: &Score, b: &Score| match (a.at_least(*b), b.at_least(*a)) {
        (true, true) => std::cmp::Ordering::Equal,
        (true, false) => std::cmp::Ordering::Less,
        _ => std::cmp::Ordering::Greater,
    };
    scores.sort_by(order);
    scores.dedup_by(|a, b| order(a, b) == std::cmp::Ordering::Equal);
    scores
}

/// Fisher's p-value by likelihood: the masses that do not exceed the observed one.
pub(super) fn observed_min_likelihood(table: &Table) -> f64 {
    let (low, masses) = conditional_masses(table.n1(), table.n0(), table.successes());
    let observed = masses[(table.x1() - low) as usize];
    masses.iter().filter(|mass| **mass <= observed * SLACK).sum()
}

/// For every total: the probability of the tables whose p-value by likelihood does not exceed `limit`.
pub(super) fn min_likelihood_within(n1: u64, n0: u64, limit: f64) -> Vec<f64> {
    (0..=n1 + n0)
        .map(|s| {
            let (_, mut masses) = conditional_masses(n1, n0, s);
            masses.sort_by(f64::total_cmp);
            let (mut within, mut sum, mut i) = (0.0, 0.0, 0);
            while i < masses.len() {
                let tied = masses[i] * SLACK;
                while i < masses.len() && masses[i] <= tied {
                    sum += masses[i];
                    i += 1;
                }
                if sum > limit * SLACK {
                    break;
                }
                within = sum;
            }
            within
        })
        .collect()
}

/// The pooled score of a table as whole numbers: the sign and square of d over s (N - s).
#[derive(Debug, Clone, Copy)]
pub(super) struct Score {
    signed_square: i128,
    spread: i128,
}

impl Score {
    fn new(x1: u64, n1: u64, x0: u64, n0: u64) -> Self {
        let d = i128::from(x1) * i128::from(n0) - i128::from(x0) * i128::from(n1);
        let s = i128::from(x1 + x0);
        Self { signed_square: d * d.abs(), spread: s * (i128::from(n1 + n0) - s) }
    }

    /// Whether this score is at least the other one. A score without spread is 0: nobody or everybody succeeded.
    fn at_least(self, other: Self) -> bool {
        match (self.spread, other.spread) {
            (0, _) => other.signed_square <= 0,
            (_, 0) => self.signed_square >= 0,
            _ => self.signed_square * other.spread >= other.signed_square * self.spread,
        }
    }

    /// For every total: the smallest x1 whose score is at least this one.
    pub(super) fn thresholds(self, n1: u64, n0: u64) -> Vec<u64> {
        (0..=n1 + n0)
            .map(|s| {
                // Given the total the score grows with x1.
                let (mut low, mut high) = (s.saturating_sub(n0), s.min(n1) + 1);
                while low < high {
                    let middle = low + (high - low) / 2;
                    if Self::new(middle, n1, s - middle, n0).at_least(self) {
                        high = middle;
                    } else {
                        low = middle + 1;
                    }
                }
                if low > s.min(n1) { n1 + 1 } else { low }
            })
            .collect()
    }

    fn magnitude(self) -> Self {
        Self { signed_square: self.signed_square.abs(), spread: self.spread }
    }
}

/// For every total: the probability of the tables whose pooled score is at least the observed one, in size when
/// `absolute`.
pub(super) fn scores_at_least(table: &Table, absolute: bool) -> Vec<f64> {
    let (n1, n0) = (table.n1(), table.n0());
    let size = |score: Score| if absolute { score.magnitude() } else { score };
    let observed = size(Score::new(table.x1(), n1, table.x0(), n0));
    (0..=n1 + n0)
        .map(|s| {
            let (low, masses) = conditional_masses(n1, n0, s);
            let extreme = masses.iter().enumerate().filter(|(i, _)| {
                let x1 = low + *i as u64;
                size(Score::new(x1, n1, s - x1, n0)).at_least(observed)
            });
            let sum: f64 = extreme.map(|(_, mass)| *mass).sum();
            sum.min(1.0)
        })
        .collect()
}
