//! Many hypotheses, many trials, partial take-up and missing outcomes.

use fairtrial_stats::confidence_set::ConfidenceSet;
use fairtrial_stats::instrumental::{ResidualSpread, anderson_rubin, complier_average};
use fairtrial_stats::meta::{BetweenTrials, Pooling, heterogeneity, pool, q_profile};
use fairtrial_stats::missing::{Bounds, Trimming, attrition_test, imbens_manski, lee_bounds};
use fairtrial_stats::multiplicity::{Adjustment, Dunnett, Graph, adjust};
use fairtrial_stats::special::{chi_square, normal, student};
use fairtrial_stats::sufficient::CoMoments;
use fairtrial_stats::{Side, StatError};
use proptest::prelude::*;

proptest! {
    #[test]
    fn adjustments_are_ordered_and_forget_the_order(p in prop::collection::vec(0.0_f64..1.0, 1..12)) {
        let of = |method| adjust(&p, method).unwrap();
        let (bonferroni, holm, hochberg, hommel) =
            (of(Adjustment::Bonferroni), of(Adjustment::Holm), of(Adjustment::Hochberg), of(Adjustment::Hommel));
        for i in 0..p.len() {
            prop_assert!(p[i] <= hommel[i] + 1e-12 && hommel[i] <= hochberg[i] + 1e-12);
            prop_assert!(hochberg[i] <= holm[i] + 1e-12 && holm[i] <= bonferroni[i] + 1e-12 && bonferroni[i] <= 1.0);
        }
        let mut reversed: Vec<f64> = p.clone();
        reversed.reverse();
        let mut back = adjust(&reversed, Adjustment::Hommel).unwrap();
        back.reverse();
        prop_assert_eq!(&back, &hommel);
        // Holm is the graph with equal shares that go in equal parts to all others.
        let m = p.len();
        let part = |i: usize, j: usize| if i == j { 0.0 } else { 1.0 / (m as f64 - 1.0) };
        let rows = (0..m).map(|i| (0..m).map(|j| part(i, j)).collect()).collect();
        let graph = Graph::new(vec![1.0 / m as f64; m], rows).unwrap().test(&p, 0.05).unwrap();
        for (a, b) in graph.adjusted.iter().zip(&holm) {
            prop_assert!((a - b).abs() < 1e-9);
        }
    }

    #[test]
    fn pooled_effects_shift_and_scale(
        effects in prop::collection::vec(-1.0_f64..1.0, 2..8),
        shift in -5.0_f64..5.0,
    ) {
        let variances: Vec<f64> = effects.iter().enumerate().map(|(i, _)| 0.02 + 0.01 * i as f64).collect();
        let moved: Vec<f64> = effects.iter().map(|e| e + shift).collect();
        for method in [BetweenTrials::Fixed, BetweenTrials::DerSimonianLaird, BetweenTrials::PauleMandel,
            BetweenTrials::Reml { tolerance: 1e-12 }, BetweenTrials::Hedges, BetweenTrials::SidikJonkman] {
            let plain = pool(&effects, &variances, method, Pooling::HartungKnapp, Side::Two, 0.95).unwrap();
            let other = pool(&moved, &variances, method, Pooling::HartungKnapp, Side::Two, 0.95).unwrap();
            prop_assert!((plain.estimate.point.unwrap() + shift - other.estimate.point.unwrap()).abs() < 1e-6);
            prop_assert!(plain.heterogeneity.between >= 0.0);
            prop_assert!(plain.estimate.interval.contains(plain.estimate.point.unwrap()));
            if let Some(prediction) = plain.prediction {
                prop_assert!(prediction.upper >= plain.estimate.interval.upper - 1e-12);
            }
            let normal = pool(&effects, &variances, method, Pooling::Normal, Side::Two, 0.95).unwrap();
            // The guard: never narrower than the interval that takes the variance as known.
            prop_assert!(plain.estimate.interval.upper >= normal.estimate.interval.upper - 1e-12);
        }
    }
}

#[test]
fn trials_that_agree_have_no_negative_variance_between_them() -> Result<(), StatError> {
    // Another library answers -0.0029 here.
    let (effects, variances) = ([0.12, -0.05, 0.3, 0.08, 0.45], [0.01, 0.02, 0.05, 0.008, 0.09]);
    let between = heterogeneity(&effects, &variances, BetweenTrials::DerSimonianLaird)?;
    assert_eq!((between.between, between.i_squared), (0.0, 0.0));
    // Without the guard the interval is narrower than that of a single common effect's standard error.
    let of = |pooling| pool(&effects, &variances, BetweenTrials::DerSimonianLaird, pooling, Side::Two, 0.95);
    let (guarded, plain, free) =
        (of(Pooling::HartungKnapp)?, of(Pooling::Normal)?, of(Pooling::HartungKnappUnguarded)?);
    assert!(free.estimate.standard_error < plain.estimate.standard_error);
    assert_eq!(guarded.estimate.standard_error, plain.estimate.standard_error);
    Ok(())
}

/// Roots of the restricted likelihood's slope to 50 digits (mpmath): weights 16 orders of magnitude apart do not cancel.
#[test]
fn trials_of_very_unequal_size_are_pooled() -> Result<(), StatError> {
    let method = BetweenTrials::Reml { tolerance: 1e-12 };
    let between = |effects: &[f64], variances: &[f64]| heterogeneity(effects, variances, method).map(|h| h.between);
    assert_eq!(between(&[5.0, 5.0, 5.0], &[1e-8, 1.0, 1e8])?, 0.0);
    let found = between(&[0.0, 3.0, 5.0], &[1e-8, 1.0, 1e8])?;
    assert!((found - 3.999_999_745_000_09).abs() < 1e-9, "{found}");
    let found = between(&[0.0, 3.0, 5_000.0], &[1e-8, 1e-8, 1e8])?;
    assert!((found - 4.499_999_762_141_978).abs() < 1e-9, "{found}");
    Ok(())
}

#[test]
fn variances_between_trials_solve_their_equations() -> Result<(), StatError> {
    let (effects, variances) = ([0.12, -0.25, 0.6, 0.08, 0.9], [0.01, 0.02, 0.05, 0.008, 0.09]);
    let q_at = |between: f64| {
        let weights: Vec<f64> = variances.iter().map(|v| 1.0 / (v + between)).collect();
        let mean = effects.iter().zip(&weights).map(|(e, w)| e * w).sum::<f64>() / weights.iter().sum::<f64>();
        effects.iter().zip(&weights).map(|(e, w)| w * (e - mean).powi(2)).sum::<f64>()
    };
    let mandel = heterogeneity(&effects, &variances, BetweenTrials::PauleMandel)?.between;
    assert!((q_at(mandel) - 4.0).abs() < 1e-10);
    let interval = q_profile(&effects, &variances, 0.95)?;
    assert!((q_at(interval.lower) - chi_square::quantile(0.975, 4.0)).abs() < 1e-9);
    assert!((q_at(interval.upper) - chi_square::quantile(0.025, 4.0)).abs() < 1e-9);
    Ok(())
}

#[test]
fn many_arms_against_one_control() -> Result<(), StatError> {
    let single = Dunnett::new(&[10.0], 10.0, Some(12.0))?;
    let t = student::quantile(0.975, 12.0);
    assert!((single.critical_value(Side::Two, 0.05)? - t).abs() < 1e-9);
    assert!((single.critical_value(Side::Less, 0.05)? - student::quantile(0.05, 12.0)).abs() < 1e-9);
    assert!((single.p_value(-t, Side::Two)? - 0.05).abs() < 1e-12);
    // Dunnett (1964), table of two-sided 5 % points: two arms with 10, three with 20 degrees of freedom.
    let two = Dunnett::new(&[1.0, 1.0], 1.0, Some(10.0))?.critical_value(Side::Two, 0.05)?;
    let three = Dunnett::new(&[1.0; 3], 1.0, Some(20.0))?.critical_value(Side::Two, 0.05)?;
    assert!((two - 2.57).abs() < 0.006 && (three - 2.54).abs() < 0.006, "{two} {three}");
    // The same digits every time, between the single test and Bonferroni.
    assert_eq!(three, Dunnett::new(&[1.0; 3], 1.0, Some(20.0))?.critical_value(Side::Two, 0.05)?);
    let large = Dunnett::new(&[7.0, 1.0, 3.0], 2.0, None)?.critical_value(Side::Greater, 0.025)?;
    assert!(large > normal::quantile(0.975) && large < normal::quantile(1.0 - 0.025 / 3.0));
    Ok(())
}

fn arm(outcome: &[f64], take_up: &[f64]) -> Result<CoMoments, StatError> {
    CoMoments::of(&[outcome, take_up])
}

#[test]
fn weak_take_up_is_shown_as_such() -> Result<(), StatError> {
    let outcome = [1.0, 3.0, 2.0, 5.0, 4.0, 2.5];
    let other = [2.0, 2.5, 1.0, 4.0, 1.5, 0.5];
    let strong = (arm(&outcome, &[1.0; 6])?, arm(&other, &[0.0; 6])?);
    let effect = complier_average(&strong.0, &strong.1, ResidualSpread::PerArm, Side::Two, 0.95)?;
    let set = anderson_rubin(&strong.0, &strong.1, 0.95)?;
    assert!(matches!(set, ConfidenceSet::Bounded { .. }) && effect.point.is_some_and(|point| set.contains(point)));
    let weak = (arm(&outcome, &[1.0, 0.0, 1.0, 0.0, 0.0, 1.0])?, arm(&other, &[0.0, 1.0, 0.0, 0.0, 1.0, 0.0])?);
    let set = anderson_rubin(&weak.0, &weak.1, 0.95)?;
    assert!(!matches!(set, ConfidenceSet::Bounded { .. }), "{set:?}");
    let equal = arm(&other, &[1.0, 0.0, 1.0, 0.0, 0.0, 1.0])?;
    let none = complier_average(&weak.0, &equal, ResidualSpread::PerArm, Side::Two, 0.95);
    assert_eq!(none.map_err(|error| error.code()), Err("not_estimable"));
    Ok(())
}

#[test]
fn trimming_counts_the_edge_in_part_and_mirrors() -> Result<(), StatError> {
    let (arm1, arm0) = ([1.0, 2.0, 3.0, 4.0], [2.0, 2.5, 0.5]);
    // Shares 1 and 3/4 of four: exactly one outcome too many in arm 1.
    let whole = lee_bounds(&arm1, 0, &arm0, 1, Trimming::WholeUnits)?;
    let part = lee_bounds(&arm1, 0, &arm0, 1, Trimming::Fractional)?;
    assert_eq!(whole, part);
    assert!((whole.trimmed - 1.0).abs() < 1e-15 && (whole.bounds.lower - (2.0 - 5.0 / 3.0)).abs() < 1e-14);
    let mirrored = lee_bounds(&arm0, 1, &arm1, 0, Trimming::Fractional)?;
    assert!((mirrored.bounds.lower + part.bounds.upper).abs() < 1e-14);
    // Shares 1 and 3/5: 1.6 outcomes too many; the second smallest keeps 0.4 of its weight.
    let edge = lee_bounds(&arm1, 0, &arm0, 2, Trimming::Fractional)?;
    let upper = (0.4 * 2.0 + 3.0 + 4.0) / 2.4 - 5.0 / 3.0;
    assert!((edge.bounds.upper - upper).abs() < 1e-14);
    let none = lee_bounds(&arm1, 2, &[1.0, 2.0], 1, Trimming::Fractional)?;
    assert!(none.trimmed == 0.0 && none.bounds.lower == none.bounds.upper);
    Ok(())
}

#[test]
fn missing_outcomes_are_tested_exactly() -> Result<(), StatError> {
    // Twice the tail of 0 among 3 in 5 + 5: C(5,3) / C(10,3).
    let test = attrition_test(0, 5, 3, 5)?;
    assert!((test.p_value.p() - 2.0 * 10.0 / 120.0).abs() < 1e-12);
    assert!((attrition_test(3, 5, 0, 5)?.p_value.p() - test.p_value.p()).abs() < 1e-13);
    assert_eq!(attrition_test(0, 50, 0, 60)?.p_value.p(), 1.0);
    let wide = imbens_manski(&Bounds { lower: 0.0, upper: 1.0 }, 0.1, 0.1, 0.95)?;
    assert!((wide.upper - 1.0 - 0.1 * normal::quantile(0.95)).abs() < 1e-9);
    let point = imbens_manski(&Bounds { lower: 0.5, upper: 0.5 }, 0.1, 0.1, 0.95)?;
    assert!((point.upper - 0.5 - 0.1 * normal::quantile(0.975)).abs() < 1e-9);
    Ok(())
}
