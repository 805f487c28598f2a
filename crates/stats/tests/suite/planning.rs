//! Planning: sizes reach their power, and one unit less does not; beliefs agree with what they must.

use fairtrial_stats::bayes::{
    BetaPosterior, PredictiveDesign, expected_loss, predictive_success, probability_best,
    probability_difference_exceeds,
};
use fairtrial_stats::power::{
    ClusterSizes, EventTimes, Plan, clusters_detectable, clusters_needed, clusters_power, events_needed, events_power,
    means_detectable, means_needed, means_power, proportions_detectable, proportions_needed, proportions_power,
    survival_needed,
};
use fairtrial_stats::sufficient::Binary;
use fairtrial_stats::{Side, StatError};
use proptest::prelude::*;

proptest! {
    #[test]
    fn sizes_reach_their_power(
        effect in 0.2_f64..1.5, sd0 in 0.5_f64..2.0, ratio in 0.3_f64..3.0, power in 0.5_f64..0.95, two in any::<bool>(),
    ) {
        let side = if two { Side::Two } else { Side::Greater };
        let plan = Plan { ratio, ..Plan::new(0.05, side, power) };
        let size = means_needed(effect, 1.0, sd0, &plan).unwrap();
        let reached = means_power(effect, size.arm1 as f64, size.arm0 as f64, 1.0, sd0, 0.05, side).unwrap();
        prop_assert!(reached >= power - 1e-9 || size.exact_arm0 <= 2.0_f64.max(2.0 / ratio) + 1e-9, "{size:?} {reached}");
        if size.exact_arm0 > 2.01_f64.max(2.01 / ratio) {
            let exact = means_power(effect, size.exact_arm1, size.exact_arm0, 1.0, sd0, 0.05, side).unwrap();
            prop_assert!((exact - power).abs() < 1e-7);
            let found = means_detectable(size.exact_arm1, size.exact_arm0, 1.0, sd0, 0.05, side, power).unwrap();
            prop_assert!((found / effect - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn proportions_reach_their_power(p0 in 0.05_f64..0.6, gain in 0.05_f64..0.3, ratio in 0.3_f64..3.0, margin in 0.0_f64..0.1) {
        let plan = Plan { ratio, ..Plan::new(0.025, Side::Greater, 0.8) };
        let size = proportions_needed(p0 + gain, p0, -margin, &plan).unwrap();
        let power = proportions_power(p0 + gain, p0, -margin, size.exact_arm1, size.exact_arm0, 0.025, Side::Greater).unwrap();
        prop_assert!((power - 0.8).abs() < 1e-9);
        // A margin makes the question easier, missing outcomes the trial larger.
        let strict = proportions_needed(p0 + gain, p0, 0.0, &plan).unwrap();
        prop_assert!(size.exact_arm0 <= strict.exact_arm0 * (1.0 + 1e-9));
        let more = proportions_needed(p0 + gain, p0, 0.0, &Plan { attrition: 0.2, ..plan }).unwrap();
        prop_assert!(more.arm0 as f64 * 0.8 >= strict.exact_arm0 - 1e-6 && more.exact_arm0 == strict.exact_arm0);
        if margin == 0.0 {
            let found = proportions_detectable(p0, size.exact_arm1, size.exact_arm0, 0.025, Side::Greater, 0.8).unwrap();
            prop_assert!((found - gain).abs() < 1e-6);
        }
    }

    #[test]
    fn beliefs_sum_to_one_and_loss_is_what_the_best_has_more(
        x1 in 0_u64..40, x0 in 0_u64..40, prior in 0.3_f64..3.0,
    ) {
        let arm = |x: u64| BetaPosterior::new(Binary::new(40, x).unwrap(), prior, prior).unwrap();
        let (a, b) = (arm(x1), arm(x0));
        let best = probability_best(&[a, b]).unwrap();
        prop_assert!((best[0] + best[1] - 1.0).abs() < 1e-11);
        let loss = expected_loss(&[a, b]).unwrap();
        // E(max - p1) - E(max - p0) = E(p0) - E(p1).
        prop_assert!((loss[0] - loss[1] - (b.mean() - a.mean())).abs() < 1e-11);
        let exceeds = probability_difference_exceeds(&a, &b, 0.0).unwrap();
        prop_assert!((exceeds - best[0]).abs() < 1e-10);
        prop_assert_eq!(best[0] > 0.5 + 1e-9, x1 > x0);
    }
}

#[test]
fn the_best_arm_is_the_most_probable_also_with_many_units() -> Result<(), StatError> {
    // Another engine gives the best arm a weight of 0.
    let arm = |x| BetaPosterior::new(Binary::new(100_000_000, x)?, 1.0, 1.0);
    let best = probability_best(&[arm(50_000_000)?, arm(50_020_000)?, arm(49_990_000)?])?;
    assert!(best[1] > 0.99 && (best.iter().sum::<f64>() - 1.0).abs() < 1e-8, "{best:?}");
    let half = probability_best(&[arm(7)?, arm(7)?])?;
    assert!((half[0] - 0.5).abs() < 1e-12);
    Ok(())
}

#[test]
fn a_finished_trial_has_succeeded_or_not() -> Result<(), StatError> {
    let design = PredictiveDesign { final1: 20, final0: 20, alpha: 0.025, prior: (1.0, 1.0) };
    let end = |x1, x0| predictive_success(Binary::new(20, x1)?, Binary::new(20, x0)?, &design);
    assert_eq!(end(15, 3)?, 1.0);
    assert_eq!(end(8, 7)?, 0.0);
    assert!(predictive_success(Binary::new(21, 8)?, Binary::new(20, 7)?, &design).is_err());
    Ok(())
}

#[test]
fn clusters_count_more_than_people() -> Result<(), StatError> {
    let sizes = ClusterSizes { mean_size: 25.0, icc: 0.05, size_variation: 0.4 };
    let plan = Plan::new(0.05, Side::Two, 0.9);
    let size = clusters_needed(0.3, 1.0, &sizes, &plan)?;
    let power = |clusters: f64| clusters_power(0.3, 1.0, clusters, clusters, &sizes, 0.05, Side::Two);
    assert!(power(size.arm0 as f64)? >= 0.9 && power(size.arm0 as f64 - 1.0)? < 0.9);
    let large = ClusterSizes { mean_size: 2_500.0, ..sizes };
    let few = clusters_power(0.3, 1.0, 3.0, 3.0, &large, 0.05, Side::Two)?;
    assert!(few < 0.4, "a hundred times the people do not replace clusters: {few}");
    let found = clusters_detectable(1.0, 13.0, 13.0, &sizes, 0.05, Side::Two, 0.8)?;
    assert!((clusters_power(found, 1.0, 13.0, 13.0, &sizes, 0.05, Side::Two)? - 0.8).abs() < 1e-9);
    assert!(clusters_power(0.3, 1.0, 1.0, 5.0, &sizes, 0.05, Side::Two).is_err());
    Ok(())
}

#[test]
fn events_are_what_a_trial_of_time_needs() -> Result<(), StatError> {
    let plan = Plan::new(0.05, Side::Two, 0.8);
    let events = events_needed(0.6, 1.0, &plan)?;
    assert!((events_power(events, 0.6, 1.0, 1.0, 0.05, Side::Two)? - 0.8).abs() < 1e-9);
    assert!((events_needed(1.0 / 0.6, 1.0, &plan)? - events).abs() < 1e-9);
    let times = EventTimes { hazard0: 0.1, enrolment: 12.0, follow_up: 12.0, drop_out: 0.0 };
    let without = survival_needed(0.6, 1.0, &times, &plan)?;
    let with = survival_needed(0.6, 1.0, &EventTimes { drop_out: 0.02, ..times }, &plan)?;
    assert!(with.exact_arm0 > without.exact_arm0 && without.exact_arm0 * 2.0 > events);
    assert!(events_needed(1.0, 1.0, &plan).is_err());
    Ok(())
}
