//! Whole clusters assigned together, once, from the plan's roster.

use super::{arm_at, secret::AllocationSecret};
use crate::key::ClusterKey;

/// The arm of a cluster; none when it is not on the roster.
///
/// The roster's places are dealt to the arms in the ratio, then shuffled over the clusters in the order of their keys.
/// An incomplete last round goes to arms drawn by the same shuffle, so no arm is favoured.
#[must_use]
pub fn arm_of_cluster(
    secret: &AllocationSecret,
    roster: &[ClusterKey],
    ratio: &[u32],
    cluster: &ClusterKey,
) -> Option<usize> {
    let mut keys: Vec<&ClusterKey> = roster.iter().collect();
    keys.sort();
    let position = keys.iter().position(|key| *key == cluster)?;
    deal(secret, keys.len(), ratio).get(position).copied()
}

fn deal(secret: &AllocationSecret, clusters: usize, ratio: &[u32]) -> Vec<usize> {
    let round: u32 = ratio.iter().sum();
    let full_rounds = clusters / (round as usize).max(1);
    let mut round_order: Vec<usize> = (0..round).map(|place| arm_at(ratio, place)).collect();
    shuffle(secret, "cluster/last/", &mut round_order);
    let mut arms: Vec<usize> = (0..full_rounds).flat_map(|_| (0..round).map(|place| arm_at(ratio, place))).collect();
    arms.extend(round_order.iter().copied().take(clusters - arms.len().min(clusters)));
    shuffle(secret, "cluster/", &mut arms);
    arms
}

fn shuffle(secret: &AllocationSecret, name: &str, order: &mut [usize]) {
    for last in (1..order.len()).rev() {
        let other = secret.draw(&[name, &last.to_string()], u32::try_from(last + 1).unwrap_or(1)) as usize;
        order.swap(last, other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roster(n: usize) -> Vec<ClusterKey> {
        (0..n).map(|i| ClusterKey::new(&format!("office-{i}")).unwrap()).collect()
    }

    #[test]
    fn clusters_are_dealt_in_the_ratio_whatever_the_order_of_the_roster() {
        let secret = AllocationSecret::new([9; 32]);
        let (forward, mut backward) = (roster(12), roster(12));
        backward.reverse();
        let arms: Vec<usize> = forward.iter().map(|c| arm_of_cluster(&secret, &forward, &[1, 1], c).unwrap()).collect();
        assert_eq!(arms.iter().filter(|arm| **arm == 1).count(), 6);
        for (cluster, arm) in forward.iter().zip(&arms) {
            assert_eq!(arm_of_cluster(&secret, &backward, &[1, 1], cluster), Some(*arm));
        }
        assert_eq!(arm_of_cluster(&secret, &forward, &[1, 1], &ClusterKey::new("elsewhere").unwrap()), None);
    }

    #[test]
    fn an_odd_cluster_favours_no_arm() {
        let extra = |seed: u8| {
            let roster = roster(5);
            let secret = AllocationSecret::new([seed; 32]);
            roster.iter().filter(|c| arm_of_cluster(&secret, &roster, &[1, 1], c) == Some(1)).count()
        };
        let threes = (0..=255).filter(|seed| extra(*seed) == 3).count();
        assert!((96..=160).contains(&threes), "{threes} of 256 is not about half");
    }
}
