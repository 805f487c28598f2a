//! What watching over a trial left behind: looks that were held, and harm boundaries that were crossed between them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::evidence::Evidence;
use crate::key::{ArmKey, OutcomeKey};

/// A look that was held, with everything that was known at it: its boundaries, statistics and decision follow from the plan and
/// the looks up to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldLook {
    /// Its number in the plan, from 1.
    pub look: usize,
    /// When it was due. It was held at the `as_of` of its evidence.
    pub due_at: DateTime<Utc>,
    /// What was known. It holds no looks of its own.
    pub evidence: Evidence,
}

/// A harm measure that was watched between looks and crossed its boundary in one arm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HarmCrossing {
    /// The harm measure.
    pub outcome: OutcomeKey,
    /// The arm whose people are harmed more.
    pub arm: ArmKey,
    /// When it was seen.
    pub at: DateTime<Utc>,
    /// Sequence number of the last event counted in.
    pub data_cut: i64,
    /// People harmed by then, by arm: all who entered, or those followed up in full, as the measure is watched.
    pub harmed: Vec<u64>,
    /// People they are counted among, by arm.
    pub among: Vec<u64>,
}
