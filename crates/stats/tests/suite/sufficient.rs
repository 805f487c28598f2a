//! Exact sums: any order gives the same bytes, subtraction undoes merging, and nothing cancels.

use fairtrial_stats::StatError;
use fairtrial_stats::sufficient::{
    Binary, Clustered, CoMoments, CoSums, FixedSums, Moments, RateSums, Step, Stratified, Sufficient,
};
use fairtrial_stats::survival::EventTable;
use proptest::prelude::*;

fn merged<S: Sufficient>(parts: &[S]) -> Result<S, StatError> {
    let mut total = S::default();
    for part in parts {
        total.merge(part)?;
    }
    Ok(total)
}

/// Any order and any grouping give the same value, and taking a part away leaves what the others give.
fn holds_together<S: Sufficient + std::fmt::Debug>(parts: &[S]) -> Result<(), StatError> {
    let all = merged(parts)?;
    let mut reversed: Vec<S> = parts.to_vec();
    reversed.reverse();
    assert_eq!(all, merged(&reversed)?);
    let middle = parts.len() / 2;
    assert_eq!(all, merged(&[merged(&parts[..middle])?, merged(&parts[middle..])?])?);
    if let Some(last) = parts.last() {
        let mut rest = all.clone();
        rest.subtract(last)?;
        assert_eq!(rest, merged(&parts[..parts.len() - 1])?);
    }
    assert_eq!(all.units(), parts.iter().map(Sufficient::units).sum::<u64>());
    Ok(())
}

proptest! {
    #[test]
    fn merging_is_exact(values in prop::collection::vec((any::<i32>(), 0_u64..40, any::<bool>(), 0_usize..4), 0..30)) {
        holds_together(&values.iter().map(|v| Binary::unit(v.2)).collect::<Vec<_>>()).unwrap();
        holds_together(&values.iter().map(|v| FixedSums::unit(i64::from(v.0))).collect::<Vec<_>>()).unwrap();
        holds_together(&values.iter().map(|v| CoSums::unit(&[i64::from(v.0), v.1 as i64])).collect::<Vec<_>>()).unwrap();
        holds_together(&values.iter().map(|v| RateSums::unit(v.1, v.1 + 3).unwrap()).collect::<Vec<_>>()).unwrap();
        holds_together(&values.iter().map(|v| EventTable::unit(v.1, v.2)).collect::<Vec<_>>()).unwrap();
        let grouped = |v: &(i32, u64, bool, usize)| {
            let mut one = Clustered::<FixedSums>::default();
            one.add(["a", "b", "c", "d"][v.3], &FixedSums::unit(i64::from(v.0))).unwrap();
            one
        };
        holds_together(&values.iter().map(grouped).collect::<Vec<_>>()).unwrap();
    }

    #[test]
    fn moments_of_sums_are_those_of_the_units(values in prop::collection::vec(-1_000_000_i64..1_000_000, 1..40), shift in -10_i64..10) {
        let offset = shift * 100_000_000_000_000;
        let moved: Vec<i64> = values.iter().map(|v| v + offset).collect();
        let exact = FixedSums::of(moved).unwrap().moments(Step::ONE).unwrap();
        let unit: Vec<f64> = values.iter().map(|&v| v as f64).collect();
        let direct = Moments::of(&unit).unwrap();
        prop_assert!((exact.m2 - direct.m2).abs() <= 1e-12 * direct.m2.max(1.0), "{exact:?} {direct:?}");
        prop_assert!((exact.mean - offset as f64 - direct.mean).abs() <= 1e-3 + 1e-12 * offset.abs() as f64);
        let co = values.iter().map(|&v| CoSums::unit(&[v + offset, v])).collect::<Vec<_>>();
        let co = merged(&co).unwrap().moments(&[Step::ONE, Step::ONE]).unwrap();
        prop_assert!((co.product(0, 1).unwrap() - direct.m2).abs() <= 1e-12 * direct.m2.max(1.0));
    }
}

#[test]
fn sums_of_squares_far_from_zero_keep_every_digit() -> Result<(), StatError> {
    // A floating sum of squares gives 0 here: the spread of 1 drowns in 10^18.
    let moments = FixedSums::of([1_000_000_000, 1_000_000_001, 1_000_000_002])?.moments(Step::ONE)?;
    assert_eq!((moments.m2, moments.variance()?), (2.0, 1.0));
    let floating = Moments::of(&[1e9, 1e9 + 1.0, 1e9 + 2.0])?;
    assert_eq!(floating.variance()?, 1.0);
    let largest = FixedSums::of([i64::MAX, i64::MAX - 2])?.moments(Step::ONE)?;
    assert_eq!(largest.m2, 2.0);
    Ok(())
}

#[test]
fn a_step_gives_the_unit() -> Result<(), StatError> {
    let cents = FixedSums::of([1_234, 1_234, 1_234])?.moments(Step::new(1, 2)?)?;
    assert_eq!((cents.mean, cents.m2), (12.34, 0.0));
    let fives = FixedSums::of([1, 3])?.moments(Step::new(5, 0)?)?;
    assert_eq!((fives.mean, fives.m2), (10.0, 50.0));
    assert!(Step::new(0, 2).is_err() && Step::new(1, 19).is_err());
    Ok(())
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() -> Result<(), StatError> {
    let mut sums = FixedSums::of([5, 6])?;
    let before = sums;
    assert!(sums.subtract(&FixedSums::of([1, 2, 3])?).is_err());
    assert!(sums.subtract(&FixedSums::of([1, 2])?).is_err());
    assert_eq!(sums, before);
    let mut full = FixedSums { n: 1, s1: 0, s2: i128::MAX };
    assert_eq!(full.merge(&FixedSums::unit(1)).map_err(|error| error.code()), Err("too_large"));
    assert_eq!(full.s2, i128::MAX);
    assert!(FixedSums { n: 2, s1: 100, s2: 1 }.moments(Step::ONE).is_err());
    assert!(FixedSums::default().moments(Step::ONE).is_err());
    assert!(Binary::new(3, 4).is_err());
    assert!(Stratified::<Binary>::default().remove("a", &Binary::unit(true)).is_err());
    assert!(CoSums::unit(&[1]).merge(&CoSums::unit(&[1, 2])).is_err());
    assert!(Moments::of(&[1.0, f64::NAN]).is_err() && Moments::of(&[]).is_err());
    assert!(CoMoments::of(&[&[1.0], &[1.0, 2.0]]).is_err());
    Ok(())
}

#[test]
fn sums_survive_json_beyond_the_precision_of_doubles() -> Result<(), Box<dyn std::error::Error>> {
    let sums = FixedSums::of([i64::MAX, i64::MAX - 1, 3])?;
    assert_eq!(serde_json::from_str::<FixedSums>(&serde_json::to_string(&sums)?)?, sums);
    let co = CoSums::unit(&[i64::MAX, i64::MIN]);
    assert_eq!(serde_json::from_str::<CoSums>(&serde_json::to_string(&co)?)?, co);
    Ok(())
}
