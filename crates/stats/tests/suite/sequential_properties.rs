//! Properties of sequential designs for arbitrary plans: no panic, errors that are typed, order and mass kept.

use fairtrial_stats::Side;
use fairtrial_stats::anytime::{beta_mixture, safe_t, safe_z};
use fairtrial_stats::sequential::Spending;
use fairtrial_stats::sequential::exact_binary::{ExactBinaryDesign, ExactBinarySpec, ExactHarm, LookSize};
use fairtrial_stats::sequential::group::{Efficacy, Futility, GroupSequentialDesign, GroupSequentialSpec, Harm};
use proptest::prelude::*;

fn spending() -> impl Strategy<Value = Spending> {
    prop_oneof![
        Just(Spending::LanDeMetsOBrienFleming),
        Just(Spending::LanDeMetsPocock),
        (0.1..5.0).prop_map(|rho| Spending::KimDeMets { rho }),
        (-10.0..10.0).prop_map(|gamma| Spending::HwangShihDeCani { gamma }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_normal_plan_keeps_its_error(
        steps in prop::collection::vec(1e-3..1.0, 1..8),
        alpha in 1e-6..0.3,
        beta in 0.02..0.5,
        spend in spending(),
        binding in any::<bool>(),
        kind in 0..3,
    ) {
        let mut total = 0.0;
        let information: Vec<f64> = steps.iter().map(|step| { total += step; total }).collect();
        let looks = information.len();
        let mut spec = GroupSequentialSpec::new(information, alpha, Efficacy::Spending { spending: spend.clone() });
        if kind == 1 {
            spec.side = Side::Two;
        }
        if kind == 2 {
            spec.futility = Futility::BetaSpending { spending: spend.clone(), beta, binding };
            spec.harm = Some(Harm { alpha: 0.05, spending: spend, binding: false });
        }
        let design = GroupSequentialDesign::new(spec).unwrap();
        let null = design.operating(0.0).unwrap();
        prop_assert!(null.power <= alpha * (1.0 + 1e-8));
        if kind < 2 {
            prop_assert!((null.power - alpha).abs() < 1e-9 * alpha.max(1e-4));
        } else {
            let effect = design.effect_at_power(1.0 - beta).unwrap();
            let power = design.operating(effect).unwrap().power;
            prop_assert!((power - (1.0 - beta)).abs() < 1e-8, "{} {}", power, beta);
            prop_assert!(null.harm.iter().sum::<f64>() <= 0.05 + 1e-9);
        }
        for look in design.looks() {
            prop_assert!(!look.efficacy.is_nan());
            prop_assert!(look.futility.is_none_or(|futile| futile <= look.efficacy + 1e-9));
        }
        let inference = design.stagewise(looks - 1, 1.5, 0.9).unwrap();
        prop_assert!(inference.interval.contains(inference.median_unbiased));
        let stronger = design.stagewise(looks - 1, 1.7, 0.9).unwrap();
        prop_assert!(stronger.p_value.ln_p <= inference.p_value.ln_p + 1e-10);
        prop_assert!(stronger.median_unbiased >= inference.median_unbiased - 1e-9);
    }

    #[test]
    fn any_exact_plan_keeps_its_error(
        steps in prop::collection::vec((1_u64..6, 1_u64..6), 1..5),
        alpha in 0.001..0.4,
        spend in spending(),
        p in 0.0..1.0,
        less in any::<bool>(),
    ) {
        let (mut n1, mut n0) = (0, 0);
        let looks: Vec<LookSize> = steps
            .iter()
            .map(|(a, b)| { n1 += a; n0 += b; LookSize { treatment: n1, control: n0 } })
            .collect();
        let harm = Some(ExactHarm { alpha: 0.1, spending: spend.clone(), margin: None });
        let direction = if less { Side::Less } else { Side::Greater };
        let spec = ExactBinarySpec { harm, direction, ..ExactBinarySpec::new(looks, alpha, spend) };
        let design = ExactBinaryDesign::new(spec).unwrap();
        prop_assert!(design.looks().iter().all(|look| look.size.upper_bound <= look.allowed));
        prop_assert!(design.looks().iter().all(|look| look.harm_size.is_some_and(|size| size.upper_bound <= 0.1)));
        prop_assert!(design.size_at(p).unwrap() <= design.size().upper_bound * (1.0 + 1e-12));
        let operating = design.operating(p, 0.3).unwrap();
        let mass = operating.efficacy + operating.futility + operating.harm + operating.undecided;
        prop_assert!((mass - 1.0).abs() < 1e-12);
        let last = design.looks().len() - 1;
        // One more success of the better version never weakens the evidence.
        let (x1, x0) = (n1 / 2, n0 / 2);
        let more = if less { (x1.saturating_sub(1), x0) } else { (x1 + 1, x0) };
        let (base, better) = (design.p_value(last, x1, x0).unwrap(), design.p_value(last, more.0, more.1).unwrap());
        prop_assert!(better.ln_p <= base.ln_p + 1e-8);
    }

    #[test]
    fn anytime_intervals_and_evidence_are_sound(
        n in 1_u64..5_000,
        share in 0.0..=1.0_f64,
        z in -40.0..40.0,
        effect in 0.01..3.0,
        n1 in 2_u64..500,
        n0 in 2_u64..500,
    ) {
        let x = (share * n as f64).floor() as u64;
        let wide = beta_mixture(x, n, 0.5, 0.5, 0.01).unwrap();
        let narrow = beta_mixture(x, n, 0.5, 0.5, 0.1).unwrap();
        prop_assert!(wide.lower <= narrow.lower && narrow.upper <= wide.upper);
        prop_assert!(narrow.contains(x as f64 / n as f64));
        for method in [safe_z, safe_t] {
            let greater = method(z, effect, n1, n0, Side::Greater).unwrap().ln_e;
            let mirrored = method(-z, effect, n1, n0, Side::Less).unwrap().ln_e;
            let two = method(z, effect, n1, n0, Side::Two).unwrap().ln_e;
            prop_assert!((greater - mirrored).abs() < 1e-9 * greater.abs().max(1.0));
            prop_assert!(two <= greater.max(method(z, effect, n1, n0, Side::Less).unwrap().ln_e) + 1e-12);
        }
    }
}
