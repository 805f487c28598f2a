//! Sequential designs against a million simulated trials each, which share nothing with the recursion that computes them.
//!
//! The error of a share counted in a million trials is known; five times that is allowed. Beside what must hold stands what must
//! not: boundaries made for other information, or for a futility bound that nobody obeys, are seen to miss.

use fairtrial_stats::Side;
use fairtrial_stats::sequential::Spending;
use fairtrial_stats::sequential::group::{
    Efficacy, Futility, GroupSequentialDesign, GroupSequentialSpec, Harm, LookBounds,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const TRIALS: u32 = 1_000_000;
const LOOKS: usize = 5;

/// Standard normal values, two at a time (Box and Muller 1958).
struct Normals {
    generator: ChaCha8Rng,
    spare: Option<f64>,
}

impl Normals {
    fn new(seed: u64) -> Self {
        Self { generator: ChaCha8Rng::seed_from_u64(seed), spare: None }
    }

    fn next(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let mut uniform = || (self.generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        let (u, v) = (1.0 - uniform(), uniform());
        let (sine, cosine) = (std::f64::consts::TAU * v).sin_cos();
        let radius = (-2.0 * u.ln()).sqrt();
        self.spare = Some(radius * sine);
        radius * cosine
    }
}

/// What ends a trial.
#[derive(Clone, Copy)]
enum End {
    Efficacy,
    Futility,
    Harm,
}

/// Which bounds are obeyed beside that for efficacy.
#[derive(Clone, Copy)]
struct Obeyed {
    two_sided: bool,
    futility: bool,
    harm: bool,
}

const EFFICACY_ALONE: Obeyed = Obeyed { two_sided: false, futility: false, harm: false };

/// How many of a million trials with an effect ended how at each look.
struct Ends([[u32; 3]; LOOKS]);

impl Ends {
    fn share(&self, look: usize, end: End) -> f64 {
        f64::from(self.0[look][end as usize]) / f64::from(TRIALS)
    }

    fn total(&self, end: End) -> f64 {
        (0..LOOKS).map(|look| self.share(look, end)).sum()
    }
}

/// Five standard errors of a share with this expectation.
fn five_errors(expected: f64) -> f64 {
    5.0 * (expected * (1.0 - expected) / f64::from(TRIALS)).sqrt() + 1e-6
}

fn assert_share(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= five_errors(expected), "{what}: {found} instead of {expected}");
}

/// A million trials at the given information, judged by several sets of bounds, each with its own effect.
fn simulate(information: &[f64], seed: u64, rules: &[(&[LookBounds], f64, Obeyed)]) -> Vec<Ends> {
    let mut normals = Normals::new(seed);
    let mut ends: Vec<Ends> = rules.iter().map(|_| Ends([[0; 3]; LOOKS])).collect();
    let mut steps = Vec::new();
    let mut last = 0.0;
    for now in information {
        steps.push((f64::sqrt(now - last), now.sqrt()));
        last = *now;
    }
    let mut score = vec![0.0; information.len()];
    for _ in 0..TRIALS {
        let mut sum = 0.0;
        for (score, (step, _)) in score.iter_mut().zip(&steps) {
            sum += step * normals.next();
            *score = sum;
        }
        for ((bounds, effect, obeyed), ends) in rules.iter().zip(&mut ends) {
            for (k, ((score, (_, unit)), look)) in score.iter().zip(&steps).zip(*bounds).enumerate() {
                let z = score / unit + effect * unit;
                let below = |bound: Option<f64>| bound.is_some_and(|bound| z <= bound);
                let end = if z >= look.efficacy || (obeyed.two_sided && z <= -look.efficacy) {
                    End::Efficacy
                } else if obeyed.harm && below(look.harm) {
                    End::Harm
                } else if obeyed.futility && below(look.futility) {
                    End::Futility
                } else {
                    continue;
                };
                ends.0[k][end as usize] += 1;
                break;
            }
        }
    }
    ends
}

fn spending(kind: Spending) -> Efficacy {
    Efficacy::Spending { spending: kind }
}

const UNEQUAL: [f64; LOOKS] = [0.13, 0.3, 0.42, 0.8, 1.0];

#[test]
fn each_look_spends_its_error_and_the_trial_has_its_power() {
    let kinds = [
        (Spending::LanDeMetsOBrienFleming, Side::Greater),
        (Spending::LanDeMetsPocock, Side::Greater),
        (Spending::KimDeMets { rho: 1.5 }, Side::Two),
        (Spending::HwangShihDeCani { gamma: 2.0 }, Side::Greater),
    ];
    let designs = kinds.map(|(kind, side)| {
        let spec = GroupSequentialSpec::new(UNEQUAL.to_vec(), 0.05, spending(kind.clone()));
        (kind, side, GroupSequentialDesign::new(GroupSequentialSpec { side, ..spec }).unwrap())
    });
    let mut rules = Vec::new();
    for (_, side, design) in &designs {
        let obeyed = Obeyed { two_sided: *side == Side::Two, ..EFFICACY_ALONE };
        rules.push((design.looks(), 0.0, obeyed));
        rules.push((design.looks(), design.effect_at_power(0.8).unwrap(), obeyed));
    }
    let ends = simulate(&UNEQUAL, 1, &rules);
    for ((kind, side, design), ends) in designs.iter().zip(ends.chunks(2)) {
        let sides = if *side == Side::Two { 2.0 } else { 1.0 };
        let mut before = 0.0;
        for (k, fraction) in UNEQUAL.iter().enumerate() {
            // From the spending function alone.
            let spent = sides * kind.spent(0.05 / sides, *fraction).unwrap();
            assert_share(ends[0].share(k, End::Efficacy), spent - before, &format!("{kind:?} look {k}"));
            before = spent;
        }
        assert_share(ends[0].total(End::Efficacy), 0.05, &format!("{kind:?} size"));
        assert_share(ends[1].total(End::Efficacy), 0.8, &format!("{kind:?} power"));
        let effect = design.effect_at_power(0.8).unwrap();
        for (k, expected) in design.operating(effect).unwrap().efficacy.into_iter().enumerate() {
            assert_share(ends[1].share(k, End::Efficacy), expected, &format!("{kind:?} found at look {k}"));
        }
    }
}

#[test]
fn classical_boundaries_have_their_size_at_unequal_looks() {
    let kinds = [
        Efficacy::OBrienFleming,
        Efficacy::Pocock,
        Efficacy::WangTsiatis { delta: 0.3 },
        Efficacy::HaybittlePeto { z: 3.0 },
    ];
    let designs =
        kinds.map(|kind| GroupSequentialDesign::new(GroupSequentialSpec::new(UNEQUAL.to_vec(), 0.025, kind)).unwrap());
    let rules: Vec<_> = designs.iter().map(|design| (design.looks(), 0.0, EFFICACY_ALONE)).collect();
    for (design, ends) in designs.iter().zip(simulate(&UNEQUAL, 2, &rules)) {
        assert_share(ends.total(End::Efficacy), 0.025, &format!("{:?}", design.spec().efficacy));
    }
}

/// A futility bound that nobody need obey costs power, never size. One that must be obeyed lets the bound for efficacy down, and
/// then ignoring it does break the size: the test sees the difference.
#[test]
fn futility_that_is_ignored_keeps_the_size_only_when_it_was_planned_so() {
    let (alpha, beta) = (0.025, 0.2);
    let kind = Spending::HwangShihDeCani { gamma: 0.0 };
    let plan = |binding: bool| GroupSequentialSpec {
        futility: Futility::BetaSpending { spending: kind.clone(), beta, binding },
        ..GroupSequentialSpec::new(UNEQUAL.to_vec(), alpha, spending(Spending::LanDeMetsPocock))
    };
    let designs = [false, true].map(|binding| GroupSequentialDesign::new(plan(binding)).unwrap());
    let obeying = Obeyed { futility: true, ..EFFICACY_ALONE };
    let mut rules = Vec::new();
    for design in &designs {
        let effect = design.effect_at_power(1.0 - beta).unwrap();
        rules.extend([
            (design.looks(), 0.0, EFFICACY_ALONE),
            (design.looks(), 0.0, obeying),
            (design.looks(), effect, obeying),
        ]);
    }
    let ends = simulate(&UNEQUAL, 3, &rules);
    for (design, ends) in designs.iter().zip(ends.chunks(3)) {
        let (ignored, obeyed, with_effect) = (&ends[0], &ends[1], &ends[2]);
        assert_share(with_effect.total(End::Efficacy), 1.0 - beta, "power");
        let mut before = 0.0;
        for (k, fraction) in UNEQUAL.iter().enumerate() {
            let spent = kind.spent(beta, *fraction).unwrap();
            // At the last look the trial that does not succeed is not counted as given up by a bound apart.
            if k + 1 < LOOKS {
                assert_share(with_effect.share(k, End::Futility), spent - before, &format!("beta at look {k}"));
            }
            before = spent;
        }
        let computed = design.operating(0.0).unwrap();
        assert_share(obeyed.total(End::Efficacy), computed.power, "size when obeyed");
        for k in 0..LOOKS - 1 {
            assert_share(obeyed.share(k, End::Futility), computed.futility[k], &format!("given up at look {k}"));
        }
        let size = ignored.total(End::Efficacy);
        if matches!(design.spec().futility, Futility::BetaSpending { binding: true, .. }) {
            assert_share(obeyed.total(End::Efficacy), alpha, "size of binding futility");
            assert!(size > alpha + five_errors(alpha), "binding futility, ignored: {size}");
        } else {
            assert_share(size, alpha, "size of non-binding futility, ignored");
            assert!(obeyed.total(End::Efficacy) < alpha - five_errors(alpha));
        }
    }
}

/// The boundary for harm has an error of its own: how often a version that does nothing is called harmful.
#[test]
fn false_harm_is_as_rare_as_planned_and_real_harm_is_found() {
    let harm = Harm { alpha: 0.05, spending: Spending::LanDeMetsPocock, binding: false };
    let plain = GroupSequentialSpec::new(UNEQUAL.to_vec(), 0.025, spending(Spending::LanDeMetsOBrienFleming));
    let futility =
        Futility::BetaSpending { spending: Spending::HwangShihDeCani { gamma: -2.0 }, beta: 0.2, binding: false };
    let design =
        GroupSequentialDesign::new(GroupSequentialSpec { harm: Some(harm.clone()), futility, ..plain }).unwrap();
    let obeying = Obeyed { harm: true, ..EFFICACY_ALONE };
    let all = Obeyed { futility: true, ..obeying };
    let rules = [
        (design.looks(), 0.0, obeying),
        (design.looks(), -2.0, all),
        (design.looks(), 0.0, EFFICACY_ALONE),
        (design.looks(), -0.3, obeying),
        (design.looks(), -3.0, obeying),
    ];
    let [null, harmful, efficacy_alone, slightly, plainly] = simulate(&UNEQUAL, 4, &rules).try_into().ok().unwrap();
    let mut before = 0.0;
    for (k, fraction) in UNEQUAL.iter().enumerate() {
        let spent = harm.spending.spent(harm.alpha, *fraction).unwrap();
        assert_share(null.share(k, End::Harm), spent - before, &format!("false harm at look {k}"));
        before = spent;
    }
    let computed = design.operating(-2.0).unwrap();
    for k in 0..LOOKS {
        assert_share(harmful.share(k, End::Harm), computed.harm[k], &format!("harm found at look {k}"));
    }
    assert!(plainly.total(End::Harm) > 0.8);
    // It takes nothing from the error of efficacy, and a version a little worse is called harmful more often: the count can miss.
    assert_share(efficacy_alone.total(End::Efficacy), 0.025, "size beside a boundary for harm");
    assert!(slightly.total(End::Harm) > harm.alpha + five_errors(harm.alpha));
}

/// Information that came at other times than planned, ran over or ended short: bounds computed for what was observed keep the
/// size; those of the plan do not.
#[test]
fn observed_information_keeps_the_size() {
    let planned = GroupSequentialSpec::new(vec![0.2, 0.4, 0.6, 0.8, 1.0], 0.025, spending(Spending::LanDeMetsPocock));
    let of_plan = GroupSequentialDesign::new(planned.clone()).unwrap();
    for (observed, seed, misses) in [
        ([0.05, 0.12, 0.3, 0.7, 1.3], 5, true),
        ([0.21, 0.39, 0.62, 0.66, 0.71], 6, false),
        ([0.3, 0.5, 0.85, 0.95, 1.6], 7, false),
    ] {
        let design = GroupSequentialDesign::new(planned.with_observed(&observed, true).unwrap()).unwrap();
        let effect = design.effect_at_power(0.9).unwrap();
        let rules = [
            (design.looks(), 0.0, EFFICACY_ALONE),
            (design.looks(), effect, EFFICACY_ALONE),
            (of_plan.looks(), 0.0, EFFICACY_ALONE),
        ];
        let ends = simulate(&observed, seed, &rules);
        assert_share(ends[0].total(End::Efficacy), 0.025, &format!("{observed:?}"));
        let mut before = 0.0;
        for (k, now) in observed.iter().enumerate() {
            // The last look spends what is left, whatever its information.
            let fraction = if k + 1 == LOOKS { 1.0 } else { now.min(1.0) };
            let spent = Spending::LanDeMetsPocock.spent(0.025, fraction).unwrap();
            assert_share(ends[0].share(k, End::Efficacy), spent - before, &format!("{observed:?} look {k}"));
            before = spent;
        }
        assert_share(ends[1].total(End::Efficacy), 0.9, &format!("power at {observed:?}"));
        let unchanged = ends[2].total(End::Efficacy);
        let missed = (unchanged - 0.025).abs() > five_errors(0.025);
        assert!(missed || !misses, "the planned bounds have size {unchanged} at {observed:?}");
    }
}
