use crate::special::elementary::ln;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::assignment::Assignment;
use crate::error::StatError;
use crate::estimate::{Estimate, Guarantee, Side};
use crate::shift_inversion::{Inversion, Line, check_question};
use crate::wald::check_all_finite;

/// Largest number of arrangements that are all enumerated.
const MOST_ARRANGEMENTS: f64 = 4_194_304.0;
/// Largest number of arrangements drawn.
const MOST_DRAWS: u64 = 10_000_000;
/// Largest number of draws times units: about two seconds.
const MOST_STEPS: u64 = 250_000_000;
/// Largest number of arrangements drawn and kept for an interval.
const MOST_KEPT: u64 = 5_000_000;

/// Which arrangements of the units to the arms are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Draws {
    /// Every arrangement; at most 2^22.
    Exact,
    /// Arrangements drawn with ChaCha20 from a seed; the same seed gives the same p-value everywhere.
    MonteCarlo {
        /// Number of arrangements, 1 to 10^8.
        draws: u64,
        /// First eight bytes of the generator's key, little endian; the other bytes are 0.
        seed: u64,
    },
}

impl Draws {
    /// All arrangements when there are at most 2^22 of them ([`arrangements`], [`crate::cluster::SteppedWedge::orders`]), else
    /// `draws` of them.
    ///
    /// ```
    /// use fairtrial_stats::means::{Draws, arrangements};
    /// // 8 cups have 70 arrangements; 100 people have some 10^29.
    /// assert_eq!(Draws::all_or(70.0, 9_999, 1), Draws::Exact);
    /// let people: Vec<bool> = (0..100).map(|i| i % 2 == 0).collect();
    /// let ways = arrangements(&people, None).unwrap();
    /// assert_eq!(Draws::all_or(ways, 9_999, 1), Draws::MonteCarlo { draws: 9_999, seed: 1 });
    /// ```
    #[must_use]
    pub fn all_or(ways: f64, draws: u64, seed: u64) -> Self {
        if ways <= MOST_ARRANGEMENTS + 0.5 { Self::Exact } else { Self::MonteCarlo { draws, seed } }
    }
}

/// Number of arrangements of the units to the arms with the sizes kept, within blocks when given; infinite when a double
/// cannot hold it.
///
/// ```
/// use fairtrial_stats::means::arrangements;
/// // Fisher's lady: 8 cups, 4 of each kind.
/// let cups = [true, true, true, true, false, false, false, false];
/// assert!((arrangements(&cups, None).unwrap() - 70.0).abs() < 1e-9);
/// ```
///
/// # Errors
/// `InvalidArgument` when the lists differ in length.
pub fn arrangements(in_arm1: &[bool], blocks: Option<&[usize]>) -> Result<f64, StatError> {
    Ok(Assignment::new(in_arm1, blocks)?.ways())
}

/// Result of a permutation test of the difference of means.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PermutationTest {
    /// Observed difference 1 - 0; with blocks the mean of the blocks' differences weighted with their sizes.
    pub difference: f64,
    /// Difference divided by its standard deviation over all arrangements.
    pub standardised: f64,
    /// Share of arrangements with a difference at least as far from zero. [`permutation_difference`] takes twice the smaller
    /// tail instead, as intervals with equal tails do; for arms of equal size without blocks the two are the same.
    pub p_two: f64,
    /// Share of arrangements with a difference at least as large.
    pub p_greater: f64,
    /// Share of arrangements with a difference at most as large.
    pub p_less: f64,
    /// Number of arrangements looked at.
    pub arrangements: u64,
}

/// Could chance assignment alone explain the difference of means? (Permutation test.)
///
/// # Arguments
/// * `values` - one value a unit (or a cluster's mean, for clusters assigned as a whole).
/// * `in_arm1` - whether the unit was assigned to arm 1.
/// * `blocks` - the block of each unit if units were assigned separately within blocks; the test repeats that design.
/// * `how` - all arrangements, or a number drawn from a seed.
///
/// # Result
/// p-values that hold whatever the distribution of the outcome. Drawn ones are (b + 1) / (B + 1), which is valid for any
/// number of draws.
///
/// # When not
/// Not when the assignment was not of fixed size within blocks: repeat the design that was used.
///
/// # Source
/// Edgington and Onghena (2007), Randomization Tests; Phipson and Smyth (2010) for (b + 1) / (B + 1).
///
/// # Errors
/// `TooFewUnits` with an empty arm in some block, `ZeroVariance` when every arrangement gives the same difference, `TooLarge`
/// beyond 2^22 arrangements, `InvalidArgument`.
///
/// ```
/// use fairtrial_stats::means::{Draws, permutation_test};
/// // All three treated above all three others: 1 of C(6, 3) = 20 arrangements.
/// let values = [5.0, 6.0, 7.0, 1.0, 2.0, 3.0];
/// let test = permutation_test(&values, &[true, true, true, false, false, false], None, Draws::Exact)?;
/// assert_eq!((test.arrangements, test.p_greater, test.p_two), (20, 0.05, 0.1));
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn permutation_test(
    values: &[f64],
    in_arm1: &[bool],
    blocks: Option<&[usize]>,
    how: Draws,
) -> Result<PermutationTest, StatError> {
    let blocks = split([values], in_arm1, blocks)?;
    let (observed, deviation) = (observed(&blocks)[0], deviation(&blocks)?);
    let largest = values.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    let mut count = Count::new(observed, deviation, largest);
    arrange(blocks, how, |[difference]| count.see(difference))?;
    let share = |extreme: u64| extreme as f64 / count.total as f64;
    Ok(PermutationTest {
        difference: observed,
        standardised: observed / deviation,
        p_two: share(count.two),
        p_greater: share(count.greater),
        p_less: share(count.less),
        arrangements: count.total,
    })
}

/// Could chance assignment alone explain the difference of means, and which differences could it? (Permutation test and the
/// interval that inverts it.)
///
/// # Arguments
/// * `values`, `in_arm1`, `blocks`, `how` - as [`permutation_test`]; at most 5 million draws.
/// * `null_difference`, `side`, `level` - the question. Two-sided takes twice the smaller tail.
///
/// # Result
/// The difference of means 1 - 0 (with blocks weighted with their sizes), the p-value of `null_difference`, and the interval of
/// all differences that the same test does not reject, on the same arrangements for every one of them. The test at
/// 1 - `level` rejects exactly when the interval leaves out `null_difference`. With no difference asked about, the one-sided
/// p-values are those of [`permutation_test`] (one half at least where the data point the other way). The interval supposes
/// that the new version adds the same amount to everybody; with too few arrangements for the level it is unbounded.
///
/// # When not
/// As [`permutation_test`]; not when the effect differs much from unit to unit: then [`super::welch`] estimates the mean effect.
///
/// # Source
/// Pitman (1937), Supplement to the Journal of the Royal Statistical Society 4:119-130; Rosenbaum (2002), Observational Studies,
/// section 2.6.
///
/// # Errors
/// As [`permutation_test`].
///
/// ```
/// use fairtrial_stats::means::{Draws, permutation_difference};
/// use fairtrial_stats::Side;
/// let values = [5.0, 6.0, 7.0, 1.0, 2.0, 3.0];
/// let arm = [true, true, true, false, false, false];
/// let effect = permutation_difference(&values, &arm, None, Draws::Exact, 0.0, Side::Two, 0.8)?;
/// assert!((effect.p_value.unwrap().p() - 0.1).abs() < 1e-12 && effect.point == Some(4.0));
/// // With 3 taken away, the arms overlap so far that more than 2 of the 20 arrangements are as extreme.
/// assert!((effect.interval.lower - 3.0).abs() < 1e-12 && (effect.interval.upper - 5.0).abs() < 1e-12);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn permutation_difference(
    values: &[f64],
    in_arm1: &[bool],
    blocks: Option<&[usize]>,
    how: Draws,
    null_difference: f64,
    side: Side,
    level: f64,
) -> Result<Estimate, StatError> {
    check_question(null_difference, level)?;
    if matches!(how, Draws::MonteCarlo { draws, .. } if draws > MOST_KEPT) {
        return Err(StatError::TooLarge { reason: "more than 5 million draws for an interval".into() });
    }
    // The effect is carried along as a second value: 1 for everybody in arm 1.
    let exposure: Vec<f64> = in_arm1.iter().map(|&one| f64::from(u8::from(one))).collect();
    let blocks = split([values, &exposure], in_arm1, blocks)?;
    let ([observed, unit], deviation) = (observed(&blocks), deviation(&blocks)?);
    let point = observed / unit;
    let mut inversion = Inversion::new(null_difference, point, 1e-10 * deviation);
    arrange(blocks, how, |[difference, exposure]| {
        inversion.see(&Line::straight(difference - observed, unit - exposure));
    })?;
    let (p_value, interval) = inversion.answer(side, level);
    Ok(Estimate {
        point: Some(point),
        standard_error: None,
        degrees_of_freedom: None,
        interval,
        p_value: Some(p_value),
        method: "permutation test of the difference of means".to_owned(),
        guarantee: Guarantee::DesignBased,
    })
}

/// One block: contributions of its units, centred and scaled such that the difference is the sum of those in arm 1.
struct Block<const K: usize> {
    contributions: Vec<[f64; K]>,
    in_arm1: usize,
    observed: [f64; K],
}

fn plus<const K: usize>(a: &[f64; K], b: &[f64; K]) -> [f64; K] {
    std::array::from_fn(|k| a[k] + b[k])
}

fn observed<const K: usize>(blocks: &[Block<K>]) -> [f64; K] {
    blocks.iter().fold([0.0; K], |sum, block| plus(&sum, &block.observed))
}

/// Standard deviation of the first value's difference over all arrangements.
fn deviation<const K: usize>(blocks: &[Block<K>]) -> Result<f64, StatError> {
    let of_block = |block: &Block<K>| {
        let (n, n1) = (block.contributions.len() as f64, block.in_arm1 as f64);
        let squares: f64 = block.contributions.iter().map(|value| value[0] * value[0]).sum();
        if n < 2.0 { 0.0 } else { n1 * (n - n1) / (n * (n - 1.0)) * squares }
    };
    let variance: f64 = blocks.iter().map(of_block).sum();
    if variance > 0.0 { Ok(variance.sqrt()) } else { Err(StatError::ZeroVariance) }
}

fn split<const K: usize>(
    values: [&[f64]; K],
    in_arm1: &[bool],
    blocks: Option<&[usize]>,
) -> Result<Vec<Block<K>>, StatError> {
    let n = in_arm1.len();
    if values.iter().any(|values| values.len() != n) || blocks.is_some_and(|blocks| blocks.len() != n) {
        return Err(StatError::invalid("in_arm1", "values, arms and blocks must have the same length"));
    }
    for values in values {
        check_all_finite("values", values)?;
    }
    let mut members: std::collections::BTreeMap<usize, Vec<usize>> = std::collections::BTreeMap::new();
    for i in 0..n {
        members.entry(blocks.map_or(0, |blocks| blocks[i])).or_default().push(i);
    }
    if members.is_empty() {
        return Err(StatError::TooFewUnits { need: 2, got: 0 });
    }
    members
        .values()
        .map(|units| {
            let size = units.len() as f64;
            let n1 = units.iter().filter(|&&unit| in_arm1[unit]).count();
            if n1 == 0 || n1 == units.len() {
                return Err(StatError::TooFewUnits { need: 1, got: 0 });
            }
            let mean = values.map(|values| units.iter().map(|&unit| values[unit]).sum::<f64>() / size);
            let scale = size / n as f64 * (1.0 / n1 as f64 + 1.0 / (size - n1 as f64));
            let centred = |&unit: &usize| std::array::from_fn(|k| (values[k][unit] - mean[k]) * scale);
            let contributions: Vec<[f64; K]> = units.iter().map(centred).collect();
            let chosen = units.iter().zip(&contributions).filter(|&(&unit, _)| in_arm1[unit]);
            let observed = chosen.fold([0.0; K], |sum, (_, value)| plus(&sum, value));
            Ok(Block { observed, contributions, in_arm1: n1 })
        })
        .collect()
}

/// Arrangements at least as extreme as the observed one. Sums that differ by rounding only count as ties.
struct Count {
    observed: f64,
    tolerance: f64,
    total: u64,
    two: u64,
    greater: u64,
    less: u64,
}

impl Count {
    /// Values far from 0 carry rounding of their own size (`largest`), which centring them does not take away.
    fn new(observed: f64, deviation: f64, largest: f64) -> Self {
        let tolerance = (1e-10 * deviation).max(8.0 * f64::EPSILON * largest);
        Self { observed, tolerance, total: 0, two: 0, greater: 0, less: 0 }
    }

    fn see(&mut self, difference: f64) {
        self.total += 1;
        self.two += u64::from(difference.abs() >= self.observed.abs() - self.tolerance);
        self.greater += u64::from(difference >= self.observed - self.tolerance);
        self.less += u64::from(difference <= self.observed + self.tolerance);
    }
}

/// Shows the sums over arm 1 of every arrangement.
fn arrange<const K: usize>(blocks: Vec<Block<K>>, how: Draws, see: impl FnMut([f64; K])) -> Result<(), StatError> {
    match how {
        Draws::Exact => enumerate(&blocks, see),
        Draws::MonteCarlo { draws, seed } => draw(blocks, draws, seed, see),
    }
}

fn enumerate<const K: usize>(blocks: &[Block<K>], see: impl FnMut([f64; K])) -> Result<(), StatError> {
    let ln_arrangements: f64 = blocks
        .iter()
        .map(|block| crate::special::count::ln_choose(block.contributions.len() as u64, block.in_arm1 as u64))
        .sum();
    if ln_arrangements > ln(MOST_ARRANGEMENTS) + 1e-6 {
        let reason = "more than 2^22 arrangements; draw them instead".to_owned();
        return Err(StatError::TooLarge { reason });
    }
    let mut sums = vec![[0.0; K]];
    for block in blocks {
        let of_block = subset_sums(&block.contributions, block.in_arm1);
        sums = sums.iter().flat_map(|sum| of_block.iter().map(move |more| plus(sum, more))).collect();
    }
    sums.into_iter().for_each(see);
    Ok(())
}

/// Sums of all subsets of `k` values in lexicographic order, each summed afresh from its prefix so that errors do not build up.
fn subset_sums<const K: usize>(values: &[[f64; K]], k: usize) -> Vec<[f64; K]> {
    let n = values.len();
    let mut chosen: Vec<usize> = (0..k).collect();
    let mut prefix = vec![[0.0; K]; k + 1];
    let mut sums = Vec::new();
    let mut from = 0;
    loop {
        for position in from..k {
            prefix[position + 1] = plus(&prefix[position], &values[chosen[position]]);
        }
        sums.push(prefix[k]);
        let Some(position) = (0..k).rev().find(|&position| chosen[position] < n - k + position) else {
            return sums;
        };
        chosen[position] += 1;
        for next in position + 1..k {
            chosen[next] = chosen[next - 1] + 1;
        }
        from = position;
    }
}

fn draw<const K: usize>(
    mut blocks: Vec<Block<K>>,
    draws: u64,
    seed: u64,
    mut see: impl FnMut([f64; K]),
) -> Result<(), StatError> {
    if draws == 0 {
        return Err(StatError::invalid("draws", "must be at least 1"));
    }
    let units: u64 = blocks.iter().map(|block| block.contributions.len() as u64).sum();
    let most = MOST_DRAWS.min(MOST_STEPS / units.max(1));
    if draws > most {
        return Err(StatError::TooLarge { reason: format!("at most {most} draws of {units} units") });
    }
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let mut generator = ChaCha20Rng::from_seed(key);
    // The observed arrangement is one of those that chance could have given.
    see(observed(&blocks));
    for _ in 0..draws {
        let mut sum = [0.0; K];
        for block in &mut blocks {
            let n = block.contributions.len();
            for position in 0..block.in_arm1 {
                let other = position + below(&mut generator, (n - position) as u64) as usize;
                block.contributions.swap(position, other);
                sum = plus(&sum, &block.contributions[position]);
            }
        }
        see(sum);
    }
    Ok(())
}

/// A whole number below `bound`, without bias (Lemire 2019, with rejection).
pub(crate) fn below(generator: &mut ChaCha20Rng, bound: u64) -> u64 {
    let threshold = bound.wrapping_neg() % bound;
    loop {
        let product = u128::from(generator.next_u64()) * u128::from(bound);
        if product as u64 >= threshold {
            return (product >> 64) as u64;
        }
    }
}
