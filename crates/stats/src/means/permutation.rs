use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::error::StatError;
use crate::wald::check_all_finite;

/// Largest number of arrangements that are all enumerated.
const MOST_ARRANGEMENTS: f64 = 4_194_304.0;
/// Largest number of arrangements drawn.
const MOST_DRAWS: u64 = 100_000_000;

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

/// Result of a permutation test of the difference of means.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PermutationTest {
    /// Observed difference 1 - 0; with blocks the mean of the blocks' differences weighted with their sizes.
    pub difference: f64,
    /// Difference divided by its standard deviation over all arrangements.
    pub standardised: f64,
    /// Share of arrangements with a difference at least as far from zero.
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
    let blocks = split(values, in_arm1, blocks)?;
    let variance: f64 = blocks.iter().map(Block::variance).sum();
    if variance <= 0.0 {
        return Err(StatError::ZeroVariance);
    }
    let deviation = variance.sqrt();
    let observed: f64 = blocks.iter().map(|block| block.observed).sum();
    let mut count = Count::new(observed, deviation);
    match how {
        Draws::Exact => enumerate(&blocks, &mut count)?,
        Draws::MonteCarlo { draws, seed } => draw(blocks, draws, seed, &mut count)?,
    }
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

/// One block: contributions of its units, centred and scaled such that the difference is the sum of those in arm 1.
struct Block {
    contributions: Vec<f64>,
    in_arm1: usize,
    observed: f64,
}

impl Block {
    fn variance(&self) -> f64 {
        let (n, n1) = (self.contributions.len() as f64, self.in_arm1 as f64);
        let squares: f64 = self.contributions.iter().map(|value| value * value).sum();
        if n < 2.0 { 0.0 } else { n1 * (n - n1) / (n * (n - 1.0)) * squares }
    }
}

fn split(values: &[f64], in_arm1: &[bool], blocks: Option<&[usize]>) -> Result<Vec<Block>, StatError> {
    let n = values.len();
    if in_arm1.len() != n || blocks.is_some_and(|blocks| blocks.len() != n) {
        return Err(StatError::invalid("in_arm1", "values, arms and blocks must have the same length"));
    }
    check_all_finite("values", values)?;
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
            let mean = units.iter().map(|&unit| values[unit]).sum::<f64>() / size;
            let scale = size / n as f64 * (1.0 / n1 as f64 + 1.0 / (size - n1 as f64));
            let contributions: Vec<f64> = units.iter().map(|&unit| (values[unit] - mean) * scale).collect();
            let chosen = units.iter().zip(&contributions).filter(|&(&unit, _)| in_arm1[unit]);
            Ok(Block { observed: chosen.map(|(_, value)| value).sum(), contributions, in_arm1: n1 })
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
    fn new(observed: f64, deviation: f64) -> Self {
        Self { observed, tolerance: 1e-10 * deviation, total: 0, two: 0, greater: 0, less: 0 }
    }

    fn see(&mut self, difference: f64) {
        self.total += 1;
        self.two += u64::from(difference.abs() >= self.observed.abs() - self.tolerance);
        self.greater += u64::from(difference >= self.observed - self.tolerance);
        self.less += u64::from(difference <= self.observed + self.tolerance);
    }
}

fn enumerate(blocks: &[Block], count: &mut Count) -> Result<(), StatError> {
    let ln_arrangements: f64 = blocks
        .iter()
        .map(|block| crate::special::count::ln_choose(block.contributions.len() as u64, block.in_arm1 as u64))
        .sum();
    if ln_arrangements > MOST_ARRANGEMENTS.ln() + 1e-6 {
        let reason = "more than 2^22 arrangements; draw them instead".to_owned();
        return Err(StatError::TooLarge { reason });
    }
    let mut sums = vec![0.0];
    for block in blocks {
        let of_block = subset_sums(&block.contributions, block.in_arm1);
        sums = sums.iter().flat_map(|sum| of_block.iter().map(move |more| sum + more)).collect();
    }
    sums.into_iter().for_each(|sum| count.see(sum));
    Ok(())
}

/// Sums of all subsets of `k` values in lexicographic order, each summed afresh from its prefix so that errors do not build up.
fn subset_sums(values: &[f64], k: usize) -> Vec<f64> {
    let n = values.len();
    let mut chosen: Vec<usize> = (0..k).collect();
    let mut prefix = vec![0.0; k + 1];
    let mut sums = Vec::new();
    let mut from = 0;
    loop {
        for position in from..k {
            prefix[position + 1] = prefix[position] + values[chosen[position]];
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

fn draw(mut blocks: Vec<Block>, draws: u64, seed: u64, count: &mut Count) -> Result<(), StatError> {
    if draws == 0 {
        return Err(StatError::invalid("draws", "must be at least 1"));
    }
    let units: u64 = blocks.iter().map(|block| block.contributions.len() as u64).sum();
    if draws > MOST_DRAWS || draws.saturating_mul(units) > 100 * MOST_DRAWS {
        return Err(StatError::TooLarge { reason: "more than 10^8 draws, or 10^10 draws times units".into() });
    }
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let mut generator = ChaCha20Rng::from_seed(key);
    // The observed arrangement is one of those that chance could have given.
    count.see(count.observed);
    for _ in 0..draws {
        let mut sum = 0.0;
        for block in &mut blocks {
            let n = block.contributions.len();
            for position in 0..block.in_arm1 {
                let other = position + below(&mut generator, (n - position) as u64) as usize;
                block.contributions.swap(position, other);
                sum += block.contributions[position];
            }
        }
        count.see(sum);
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
