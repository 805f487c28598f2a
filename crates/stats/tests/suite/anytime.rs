//! Anytime-valid inference: error rates by going through all outcomes, expectations by exact sums.

use fairtrial_stats::anytime::{
    EProcess, EValue, SafeTwoByTwo, asymptotic_interval, beta_mixture, beta_mixture_difference, betting, linear_model,
    mixture_ratio_test, normal_mixture_bound, safe_logrank, safe_t, safe_z,
};
use fairtrial_stats::special::{normal, student};
use fairtrial_stats::{Side, StatError};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

#[test]
fn the_proportion_is_hardly_ever_excluded_over_all_looks() {
    // P(excluded at any of the first 300 units), exactly: the paths that have never been excluded.
    for p in [0.03, 0.3, 0.5, 0.9] {
        let mut open = vec![1.0];
        for n in 1..=300_u64 {
            let mut next = vec![0.0; n as usize + 1];
            for (x, mass) in open.iter().enumerate() {
                next[x] += mass * (1.0 - p);
                next[x + 1] += mass * p;
            }
            for (x, mass) in next.iter_mut().enumerate().filter(|(_, mass)| **mass > 0.0) {
                if !beta_mixture(x as u64, n, 0.5, 0.5, 0.1).unwrap().contains(p) {
                    *mass = 0.0;
                }
            }
            open = next;
        }
        let excluded = 1.0 - open.iter().sum::<f64>();
        assert!(excluded <= 0.1 && excluded > 0.005, "{p}: {excluded}");
    }
}

#[test]
fn beta_mixture_intervals_solve_their_equation_and_mirror() {
    for (x, n) in [(0, 1), (1, 1), (3, 9), (0, 1_000_000), (999_999, 1_000_000), (400_000_000, 1_000_000_000)] {
        let interval = beta_mixture(x, n, 0.5, 0.5, 0.05).unwrap();
        let mirror = beta_mixture(n - x, n, 0.5, 0.5, 0.05).unwrap();
        assert!((interval.lower - (1.0 - mirror.upper)).abs() < 1e-9);
        assert!(interval.contains(x as f64 / n as f64), "{x} of {n}: {interval:?}");
        for (end, inner) in [(interval.lower, 0.0), (interval.upper, 1.0)] {
            if end != inner {
                let evidence = fairtrial_stats::anytime::beta_mixture_evidence(x, n, 0.5, 0.5, end).unwrap();
                assert!((evidence.ln_e - 20_f64.ln()).abs() < 1e-4, "{x} of {n}: {evidence:?}");
            }
        }
    }
    assert_eq!(beta_mixture(0, 0, 0.5, 0.5, 0.05).unwrap().upper, 1.0);
    let difference = beta_mixture_difference(36, 40, 4, 40, 0.05).unwrap();
    assert!(difference.lower > 0.0 && difference.contains(0.8));
}

#[test]
fn safe_two_by_two_has_expectation_at_most_one() {
    for (n1, n0) in [(1, 1), (2, 1), (2, 3)] {
        for p in [0.05, 0.4, 0.7] {
            let mut total = 0.0;
            let tables: u64 = (n1 + 1) * (n0 + 1);
            let chance = |x: u64, n: u64| {
                let choose: f64 = (0..x).map(|i| (n - i) as f64 / (i + 1) as f64).product();
                choose * f64::powi(p, x as i32) * f64::powi(1.0 - p, (n - x) as i32)
            };
            for code in 0..tables.pow(3) {
                let mut test = SafeTwoByTwo::new(n1, n0, 0.18).unwrap();
                let (mut rest, mut weight) = (code, 1.0);
                for _ in 0..3 {
                    let (x1, x0) = (rest % tables / (n0 + 1), rest % tables % (n0 + 1));
                    rest /= tables;
                    weight *= chance(x1, n1) * chance(x0, n0);
                    test.observe(x1, x0).unwrap();
                }
                total += weight * test.process().now().e();
            }
            assert!(total <= 1.0 + 1e-12 && total > 0.2, "{n1} {n0} {p}: {total}");
        }
    }
}

#[test]
fn evidence_has_expectation_one_under_no_effect() {
    let logrank = |ratio: f64| {
        let steps: Vec<_> = (0..=5).map(|k| safe_logrank(k, 12, 5 - k, 9, ratio).unwrap()).collect();
        let sum = |pick: &dyn Fn(usize) -> f64| (0..6).map(pick).sum::<f64>();
        (
            sum(&|k| (steps[k].ln_null + steps[k].greater.ln_e).exp()),
            sum(&|k| (steps[k].ln_null + steps[k].less.ln_e).exp()),
            sum(&|k| steps[k].ln_null.exp()),
        )
    };
    let (greater, less, null) = logrank(0.6);
    for total in [greater, less, null] {
        assert!((total - 1.0).abs() < 1e-12);
    }
    // Trapezoidal sums over the distribution under no effect.
    let width = 0.05;
    for side in [Side::Greater, Side::Less, Side::Two] {
        let (mut z_total, mut t_total) = (0.0, 0.0);
        for i in -280..=280 {
            let z = f64::from(i) * width;
            z_total += width * normal::pdf(z) * safe_z(z, 0.4, 12, 18, side).unwrap().e();
        }
        let df = 28.0;
        for i in -400..=400 {
            let t = f64::from(i) * 0.05;
            let mass = student::cdf(t + 0.025, df) - student::cdf(t - 0.025, df);
            t_total += mass * safe_t(t, 0.4, 12, 18, side).unwrap().e();
        }
        assert!((z_total - 1.0).abs() < 1e-9, "{z_total}");
        assert!((t_total - 1.0).abs() < 1e-3, "{t_total}");
    }
    let (mut mixture, mut model) = (0.0, 0.0);
    for i in -360..=360 {
        let z = f64::from(i) * width;
        mixture += width * normal::pdf(z) * mixture_ratio_test(z * 0.1, 0.01, 0.02).unwrap().e();
    }
    for i in -6_000..=6_000 {
        let t = f64::from(i) * 0.01;
        let mass = student::cdf(t + 0.005, 20.0) - student::cdf(t - 0.005, 20.0);
        model += mass * linear_model(t, 20.0, 1.0, 10.0).unwrap().ln_e.exp();
    }
    assert!((mixture - 1.0).abs() < 1e-9 && (model - 1.0).abs() < 1e-4, "{mixture} {model}");
}

#[test]
fn betting_keeps_its_level_in_simulated_streams() {
    let mut generator = ChaCha8Rng::seed_from_u64(3);
    let (runs, mut missed) = (1_000, 0);
    for _ in 0..runs {
        let values: Vec<f64> = (0..150)
            .map(|_| {
                let u = (generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
                if u < 0.6 { 0.0 } else { (u - 0.6) / 0.4 }
            })
            .collect();
        missed += u32::from(!betting(&values, 0.1).unwrap().contains(0.2));
    }
    assert!(missed <= 130, "{missed} of {runs}");
    let ones = betting(&[1.0; 50], 0.05).unwrap();
    assert!(ones.upper == 1.0 && ones.lower > 0.85);
}

#[test]
fn the_normal_bound_is_hardly_ever_crossed() {
    let mut generator = ChaCha8Rng::seed_from_u64(8);
    let bounds: Vec<f64> =
        (1..=400).map(|v| normal_mixture_bound(f64::from(v), 0.1, 50.0, Side::Two).unwrap()).collect();
    let (runs, mut crossed) = (4_000, 0);
    for _ in 0..runs {
        let mut sum = 0.0;
        crossed += u32::from(bounds.iter().any(|bound| {
            let u = ((generator.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
            sum += normal::quantile(u);
            f64::abs(sum) >= *bound
        }));
    }
    assert!((40..=440).contains(&crossed), "{crossed} of {runs}");
    // The one-sided bound lies below the two-sided one of the same error.
    for v in [1.0, 50.0, 1e6] {
        let one = normal_mixture_bound(v, 0.05, 50.0, Side::Greater).unwrap();
        assert!(one < normal_mixture_bound(v, 0.05, 50.0, Side::Two).unwrap());
    }
}

#[test]
fn the_asymptotic_interval_is_narrowest_where_it_was_tuned() {
    let ratio = |n: u64| asymptotic_interval(0.0, 1.0, n, 5_000, 0.05).unwrap().upper;
    assert!(ratio(5_000) < ratio(500) && ratio(5_000) < ratio(500_000));
    assert!((ratio(5_000) - 2.9).abs() < 0.2, "{}", ratio(5_000));
    assert_eq!(asymptotic_interval(0.0, 1.0, 99, 5_000, 0.05).unwrap_err().code(), "too_few_units");
}

#[test]
fn evidence_never_overflows_and_certainty_stays() {
    assert!((safe_z(200.0, 5.0, 1_000, 1_000, Side::Greater).unwrap().ln_e).is_finite());
    let extreme = safe_t(-1e6, 0.5, 400, 400, Side::Greater).unwrap().ln_e;
    assert!(extreme.is_finite() && extreme < -50.0, "{extreme}");
    assert!(safe_t(1e200, 0.5, 2, 2, Side::Two).unwrap().ln_e.is_finite());
    let mut process = EProcess::default();
    process.multiply(EValue { ln_e: f64::NEG_INFINITY }).unwrap();
    process.multiply(EValue { ln_e: f64::INFINITY }).unwrap();
    assert_eq!(process.now().e(), 0.0);
    assert!(process.multiply(EValue { ln_e: f64::NAN }).is_err());
}

#[test]
fn bad_input_is_refused_by_name() {
    fn named<T>(result: Result<T, StatError>) -> String {
        match result {
            Err(StatError::InvalidArgument { argument, .. }) => argument,
            Err(other) => other.code().to_owned(),
            Ok(_) => "accepted".to_owned(),
        }
    }
    let huge = 1_000_000_000_000_000_000;
    for alpha in [0.0, 1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(named(beta_mixture(1, 2, 0.5, 0.5, alpha)), "alpha");
        assert_eq!(named(betting(&[0.5], alpha)), "alpha");
        assert_eq!(named(normal_mixture_bound(1.0, alpha, 1.0, Side::Two)), "alpha");
        assert_eq!(named(asymptotic_interval(0.0, 1.0, 200, 100, alpha)), "alpha");
    }
    assert_eq!(named(beta_mixture(3, 2, 0.5, 0.5, 0.05)), "x");
    assert_eq!(named(beta_mixture(3, huge, 0.5, 0.5, 0.05)), "too_large");
    assert_eq!(named(beta_mixture(1, 2, f64::NAN, 0.5, 0.05)), "a");
    assert_eq!(named(betting(&[0.5, f64::NAN], 0.05)), "values");
    assert_eq!(named(betting(&[], 0.05)), "too_few_units");
    assert_eq!(named(normal_mixture_bound(0.0, 0.05, 1.0, Side::Two)), "v");
    assert_eq!(named(mixture_ratio_test(f64::INFINITY, 1.0, 1.0)), "difference");
    assert_eq!(named(linear_model(1.0, 0.0, 1.0, 1.0)), "degrees_of_freedom");
    assert_eq!(named(safe_t(f64::NAN, 0.5, 5, 5, Side::Two)), "t");
    assert_eq!(named(safe_t(1.0, 0.5, 1, 1, Side::Two)), "too_few_units");
    assert_eq!(named(safe_z(1.0, 0.5, huge, 5, Side::Two)), "too_large");
    assert_eq!(named(safe_logrank(3, 2, 0, 5, 0.5)), "events1");
    assert_eq!(named(safe_logrank(1, 2, 0, 5, 1.0)), "ratio");
    assert_eq!(named(safe_logrank(huge, huge, 0, 5, 0.5)), "too_large");
    assert_eq!(named(SafeTwoByTwo::new(0, 1, 0.18)), "block1");
    assert_eq!(named(SafeTwoByTwo::new(1, 1, 0.18).unwrap().observe(2, 0)), "x1");
}
