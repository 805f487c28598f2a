//! Subgroups: other programs' values, the published critical values, and the limits of shrinkage.

use fairtrial_stats::StatError;
use fairtrial_stats::meta::{BetweenTrials, Pooling, pool, qualitative_interaction, shrunken_effects};

const EFFECTS: [f64; 4] = [0.8, -0.3, 0.5, 0.2];
const VARIANCES: [f64; 4] = [0.04, 0.02, 0.09, 0.05];

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9 * b.abs().max(1.0)
}

/// R 4.2.2: `sum(dbinom(1:3, 3, .5) * pchisq(Q, 1:3, lower.tail = FALSE))`; critical values 2.7055, 4.2306, 5.4345, 6.4979 by
/// `uniroot` of the same (2.71, 4.23, 5.43, 6.50 in table 1 of Gail and Simon 1985).
#[test]
fn opposite_signs_are_tested_as_published() {
    let test = qualitative_interaction(&EFFECTS, &VARIANCES).unwrap();
    assert!(close(test.q_positive, 19.577_777_777_778) && close(test.q_negative, 4.5));
    assert!(close(test.p_value.p(), 0.078_771_565_202_474));
    for (groups, critical) in [(2, 2.7055), (3, 4.2306), (4, 5.4345), (5, 6.4979)] {
        let mut effects = vec![-10.0; groups];
        effects[0] = f64::sqrt(critical);
        let p = qualitative_interaction(&effects, &vec![1.0; groups]).unwrap().p_value.p();
        assert!((p - 0.05).abs() < 1e-5, "{groups}: {p}");
        let negated: Vec<f64> = effects.iter().map(|effect| -effect).collect();
        assert_eq!(qualitative_interaction(&negated, &vec![1.0; groups]).unwrap().p_value.p(), p);
    }
    // One sign everywhere, however different: no evidence at all.
    assert_eq!(qualitative_interaction(&[0.1, 5.0, 9.0], &[1.0, 0.1, 0.1]).unwrap().p_value.p(), 1.0);
    let far = qualitative_interaction(&[50.0, -50.0], &[1.0, 1.0]).unwrap().p_value;
    assert!(far.ln_p < -1000.0 && far.ln_p.is_finite());
}

/// R 4.2.2, metafor: `blup(rma(d, v, method = "DL"))`.
#[test]
fn shrunken_effects_are_those_of_another_program() {
    let shrunken = shrunken_effects(&EFFECTS, &VARIANCES, BetweenTrials::DerSimonianLaird, 0.95).unwrap();
    let points = [0.732_402_501_072, -0.259_244_929_725, 0.445_103_914_491, 0.213_107_023_255];
    let errors = [0.190_034_128_477, 0.137_787_447_558, 0.268_822_942_691, 0.209_891_589_850];
    for ((estimate, point), error) in shrunken.iter().zip(points).zip(errors) {
        assert!(
            close(estimate.point.unwrap(), point) && close(estimate.standard_error.unwrap(), error),
            "{estimate:?}"
        );
    }
    assert!((shrunken[0].interval.lower - 0.359_942_453_4).abs() < 1e-9);
}

#[test]
fn without_variance_between_all_subgroups_share_the_mean() {
    let alike = [0.31, 0.3, 0.29];
    let variances = [0.1, 0.2, 0.05];
    let mean = pool(&alike, &variances, BetweenTrials::Fixed, Pooling::Normal, fairtrial_stats::Side::Two, 0.9)
        .unwrap()
        .estimate;
    for estimate in shrunken_effects(&alike, &variances, BetweenTrials::PauleMandel, 0.9).unwrap() {
        assert!(close(estimate.point.unwrap(), mean.point.unwrap()));
        assert!(close(estimate.standard_error.unwrap(), mean.standard_error.unwrap()));
    }
    // Every estimate lies between its own and the common one.
    let shrunken = shrunken_effects(&EFFECTS, &VARIANCES, BetweenTrials::PauleMandel, 0.9).unwrap();
    let mean = pool(&EFFECTS, &VARIANCES, BetweenTrials::PauleMandel, Pooling::Normal, fairtrial_stats::Side::Two, 0.9);
    let mean = mean.unwrap().estimate.point.unwrap();
    for (estimate, effect) in shrunken.iter().zip(EFFECTS) {
        let point = estimate.point.unwrap();
        assert!((point - effect) * (point - mean) <= 0.0, "{estimate:?}");
    }
}

#[test]
fn too_few_or_bad_subgroups_are_refused() {
    assert_eq!(qualitative_interaction(&[1.0], &[1.0]), Err(StatError::TooFewUnits { need: 2, got: 1 }));
    let two = shrunken_effects(&[1.0, 2.0], &[1.0, 1.0], BetweenTrials::PauleMandel, 0.9);
    assert_eq!(two, Err(StatError::TooFewUnits { need: 3, got: 2 }));
    assert!(qualitative_interaction(&[1.0, f64::NAN], &[1.0, 1.0]).is_err());
    assert!(qualitative_interaction(&[1.0, 2.0], &[1.0, 0.0]).is_err());
    assert!(qualitative_interaction(&[1e200, -1e200], &[1e-300, 1e-300]).is_err());
    assert!(shrunken_effects(&EFFECTS, &VARIANCES, BetweenTrials::Fixed, 1.0).is_err());
}
