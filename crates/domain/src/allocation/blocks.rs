//! Permuted blocks of random size: balance at every early look, without a next arm that anybody could guess.

use serde::{Deserialize, Serialize};

use super::{arm_at, clusters::shuffle, secret::AllocationSecret};

/// How far a stratum's sequence has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockState {
    /// Number of the current block, from 0.
    pub block: u64,
    /// Places of the current block that are taken.
    pub taken: u32,
}

/// The next arm of a stratum; moves its state on.
///
/// A block holds each arm `multiple * share` times, in an order shuffled by Fisher and Yates; the multiple is drawn for
/// each block from those the plan allows.
#[must_use]
pub fn next_in_block(
    secret: &AllocationSecret,
    stratum: &str,
    ratio: &[u32],
    multiples: &[u32],
    state: &mut BlockState,
) -> usize {
    let order = block(secret, stratum, ratio, multiples, state.block);
    let arm = order.get(state.taken as usize).copied().unwrap_or(0);
    state.taken += 1;
    if state.taken as usize >= order.len() {
        *state = BlockState { block: state.block + 1, taken: 0 };
    }
    arm
}

/// The arms of one block in their order.
pub(super) fn block(
    secret: &AllocationSecret,
    stratum: &str,
    ratio: &[u32],
    multiples: &[u32],
    number: u64,
) -> Vec<usize> {
    let name = format!("block/{stratum}/{number}/");
    let choice = secret.draw(&[&name, "size"], multiples.len().max(1) as u64) as usize;
    let multiple = multiples.get(choice).copied().unwrap_or(1);
    let places: u32 = ratio.iter().sum();
    let mut order: Vec<usize> = (0..places * multiple).map(|place| arm_at(ratio, (place / multiple).into())).collect();
    shuffle(secret, &name, &mut order);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_is_balanced_and_never_off_by_more_than_half_a_block() {
        let secret = AllocationSecret::new([3; 32]);
        let (ratio, multiples) = ([2_u32, 1, 1], [2_u32, 3, 4]);
        let mut state = BlockState::default();
        let mut counts = [0_i64; 3];
        for n in 1..=20_000_i64 {
            counts[next_in_block(&secret, "north", &ratio, &multiples, &mut state)] += 1;
            if state.taken == 0 {
                assert_eq!([counts[0] * 2, counts[1] * 4, counts[2] * 4], [n, n, n]);
            }
            assert!((counts[1] * 4 - n).abs() <= 4 * 2 * 4, "a third of the largest block at most");
        }
    }

    #[test]
    fn strata_and_trials_have_sequences_of_their_own() {
        let sequence = |secret: [u8; 32], stratum: &str| -> Vec<usize> {
            let mut state = BlockState::default();
            (0..200)
                .map(|_| next_in_block(&AllocationSecret::new(secret), stratum, &[1, 1], &[2, 3], &mut state))
                .collect()
        };
        assert_eq!(sequence([1; 32], "a"), sequence([1; 32], "a"));
        assert_ne!(sequence([1; 32], "a"), sequence([1; 32], "b"));
        assert_ne!(sequence([1; 32], "a"), sequence([2; 32], "a"));
    }
}
