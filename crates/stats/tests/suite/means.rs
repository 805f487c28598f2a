//! Means: properties, faults of other engines, and tests held to their own error rates by enumeration.

use fairtrial_stats::confidence_set::ConfidenceSet;
use fairtrial_stats::linear::{Heteroskedastic, LeastSquares};
use fairtrial_stats::means::{
    Draws, cuped, fieller_set, lin, permutation_test, rank_sum, ratio_of_means, student, welch,
};
use fairtrial_stats::sufficient::{CoMoments, Moments};
use fairtrial_stats::{Estimate, Side, StatError};
use proptest::prelude::*;

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * a.abs().max(b.abs()).max(1e-9)
}

proptest! {
    #[test]
    fn differences_mirror_shift_and_scale(
        a in prop::collection::vec(-50.0_f64..50.0, 2..20),
        b in prop::collection::vec(-50.0_f64..50.0, 2..20),
        shift in -1e3_f64..1e3,
        scale in 0.01_f64..100.0,
    ) {
        let (x, y) = (Moments::of(&a).unwrap(), Moments::of(&b).unwrap());
        prop_assume!(x.m2 > 1e-6 && y.m2 > 1e-6);
        for method in [welch, student] {
            let plain = method(&x, &y, 0.0, Side::Two, 0.9).unwrap();
            let swapped = method(&y, &x, 0.0, Side::Two, 0.9).unwrap();
            let p = plain.p_value.unwrap().ln_p;
            prop_assert!(close(plain.interval.lower, -swapped.interval.upper, 1e-12));
            prop_assert!(close(p, swapped.p_value.unwrap().ln_p, 1e-10));
            prop_assert!(plain.interval.contains(plain.point.unwrap()));
            let greater = method(&x, &y, 0.0, Side::Greater, 0.9).unwrap().p_value.unwrap().p();
            let less = method(&x, &y, 0.0, Side::Less, 0.9).unwrap().p_value.unwrap().p();
            prop_assert!((greater + less - 1.0).abs() < 1e-10);
            let moved = |values: &[f64]| Moments::of(&values.iter().map(|v| v * scale + shift).collect::<Vec<_>>()).unwrap();
            let other = method(&moved(&a), &moved(&b), 0.0, Side::Two, 0.9).unwrap();
            prop_assert!((other.interval.upper - scale * plain.interval.upper).abs() < 1e-8 * scale * 100.0);
            prop_assert!((other.p_value.unwrap().ln_p - p).abs() < 1e-6 * (1.0 + p.abs()));
            // The interval holds exactly the differences that the test does not reject.
            let at_end = method(&x, &y, plain.interval.upper, Side::Two, 0.9).unwrap();
            prop_assert!((at_end.p_value.unwrap().p() - 0.1).abs() < 1e-9);
        }
        let wide = welch(&x, &y, 0.0, Side::Two, 0.99).unwrap();
        prop_assert!(wide.interval.lower < welch(&x, &y, 0.0, Side::Two, 0.9).unwrap().interval.lower);
    }

    #[test]
    fn the_plain_variance_of_a_regression_on_the_arm_is_welch(
        a in prop::collection::vec(-5.0_f64..5.0, 3..15),
        b in prop::collection::vec(-5.0_f64..5.0, 3..15),
    ) {
        let outcome: Vec<f64> = a.iter().chain(&b).copied().collect();
        let arm: Vec<f64> = (0..outcome.len()).map(|i| if i < a.len() { 1.0 } else { 0.0 }).collect();
        let ones = vec![1.0; outcome.len()];
        let fit = LeastSquares::fit(&outcome, &[&ones, &arm]).unwrap();
        let (x, y) = (Moments::of(&a).unwrap(), Moments::of(&b).unwrap());
        prop_assume!(x.m2 > 1e-6 && y.m2 > 1e-6);
        let plain = welch(&x, &y, 0.0, Side::Two, 0.95).unwrap();
        let hc2 = fit.variance(1, Heteroskedastic::Hc2).unwrap().sqrt();
        prop_assert!(close(hc2, plain.standard_error.unwrap(), 1e-10));
        prop_assert!(close(fit.coefficients()[1], plain.point.unwrap(), 1e-9));
        let hc = |kind| fit.variance(1, kind).unwrap();
        prop_assert!(hc(Heteroskedastic::Hc0) <= hc(Heteroskedastic::Hc2) && hc(Heteroskedastic::Hc2) <= hc(Heteroskedastic::Hc3));
    }

    #[test]
    fn a_ratio_turns_over_when_the_arms_swap(
        a in prop::collection::vec(20.0_f64..50.0, 4..20),
        b in prop::collection::vec(20.0_f64..50.0, 4..20),
    ) {
        let (x, y) = (Moments::of(&a).unwrap(), Moments::of(&b).unwrap());
        prop_assume!(x.m2 > 1.0 && y.m2 > 1.0);
        let plain = ratio_of_means(&x, &y, 1.0, Side::Two, 0.95).unwrap();
        let swapped = ratio_of_means(&y, &x, 1.0, Side::Two, 0.95).unwrap();
        prop_assert!(plain.interval.contains(plain.point.unwrap()));
        // The interval ends where the test's p-value is one minus the level, one-sided as well.
        let end = ratio_of_means(&x, &y, plain.interval.lower, Side::Two, 0.95).unwrap().p_value.unwrap().p();
        prop_assert!((end - 0.05).abs() < 1e-9);
        let above = ratio_of_means(&x, &y, 1.0, Side::Greater, 0.975).unwrap();
        prop_assert!(close(above.interval.lower, plain.interval.lower, 1e-12) && above.interval.upper == f64::INFINITY);
        prop_assert!(close(plain.point.unwrap(), 1.0 / swapped.point.unwrap(), 1e-12));
        prop_assert!(close(plain.p_value.unwrap().ln_p, swapped.p_value.unwrap().ln_p, 1e-9));
    }
}

#[test]
fn no_spread_is_an_error_and_not_certainty() -> Result<(), StatError> {
    // Another engine answers effect 0, interval [0, 0], p = 1 here.
    let all = Moments::of(&[1.0; 10])?;
    assert_eq!(welch(&all, &all, 0.0, Side::Two, 0.95), Err(StatError::ZeroVariance));
    assert_eq!(student(&all, &all, 0.0, Side::Two, 0.95), Err(StatError::ZeroVariance));
    let one = Moments::of(&[3.0])?;
    assert_eq!(welch(&one, &all, 0.0, Side::Two, 0.95), Err(StatError::TooFewUnits { need: 2, got: 1 }));
    let broken = Moments { n: 5, mean: f64::NAN, m2: 1.0 };
    assert_eq!(welch(&broken, &all, 0.0, Side::Two, 0.95).map_err(|error| error.code()), Err("invalid_argument"));
    // All values equal in one arm only: a difference with the other arm's spread.
    let other = Moments::of(&[0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0])?;
    let estimate = welch(&all, &other, 0.0, Side::Two, 0.95)?;
    assert!(estimate.p_value.is_some_and(|p| p.p() < 0.01) && estimate.degrees_of_freedom == Some(9.0));
    Ok(())
}

#[test]
fn a_tiny_p_value_is_never_zero() -> Result<(), StatError> {
    // 2 (1 - cdf) is 0 beyond t = 8.3.
    let arm1 = Moments::from_variance(1_000_000_000_000_000_000, 1.0, 1.0)?;
    let arm0 = Moments::from_variance(1_000_000_000_000_000_000, 0.0, 1.0)?;
    let p = welch(&arm1, &arm0, 0.0, Side::Two, 0.95)?.p_value.map(|p| p.ln_p);
    assert!(p.is_some_and(|ln_p| ln_p < -1e17 && ln_p.is_finite()), "{p:?}");
    Ok(())
}

#[test]
fn a_denominator_near_zero_gives_an_unbounded_set() -> Result<(), StatError> {
    let arm1 = Moments::of(&[9.0, 10.0, 11.0, 10.5])?;
    let near_zero = Moments::of(&[-1.0, 1.0, 0.5, -0.4])?;
    let estimate = ratio_of_means(&arm1, &near_zero, 1.0, Side::Two, 0.95)?;
    assert_eq!((estimate.interval.lower, estimate.interval.upper), (f64::NEG_INFINITY, f64::INFINITY));
    let ConfidenceSet::OutsideGap { below, above } = fieller_set(&arm1, &near_zero, 0.95)? else {
        return Err(StatError::not_estimable("should be outside a gap"));
    };
    assert!(below < 0.0 && above > 0.0);
    let noise = Moments::of(&[-1.0, 1.0, 0.2, -0.1])?;
    assert_eq!(fieller_set(&noise, &near_zero, 0.95)?, ConfidenceSet::Everything);
    let zero = Moments::of(&[-1.0, 1.0])?;
    assert_eq!(ratio_of_means(&arm1, &zero, 1.0, Side::Two, 0.95)?.point, None);
    Ok(())
}

#[test]
fn an_arm_of_zeros_has_no_say_in_the_degrees_of_freedom_of_a_ratio() -> Result<(), StatError> {
    // All the variance is the other arm's, so that its 40 degrees of freedom hold, whichever arm is divided by.
    let zeros = Moments::of(&[0.0; 149])?;
    let mut one_call = [0.0; 41];
    one_call[0] = 1.0;
    let other = Moments::of(&one_call)?;
    let (above, below) =
        (ratio_of_means(&zeros, &other, 1.0, Side::Two, 0.95)?, ratio_of_means(&other, &zeros, 1.0, Side::Two, 0.95)?);
    assert_eq!((above.degrees_of_freedom, below.degrees_of_freedom), (Some(40.0), Some(40.0)));
    let ln_p = |estimate: &Estimate| estimate.p_value.map(|p| p.ln_p);
    assert!(ln_p(&above).zip(ln_p(&below)).is_some_and(|(a, b)| close(a, b, 1e-12)));
    Ok(())
}

#[test]
fn covariates_that_say_nothing_change_little_and_units_do_not_matter() -> Result<(), StatError> {
    let (y1, y0) = ([3.0, 5.0, 4.0, 6.0, 7.0], [2.0, 3.0, 5.0, 4.0, 1.0]);
    let (x1, x0) = ([1.0, 3.0, 2.0, 4.0, 5.5], [1.0, 2.5, 4.0, 3.5, 0.5]);
    let scaled = |x: &[f64]| x.iter().map(|v| v * 1e6 + 1e9).collect::<Vec<f64>>();
    let plain = (CoMoments::of(&[&y1, &x1])?, CoMoments::of(&[&y0, &x0])?);
    let other = (CoMoments::of(&[&y1, &scaled(&x1)])?, CoMoments::of(&[&y0, &scaled(&x0)])?);
    let (a, b) = (lin(&plain.0, &plain.1, Side::Two, 0.95)?, lin(&other.0, &other.1, Side::Two, 0.95)?);
    assert!(a.estimate.point.zip(b.estimate.point).is_some_and(|(a, b)| close(a, b, 1e-7)));
    let (a, b) = (cuped(&plain.0, &plain.1, Side::Two, 0.95)?, cuped(&other.0, &other.1, Side::Two, 0.95)?);
    assert!(a.estimate.point.zip(b.estimate.point).is_some_and(|(a, b)| close(a, b, 1e-7)));
    let constant = CoMoments::of(&[&y1, &[2.0; 5]])?;
    assert!(lin(&constant, &plain.1, Side::Two, 0.95).is_err());
    Ok(())
}

#[test]
fn permutation_tests_keep_their_error_rate_over_every_assignment() -> Result<(), StatError> {
    // Ties included: whatever the assignment had been, p <= alpha in at most alpha of all assignments.
    let values = [1.0, 1.0, 2.0, 2.5, 2.5, 4.0, 7.0, 0.5];
    let (mut p_two, mut p_rank) = (Vec::new(), Vec::new());
    for mask in 0_u32..256 {
        if mask.count_ones() != 4 {
            continue;
        }
        let arm: Vec<bool> = (0..8).map(|i| mask >> i & 1 == 1).collect();
        p_two.push(permutation_test(&values, &arm, None, Draws::Exact)?.p_two);
        let of =
            |new: bool| -> Vec<f64> { values.iter().zip(&arm).filter(|(_, a)| **a == new).map(|(v, _)| *v).collect() };
        p_rank.push(rank_sum(&of(true), &of(false), 0.95)?.p_two);
    }
    assert_eq!(p_two.len(), 70);
    for p in [p_two, p_rank] {
        for alpha in [0.02, 0.05, 0.1, 0.2, 0.5] {
            let share = p.iter().filter(|p| **p <= alpha + 1e-12).count() as f64 / 70.0;
            assert!(share <= alpha + 1e-12, "{share} at {alpha}");
        }
    }
    Ok(())
}

#[test]
fn drawn_permutations_repeat_and_come_close_to_all() -> Result<(), StatError> {
    let values: Vec<f64> = (0..14).map(|i| f64::from(i * i % 17)).collect();
    let arm: Vec<bool> = (0..14).map(|i| i % 3 != 1).collect();
    let blocks: Vec<usize> = (0..14).map(|i| i / 7).collect();
    for blocks in [None, Some(blocks.as_slice())] {
        let exact = permutation_test(&values, &arm, blocks, Draws::Exact)?;
        let how = Draws::MonteCarlo { draws: 20_000, seed: 11 };
        let drawn = permutation_test(&values, &arm, blocks, how)?;
        assert_eq!(drawn, permutation_test(&values, &arm, blocks, how)?);
        assert!((exact.p_two - drawn.p_two).abs() < 0.015 && (exact.p_less - drawn.p_less).abs() < 0.015);
        assert!(drawn.arrangements == 20_001 && close(exact.difference, drawn.difference, 1e-12));
    }
    // No p-value below 1 / (draws + 1), so never 0.
    let apart: Vec<f64> = (0..40).map(f64::from).collect();
    let halves: Vec<bool> = (0..40).map(|i| i >= 20).collect();
    let drawn = permutation_test(&apart, &halves, None, Draws::MonteCarlo { draws: 99, seed: 1 })?;
    assert_eq!(drawn.p_greater, 0.01);
    assert_eq!(permutation_test(&apart, &halves, None, Draws::Exact).map_err(|e| e.code()), Err("too_large"));
    Ok(())
}

#[test]
fn ranks_without_enough_units_leave_the_interval_open() -> Result<(), StatError> {
    let ranks = rank_sum(&[3.0, 4.0], &[1.0, 2.0], 0.95)?;
    assert_eq!((ranks.interval.lower, ranks.interval.upper), (f64::NEG_INFINITY, f64::INFINITY));
    assert!((ranks.p_greater - 1.0 / 6.0).abs() < 1e-15 && ranks.shift == 2.0);
    Ok(())
}
