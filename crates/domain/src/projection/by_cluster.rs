//! What was noted of people's events, by cluster.

use std::collections::BTreeMap;

use super::{ClusterHandling, TrialProjection};
use crate::protocol::Allocation;

impl TrialProjection {
    /// People with early, refused and corrected events by cluster, in the order of their names. Empty where nobody has any, and where
    /// no whole clusters are assigned; a site of a stepped wedge has both versions, and is none.
    pub(super) fn by_cluster(&self) -> Vec<ClusterHandling> {
        let noted = |arm: &super::ArmHandling| arm.refused > 0 || arm.corrected > 0;
        let any = !self.early_people.is_empty() || self.handling.iter().any(noted);
        if !any || !matches!(self.plan.protocol().allocation, Allocation::Cluster { .. }) {
            return Vec::new();
        }
        let mut clusters: BTreeMap<(u32, u8), ClusterHandling> = BTreeMap::new();
        for cell in &self.cells {
            let cluster = clusters.entry((cell.group, cell.arm)).or_insert_with(|| ClusterHandling {
                cluster: self.groups.get(cell.group as usize).cloned().unwrap_or_default(),
                arm: cell.arm.into(),
                assigned: 0,
                early: 0,
                refused: 0,
                corrected: 0,
            });
            cluster.assigned += cell.assigned;
        }
        let mut count = |number: usize, of: &dyn Fn(&mut ClusterHandling)| {
            let cell = self.cell_of.get(number).and_then(|cell| self.cells.get(*cell as usize));
            if let Some(cluster) = cell.and_then(|cell| clusters.get_mut(&(cell.group, cell.arm))) {
                of(cluster);
            }
        };
        for number in self.early_people.keys() {
            count(*number as usize, &|cluster| cluster.early += 1);
        }
        for (number, handled) in self.handled.iter().enumerate() {
            if handled.was_refused() {
                count(number, &|cluster| cluster.refused += 1);
            }
            if handled.was_corrected() {
                count(number, &|cluster| cluster.corrected += 1);
            }
        }
        let mut clusters: Vec<ClusterHandling> = clusters.into_values().collect();
        clusters.sort_by(|a, b| (&a.cluster, a.arm).cmp(&(&b.cluster, b.arm)));
        clusters
    }
}
