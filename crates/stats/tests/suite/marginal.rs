//! Generalised estimating equations against values of another program and against dense matrices.

use std::path::Path;

use fairtrial_stats::cluster::{Family, FewClusters, WorkingCorrelation, estimating_equations};
use fairtrial_stats::{Side, StatError};

/// Columns of the clusters' data set.
fn data() -> (Vec<usize>, Vec<f64>, Vec<f64>, Vec<f64>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/vectors/data/cluster.csv");
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next().unwrap().replace('"', ""), "office,t,x,y,b");
    let (mut office, mut t, mut y, mut b) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for line in lines {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        office.push(cells[0] as usize);
        t.push(cells[1]);
        y.push(cells[3]);
        b.push(cells[4]);
    }
    (office, t, y, b)
}

/// statsmodels 0.15 `GEE` with `cov_type` robust and bias_reduced (Mancl-DeRouen); Kauermann-Carroll by numpy from the
/// matrices D, V and the matrix power of I - H of each cluster.
#[test]
fn values_of_another_program_are_met() {
    let (office, t, y, b) = data();
    let ones = vec![1.0; t.len()];
    let cases = [
        (
            &b,
            Family::Binary,
            WorkingCorrelation::Exchangeable,
            -0.071_019_401_588_7,
            0.004_237_467_194_7,
            [0.353_651_452_613_4, 0.417_146_244_162_2, 0.495_252_744_338_3],
        ),
        (
            &b,
            Family::Binary,
            WorkingCorrelation::Independent,
            -0.080_042_707_673_5,
            0.0,
            [0.356_394_442_247_6, 0.423_021_345_257_5, 0.505_945_474_336_8],
        ),
        (
            &y,
            Family::Normal,
            WorkingCorrelation::Exchangeable,
            -0.060_174_436_947_3,
            0.185_690_909_926_9,
            [0.406_598_282_829_2, 0.447_855_810_034_6, 0.493_895_271_834_1],
        ),
    ];
    for (outcome, family, working, point, correlation, errors) in cases {
        let corrections = [FewClusters::None, FewClusters::KauermannCarroll, FewClusters::ManclDeRouen];
        for (correction, error) in corrections.into_iter().zip(errors) {
            let columns: [&[f64]; 2] = [&ones, &t];
            let effect =
                estimating_equations(outcome, &office, &columns, 1, family, working, correction, 0.0, Side::Two, 0.95)
                    .unwrap();
            let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
            assert!(near(effect.estimate.point.unwrap(), point), "{effect:?}");
            assert!(near(effect.estimate.standard_error.unwrap(), error), "{correction:?} {effect:?}");
            assert!(near(effect.correlation, correlation), "{effect:?}");
            assert_eq!(effect.estimate.degrees_of_freedom, Some(9.0));
        }
    }
}

#[test]
fn an_infinite_coefficient_is_refused() {
    let cluster: Vec<usize> = (0..12).map(|unit| unit / 2).collect();
    let arm: Vec<f64> = cluster.iter().map(|&c| f64::from(u8::from(c < 3))).collect();
    let ones = vec![1.0; 12];
    let all: Vec<f64> = arm.clone();
    let answer = estimating_equations(
        &all,
        &cluster,
        &[&ones, &arm],
        1,
        Family::Binary,
        WorkingCorrelation::Exchangeable,
        FewClusters::ManclDeRouen,
        0.0,
        Side::Two,
        0.95,
    );
    assert!(matches!(answer, Err(StatError::NotEstimable { .. } | StatError::ZeroVariance)), "{answer:?}");
}
