//! Chance is fair: over a thousand secrets, between trials, and whatever units look like.

use chrono::NaiveDate;
use fairtrial_domain::{
    Pseudonym, PseudonymKey, UnitText,
    allocation::{AllocationSecret, Allocator, Margins, Progress, Subject, label_of, simple},
    protocol::Allocation,
};
use sha2::{Digest, Sha256};

const SEEDS: u32 = 1_000;

fn secret(seed: u32) -> AllocationSecret {
    AllocationSecret::new(Sha256::digest(format!("seed {seed}")).into())
}

/// Pearson's statistic of counts against expected ones.
fn chi_square(counts: &[u64], expected: &[f64]) -> f64 {
    counts.iter().zip(expected).map(|(seen, wanted)| (*seen as f64 - wanted).powi(2) / wanted).sum()
}

/// Upper tail of chi-square with 2 or 4 degrees of freedom, which have a closed form.
#[expect(clippy::disallowed_methods, reason = "a bound far from what is measured")]
fn tail(statistic: f64, degrees: u32) -> f64 {
    let half = statistic / 2.0;
    if degrees == 2 { (-half).exp() } else { (-half).exp() * (1.0 + half) }
}

/// p-values of a fair draw lie evenly: the distance of Kolmogorov and Smirnov stays below the bound for a p-value of 0.001,
/// and no more than six in a thousand are below 0.001 (6 is the 99.9 % point of a binomial with 1,000 tries).
fn lie_evenly(mut p_values: Vec<f64>, what: &str) {
    p_values.sort_by(f64::total_cmp);
    let n = p_values.len() as f64;
    let distance = p_values.iter().zip(1..).map(|(p, rank)| (f64::from(rank) / n - p).abs()).fold(0.0, f64::max);
    assert!(distance < 1.95 / n.sqrt(), "{what}: distance {distance}");
    let small = p_values.iter().filter(|p| **p < 0.001).count();
    assert!(small as f64 <= 6.0 * (n / 1_000.0).max(1.0), "{what}: {small} p-values below 0.001");
}

fn units_named(name: impl Fn(u32) -> String) -> Vec<Pseudonym> {
    let key = PseudonymKey::new(&[3; 32]);
    (0..800).map(|n| key.pseudonym(&UnitText::new(&name(n)).unwrap())).collect()
}

#[test]
fn simple_draws_are_uniform_over_secrets_and_kinds_of_keys() {
    let kinds = [
        ("in sequence", units_named(|n| format!("case-{n}"))),
        ("with a long prefix", units_named(|n| format!("ministry-of-justice-fines-2027-{n:06}"))),
        ("hexadecimal", units_named(|n| format!("u{:08x}", n.wrapping_mul(2_654_435_761)))),
        ("other in the last character", units_named(|n| format!("u{}{}", n / 26, char::from(b'a' + (n % 26) as u8)))),
    ];
    for (kind, units) in &kinds {
        let p = (0..SEEDS / 4).map(|seed| {
            let (secret, mut counts) = (secret(seed), [0; 3]);
            units.iter().for_each(|unit| counts[simple(&secret, unit, &[2, 1, 1])] += 1);
            tail(chi_square(&counts, &[400.0, 200.0, 200.0]), 2)
        });
        lie_evenly(p.collect(), kind);
    }
}

#[test]
fn two_trials_draw_independently() {
    let units = units_named(|n| format!("case-{n}"));
    let p = (0..SEEDS / 4).map(|seed| {
        let (one, other, mut counts) = (secret(2 * seed), secret(2 * seed + 1), [0; 9]);
        for unit in &units {
            counts[3 * simple(&one, unit, &[1, 1, 1]) + simple(&other, unit, &[1, 1, 1])] += 1;
        }
        let sum = |of: &dyn Fn(usize) -> usize| -> [f64; 3] {
            std::array::from_fn(|k| (0..9).filter(|cell| of(*cell) == k).map(|cell| counts[cell] as f64).sum())
        };
        let (rows, columns) = (sum(&|cell| cell / 3), sum(&|cell| cell % 3));
        let expected: [f64; 9] = std::array::from_fn(|cell| rows[cell / 3] * columns[cell % 3] / 800.0);
        tail(chi_square(&counts, &expected), 4)
    });
    lie_evenly(p.collect(), "between trials");
}

/// Whoever knows ten thousand arms of a trial does not know the next: the arm does not follow from bits of the pseudonym.
#[test]
fn known_arms_tell_nothing_of_unknown_ones() {
    let secret = secret(1);
    let unit = |n: u32| Pseudonym::from_bytes(&Sha256::digest(n.to_be_bytes())[..16]).unwrap();
    let bits = |unit: &Pseudonym| u128::from_be_bytes(*unit.bytes());
    let known: Vec<(u128, usize)> =
        (0..10_000).map(unit).map(|unit| (bits(&unit), simple(&secret, &unit, &[1, 1]))).collect();
    // For each bit of the pseudonym, how often it agrees with the arm; the best ten bits then vote on new people.
    let mut agreement: Vec<(u32, i64)> = (0..128)
        .map(|bit| (bit, known.iter().map(|(bits, arm)| 2 * i64::from((bits >> bit & 1) as usize == *arm) - 1).sum()))
        .collect();
    agreement.sort_by_key(|(_, sum)| -sum.abs());
    let guess = |bits: u128| {
        let vote: i64 = agreement[..10].iter().map(|(bit, sum)| (2 * (bits >> bit & 1) as i64 - 1) * sum).sum();
        usize::from(vote > 0)
    };
    let right = (10_000..20_000).map(unit).filter(|unit| guess(bits(unit)) == simple(&secret, unit, &[1, 1])).count();
    assert!((4_800..=5_200).contains(&right), "{right} of 10,000 guessed");
}

#[test]
fn blocks_never_leave_balance_by_more_than_half_a_block() {
    let method = Allocation::PermutedBlocks { strata: vec!["s".into()], block_multiples: vec![1, 2, 4] };
    let unit = Pseudonym::from_bytes(&[0; 16]).unwrap();
    for seed in 0..SEEDS / 10 {
        let allocator = Allocator::new(&method, &[1, 1], 0, secret(seed));
        let (mut progress, mut excess) = (Progress::default(), [0_i64; 3]);
        for n in 0..900_usize {
            let (stratum, group) = (n * n % 3, ["north", "east", "south"][n * n % 3]);
            let arm = allocator.assign(&mut progress, &Subject { unit: &unit, group, day: NaiveDate::MIN }).unwrap();
            excess[stratum] += if arm == 0 { 1 } else { -1 };
            // The largest block holds 8 people: 4 of one arm before the first of the other.
            assert!(excess[stratum].abs() <= 4, "{excess:?}");
        }
    }
}

/// People of four factors with three levels each, of unequal frequency: 81 strata.
fn levels(person: u32) -> Vec<&'static str> {
    Sha256::digest(format!("person {person}"))[..4]
        .iter()
        .map(|byte| ["a", "a", "a", "b", "b", "c"][usize::from(byte % 6)])
        .collect()
}

#[test]
fn minimisation_balances_better_than_strata_and_chance_alone() {
    const TRIALS: u32 = 100;
    const PEOPLE: u32 = 100;
    let factors: Vec<String> = ["f1", "f2", "f3", "f4"].map(str::to_owned).into();
    let unit = |person: u32| Pseudonym::from_bytes(&Sha256::digest(person.to_be_bytes())[..16]).unwrap();
    // The largest difference between the arms in any level of any factor, on average over the trials.
    let imbalance = |method: &Allocation| -> f64 {
        let of_trial = |trial: u32| {
            let (allocator, mut progress) = (Allocator::new(method, &[1, 1], 0, secret(trial)), Progress::default());
            let mut seen = std::collections::HashMap::<(usize, &str), i64>::new();
            for person in trial * PEOPLE..(trial + 1) * PEOPLE {
                let (levels, unit) = (levels(person), unit(person));
                let group = label_of(&levels);
                let subject = Subject { unit: &unit, group: &group, day: NaiveDate::MIN };
                let arm = allocator.assign(&mut progress, &subject).unwrap();
                for place in levels.into_iter().enumerate() {
                    *seen.entry(place).or_default() += if arm == 0 { 1 } else { -1 };
                }
            }
            let largest = seen.values().map(|difference| difference.abs()).max().unwrap();
            if allocator.has_margins() {
                assert_eq!(progress.margins.largest_difference(), largest.unsigned_abs());
                assert_eq!(Margins::from_text(&progress.margins.to_text()), Some(progress.margins));
            }
            largest as f64
        };
        (0..TRIALS).map(of_trial).sum::<f64>() / f64::from(TRIALS)
    };
    let by_chance = imbalance(&Allocation::Simple);
    let in_strata = imbalance(&Allocation::PermutedBlocks { strata: factors.clone(), block_multiples: vec![2, 3, 4] });
    let minimised = imbalance(&Allocation::Minimisation { factors, probability: "0.8".parse().unwrap() });
    assert!(minimised < 0.6 * in_strata && in_strata < by_chance, "{minimised} {in_strata} {by_chance}");
}

/// Unequal shares are kept: with a fixed probability for the preferred arm a ratio of 9 to 1 would drift to 4 to 1.
#[test]
fn minimisation_keeps_the_ratio() {
    let unit = Pseudonym::from_bytes(&[0; 16]).unwrap();
    let method = Allocation::Minimisation { factors: vec!["f1".into()], probability: "0.8".parse().unwrap() };
    let mut second = 0;
    for seed in 0..20 {
        let (allocator, mut progress) = (Allocator::new(&method, &[9, 1], 0, secret(seed)), Progress::default());
        for person in 0..1_000 {
            let group = levels(person)[0];
            let subject = Subject { unit: &unit, group, day: NaiveDate::MIN };
            second += allocator.assign(&mut progress, &subject).unwrap();
        }
    }
    assert!((1_900..=2_100).contains(&second), "{second} of 20,000 instead of a tenth");
}
