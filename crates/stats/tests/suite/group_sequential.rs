//! Group-sequential designs against simulation, and their properties.

use fairtrial_stats::sequential::Spending;
use fairtrial_stats::sequential::group::{
    Efficacy, Futility, GroupSequentialDesign, GroupSequentialSpec, Harm, single_arm, student_bound,
};
use fairtrial_stats::{Side, StatError};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

fn obrien_fleming() -> Efficacy {
    Efficacy::Spending { spending: Spending::LanDeMetsOBrienFleming }
}

fn full() -> GroupSequentialSpec {
    GroupSequentialSpec {
        futility: Futility::BetaSpending {
            spending: Spending::HwangShihDeCani { gamma: -2.0 },
            beta: 0.2,
            binding: false,
        },
        harm: Some(Harm { alpha: 0.05, spending: Spending::LanDeMetsPocock, binding: false }),
        ..GroupSequentialSpec::new(vec![0.2, 0.45, 0.7, 1.0], 0.025, obrien_fleming())
    }
}

fn design(spec: GroupSequentialSpec) -> GroupSequentialDesign {
    match GroupSequentialDesign::new(spec) {
        Ok(design) => design,
        Err(error) => unreachable!("{error}"),
    }
}

/// Two standard normal values from two uniform ones.
fn normals(generator: &mut ChaCha8Rng) -> (f64, f64) {
    let mut uniform = || (generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let (u, v) = (1.0 - uniform(), uniform());
    let radius = (-2.0 * u.ln()).sqrt();
    (radius * (std::f64::consts::TAU * v).cos(), radius * (std::f64::consts::TAU * v).sin())
}

/// The `z` of each look of one trial.
fn path(generator: &mut ChaCha8Rng, information: &[f64], effect: f64) -> Vec<f64> {
    let (mut score, mut last) = (0.0, 0.0);
    information
        .iter()
        .map(|&i| {
            score += effect * (i - last) + (i - last).sqrt() * normals(generator).0;
            last = i;
            score / i.sqrt()
        })
        .collect()
}

#[test]
fn simulated_trials_stop_as_often_as_computed() {
    let design = design(full());
    let effect = design.effect_at_power(0.8).unwrap();
    for (theta, seed) in [(0.0, 1), (effect, 2), (-1.0, 3)] {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        let (runs, mut stops) = (200_000, [[0_u32; 3]; 4]);
        for _ in 0..runs {
            let z = path(&mut generator, &[0.2, 0.45, 0.7, 1.0], theta);
            for (k, (z, look)) in z.iter().zip(design.looks()).enumerate() {
                let stop = if *z >= look.efficacy {
                    Some(0)
                } else if look.harm.is_some_and(|bound| *z <= bound) {
                    Some(2)
                } else if look.futility.is_some_and(|bound| *z <= bound) {
                    Some(1)
                } else {
                    None
                };
                if let Some(stop) = stop {
                    stops[k][stop] += 1;
                    break;
                }
            }
        }
        let computed = design.operating(theta).unwrap();
        for (k, counted) in stops.iter().enumerate() {
            for (counted, exact) in counted.iter().zip([computed.efficacy[k], computed.futility[k], computed.harm[k]]) {
                let share = f64::from(*counted) / f64::from(runs);
                let error = (exact * (1.0 - exact) / f64::from(runs)).sqrt();
                assert!((share - exact).abs() < 4.5 * error + 1e-9, "theta {theta} look {k}: {share} {exact}");
            }
        }
    }
}

#[test]
fn each_look_spends_what_it_may() {
    let kinds = [
        Spending::LanDeMetsOBrienFleming,
        Spending::LanDeMetsPocock,
        Spending::KimDeMets { rho: 1.5 },
        Spending::HwangShihDeCani { gamma: -4.0 },
        Spending::Piecewise { points: vec![(0.3, 0.1), (0.8, 0.4)] },
    ];
    for spending in kinds {
        for side in [Side::Greater, Side::Two] {
            let spec = GroupSequentialSpec::new(
                vec![0.1, 0.25, 0.6, 0.61, 1.0],
                0.05,
                Efficacy::Spending { spending: spending.clone() },
            );
            let design = design(GroupSequentialSpec { side, ..spec });
            let stops = design.operating(0.0).unwrap().efficacy;
            let mut total = 0.0;
            for (stop, look) in stops.iter().zip(design.looks()) {
                total += stop;
                let share = if side == Side::Two { 0.5 } else { 1.0 };
                let allowed = spending.spent(share * 0.05, look.fraction).unwrap() / share;
                assert!((total - allowed).abs() < 1e-12, "{spending:?} {side:?}: {total} {allowed}");
                assert!((look.alpha_spent - allowed).abs() < 1e-15);
            }
        }
    }
}

#[test]
fn classical_boundaries_keep_their_error_and_shape() {
    for (efficacy, delta) in [
        (Efficacy::OBrienFleming, 0.0),
        (Efficacy::Pocock, 0.5),
        (Efficacy::WangTsiatis { delta: 0.25 }, 0.25),
        (Efficacy::WangTsiatis { delta: 0.7 }, 0.7),
    ] {
        let information = vec![10.0, 35.0, 80.0, 100.0];
        let design = design(GroupSequentialSpec::new(information, 0.025, efficacy));
        assert!((design.operating(0.0).unwrap().power - 0.025).abs() < 1e-12);
        let last = design.looks()[3].efficacy;
        for look in design.looks() {
            let shape = (look.information / 100.0_f64).powf(delta - 0.5);
            assert!((look.efficacy - last * shape).abs() < 1e-10);
        }
    }
    let peto = design(GroupSequentialSpec::new(vec![0.3, 0.6, 1.0], 0.025, Efficacy::HaybittlePeto { z: 3.0 }));
    assert!((peto.operating(0.0).unwrap().power - 0.025).abs() < 1e-12);
}

#[test]
fn two_looks_agree_with_plain_integration() {
    // P(Z1 < b1, Z2 >= b2) by Simpson's rule on a fine grid, which shares nothing with the recursion.
    for (t, theta) in [(0.1, 0.0), (0.5, 2.0), (0.9, -1.0)] {
        let design = design(GroupSequentialSpec::new(vec![t, 1.0], 0.05, obrien_fleming()));
        let (b1, b2) = (design.looks()[0].efficacy.min(12.0), design.looks()[1].efficacy);
        let above = fairtrial_stats::special::normal::sf;
        let density = |z: f64| fairtrial_stats::special::normal::pdf(z - theta * f64::sqrt(t));
        let steps = 20_000;
        let (low, width) = (-12.0, (b1 + 12.0) / f64::from(steps));
        let mut sum = 0.0;
        for i in 0..=steps {
            let z = low + width * f64::from(i);
            let weight = if i == 0 || i == steps { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
            let rest = f64::sqrt(1.0 - t);
            sum += weight * density(z) * above((b2 - z * t.sqrt()) / rest - theta * rest);
        }
        let second = design.operating(theta).unwrap().efficacy[1];
        let expected = sum * width / 3.0;
        assert!((second - expected).abs() < 1e-12, "{second} {expected}");
    }
}

#[test]
fn looks_without_new_information_change_nothing() {
    // Trap: a step of nothing, and steps so small that the recursion would need a thousand panels.
    let plain = design(GroupSequentialSpec::new(vec![0.5, 1.0], 0.025, obrien_fleming()));
    let repeated = design(GroupSequentialSpec::new(vec![0.5, 0.5, 0.5, 1.0], 0.025, obrien_fleming()));
    assert_eq!(repeated.looks()[1].efficacy, repeated.looks()[0].efficacy);
    assert!((repeated.looks()[3].efficacy - plain.looks()[1].efficacy).abs() < 1e-12);
    let close: Vec<f64> = (0..6).map(|i| 0.5 + 1e-7 * f64::from(i)).chain([1.0]).collect();
    let close = design(GroupSequentialSpec::new(close, 0.025, obrien_fleming()));
    assert!(close.looks().iter().all(|look| !look.efficacy.is_nan()));
    let (last, known) = (close.looks()[6].efficacy, plain.looks()[1].efficacy);
    assert!((last - known).abs() < 1e-4, "{last} {known}");
    // A last look at the same data with the same bound is no look: the bound and the p-value are those of a single one.
    let twice = design(GroupSequentialSpec::new(vec![1.0, 1.0], 0.025, Efficacy::Pocock));
    assert!((twice.looks()[0].efficacy - 1.959_963_984_540_054).abs() < 1e-9, "{:?}", twice.looks());
    assert!((twice.operating(0.0).unwrap().power - 0.025).abs() < 1e-10);
    let p = twice.repeated_p_value(1, 2.1).unwrap().p();
    assert!((p - 0.017_864_420_562_816_55).abs() < 1e-9, "{p}");
    // The trial is ended at the data of the last look: the rest of the error is spent on them.
    let ended = GroupSequentialSpec::new(vec![0.5, 0.5], 0.025, obrien_fleming());
    let ended_twice = design(GroupSequentialSpec { maximum: Some(1.0), ..ended });
    assert!(ended_twice.looks()[1].efficacy < ended_twice.looks()[0].efficacy);
}

#[test]
fn observed_information_may_fall_run_over_or_end_short() {
    // Trap: never a negative step, nothing given back, the rest of the error at the end, old boundaries untouched.
    let planned = GroupSequentialSpec::new(vec![25.0, 50.0, 75.0, 100.0], 0.025, obrien_fleming());
    let early = design(planned.with_observed(&[30.0, 52.0], false).unwrap());
    let fallen = design(planned.with_observed(&[30.0, 52.0, 49.0, 80.0], true).unwrap());
    let over = design(planned.with_observed(&[30.0, 52.0, 80.0, 130.0], true).unwrap());
    for k in 0..2 {
        assert!((early.looks()[k].efficacy - fallen.looks()[k].efficacy).abs() < 1e-12);
        assert!((early.looks()[k].efficacy - over.looks()[k].efficacy).abs() < 1e-12);
    }
    assert_eq!(fallen.looks()[2].information, 52.0);
    assert_eq!(fallen.looks()[2].efficacy, fallen.looks()[1].efficacy);
    for design in [&fallen, &over] {
        assert!((design.operating(0.0).unwrap().power - 0.025).abs() < 1e-12);
        assert_eq!(design.looks()[3].fraction, 1.0);
    }
    let beyond = design(planned.with_observed(&[30.0, 120.0, 130.0], false).unwrap());
    assert_eq!(beyond.looks()[2].efficacy, f64::INFINITY);
    assert!(planned.with_observed(&[30.0, f64::NAN], false).is_err());
    let classical = GroupSequentialSpec::new(vec![0.5, 1.0], 0.025, Efficacy::Pocock);
    assert!(classical.with_observed(&[0.4], false).is_err());
}

#[test]
fn futility_spends_beta_and_only_binding_futility_lowers_the_boundary() {
    for binding in [false, true] {
        let futility = Futility::BetaSpending { spending: Spending::KimDeMets { rho: 2.0 }, beta: 0.1, binding };
        let spec = GroupSequentialSpec::new(vec![0.3, 0.6, 1.0], 0.025, obrien_fleming());
        let plain = design(spec.clone());
        let design = design(GroupSequentialSpec { futility, ..spec });
        let effect = design.effect_at_power(0.9).unwrap();
        let operating = design.operating(effect).unwrap();
        let mut spent = 0.0;
        for (k, t) in [0.3_f64, 0.6, 1.0].into_iter().enumerate() {
            spent += operating.futility[k];
            assert!((spent - 0.1 * t * t).abs() < 1e-11, "look {k}: {spent}");
        }
        assert!((operating.power - 0.9).abs() < 1e-11);
        let null = design.operating(0.0).unwrap().power;
        if binding {
            assert!((null - 0.025).abs() < 1e-12 && design.looks()[2].efficacy < plain.looks()[2].efficacy);
        } else {
            assert!(null < 0.025 && design.looks()[2].efficacy == plain.looks()[2].efficacy);
        }
    }
}

#[test]
fn conditional_power_averages_to_power() {
    let design = design(full());
    let effect = 2.5;
    let look = design.looks()[0];
    let unit = look.information.sqrt();
    let lower = look.futility.unwrap().max(look.harm.unwrap());
    let steps = 400;
    let width = (look.efficacy.min(9.0) - lower) / f64::from(steps);
    let mut sum = 0.0;
    for i in 0..=steps {
        let z = lower + width * f64::from(i);
        // Simpson's weights
        let weight = if i == 0 || i == steps { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
        let density = fairtrial_stats::special::normal::pdf(z - effect * unit);
        sum += weight * density * design.conditional(0, z, effect).unwrap().power;
    }
    let operating = design.operating(effect).unwrap();
    assert!((operating.efficacy[0] + sum * width / 3.0 - operating.power).abs() < 1e-9);
    let futile = Futility::ConditionalPower { minimum: 0.2, effect: Some(3.0) };
    let spec = GroupSequentialSpec::new(vec![0.5, 1.0], 0.025, obrien_fleming());
    let by_power = GroupSequentialDesign::new(GroupSequentialSpec { futility: futile, ..spec }).unwrap();
    let bound = by_power.looks()[0].futility.unwrap();
    assert!((by_power.conditional(0, bound, 3.0).unwrap().power - 0.2).abs() < 1e-9);
    assert!(by_power.looks()[1].futility.is_none());
    let futility = Futility::PredictivePower { minimum: 0.15 };
    let spec = GroupSequentialSpec::new(vec![20.0, 60.0, 100.0], 0.025, obrien_fleming());
    let plain = GroupSequentialDesign::new(spec.clone()).unwrap();
    let predictive = GroupSequentialDesign::new(GroupSequentialSpec { futility, ..spec }).unwrap();
    for (k, look) in predictive.looks().iter().enumerate().take(2) {
        // The forecast that sets the bound counts success only, so it is that of the design without futility.
        let power = plain.predictive_power(k, look.futility.unwrap(), 0.0, f64::INFINITY).unwrap();
        assert!((power - 0.15).abs() < 1e-8, "{power}");
    }
}

#[test]
fn stagewise_inference_agrees_with_the_boundary_and_covers() {
    let design = design(GroupSequentialSpec::new(vec![20.0, 60.0, 100.0], 0.025, obrien_fleming()));
    for (k, look) in design.looks().iter().enumerate() {
        let inference = design.stagewise(k, look.efficacy, 0.95).unwrap();
        assert!((inference.p_value.p() - look.alpha_spent).abs() < 1e-12);
        assert_eq!(inference.interval.lower > 1e-9, look.alpha_spent < 0.025 - 1e-9);
        assert!(inference.interval.contains(inference.median_unbiased));
    }
    let effect = 0.22;
    let mut generator = ChaCha8Rng::seed_from_u64(11);
    let (runs, mut covered, mut above) = (1_000, 0, 0);
    for _ in 0..runs {
        let z = path(&mut generator, &[20.0, 60.0, 100.0], effect);
        let stop = z.iter().zip(design.looks()).position(|(z, look)| *z >= look.efficacy).unwrap_or(2);
        let inference = design.stagewise(stop, z[stop], 0.9).unwrap();
        covered += u32::from(inference.interval.contains(effect));
        above += u32::from(inference.median_unbiased > effect);
    }
    assert!((f64::from(covered) / f64::from(runs) - 0.9).abs() < 0.038, "{covered}");
    assert!((f64::from(above) / f64::from(runs) - 0.5).abs() < 0.063, "{above}");
}

#[test]
fn two_sided_inference_mirrors() {
    let spec = GroupSequentialSpec::new(vec![0.4, 1.0], 0.05, Efficacy::Pocock);
    let design = design(GroupSequentialSpec { side: Side::Two, ..spec });
    for (look, z) in [(0, 2.5), (1, 1.1), (1, 2.3)] {
        let (up, down) = (design.stagewise(look, z, 0.95).unwrap(), design.stagewise(look, -z, 0.95).unwrap());
        assert!((up.p_value.p() - down.p_value.p()).abs() < 1e-12);
        assert!((up.median_unbiased + down.median_unbiased).abs() < 1e-9);
        assert!((up.interval.lower + down.interval.upper).abs() < 1e-9);
        let repeated = design.repeated_interval(look, z).unwrap();
        assert_eq!(repeated.lower > 0.0, design.repeated_p_value(look, z).unwrap().p() < 0.05);
    }
}

#[test]
fn repeated_p_values_reach_alpha_at_the_boundary() {
    for efficacy in [obrien_fleming(), Efficacy::Pocock, Efficacy::OBrienFleming] {
        let design = design(GroupSequentialSpec::new(vec![0.3, 0.8, 1.0], 0.025, efficacy));
        for (k, look) in design.looks().iter().enumerate() {
            let p = design.repeated_p_value(k, look.efficacy).unwrap().p();
            assert!((p - 0.025).abs() < 1e-10, "look {k}: {p}");
            assert!(design.repeated_p_value(k, look.efficacy + 0.5).unwrap().p() < 0.025);
        }
    }
}

#[test]
fn one_arm_equals_enumeration() {
    let (units, lower, upper, p) = ([4, 7, 10], [0, 1, 4], [4, 5, 5], 0.35_f64);
    let result = single_arm(&units, &lower, &upper, p).unwrap();
    let (mut high, mut low, mut expected) = ([0.0; 3], [0.0; 3], 0.0);
    for sequence in 0..1_u32 << 10 {
        let ones = sequence.count_ones() as i32;
        let weight = p.powi(ones) * (1.0 - p).powi(10 - ones);
        for k in 0..3 {
            let x = i64::from((sequence & ((1 << units[k]) - 1)).count_ones());
            let stop = x >= upper[k] || x <= lower[k];
            if stop {
                (if x >= upper[k] { &mut high } else { &mut low })[k] += weight;
            }
            if stop || k == 2 {
                expected += weight * units[k] as f64;
                break;
            }
        }
    }
    for k in 0..3 {
        assert!((result.upper[k] - high[k]).abs() < 1e-14 && (result.lower[k] - low[k]).abs() < 1e-14);
    }
    assert!((result.expected_units - expected).abs() < 1e-12);
}

#[test]
fn a_t_boundary_keeps_the_tail_and_refuses_few_units() {
    let t = student_bound(2.2, 25.0).unwrap();
    let tail = fairtrial_stats::special::student::sf(t, 25.0);
    assert!((tail - fairtrial_stats::special::normal::sf(2.2)).abs() < 1e-14);
    assert!((student_bound(-2.2, 25.0).unwrap() + t).abs() < 1e-12);
    assert_eq!(student_bound(2.0, 8.0).unwrap_err().code(), "not_estimable");
}

#[test]
fn bad_designs_are_refused_by_name() {
    let named = |spec: GroupSequentialSpec| match GroupSequentialDesign::new(spec) {
        Err(StatError::InvalidArgument { argument, .. }) => argument,
        Err(other) => other.code().to_owned(),
        Ok(_) => "accepted".to_owned(),
    };
    let plan = |information: &[f64], alpha: f64| {
        named(GroupSequentialSpec::new(information.to_vec(), alpha, obrien_fleming()))
    };
    for alpha in [0.0, 1.0, -0.1, f64::NAN, f64::INFINITY] {
        assert_eq!(plan(&[0.5, 1.0], alpha), "alpha");
    }
    for looks in [&[][..], &[0.5, 0.4], &[0.0, 1.0], &[f64::NAN, 1.0], &[0.5, f64::INFINITY], &[-1.0, 1.0]] {
        assert_eq!(plan(looks, 0.025), "information", "{looks:?}");
    }
    let many: Vec<f64> = (1..=201).map(f64::from).collect();
    assert_eq!(plan(&many, 0.025), "too_large");
    assert_eq!(named(GroupSequentialSpec { side: Side::Less, ..full() }), "side");
    assert_eq!(named(GroupSequentialSpec { side: Side::Two, ..full() }), "side");
    let beta = |beta: f64| Futility::BetaSpending { spending: Spending::LanDeMetsPocock, beta, binding: true };
    assert_eq!(named(GroupSequentialSpec { futility: beta(f64::NAN), ..full() }), "beta");
    assert_eq!(named(GroupSequentialSpec { futility: beta(0.98), ..full() }), "beta");
    let design = design(full());
    assert!(design.operating(f64::NAN).is_err());
    assert!(design.stagewise(4, 1.0, 0.95).is_err() && design.stagewise(0, f64::NAN, 0.95).is_err());
    assert!(design.conditional(3, 1.0, 0.0).is_err() && design.effect_at_power(0.01).is_err());
    assert!(design.predictive_power(0, 1.0, 0.0, -1.0).is_err());
}

#[test]
fn extreme_designs_end_with_a_result_or_an_error() {
    for alpha in [1e-12, 1e-4, 0.4, 0.6, 0.99] {
        for spending in [Spending::LanDeMetsOBrienFleming, Spending::KimDeMets { rho: 0.1 }] {
            for side in [Side::Greater, Side::Two] {
                let looks: Vec<f64> = (1..=30).map(|i| f64::from(i * i)).collect();
                let spec = GroupSequentialSpec::new(looks, alpha, Efficacy::Spending { spending: spending.clone() });
                let design = GroupSequentialDesign::new(GroupSequentialSpec { side, ..spec }).unwrap();
                let power = design.operating(0.0).unwrap().power;
                assert!((power - alpha).abs() < 1e-9 * alpha.max(1e-3), "{alpha} {side:?} {power}");
            }
        }
    }
    let strong = design(full()).operating(500.0).unwrap();
    assert!((strong.power - 1.0).abs() < 1e-12);
    let harmful = design(full()).operating(-500.0).unwrap();
    assert!((harmful.harm[0] - 1.0).abs() < 1e-12);
}

/// With a binding boundary for harm success and harm both spend all of their errors; otherwise success keeps a little of it back.
#[test]
fn binding_harm_leaves_success_all_of_its_error() {
    let spec = |binding: bool| GroupSequentialSpec {
        harm: Some(Harm { alpha: 0.2, spending: Spending::LanDeMetsPocock, binding }),
        ..GroupSequentialSpec::new(vec![0.3, 0.6, 1.0], 0.1, obrien_fleming())
    };
    let spent = |binding: bool| {
        let operating = design(spec(binding)).operating(0.0).unwrap();
        (operating.efficacy.iter().sum::<f64>(), operating.harm.iter().sum::<f64>())
    };
    let (bound, free) = (spent(true), spent(false));
    assert!((bound.0 - 0.1).abs() < 1e-9 && (bound.1 - 0.2).abs() < 1e-9, "{bound:?}");
    assert!(free.0 < 0.1 - 1e-6 && (free.1 - 0.2).abs() < 1e-9, "{free:?}");
    for (efficacy, futility) in [(Efficacy::Pocock, Futility::None), (obrien_fleming(), full().futility)] {
        let refused = GroupSequentialDesign::new(GroupSequentialSpec { efficacy, futility, ..spec(true) });
        assert!(matches!(refused, Err(StatError::InvalidArgument { .. })), "{refused:?}");
    }
}
