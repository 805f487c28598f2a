//! Stratified and paired proportions: special cases, relabelling, enumeration.

use fairtrial_stats::paired_proportions::{mcnemar, mcnemar_mid_p, paired_difference};
use fairtrial_stats::stratified::{
    Strata, chi_square, common_odds_ratio, common_risk_difference, common_risk_ratio, conditional_ln_odds,
    exact_common_odds_ratio, exact_test, homogeneity, stratified_risk_difference,
};
use fairtrial_stats::two_proportions::{
    FisherMethod, ScoreVariance, Table, conditional_odds_ratio, fisher, risk_difference_score,
};
use fairtrial_stats::{Side, StatError};

const ROWS: [[u64; 4]; 4] = [[8, 20, 4, 20], [0, 15, 3, 14], [12, 40, 9, 38], [2, 9, 0, 11]];

#[test]
fn one_stratum_is_the_plain_analysis() {
    for [x1, n1, x0, n0] in ROWS {
        let (table, strata) = (Table::new(x1, n1, x0, n0).unwrap(), Strata::new(&[[x1, n1, x0, n0]]).unwrap());
        let plain = risk_difference_score(&table, 0.95, ScoreVariance::MiettinenNurminen).unwrap();
        let stratified = stratified_risk_difference(&strata, 0.95).unwrap();
        assert!((plain.interval.lower - stratified.interval.lower).abs() < 1e-12);
        assert!((plain.interval.upper - stratified.interval.upper).abs() < 1e-12);
        let odds = conditional_odds_ratio(&table, 0.95, false).unwrap();
        let common = exact_common_odds_ratio(&strata, 0.95).unwrap();
        let same = |a: f64, b: f64| a == b || (a / b - 1.0).abs() < 1e-9;
        assert!(same(odds.interval.lower, common.interval.lower) && same(odds.interval.upper, common.interval.upper));
        for side in [Side::Two, Side::Greater, Side::Less] {
            let (a, b) =
                (fisher(&table, FisherMethod::Central, side).unwrap(), exact_test(&strata, side, false).unwrap());
            assert!(same(a.p(), b.p()), "{table:?} {side:?}");
        }
    }
}

#[test]
fn order_of_strata_and_empty_strata_do_not_matter() {
    let strata = Strata::new(&ROWS).unwrap();
    let mut rows: Vec<[u64; 4]> = ROWS.iter().rev().copied().collect();
    rows.insert(1, [0, 0, 5, 9]);
    let other = Strata::new(&rows).unwrap();
    for method in [common_odds_ratio, common_risk_ratio, common_risk_difference, stratified_risk_difference] {
        let (a, b) = (method(&strata, 0.95).unwrap(), method(&other, 0.95).unwrap());
        assert!((a.interval.lower - b.interval.lower).abs() < 1e-12, "{}", a.method);
    }
    assert!((chi_square(&strata, false).unwrap().0 - chi_square(&other, false).unwrap().0).abs() < 1e-12);
}

#[test]
fn swapping_the_arms_mirrors_stratified_estimates() {
    let strata = Strata::new(&ROWS).unwrap();
    let swapped = Strata::new(&ROWS.map(|[x1, n1, x0, n0]| [x0, n0, x1, n1])).unwrap();
    for method in [common_risk_difference, stratified_risk_difference] {
        let (a, b) = (method(&strata, 0.95).unwrap(), method(&swapped, 0.95).unwrap());
        assert!((a.interval.lower + b.interval.upper).abs() < 1e-12);
    }
    for method in [common_odds_ratio, common_risk_ratio, exact_common_odds_ratio] {
        let (a, b) = (method(&strata, 0.95).unwrap(), method(&swapped, 0.95).unwrap());
        assert!((a.interval.lower * b.interval.upper - 1.0).abs() < 1e-9);
    }
    let (a, b) = (conditional_ln_odds(&strata).unwrap(), conditional_ln_odds(&swapped).unwrap());
    assert!((a.ln_odds_ratio + b.ln_odds_ratio).abs() < 1e-12);
}

#[test]
fn strata_that_reverse_each_other_are_found_and_do_not_cancel_silently() {
    let reversed = Strata::new(&[[18, 20, 5, 20], [5, 20, 18, 20]]).unwrap();
    assert!(common_odds_ratio(&reversed, 0.95).unwrap().interval.contains(1.0));
    assert!(homogeneity(&reversed).unwrap().tarone_p.p() < 1e-6);
    let alike = Strata::new(&[[10, 20, 5, 20], [20, 40, 10, 40]]).unwrap();
    assert!(homogeneity(&alike).unwrap().breslow_day < 1e-9);
    let one = Strata::new(&[[3, 9, 4, 9], [0, 5, 0, 5]]).unwrap();
    assert!(matches!(homogeneity(&one), Err(StatError::TooFewUnits { .. })));
}

#[test]
fn paired_tests_use_the_discordant_pairs() {
    for total in 1..=30u64 {
        for b in 0..=total {
            let estimate = mcnemar(b, total - b, 0.95).unwrap();
            let p = estimate.p_value.unwrap().p();
            if (p - 0.05).abs() > 1e-9 {
                assert_eq!(p > 0.05, estimate.interval.contains(1.0), "{b} {total}");
            }
            assert!(mcnemar_mid_p(b, total - b, Side::Two).unwrap().p() <= p);
            let difference = paired_difference(b, total - b, total + 10, 0.95).unwrap();
            assert!(difference.interval.contains(difference.point.unwrap()));
            let p = difference.p_value.unwrap().p();
            if (p - 0.05).abs() > 1e-9 {
                assert_eq!(p > 0.05, difference.interval.contains(0.0), "{b} {total}");
            }
        }
    }
}
