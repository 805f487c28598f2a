//! Versions without their names, for whoever watches over a trial and has not asked for them.

use fairtrial_domain::{ArmKey, protocol::Protocol};

use super::ReleaseKey;

/// Letters that say nothing of an order in the plan.
const LETTERS: [char; 6] = ['X', 'Y', 'Z', 'U', 'V', 'W'];

/// The versions of one trial in an order that is always the same and that nobody can guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked {
    order: Vec<usize>,
}

impl Masked {
    /// The order is drawn by a keyed hash of the trial and each arm.
    #[must_use]
    pub fn of(plan: &Protocol, key: &ReleaseKey) -> Self {
        let drawn = |arm: &ArmKey| key.draw(&["fairtrial mask 1", plan.key.as_str(), arm.as_str()], 0);
        let mut order: Vec<(u64, usize)> =
            plan.arms.iter().enumerate().map(|(place, arm)| (drawn(&arm.key), place)).collect();
        order.sort_unstable();
        Self { order: order.into_iter().map(|(_, place)| place).collect() }
    }

    /// Places of the arms in the plan, in the order in which they are shown.
    #[must_use]
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// What the version is called that is shown in this place: "Version X".
    #[must_use]
    pub fn name(shown: usize) -> String {
        LETTERS.get(shown).map_or_else(|| format!("Version {}", shown + 1), |letter| format!("Version {letter}"))
    }
}
