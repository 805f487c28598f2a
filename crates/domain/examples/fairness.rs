//! Whether chance is fair at full size: every method of allocation over many secrets.
//!
//! `cargo run --release -p fairtrial-domain --example fairness [SEEDS] [UNITS]` draws 1,000 secrets for 20,000 units each unless told otherwise, and
//! prints one line a method. It ends with 1 when a draw is not fair beyond what chance does once in a thousand runs.
#![allow(clippy::print_stdout, reason = "it tells its reader what it measured")]

use std::process::ExitCode;

use chrono::{Duration, NaiveDate};
use fairtrial_domain::{
    Pseudonym,
    allocation::{AllocationSecret, Allocator, Progress, Subject, label_of, simple},
    key::ClusterKey,
    protocol::Allocation,
};
use sha2::{Digest, Sha256};

/// Clusters and sites in the methods that have them.
const CLUSTERS: usize = 40;
/// Steps of the wedge.
const STEPS: usize = 5;

/// What was seen of one method over all secrets.
struct Seen {
    /// By place in the order of arrival: how many secrets gave that place the second arm.
    second: Vec<u32>,
    /// By secret: units in the second arm.
    of_secret: Vec<u64>,
    /// Largest difference between the arms at any moment, within a group and over all.
    largest: [u64; 2],
}

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).filter_map(|text| text.parse().ok());
    let (seeds, units): (u32, usize) = (numbers.next().unwrap_or(1_000), numbers.next().unwrap_or(20_000) as usize);
    let units: Vec<Pseudonym> =
        (0..units).filter_map(|n| Pseudonym::from_bytes(&Sha256::digest(n.to_be_bytes())[..16])).collect();
    let Some(methods) = methods() else { return ExitCode::FAILURE };
    let mut fair = true;
    for (name, method) in &methods {
        fair &= tell(name, method, seeds, &draw(method, seeds, &units), units.len());
    }
    fair &= independent(seeds.div_ceil(5), &units);
    if fair { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn methods() -> Option<Vec<(&'static str, Allocation)>> {
    let roster: Option<Vec<ClusterKey>> = (0..CLUSTERS).map(|n| ClusterKey::new(&format!("office-{n}")).ok()).collect();
    let roster = roster?;
    let step = |n: usize| first_day() + Duration::days(10 * (n as i64 + 1));
    Some(vec![
        ("simple", Allocation::Simple),
        ("permuted blocks", Allocation::PermutedBlocks { strata: vec![], block_multiples: vec![1, 2, 4] }),
        (
            "stratified blocks",
            Allocation::PermutedBlocks { strata: vec!["a".into(), "b".into()], block_multiples: vec![2, 3] },
        ),
        (
            "minimisation",
            Allocation::Minimisation { factors: vec!["a".into(), "b".into()], probability: "0.8".parse().ok()? },
        ),
        ("cluster", Allocation::Cluster { roster: roster.clone() }),
        (
            "stepped wedge",
            Allocation::SteppedWedge {
                sites: roster,
                steps: (0..STEPS).map(step).collect(),
                transition_days: 0,
                sites_per_step: vec![(CLUSTERS / STEPS) as u32; STEPS],
            },
        ),
    ])
}

fn first_day() -> NaiveDate {
    NaiveDate::default()
}

/// The group of the unit at a place: a stratum, levels, a cluster or a site; and its number.
fn group(method: &Allocation, place: usize) -> (usize, String) {
    // Drawn by hash, so that groups come in no order.
    let dice = Sha256::digest(format!("group {place}"));
    let level = |n: usize| ["x", "x", "y", "z"][usize::from(dice[n] % 4)];
    let pair = || (usize::from(dice[0] % 4) * 4 + usize::from(dice[1] % 4), label_of(&[level(0), level(1)]));
    match method {
        Allocation::Cluster { .. } | Allocation::SteppedWedge { .. } => {
            (place % CLUSTERS, format!("office-{}", place % CLUSTERS))
        }
        Allocation::PermutedBlocks { strata, .. } if strata.is_empty() => (0, String::new()),
        Allocation::Simple => (0, String::new()),
        _ => pair(),
    }
}

fn draw(method: &Allocation, seeds: u32, units: &[Pseudonym]) -> Seen {
    let groups: Vec<(usize, String)> = (0..units.len()).map(|place| group(method, place)).collect();
    let mut seen = Seen { second: vec![0; units.len()], of_secret: Vec::new(), largest: [0; 2] };
    for seed in 0..seeds {
        let secret = AllocationSecret::new(Sha256::digest(format!("seed {seed}")).into());
        let (allocator, mut progress) = (Allocator::new(method, &[1, 1], 0, secret), Progress::default());
        let (mut second, mut over_all) = (0, 0_i64);
        let mut differences = std::collections::HashMap::<&str, i64>::new();
        for (place, (unit, (_, group))) in units.iter().zip(&groups).enumerate() {
            // Half of the way through the wedge: 3 of 5 steps are over.
            let day = first_day() + Duration::days(35);
            let arm = allocator.assign(&mut progress, &Subject { unit, group, day }).unwrap_or(0);
            let (difference, step) = (differences.entry(group).or_default(), if arm == 0 { -1 } else { 1 });
            *difference += step;
            over_all += step;
            seen.largest[0] = seen.largest[0].max(difference.unsigned_abs());
            seen.largest[1] = seen.largest[1].max(over_all.unsigned_abs());
            seen.second[place] += arm as u32;
            second += arm as u64;
        }
        seen.of_secret.push(second);
    }
    seen
}

/// Prints what was seen; false when it is further from fair than chance goes once in a thousand runs.
fn tell(name: &str, method: &Allocation, seeds: u32, seen: &Seen, units: usize) -> bool {
    let share = if matches!(method, Allocation::SteppedWedge { .. }) { 0.6 } else { 0.5 };
    let (n, people) = (f64::from(seeds), units as f64);
    let spread = (n * share * (1.0 - share)).sqrt();
    // Units of one cluster have one arm, so there are as many free draws as clusters.
    let places = if method.is_by_cluster() { CLUSTERS.min(units) } else { units };
    let furthest =
        seen.second[..places].iter().map(|count| (f64::from(*count) - n * share).abs() / spread).fold(0.0, f64::max);
    // Bonferroni over the places: the bound that a fair draw passes but once in a thousand runs.
    let bound = normal_quantile(0.0005 / places as f64);
    let all = seen.of_secret.iter().sum::<u64>() as f64 / n / people;
    print!(
        "{name}: {seeds} secrets, {units} units; share of the second arm {all:.5}; furthest place {furthest:.2} (bound {bound:.2})"
    );
    let mut fair = furthest < bound;
    if matches!(method, Allocation::Simple) {
        let z = |count: &u64| (*count as f64 - people / 2.0) / (people / 4.0).sqrt();
        let (distance, small) = lie_evenly(seen.of_secret.iter().map(|count| two_sided(z(count))).collect());
        // Counts are whole: half of the jump between two neighbours is added to the bound of Kolmogorov and Smirnov.
        let jump = 0.4 / (people / 4.0).sqrt();
        print!(
            "; p-values of the counts: distance {distance:.4} (bound {:.4}), {small} below 0.001 (at most {})",
            1.95 / n.sqrt() + jump,
            (6.0 * n / 1_000.0).ceil().max(1.0)
        );
        fair &= distance < 1.95 / n.sqrt() + jump && small as f64 <= (6.0 * n / 1_000.0).ceil().max(1.0);
    } else if !method.is_by_cluster() {
        print!("; largest difference between the arms {} in a group, {} over all", seen.largest[0], seen.largest[1]);
        if let Allocation::PermutedBlocks { block_multiples, .. } = method {
            let half = u64::from(block_multiples.iter().max().copied().unwrap_or(0));
            print!(" (half a block: {half})");
            fair &= seen.largest[0] <= half;
        }
    }
    println!("{}", if fair { "; fair" } else { "; NOT FAIR" });
    fair
}

/// Whether pairs of trials place the same units independently of each other: a test of the two by two table of each pair.
fn independent(pairs: u32, units: &[Pseudonym]) -> bool {
    let secret = |name: String| AllocationSecret::new(Sha256::digest(name).into());
    let p = (0..pairs).map(|pair| {
        let (one, other) = (secret(format!("one {pair}")), secret(format!("other {pair}")));
        let mut cells = [0_f64; 4];
        for unit in units {
            cells[2 * simple(&one, unit, &[1, 1]) + simple(&other, unit, &[1, 1])] += 1.0;
        }
        let [a, b, c, d] = cells;
        let margins = (a + b) * (c + d) * (a + c) * (b + d);
        two_sided((a * d - b * c) * (units.len() as f64 / margins).sqrt())
    });
    let (distance, small) = lie_evenly(p.collect());
    let (bound, most) = (1.95 / f64::from(pairs).sqrt(), (6.0 * f64::from(pairs) / 1_000.0).ceil().max(1.0));
    let fair = distance < bound && small as f64 <= most;
    println!(
        "two trials: {pairs} pairs, {} units; p-values of independence: distance {distance:.4} (bound {bound:.4}), {small} below 0.001 \
         (at most {most}); {}",
        units.len(),
        if fair { "fair" } else { "NOT FAIR" }
    );
    fair
}

/// The distance of Kolmogorov and Smirnov of p-values from an even spread, and how many are below 0.001.
fn lie_evenly(mut p: Vec<f64>) -> (f64, usize) {
    p.sort_by(f64::total_cmp);
    let n = p.len() as f64;
    let distance = p.iter().zip(1_u32..).map(|(p, rank)| (f64::from(rank) / n - p).abs()).fold(0.0, f64::max);
    (distance, p.iter().filter(|p| **p < 0.001).count())
}

/// Two-sided p-value of a standard normal, by the complementary error function of Abramowitz and Stegun 7.1.26 (error below 2e-7).
#[expect(clippy::disallowed_methods, reason = "a measurement, good to 2e-7")]
fn two_sided(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let poly =
        t * (0.254_829_592 + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    poly * (-x * x).exp()
}

/// The point above which a standard normal lies with this small probability: Abramowitz and Stegun 26.2.23 (error below 5e-4).
#[expect(clippy::disallowed_methods, reason = "a measurement, good to 5e-4")]
fn normal_quantile(above: f64) -> f64 {
    let t = (-2.0 * above.ln()).sqrt();
    t - (2.515_517 + t * (0.802_853 + t * 0.010_328)) / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)))
}
