//! Notes folded beside events: what people took out is out exactly, in whatever order the two logs are read.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use fairtrial_domain::{
    Decimal, LockedProtocol, Pseudonym,
    eligibility::Attributes,
    note::DeliveryStatus,
    projection::{ArmHandling, AssignedUnit, Evidence, FoldedEvent, TrialProjection, UnitNote},
    trial::{AssignmentOutcome, Gate, Standing, State, before_draw},
};
use proptest::prelude::*;

fn plan() -> Arc<LockedProtocol> {
    let document = include_bytes!("../../../../docs/examples/fines-letter.protocol.json");
    Arc::new(LockedProtocol::from_json(document).unwrap())
}

fn start() -> DateTime<Utc> {
    "2026-03-01T00:00:00Z".parse().unwrap()
}

fn unit(number: u8) -> Pseudonym {
    Pseudonym::from_bytes(&[number; 16]).unwrap()
}

#[derive(Debug, Clone, Copy)]
enum Fact {
    Event(u8, bool, i64),
    Note(u8, UnitNote),
}

const UNITS: u8 = 6;

fn fact() -> impl Strategy<Value = Fact> {
    let status = proptest::sample::select(DeliveryStatus::ALL);
    let note = prop_oneof![
        3 => status.prop_map(UnitNote::Delivery),
        1 => (0..2_u8).prop_map(UnitNote::Override),
        1 => (1..=4_u8).prop_map(UnitNote::Harm),
        1 => Just(UnitNote::OptedOut),
        1 => Just(UnitNote::DataWithdrawn),
    ];
    prop_oneof![
        3 => (0..UNITS, any::<bool>(), 0..40_i64).prop_map(|(who, money, day)| Fact::Event(who, money, day)),
        2 => (0..UNITS, note).prop_map(|(who, note)| Fact::Note(who, note)),
    ]
}

/// The last unit is nobody in the trial.
fn folded<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Evidence {
    let mut projection = TrialProjection::new(plan());
    for number in 0..UNITS - 1 {
        let arm = usize::from(number % 2);
        projection.assign(&AssignedUnit {
            unit: unit(number),
            arm,
            group: "north".into(),
            assigned_at: start(),
            event_place: 0,
            in_transition: false,
            attributes: Attributes::new(),
        });
    }
    for (sequence, fact) in (1..).zip(facts) {
        match *fact {
            Fact::Event(who, money, day) => {
                let (kind, value) = if money { ("payment.received", Some("12.5")) } else { ("fine.settled", None) };
                let event = FoldedEvent {
                    sequence,
                    unit: unit(who),
                    kind: kind.into(),
                    value: value.map(|text: &str| text.parse::<Decimal>().unwrap()),
                    occurred_at: start() + Duration::days(day),
                };
                projection.fold(&event);
            }
            Fact::Note(who, note) => projection.note(&unit(who), note),
        }
    }
    projection.evidence(start() + Duration::days(1_000), 9, true, Vec::new())
}

proptest! {
    #[test]
    fn the_two_logs_may_be_read_in_any_order(facts in proptest::collection::vec(fact(), 0..40)) {
        let is_event = |fact: &&Fact| matches!(fact, Fact::Event(..));
        let (events, notes): (Vec<&Fact>, Vec<&Fact>) = facts.iter().partition(is_event);
        let as_it_came = folded(&facts);
        prop_assert_eq!(&folded(events.iter().chain(&notes).copied()), &as_it_came);
        prop_assert_eq!(&folded(notes.iter().chain(&events).copied()), &as_it_came);
        // A log that is read twice from its start, as after a crash, counts each person once.
        let assigned = |arm: u8| u64::from((UNITS - arm) / 2);
        for (arm, handling) in (0_u8..).zip(&as_it_came.handling) {
            prop_assert!(handling.seen <= handling.delivered && handling.delivered <= assigned(arm));
            prop_assert!(handling.data_withdrawn <= handling.opted_out && handling.opted_out <= assigned(arm));
        }
    }

    /// Whoever took their data out left no trace in any sum, and stands in exactly one place of the counts.
    #[test]
    fn what_is_taken_out_is_as_if_it_had_never_been(facts in proptest::collection::vec(fact(), 0..40)) {
        let gone = |who: u8| facts.iter().any(|fact| matches!(fact, Fact::Note(about, UnitNote::DataWithdrawn) if *about == who));
        let kept: Vec<&Fact> = facts.iter().filter(|fact| !matches!(fact, Fact::Event(who, ..) if gone(*who))).collect();
        let (all, without) = (folded(&facts), folded(kept));
        for (all, without) in all.outcomes.iter().zip(&without.outcomes) {
            for (all, without) in all.cells.iter().zip(&without.cells) {
                prop_assert_eq!(&all.tally, &without.tally);
                prop_assert_eq!(all.mature + all.set_aside, all.assigned);
                let withdrawn = (0..UNITS - 1).filter(|who| usize::from(who % 2) == all.arm && gone(*who)).count() as u64;
                prop_assert_eq!(all.set_aside, withdrawn);
            }
        }
    }
}

#[test]
fn each_person_is_counted_once_and_each_harm_by_report() {
    let delivered = UnitNote::Delivery(DeliveryStatus::Delivered);
    let notes = [
        delivered,
        delivered,
        UnitNote::Delivery(DeliveryStatus::Failed),
        UnitNote::Override(0),
        UnitNote::Override(1),
        UnitNote::Override(0),
        UnitNote::Harm(4),
        UnitNote::Harm(4),
        UnitNote::Harm(1),
        UnitNote::OptedOut,
    ];
    let facts: Vec<Fact> = notes.into_iter().map(|note| Fact::Note(1, note)).collect();
    let wanted = ArmHandling {
        delivered: 1,
        failed: 1,
        overridden: 1,
        opted_out: 1,
        harms: [1, 0, 0, 2],
        ..ArmHandling::default()
    };
    assert_eq!(folded(&facts).handling, [ArmHandling::default(), wanted]);
}

#[test]
fn the_first_closed_gate_in_the_fixed_order_decides() {
    let plan = plan();
    let nobody = Default::default();
    let all = Standing { past_end: false, opted_out: true, at_burden_cap: true, in_layer: true, full: true };
    let outcome =
        |state, standing| before_draw(state, standing, plan.protocol(), &nobody).map_err(|(outcome, _)| outcome);
    assert_eq!(outcome(State::EnrolmentPaused, all), Err(AssignmentOutcome::EnrolmentPaused));
    assert_eq!(outcome(State::Enrolling, all), Err(AssignmentOutcome::OptedOut));
    assert_eq!(outcome(State::Enrolling, Standing { past_end: true, ..all }), Err(AssignmentOutcome::Ended));
    let standing = Standing { opted_out: false, ..all };
    assert_eq!(
        outcome(State::Enrolling, standing),
        Err(AssignmentOutcome::NotEligible),
        "the plan asks for attributes"
    );
    let by = |gate: Gate, standing| {
        gate.pass(State::Enrolling, standing, plan.protocol(), &nobody).map_err(|(outcome, _)| outcome)
    };
    assert_eq!(by(Gate::BurdenCap, all), Err(AssignmentOutcome::BurdenCap));
    assert_eq!(by(Gate::Layer, all), Err(AssignmentOutcome::ExcludedByOtherTrial));
    assert_eq!(by(Gate::EnrolmentCap, all), Err(AssignmentOutcome::CapReached));
    let words: Vec<&str> = Gate::ALL.iter().map(|gate| gate.as_str()).collect();
    assert_eq!(words, ["state", "opt_out", "eligibility", "burden_cap", "layer", "enrolment_cap"]);
    assert!(Gate::ALL.iter().all(|gate| *gate == Gate::Eligibility || by(*gate, Standing::default()).is_ok()));
}
