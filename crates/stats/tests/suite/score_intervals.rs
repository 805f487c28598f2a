//! Score intervals of two proportions: agreement with their tests, mirror images, and tables that break others.

use fairtrial_stats::two_proportions::{
    self as two, Ratio, ScoreVariance, Table, odds_ratio_score, risk_difference_score, risk_ratio_score,
    score_statistic,
};
use fairtrial_stats::{Estimate, Side};

const MN: ScoreVariance = ScoreVariance::MiettinenNurminen;

fn tables(n1: u64, n0: u64) -> impl Iterator<Item = Table> {
    (0..=n1).flat_map(move |x1| (0..=n0).map(move |x0| Table::new(x1, n1, x0, n0).unwrap()))
}

fn same(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-9 * (1.0 + a.abs())
}

/// A null value inside the interval is not rejected, one outside is, and the estimate is inside.
fn check(estimate: &Estimate, null: f64, table: &Table) {
    let interval = estimate.interval;
    if let Some(point) = estimate.point {
        assert!(interval.contains(point) || (point.is_infinite() && interval.upper.is_infinite()), "{table:?}");
    }
    let p = estimate.p_value.unwrap().p();
    if (p - 0.05).abs() > 1e-9 && !p.is_nan() {
        assert_eq!(p > 0.05, interval.contains(null), "{table:?}: p {p}, {interval:?}");
    }
}

#[test]
fn intervals_agree_with_tests_and_mirror_for_all_tables_up_to_thirty() {
    for n1 in 1..=30 {
        for n0 in 1..=n1 {
            for table in tables(n1, n0) {
                let estimate = risk_difference_score(&table, 0.95, MN).unwrap();
                check(&estimate, 0.0, &table);
                let mirrored = risk_difference_score(&table.swapped(), 0.95, MN).unwrap();
                assert!(same(estimate.interval.lower, -mirrored.interval.upper), "{table:?}");
                assert!(same(estimate.interval.upper, -mirrored.interval.lower), "{table:?}");
            }
        }
    }
}

#[test]
fn ratio_intervals_agree_with_tests_and_mirror() {
    for (n1, n0) in [(1, 1), (3, 9), (10, 10), (17, 12), (30, 30)] {
        for table in tables(n1, n0) {
            for method in [risk_ratio_score, odds_ratio_score] {
                let estimate = method(&table, 0.95, MN).unwrap();
                check(&estimate, 1.0, &table);
                let mirrored = method(&table.swapped(), 0.95, MN).unwrap();
                assert!(same(estimate.interval.lower, 1.0 / mirrored.interval.upper), "{table:?}");
            }
        }
    }
}

#[test]
fn a_margin_is_excluded_exactly_when_its_test_rejects() {
    for table in tables(20, 23) {
        let lower = risk_difference_score(&table, 0.95, MN).unwrap().interval.lower;
        let test = two::margin_test(table.x1(), 20, table.x0(), 23, -0.1, Side::Greater).unwrap();
        let p = test.p_value.unwrap().p();
        if (p - 0.025).abs() > 1e-9 {
            assert_eq!(p < 0.025, lower > -0.1, "{table:?}");
        }
    }
}

#[test]
fn the_statistic_falls_with_the_difference_and_rises_with_successes() {
    for table in tables(9, 13) {
        let z = |d: f64, t: &Table| score_statistic(t, d, MN).unwrap();
        let grid: Vec<f64> = (-19..=19).map(|i| f64::from(i) * 0.05 + 0.003).collect();
        for pair in grid.windows(2) {
            assert!(z(pair[0], &table) >= z(pair[1], &table) - 1e-9, "{table:?} {pair:?}");
        }
        for d in [-0.6, -0.1, 0.0, 0.25] {
            if table.x1() < 9 {
                let more = Table::new(table.x1() + 1, 9, table.x0(), 13).unwrap();
                assert!(z(d, &more) >= z(d, &table) - 1e-9, "{table:?} {d}");
            }
            if table.x0() < 13 {
                let more = Table::new(table.x1(), 9, table.x0() + 1, 13).unwrap();
                assert!(z(d, &more) <= z(d, &table) + 1e-9, "{table:?} {d}");
            }
        }
    }
}

#[test]
fn tables_that_break_other_programs() {
    // statsmodels raises an exception for these two.
    for (x1, n1, x0, n0) in [(9, 10, 3, 10), (0, 10, 0, 20)] {
        let table = Table::new(x1, n1, x0, n0).unwrap();
        let interval = risk_difference_score(&table, 0.95, MN).unwrap().interval;
        assert!(interval.lower < table.difference() && table.difference() < interval.upper);
    }
    // ratesci gives NaN for the ratios of 0/10 and 0/20.
    let nothing = Table::new(0, 10, 0, 20).unwrap();
    for estimate in [risk_ratio_score(&nothing, 0.95, MN), two::scas_ratio(&nothing, Ratio::Risk, 0.95)] {
        let estimate = estimate.unwrap();
        assert_eq!((estimate.interval.lower, estimate.interval.upper), (0.0, f64::INFINITY));
        assert_eq!(estimate.point, None);
    }
    assert!(two::mover_ratio(&nothing, Ratio::Odds, 0.95).unwrap().interval.upper.is_finite());
}

#[test]
fn more_data_of_the_same_kind_is_not_wider() {
    for (x1, n1, x0, n0) in [(3, 10, 6, 12), (0, 5, 2, 6), (7, 7, 1, 9)] {
        let width = |k: u64, method: fn(&Table, f64) -> Result<Estimate, fairtrial_stats::StatError>| {
            let interval = method(&Table::new(k * x1, k * n1, k * x0, k * n0).unwrap(), 0.95).unwrap().interval;
            interval.upper - interval.lower
        };
        let score = |t: &Table, level: f64| risk_difference_score(t, level, MN);
        for method in [score, two::newcombe, two::scas_risk_difference, two::mover_risk_difference] {
            assert!(width(1, method) > width(2, method) && width(2, method) > width(20, method));
        }
    }
}

#[test]
fn the_default_interval_never_leaves_out_what_its_exact_test_keeps() {
    let mut widened = 0;
    for (n1, n0) in [(6, 6), (13, 8), (20, 20), (9, 30)] {
        for table in tables(n1, n0) {
            let estimate = two::risk_difference(table.x1(), n1, table.x0(), n0, 0.95).unwrap();
            let p = estimate.p_value.unwrap().p();
            assert!(p <= 0.05 + 1e-9 || estimate.interval.contains(0.0), "{table:?}: {p} {:?}", estimate.interval);
            let plain = risk_difference_score(&table, 0.95, MN).unwrap().interval;
            assert!(estimate.interval.lower <= plain.lower && plain.upper <= estimate.interval.upper);
            widened += u32::from(estimate.interval != plain);
        }
    }
    assert!(widened > 0, "the case that is guarded against does not occur");
}
