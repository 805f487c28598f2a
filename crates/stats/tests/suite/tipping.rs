//! Tipping points against going through every way of filling in what is missing.

use fairtrial_stats::missing::{Conclusion, PartlyObserved, tipping_point_means, tipping_point_proportions};
use fairtrial_stats::sufficient::Moments;
use fairtrial_stats::two_proportions::risk_difference;

#[test]
fn every_way_of_filling_in_is_told_rightly() {
    let shapes = [
        (12, 15, 3, 5, 15, 4),
        (3, 14, 5, 11, 16, 2),
        (8, 16, 2, 8, 16, 3),
        (0, 5, 1, 9, 9, 0),
        (50, 60, 9, 30, 60, 12),
    ];
    for (x1, n1, m1, x0, n0, m0) in shapes {
        let arm1 = PartlyObserved { successes: x1, observed: n1, missing: m1 };
        let arm0 = PartlyObserved { successes: x0, observed: n0, missing: m0 };
        let points = tipping_point_proportions(&arm1, &arm0, 0.9).unwrap();
        assert_eq!(points.rows.len() as u64, m0 + 1);
        let mut same = true;
        for row in &points.rows {
            for a1 in 0..=m1 {
                let a0 = row.missing_successes0;
                let interval = risk_difference(x1 + a1, n1 + m1, x0 + a0, n0 + m0, 0.9).unwrap().interval;
                let higher = row.higher_from.is_some_and(|from| a1 >= from);
                let lower = row.lower_to.is_some_and(|to| a1 <= to);
                assert_eq!(
                    (interval.lower > 0.0, interval.upper < 0.0),
                    (higher, lower),
                    "{arm1:?} {arm0:?} {a1} {a0}"
                );
                same &= match points.observed {
                    Conclusion::Higher => higher,
                    Conclusion::Lower => lower,
                    Conclusion::Open => !higher && !lower,
                };
            }
        }
        assert_eq!(points.always, same, "{arm1:?} {arm0:?}");
    }
}

#[test]
fn at_the_shift_the_interval_reaches_nothing() {
    for (mean1, sign) in [(12.0, -1.0), (8.0, 1.0)] {
        let arm1 = Moments::from_variance(60, mean1, 9.0).unwrap();
        let arm0 = Moments::from_variance(70, 10.0, 16.0).unwrap();
        let tip = tipping_point_means(&arm1, 20, &arm0, 30, 0.95).unwrap();
        let welch = fairtrial_stats::means::welch(&arm1, &arm0, 0.0, fairtrial_stats::Side::Two, 0.95).unwrap();
        let critical = (welch.interval.upper - welch.point.unwrap()) / welch.standard_error.unwrap();
        for (shift, n, missing, of) in [(tip.shift1.unwrap(), 60.0, 20.0, 1.0), (tip.shift0.unwrap(), 70.0, 30.0, -1.0)]
        {
            assert!(shift * of * sign > 0.0, "{tip:?}");
            let share: f64 = missing / (n + missing);
            let point = welch.point.unwrap() + of * share * shift;
            let error =
                (welch.standard_error.unwrap().powi(2) + share * (1.0 - share) * shift * shift / (n + missing)).sqrt();
            assert!((point.abs() - critical * error).abs() < 1e-9, "{tip:?}");
        }
    }
    let alike = Moments::from_variance(20, 1.0, 4.0).unwrap();
    let open = tipping_point_means(&alike, 3, &alike, 3, 0.95).unwrap();
    assert_eq!((open.observed, open.shift1, open.shift0), (Conclusion::Open, None, None));
    let far = Moments::from_variance(20, 9.0, 4.0).unwrap();
    assert_eq!(tipping_point_means(&far, 0, &alike, 0, 0.95).unwrap().shift1, None, "nothing is missing");
}
