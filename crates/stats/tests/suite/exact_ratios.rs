//! Exact unconditional intervals for ratios, and the search of Berger and Boos: independent values, coverage by enumeration.

use fairtrial_stats::two_proportions::ExactMeasure::{OddsRatio, RiskDifference, RiskRatio};
use fairtrial_stats::two_proportions::{
    BERGER_BOOS_GAMMA, ExactMeasure, Table, exact_margin_test, exact_risk_difference, exact_unconditional,
    exact_unconditional_test,
};
use fairtrial_stats::{Side, StatError};

use crate::masses::binomial;

fn table(x1: u64, n1: u64, x0: u64, n0: u64) -> Table {
    Table::new(x1, n1, x0, n0).unwrap()
}

fn tables(n1: u64, n0: u64) -> impl Iterator<Item = Table> {
    (0..=n1).flat_map(move |x1| (0..=n0).map(move |x0| table(x1, n1, x0, n0)))
}

/// Own search with SciPy 1.17 (`scipy.stats.binom.pmf`): all tables by the score statistic, 6,001 values of p0, the outermost
/// ratio accepted among steps of 0.01 in its logarithm, then bisected.
#[test]
fn limits_and_p_values_are_those_of_an_independent_search() {
    for (t, measure, level, lower, upper) in [
        (table(7, 10, 2, 12), RiskRatio, 0.95, 1.263_635_776_316_517_8, 39.053_642_646_402_245),
        (table(7, 10, 2, 12), OddsRatio, 0.95, 1.408_871_095_501_804_4, 336.101_030_458_857_7),
        (table(3, 9, 5, 8), RiskRatio, 0.9, 0.128_141_635_430_616_77, 1.420_114_506_625_487),
    ] {
        let interval = exact_unconditional(&t, measure, level, 0.0).unwrap().interval;
        // Ours lie outside by what their proof may cost: one part in ten thousand of the error.
        assert!(
            interval.lower <= lower * (1.0 + 1e-5) && interval.lower > lower * (1.0 - 5e-4),
            "{interval:?} {lower}"
        );
        assert!(
            interval.upper >= upper * (1.0 - 1e-5) && interval.upper < upper * (1.0 + 5e-4),
            "{interval:?} {upper}"
        );
    }
    for (measure, gamma, p) in [
        (RiskRatio, 0.0, 0.066_862_493_041_388_55),
        (RiskRatio, 1e-6, 0.066_863_492_952_175),
        (OddsRatio, 0.0, 0.029_460_007_609_032_36),
    ] {
        let found = exact_unconditional_test(&table(7, 10, 2, 12), measure, 1.5, Side::Greater, gamma).unwrap();
        assert!((found.p_value.p() / p - 1.0).abs() < 1e-5, "{measure:?} {gamma} {found:?}");
    }
}

fn value(measure: ExactMeasure, p1: f64, p0: f64) -> f64 {
    match measure {
        RiskDifference => p1 - p0,
        RiskRatio => p1 / p0,
        OddsRatio => p1 * (1.0 - p0) / (p0 * (1.0 - p1)),
    }
}

#[test]
fn intervals_cover_contain_their_estimate_mirror_and_agree_with_their_test() {
    for (n1, n0) in [(1, 1), (2, 3), (4, 2)] {
        for (measure, gamma) in [(RiskRatio, 0.0), (OddsRatio, 0.0), (RiskDifference, 1e-3)] {
            let limits: Vec<_> = tables(n1, n0)
                .map(|t| {
                    let estimate = exact_unconditional(&t, measure, 0.9, gamma).unwrap();
                    let (interval, p) = (estimate.interval, estimate.p_value.unwrap().p());
                    if let Some(point) = estimate.point {
                        assert!(interval.contains(point), "{t:?} {measure:?} {estimate:?}");
                    }
                    let none = if measure == RiskDifference { 0.0 } else { 1.0 };
                    assert_eq!(p > 0.1, interval.contains(none), "{t:?} {measure:?} {estimate:?}");
                    if t.x1() > 1 {
                        return (t, interval);
                    }
                    let other = exact_unconditional(&t.swapped(), measure, 0.9, gamma).unwrap().interval;
                    let mirrored = if measure == RiskDifference {
                        (interval.lower + other.upper).abs() < 1e-12
                    } else {
                        interval.lower == 0.0 && other.upper.is_infinite()
                            || (interval.lower * other.upper - 1.0).abs() < 1e-12
                    };
                    assert!(mirrored, "{t:?} {interval:?} {other:?}");
                    (t, interval)
                })
                .collect();
            for i in 0..=24 {
                for j in 0..=24 {
                    let (p1, p0) = (0.01 + f64::from(i) * 0.0407, 0.003 + f64::from(j) * 0.0411);
                    let (first, second) = (binomial(n1, p1), binomial(n0, p0));
                    let truth = value(measure, p1, p0);
                    let covered = limits.iter().filter(|(_, interval)| interval.contains(truth));
                    let coverage: f64 = covered.map(|(t, _)| first[t.x1() as usize] * second[t.x0() as usize]).sum();
                    assert!(coverage >= 0.9 - 1e-12, "{n1} {n0} {measure:?} {gamma} at {p1} {p0}: {coverage}");
                }
            }
        }
    }
}

/// Inside the null hypothesis too: p1 below what the margin or the ratio allows.
#[test]
fn tests_keep_their_level_inside_and_on_the_edge() {
    let (n1, n0, alpha) = (8, 7, 0.1);
    for (measure, null, gamma) in [
        (RiskDifference, -0.15, 0.01),
        (RiskDifference, 0.0, 0.02),
        (RiskRatio, 0.7, 0.0),
        (RiskRatio, 1.6, 0.01),
        (OddsRatio, 2.0, 0.0),
    ] {
        let rejected: Vec<Table> = tables(n1, n0)
            .filter(|t| exact_unconditional_test(t, measure, null, Side::Greater, gamma).unwrap().p_value.p() <= alpha)
            .collect();
        assert!(!rejected.is_empty());
        for i in 1..=40 {
            for j in 1..40 {
                let (p1, p0) = (f64::from(i) / 41.0, f64::from(j) / 40.0);
                if value(measure, p1, p0) <= null {
                    let (first, second) = (binomial(n1, p1), binomial(n0, p0));
                    let error: f64 = rejected.iter().map(|t| first[t.x1() as usize] * second[t.x0() as usize]).sum();
                    assert!(error <= alpha * (1.0 + 1e-9), "{measure:?} {null} {gamma} at {p1} {p0}: {error}");
                }
            }
        }
    }
}

#[test]
fn a_narrower_search_costs_at_most_gamma_and_can_gain() {
    let t = table(14, 20, 5, 20);
    for null in [-0.1, 0.1] {
        let whole = exact_margin_test(&t, null, Side::Greater).unwrap().p_value.p();
        let narrow = exact_unconditional_test(&t, RiskDifference, null, Side::Greater, BERGER_BOOS_GAMMA).unwrap();
        assert!(narrow.p_value.p() <= whole * (1.0 + 1e-6) + BERGER_BOOS_GAMMA, "{null}");
    }
    // Rare successes: the worst proportion of the whole search lies where the data do not allow it.
    let rare = table(0, 150, 6, 150);
    let whole = exact_risk_difference(&rare, 0.95).unwrap().interval;
    let narrow = exact_unconditional(&rare, RiskDifference, 0.95, BERGER_BOOS_GAMMA).unwrap().interval;
    assert!(narrow.upper <= whole.upper + 1e-4, "{narrow:?} {whole:?}");
}

#[test]
fn empty_arms_and_bad_arguments() {
    let none = exact_unconditional(&table(0, 5, 0, 6), RiskRatio, 0.95, 0.0).unwrap();
    assert!(none.point.is_none() && none.interval.lower == 0.0 && none.interval.upper.is_infinite());
    let infinite = exact_unconditional(&table(5, 5, 0, 6), RiskRatio, 0.95, 0.0).unwrap();
    assert!(infinite.interval.lower > 1.0 && infinite.interval.upper.is_infinite());
    let named = |result: Result<(), StatError>| match result {
        Err(StatError::InvalidArgument { argument, .. }) => argument,
        Err(other) => other.code().to_owned(),
        Ok(()) => "accepted".to_owned(),
    };
    let t = table(3, 9, 5, 8);
    let test = |measure, null, gamma| exact_unconditional_test(&t, measure, null, Side::Two, gamma).map(|_| ());
    assert_eq!(named(test(RiskRatio, 0.0, 0.0)), "null");
    assert_eq!(named(test(RiskRatio, f64::INFINITY, 0.0)), "null");
    assert_eq!(named(test(RiskDifference, 1.0, 1e-6)), "null");
    assert_eq!(named(test(RiskDifference, 0.1, -1e-6)), "gamma");
    assert_eq!(named(test(OddsRatio, 1.0, f64::NAN)), "gamma");
    assert_eq!(named(exact_unconditional(&t, RiskRatio, 0.95, 0.03).map(|_| ())), "gamma");
    assert_eq!(named(exact_unconditional(&t, RiskRatio, 1.5, 0.0).map(|_| ())), "level");
    assert_eq!(named(exact_unconditional(&table(1, 1000, 1, 1000), RiskRatio, 0.9, 0.0).map(|_| ())), "too_large");
    for extreme in [1e-300, 1e300] {
        for measure in [RiskRatio, OddsRatio] {
            let p = exact_unconditional_test(&t, measure, extreme, Side::Two, 0.0).unwrap().p_value.p();
            assert!((0.0..=1.0).contains(&p), "{measure:?} {extreme} {p}");
        }
    }
}
