//! How several hypotheses share the error.

use fairtrial_analysis::claims::Multiplicity;

#[track_caller]
fn adjusts(name: &str, p_values: &[Option<f64>], expected: &[Option<f64>]) {
    let found = Multiplicity::of(Some(name)).adjusted(p_values);
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.zip(*expected).is_none_or(|(a, b)| (a - b).abs() < 1e-12), "{name}: {found:?} {expected:?}");
        assert_eq!(found.is_some(), expected.is_some());
    }
}

#[test]
fn procedures_adjust_as_r_does() {
    // p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") and "hochberg" of R 4.2.2.
    let p = [0.01, 0.04, 0.03, 0.005].map(Some);
    adjusts("holm", &p, &[0.03, 0.06, 0.06, 0.02].map(Some));
    adjusts("hochberg", &p, &[0.03, 0.04, 0.04, 0.02].map(Some));
    adjusts("none", &p, &p);
    adjusts("fixed_sequence", &p, &[0.01, 0.04, 0.04, 0.04].map(Some));
    adjusts("holm", &[Some(0.9), Some(0.8)], &[Some(1.0), Some(1.0)]);
}

#[test]
fn a_hypothesis_without_a_p_value_takes_its_share_and_gets_none() {
    adjusts("holm", &[Some(0.01), None], &[Some(0.02), None]);
    adjusts("fixed_sequence", &[None, Some(0.01)], &[None, Some(1.0)]);
    adjusts("holm", &[], &[]);
}
