//! The permutation design: its error over every assignment, counted.

use fairtrial_stats::means::Draws;
use fairtrial_stats::sequential::Spending;
use fairtrial_stats::sequential::permutation::{PermutationDesign, PermutationPlan};
use fairtrial_stats::{Side, StatError};

fn plan(alpha: f64, side: Side) -> PermutationPlan {
    PermutationPlan { alpha, side, spending: Spending::LanDeMetsPocock, fractions: vec![0.4, 0.7, 1.0] }
}

/// All assignments of 4 of 8 clusters.
fn assignments() -> Vec<Vec<bool>> {
    (0..256_u32)
        .filter(|bits| bits.count_ones() == 4)
        .map(|bits| (0..8).map(|i| bits >> i & 1 == 1).collect())
        .collect()
}

/// Values at three looks that do not depend on the assignment; the last cluster joins at the second look. Many ties.
fn looks() -> Vec<Vec<Option<f64>>> {
    let first = [3.0, 1.0, 2.0, 2.0, 5.0, 4.0, 1.0];
    let second = [3.0, 1.5, 2.0, 2.5, 5.0, 4.0, 1.0, 6.0];
    let third = [2.5, 1.5, 2.0, 2.0, 4.5, 4.0, 1.0, 6.0];
    let some = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<_>>();
    let mut early = some(&first);
    early.push(None);
    vec![early, some(&second), some(&third)]
}

#[test]
fn under_no_effect_the_error_over_all_assignments_is_the_error_spent() {
    for side in [Side::Greater, Side::Less, Side::Two] {
        for alpha in [0.05, 0.1, 0.3] {
            let (mut stopped, mut spent) = ([0_u32; 3], [0.0; 3]);
            let mut small = 0_u32;
            for assignment in assignments() {
                let design = PermutationDesign::new(&assignment, None, Draws::Exact).unwrap();
                let results = design.compare_means(&looks(), &plan(alpha, side)).unwrap();
                for (k, look) in results.iter().enumerate() {
                    spent[k] = look.spent;
                    stopped[k] += u32::from(look.stops);
                }
                let last = results.last().unwrap();
                small += u32::from(last.p_value.p() <= alpha + 1e-12);
                assert_eq!(last.stops, last.stops && last.p_value.p() <= alpha + 1e-12);
            }
            let mut total = 0;
            for k in 0..3 {
                total += stopped[k];
                assert!((f64::from(total) / 70.0 - spent[k]).abs() < 1e-12, "{side:?} {alpha} look {k}");
                assert!(spent[k] <= alpha + 1e-12);
            }
            assert!(f64::from(small) / 70.0 <= alpha + 1e-12, "{side:?} {alpha}: {small} of 70");
        }
    }
}

#[test]
fn exchanging_the_arms_mirrors_the_result() {
    let assignment = [true, true, false, true, false, false, true, false];
    let exchanged: Vec<bool> = assignment.iter().map(|one| !one).collect();
    let run = |labels: &[bool], side| {
        let design = PermutationDesign::new(labels, None, Draws::Exact).unwrap();
        design.compare_means(&looks(), &plan(0.1, side)).unwrap()
    };
    for (greater, less) in run(&assignment, Side::Greater).iter().zip(run(&exchanged, Side::Less)) {
        assert!((greater.statistic + less.statistic).abs() < 1e-12);
        assert_eq!(greater.p_value, less.p_value);
        assert_eq!((greater.stops, greater.spent), (less.stops, less.spent));
    }
}

#[test]
fn draws_come_near_the_enumeration_and_repeat() {
    let labels: Vec<bool> = (0..14).map(|i| i % 2 == 0).collect();
    let values: Vec<Option<f64>> =
        (0..14).map(|i| Some(f64::from(i * i % 11) + if i % 2 == 0 { 3.0 } else { 0.0 })).collect();
    let plan = PermutationPlan { fractions: vec![1.0], ..plan(0.05, Side::Greater) };
    let p = |how| {
        let design = PermutationDesign::new(&labels, None, how).unwrap();
        design.compare_means(std::slice::from_ref(&values), &plan).unwrap()[0].p_value.p()
    };
    let exact = p(Draws::Exact);
    let drawn = p(Draws::MonteCarlo { draws: 20_000, seed: 5 });
    assert!((exact - drawn).abs() < 0.006, "{exact} {drawn}");
    assert_eq!(drawn, p(Draws::MonteCarlo { draws: 20_000, seed: 5 }));
}

#[test]
fn blocks_restrict_the_assignments() {
    let labels = [true, false, false, true, true, false, true, false, false, true, true, false];
    let blocks = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5];
    let design = PermutationDesign::new(&labels, Some(&blocks), Draws::Exact).unwrap();
    // The arm with the label is always ahead: one of 2^6 assignments.
    let values: Vec<Option<f64>> =
        labels.iter().enumerate().map(|(i, &one)| Some(i as f64 + 2.0 * f64::from(one))).collect();
    let one_look = PermutationPlan { fractions: vec![1.0], ..plan(0.05, Side::Greater) };
    let look = design.compare_means(&[values], &one_look).unwrap()[0];
    assert!((look.p_value.p() - 1.0 / 64.0).abs() < 1e-12 && look.stops);
}

#[test]
fn too_few_assignments_and_bad_input_are_refused() {
    let six = [true, true, true, false, false, false];
    let values = vec![vec![Some(1.0); 6]; 3];
    let design = PermutationDesign::new(&six, None, Draws::Exact).unwrap();
    assert_eq!(design.compare_means(&values, &plan(0.05, Side::Two)).unwrap_err().code(), "not_estimable");
    let code = |result: Result<Vec<_>, StatError>| match result {
        Err(StatError::InvalidArgument { argument, .. }) => argument,
        Err(other) => other.code().to_owned(),
        Ok(_) => "accepted".to_owned(),
    };
    for alpha in [0.0, 1.0, f64::NAN] {
        assert_eq!(code(design.compare_means(&values, &plan(alpha, Side::Greater))), "alpha");
    }
    let fractions = |fractions: Vec<f64>| PermutationPlan { fractions, ..plan(0.1, Side::Greater) };
    for bad in [vec![], vec![0.5, 0.4, 1.0], vec![f64::NAN, 0.5, 1.0]] {
        let looks = values[..bad.len()].to_vec();
        assert_eq!(code(design.compare_means(&looks, &fractions(bad))), "fractions");
    }
    let infinite = vec![vec![Some(f64::INFINITY); 6]; 3];
    assert_eq!(code(design.compare_means(&infinite, &plan(0.1, Side::Greater))), "looks");
    assert_eq!(code(design.analyse(&plan(0.1, Side::Greater), |_, _| f64::NAN)), "statistic");
    let many: Vec<bool> = (0..60).map(|i| i % 2 == 0).collect();
    let large = PermutationDesign::new(&many, None, Draws::Exact).unwrap();
    assert_eq!(code(large.analyse(&plan(0.1, Side::Greater), |_, _| 0.0)), "too_large");
    let drawn = PermutationDesign::new(&many, None, Draws::MonteCarlo { draws: u64::MAX, seed: 1 }).unwrap();
    assert_eq!(code(drawn.analyse(&plan(0.1, Side::Greater), |_, _| 0.0)), "too_large");
    assert!(PermutationDesign::new(&[true, true], None, Draws::Exact).is_err());
    assert!(PermutationDesign::new(&six, Some(&[0, 1]), Draws::Exact).is_err());
}
