//! Intervals that invert the permutation test: another program's values, the test itself at every shift, all assignments.

use fairtrial_stats::cluster::cluster_permutation_difference;
use fairtrial_stats::means::{Draws, arrangements, permutation_difference, permutation_test};
use fairtrial_stats::sufficient::Moments;
use fairtrial_stats::{Guarantee, Side, StatError};
use proptest::prelude::*;

/// R 4.2.2, all 126 arrangements by `combn(9, 4)`: `mean(s >= o - 1e-9)` of `y - d * a`, bisected for `d`; the p-value also
/// by `exactRankTests::perm.test(c(121, 94, 150, 112), c(88, 79, 105, 61, 99), alternative = "greater", exact = TRUE)`.
#[test]
fn limits_are_those_of_another_program() {
    let values = [12.1, 9.4, 15.0, 11.2, 8.8, 7.9, 10.5, 6.1, 9.9];
    let arm: Vec<bool> = (0..9).map(|i| i < 4).collect();
    for (level, lower, upper) in [(0.95, 0.1, 6.55), (0.9, 0.65, 6.1)] {
        let estimate = permutation_difference(&values, &arm, None, Draws::Exact, 0.0, Side::Two, level).unwrap();
        assert!((estimate.interval.lower - lower).abs() < 1e-9, "{estimate:?}");
        assert!((estimate.interval.upper - upper).abs() < 1e-9, "{estimate:?}");
        assert!((estimate.p_value.unwrap().p() - 6.0 / 126.0).abs() < 1e-12);
        assert!((estimate.point.unwrap() - 3.285).abs() < 1e-12);
        assert_eq!(estimate.guarantee, Guarantee::DesignBased);
    }
    let clusters = |values: &[f64]| values.iter().map(|&mean| Moments { n: 1, mean, m2: 0.0 }).collect::<Vec<_>>();
    let (arm1, arm0) = (clusters(&values[..4]), clusters(&values[4..]));
    let of_clusters = cluster_permutation_difference(&arm1, &arm0, Draws::Exact, 0.0, Side::Two, 0.9).unwrap();
    assert!((of_clusters.interval.lower - 0.65).abs() < 1e-9);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// The p-value at any difference is that of the plain test on the values without it, with the same arrangements; the
    /// interval contains exactly the differences that are not rejected.
    #[test]
    fn the_plain_test_on_shifted_values_decides_alike(
        whole in prop::collection::vec(-6_i32..6, 8),
        null in -8_i32..8,
        blocked in any::<bool>(),
        drawn in any::<bool>(),
        mask in 1_u32..15,
        level in prop_oneof![Just(0.6), Just(0.8), Just(0.9), Just(0.95)],
    ) {
        let values: Vec<f64> = whole.iter().map(|&value| f64::from(value) * 0.5).collect();
        let arm: Vec<bool> = (0..8).map(|i| if blocked { i % 4 == 1 || i == 6 } else { i > 5 || mask >> i & 1 == 1 }).collect();
        prop_assume!(arm.iter().any(|one| !one));
        let blocks: Option<Vec<usize>> = blocked.then(|| (0..8).map(|i| i / 4).collect());
        let how = if drawn { Draws::MonteCarlo { draws: 300, seed: u64::from(mask) } } else { Draws::Exact };
        let null = f64::from(null) * 0.25;
        let ask = |side| permutation_difference(&values, &arm, blocks.as_deref(), how, null, side, level);
        let Ok(two) = ask(Side::Two) else { return Ok(()) };
        let (greater, less) = (ask(Side::Greater).unwrap(), ask(Side::Less).unwrap());
        let rest: Vec<f64> = values.iter().zip(&arm).map(|(v, &one)| if one { v - null } else { *v }).collect();
        // Nothing is left to test when the difference explains everything.
        let plain = permutation_test(&rest, &arm, blocks.as_deref(), how);
        if let Ok(plain) = plain {
            let half_if = |beyond: bool, p: f64| if beyond { p.max(0.5) } else { p };
            let point = two.point.unwrap();
            let up = half_if(null >= point - 1e-12, plain.p_greater);
            let down = half_if(null <= point + 1e-12, plain.p_less);
            // One half of an odd number of arrangements is rounded up.
            let slack = 0.51 / plain.arrangements as f64;
            prop_assert!((greater.p_value.unwrap().p() - up).abs() < slack, "{:?} {}", greater, up);
            prop_assert!((less.p_value.unwrap().p() - down).abs() < slack);
            prop_assert!((two.p_value.unwrap().p() - (2.0 * up.min(down)).min(1.0)).abs() < 2.0 * slack);
        }
        for estimate in [&two, &greater, &less] {
            let kept = estimate.p_value.unwrap().p() > 1.0 - level + 1e-9;
            prop_assert_eq!(kept, estimate.interval.contains(null), "{:?} {}", estimate, null);
            prop_assert!(estimate.interval.contains(estimate.point.unwrap()), "{:?}", estimate);
        }
        let swapped: Vec<bool> = arm.iter().map(|one| !one).collect();
        if !drawn {
            let mirror =
                permutation_difference(&values, &swapped, blocks.as_deref(), how, -null, Side::Two, level).unwrap();
            prop_assert!((mirror.interval.lower + two.interval.upper).abs() < 1e-9 || mirror.interval.lower.is_infinite());
            prop_assert!((mirror.p_value.unwrap().p() - two.p_value.unwrap().p()).abs() < 1e-12);
        }
    }
}

/// Every assignment in turn is the true one: the interval leaves the true effect out as often as stated at most.
#[test]
fn coverage_over_all_assignments_is_at_least_nominal() {
    let before = [0.0, 0.1, 0.1, 0.4, 1.7, 2.0, 9.0];
    for n1 in 1..=6_u32 {
        for level in [0.6, 0.8, 0.9] {
            for side in [Side::Two, Side::Greater, Side::Less] {
                let (mut covered, mut total) = (0, 0);
                for mask in (0_u32..128).filter(|mask| mask.count_ones() == n1) {
                    let arm: Vec<bool> = (0..7).map(|i| mask >> i & 1 == 1).collect();
                    let values: Vec<f64> =
                        before.iter().zip(&arm).map(|(v, &one)| if one { v + 0.7 } else { *v }).collect();
                    let estimate = permutation_difference(&values, &arm, None, Draws::Exact, 0.0, side, level).unwrap();
                    covered +=
                        u32::from(estimate.interval.lower <= 0.7 + 1e-9 && 0.7 - 1e-9 <= estimate.interval.upper);
                    total += 1;
                }
                assert!(
                    f64::from(covered) >= level * f64::from(total) - 1e-9,
                    "{n1} {level} {side:?}: {covered}/{total}"
                );
            }
        }
    }
}

#[test]
fn few_units_give_no_limits_and_bad_ones_an_error() {
    let (values, arm) = ([1.0, 2.0, 3.0, 4.0], [true, true, false, false]);
    let ask = |how, null, level| permutation_difference(&values, &arm, None, how, null, Side::Two, level);
    let wide = ask(Draws::Exact, 0.0, 0.95).unwrap();
    assert!(wide.interval.lower == f64::NEG_INFINITY && wide.interval.upper == f64::INFINITY);
    let named = |result: Result<_, StatError>| match result {
        Err(StatError::InvalidArgument { argument, .. }) => argument,
        Err(other) => other.code().to_owned(),
        Ok(_) => "accepted".to_owned(),
    };
    assert_eq!(named(ask(Draws::Exact, f64::NAN, 0.95)), "null_difference");
    assert_eq!(named(ask(Draws::Exact, 0.0, 1.0)), "level");
    assert_eq!(named(ask(Draws::MonteCarlo { draws: 0, seed: 1 }, 0.0, 0.9)), "draws");
    assert_eq!(named(ask(Draws::MonteCarlo { draws: 50_000_000, seed: 1 }, 0.0, 0.9)), "too_large");
    let constant = permutation_difference(&[2.0; 4], &arm, None, Draws::Exact, 0.0, Side::Two, 0.9);
    assert_eq!(named(constant), "zero_variance");
    let large: Vec<bool> = (0..40).map(|i| i % 2 == 0).collect();
    let ways = arrangements(&large, None).unwrap();
    assert!((ways / 137_846_528_820.0 - 1.0).abs() < 1e-9);
    assert_eq!(Draws::all_or(ways, 999, 4), Draws::MonteCarlo { draws: 999, seed: 4 });
    assert_eq!(Draws::all_or(20.0, 999, 4), Draws::Exact);
}
