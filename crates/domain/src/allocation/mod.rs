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
//! | preferred arm of minimisation | `fairtrial/1/minimisation/` + people drawn before + `/preferred` |
//! | arm by minimisation | `fairtrial/1/minimisation/` + people drawn before + `/arm` |
//! | place in the order of a stepped wedge | `fairtrial/1/wedge/` + position |
//!
//! The first eight bytes of the HMAC-SHA-256, read as a big-endian number `h`, give `floor(h * places / 2^64)`. Orders are
//! shuffled by Fisher and Yates from the last position down to position 1, each exchanged with the place drawn among the
//! `position + 1` up to it. A block begins as the first arm's places, then the second's, and so on; the roster begins as
//! full rounds of the ratio and is laid over the clusters in the order of their keys. Minimisation and the stepped wedge are
//! described where they stand. `docs/ALLOCATION.md` is the whole contract for other languages, and
//! `scripts/reference/allocation.py` keeps it in one.

mod allocator;
mod blocks;
pub mod bundle;
mod clusters;
mod group;
mod minimisation;
mod replay;
mod secret;
mod wedge;

pub use allocator::{Allocator, Progress, Subject};
pub use blocks::{BlockState, next_in_block};
pub use clusters::arms_of_clusters;
pub use group::{label_of, levels_of};
pub use minimisation::Margins;
pub(crate) use minimisation::common_multiple;
pub use replay::Redrawn;
pub use secret::AllocationSecret;
pub use wedge::{Calendar, Crossing, period_starts, spread};

use crate::Pseudonym;

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
    let places = ratio.iter().map(|share| u64::from(*share)).sum();
    let mut digits = [0; 32];
    arm_at(ratio, secret.draw(&["arm/", unit.hex_in(&mut digits)], places))
}

/// Which arm owns a place below the sum of the ratio.
fn arm_at(ratio: &[u32], place: u64) -> usize {
    let mut upper = 0;
    for (arm, share) in ratio.iter().enumerate() {
        upper += u64::from(*share);
        if place < upper {
            return arm;
        }
    }
    ratio.len().saturating_sub(1)
}
