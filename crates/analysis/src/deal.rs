//! Can the versions have been dealt to whole clusters so? The versions are dealt to the same clusters again, as the plan's draw does.
//!
//! The draw shuffles a fixed number of places of each version over the clusters, so every order of them was as likely as the true one,
//! and the share of deals at least as far apart, the true one among them, is a p-value at any number of clusters, of any sizes (Phipson
//! and Smyth 2010; Hansen and Bowers 2008, Statistical Science 23:219-236, for totals of clusters of unequal sizes).

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use sha2::{Digest, Sha256};

use crate::integrity::AMBER_BELOW;

/// Times that the versions are dealt out again.
const DEALS: u32 = 9_999;
/// Most clusters times columns that are gone through so often; beyond, the check is left out.
const MOST_CELLS: usize = 50_000;

/// What dealing again tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Dealt {
    /// The share of deals that are at least as far apart as the true one.
    P(f64),
    /// There are so few clusters that no deal would stand out: this many.
    TooFew(usize),
    /// Nothing varies, there are no clusters, or they are too many.
    Nothing,
}

/// Whoever is dealt a label: a version, or a place in the calendar.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cluster {
    /// Position of the label.
    pub(crate) label: usize,
    /// People.
    pub(crate) people: u64,
}

/// Deals the labels among the clusters again. Each column holds the clusters' totals of a quantity of their people, whose total over
/// all clusters is 0. How far apart the labels are is the sum over the columns of the squared totals, each over the people with that label.
pub(crate) fn again(clusters: &[Cluster], columns: &[Vec<f64>], seed: &str) -> Dealt {
    let varies = |column: &&Vec<f64>| column.iter().any(|total| total.abs() > 1e-9);
    let columns: Vec<&Vec<f64>> = columns.iter().filter(varies).collect();
    if columns.is_empty() || clusters.len().saturating_mul(columns.len()) > MOST_CELLS {
        return Dealt::Nothing;
    }
    if least_p(clusters) >= AMBER_BELOW {
        return Dealt::TooFew(clusters.len());
    }
    let mut labels: Vec<usize> = clusters.iter().map(|cluster| cluster.label).collect();
    let kinds = labels.iter().max().map_or(0, |most| most + 1);
    let own = apart(clusters, &columns, &labels, kinds);
    let seed: [u8; 32] = Sha256::digest(format!("fairtrial/1/clusters/{seed}")).into();
    let mut random = ChaCha8Rng::from_seed(seed);
    let mut as_far = 0_u32;
    for _ in 0..DEALS {
        for last in (1..labels.len()).rev() {
            labels.swap(last, ((u64::from(random.next_u32()) * (last as u64 + 1)) >> 32) as usize);
        }
        as_far += u32::from(apart(clusters, &columns, &labels, kinds) >= own * (1.0 - 1e-9));
    }
    Dealt::P(f64::from(as_far + 1) / f64::from(DEALS + 1))
}

/// The smallest p-value that a deal can have: of all deals, the true one and those that only exchange the names of labels with equally
/// many clusters, which are as far apart.
fn least_p(clusters: &[Cluster]) -> f64 {
    let kinds = clusters.iter().map(|cluster| cluster.label).max().map_or(0, |most| most + 1);
    let mut counts: Vec<usize> =
        (0..kinds).map(|kind| clusters.iter().filter(|cluster| cluster.label == kind).count()).collect();
    counts.retain(|count| *count > 0);
    counts.sort_unstable();
    let (mut ways, mut placed) = (1.0_f64, 0_usize);
    for count in &counts {
        for one in 1..=*count {
            placed += 1;
            ways *= placed as f64 / one as f64;
        }
    }
    let factorial = |n: usize| (1..=n).map(|k| k as f64).product::<f64>();
    let named_anew: f64 = counts.chunk_by(|a, b| a == b).map(|same| factorial(same.len())).product();
    named_anew / ways
}

fn apart(clusters: &[Cluster], columns: &[&Vec<f64>], labels: &[usize], kinds: usize) -> f64 {
    let mut sizes = vec![0.0_f64; kinds];
    for (cluster, label) in clusters.iter().zip(labels) {
        if let Some(size) = sizes.get_mut(*label) {
            *size += cluster.people as f64;
        }
    }
    let mut sums = vec![0.0_f64; kinds];
    let of = |column: &&Vec<f64>| {
        sums.fill(0.0);
        for (total, label) in column.iter().zip(labels) {
            if let Some(sum) = sums.get_mut(*label) {
                *sum += total;
            }
        }
        sums.iter().zip(&sizes).map(|(sum, size)| if *size > 0.0 { sum * sum / size } else { 0.0 }).sum::<f64>()
    };
    columns.iter().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters(counts: &[usize]) -> Vec<Cluster> {
        let of = |(label, count): (usize, &usize)| vec![Cluster { label, people: 10 }; *count];
        counts.iter().enumerate().flat_map(of).collect()
    }

    #[test]
    fn the_smallest_p_value_is_that_of_counting_all_deals() {
        // Choose 4 of 8 in 70 ways, of which two are mirror images; 3 of 8 in 56 ways, none of which is another one's.
        for (counts, least) in [(&[4, 4][..], 2.0 / 70.0), (&[3, 5], 1.0 / 56.0), (&[2, 2, 2], 6.0 / 90.0), (&[1], 1.0)]
        {
            assert!((least_p(&clusters(counts)) - least).abs() < 1e-12, "{counts:?}");
        }
        let few = again(&clusters(&[4, 4]), &[vec![1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0]], "t");
        assert_eq!(few, Dealt::TooFew(8));
        assert_eq!(again(&clusters(&[6, 6]), &[vec![0.0; 12]], "t"), Dealt::Nothing);
        assert_eq!(again(&[], &[vec![]], "t"), Dealt::Nothing);
    }

    #[test]
    fn the_share_is_that_of_all_deals() {
        // All 924 deals of 12 clusters of unequal sizes to two versions. R counts 8 that are as far apart as the true one: combn(12, 6,
        // function(i) sum(sapply(list(i, setdiff(1:12, i)), function(g) sum(n[g]) * (sum(x[g]) / sum(n[g]) - sum(x) / sum(n))^2))).
        let people = [5_u64, 9, 14, 3, 8, 20, 6, 6, 11, 17, 4, 10];
        let marked = [3.0, 2.0, 7.0, 2.0, 3.0, 8.0, 1.0, 2.0, 2.0, 4.0, 0.0, 3.0];
        let share = marked.iter().sum::<f64>() / people.iter().sum::<u64>() as f64;
        let column: Vec<f64> =
            marked.iter().zip(people).map(|(marked, people)| marked - share * people as f64).collect();
        let clusters: Vec<Cluster> =
            people.iter().enumerate().map(|(place, people)| Cluster { label: place / 6, people: *people }).collect();
        let own: Vec<usize> = clusters.iter().map(|cluster| cluster.label).collect();
        let of = |labels: &[usize]| apart(&clusters, &[&column], labels, 2);
        let (mut as_far, mut all) = (0_u32, 0);
        for bits in (0_u32..1 << 12).filter(|bits| bits.count_ones() == 6) {
            let labels: Vec<usize> = (0..12).map(|place| (bits >> place & 1) as usize).collect();
            all += 1;
            as_far += u32::from(of(&labels) >= of(&own) * (1.0 - 1e-9));
        }
        assert_eq!((as_far, all), (8, 924));
        let exact = 8.0 / 924.0;
        let Dealt::P(p) = again(&clusters, std::slice::from_ref(&column), "t") else { panic!("it is asked") };
        assert!((p - exact).abs() < 4.0 * (exact * (1.0 - exact) / 10_000.0).sqrt() + 1e-4, "{p} {exact}");
    }
}
