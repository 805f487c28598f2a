//! Drawing, finding again, and refusing.

use std::{collections::BTreeMap, sync::Arc};

use fairtrial_domain::{
    allocation::{AllocationSecret, Progress, Subject, arms_of_clusters, simple},
    key::ClusterKey,
    protocol::Allocation,
    trial::State,
};
use fairtrial_store::{AssignAnswer, AssignRequest, Drawing, Placed, Store, StoreError, WriterSettings, log};
use fairtrial_testkit::on_both_databases;

use super::installation::{Installation, NOW, SECRET, TODAY, drawing, event, in_stratum, place, request, unit};

fn blocks() -> Allocation {
    Allocation::PermutedBlocks { strata: vec!["region".into()], block_multiples: vec![1, 2, 3] }
}

/// What the stored rows must be, drawn again from the secret in their order.
fn replayed(drawing: &Drawing, rows: &[log::AssignmentRow]) -> (Vec<usize>, Progress) {
    let mut progress = Progress::default();
    let arms = rows
        .iter()
        .map(|row| {
            let unit = fairtrial_domain::Pseudonym::from_bytes(&row.unit).unwrap();
            let day = chrono::DateTime::from_timestamp_micros(row.assigned_at).unwrap().date_naive();
            drawing.allocator.assign(&mut progress, &Subject { unit: &unit, group: &row.stratum, day }).unwrap()
        })
        .collect();
    (arms, progress)
}

on_both_databases! {
    fn nobody_new_is_drawn_by_a_plan_that_is_not_in_force(database) {
        let installation = Installation::new(database);
        let drawing = installation.simple("open-door", 1_000);
        let first = installation.assign(request(&drawing, 1));
        let other = Arc::new(Drawing {
            trial_id: drawing.trial_id,
            protocol_id: "plan-0".into(),
            allocator: drawing.allocator.clone(),
            cap: drawing.cap,
        });
        assert_eq!(installation.assign(request(&other, 2)), AssignAnswer::PlanChanged);
        assert_eq!(place(installation.assign(request(&other, 1))), place(first), "whoever is in stays in");
        assert_eq!(installation.count("assignments"), 1);
    }

    fn a_new_unit_is_drawn_and_then_found_again(database) {
        let installation = Installation::new(database);
        let drawing = installation.simple("open-door", 1_000);
        for who in 0..40 {
            let arm = simple(&AllocationSecret::new(SECRET), &unit(who), &[1, 1]);
            let drawn = Placed { unit: unit(who), arm, assigned_at: NOW + i64::from(who) };
            assert_eq!(installation.assign(request(&drawing, who)), AssignAnswer::New(drawn));
            let later = AssignRequest { at: NOW + 1_000_000, stratum: "other".into(), ..request(&drawing, who) };
            assert_eq!(installation.assign(later), AssignAnswer::Existing(drawn));
        }
        assert_eq!(installation.count("assignments"), 40);
        let enrolled = installation.lines("SELECT stratum || ' ' || CAST(enrolled AS TEXT) AS line FROM enrolments");
        assert_eq!(enrolled, ["* 40"]);
    }

    fn the_whole_row_is_kept(database) {
        let installation = Installation::new(database);
        let drawing = installation.simple("open-door", 10);
        installation.record(vec![event("a", 1, None), event("b", 2, None)]);
        let full = AssignRequest { attributes: Some("{\"age\":41}".into()), ..in_stratum(&drawing, 1, "north") };
        let kept = place(installation.assign(full)).unwrap();
        let row = installation.store.read_blocking(|c| log::assignments_after(c, 0, 10)).unwrap().remove(0);
        let wanted = log::AssignmentRow {
            sequence: 1,
            trial_id: drawing.trial_id,
            unit: unit(1).bytes().to_vec(),
            arm: i16::try_from(kept.arm).unwrap(),
            stratum: "north".into(),
            assigned_at: NOW + 1,
            event_place: 2,
            attributes: Some("{\"age\":41}".into()),
        };
        assert_eq!(row, wanted);
        let rest = installation.lines("SELECT CAST(bucket AS TEXT) || ' ' || attributes AS line FROM assignments");
        assert_eq!(rest, [format!("{} {{\"age\":41}}", unit(1).bucket())]);
    }

    fn one_unit_many_times_in_one_group_is_one_row(database) {
        let installation = Installation::new(database);
        let (first, second) = (installation.simple("a", 100), installation.simple("b", 100));
        let calls = (0..60).map(|n| request(if n % 2 == 0 { &second } else { &first }, n % 5)).collect();
        let answers: Vec<AssignAnswer> =
            installation.assign_together(calls).into_iter().map(Result::unwrap).collect();
        assert_eq!(answers.iter().filter(|answer| matches!(answer, AssignAnswer::New(_))).count(), 10);
        for n in 0..10 {
            assert!(matches!(answers[n], AssignAnswer::New(_)), "the first of its kind, in the order of the calls");
            for again in (n..60).step_by(10) {
                assert_eq!(place(answers[again]), place(answers[n]), "call {again} is about the same unit and trial");
            }
        }
        assert_eq!(installation.count("assignments"), 10);
        let places = installation.lines("SELECT CAST(sequence AS TEXT) AS line FROM assignments ORDER BY sequence");
        assert_eq!(places, (1..=10).map(|place| place.to_string()).collect::<Vec<_>>());
    }

    fn strata_and_blocks_survive_a_restart_and_replay_from_the_secret(database) {
        let installation = Installation::new(database);
        let drawing = installation.started("blocks", blocks(), &[2, 1], 1_000);
        // One stratum bears the name of the row of all, one has no name.
        let strata = ["north", "*", "", "south"];
        let ask = |from: u32, to: u32| (from..to).map(|who| in_stratum(&drawing, who, strata[who as usize % 4])).collect();
        assert!(installation.assign_together(ask(0, 90)).iter().all(Result::is_ok));
        assert!(installation.assign_together(ask(60, 131)).iter().all(Result::is_ok));
        let second = Store::open(&installation.url, WriterSettings::default()).unwrap();
        for call in ask(120, 240) {
            installation.wait(second.assign(call)).unwrap();
        }

        let rows = second.read_blocking(|c| log::assignments_after(c, 0, 1_000)).unwrap();
        assert_eq!(rows.len(), 240);
        let (arms, progress) = replayed(&drawing, &rows);
        assert_eq!(rows.iter().map(|row| row.arm as usize).collect::<Vec<_>>(), arms);
        let mut people: BTreeMap<&str, u64> = BTreeMap::new();
        rows.iter().for_each(|row| *people.entry(&row.stratum).or_default() += 1);
        let mut wanted: Vec<String> = progress
            .blocks
            .iter()
            .map(|(stratum, state)| format!("={stratum} {} {} {}", people[stratum.as_str()], state.block, state.taken))
            .chain(["* 240 0 0".to_owned()])
            .collect();
        wanted.sort();
        let mut kept = installation.lines(
            "SELECT stratum || ' ' || CAST(enrolled AS TEXT) || ' ' || CAST(block AS TEXT) || ' ' || CAST(taken AS TEXT) AS line \
             FROM enrolments",
        );
        kept.sort();
        assert_eq!(kept, wanted);
    }

    fn margins_survive_a_restart_and_replay_from_the_secret(database) {
        let installation = Installation::new(database);
        let factors = vec!["age".into(), "region".into()];
        let method = Allocation::Minimisation { factors, probability: "0.8".parse().unwrap() };
        let drawing = installation.started("minimised", method, &[2, 1], 1_000);
        let levels = |who: u32| format!("{}/{}", ["young", "old"][who as usize * who as usize % 3 % 2], ["n", "e", "s"][who as usize % 3]);
        let ask = |from: u32, to: u32| (from..to).map(|who| in_stratum(&drawing, who, &levels(who))).collect();
        assert!(installation.assign_together(ask(0, 90)).iter().all(Result::is_ok));
        let second = Store::open(&installation.url, WriterSettings::default()).unwrap();
        for call in ask(60, 200) {
            installation.wait(second.assign(call)).unwrap();
        }
        assert!(installation.assign_together(ask(150, 240)).iter().all(Result::is_ok));
        // A group that is not one level for each factor is no group of the plan, and moves nothing.
        assert_eq!(installation.assign(in_stratum(&drawing, 999, "young")), AssignAnswer::UnknownCluster);

        let rows = second.read_blocking(|c| log::assignments_after(c, 0, 1_000)).unwrap();
        let (arms, progress) = replayed(&drawing, &rows);
        assert_eq!(rows.iter().map(|row| row.arm as usize).collect::<Vec<_>>(), arms);
        let kept = installation.lines("SELECT stratum || ' ' || CAST(enrolled AS TEXT) || ' ' || margins AS line FROM enrolments");
        assert_eq!(kept, [format!("* 240 {}", progress.margins.to_text())]);
        let second_arm = arms.iter().filter(|arm| **arm == 1).count();
        assert!((70..=90).contains(&second_arm), "{second_arm} of 240 instead of a third");
    }

    fn sites_of_a_wedge_go_by_the_day(database) {
        let installation = Installation::new(database);
        let sites: Vec<ClusterKey> = (0..4).map(|n| ClusterKey::new(&format!("site-{n}")).unwrap()).collect();
        let days = |n: u64| TODAY + chrono::Days::new(n);
        let method = Allocation::SteppedWedge { sites, steps: vec![days(10), days(20)], transition_days: 3, sites_per_step: vec![2, 2] };
        let drawing = installation.started("wedge", method, &[1, 1], 1_000);
        let calendar = drawing.allocator.calendar().unwrap().clone();
        for (who, day) in (0..120).zip((0..30).cycle()) {
            let site = format!("site-{}", who % 4);
            let at = NOW + i64::try_from(day).unwrap() * 86_400_000_000;
            let call = AssignRequest { day: days(day), at, ..in_stratum(&drawing, who, &site) };
            assert_eq!(place(installation.assign(call)).map(|place| place.arm), calendar.arm(&site, days(day)));
        }
        assert_eq!(installation.assign(in_stratum(&drawing, 999, "elsewhere")), AssignAnswer::UnknownCluster);
        let rows = installation.store.read_blocking(|c| log::assignments_after(c, 0, 1_000)).unwrap();
        assert_eq!(rows.iter().map(|row| row.arm as usize).collect::<Vec<_>>(), replayed(&drawing, &rows).0);
    }

    fn whoever_is_in_stays_in_whatever_the_state_and_nobody_new_enters(database) {
        let installation = Installation::new(database);
        let drawing = installation.simple("open-door", 1_000);
        let known = place(installation.assign(request(&drawing, 1))).unwrap();
        let moves = [
            ("enrolling", "enrolment_paused", State::EnrolmentPaused),
            ("enrolment_paused", "suspended", State::Suspended),
            ("suspended", "follow_up", State::FollowUp),
            ("follow_up", "data_locked", State::DataLocked),
        ];
        for (from, to, state) in moves {
            installation.move_state(drawing.trial_id, from, to).unwrap();
            let answers = installation.assign_together(vec![request(&drawing, 1), request(&drawing, 2)]);
            assert_eq!(answers, [Ok(AssignAnswer::Existing(known)), Ok(AssignAnswer::NotEnrolling(state))]);
        }
        assert_eq!(installation.count("assignments"), 1);
    }

    fn paused_enrolment_goes_on_where_it_stood(database) {
        let installation = Installation::new(database);
        let drawing = installation.simple("open-door", 2);
        installation.assign(request(&drawing, 1));
        installation.move_state(drawing.trial_id, "enrolling", "enrolment_paused").unwrap();
        installation.move_state(drawing.trial_id, "enrolment_paused", "enrolling").unwrap();
        assert!(matches!(installation.assign(request(&drawing, 2)), AssignAnswer::New(_)));
        assert_eq!(installation.assign(request(&drawing, 3)), AssignAnswer::CapReached);
    }

    fn a_trial_that_has_not_started_takes_nobody_and_harms_nobody(database) {
        let installation = Installation::new(database);
        let running = installation.simple("open-door", 1_000);
        let draft = drawing(installation.draft("later"), &Allocation::Simple, &[1, 1], 10);
        let answers = installation.assign_together(vec![request(&draft, 1), request(&running, 1)]);
        assert_eq!(answers[0], Ok(AssignAnswer::NotEnrolling(State::Draft)));
        assert!(matches!(answers[1], Ok(AssignAnswer::New(_))));
    }

    fn a_call_for_no_trial_fails_alone(database) {
        let installation = Installation::new(database);
        let running = installation.simple("open-door", 1_000);
        let nowhere = drawing(999, &Allocation::Simple, &[1, 1], 10);
        let calls = vec![request(&running, 1), request(&nowhere, 1), request(&running, 2)];
        let answers = installation.assign_together(calls);
        assert!(matches!(answers[0], Ok(AssignAnswer::New(_))), "{answers:?}");
        assert!(matches!(answers[1], Err(StoreError::Changed(_))), "{answers:?}");
        assert!(matches!(answers[2], Ok(AssignAnswer::New(_))), "{answers:?}");
    }

    fn clusters_go_together_and_unknown_ones_are_refused(database) {
        let installation = Installation::new(database);
        let roster: Vec<ClusterKey> = (0..6).map(|n| ClusterKey::new(&format!("office-{n}")).unwrap()).collect();
        let method = Allocation::Cluster { roster: roster.clone() };
        let drawing = installation.started("offices", method, &[1, 1], 1_000);
        let arms = arms_of_clusters(&AllocationSecret::new(SECRET), &roster, &[1, 1]);
        for who in 0..30 {
            let cluster = format!("office-{}", who % 6);
            let wanted = arms.get(&cluster).copied();
            assert_eq!(place(installation.assign(in_stratum(&drawing, who, &cluster))).map(|place| place.arm), wanted);
        }
        assert_eq!(installation.assign(in_stratum(&drawing, 99, "elsewhere")), AssignAnswer::UnknownCluster);
        assert_eq!(installation.assign(request(&drawing, 98)), AssignAnswer::UnknownCluster);
        assert_eq!(installation.count("assignments"), 30);
        let enrolled = installation.lines("SELECT CAST(enrolled AS TEXT) AS line FROM enrolments");
        assert_eq!(enrolled, ["30"]);
    }
}
