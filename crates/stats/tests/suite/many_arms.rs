//! Several versions with looks: one look is Dunnett, one version is the ordinary design, the rest by another program.

use fairtrial_stats::Side;
use fairtrial_stats::multiplicity::Dunnett;
use fairtrial_stats::sequential::Spending;
use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
use fairtrial_stats::sequential::many_arms::{ManyArmDesign, ManyArmEfficacy, ManyArmSpec};

fn design(arms: usize, looks: &[f64], alpha: f64, efficacy: ManyArmEfficacy) -> ManyArmDesign {
    let spec = ManyArmSpec {
        arms,
        treatment: looks.to_vec(),
        control: looks.to_vec(),
        alpha,
        efficacy,
        futility: None,
        binding: false,
    };
    ManyArmDesign::new(spec).unwrap()
}

fn bounds(design: &ManyArmDesign) -> Vec<f64> {
    design.looks().iter().map(|look| look.efficacy).collect()
}

#[test]
fn one_look_is_dunnetts_test() {
    for (arms, treatment, control) in [(1, 30.0, 30.0), (3, 30.0, 30.0), (4, 20.0, 60.0), (20, 50.0, 50.0)] {
        let spec = ManyArmSpec {
            arms,
            treatment: vec![treatment],
            control: vec![control],
            alpha: 0.025,
            efficacy: ManyArmEfficacy::Pocock,
            futility: None,
            binding: false,
        };
        let ours = ManyArmDesign::new(spec).unwrap().looks()[0].efficacy;
        let dunnett = Dunnett::new(&vec![treatment; arms], control, None).unwrap();
        let expected = dunnett.critical_value(Side::Greater, 0.025).unwrap();
        assert!((ours - expected).abs() < 1e-8, "{arms} arms: {ours} {expected}");
    }
}

#[test]
fn one_version_is_the_ordinary_design() {
    let looks = [20.0, 35.0, 60.0];
    let spending = Spending::LanDeMetsOBrienFleming;
    let pairs = [
        (ManyArmEfficacy::Pocock, Efficacy::Pocock),
        (ManyArmEfficacy::OBrienFleming, Efficacy::OBrienFleming),
        (ManyArmEfficacy::Spending { spending: spending.clone() }, Efficacy::Spending { spending }),
    ];
    for (ours, ordinary) in pairs {
        // Three looks cost a hundred times as much as two; one shape of bounds stands for all.
        let looks = if ordinary == Efficacy::Pocock { &looks[..] } else { &looks[..2] };
        let expected =
            GroupSequentialDesign::new(GroupSequentialSpec::new(looks.to_vec(), 0.025, ordinary.clone())).unwrap();
        for (bound, look) in bounds(&design(1, looks, 0.025, ours)).iter().zip(expected.looks()) {
            assert!((bound - look.efficacy).abs() < 1e-7, "{ordinary:?}: {bound} {}", look.efficacy);
        }
    }
}

/// R 4.2.2, mvtnorm `pmvnorm` (GenzBretz, 1e-7) of all statistics below their bounds, solved by `uniroot`.
#[test]
fn bounds_of_another_program_are_met() {
    let three = design(3, &[1.0, 2.0], 0.025, ManyArmEfficacy::OBrienFleming);
    assert!((three.looks()[1].efficacy - 2.356_206).abs() < 3e-5, "{:?}", three.looks());
    assert!((three.looks()[0].efficacy - 2.356_206 * 2f64.sqrt()).abs() < 5e-5);
    let two = design(2, &[1.0, 2.0, 3.0], 0.025, ManyArmEfficacy::Pocock);
    assert!((two.looks()[2].efficacy - 2.530_539).abs() < 3e-5, "{:?}", two.looks());
}

#[test]
fn error_is_spent_and_dropping_only_lowers_it() {
    let spec = ManyArmSpec {
        arms: 4,
        treatment: vec![15.0, 30.0],
        control: vec![20.0, 40.0],
        alpha: 0.05,
        efficacy: ManyArmEfficacy::OBrienFleming,
        futility: Some(vec![0.0]),
        binding: false,
    };
    let free = ManyArmDesign::new(spec.clone()).unwrap();
    let bound = ManyArmDesign::new(ManyArmSpec { binding: true, ..spec.clone() }).unwrap();
    assert!(bound.looks()[1].efficacy < free.looks()[1].efficacy);
    for design in [&free, &bound] {
        assert!((design.looks()[1].spent - 0.05).abs() < 1e-8);
        let null = design.operating(&[0.0; 4]).unwrap();
        assert!(null.any <= 0.05 + 1e-8 && null.each.iter().all(|one| *one < null.any), "{null:?}");
        // A version that is worse takes nothing from the error of the others.
        assert!(design.operating(&[0.0, 0.0, 0.0, -5.0]).unwrap().any < null.any);
        let good = design.operating(&[1.0, 0.0, 0.0, 0.0]).unwrap();
        assert!(good.each[0] > 0.9 && good.any >= good.each[0]);
    }
    let triangle = ManyArmSpec { efficacy: ManyArmEfficacy::Triangular, futility: None, binding: true, ..spec };
    let looks = ManyArmDesign::new(triangle).unwrap().looks().to_vec();
    assert!((looks[1].spent - 0.05).abs() < 1e-8 && looks[0].futility.unwrap() > 0.0, "{looks:?}");
}
