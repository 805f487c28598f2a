//! Exact tests of two proportions, by complete enumeration of all trials with up to 30 people an arm.

use fairtrial_stats::Side;
use fairtrial_stats::two_proportions::{
    ExactTest, FisherMethod, RejectionRegion, Table, barnard, boschloo, conditional_odds_ratio, exact_margin_test,
    exact_needed, exact_power, exact_risk_difference, fisher, melded_risk_difference,
};

use crate::masses::binomial;

fn table(x1: u64, n1: u64, x0: u64, n0: u64) -> Table {
    Table::new(x1, n1, x0, n0).unwrap()
}

fn tables(n1: u64, n0: u64) -> impl Iterator<Item = Table> {
    (0..=n1).flat_map(move |x1| (0..=n0).map(move |x0| table(x1, n1, x0, n0)))
}

/// Binomial coefficients by addition, exact in floating point up to 30.
fn choose(n: u64) -> Vec<f64> {
    let mut row = vec![1.0];
    for _ in 0..n {
        let mut next = vec![1.0];
        next.extend(row.windows(2).map(|pair| pair[0] + pair[1]));
        next.push(1.0);
        row = next;
    }
    row
}

#[test]
fn no_exact_test_errs_more_often_than_it_says() {
    let alpha = 0.025;
    for n1 in 1..=30 {
        for n0 in 1..=30 {
            let regions = [ExactTest::Fisher, ExactTest::Boschloo, ExactTest::PooledZ]
                .map(|test| RejectionRegion::new(test, n1, n0, alpha).unwrap());
            for i in 1..40 {
                let p = f64::from(i) / 40.0;
                let (first, second) = (binomial(n1, p), binomial(n0, p));
                let mut rejected = [0.0; 3];
                for x1 in 0..=n1 {
                    for x0 in 0..=n0 {
                        let mass = first[x1 as usize] * second[x0 as usize];
                        for (sum, region) in rejected.iter_mut().zip(&regions) {
                            if region.rejects(x1, x0) {
                                *sum += mass;
                            }
                        }
                    }
                }
                for (sum, region) in rejected.iter().zip(&regions) {
                    assert!(*sum <= alpha * (1.0 + 1e-12), "{n1} {n0} at {p}: {sum}");
                    assert!(*sum <= region.size().upper_bound * (1.0 + 1e-12), "{n1} {n0} at {p}");
                }
            }
            for table in tables(n1, n0) {
                let [fisher, boschloo, _] = regions.each_ref().map(|region| region.rejects(table.x1(), table.x0()));
                assert!(boschloo || !fisher, "Fisher rejects {table:?}, Boschloo does not");
            }
        }
    }
}

#[test]
fn p_values_and_rejection_regions_say_the_same() {
    for (n1, n0) in [(1, 1), (4, 7), (10, 10), (12, 5), (9, 11)] {
        for alpha in [0.01, 0.025, 0.05, 0.2] {
            let region = RejectionRegion::new(ExactTest::Boschloo, n1, n0, alpha).unwrap();
            let scores = RejectionRegion::new(ExactTest::PooledZ, n1, n0, alpha).unwrap();
            for t in tables(n1, n0) {
                let p = boschloo(&t, Side::Greater).unwrap().supremum.upper_bound;
                assert_eq!(p <= alpha, region.rejects(t.x1(), t.x0()), "{t:?} {alpha} {p}");
                let p = barnard(&t, Side::Greater).unwrap().supremum.upper_bound;
                assert_eq!(p <= alpha, scores.rejects(t.x1(), t.x0()), "{t:?} {alpha} {p}");
            }
        }
    }
}

#[test]
fn fisher_agrees_with_whole_number_enumeration() {
    for n1 in 1..=12u64 {
        for n0 in 1..=12u64 {
            for t in tables(n1, n0) {
                let s = t.successes();
                let (first, second, all) = (choose(n1), choose(n0), choose(n1 + n0));
                let ways = |x1: u64| {
                    if x1 > n1 || s < x1 || s - x1 > n0 { 0.0 } else { first[x1 as usize] * second[(s - x1) as usize] }
                };
                let total = all[s as usize];
                let upper: f64 = (t.x1()..=s).map(ways).sum::<f64>() / total;
                let lower: f64 = (0..=t.x1()).map(ways).sum::<f64>() / total;
                let likely: f64 = (0..=s).map(ways).filter(|w| *w <= ways(t.x1())).sum::<f64>() / total;
                let close = |p: f64, q: f64| (p - q.min(1.0)).abs() < 1e-12;
                assert!(close(fisher(&t, FisherMethod::Central, Side::Greater).unwrap().p(), upper), "{t:?}");
                assert!(close(fisher(&t, FisherMethod::Central, Side::Less).unwrap().p(), lower), "{t:?}");
                assert!(close(fisher(&t, FisherMethod::MinLikelihood, Side::Two).unwrap().p(), likely), "{t:?}");
                let central = 2.0 * upper.min(lower);
                assert!(close(fisher(&t, FisherMethod::Central, Side::Two).unwrap().p(), central), "{t:?}");
            }
        }
    }
}

/// T1: exact ties, which other programs lose in rounding, decide p-values; here the score is compared in whole numbers
/// and the supremum is found by brute force.
#[test]
fn barnard_counts_every_tied_table() {
    for n1 in 1..=6u64 {
        for n0 in 1..=6u64 {
            for t in tables(n1, n0) {
                let score = |x1: u64, x0: u64| {
                    let (s, d) = ((x1 + x0) as i128, x1 as i128 * n0 as i128 - x0 as i128 * n1 as i128);
                    let spread = s * ((n1 + n0) as i128 - s);
                    if spread == 0 { (0, 1) } else { (d * d.abs(), spread) }
                };
                let observed = score(t.x1(), t.x0());
                let region: Vec<(u64, u64)> = tables(n1, n0)
                    .map(|t| (t.x1(), t.x0()))
                    .filter(|(x1, x0)| {
                        let (d, spread) = score(*x1, *x0);
                        d * observed.1 >= observed.0 * spread
                    })
                    .collect();
                let mut largest = 0.0f64;
                for i in 0..=400 {
                    let p = f64::from(i) / 400.0;
                    let (first, second) = (binomial(n1, p), binomial(n0, p));
                    largest = largest.max(region.iter().map(|(a, b)| first[*a as usize] * second[*b as usize]).sum());
                }
                let found = barnard(&t, Side::Greater).unwrap().supremum;
                assert!(largest <= found.upper_bound * (1.0 + 1e-12), "{t:?}: {largest} {found:?}");
                assert!(found.value <= largest * (1.0 + 1e-3), "{t:?}: {largest} {found:?}");
            }
        }
    }
}

#[test]
fn exact_tests_mirror_and_are_monotone() {
    for (n1, n0) in [(3, 8), (7, 7), (12, 9)] {
        let p = |x1: u64, x0: u64| boschloo(&table(x1, n1, x0, n0), Side::Greater).unwrap().p_value.p();
        for t in tables(n1, n0) {
            // Swapping the arms and counting failures instead of successes is the same question.
            let failures = table(n0 - t.x0(), n0, n1 - t.x1(), n1);
            let mirrored = boschloo(&failures, Side::Greater).unwrap().p_value.p();
            assert!((p(t.x1(), t.x0()) / mirrored - 1.0).abs() < 1e-9, "{t:?}");
            let two = boschloo(&t, Side::Two).unwrap().p_value.p();
            let swapped = boschloo(&t.swapped(), Side::Two).unwrap().p_value.p();
            assert!((two / swapped - 1.0).abs() < 1e-9, "{t:?}");
            if t.x1() < n1 {
                assert!(p(t.x1() + 1, t.x0()) <= p(t.x1(), t.x0()) * (1.0 + 1e-9), "{t:?}");
            }
        }
    }
}

/// Exchanged arms with failures counted instead of successes are the same question: for every size up to 30.
#[test]
fn rejection_regions_mirror_for_all_sizes() {
    for n1 in 1..=30 {
        for n0 in 1..=n1 {
            for test in [ExactTest::Fisher, ExactTest::Boschloo, ExactTest::PooledZ] {
                let region = RejectionRegion::new(test, n1, n0, 0.025).unwrap();
                let mirror = RejectionRegion::new(test, n0, n1, 0.025).unwrap();
                for t in tables(n1, n0) {
                    let same = region.rejects(t.x1(), t.x0()) == mirror.rejects(n0 - t.x0(), n1 - t.x1());
                    assert!(same, "{test:?} {t:?}");
                }
            }
        }
    }
}

#[test]
fn the_conditional_interval_and_fishers_test_never_contradict() {
    for (n1, n0) in [(5, 5), (10, 7), (14, 14)] {
        for t in tables(n1, n0) {
            let estimate = conditional_odds_ratio(&t, 0.95, false).unwrap();
            let p = estimate.p_value.unwrap().p();
            let interval = estimate.interval;
            if (p - 0.05).abs() > 1e-9 {
                assert_eq!(p > 0.05, interval.contains(1.0), "{t:?} {p} {interval:?}");
            }
            if let Some(point) = estimate.point {
                assert!(interval.contains(point) || point.is_infinite() && interval.upper.is_infinite(), "{t:?}");
            }
        }
    }
}

/// Coverage of intervals that claim it, for all pairs of proportions on a grid.
fn least_coverage(n1: u64, n0: u64, interval: impl Fn(&Table) -> (f64, f64)) -> f64 {
    let limits: Vec<(Table, (f64, f64))> = tables(n1, n0).map(|t| (t, interval(&t))).collect();
    let mut least = 1.0f64;
    for i in 0..=24 {
        for j in 0..=24 {
            // Off the round numbers, so that no limit is hit by chance of rounding.
            let (p1, p0) = (0.01 + f64::from(i) * 0.0407, 0.003 + f64::from(j) * 0.0411);
            let (first, second) = (binomial(n1, p1), binomial(n0, p0));
            let covered = limits.iter().filter(|(_, (lower, upper))| *lower <= p1 - p0 && p1 - p0 <= *upper);
            let coverage: f64 = covered.map(|(t, _)| first[t.x1() as usize] * second[t.x0() as usize]).sum();
            least = least.min(coverage);
        }
    }
    least
}

#[test]
fn exact_intervals_cover_and_agree_with_their_tests() {
    for (n1, n0) in [(2, 3), (4, 4), (6, 3)] {
        let exact = least_coverage(n1, n0, |t| {
            let estimate = exact_risk_difference(t, 0.9).unwrap();
            let (interval, p) = (estimate.interval, estimate.p_value.unwrap().p());
            assert!(interval.contains(t.difference()));
            if (p - 0.1).abs() > 1e-6 && interval.lower.abs() > 1e-6 && interval.upper.abs() > 1e-6 {
                assert!(p > 0.1 || !interval.contains(0.0), "{t:?} {p} {interval:?}");
            }
            (interval.lower, interval.upper)
        });
        assert!(exact >= 0.9 - 1e-12, "exact {n1} {n0}: {exact}");
        let melded = least_coverage(n1, n0, |t| {
            let interval = melded_risk_difference(t, 0.9).unwrap().interval;
            (interval.lower, interval.upper)
        });
        assert!(melded >= 0.9 - 1e-12, "melded {n1} {n0}: {melded}");
    }
}

#[test]
fn exact_margin_tests_keep_their_level_on_the_edge() {
    let (n1, n0, margin, alpha) = (7, 6, -0.15, 0.05);
    let rejected: Vec<Table> = tables(n1, n0)
        .filter(|t| exact_margin_test(t, margin, Side::Greater).unwrap().supremum.upper_bound <= alpha)
        .collect();
    assert!(!rejected.is_empty());
    for i in 0..=200 {
        let p0 = 0.15 + 0.85 * f64::from(i) / 200.0;
        let (first, second) = (binomial(n1, (p0 + margin).max(0.0)), binomial(n0, p0));
        let error: f64 = rejected.iter().map(|t| first[t.x1() as usize] * second[t.x0() as usize]).sum();
        assert!(error <= alpha, "{p0}: {error}");
    }
}

#[test]
fn extreme_tables_are_not_called_no_evidence() {
    // Other programs answer p = 1 and an interval of [0, 0] for these.
    for (x1, n1, x0, n0) in [(10, 10, 3, 10), (8, 20, 0, 20), (0, 20, 8, 20)] {
        let estimate = fairtrial_stats::two_proportions::risk_difference(x1, n1, x0, n0, 0.95).unwrap();
        let p = estimate.p_value.unwrap().p();
        assert!(p > 0.0 && p < 0.005, "{p}");
        assert!(!estimate.interval.contains(0.0));
        assert!(estimate.interval.upper - estimate.interval.lower > 0.2);
    }
}

#[test]
fn the_needed_number_lies_behind_the_last_tooth_of_the_saw() {
    let power = |n: u64| exact_power(ExactTest::Fisher, n, n, 0.7, 0.3, 0.025).unwrap();
    let needed = exact_needed(ExactTest::Fisher, 0.7, 0.3, 0.025, 0.8, 60).unwrap();
    assert!(power(needed - 1) < 0.8 && (needed..=60).all(|n| power(n) >= 0.8), "{needed}");
    // The power does go down here and there as the trial grows, which is why the last tooth counts.
    assert!((2..60).any(|n| power(n + 1) < power(n)));
    let mirrored = exact_needed(ExactTest::Fisher, 0.3, 0.7, 0.025, 0.8, 60).unwrap();
    assert_eq!(needed, mirrored);
    assert!(exact_needed(ExactTest::Boschloo, 0.7, 0.3, 0.025, 0.8, 60).unwrap() <= needed);
    assert!(exact_needed(ExactTest::Fisher, 0.5, 0.5, 0.025, 0.8, 60).is_err());
    assert!(exact_needed(ExactTest::Fisher, 0.51, 0.5, 0.025, 0.8, 60).is_err());
}
