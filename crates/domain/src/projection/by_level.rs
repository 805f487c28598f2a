//! People by level of what is kept of them beside their group, such as a channel or a site: a draw or a source that fails for one of
//! them alone hides in the sum of all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::unit_evidence::UnitEvidence;
use crate::{
    eligibility::{Attribute, AttributeKind, AttributeValue, Attributes},
    protocol::Protocol,
};

/// People with one level of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelCounts {
    /// Name of the attribute.
    pub attribute: String,
    /// A value of a category, or `yes` and `no`.
    pub level: String,
    /// People assigned, by arm.
    pub assigned: Vec<u64>,
}

/// The attributes with few levels that the allocation does not balance. None where whole clusters are assigned: the people of one
/// come together, so that their levels have no planned shares.
fn counted(plan: &Protocol) -> impl Iterator<Item = &Attribute> {
    let with_levels = |kind: &AttributeKind| matches!(kind, AttributeKind::Category { .. } | AttributeKind::Boolean);
    let (balanced, by_person) = (plan.allocation.balanced_by(), !plan.allocation.is_by_cluster());
    plan.attributes.iter().filter(move |kept| by_person && with_levels(&kept.kind) && !balanced.contains(&kept.name))
}

impl Protocol {
    /// Whether people are counted by level of anything that is kept of them.
    #[must_use]
    pub fn counts_levels(&self) -> bool {
        counted(self).next().is_some()
    }
}

impl UnitEvidence {
    /// The people counted by level.
    #[must_use]
    pub fn by_level(&self, plan: &Protocol) -> Vec<LevelCounts> {
        let mut levels = ByLevel::default();
        self.units.iter().for_each(|unit| levels.count(plan, &unit.attributes, unit.arm));
        levels.evidence()
    }
}

/// People by attribute and level, then by arm.
#[derive(Debug, Default)]
pub(super) struct ByLevel(pub(super) BTreeMap<(String, String), Vec<u64>>);

impl ByLevel {
    pub(super) fn count(&mut self, plan: &Protocol, kept: &Attributes, arm: usize) {
        for attribute in counted(plan) {
            let level = match kept.get(&attribute.name) {
                Some(AttributeValue::Category(level)) => level.as_str(),
                Some(AttributeValue::Boolean(true)) => "yes",
                Some(AttributeValue::Boolean(false)) => "no",
                _ => continue,
            };
            let counts = self.0.entry((attribute.name.clone(), level.to_owned()));
            if let Some(count) = counts.or_insert_with(|| vec![0; plan.arms.len()]).get_mut(arm) {
                *count += 1;
            }
        }
    }

    pub(super) fn evidence(&self) -> Vec<LevelCounts> {
        let counts = |((attribute, level), assigned): (&(String, String), &Vec<u64>)| LevelCounts {
            attribute: attribute.clone(),
            level: level.clone(),
            assigned: assigned.clone(),
        };
        self.0.iter().map(counts).collect()
    }
}
