//! Clusters: closed forms against general ones, and the limits in which methods must agree.

use fairtrial_stats::cluster::{
    ClusterRobust, MixedModel, cluster_means_student, cluster_means_welch, cluster_permutation, cluster_robust,
    cluster_robust_regression, cluster_variance, random_intercept,
};
use fairtrial_stats::linear::LeastSquares;
use fairtrial_stats::means::{Draws, welch};
use fairtrial_stats::power::{StepUnits, stepped_wedge_totals, stepped_wedge_variance};
use fairtrial_stats::sufficient::Moments;
use fairtrial_stats::{Side, StatError};

fn clusters() -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let arm1 = vec![vec![3.0, 4.0, 5.5], vec![6.0, 7.5], vec![2.0, 3.5, 2.5, 4.0, 3.0], vec![5.0, 5.0, 6.0]];
    let arm0 = vec![vec![1.0, 2.5], vec![4.0, 3.5, 5.0, 4.5], vec![2.0, 2.0, 3.5]];
    (arm1, arm0)
}

fn moments(clusters: &[Vec<f64>]) -> Result<Vec<Moments>, StatError> {
    clusters.iter().map(|cluster| Moments::of(cluster)).collect()
}

struct Flat {
    outcome: Vec<f64>,
    arm: Vec<f64>,
    cluster: Vec<usize>,
}

fn flat(arm1: &[Vec<f64>], arm0: &[Vec<f64>]) -> Flat {
    let mut flat = Flat { outcome: vec![], arm: vec![], cluster: vec![] };
    for (name, (values, arm)) in arm1.iter().map(|c| (c, 1.0)).chain(arm0.iter().map(|c| (c, 0.0))).enumerate() {
        for value in values {
            flat.outcome.push(*value);
            flat.arm.push(arm);
            flat.cluster.push(name);
        }
    }
    flat
}

fn same(a: Option<f64>, b: Option<f64>, tolerance: f64) -> bool {
    a.zip(b).is_some_and(|(a, b)| (a - b).abs() <= tolerance * a.abs().max(1e-3))
}

#[test]
fn sums_and_units_give_the_same_robust_variance() -> Result<(), StatError> {
    let (arm1, arm0) = clusters();
    let units = flat(&arm1, &arm0);
    let ones = vec![1.0; units.outcome.len()];
    let fit = LeastSquares::fit(&units.outcome, &[&ones, &units.arm])?;
    for kind in
        [ClusterRobust::Cr0, ClusterRobust::Cr1, ClusterRobust::Cr1Stata, ClusterRobust::Cr2, ClusterRobust::Cr3]
    {
        let sums = cluster_robust(&moments(&arm1)?, &moments(&arm0)?, kind, 0.0, Side::Two, 0.95)?;
        let general = cluster_robust_regression(&fit, &units.cluster, 1, kind, 0.0, Side::Two, 0.95)?;
        assert!(same(sums.standard_error, general.standard_error, 1e-10), "{kind:?}");
        assert!(same(sums.degrees_of_freedom, general.degrees_of_freedom, 1e-9), "{kind:?}");
        assert!(same(Some(sums.interval.lower), Some(general.interval.lower), 1e-9), "{kind:?}");
    }
    Ok(())
}

#[test]
fn clusters_of_one_unit_are_units() -> Result<(), StatError> {
    let (a, b) = (vec![1.0, 4.0, 2.0, 6.0], vec![3.0, 2.0, 7.5]);
    let single = |values: &[f64]| values.iter().map(|value| Moments::of(&[*value])).collect::<Result<Vec<_>, _>>();
    let plain = welch(&Moments::of(&a)?, &Moments::of(&b)?, 0.0, Side::Two, 0.95)?;
    let means = cluster_means_welch(&single(&a)?, &single(&b)?, 0.0, Side::Two, 0.95)?;
    assert_eq!(plain.interval, means.interval);
    let robust = cluster_robust(&single(&a)?, &single(&b)?, ClusterRobust::Cr2, 0.0, Side::Two, 0.95)?;
    assert!(same(robust.standard_error, plain.standard_error, 1e-12));
    Ok(())
}

#[test]
fn in_a_balanced_trial_the_mixed_model_is_the_test_of_cluster_means() -> Result<(), StatError> {
    let arm1 = vec![vec![3.0, 4.0, 5.5], vec![6.0, 7.5, 7.0], vec![2.0, 3.5, 2.5]];
    let arm0 = vec![vec![1.0, 2.5, 1.5], vec![4.0, 3.5, 5.0], vec![2.0, 2.0, 3.5]];
    for offset in [0.0, 1e9] {
        let units = flat(&arm1, &arm0);
        let outcome: Vec<f64> = units.outcome.iter().map(|value| value + offset).collect();
        let ones = vec![1.0; outcome.len()];
        let t = cluster_means_student(&moments(&arm1)?, &moments(&arm0)?, 0.0, Side::Two, 0.95)?;
        for model in [MixedModel::KenwardRoger, MixedModel::Satterthwaite] {
            let columns: [&[f64]; 2] = [&ones, &units.arm];
            let fit = random_intercept(&outcome, &units.cluster, &columns, 1, model, 0.0, Side::Two, 0.95)?;
            assert!(fit.between > 0.0);
            assert!(same(fit.estimate.point, t.point, 1e-6), "{model:?} {offset}");
            assert!(same(fit.estimate.standard_error, t.standard_error, 1e-6), "{model:?} {offset}");
            assert!(same(fit.estimate.degrees_of_freedom, Some(4.0), 1e-5), "{model:?} {offset}");
        }
    }
    Ok(())
}

#[test]
fn no_variance_between_clusters_stays_at_zero() -> Result<(), StatError> {
    // Clusters more alike than chance: the likelihood has its maximum at the border.
    let units =
        flat(&[vec![1.0, 5.0], vec![2.0, 4.0], vec![0.0, 6.0]], &[vec![2.0, 7.0], vec![3.0, 6.0], vec![1.0, 8.0]]);
    let ones = vec![1.0; units.outcome.len()];
    let columns: [&[f64]; 2] = [&ones, &units.arm];
    let fit = |model| random_intercept(&units.outcome, &units.cluster, &columns, 1, model, 0.0, Side::Two, 0.95);
    for model in [MixedModel::KenwardRoger, MixedModel::Satterthwaite] {
        let fit = fit(model)?;
        assert_eq!(fit.between, 0.0);
        assert!(fit.estimate.degrees_of_freedom.is_some_and(|df| df > 1.0 && df <= 10.5), "{:?}", fit.estimate);
    }
    Ok(())
}

#[test]
fn icc_may_be_negative_and_arms_are_not_mixed() -> Result<(), StatError> {
    let alike = moments(&[vec![1.0, 5.0], vec![2.0, 4.0], vec![0.0, 6.0]])?;
    let far = moments(&[vec![101.0, 105.0], vec![102.0, 104.0], vec![100.0, 106.0]])?;
    let variance = cluster_variance(&[&alike, &far])?;
    assert!(variance.icc < 0.0 && variance.between < 1e-20, "{variance:?}");
    Ok(())
}

#[test]
fn too_few_clusters_are_refused() -> Result<(), StatError> {
    let (arm1, arm0) = clusters();
    let (many, one) = (moments(&arm1)?, moments(&arm0[..1])?);
    let too_few = Err(StatError::TooFewUnits { need: 2, got: 1 });
    assert_eq!(cluster_means_welch(&many, &one, 0.0, Side::Two, 0.95), too_few);
    assert_eq!(cluster_robust(&many, &one, ClusterRobust::Cr2, 0.0, Side::Two, 0.95), too_few);
    // Three clusters an arm cannot give a two-sided permutation p-value of 5 %.
    let three = cluster_permutation(&many[..3], &moments(&arm0)?, Draws::Exact)?;
    assert!(three.arrangements == 20 && three.p_two >= 0.1);
    Ok(())
}

#[test]
fn a_standard_wedge_has_the_published_variance() -> Result<(), StatError> {
    let rollout: Vec<Vec<bool>> = (0..12).map(|i| (0..5).map(|j| j > i / 3).collect()).collect();
    let units = StepUnits { units: 10.0, between: 0.02, within: 0.2 };
    let totals = stepped_wedge_totals(&rollout)?;
    let (clusters, periods, s, t) = (12.0, 5.0, units.within / units.units, units.between);
    // Equation 8 of Hussey and Hughes (2007).
    let variance = clusters * s * (s + periods * t)
        / ((clusters * totals.u - totals.w) * s
            + (totals.u * totals.u + clusters * periods * totals.u - periods * totals.w - clusters * totals.v) * t);
    assert!((variance / stepped_wedge_variance(&rollout, &units)? - 1.0).abs() < 1e-12);
    let same_for_all = vec![vec![false, true]; 4];
    assert!(stepped_wedge_variance(&same_for_all, &units).is_err());
    Ok(())
}
