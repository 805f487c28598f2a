//! Many callers on two servers at once: never two answers for one person, never one person too many.

use std::collections::{BTreeMap, BTreeSet};

use fairtrial_domain::{
    Pseudonym,
    allocation::{Progress, Subject},
    key::ClusterKey,
    protocol::Allocation,
};
use fairtrial_store::{AssignAnswer, AssignRequest, Drawing, Placed, Store, log, trials};
use fairtrial_testkit::{on_both_databases, size::times};
use tokio::task::JoinSet;

use super::installation::{Installation, NOW, PLAN, TODAY, in_stratum, place, request, unit};

/// Every method with the groups that its people are in.
fn methods() -> Vec<(&'static str, Allocation, &'static [&'static str])> {
    let sites: Vec<ClusterKey> = ["east", "north", "south"].map(|key| ClusterKey::new(key).unwrap()).into();
    let steps = vec![TODAY, TODAY + chrono::Days::new(30)];
    vec![
        ("simple", Allocation::Simple, &[""]),
        (
            "blocks",
            Allocation::PermutedBlocks { strata: vec!["region".into()], block_multiples: vec![1, 2, 3] },
            &["east", "north", "south"],
        ),
        (
            "minimised",
            Allocation::Minimisation {
                factors: vec!["age".into(), "region".into()],
                probability: "0.8".parse().unwrap(),
            },
            &["old/east", "young/east", "old/north", "young/south"],
        ),
        ("clusters", Allocation::Cluster { roster: sites.clone() }, &["east", "north", "south"]),
        (
            "wedge",
            Allocation::SteppedWedge { sites, steps, transition_days: 0, sites_per_step: vec![1, 2] },
            &["east", "north", "south"],
        ),
    ]
}

/// Callers, half of them on each store, each asking one call after the other; all answers, by caller.
pub(crate) fn race(
    installation: &Installation,
    stores: [Store; 2],
    calls: Vec<Vec<AssignRequest>>,
) -> Vec<Vec<AssignAnswer>> {
    let threads: Vec<_> = stores
        .into_iter()
        .enumerate()
        .map(|(half, store)| {
            let mine: Vec<Vec<AssignRequest>> = calls.iter().skip(half).step_by(2).cloned().collect();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                runtime.block_on(async move {
                    let mut callers = JoinSet::new();
                    for calls in mine {
                        let store = store.clone();
                        callers.spawn(async move {
                            let mut answers = Vec::with_capacity(calls.len());
                            for call in calls {
                                answers.push(store.assign(call).await.unwrap());
                            }
                            answers
                        });
                    }
                    callers.join_all().await
                })
            })
        })
        .collect();
    let answers = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    let counted = installation.lines(
        "SELECT CAST(e.enrolled AS TEXT) || ' ' || CAST((SELECT COUNT(*) FROM assignments a WHERE a.trial_id = e.trial_id) AS TEXT) \
         AS line FROM enrolments e WHERE e.stratum = '*'",
    );
    for pair in counted {
        let (counter, rows) = pair.split_once(' ').unwrap();
        assert_eq!(counter, rows, "the counter is the number of rows");
    }
    answers
}

/// What is wrong with the places of a trial that is full, in the order of the log, which is the order of the draws: nothing may be drawn
/// and then lost, nothing drawn twice, nobody be one too many, and no block be off by more than half.
fn misdrawn(drawing: &Drawing, rows: &[log::AssignmentRow], cap: usize, in_blocks: bool) -> Vec<String> {
    let mut found = Vec::new();
    if rows.len() != cap {
        found.push(format!("{} places of {cap}", rows.len()));
    }
    let people: BTreeSet<&[u8]> = rows.iter().map(|row| row.unit.as_slice()).collect();
    if people.len() != rows.len() {
        found.push("somebody is in it twice".into());
    }
    let mut progress = Progress::default();
    let mut excess: BTreeMap<&str, i64> = BTreeMap::new();
    for (place, row) in rows.iter().enumerate() {
        let unit = Pseudonym::from_bytes(&row.unit).unwrap();
        let subject = Subject { unit: &unit, group: &row.stratum, day: TODAY };
        let drawn = drawing.allocator.assign(&mut progress, &subject).map(|arm| arm as i16);
        if drawn != Some(row.arm) {
            found.push(format!("at {place} {drawn:?} was drawn, and {} is kept", row.arm));
        }
        let excess = excess.entry(&row.stratum).or_default();
        *excess += if row.arm == 0 { 1 } else { -1 };
        // The largest block holds six people.
        if in_blocks && excess.abs() > 3 {
            found.push(format!("at {place} a stratum is off by more than half a block"));
        }
    }
    found
}

on_both_databases! {
    fn a_person_never_gets_two_answers(database) {
        const UNITS: u32 = 400;
        const CALLERS: u32 = 32;
        let installation = Installation::new(database);
        let drawing = installation.started(
            "race",
            Allocation::PermutedBlocks { strata: vec!["half".into()], block_multiples: vec![2, 3] },
            &[1, 1],
            10_000,
        );
        // Each caller goes through all units in an order of its own: 400 = 2^4 * 5^2, so odd steps without 5 reach all.
        let order = |caller: u32| (0..UNITS).map(move |n| (n * (6 * caller + 1 + 2 * u32::from(caller % 5 == 4)) + caller * 13) % UNITS);
        let who: Vec<Vec<u32>> = (0..CALLERS).map(|caller| order(caller).collect()).collect();
        let stratum = |who: u32| if who.is_multiple_of(2) { "even" } else { "odd" };
        let calls = who.iter().map(|units| units.iter().map(|n| in_stratum(&drawing, *n, stratum(*n))).collect()).collect();
        let answers = race(&installation, [installation.store.clone(), installation.another_store()], calls);

        let (mut of_unit, mut new, mut asked): (BTreeMap<Vec<u8>, Vec<Placed>>, usize, usize) = Default::default();
        let rows = installation.store.read_blocking(|c| log::assignments_after(c, 0, 10_000)).unwrap();
        let kept: BTreeMap<Vec<u8>, (usize, i64)> =
            rows.iter().map(|row| (row.unit.clone(), (row.arm as usize, row.assigned_at))).collect();
        for answer in answers.iter().flatten() {
            let placed = place(*answer).expect("an arm, always");
            new += usize::from(matches!(answer, AssignAnswer::New(_)));
            asked += 1;
            // The time of a unit's call is its own in these stories, so it names the unit.
            let number = u32::try_from(placed.assigned_at - NOW).unwrap();
            of_unit.entry(unit(number).bytes().to_vec()).or_default().push(placed);
        }
        assert_eq!((asked, new), ((UNITS * CALLERS) as usize, UNITS as usize));
        assert_eq!(kept.len(), UNITS as usize);
        for (unit, places) in of_unit {
            assert_eq!(places.len(), CALLERS as usize, "every caller asked about every unit once");
            assert!(places.iter().all(|place| (place.arm, place.assigned_at) == kept[&unit]), "a flip");
        }
    }

    fn of_many_identical_calls_one_enters(database) {
        let installation = Installation::new(database);
        let drawing = installation.simple("storm", 10_000);
        // Rounds of a hundred callers who all ask for one person at once, each round another person.
        let rounds = u32::try_from(times(10)).unwrap();
        for who in 0..rounds {
            let calls = (0..100).map(|_| vec![request(&drawing, who)]).collect();
            let answers = race(&installation, [installation.store.clone(), installation.another_store()], calls).concat();
            let new: Vec<_> = answers.iter().filter(|answer| matches!(answer, AssignAnswer::New(_))).collect();
            assert_eq!((answers.len(), new.len()), (100, 1));
            let first = place(*new[0]).unwrap();
            assert!(answers.iter().all(|answer| place(*answer).is_some_and(|place| place == first)), "all are told the same");
        }
        assert_eq!(installation.count("assignments"), i64::from(rounds));
    }

    fn of_every_method_the_cap_is_never_passed_and_no_slot_is_lost(database) {
        let installation = Installation::new(database);
        for (key, method, groups) in methods() {
            let drawing = installation.started(key, method, &[1, 1], 150);
            // 200 people, each asked about by two callers at once on two servers.
            let calls = (0..400).map(|n| vec![in_stratum(&drawing, n / 2, groups[n as usize / 2 % groups.len()])]).collect();
            let answers: Vec<AssignAnswer> =
                race(&installation, [installation.store.clone(), installation.another_store()], calls).concat();
            let count = |wanted: fn(&AssignAnswer) -> bool| answers.iter().filter(|answer| wanted(answer)).count();
            assert_eq!(count(|answer| matches!(answer, AssignAnswer::New(_))), 150, "{key}");
            // Both callers of the fifty who stay out, and whoever asked for one of them before the last place went.
            assert_eq!(count(|answer| matches!(answer, AssignAnswer::CapReached | AssignAnswer::Existing(_))), 250, "{key}");

            let rows = installation.store.read_blocking(|c| log::assignments_after(c, 0, 10_000)).unwrap();
            let rows: Vec<_> = rows.into_iter().filter(|row| row.trial_id == drawing.trial_id).collect();
            assert_eq!(misdrawn(&drawing, &rows, 150, key == "blocks"), Vec::<String>::new(), "{key}");
        }
    }

    fn what_a_race_could_break_is_told_apart_from_what_is_right(database) {
        let installation = Installation::new(database);
        let (key, method, groups) = methods().swap_remove(1);
        let drawing = installation.started(key, method, &[1, 1], 150);
        let calls = (0..200).map(|n| vec![in_stratum(&drawing, n, groups[n as usize % groups.len()])]).collect();
        race(&installation, [installation.store.clone(), installation.another_store()], calls);
        let rows = installation.store.read_blocking(|c| log::assignments_after(c, 0, 10_000)).unwrap();
        assert_eq!(misdrawn(&drawing, &rows, 150, true), Vec::<String>::new());
        let broken = |change: &dyn Fn(&mut Vec<log::AssignmentRow>), says: &str| {
            let mut rows = rows.clone();
            change(&mut rows);
            let found = misdrawn(&drawing, &rows, 150, true);
            assert!(found.iter().any(|fault| fault.contains(says)), "{says}: {found:?}");
        };
        broken(&|rows| rows.push(log::AssignmentRow { unit: unit(9_999).bytes().to_vec(), ..rows[149].clone() }), "places");
        broken(&|rows| drop(rows.remove(70)), "places");
        broken(&|rows| rows[149] = rows[0].clone(), "twice");
        broken(&|rows| rows[70].arm = 1 - rows[70].arm, "was drawn");
        // A slot that was drawn and then lost: everybody of that stratum behind it has the arm of the one before.
        broken(
            &|rows| {
                let lost = rows[60].stratum.clone();
                let mine: Vec<usize> = (60..150).filter(|place| rows[*place].stratum == lost).collect();
                let arms: Vec<i16> = mine.iter().map(|place| rows[*place].arm).collect();
                mine.iter().zip(arms.iter().skip(1)).for_each(|(place, arm)| rows[*place].arm = *arm);
            },
            "was drawn",
        );
        broken(&|rows| rows.iter_mut().for_each(|row| row.arm = 0), "half a block");
    }

    fn a_stop_comes_wholly_before_or_wholly_after_an_assignment(database) {
        let installation = Installation::new(database);
        let drawing = installation.simple("stopped", 10_000);
        let other = installation.another_store();
        let calls: Vec<Vec<AssignRequest>> =
            (0..16).map(|caller| (0..50).map(|n| request(&drawing, caller * 50 + n)).collect()).collect();
        let moving = {
            let (store, trial_id) = (other.clone(), drawing.trial_id);
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                runtime.block_on(store.write(move |c| {
                    let change = trials::StateChange { state: "follow_up".into(), ..Default::default() };
                    trials::move_state(c, trial_id, "enrolling", PLAN, &change)
                }))
            })
        };
        let answers = race(&installation, [installation.store.clone(), other], calls).concat();
        moving.join().unwrap().unwrap();
        let new = answers.iter().filter(|answer| matches!(answer, AssignAnswer::New(_))).count();
        let refused = answers.iter().filter(|answer| matches!(answer, AssignAnswer::NotEnrolling(_))).count();
        assert_eq!(new + refused, 800);
        assert_eq!(installation.count("assignments"), i64::try_from(new).unwrap());
        let last = installation.assign(request(&drawing, 9_999));
        assert!(matches!(last, AssignAnswer::NotEnrolling(_)), "{last:?}");
    }
}
