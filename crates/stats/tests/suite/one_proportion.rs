//! Intervals of one proportion: coverage by enumeration, nesting, mirror images, and the equations they solve.

use fairtrial_stats::one_proportion::{agresti_coull, blaker, clopper_pearson, jeffreys, mid_p, wilson};
use fairtrial_stats::special::{beta, count};

fn mass(x: u64, n: u64, p: f64) -> f64 {
    count::ln_binomial(x, n, p, 1.0 - p).exp()
}

#[test]
fn exact_intervals_cover_for_all_sizes_up_to_thirty() {
    for level in [0.8, 0.95] {
        for n in 1..=30 {
            let exact: Vec<_> = (0..=n).map(|x| clopper_pearson(x, n, level).unwrap().interval).collect();
            let shorter: Vec<_> = (0..=n).map(|x| blaker(x, n, level).unwrap().interval).collect();
            for (a, b) in exact.iter().zip(&shorter) {
                assert!(a.lower <= b.lower + 1e-12 && b.upper <= a.upper + 1e-12, "{n}: {a:?} {b:?}");
            }
            for i in 0..1000 {
                let p = (f64::from(i) + 0.37) / 1000.0;
                for limits in [&exact, &shorter] {
                    let coverage: f64 =
                        (0..=n).filter(|x| limits[*x as usize].contains(p)).map(|x| mass(x, n, p)).sum();
                    assert!(coverage >= level - 1e-9, "n {n}, p {p}: {coverage}");
                }
            }
        }
    }
}

#[test]
fn mid_p_limits_solve_their_equation() {
    // A reference program stops its search at 1.2e-4; ours meets the definition.
    for (x, n) in [(1u64, 10u64), (5, 10), (3, 1000), (81, 263)] {
        let interval = mid_p(x, n, 0.95).unwrap().interval;
        let above = |p: f64| beta::lower(x as f64, (n - x) as f64 + 1.0, p) - 0.5 * mass(x, n, p);
        let below = |p: f64| beta::upper(x as f64 + 1.0, (n - x) as f64, p) - 0.5 * mass(x, n, p);
        assert!((above(interval.lower) - 0.025).abs() < 1e-13);
        assert!((below(interval.upper) - 0.025).abs() < 1e-13);
    }
}

#[test]
fn counting_failures_mirrors_every_interval() {
    for method in [wilson, clopper_pearson, jeffreys, mid_p, agresti_coull, blaker] {
        for n in [1, 2, 7, 30, 200] {
            for x in 0..=n {
                let (a, b) = (method(x, n, 0.95).unwrap(), method(n - x, n, 0.95).unwrap());
                assert!((a.interval.lower - (1.0 - b.interval.upper)).abs() < 1e-12, "{x}/{n} {}", a.method);
                assert!(a.interval.contains(x as f64 / n as f64), "{x}/{n} {}", a.method);
            }
        }
    }
}

#[test]
fn huge_counts_keep_their_digits() {
    let wilson = wilson(500_000_000_000_000, 1_000_000_000_000_000, 0.95).unwrap().interval;
    assert!((wilson.upper - 0.5 - 3.098_975_161_5e-8).abs() < 1e-15);
    let exact = clopper_pearson(50_000_000, 100_000_000, 0.95).unwrap().interval;
    assert!((exact.upper - 0.5 - 9.800_319_92e-5).abs() < 1e-9, "{}", exact.upper - 0.5);
}
