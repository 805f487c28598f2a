//! Several trials together: the numbers are those of the pooling itself, and hidden counts stay out.

use fairtrial_analysis::{
    analyse,
    pooling::pooled,
    release::{Policy, ReleaseKey, ReleasedOutcome, View, release},
};
use fairtrial_domain::protocol::Better;
use fairtrial_stats::{
    Side,
    meta::{BetweenTrials, Pooling, pool},
};

use crate::evidence::{simple, table};

/// The main outcome of a trial with so many of so many in each arm, released.
fn outcome(usual: (u64, u64), new: (u64, u64)) -> ReleasedOutcome {
    let plan = simple();
    let report = analyse(&plan, &table(&plan, &[usual, new]), "tests");
    let key = ReleaseKey::new([3; 32]);
    let released = release(plan.protocol(), &report, View::Public, Policy::STANDARD, &key).unwrap();
    released.outcomes[0].clone()
}

#[test]
fn the_mean_is_the_random_effects_mean_of_the_released_counts() {
    let trials = [
        outcome((200, 1_000), (260, 1_000)),
        outcome((150, 600), (156, 600)),
        outcome((390, 1_500), (420, 1_500)),
        outcome((90, 450), (120, 450)),
    ];
    let found = pooled(&trials.iter().collect::<Vec<_>>()).unwrap();
    // Worked out here from the released counts, as the description of the method says.
    let (mut effects, mut variances) = (Vec::new(), Vec::new());
    for trial in &trials {
        let of = |place: usize| {
            let arm = &trial.arms[place];
            (arm.events.value().unwrap() as f64, arm.analysed.value().unwrap() as f64)
        };
        let ((x, n), (y, m)) = (of(0), of(1));
        let adjusted = |x: f64, n: f64| ((x + 1.0) / (n + 2.0), n + 2.0);
        let ((p, n2), (q, m2)) = (adjusted(x, n), adjusted(y, m));
        effects.push(y / m - x / n);
        variances.push(p * (1.0 - p) / n2 + q * (1.0 - q) / m2);
    }
    let reml = BetweenTrials::Reml { tolerance: 1e-12 };
    let direct = pool(&effects, &variances, reml, Pooling::HartungKnapp, Side::Two, 0.95).unwrap();
    assert!((found.mean.estimate - 100.0 * direct.estimate.point.unwrap()).abs() < 1e-9);
    let prediction = direct.prediction.unwrap();
    assert!(
        (found.next.0 - 100.0 * prediction.lower).abs() < 1e-9
            && (found.next.1 - 100.0 * prediction.upper).abs() < 1e-9
    );
    assert!(found.next.0 <= found.mean.lower && found.mean.upper <= found.next.1, "{found:?}");
    assert_eq!(found.sentences.len(), 2);
}

#[test]
fn what_is_better_for_people_points_up_whichever_way_the_outcome_counts() {
    let trials =
        [outcome((200, 1_000), (260, 1_000)), outcome((150, 600), (156, 600)), outcome((390, 1_500), (420, 1_500))];
    let up = pooled(&trials.iter().collect::<Vec<_>>()).unwrap();
    let down: Vec<ReleasedOutcome> =
        trials.into_iter().map(|trial| ReleasedOutcome { better: Better::Decrease, ..trial }).collect();
    let down = pooled(&down.iter().collect::<Vec<_>>()).unwrap();
    assert!((up.mean.estimate + down.mean.estimate).abs() < 1e-9);
    assert!((up.next.0 + down.next.1).abs() < 1e-9);
}

#[test]
fn hidden_counts_and_too_few_trials_say_nothing() {
    let shown = [outcome((200, 1_000), (260, 1_000)), outcome((150, 600), (156, 600))];
    assert_eq!(pooled(&shown.iter().collect::<Vec<_>>()), None, "two trials");
    let hidden = outcome((3, 1_000), (40, 1_000));
    assert_eq!(hidden.arms[0].events.value(), None);
    let with_hidden = [&shown[0], &shown[1], &hidden];
    assert_eq!(pooled(&with_hidden), None, "the third cannot be used");
    let third = outcome((390, 1_500), (420, 1_500));
    let found = pooled(&[&shown[0], &hidden, &shown[1], &third]).unwrap();
    assert_eq!(found.trials.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true, true]);
}
