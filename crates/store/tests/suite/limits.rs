//! Opt-outs, layers and the burden cap hold in the transaction of the draw, whatever races.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use fairtrial_domain::{LayerKey, note::OptOutKind};
use fairtrial_store::{
    AssignAnswer, AssignRequest, BurdenCap, Drawing, Limits, limits, log,
    opt_outs::{self, OptOut},
};
use fairtrial_testkit::on_both_databases;

use super::{
    installation::{Installation, NOW, request, unit},
    races::race,
};

const DAY: i64 = 86_400_000_000;

fn layered(installation: &Installation, key: &str, layer: &str) -> Arc<Drawing> {
    let drawing = installation.simple(key, 1_000_000);
    let (trial, agency, layer) = (drawing.trial_id, installation.agency, layer.to_owned());
    installation.write(move |c| limits::enter_layer(c, trial, agency, &layer)).unwrap();
    drawing
}

fn limited(installation: &Installation, layer: Option<&str>, burden: Option<BurdenCap>) -> Limits {
    Limits { agency_id: installation.agency, layer: layer.map(|key| LayerKey::new(key).unwrap()), burden }
}

on_both_databases! {
    fn nobody_is_in_two_trials_of_a_layer(database) {
        const UNITS: u32 = 120;
        let installation = Installation::new(database);
        let trials: Vec<_> = (0..50).map(|n| layered(&installation, &format!("t-{n}"), "counter")).collect();
        let within = limited(&installation, Some("counter"), None);
        // Each caller asks for all people in six trials of its own choice, so that every pair of trials meets in a race.
        let calls: Vec<Vec<AssignRequest>> = (0..16_u32)
            .map(|caller| {
                (0..UNITS * 2)
                    .map(|n| {
                        let trial = &trials[((n * 7 + caller * 11 + n / UNITS * 17) % 50) as usize];
                        AssignRequest { limits: within.clone(), ..request(trial, (n * 13 + caller) % UNITS) }
                    })
                    .collect()
            })
            .collect();
        let answers = race(&installation, [installation.store.clone(), installation.another_store()], calls);
        let rows = installation.store.read_blocking(|c| log::assignments_after(c, 0, 100_000)).unwrap();
        let people: BTreeSet<&[u8]> = rows.iter().map(|row| row.unit.as_slice()).collect();
        assert_eq!((rows.len(), people.len()), (UNITS as usize, UNITS as usize), "each is in exactly one");
        assert!(rows.iter().map(|row| row.trial_id).collect::<BTreeSet<_>>().len() > 20, "over many trials");
        let all: Vec<&AssignAnswer> = answers.iter().flatten().collect();
        assert_eq!(all.iter().filter(|answer| matches!(answer, AssignAnswer::New(_))).count(), UNITS as usize);
        assert!(all.iter().any(|answer| **answer == AssignAnswer::InOtherTrial));
    }

    fn a_layer_keeps_apart_only_its_own_trials_and_only_until_their_data_are_locked(database) {
        let installation = Installation::new(database);
        let (first, second) = (layered(&installation, "a", "counter"), layered(&installation, "b", "counter"));
        let elsewhere = layered(&installation, "c", "phone");
        let ask = |drawing: &Arc<Drawing>, layer: &str, who: u32| {
            let limits = limited(&installation, Some(layer), None);
            installation.assign(AssignRequest { limits, ..request(drawing, who) })
        };
        assert!(matches!(ask(&first, "counter", 1), AssignAnswer::New(_)));
        assert_eq!(ask(&second, "counter", 1), AssignAnswer::InOtherTrial);
        assert!(matches!(ask(&elsewhere, "phone", 1), AssignAnswer::New(_)));
        assert!(matches!(ask(&first, "counter", 1), AssignAnswer::Existing(_)), "whoever is in stays in");
        installation.lock(first.trial_id);
        assert!(matches!(ask(&second, "counter", 1), AssignAnswer::New(_)));
    }

    fn one_group_keeps_the_limits_too(database) {
        let installation = Installation::new(database);
        let (first, second) = (layered(&installation, "a", "counter"), layered(&installation, "b", "counter"));
        let limits = limited(&installation, Some("counter"), None);
        let calls = [&first, &second, &first].map(|drawing| AssignRequest { limits: limits.clone(), ..request(drawing, 1) });
        let answers: Vec<AssignAnswer> = installation.assign_together(calls.into()).into_iter().map(Result::unwrap).collect();
        assert!(matches!(answers[..], [AssignAnswer::New(_), AssignAnswer::InOtherTrial, AssignAnswer::Existing(_)]), "{answers:?}");
    }

    fn the_burden_cap_counts_trials_of_the_last_days(database) {
        let installation = Installation::new(database);
        let trials: Vec<_> = ["a", "b", "c", "d"].iter().map(|key| installation.simple(key, 1_000)).collect();
        let limits = limited(&installation, None, Some(BurdenCap { trials: 2, days: 90 }));
        let ask = |trial: usize, day: i64| {
            let request = AssignRequest { limits: limits.clone(), at: NOW + day * DAY, ..request(&trials[trial], 1) };
            installation.assign(request)
        };
        assert!(matches!(ask(0, 0), AssignAnswer::New(_)));
        assert!(matches!(ask(1, 30), AssignAnswer::New(_)));
        assert_eq!(ask(2, 89), AssignAnswer::AtBurdenCap);
        assert!(matches!(ask(0, 89), AssignAnswer::Existing(_)));
        assert!(matches!(ask(2, 91), AssignAnswer::New(_)), "the first has been forgotten");
        assert_eq!(ask(3, 92), AssignAnswer::AtBurdenCap);
    }

    fn the_burden_cap_holds_when_calls_race(database) {
        const UNITS: u32 = 60;
        let installation = Installation::new(database);
        let trials: Vec<_> = (0..6).map(|n| installation.simple(&format!("t-{n}"), 1_000)).collect();
        let limits = limited(&installation, None, Some(BurdenCap { trials: 2, days: 90 }));
        let calls = (0..12_u32)
            .map(|caller| {
                let ask = |n: u32| AssignRequest { limits: limits.clone(), ..request(&trials[((n + caller) % 6) as usize], n % UNITS) };
                (0..UNITS * 2).map(|n| ask(n + n / UNITS)).collect()
            })
            .collect();
        race(&installation, [installation.store.clone(), installation.another_store()], calls);
        let mut met: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
        for row in installation.store.read_blocking(|c| log::assignments_after(c, 0, 100_000)).unwrap() {
            *met.entry(row.unit).or_default() += 1;
        }
        assert_eq!(met.len(), UNITS as usize);
        assert!(met.values().all(|trials| *trials <= 2), "{met:?}");
        assert!(met.values().filter(|trials| **trials == 2).count() > 50, "{met:?}");
    }

    fn an_opt_out_is_seen_by_every_draw_after_it(database) {
        let installation = Installation::new(database);
        let drawing = installation.simple("a", 1_000);
        let limits = limited(&installation, None, None);
        let ask = |who: u32| installation.assign(AssignRequest { limits: limits.clone(), ..request(&drawing, who) });
        let out = |who: u32, kind: OptOutKind, trial_id: i64| OptOut { agency_id: installation.agency, unit: unit(who), kind, trial_id };
        let put = |out: OptOut| installation.write(move |c| opt_outs::put(c, &out, "oo-1", NOW)).unwrap();
        put(out(1, OptOutKind::All, 0));
        put(out(2, OptOutKind::Trial, drawing.trial_id));
        put(out(3, OptOutKind::Trial, drawing.trial_id + 1));
        put(out(4, OptOutKind::Data, 0));
        put(OptOut { agency_id: installation.agency + 1, ..out(5, OptOutKind::All, 0) });
        let answers: Vec<bool> = (1..=5).map(|who| ask(who) == AssignAnswer::OptedOut).collect();
        assert_eq!(answers, [true, true, false, true, false]);
        let back = out(1, OptOutKind::All, 0);
        installation.write(move |c| opt_outs::end(c, &back, NOW + 1)).unwrap();
        assert!(matches!(ask(1), AssignAnswer::New(_)));
        let last = installation.store.read_blocking(move |c| opt_outs::last(c, &back)).unwrap();
        assert_eq!(last, Some(("oo-1".into(), false)));
    }
}
