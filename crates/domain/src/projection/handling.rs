//! What became of people on the way: deliveries, care overrides, harms, opt-outs.

use serde::{Deserialize, Serialize};

use super::unit_evidence::Delivery;
use crate::note::{DeliveryStatus, GRAVEST};

/// One arm's people by what was noted of them. A person is counted once in each number, however often it is noted; harms are
/// counted by report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArmHandling {
    /// People to whom the version is known to have come: delivered or seen.
    pub delivered: u64,
    /// People who are known to have taken it in.
    pub seen: u64,
    /// People for whom a delivery failed.
    pub failed: u64,
    /// People from whom it came back.
    pub returned: u64,
    /// People who were given another version than their own for their good.
    pub overridden: u64,
    /// People who opted out after they were assigned: the usual service from then on, and still counted.
    pub opted_out: u64,
    /// People whose data were taken out.
    pub data_withdrawn: u64,
    /// People who turned out to be in another arm too, under another name: in no arm's results.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub in_two_arms: u64,
    /// People who turned out to be in the same arm a second time, under another name: their first place counts.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub in_twice: u64,
    /// People of whom an event was refused at the door.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refused: u64,
    /// People whose place was another person's too for a while, by a link that was taken back: in no arm's results.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub link_taken_back: u64,
    /// People of whom an event was corrected or taken back.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub corrected: u64,
    /// Harm reports by weight, 1 to 4.
    pub harms: [u64; GRAVEST as usize],
}

impl ArmHandling {
    /// The counts of two arms together.
    ///
    /// ```
    /// use fairtrial_domain::projection::ArmHandling;
    /// let one = ArmHandling { delivered: 3, harms: [1, 0, 0, 0], ..ArmHandling::default() };
    /// let both = one.together(&ArmHandling { delivered: 4, harms: [2, 1, 0, 0], ..ArmHandling::default() });
    /// assert_eq!((both.delivered, both.harms), (7, [3, 1, 0, 0]));
    /// ```
    #[must_use]
    pub fn together(self, other: &Self) -> Self {
        let mut harms = self.harms;
        harms.iter_mut().zip(other.harms).for_each(|(sum, more)| *sum = sum.saturating_add(more));
        Self {
            delivered: self.delivered.saturating_add(other.delivered),
            seen: self.seen.saturating_add(other.seen),
            failed: self.failed.saturating_add(other.failed),
            returned: self.returned.saturating_add(other.returned),
            overridden: self.overridden.saturating_add(other.overridden),
            opted_out: self.opted_out.saturating_add(other.opted_out),
            data_withdrawn: self.data_withdrawn.saturating_add(other.data_withdrawn),
            in_two_arms: self.in_two_arms.saturating_add(other.in_two_arms),
            in_twice: self.in_twice.saturating_add(other.in_twice),
            refused: self.refused.saturating_add(other.refused),
            link_taken_back: self.link_taken_back.saturating_add(other.link_taken_back),
            corrected: self.corrected.saturating_add(other.corrected),
            harms,
        }
    }
}

/// Reports that were frozen before there was such a number are to come out again, byte for byte.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
pub(super) fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What a note says of a unit in a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitNote {
    /// How far the version has come.
    Delivery(DeliveryStatus),
    /// Another version was given: the position of that arm.
    Override(u8),
    /// Something bad happened, of this weight.
    Harm(u8),
    /// The person wants the usual service from now on.
    OptedOut,
    /// The person's data are taken out, for good.
    DataWithdrawn,
    /// An event about the unit was refused at the door.
    Refused,
    /// Somebody else was taken for this person until now, so that some of what is known may be about them.
    LinkTakenBack,
}

/// What was noted of one unit: bits, so that a repeat is not counted again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct UnitHandling(pub(super) u16);

const DELIVERED: u16 = 1;
const SEEN: u16 = 2;
const FAILED: u16 = 4;
const RETURNED: u16 = 8;
const OVERRIDDEN: u16 = 16;
const OPTED_OUT: u16 = 32;
const WITHDRAWN: u16 = 64;
const IN_TWO_ARMS: u16 = 128;
const IN_TWICE: u16 = 256;
const REFUSED: u16 = 512;
const LINK_TAKEN_BACK: u16 = 1_024;
const CORRECTED: u16 = 2_048;

impl UnitHandling {
    /// Whether the unit is in no result: its data were taken out, the person is in the trial under another name too, or somebody
    /// else was taken for them.
    pub(super) fn is_left_out(self) -> bool {
        self.0 & (WITHDRAWN | IN_TWO_ARMS | IN_TWICE | LINK_TAKEN_BACK) != 0
    }

    /// Whether an event about the unit is known to have been refused.
    pub(super) fn was_refused(self) -> bool {
        self.0 & REFUSED != 0
    }

    /// Whether an event about the unit was corrected or taken back.
    pub(super) fn was_corrected(self) -> bool {
        self.0 & CORRECTED != 0
    }

    /// Notes that an event about the unit was corrected or taken back.
    pub(super) fn correct(&mut self, counts: &mut ArmHandling) {
        if self.0 & CORRECTED == 0 {
            self.0 |= CORRECTED;
            counts.corrected += 1;
        }
    }

    /// Notes that the person is in the trial under another name too, in another arm or before. Of the two the former weighs more.
    pub(super) fn meet_again(&mut self, in_another_arm: bool, counts: &mut ArmHandling) {
        if self.0 & IN_TWO_ARMS != 0 || (!in_another_arm && self.0 & IN_TWICE != 0) {
            return;
        }
        if in_another_arm {
            if self.0 & IN_TWICE != 0 {
                counts.in_twice -= 1;
            }
            self.0 = self.0 & !IN_TWICE | IN_TWO_ARMS;
            counts.in_two_arms += 1;
        } else {
            self.0 |= IN_TWICE;
            counts.in_twice += 1;
        }
    }

    /// How far the unit's version came.
    pub(super) fn delivery(self) -> Delivery {
        match self.0 {
            bits if bits & SEEN != 0 => Delivery::Seen,
            bits if bits & DELIVERED != 0 => Delivery::Delivered,
            _ => Delivery::Unknown,
        }
    }

    /// Takes a note in and counts what is new in the unit's arm.
    pub(super) fn take(&mut self, note: UnitNote, own_arm: u8, counts: &mut ArmHandling) {
        let mut first = |bit: u16, count: &mut u64| {
            if self.0 & bit == 0 {
                self.0 |= bit;
                *count += 1;
            }
        };
        match note {
            UnitNote::Delivery(DeliveryStatus::Delivered) => first(DELIVERED, &mut counts.delivered),
            UnitNote::Delivery(DeliveryStatus::Seen) => {
                first(DELIVERED, &mut counts.delivered);
                first(SEEN, &mut counts.seen);
            }
            UnitNote::Delivery(DeliveryStatus::Failed) => first(FAILED, &mut counts.failed),
            UnitNote::Delivery(DeliveryStatus::Returned) => first(RETURNED, &mut counts.returned),
            UnitNote::Override(arm) if arm != own_arm => first(OVERRIDDEN, &mut counts.overridden),
            // Back to one's own version: the other one was given all the same.
            UnitNote::Override(_) => {}
            UnitNote::Harm(severity) => {
                let place = usize::from(severity).checked_sub(1);
                if let Some(count) = place.and_then(|place| counts.harms.get_mut(place)) {
                    *count += 1;
                }
            }
            UnitNote::Refused => first(REFUSED, &mut counts.refused),
            UnitNote::OptedOut => first(OPTED_OUT, &mut counts.opted_out),
            UnitNote::DataWithdrawn => {
                first(OPTED_OUT, &mut counts.opted_out);
                first(WITHDRAWN, &mut counts.data_withdrawn);
            }
            UnitNote::LinkTakenBack => first(LINK_TAKEN_BACK, &mut counts.link_taken_back),
        }
    }
}
