//! The exact design against brute force over every sequence of outcomes, and its properties.

use fairtrial_stats::sequential::Spending;
use fairtrial_stats::sequential::exact_binary::{
    ExactBinaryDesign, ExactBinarySpec, ExactDecision, ExactFutility, ExactHarm, LookSize,
};
use fairtrial_stats::two_proportions::{Table, barnard, pooled_z};
use fairtrial_stats::{Side, StatError};

fn sizes(pairs: &[(u64, u64)]) -> Vec<LookSize> {
    pairs.iter().map(|&(treatment, control)| LookSize { treatment, control }).collect()
}

fn full_spec() -> ExactBinarySpec {
    ExactBinarySpec {
        futility: ExactFutility::BetaSpending {
            beta: 0.2,
            spending: Spending::KimDeMets { rho: 1.0 },
            treatment: 0.7,
            control: 0.2,
        },
        harm: Some(ExactHarm { alpha: 0.15, spending: Spending::LanDeMetsPocock, margin: None }),
        ..ExactBinarySpec::new(sizes(&[(3, 2), (5, 5), (7, 6)]), 0.1, Spending::LanDeMetsPocock)
    }
}

/// Probability of the first decision other than going on, by enumerating every sequence of outcomes.
fn brute_force(design: &ExactBinaryDesign, p1: f64, p0: f64, binding: bool) -> [f64; 4] {
    let last = design.spec().looks[design.spec().looks.len() - 1];
    let mut result = [0.0; 4];
    for arm1 in 0..1_u64 << last.treatment {
        for arm0 in 0..1_u64 << last.control {
            let (ones1, ones0) = (arm1.count_ones() as i32, arm0.count_ones() as i32);
            let weight = p1.powi(ones1)
                * (1.0 - p1).powi(last.treatment as i32 - ones1)
                * p0.powi(ones0)
                * (1.0 - p0).powi(last.control as i32 - ones0);
            let mut end = 3;
            for (k, look) in design.spec().looks.iter().enumerate() {
                let x1 = u64::from((arm1 & ((1 << look.treatment) - 1)).count_ones());
                let x0 = u64::from((arm0 & ((1 << look.control) - 1)).count_ones());
                let stop = match design.decide(k, x1, x0) {
                    Ok(ExactDecision::Efficacy) => Some(0),
                    Ok(ExactDecision::Futility) if binding => Some(1),
                    Ok(ExactDecision::Harm) if binding => Some(2),
                    _ => None,
                };
                if let Some(stop) = stop {
                    end = stop;
                    break;
                }
            }
            result[end] += weight;
        }
    }
    result
}

#[test]
fn operating_characteristics_equal_brute_force() {
    for direction in [Side::Greater, Side::Less] {
        let design = ExactBinaryDesign::new(ExactBinarySpec { direction, ..full_spec() }).unwrap();
        for (p1, p0) in [(0.3, 0.3), (0.7, 0.2), (0.1, 0.9), (0.05, 0.0), (1.0, 0.5)] {
            let exact = design.operating(p1, p0).unwrap();
            let brute = brute_force(&design, p1, p0, true);
            for (a, b) in [exact.efficacy, exact.futility, exact.harm, exact.undecided].iter().zip(brute) {
                assert!((a - b).abs() < 1e-13, "{direction:?} {p1} {p0}: {a} {b}");
            }
        }
        for p in [0.1, 0.45, 0.8] {
            let brute = brute_force(&design, p, p, false)[0];
            assert!((design.size_at(p).unwrap() - brute).abs() < 1e-13);
            assert!(brute <= design.size().upper_bound);
        }
    }
}

#[test]
fn conditional_power_averages_to_power() {
    for direction in [Side::Greater, Side::Less] {
        let design = ExactBinaryDesign::new(ExactBinarySpec { direction, ..full_spec() }).unwrap();
        for (p1, p0) in [(0.7, 0.2), (0.4, 0.4)] {
            let binomial = |n: u64, x: u64, p: f64| {
                let choose = (0..x).map(|i| (n - i) as f64 / (i as f64 + 1.0)).product::<f64>();
                choose * p.powi(x as i32) * (1.0 - p).powi((n - x) as i32)
            };
            let (mut success, mut harm) = (0.0, 0.0);
            for x1 in 0..=3 {
                for x0 in 0..=2 {
                    let weight = binomial(3, x1, p1) * binomial(2, x0, p0);
                    match design.decide(0, x1, x0).unwrap() {
                        ExactDecision::Efficacy => success += weight,
                        ExactDecision::Harm => harm += weight,
                        ExactDecision::Continue => {
                            let rest = design.conditional(0, (x1, x0), p1, p0).unwrap();
                            success += weight * rest.efficacy;
                            harm += weight * rest.harm;
                        }
                        _ => {}
                    }
                }
            }
            let operating = design.operating(p1, p0).unwrap();
            assert!((success - operating.efficacy).abs() < 1e-13 && (harm - operating.harm).abs() < 1e-13);
        }
        assert!(design.conditional(2, (0, 0), 0.5, 0.5).is_err());
    }
}

#[test]
fn counts_in_whole_numbers_give_the_same_error() {
    let design = ExactBinaryDesign::new(full_spec()).unwrap();
    let counts = design.rejection_counts().unwrap();
    for p in [0.2_f64, 0.5, 0.77] {
        let mut error = 0.0;
        for (counts, look) in counts.iter().zip(design.looks()) {
            let n = (look.treatment + look.control) as i32;
            for (&total, &count) in counts {
                error += count as f64 * p.powi(total as i32) * (1.0 - p).powi(n - total as i32);
            }
        }
        assert!((error - design.size_at(p).unwrap()).abs() < 1e-13);
    }
}

#[test]
fn error_never_exceeds_what_is_allowed_for_any_pair_without_benefit() {
    let looks = sizes(&[(5, 8), (12, 14), (20, 19)]);
    for alpha in [0.01, 0.025, 0.1] {
        for spending in [Spending::LanDeMetsOBrienFleming, Spending::LanDeMetsPocock] {
            let design = ExactBinaryDesign::new(ExactBinarySpec::new(looks.clone(), alpha, spending)).unwrap();
            assert!(design.looks().iter().all(|look| look.size.upper_bound <= look.allowed));
            for i in 0..=40 {
                for j in i..=40 {
                    let error = design.operating(f64::from(i) / 40.0, f64::from(j) / 40.0).unwrap().efficacy;
                    assert!(error <= design.size().upper_bound, "{error} at {i} {j}");
                }
            }
        }
    }
}

#[test]
fn a_threshold_cannot_be_lowered() {
    // The next tie group would break the allowance: the boundary is the largest that fits.
    let design =
        ExactBinaryDesign::new(ExactBinarySpec::new(sizes(&[(10, 10), (20, 20)]), 0.025, Spending::LanDeMetsPocock))
            .unwrap();
    let wider =
        ExactBinaryDesign::new(ExactBinarySpec::new(sizes(&[(10, 10), (20, 20)]), 0.2, Spending::LanDeMetsPocock))
            .unwrap();
    assert!(wider.looks()[1].efficacy < design.looks()[1].efficacy);
    assert!(design.size().value > 0.02);
}

#[test]
fn changed_looks_keep_boundaries_already_used_and_spend_the_rest_at_the_end() {
    let spec = |pairs: &[(u64, u64)], last_is_final| ExactBinarySpec {
        planned_total: Some(80),
        last_is_final,
        ..ExactBinarySpec::new(sizes(pairs), 0.025, Spending::LanDeMetsOBrienFleming)
    };
    let first = ExactBinaryDesign::new(spec(&[(12, 9)], false)).unwrap();
    let second = ExactBinaryDesign::new(spec(&[(12, 9), (22, 25)], false)).unwrap();
    let ended = ExactBinaryDesign::new(spec(&[(12, 9), (22, 25), (30, 31)], true)).unwrap();
    assert_eq!(first.looks()[0].efficacy, second.looks()[0].efficacy);
    assert_eq!(second.looks()[1], ended.looks()[1]);
    assert!(second.looks()[1].allowed < 0.01);
    assert_eq!(ended.looks()[2].allowed, 0.025);
    assert!(ended.size().value > 0.02 && ended.size().upper_bound <= 0.025);
    let over = ExactBinaryDesign::new(spec(&[(12, 9), (22, 25), (50, 45)], true)).unwrap();
    assert!(over.size().upper_bound <= 0.025);
}

#[test]
fn the_p_value_is_uniform_enough_and_agrees_with_the_decision() {
    let design =
        ExactBinaryDesign::new(ExactBinarySpec::new(sizes(&[(4, 4), (8, 8)]), 0.1, Spending::LanDeMetsPocock)).unwrap();
    let p0 = 0.4_f64;
    let mut reached: Vec<(f64, f64)> = Vec::new();
    for sequence in 0..1_u32 << 16 {
        let ones = |from: u32, n: u32| u64::from(((sequence >> from) & ((1 << n) - 1)).count_ones());
        let early = design.decide(0, ones(0, 4), ones(8, 4)).unwrap() == ExactDecision::Efficacy;
        let (look, x1, x0) = if early { (0, ones(0, 4), ones(8, 4)) } else { (1, ones(0, 8), ones(8, 8)) };
        let key = (look, x1, x0);
        let total = sequence.count_ones() as i32;
        let weight = p0.powi(total) * (1.0 - p0).powi(16 - total);
        let index = (key.0 * 81 + key.1 * 9 + key.2) as usize;
        if reached.len() <= index {
            reached.resize(index + 1, (f64::NAN, 0.0));
        }
        if reached[index].0.is_nan() {
            let p = design.p_value(look as usize, x1, x0).unwrap().p();
            let success = design.decide(look as usize, x1, x0).unwrap() == ExactDecision::Efficacy;
            assert_eq!(p <= design.looks()[look as usize].size.upper_bound * (1.0 + 1e-8), success, "{key:?} {p}");
            reached[index].0 = p;
        }
        reached[index].1 += weight;
    }
    for level in [0.01, 0.025, 0.05, 0.1, 0.2, 0.5] {
        let below: f64 = reached.iter().filter(|(p, _)| *p <= level).map(|(_, weight)| weight).sum();
        assert!(below <= level + 1e-12, "P(p <= {level}) = {below}");
    }
}

#[test]
fn the_interval_covers_and_agrees_with_the_p_value() {
    let looks = sizes(&[(5, 5), (10, 10)]);
    let spec = ExactBinarySpec::new(looks, 0.05, Spending::LanDeMetsPocock);
    let design = ExactBinaryDesign::new(spec.clone()).unwrap();
    let mirrored = ExactBinaryDesign::new(ExactBinarySpec { direction: Side::Less, ..spec }).unwrap();
    let mut intervals = std::collections::BTreeMap::new();
    for (look, n) in [(0, 5), (1, 10)] {
        for x1 in 0..=n {
            for x0 in 0..=n {
                if look == 0 && design.decide(0, x1, x0).unwrap() != ExactDecision::Efficacy {
                    continue;
                }
                let interval = design.interval(look, x1, x0, 0.9).unwrap();
                let p = design.p_supremum(look, x1, x0).unwrap().value;
                assert_eq!(interval.lower > 1e-7, p <= 0.05 - 1e-7, "{look} {x1} {x0} {interval:?} {p}");
                intervals.insert((look, x1, x0), interval);
            }
        }
    }
    let swapped = mirrored.interval(1, 2, 7, 0.9).unwrap();
    let direct = intervals[&(1, 8, 3)];
    assert!((swapped.lower + direct.upper).abs() < 1e-8 && (swapped.upper + direct.lower).abs() < 1e-8);
    for (p1, p0) in [(0.3, 0.3), (0.6, 0.2), (0.2, 0.7), (0.9, 0.5), (0.05, 0.02)] {
        let mut covered = 0.0;
        let binomial = |n: i32, x: u64, p: f64| {
            let choose = (0..x).map(|i| (f64::from(n) - i as f64) / (i as f64 + 1.0)).product::<f64>();
            choose * p.powi(x as i32) * (1.0 - p).powi(n - x as i32)
        };
        for a1 in 0..=5 {
            for a0 in 0..=5 {
                let first = binomial(5, a1, p1) * binomial(5, a0, p0);
                if let Some(interval) = intervals.get(&(0, a1, a0)) {
                    covered += first * f64::from(interval.contains(p1 - p0));
                    continue;
                }
                for b1 in 0..=5 {
                    for b0 in 0..=5 {
                        let interval = intervals[&(1, a1 + b1, a0 + b0)];
                        let weight = first * binomial(5, b1, p1) * binomial(5, b0, p0);
                        covered += weight * f64::from(interval.contains(p1 - p0));
                    }
                }
            }
        }
        assert!(covered >= 0.9 - 1e-9, "coverage {covered} at {p1} {p0}");
    }
}

#[test]
fn harm_is_the_mirror_image_of_efficacy() {
    let design = ExactBinaryDesign::new(ExactBinarySpec {
        harm: Some(ExactHarm { alpha: 0.025, spending: Spending::LanDeMetsOBrienFleming, margin: None }),
        ..ExactBinarySpec::new(sizes(&[(8, 11), (16, 20)]), 0.025, Spending::LanDeMetsOBrienFleming)
    })
    .unwrap();
    let exchanged = ExactBinaryDesign::new(ExactBinarySpec::new(
        sizes(&[(11, 8), (20, 16)]),
        0.025,
        Spending::LanDeMetsOBrienFleming,
    ))
    .unwrap();
    for (k, (n1, n0)) in [(8, 11), (16, 20)].into_iter().enumerate() {
        for x1 in 0..=n1 {
            for x0 in 0..=n0 {
                let harmful = design.decide(k, x1, x0).unwrap() == ExactDecision::Harm;
                assert_eq!(harmful, exchanged.decide(k, x0, x1).unwrap() == ExactDecision::Efficacy);
            }
        }
    }
    assert_eq!(design.looks()[1].harm_size.unwrap(), exchanged.size());
}

#[test]
fn bad_plans_are_refused_by_name() {
    let plan = |pairs: &[(u64, u64)], alpha| {
        ExactBinaryDesign::new(ExactBinarySpec::new(sizes(pairs), alpha, Spending::LanDeMetsPocock)).map(|_| ())
    };
    let named = |result: Result<(), StatError>| match result {
        Err(StatError::InvalidArgument { argument, .. }) => argument,
        Err(other) => other.code().to_owned(),
        Ok(()) => "accepted".to_owned(),
    };
    for alpha in [0.0, 1.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(named(plan(&[(5, 5)], alpha)), "alpha");
    }
    assert_eq!(named(plan(&[], 0.05)), "looks");
    assert_eq!(named(plan(&[(5, 5), (4, 9)], 0.05)), "looks");
    assert_eq!(named(plan(&[(0, 5)], 0.05)), "looks");
    let huge = 1_000_000_000_000_000_000;
    assert_eq!(named(plan(&[(huge, huge)], 0.05)), "too_large");
    assert_eq!(named(plan(&[(1_000_000, 1_000_000)], 0.05)), "too_large");
    let design = ExactBinaryDesign::new(full_spec()).unwrap();
    assert_eq!(named(design.p_value(3, 0, 0).map(|_| ())), "look");
    assert_eq!(named(design.p_value(0, 4, 0).map(|_| ())), "treatment");
    assert_eq!(named(design.interval(0, 0, 0, 1.0).map(|_| ())), "level");
    assert_eq!(named(design.operating(f64::NAN, 0.1).map(|_| ())), "treatment");
    assert_eq!(named(design.size_at(1.1).map(|_| ())), "p");
}

#[test]
fn the_least_success_is_a_success_and_nothing_below_it_is() {
    for direction in [Side::Greater, Side::Less] {
        let looks = sizes(&[(7, 9), (15, 14), (20, 22)]);
        let spec = ExactBinarySpec { direction, ..ExactBinarySpec::new(looks, 0.025, Spending::LanDeMetsPocock) };
        let design = ExactBinaryDesign::new(spec).unwrap();
        let gain = if direction == Side::Less { -1.0 } else { 1.0 };
        for (k, look) in design.looks().iter().enumerate() {
            let z = |x1: u64, x0: u64| {
                let table = Table::new(x1, look.treatment, x0, look.control).unwrap();
                gain * pooled_z(&table).unwrap_or(0.0)
            };
            let (x1, x0) = design.least_success(k).unwrap();
            assert_eq!(design.decide(k, x1, x0).unwrap(), ExactDecision::Efficacy);
            let least =
                barnard(&Table::new(x1, look.treatment, x0, look.control).unwrap(), direction).unwrap().p_value.p();
            for y1 in 0..=look.treatment {
                for y0 in 0..=look.control {
                    let table = Table::new(y1, look.treatment, y0, look.control).unwrap();
                    let success = design.decide(k, y1, y0).unwrap() == ExactDecision::Efficacy;
                    assert_eq!(success, z(y1, y0) >= z(x1, x0) - 1e-12, "look {k}: {y1}, {y0}");
                    // Its p-value taken by itself is the boundary for the p-values of all tables of the look.
                    assert_eq!(
                        success,
                        barnard(&table, direction).unwrap().p_value.p() <= least,
                        "look {k}: {y1}, {y0}"
                    );
                }
            }
        }
    }
    let none = ExactBinarySpec {
        last_is_final: false,
        planned_total: Some(80),
        ..ExactBinarySpec::new(sizes(&[(4, 4)]), 0.025, Spending::LanDeMetsOBrienFleming)
    };
    assert_eq!(ExactBinaryDesign::new(none).unwrap().least_success(0), None);
}
