//! The sample-ratio check: levels by enumeration, and the e-value as a martingale.

use fairtrial_stats::sample_ratio::{SequentialRatio, exact_multinomial, mixture_ln_e, pearson, test};
use fairtrial_stats::special::count::ln_binomial;

#[test]
fn the_exact_check_keeps_its_level() {
    for n in 1..=30u64 {
        for ratio in [[1, 1], [2, 1], [9, 1]] {
            let share = ratio[0] as f64 / (ratio[0] + ratio[1]) as f64;
            for alpha in [0.001, 0.01, 0.05] {
                let alarm: f64 = (0..=n)
                    .filter(|x| test(&[*x, n - x], &ratio).unwrap().p_value.p() <= alpha)
                    .map(|x| ln_binomial(x, n, share, 1.0 - share).exp())
                    .sum();
                assert!(alarm <= alpha * (1.0 + 1e-9), "{n} {ratio:?}: {alarm}");
            }
        }
    }
}

#[test]
fn three_arms_are_enumerated() {
    // All outcomes of 6 people in shares 1:1:2; their likelihood tails must be the p-values.
    let mass = |a: u64, b: u64, c: u64| {
        let ways = (1..=6u64).product::<u64>() as f64
            / [a, b, c].map(|k| (1..=k).product::<u64>() as f64).iter().product::<f64>();
        ways * 0.25f64.powi(a as i32) * 0.25f64.powi(b as i32) * 0.5f64.powi(c as i32)
    };
    let outcomes: Vec<[u64; 3]> = (0..=6).flat_map(|a| (0..=6 - a).map(move |b| [a, b, 6 - a - b])).collect();
    for [a, b, c] in outcomes.clone() {
        let expected: f64 =
            outcomes.iter().map(|[x, y, z]| mass(*x, *y, *z)).filter(|m| *m <= mass(a, b, c) * (1.0 + 1e-7)).sum();
        let p = exact_multinomial(&[a, b, c], &[1.0, 1.0, 2.0]).unwrap().p_value.p();
        assert!((p - expected.min(1.0)).abs() < 1e-12, "{a} {b} {c}: {p} {expected}");
        assert_eq!(test(&[a, b, c], &[1, 1, 2]).unwrap().p_value.p(), p);
    }
}

#[test]
fn the_e_value_is_a_fair_bet_and_its_alarm_rate_is_bounded_over_all_looks() {
    let n = 60usize;
    for share in [0.5, 0.25] {
        let e = |x: usize, m: usize| mixture_ln_e(&[x as u64, (m - x) as u64], &[share, 1.0 - share]).unwrap();
        for m in 1..=20usize {
            let mean: f64 =
                (0..=m).map(|x| (ln_binomial(x as u64, m as u64, share, 1.0 - share) + e(x, m)).exp()).sum();
            assert!((mean - 1.0).abs() < 1e-10, "{m}: {mean}");
        }
        // A look after every person: the chance that the alarm ever sounds, by recursion over the counts.
        let alpha = 0.05f64;
        let (mut alive, mut alarmed) = (vec![1.0], 0.0);
        for m in 1..=n {
            let mut next = vec![0.0; m + 1];
            for (x, mass) in alive.iter().enumerate() {
                next[x + 1] += mass * share;
                next[x] += mass * (1.0 - share);
            }
            for (x, mass) in next.iter_mut().enumerate() {
                if e(x, m) >= -alpha.ln() {
                    alarmed += *mass;
                    *mass = 0.0;
                }
            }
            alive = next;
        }
        assert!(alarmed > 0.0 && alarmed <= alpha, "{alarmed}");
    }
}

#[test]
fn days_may_be_added_up_and_the_largest_value_is_kept() {
    let mut daily = SequentialRatio::new(&[1, 1]).unwrap();
    for day in [[30, 20], [10, 30], [25, 25]] {
        daily.add(&day).unwrap();
    }
    let mut once = SequentialRatio::new(&[1, 1]).unwrap();
    once.add(&[65, 75]).unwrap();
    assert!((daily.ln_e() - once.ln_e()).abs() < 1e-12);
    assert!(daily.ln_e_max() >= daily.ln_e());
    let mut broken = SequentialRatio::new(&[1, 1]).unwrap();
    broken.add(&[90, 40]).unwrap();
    assert!(broken.is_refuted(0.001) && !once.is_refuted(0.001));
}

#[test]
fn an_arm_that_was_to_get_nobody() {
    let result = test(&[10, 10, 1], &[1, 1, 0]).unwrap();
    assert!(result.impossible && result.p_value.p() == 0.0);
    // An empty arm without a share does not count as a degree of freedom.
    let spared = pearson(&[60, 40, 0], &[1.0, 1.0, 0.0]).unwrap();
    assert_eq!(spared.degrees_of_freedom, 1.0);
    assert!((spared.p_value.p() - 0.045_500_263_896).abs() < 1e-10);
    assert!(test(&[0, 0], &[1, 1]).is_err() && test(&[3, 4], &[1, 0]).is_err() && test(&[3], &[1, 1]).is_err());
}
