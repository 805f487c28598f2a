//! How chance, and nobody's hand, chooses the arm.
//!
//! Every draw is a keyed hash in whole-number arithmetic, so that any program in any language can replay it from the
//! trial's secret. The stored assignment is the truth; what is computed here only proposes it.
//!
//! | draw | message hashed under the trial's secret |
//! |---|---|
//! | simple | `fairtrial/1/arm/` + pseudonym in hexadecimal |
//! | block size | `fairtrial/1/block/` + stratum + `/` + block number + `/size` |
//! | place in a block | `fairtrial/1/block/` + stratum + `/` + block number + `/` + position |
//! | place in the roster | `fairtrial/1/cluster/` + position |
//! | incomplete last round of the roster | `fairtrial/1/cluster/last/` + position |
//!
//! The first eight bytes of the HMAC-SHA-256, read as a big-endian number `h`, give `floor(h * places / 2^64)`. Orders are
//! shuffled by Fisher and Yates from the last position down to position 1, each exchanged with the place drawn among the
//! `position + 1` up to it. A block begins as the first arm's places, then the second's, and so on; the roster begins as
//! full rounds of the ratio and is laid over the clusters in the order of their keys. `scripts/reference/allocation.py` does
//! the same in another language.

mod blocks;
mod clusters;
mod secret;

pub use blocks::{BlockState, next_in_block};
pub use clusters::arm_of_cluster;
pub use secret::AllocationSecret;

use crate::{Pseudonym, key::ClusterKey, protocol::Allocation};

/// Version of the algorithm, stored with each trial. A change of any draw gets a new number.
pub const ALGO_VERSION: i32 = 1;

/// The arm of a unit by simple randomisation, as its position among the arms.
///
/// With `h` the hash and `R` the sum of the ratio, `floor(h * R / 2^64)` falls on each of `R` places equally often up to
/// one part in 10^16; each arm owns as many places as its share.
///
/// ```
/// use fairtrial_domain::{Pseudonym, allocation::{AllocationSecret, simple}};
/// let secret = AllocationSecret::new([7; 32]);
/// let arm = simple(&secret, &Pseudonym::from_bytes(&[1; 16]).unwrap(), &[2, 1, 1]);
/// assert!(arm < 3);
/// ```
#[must_use]
pub fn simple(secret: &AllocationSecret, unit: &Pseudonym, ratio: &[u32]) -> usize {
    let places: u32 = ratio.iter().sum();
    let place = secret.draw(&["arm/", &unit.to_hex()], places);
    arm_at(ratio, place)
}

/// Which arm owns a place below the sum of the ratio.
fn arm_at(ratio: &[u32], place: u32) -> usize {
    let mut upper = 0;
    for (arm, share) in ratio.iter().enumerate() {
        upper += share;
        if place < upper {
            return arm;
        }
    }
    ratio.len().saturating_sub(1)
}

/// What is needed beside the unit to propose an arm.
#[derive(Debug, Clone, Copy)]
pub struct Slot<'a> {
    /// The stratum's label; empty without strata.
    pub stratum: &'a str,
    /// The cluster, where clusters are assigned.
    pub cluster: Option<&'a ClusterKey>,
}

/// Proposes an arm, moving the stratum's block on where there are blocks. None for a cluster that is not on the roster.
#[must_use]
pub fn propose(
    method: &Allocation,
    ratio: &[u32],
    secret: &AllocationSecret,
    unit: &Pseudonym,
    slot: Slot<'_>,
    state: &mut BlockState,
) -> Option<usize> {
    match method {
        Allocation::Simple => Some(simple(secret, unit, ratio)),
        Allocation::PermutedBlocks { block_multiples, .. } => {
            Some(next_in_block(secret, slot.stratum, ratio, block_multiples, state))
        }
        Allocation::Cluster { roster } => arm_of_cluster(secret, roster, ratio, slot.cluster?),
    }
}
