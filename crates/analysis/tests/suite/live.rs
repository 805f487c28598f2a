//! Looks of running trials, harm watched between them, and what the report says afterwards.

use chrono::Duration;
use fairtrial_analysis::{
    analyse, integrity,
    monitor::{self, LookDecision, crossed_by_day, crossed_by_events, hold_all},
    report::{GateStatus, LookStatus, Report, VerdictKind},
};
use fairtrial_domain::{
    LockedProtocol,
    projection::{ArmDay, Evidence, HarmCrossing, HeldLook},
};
use fairtrial_stats::special::elementary::{exp, ln};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use serde_json::{Value, json};

use crate::evidence::{as_of, cell, happened, locked, plan_with, simple, table};

/// Two thousand people, half of them at the first look.
fn two_looks() -> LockedProtocol {
    plan_with(|document| {
        document["outcomes"] = json!([document["outcomes"][0]]);
        document["decision_rule"] = json!("superior(paid-28d)");
        document["allocation"] = json!({"method": "simple"});
        document["analysis"] = json!({"population": "as_assigned", "missing": "not_settled"});
        document["monitoring"]["max_units"] = json!(2_000);
        document["monitoring"]["looks"] = json!(["0.5", "1"]);
        document.as_object_mut().unwrap().remove("equity");
    })
}

/// A look with so many events in each arm of so many people, held so many days before the lock.
fn look(plan: &LockedProtocol, number: usize, events: [u64; 2], people: u64, days_before: i64) -> HeldLook {
    let at = as_of() - Duration::days(days_before);
    let evidence = Evidence { as_of: at, locked: false, ..table(plan, &[(events[0], people), (events[1], people)]) };
    HeldLook { look: number, due_at: at, evidence }
}

fn report(plan: &LockedProtocol, looks: Vec<HeldLook>, events: [u64; 2], people: u64) -> Report {
    let evidence = Evidence { looks, ..table(plan, &[(events[0], people), (events[1], people)]) };
    analyse(plan, &evidence, "tests")
}

#[test]
fn error_is_spent_on_what_was_in_whatever_was_planned() {
    let plan = two_looks();
    // Three looks where two were planned, at unequal shares of the information.
    let looks = [(1, 300), (2, 420), (3, 900)].map(|(number, people)| look(&plan, number, [60, 63], people, 30));
    let held = hold_all(plan.protocol(), &looks).unwrap();
    let shares: Vec<f64> = held.iter().map(|look| look.information).collect();
    assert_eq!(shares, [0.3, 0.42, 0.9]);
    assert!(held.windows(2).all(|pair| pair[0].alpha_spent < pair[1].alpha_spent));
    assert!(held.iter().all(|look| look.alpha_spent < 0.025 && look.efficacy_p < 0.025));
    // Lan and DeMets' O'Brien-Fleming spends 2 - 2 Phi(z(alpha/2) / sqrt(t)): at 0.3 that is 4.27e-5.
    assert!((held[0].alpha_spent / 4.27e-5 - 1.0).abs() < 0.01, "{}", held[0].alpha_spent);
    // Boundaries of looks that were held do not move when more are held.
    let first = hold_all(plan.protocol(), &looks[..1]).unwrap();
    assert_eq!(first[0], held[0]);
    // What was held late says so.
    let late = HeldLook { due_at: looks[0].due_at - Duration::hours(2), ..looks[0].clone() };
    assert!(hold_all(plan.protocol(), &[late]).unwrap()[0].late);
}

#[test]
fn a_boundary_crossed_at_a_look_stays_crossed_and_the_verdict_names_it() {
    let plan = two_looks();
    // z of 3.1 at half of the information; the rest that came in later adds nothing to it.
    let report = report(&plan, vec![look(&plan, 1, [100, 143], 500, 60)], [140, 165], 600);
    assert_eq!(report.verdict.kind, VerdictKind::Succeeded, "{:?}", report.verdict);
    assert_eq!(report.verdict.reasons[0].code, "efficacy_boundary_crossed");
    assert!(report.verdict.reasons[0].detail.contains("At look 1"));
    assert_eq!(report.looks.iter().map(|look| look.status).collect::<Vec<_>>(), [LookStatus::Held; 2]);
    assert_eq!(report.looks[0].held.as_ref().unwrap().decision, LookDecision::Succeeded);
    let after = report.after_looks.unwrap();
    assert_eq!((after.look, after.arms.len()), (1, 1));
    let said = &after.arms[0];
    // 28.6 against 20 in 100. The look that stopped was the first, so nothing before it is to be allowed for.
    let (estimate, lower, upper) = (said.estimate.unwrap(), said.lower.unwrap(), said.upper.unwrap());
    assert!((estimate - 0.086).abs() < 0.002 && lower > 0.0 && upper < 0.15, "{said:?}");
    assert!(said.p_value.unwrap() < 0.0015, "{said:?}");
    assert!(!report.departures.iter().any(|reason| reason.code == "looks_not_opened"));
}

#[test]
fn before_the_lock_a_report_tells_that_a_look_was_held_and_not_what_it_found() {
    let plan = two_looks();
    let looks = vec![look(&plan, 1, [100, 143], 500, 60)];
    let evidence = Evidence { looks, locked: false, ..table(&plan, &[(140, 600), (165, 600)]) };
    let report = analyse(&plan, &evidence, "tests");
    assert_eq!(report.verdict.kind, VerdictKind::Undecided);
    assert_eq!((report.looks[0].status, &report.looks[0].held), (LookStatus::Held, &None));
    let text = serde_json::to_string(&report).unwrap();
    for word in ["succeeded", "success", "crossed", "after_looks", "efficacy"] {
        assert!(!text.contains(word), "{word} in {text}");
    }
}

#[test]
fn at_the_end_after_a_look_the_estimate_allows_for_it() {
    let plan = two_looks();
    let report = report(&plan, vec![look(&plan, 1, [100, 125], 500, 60)], [200, 255], 1_000);
    assert_eq!(report.looks[0].held.as_ref().unwrap().decision, LookDecision::KeepGoing);
    let end = report.looks[1].held.as_ref().unwrap();
    assert!(end.efficacy_p < 0.025 && (end.alpha_spent - 0.025).abs() < 1e-9, "{end:?}");
    assert_eq!(end.decision, LookDecision::Succeeded);
    let after = report.after_looks.unwrap();
    let said = &after.arms[0];
    assert_eq!(after.look, 2);
    assert!(said.p_value.unwrap() < 0.025 && said.lower.unwrap() > 0.0);
    let ordinary = report.outcomes[0].comparisons[0].estimate.unwrap();
    assert!(said.estimate.unwrap() <= ordinary + 1e-9, "{said:?} beside {ordinary}");
}

#[test]
fn giving_up_counts_when_it_was_heeded_and_not_when_people_went_on_entering() {
    let plan = two_looks();
    let given_up = vec![look(&plan, 1, [100, 100], 500, 60)];
    let heeded = report(&plan, given_up.clone(), [110, 112], 550);
    assert_eq!((heeded.verdict.kind, heeded.verdict.reasons[0].code.as_str()), (VerdictKind::Failed, "futile"));
    assert!(!heeded.verdict.headline.is_empty());
    assert_eq!(heeded.after_looks.unwrap().look, 1);
    // The plan's giving up binds nobody: who goes on can still succeed.
    let mut evidence = Evidence { looks: given_up, ..table(&plan, &[(200, 1_000), (265, 1_000)]) };
    let day = (as_of() - Duration::days(20)).date_naive();
    evidence.enrolment = vec![ArmDay { day, arm: 0, assigned: 1_000 }, ArmDay { day, arm: 1, assigned: 1_000 }];
    let went_on = analyse(&plan, &evidence, "tests");
    assert_eq!(went_on.verdict.kind, VerdictKind::Succeeded, "{:?}", went_on.verdict);
    assert_eq!(went_on.after_looks.unwrap().look, 2);
}

#[test]
fn the_outlook_of_a_look_is_that_of_the_textbook() {
    let plan = two_looks();
    let worthwhile = plan.protocol().outcomes[0].smallest_worthwhile_effect.unwrap().to_f64();
    let (t, c) = (0.5_f64, {
        let bounds = monitor::bounds(&plan.protocol().monitoring, 0.025, &[0.5, 1.0], true).unwrap();
        bounds[1].efficacy_z.unwrap()
    });
    for events in [[100, 110], [100, 125], [100, 95]] {
        let found = monitor::outlook(plan.protocol(), &[look(&plan, 1, events, 500, 60)]);
        let [p0, p1] = events.map(|events| events as f64 / 500.0);
        let error = ((p0 * (1.0 - p0) + p1 * (1.0 - p1)) / 499.0).sqrt();
        let z = (p1 - p0) / error;
        // B-values: what is in, what an effect adds, and what is left to chance (Lan and Wittes 1988).
        let effect = worthwhile / (error * t.sqrt());
        let below = |x: f64| 1.0 - fairtrial_stats::special::normal::sf(x);
        let hoped = below((z * t.sqrt() + effect * (1.0 - t) - c) / (1.0 - t).sqrt());
        let seen = below((z / t.sqrt() - c) / ((1.0 - t) / t).sqrt());
        assert_eq!(found.len(), 1);
        assert!((found[0].as_hoped - hoped).abs() < 1e-6, "{found:?}: {hoped}");
        assert!((found[0].as_seen - seen).abs() < 1e-6, "{found:?}: {seen}");
    }
    // Nothing is told where the rule asks for more than one thing, or all is in.
    let all = look(&plan, 1, [200, 210], 1_000, 60);
    assert!(monitor::outlook(plan.protocol(), &[all]).is_empty());
    assert!(monitor::outlook(plan.protocol(), &[]).is_empty());
}

/// Forty people in two looks.
fn forty() -> LockedProtocol {
    plan_with(|document| {
        let mut primary = document["outcomes"][0].clone();
        primary["smallest_worthwhile_effect"] = json!("0.4");
        document["outcomes"] = json!([primary]);
        document["decision_rule"] = json!("superior(paid-28d)");
        document["allocation"] = json!({"method": "simple"});
        document["analysis"] = json!({"population": "as_assigned", "missing": "not_settled"});
        document["monitoring"]["max_units"] = json!(40);
        document["monitoring"]["looks"] = json!(["0.5", "1"]);
        document["monitoring"]["efficacy"] = json!({"spending": "pocock"});
        document.as_object_mut().unwrap().remove("equity");
    })
}

/// ln of the number of ways to choose, and the chance of so many.
fn binomial(n: u64, k: u64, p: f64) -> f64 {
    let ways: f64 = (0..k).map(|i| ln((n - i) as f64 / (i + 1) as f64)).sum();
    exp(ways + k as f64 * ln(p) + (n - k) as f64 * ln(1.0 - p))
}

#[test]
fn a_trial_of_forty_with_a_look_keeps_its_error_exactly() {
    let plan = forty();
    // Arms of unequal size, as simple draws make them: by look, the current version first.
    let (half, whole) = ([11, 9], [21, 19]);
    let at_half = |x0: u64, x1: u64| {
        let at = as_of() - Duration::days(60);
        let evidence = Evidence { as_of: at, locked: false, ..table(&plan, &[(x0, half[0]), (x1, half[1])]) };
        HeldLook { look: 1, due_at: at, evidence }
    };
    let stopped = tables(half, |x0, x1| {
        hold_all(plan.protocol(), &[at_half(x0, x1)]).unwrap()[0].decision == LookDecision::Succeeded
    });
    assert!(stopped.iter().flatten().any(|stopped| *stopped), "a large effect stops the trial at the look");
    // The boundary of the end depends on the sizes at the look, not on what was found there.
    let succeeded = tables(whole, |x0, x1| {
        let evidence = table(&plan, &[(x0, whole[0]), (x1, whole[1])]);
        let looked = Evidence { looks: vec![at_half(0, 0)], ..evidence };
        analyse(&plan, &looked, "tests").verdict.kind == VerdictKind::Succeeded
    });
    let success = |p0: f64, p1: f64| stops(half, whole, &stopped, &succeeded, p0, p1);
    let errors: Vec<f64> =
        (1..100).map(|percent| success(f64::from(percent) / 100.0, f64::from(percent) / 100.0)).collect();
    let worst = errors.iter().copied().fold(0.0, f64::max);
    assert!(worst <= 0.025, "no effect succeeds with probability {worst}");
    assert!(worst > 0.015, "the error is there to be used: {worst}");
    assert!(success(0.3, 0.75) > 0.65, "{}", success(0.3, 0.75));
}

#[test]
fn the_end_of_a_small_trial_is_told_exactly() {
    let plan = forty();
    let looks = vec![look(&plan, 1, [3, 7], 10, 60)];
    let report = report(&plan, looks, [5, 15], 20);
    assert_eq!(report.verdict.kind, VerdictKind::Succeeded, "{:?}", report.verdict);
    let claim = &report.decision.arms[0].claims[0];
    assert!(claim.method.as_deref().unwrap().starts_with("Barnard's exact test"), "{claim:?}");
    let held: Vec<_> = report.looks.iter().map(|look| look.held.clone().unwrap()).collect();
    assert_eq!(held[0].decision, LookDecision::KeepGoing);
    assert!((held[1].alpha_spent - 0.025).abs() < 1e-12 && held[1].efficacy_p < 0.025, "{:?}", held[1]);
    // z of the table is the pooled score: 0.5 / sqrt(0.5 * 0.5 * (1/20 + 1/20)).
    assert!((held[1].arms[0].z.unwrap() - 10_f64.sqrt()).abs() < 1e-12);
    assert!(held[1].arms[0].z.unwrap() >= held[1].efficacy_z.unwrap());
    let after = report.after_looks.unwrap();
    let said = &after.arms[0];
    assert_eq!(said.guarantee, Some(fairtrial_stats::Guarantee::Exact));
    let (p, lower, upper) = (said.p_value.unwrap(), said.lower.unwrap(), said.upper.unwrap());
    assert!(p <= 0.025 && lower > 0.0 && lower < 0.5 && upper > 0.5, "{said:?}");
    assert!((said.estimate.unwrap() - 0.5).abs() < 0.1, "{said:?}");
}

#[test]
fn an_arm_that_became_smaller_has_the_normal_boundary_and_says_so() {
    let plan = forty();
    let mut evidence = table(&plan, &[(5, 20), (15, 20)]);
    evidence.looks = vec![look(&plan, 1, [3, 7], 10, 60)];
    // Eleven people of the new version took their data out after the look.
    evidence.outcomes[0].cells[1] =
        fairtrial_domain::projection::Cell { mature: 9, set_aside: 11, ..cell(1, "", 20, happened(7)) };
    let report = analyse(&plan, &evidence, "tests");
    let claim = &report.decision.arms[0].claims[0];
    assert_eq!(claim.method.as_deref(), Some("Boschloo's exact test"));
    let after = report.after_looks.unwrap();
    assert_ne!(after.arms[0].guarantee, Some(fairtrial_stats::Guarantee::Exact), "{after:?}");
}

#[test]
fn a_report_without_looks_says_nothing_of_them() {
    let plan = simple();
    let text = serde_json::to_string(&analyse(&plan, &table(&plan, &[(200, 1_000), (260, 1_000)]), "tests")).unwrap();
    for word in ["after_looks", "\"held\":", "looks_on_time", "futility", "crossing"] {
        assert!(!text.contains(word), "{word}");
    }
    let evidence = serde_json::to_string(&table(&plan, &[(1, 2), (1, 2)])).unwrap();
    assert!(!evidence.contains("\"looks\"") && !evidence.contains("crossings"));
}

/// A plan whose harm measure is watched.
fn watched(watch: &str, change: impl FnOnce(&mut Value)) -> LockedProtocol {
    plan_with(|document| {
        let mut harm = document["outcomes"][2].clone();
        harm["harm_watch"] = json!(watch);
        harm["harm_alpha"] = json!("0.1");
        harm["margin"] = json!("0");
        document["outcomes"] = json!([document["outcomes"][0], harm]);
        document["decision_rule"] = json!("superior(paid-28d)");
        document["allocation"] = json!({"method": "simple"});
        document["analysis"] = json!({"population": "as_assigned", "missing": "not_settled"});
        document.as_object_mut().unwrap().remove("equity");
        change(document);
    })
}

/// Whether something with this chance happens.
fn happens_by(random: &mut ChaCha8Rng, chance: f64) -> bool {
    f64::from(random.next_u32()) < chance * 4_294_967_296.0
}

/// In how many of the trials the boundary is crossed at some event, when every person harmed is in the new version with this
/// chance.
fn crossed(plan: &LockedProtocol, chance: f64, trials: u32, events: u64, seed: u64) -> f64 {
    let (plan, mut random) = (plan.protocol(), ChaCha8Rng::seed_from_u64(seed));
    let outcome = &plan.outcomes[1];
    let mut alarms = 0_u32;
    for _ in 0..trials {
        let mut harmed = [0, 0];
        for _ in 0..events {
            harmed[usize::from(happens_by(&mut random, chance))] += 1;
            if !crossed_by_events(plan, outcome, &harmed, &[1_000, 1_000]).is_empty() {
                alarms += 1;
                break;
            }
        }
    }
    f64::from(alarms) / f64::from(trials)
}

#[test]
fn harm_watched_at_every_event_gives_false_alarms_within_its_share_and_finds_harm() {
    let trials = 2_000;
    let allowed = |rate: f64| rate + 3.0 * (rate * (1.0 - rate) / f64::from(trials)).sqrt();
    let plan = watched("every_event", |_| {});
    assert!((monitor::error_of_looks(&plan.protocol().outcomes[1]) - 0.05).abs() < 1e-12, "half is for the looks");
    let false_alarms = crossed(&plan, 0.5, trials, 300, 1);
    assert!(false_alarms <= allowed(0.05) && false_alarms > 0.01, "{false_alarms}");
    // Twice as often harmed: two of three.
    let found = crossed(&plan, 2.0 / 3.0, 400, 300, 2);
    assert!(found > 0.99, "{found}");
    // A margin of one half of the usual: three of five are still within it.
    let margin = watched("every_event", |document| {
        document["outcomes"][1]["margin"] = json!("0.02");
        document["outcomes"][1]["expected_control"] = json!("0.04");
    });
    let false_alarms = crossed(&margin, 0.6, trials, 300, 3);
    assert!(false_alarms <= allowed(0.05), "{false_alarms}");
}

#[test]
fn harm_watched_every_day_goes_by_those_followed_up() {
    let plan = watched("daily", |_| {});
    let evidence = |harmed: [u64; 2]| {
        let arms =
            |events: [u64; 2]| vec![cell(0, "", 500, happened(events[0])), cell(1, "", 500, happened(events[1]))];
        Evidence { locked: false, ..locked(&plan, vec![arms([100, 100]), arms(harmed)]) }
    };
    assert!(crossed_by_day(plan.protocol(), &evidence([20, 30])).is_empty());
    let found = crossed_by_day(plan.protocol(), &evidence([20, 80]));
    assert_eq!(
        (found.len(), found[0].harmed.as_slice(), found[0].among.as_slice()),
        (1, &[20, 80][..], &[500, 500][..])
    );
    // And a crossing makes the verdict, whatever came later.
    let crossing = HarmCrossing {
        outcome: found[0].outcome.clone(),
        arm: found[0].arm.clone(),
        at: as_of() - Duration::days(9),
        data_cut: 5,
        harmed: vec![20, 80],
        among: vec![500, 500],
    };
    let after = Evidence { locked: true, crossings: vec![crossing], ..evidence([30, 36]) };
    let verdict = analyse(&plan, &after, "tests").verdict;
    assert_eq!((verdict.kind, verdict.reasons[0].code.as_str()), (VerdictKind::Harmful, "harm_boundary_crossed"));
    assert!(verdict.reasons[0].detail.contains("on 23 July 2027"), "{}", verdict.reasons[0].detail);
}

#[test]
fn plans_that_cannot_be_watched_so_are_refused() {
    let refused = |change: fn(&mut Value)| {
        let mut document: Value = serde_json::from_str(watched("every_event", |_| {}).canonical()).unwrap();
        change(&mut document);
        LockedProtocol::from_value(&document).unwrap_err().into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
    };
    let place = ["/outcomes/1/harm_watch"];
    assert_eq!(refused(|plan| plan["outcomes"][1]["margin"] = json!("0.01")), place, "a margin beside nothing usual");
    assert_eq!(refused(|plan| plan["outcomes"][1]["better"] = json!("increase")), place);
    assert_eq!(refused(|plan| plan["allocation"] = json!({"method": "cluster", "roster": ["a", "b"]})), place);
    assert_eq!(refused(|plan| plan["monitoring"]["looks_on"] = json!(["2027-01-01"])), ["/monitoring/looks_on"]);
}

#[test]
fn the_sample_ratio_may_be_read_every_day() {
    let plan = simple();
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let first = as_of().date_naive() - Duration::days(60);
    let mut trial = |chance: f64, people: u32| {
        let days = (0..60).flat_map(|day| {
            let new = (0..people).filter(|_| happens_by(&mut random, chance)).count() as u64;
            let day = first + Duration::days(day);
            [ArmDay { day, arm: 0, assigned: u64::from(people) - new }, ArmDay { day, arm: 1, assigned: new }]
        });
        let enrolment: Vec<ArmDay> = days.collect();
        let people = |arm| enrolment.iter().filter(|day| day.arm == arm).map(|day| day.assigned).sum::<u64>();
        let arms = [(0, people(0)), (0, people(1))];
        let evidence = Evidence { locked: false, enrolment: enrolment.clone(), ..table(&plan, &arms) };
        integrity::of_counts(plan.protocol(), &evidence)[0].status
    };
    // The largest of sixty days: what the check showed at its worst to somebody who read it daily.
    let red = (0..2_000).filter(|_| trial(0.5, 20) == GateStatus::Red).count();
    assert!(red <= 6, "{red} of 2,000 clean trials, where 2 are allowed on average");
    let found = (0..50).filter(|_| trial(0.44, 60) == GateStatus::Red).count();
    assert!(found > 45, "{found}");
}

/// How likely the check of a trial that is read once finds that one version lost a share of its people, exactly: what it calls red
/// is found by halving, and how often that many are lost is summed up.
fn loss_is_found(people: u64, lost: f64) -> f64 {
    let plan = simple();
    let is_red = |new: u64| {
        let evidence = table(&plan, &[(0, people - new), (0, new)]);
        integrity::of_counts(plan.protocol(), &evidence)[0].status == GateStatus::Red
    };
    let (mut red, mut fair) = (0, people / 2);
    while fair - red > 1 {
        let middle = red.midpoint(fair);
        *(if is_red(middle) { &mut red } else { &mut fair }) = middle;
    }
    let share = (1.0 - lost) / (2.0 - lost);
    // Each chance follows from the one of a person more.
    let fewer = |(count, chance): &(u64, f64)| {
        let others = (people - count + 1) as f64;
        (*count > 0).then(|| (count - 1, chance * *count as f64 / others * (1.0 - share) / share))
    };
    std::iter::successors(Some((red, binomial(people, red, share))), fewer).map(|(_, chance)| chance).sum()
}

#[test]
fn people_who_are_lost_in_one_version_are_found() {
    for (people, lost) in [(34_500, 0.05), (222_000, 0.02)] {
        let found = loss_is_found(people, lost);
        assert!(found >= 0.9, "{lost} of {people}: {found}");
        let by_chance = loss_is_found(people, 0.0);
        assert!(by_chance < 0.001, "{by_chance}");
    }
}

#[test]
fn a_stratum_whose_shares_are_wrong_is_found_where_the_sum_hides_it() {
    let plan = simple();
    let cells = vec![
        cell(0, "north", 300, happened(60)),
        cell(0, "south", 500, happened(90)),
        cell(1, "north", 500, happened(99)),
        cell(1, "south", 300, happened(60)),
    ];
    for still_running in [false, true] {
        let evidence = Evidence { locked: !still_running, ..locked(&plan, vec![cells.clone()]) };
        let gates = integrity::of_counts(plan.protocol(), &evidence);
        let status = |name: &str| gates.iter().find(|gate| gate.gate == name).unwrap().status;
        assert_eq!((status("sample_ratio"), status("sample_ratio_by_group")), (GateStatus::Green, GateStatus::Red));
    }
}

/// A yes-or-no outcome that is harm, beside a primary one, in twenty people looked at once before the end.
fn small_with_harm(margin: &str) -> LockedProtocol {
    plan_with(|document| {
        let mut harm = document["outcomes"][0].clone();
        (harm["key"], harm["event"], harm["role"]) = (json!("hurt"), json!("hurt"), json!("harm"));
        (harm["better"], harm["margin"], harm["harm_alpha"]) = (json!("decrease"), json!(margin), json!("0.1"));
        harm.as_object_mut().unwrap().remove("smallest_worthwhile_effect");
        document["outcomes"] = json!([document["outcomes"][0], harm]);
        document["decision_rule"] = json!("superior(paid-28d)");
        document["allocation"] = json!({"method": "simple"});
        document["analysis"] = json!({"population": "as_assigned", "missing": "not_settled"});
        document["monitoring"]["max_units"] = json!(20);
        document["monitoring"]["looks"] = json!(["0.5", "1"]);
        document["monitoring"]["efficacy"] = json!({"spending": "pocock"});
        document.as_object_mut().unwrap().remove("equity");
    })
}

/// Twenty people, to show that the new version is not worse by a margin.
fn small_not_worse() -> LockedProtocol {
    plan_with(|document| {
        let mut primary = document["outcomes"][0].clone();
        primary["margin"] = json!("0.2");
        primary["margin_reason"] = json!("a loss that nobody would notice");
        document["outcomes"] = json!([primary]);
        document["aim"] = json!("not_worse");
        document["decision_rule"] = json!("not_worse(paid-28d)");
        document["allocation"] = json!({"method": "simple"});
        document["analysis"] = json!({"population": "as_assigned", "missing": "not_settled"});
        document["monitoring"]["max_units"] = json!(20);
        document["monitoring"]["looks"] = json!(["0.5", "1"]);
        document["monitoring"]["efficacy"] = json!({"spending": "pocock"});
        document.as_object_mut().unwrap().remove("equity");
    })
}

/// The chance that a trial stops, at the look or at the end, when tables do so as these tell: current version first.
fn stops(half: [u64; 2], whole: [u64; 2], at_half: &[Vec<bool>], at_end: &[Vec<bool>], p0: f64, p1: f64) -> f64 {
    let mut sum = 0.0;
    for x0 in 0..=half[0] {
        for x1 in 0..=half[1] {
            let here = binomial(half[0], x0, p0) * binomial(half[1], x1, p1);
            if at_half[x0 as usize][x1 as usize] {
                sum += here;
                continue;
            }
            for y0 in 0..=whole[0] - half[0] {
                for y1 in 0..=whole[1] - half[1] {
                    if at_end[(x0 + y0) as usize][(x1 + y1) as usize] {
                        sum += here * binomial(whole[0] - half[0], y0, p0) * binomial(whole[1] - half[1], y1, p1);
                    }
                }
            }
        }
    }
    sum
}

/// Which tables of so many people do so.
fn tables(people: [u64; 2], of: impl Fn(u64, u64) -> bool) -> Vec<Vec<bool>> {
    (0..=people[0]).map(|x0| (0..=people[1]).map(|x1| of(x0, x1)).collect()).collect()
}

#[test]
fn harm_in_a_small_trial_is_told_with_its_error_exactly() {
    let (half, whole) = ([6, 4], [11, 9]);
    for (margin, beyond) in [("0", 0.0), ("0.1", 0.1)] {
        let plan = small_with_harm(margin);
        let with = |people: [u64; 2], x0: u64, x1: u64| {
            let cells = |events: [u64; 2]| {
                (0..2).map(|arm| cell(arm, "", people[arm], happened(events[arm]))).collect::<Vec<_>>()
            };
            locked(&plan, vec![cells([people[0] / 2, people[1] / 2]), cells([x0, x1])])
        };
        let look = |x0: u64, x1: u64| {
            let at = as_of() - Duration::days(60);
            HeldLook { look: 1, due_at: at, evidence: Evidence { as_of: at, locked: false, ..with(half, x0, x1) } }
        };
        let at_half = tables(half, |x0, x1| {
            hold_all(plan.protocol(), &[look(x0, x1)]).unwrap()[0].decision == LookDecision::Harmful
        });
        let at_end = tables(whole, |x0, x1| {
            let evidence = Evidence { looks: vec![look(0, 0)], ..with(whole, x0, x1) };
            analyse(&plan, &evidence, "tests").verdict.kind == VerdictKind::Harmful
        });
        let shares = |p0: f64| stops(half, whole, &at_half, &at_end, p0, p0 + beyond);
        let worst = (1..100).map(|of| shares(f64::from(of) / 100.0 * (1.0 - beyond))).fold(0.0, f64::max);
        assert!(worst <= 0.1, "margin {margin}: harm is told of a harmless version with probability {worst}");
        assert!(worst > 0.05, "margin {margin}: the error is there to be used: {worst}");
        assert!(stops(half, whole, &at_half, &at_end, 0.1, 0.8) > 0.9);
    }
}

#[test]
fn not_worse_in_a_small_trial_is_shown_with_its_error_exactly() {
    let plan = small_not_worse();
    let (half, whole) = ([6, 4], [11, 9]);
    let look = |x0: u64, x1: u64| {
        let at = as_of() - Duration::days(60);
        let evidence = Evidence { as_of: at, locked: false, ..table(&plan, &[(x0, half[0]), (x1, half[1])]) };
        HeldLook { look: 1, due_at: at, evidence }
    };
    let at_half = tables(half, |x0, x1| {
        hold_all(plan.protocol(), &[look(x0, x1)]).unwrap()[0].decision == LookDecision::Succeeded
    });
    let end = |x0: u64, x1: u64| {
        let evidence = table(&plan, &[(x0, whole[0]), (x1, whole[1])]);
        analyse(&plan, &Evidence { looks: vec![look(3, 2)], ..evidence }, "tests")
    };
    let at_end = tables(whole, |x0, x1| end(x0, x1).verdict.kind == VerdictKind::Succeeded);
    // A loss of just the margin.
    let wrong = |p0: f64| stops(half, whole, &at_half, &at_end, p0, p0 - 0.2);
    let worst = (1..100).map(|of| wrong(0.2 + 0.8 * f64::from(of) / 100.0)).fold(0.0, f64::max);
    assert!(worst <= 0.025, "a loss of the margin is called no loss with probability {worst}");
    assert!(worst > 0.012, "the error is there to be used: {worst}");
    let claim = &end(5, 9).decision.arms[0].claims[0];
    assert_eq!(
        claim.method.as_deref(),
        Some("Miettinen-Nurminen score test at the boundary of an exact sequential design")
    );
}
