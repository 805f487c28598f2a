//! Time to an event: limits in which methods must agree, and what cannot be computed.

use fairtrial_stats::means::Draws;
use fairtrial_stats::sufficient::Sufficient;
use fairtrial_stats::survival::{
    EventTable, IntervalScale, KaplanMeier, Observation, Ties, compare_restricted_means, cox, cox_clustered, logrank,
    logrank_permutation, logrank_stratified, restricted_mean,
};
use fairtrial_stats::{Side, StatError};
use proptest::prelude::*;

fn people(list: &[(f64, bool)]) -> Vec<Observation> {
    list.iter().map(|&(time, event)| Observation { time, event }).collect()
}

fn arms() -> (Vec<Observation>, Vec<Observation>) {
    let arm1 = people(&[(2.0, true), (3.5, true), (4.0, false), (6.1, true), (7.0, false), (9.0, true)]);
    let arm0 = people(&[(1.0, true), (1.5, true), (2.5, true), (3.0, false), (5.0, true), (8.0, false)]);
    (arm1, arm0)
}

const SCALES: [IntervalScale; 5] =
    [IntervalScale::Plain, IntervalScale::Log, IntervalScale::LogLog, IntervalScale::Logit, IntervalScale::Arcsine];

proptest! {
    #[test]
    fn curves_fall_and_lie_in_their_intervals(times in prop::collection::vec((0_u64..20, any::<bool>()), 1..30)) {
        let list: Vec<Observation> = times.iter().map(|&(t, event)| Observation { time: t as f64, event }).collect();
        let curve = KaplanMeier::fit(&list).unwrap();
        let mut table = EventTable::default();
        for &(ticks, event) in &times {
            table.merge(&EventTable::unit(ticks, event)).unwrap();
        }
        prop_assert_eq!(&KaplanMeier::from_table(&table, 1.0).unwrap(), &curve);
        let mut last = 1.0;
        for t in 0..=curve.last_time() as u64 {
            for scale in SCALES {
                let at = curve.at(t as f64, scale, 0.9).unwrap();
                if let Some(interval) = at.interval {
                    prop_assert!(interval.contains(at.survival) && interval.lower >= 0.0 && interval.upper <= 1.0);
                }
                prop_assert!(at.survival <= last);
                last = at.survival;
            }
        }
    }

    #[test]
    fn swapping_the_arms_turns_every_comparison_over(
        a in prop::collection::vec((1_u32..12, any::<bool>()), 2..15),
        b in prop::collection::vec((1_u32..12, any::<bool>()), 2..15),
    ) {
        let of = |list: &[(u32, bool)]| list.iter().map(|&(t, event)| Observation { time: f64::from(t), event }).collect::<Vec<_>>();
        let (x, y) = (of(&a), of(&b));
        if let (Ok(plain), Ok(swapped)) = (logrank(&x, &y, 0.5, Side::Two), logrank(&y, &x, 0.5, Side::Two)) {
            prop_assert!((plain.z + swapped.z).abs() < 1e-9);
            prop_assert!((plain.expected1 + plain.expected0 - plain.observed1 - plain.observed0).abs() < 1e-9);
        }
        for ties in [Ties::Efron, Ties::Breslow, Ties::Exact] {
            if let (Ok(plain), Ok(swapped)) = (cox(&x, &y, ties, Side::Two, 0.9), cox(&y, &x, ties, Side::Two, 0.9)) {
                let (p, s) = (plain.log_hazard_ratio.point.unwrap(), swapped.log_hazard_ratio.point.unwrap());
                prop_assert!((p + s).abs() < 1e-7 && plain.likelihood_ratio >= -1e-9);
            }
        }
    }
}

#[test]
fn without_censoring_the_curve_is_the_share_and_the_mean_is_the_mean() -> Result<(), StatError> {
    let list = people(&[(1.0, true), (2.0, true), (2.0, true), (5.0, true)]);
    let at = KaplanMeier::fit(&list)?.at(2.0, IntervalScale::LogLog, 0.95)?;
    assert_eq!(at.survival, 0.25);
    assert!(at.standard_error.is_some_and(|se| (se - (0.25_f64 * 0.75 / 4.0).sqrt()).abs() < 1e-15));
    assert!((restricted_mean(&list, 10.0)?.mean - 2.5).abs() < 1e-15);
    let median = KaplanMeier::fit(&people(&[(1.0, true), (3.0, true)]))?.median(IntervalScale::Plain, 0.95)?;
    assert_eq!(median.median, Some(2.0));
    Ok(())
}

#[test]
fn without_ties_all_treatments_of_ties_agree_with_the_logrank_score() -> Result<(), StatError> {
    let (arm1, arm0) = arms();
    let test = logrank(&arm1, &arm0, 0.0, Side::Two)?;
    let efron = cox(&arm1, &arm0, Ties::Efron, Side::Two, 0.95)?;
    assert!((efron.score - test.z * test.z).abs() < 1e-12);
    for ties in [Ties::Breslow, Ties::Exact] {
        let other = cox(&arm1, &arm0, ties, Side::Two, 0.95)?;
        assert!((other.likelihood_ratio - efron.likelihood_ratio).abs() < 1e-10, "{ties:?}");
        assert!((other.model_standard_error - efron.model_standard_error).abs() < 1e-10, "{ties:?}");
    }
    assert!(logrank_permutation(&arm1, &arm0, Draws::Exact)?.p_two < 0.5);
    let one_stratum = logrank_stratified(&[(arm1.clone(), arm0.clone()), (arm1.clone(), vec![])], 0.0, Side::Two)?;
    assert!((one_stratum.z - test.z).abs() < 1e-14);
    Ok(())
}

#[test]
fn an_arm_without_events_has_no_finite_factor() {
    let none = people(&[(5.0, false), (6.0, false), (7.0, false)]);
    let (arm1, _) = arms();
    for ties in [Ties::Efron, Ties::Breslow, Ties::Exact] {
        assert_eq!(cox(&arm1, &none, ties, Side::Two, 0.95).map_err(|error| error.code()), Err("not_estimable"));
    }
    assert_eq!(logrank(&none, &none, 0.0, Side::Two).map_err(|error| error.code()), Err("not_estimable"));
    let arm = [true, true, false];
    assert!(cox_clustered(&none, &arm, &[0, 0, 0], Side::Two, 0.95).is_err());
}

#[test]
fn nobody_speaks_beyond_what_was_observed() -> Result<(), StatError> {
    let (arm1, arm0) = arms();
    assert_eq!(
        compare_restricted_means(&arm1, &arm0, 8.5, Side::Two, 0.95).map_err(|e| e.code()),
        Err("not_estimable")
    );
    assert!(KaplanMeier::fit(&arm0)?.at(9.0, IntervalScale::Log, 0.95).is_err());
    let compared = compare_restricted_means(&arm1, &arm0, 8.0, Side::Two, 0.95)?;
    assert!(compared.difference.point.is_some_and(|d| (d - (compared.arm1.mean - compared.arm0.mean)).abs() < 1e-14));
    Ok(())
}

/// R 4.2 `quantile(survfit(Surv(c(3.6, 6.1, 7.8, 9.2), c(0, 0, 1, 0)) ~ 1), 0.5)`: 8.5. The curve runs at one half from 7.8 on.
#[test]
fn a_median_lies_in_the_middle_of_a_curve_that_ends_at_one_half() {
    let curve = KaplanMeier::fit(&people(&[(3.6, false), (6.1, false), (7.8, true), (9.2, false)])).unwrap();
    let median = curve.median(IntervalScale::Log, 0.95).unwrap();
    assert_eq!((median.median, median.lower, median.upper), (Some(8.5), Some(7.8), None));
}
