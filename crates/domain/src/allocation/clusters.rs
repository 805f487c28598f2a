//! Whole clusters assigned together, once, from the plan's roster.

use std::collections::HashMap;

use super::{arm_at, secret::AllocationSecret};
use crate::key::ClusterKey;

/// The arm of every cluster on the roster, by its key.
///
/// The roster's places are dealt to the arms in the ratio, then shuffled over the clusters in the order of their keys.
/// An incomplete last round goes to arms drawn by the same shuffle, so no arm is favoured.
#[must_use]
pub fn arms_of_clusters(secret: &AllocationSecret, roster: &[ClusterKey], ratio: &[u32]) -> HashMap<String, usize> {
    let mut keys: Vec<&ClusterKey> = roster.iter().collect();
    keys.sort();
    keys.iter().map(|key| key.as_str().to_owned()).zip(deal(secret, keys.len(), ratio)).collect()
}

fn deal(secret: &AllocationSecret, clusters: usize, ratio: &[u32]) -> Vec<usize> {
    let round: u32 = ratio.iter().sum();
    let full_rounds = clusters / (round as usize).max(1);
    let mut round_order: Vec<usize> = (0..round).map(|place| arm_at(ratio, place.into())).collect();
    shuffle(secret, "cluster/last/", &mut round_order);
    let mut arms: Vec<usize> =
        (0..full_rounds).flat_map(|_| (0..round).map(|place| arm_at(ratio, place.into()))).collect();
    arms.extend(round_order.iter().copied().take(clusters - arms.len().min(clusters)));
    shuffle(secret, "cluster/", &mut arms);
    arms
}

/// Fisher and Yates, from the last position down to 1.
pub(super) fn shuffle<T>(secret: &AllocationSecret, name: &str, order: &mut [T]) {
    for last in (1..order.len()).rev() {
        // Below `last + 1`.
        let other = secret.draw(&[name, &last.to_string()], last as u64 + 1) as usize;
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
        let arms = arms_of_clusters(&secret, &forward, &[1, 1]);
        assert_eq!((arms.len(), arms.values().filter(|arm| **arm == 1).count()), (12, 6));
        assert_eq!(arms_of_clusters(&secret, &backward, &[1, 1]), arms);
        assert_eq!(arms.get("elsewhere"), None);
    }

    #[test]
    fn an_odd_cluster_favours_no_arm() {
        let extra = |seed: u8| {
            let arms = arms_of_clusters(&AllocationSecret::new([seed; 32]), &roster(5), &[1, 1]);
            arms.values().filter(|arm| **arm == 1).count()
        };
        let threes = (0..=255).filter(|seed| extra(*seed) == 3).count();
        assert!((96..=160).contains(&threes), "{threes} of 256 is not about half");
    }
}
