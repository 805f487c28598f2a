//! Event rates: coverage by enumeration, mirror images, empty arms, and counts that vary more than Poisson's.

use fairtrial_stats::Side;
use fairtrial_stats::rates::{
    ArmCounts, Events, PoissonTail, exact_rate_ratio, mid_p_rate_ratio, mover_rate_ratio, negative_binomial,
    poisson_regression, poisson_test, quasi_poisson, robust_poisson, scas_rate_difference, scas_rate_ratio,
    score_rate_difference, score_rate_ratio,
};
use fairtrial_stats::special::count::{ln_binomial, ln_poisson};

#[test]
fn the_exact_interval_covers_and_agrees_with_its_test() {
    for total in 1..=30u64 {
        for (t1, t0) in [(1.0, 1.0), (2.5, 1.0)] {
            let limits: Vec<_> = (0..=total)
                .map(|x1| {
                    let estimate = exact_rate_ratio(&Events::new(x1, t1, total - x1, t0).unwrap(), 0.95).unwrap();
                    let p = estimate.p_value.unwrap().p();
                    if (p - 0.05).abs() > 1e-9 {
                        assert_eq!(p > 0.05, estimate.interval.contains(1.0), "{x1} of {total}: {p}");
                    }
                    estimate.interval
                })
                .collect();
            for i in 0..60 {
                let ratio = (f64::from(i) * 0.17 - 5.0).exp();
                let share = ratio * t1 / (ratio * t1 + t0);
                let covered = (0..=total).filter(|x1| limits[*x1 as usize].contains(ratio));
                let coverage: f64 = covered.map(|x1| ln_binomial(x1, total, share, 1.0 - share).exp()).sum();
                assert!(coverage >= 0.95 - 1e-9, "total {total}, ratio {ratio}: {coverage}");
            }
        }
    }
}

/// The error of the exact test of counts, one-sided and two-sided, summed over all counts, for expected counts up to 30.
#[test]
fn the_exact_test_of_counts_errs_no_more_often_than_it_says() {
    const MOST: u64 = 75;
    for (t1, t0) in [(1.0, 1.0), (2.5, 1.0), (1.0, 4.0)] {
        let p_values: Vec<[f64; 3]> = (0..=MOST)
            .flat_map(|x1| (0..=MOST).map(move |x0| (x1, x0)))
            .map(|(x1, x0)| {
                let events = Events::new(x1, t1, x0, t0).unwrap();
                let p = |events: &Events, side| poisson_test(events, PoissonTail::Central, side).unwrap().p();
                let all = [Side::Greater, Side::Less, Side::Two].map(|side| p(&events, side));
                // Exchanged arms mirror the question.
                assert!((p(&events.swapped(), Side::Less) - all[0]).abs() < 1e-12, "{x1} {x0}");
                assert!((p(&events.swapped(), Side::Two) - all[2]).abs() < 1e-12, "{x1} {x0}");
                all
            })
            .collect();
        for mean0 in [0.2, 0.5, 1.0, 2.0, 3.5, 5.0, 8.0, 12.0, 20.0, 30.0] {
            let mean1 = mean0 * t1 / t0;
            if mean1 > 30.0 {
                continue;
            }
            let masses = |mean: f64| -> Vec<f64> { (0..=MOST).map(|x| ln_poisson(x, mean).exp()).collect() };
            let (first, second) = (masses(mean1), masses(mean0));
            for alpha in [0.01, 0.025, 0.05, 0.2] {
                let mut errors = [0.0; 3];
                let weights = first.iter().flat_map(|a| second.iter().map(move |b| a * b));
                for (weight, p) in weights.zip(&p_values) {
                    for (error, p) in errors.iter_mut().zip(p) {
                        *error += if *p <= alpha { weight } else { 0.0 };
                    }
                }
                assert!(errors.iter().all(|error| *error <= alpha), "{t1} {t0} {mean0} {alpha}: {errors:?}");
            }
        }
    }
}

#[test]
fn swapping_the_arms_mirrors_rate_intervals() {
    for (x1, t1, x0, t0) in [(11, 800.0, 4, 900.0), (0, 10.0, 7, 12.0), (3, 1.0, 3, 1.0), (250, 1e5, 310, 1e5)] {
        let events = Events::new(x1, t1, x0, t0).unwrap();
        for method in [exact_rate_ratio, mid_p_rate_ratio, score_rate_ratio, scas_rate_ratio, mover_rate_ratio] {
            let (a, b) = (method(&events, 0.9).unwrap(), method(&events.swapped(), 0.9).unwrap());
            for (x, y) in [(a.interval.lower, b.interval.upper), (a.interval.upper, b.interval.lower)] {
                assert!((x == 0.0 && y.is_infinite()) || (y == 0.0 && x.is_infinite()) || (x * y - 1.0).abs() < 1e-9);
            }
        }
        for method in [score_rate_difference, scas_rate_difference] {
            let (a, b) = (method(&events, 0.9).unwrap(), method(&events.swapped(), 0.9).unwrap());
            assert!((a.interval.lower + b.interval.upper).abs() < 1e-9 * a.interval.upper.abs().max(1.0));
        }
    }
}

#[test]
fn score_limits_of_an_empty_arm_are_not_one_point() {
    // Another program returns the same number for both limits here.
    let interval = score_rate_ratio(&Events::new(0, 100.0, 5, 100.0).unwrap(), 0.95).unwrap().interval;
    assert!(interval.lower == 0.0 && interval.upper > 0.7 && interval.upper < 0.8);
    let nothing = Events::new(0, 3.0, 0, 4.0).unwrap();
    assert_eq!(poisson_test(&nothing, PoissonTail::Central, Side::Two).unwrap().p(), 1.0);
    let unbounded = exact_rate_ratio(&nothing, 0.95).unwrap();
    assert_eq!((unbounded.interval.lower, unbounded.interval.upper, unbounded.point), (0.0, f64::INFINITY, None));
    // Without events the score is -sqrt(d t1): the limits are z^2 over the exposures.
    let difference = score_rate_difference(&nothing, 0.95).unwrap().interval;
    let square = 1.959_963_984_540_054f64.powi(2);
    assert!((difference.upper - square / 3.0).abs() < 1e-9 && (difference.lower + square / 4.0).abs() < 1e-9);
}

#[test]
fn likelihood_tails_sum_what_is_at_most_as_likely() {
    for total in 1..=25u64 {
        for x1 in 0..=total {
            let share = 2.0 / 3.0;
            let mass = |k: u64| ln_binomial(k, total, share, 1.0 / 3.0).exp();
            let expected: f64 = (0..=total).map(mass).filter(|m| *m <= mass(x1) * (1.0 + 1e-7)).sum();
            let events = Events::new(x1, 2.0, total - x1, 1.0).unwrap();
            let p = poisson_test(&events, PoissonTail::MinLikelihood, Side::Two).unwrap().p();
            assert!((p - expected.min(1.0)).abs() < 1e-12, "{x1} of {total}: {p} {expected}");
        }
    }
}

#[test]
fn counts_that_spread_like_poisson_or_less_have_no_size_parameter() {
    let (even, ones) = ([2, 3, 2, 3, 2, 3], [1.0; 6]);
    let (fewer, more) = (ArmCounts::new(&even, &ones).unwrap(), ArmCounts::new(&[5, 5, 6, 5], &ones[..4]).unwrap());
    let fit = negative_binomial(&more, &fewer, 0.95).unwrap();
    assert_eq!(fit.theta, None);
    let poisson = poisson_regression(&more, &fewer).unwrap();
    assert!((fit.standard_error_given_theta - poisson.standard_error).abs() < 1e-15);
    // Underdispersed counts give a narrower quasi-Poisson interval, clustered ones a wider.
    let quasi = quasi_poisson(&more, &fewer, 0.95).unwrap();
    assert!(quasi.standard_error.unwrap() < poisson.standard_error);
    let clustered = ArmCounts::new(&[0, 0, 14, 0, 0, 1], &ones).unwrap();
    let wide = robust_poisson(&clustered, &fewer, 0.95).unwrap();
    assert!(wide.standard_error.unwrap() > poisson_regression(&clustered, &fewer).unwrap().standard_error);
    assert!(negative_binomial(&clustered, &fewer, 0.95).unwrap().theta.is_some());
    assert!(ArmCounts::new(&[0, 0], &[1.0, 1.0]).is_err());
}
