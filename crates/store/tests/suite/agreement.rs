//! The same commands, one after another, get the same answers and leave the same state on both databases.

use std::sync::Arc;

use fairtrial_domain::{
    event::{EventId, NewEvent, Replaces},
    key::ClusterKey,
    protocol::Allocation,
};
use fairtrial_store::{AssignRequest, Drawing, RecordRequest, audit, people, touches, trials};
use fairtrial_testkit::{
    database::{Kind, TestDatabase},
    size::times,
};
use proptest::{collection::vec, prelude::*, sample::select};

use super::installation::{Installation, NOW, PLAN, dump, event, in_stratum, request};

type Item = (u8, u32, i64, bool, Option<(u8, bool)>);

#[derive(Debug, Clone)]
enum Command {
    /// Calls that land in one group: trial, unit, stratum.
    Assign(Vec<(usize, u32, usize)>),
    /// Batches that land in one group, each promised or not; each event by id, unit, value, kind, and what it corrects or retracts.
    Record(Vec<(bool, Vec<Item>)>),
    Move(usize, &'static str, &'static str),
    Sign(usize, &'static str),
    Audit(u8),
    Touch(usize, i64),
    SignIn(i32, Option<i64>),
    Fail,
    Reopen,
}

const LABELS: [&str; 4] = ["north", "*", "", "ö'\"\\%_"];
const STATES: [&str; 5] = ["enrolling", "enrolment_paused", "suspended", "follow_up", "data_locked"];

fn command() -> impl Strategy<Value = Command> {
    let assign = vec((0..3_usize, 0..60_u32, 0..LABELS.len()), 1..12).prop_map(Command::Assign);
    let item = (0..40_u8, 0..3_u32, -2..2_i64, prop::bool::weighted(0.2), prop::option::of((0..40_u8, any::<bool>())));
    let record = vec((prop::bool::weighted(0.3), vec(item, 0..8)), 1..4).prop_map(Command::Record);
    prop_oneof![
        8 => assign,
        8 => record,
        2 => (0..3_usize, select(&STATES), select(&STATES)).prop_map(|(trial, from, to)| Command::Move(trial, from, to)),
        1 => (0..3_usize, select(&["ethics", "statistics"][..])).prop_map(|(trial, role)| Command::Sign(trial, role)),
        1 => any::<u8>().prop_map(Command::Audit),
        1 => (0..3_usize, 1..9_i64).prop_map(|(trial, requests)| Command::Touch(trial, requests)),
        1 => (0..9_i32, prop::option::of(0..9_i64)).prop_map(|(failed, until)| Command::SignIn(failed, until)),
        1 => Just(Command::Fail),
        1 => Just(Command::Reopen),
    ]
}

fn call(drawings: &[Arc<Drawing>], (trial, who, label): (usize, u32, usize)) -> AssignRequest {
    match trial {
        0 => request(&drawings[0], who),
        1 => in_stratum(&drawings[1], who, LABELS[label]),
        _ => in_stratum(&drawings[2], who, ["office-1", "office-2", "office-3", "elsewhere"][label]),
    }
}

/// Runs the commands; what each was answered, and the state in the end.
fn told(kind: Kind, commands: &[Command]) -> Vec<String> {
    let database = TestDatabase::fresh(kind).unwrap();
    let mut installation = Installation::new(&database);
    let roster = (1..=3).map(|n| ClusterKey::new(&format!("office-{n}")).unwrap()).collect();
    let blocks = Allocation::PermutedBlocks { strata: vec!["region".into()], block_multiples: vec![1, 2] };
    let drawings = [
        installation.simple("simple", 20),
        installation.started("blocks", blocks, &[2, 1, 1], 40),
        installation.started("clusters", Allocation::Cluster { roster }, &[1, 1], 30),
    ];
    let mut told: Vec<String> = Vec::new();
    for command in commands {
        let answer = match command.clone() {
            Command::Assign(calls) => {
                let calls = calls.into_iter().map(|one| call(&drawings, one)).collect();
                format!("{:?}", installation.assign_together(calls))
            }
            Command::Record(batches) => {
                let made = |(id, who, value, other, named): Item| {
                    let id_of = |id: u8| EventId::new(&format!("e{id}")).unwrap();
                    let named = named.filter(|(replaced, _)| *replaced != id);
                    let replaces = named.map(|(replaced, retracts)| Replaces { event_id: id_of(replaced), retracts });
                    let value = (value != 0).then_some(value);
                    let kind = if other { "called" } else { "paid" };
                    NewEvent { kind: kind.into(), replaces, ..event(&format!("e{id}"), who, value) }
                };
                let batches = batches
                    .into_iter()
                    .map(|(promised, batch)| RecordRequest {
                        promised,
                        ..installation.batch(batch.into_iter().map(made).collect())
                    })
                    .collect();
                format!("{:?}", installation.record_together(batches))
            }
            Command::Move(trial, from, to) => {
                format!("{:?}", installation.move_state(drawings[trial].trial_id, from, to))
            }
            Command::Sign(trial, role) => {
                let signature = trials::NewSignature {
                    trial_id: drawings[trial].trial_id,
                    person_id: installation.person,
                    role: role.into(),
                    protocol_id: PLAN.into(),
                    note: String::new(),
                    signed_at: NOW,
                    kind: "signed".into(),
                };
                format!("{:?}", installation.write(move |c| trials::sign(c, &signature)))
            }
            Command::Audit(n) => {
                let entry = audit::NewEntry {
                    at: NOW + i64::from(n),
                    agency_id: Some(installation.agency),
                    person_id: (n % 2 == 0).then_some(i64::from(n)),
                    key_id: None,
                    action: format!("a{}", n % 5),
                    subject: format!("s{}", n % 3),
                    detail: LABELS[n as usize % 4].into(),
                };
                format!("{:?}", installation.write(move |c| audit::append(c, &entry)))
            }
            Command::Touch(trial, requests) => {
                let counts = [(drawings[trial].trial_id, "opted_out", requests)];
                format!("{:?}", installation.write(move |c| touches::add(c, &counts)))
            }
            Command::SignIn(failed, until) => {
                let person = installation.person;
                let read = installation.write(move |c| {
                    people::note_sign_in(c, person, failed, until)?;
                    people::by_id(c, person)
                });
                format!("{read:?}")
            }
            Command::Fail => {
                let trial_id = drawings[0].trial_id;
                let failed = installation.write(move |c| {
                    touches::add(c, &[(trial_id, "opted_out", 1)])?;
                    trials::move_state(c, trial_id, "draft", PLAN, &trials::StateChange::default())
                });
                format!("{failed:?}")
            }
            Command::Reopen => {
                installation.store = installation.another_store();
                "opened again".into()
            }
        };
        told.push(answer);
    }
    told.extend(dump(&installation).lines().map(str::to_owned));
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: u32::try_from(times(12)).unwrap(), failure_persistence: None, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn both_databases_answer_and_keep_the_same(commands in vec(command(), 1..40)) {
        prop_assert_eq!(told(Kind::Sqlite, &commands), told(Kind::Postgres, &commands));
    }
}

/// A comparison that cannot tell two histories apart would prove nothing.
#[test]
fn the_comparison_sees_a_difference() {
    let first = vec![Command::Record(vec![(false, vec![(1, 1, 1, true, None)])])];
    let second = vec![Command::Record(vec![(false, vec![(1, 1, -1, true, None)])])];
    assert_ne!(told(Kind::Sqlite, &first), told(Kind::Postgres, &second));
}
