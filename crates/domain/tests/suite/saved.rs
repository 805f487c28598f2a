//! A fold that is written down and read back goes on as if nothing had been.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Duration, Utc};
use fairtrial_domain::{
    Decimal, LockedProtocol, Pseudonym,
    eligibility::{AttributeValue, Attributes},
    note::DeliveryStatus,
    projection::{AssignedUnit, Evidence, FoldedEvent, TrialProjection, UnitEvidence, UnitNote},
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Every kind of outcome, in strata, with a channel that is none.
fn plan() -> Arc<LockedProtocol> {
    let mut plan: Value =
        serde_json::from_str(include_str!("../../../../docs/examples/fines-letter.protocol.json")).unwrap();
    let outcomes = plan["outcomes"].as_array_mut().unwrap();
    outcomes.push(json!({"key": "days", "name": "Time to pay", "role": "secondary", "event": "fine.settled",
        "kind": "duration", "better": "decrease", "follow_up_days": 28, "step": "1"}));
    let channel = json!({"name": "channel", "type": "category", "values": ["web", "phone"], "purpose": "covariate"});
    plan["attributes"].as_array_mut().unwrap().push(channel);
    Arc::new(LockedProtocol::from_value(&plan).unwrap_or_else(|faults| panic!("{faults:?}")))
}

#[derive(Debug, Clone)]
enum Fact {
    Assigned(AssignedUnit),
    Event(FoldedEvent),
    Note(Pseudonym, UnitNote),
}

fn at(minutes: i64) -> DateTime<Utc> {
    "2026-03-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::minutes(minutes)
}

fn unit() -> impl Strategy<Value = Pseudonym> {
    (0_u8..12).prop_map(|number| Pseudonym::from_bytes(&[number; 16]).unwrap())
}

/// Assignments may come after the events of their units.
fn fact() -> impl Strategy<Value = Fact> {
    let note = prop_oneof![
        Just(UnitNote::Delivery(DeliveryStatus::Seen)),
        (0_u8..2).prop_map(UnitNote::Override),
        (1_u8..=4).prop_map(UnitNote::Harm),
        Just(UnitNote::OptedOut),
        Just(UnitNote::DataWithdrawn),
    ];
    let kind = prop::sample::select(vec!["fine.settled", "call.received", "payment.received", "something.else"]);
    prop_oneof![
        3 => (unit(), 0_usize..2, prop::sample::select(vec!["north", "south"]), 0_i64..4_000, 0_i64..1_000, prop::option::of(prop::sample::select(vec!["web", "phone"]))).prop_map(|(unit, arm, group, minutes, place, channel)| {
            let channel = channel.map(|channel| ("channel".to_owned(), AttributeValue::Category(channel.to_owned())));
            let attributes = channel.into_iter().collect();
            Fact::Assigned(AssignedUnit { unit, arm, group: group.into(), assigned_at: at(minutes), event_place: place, in_transition: false, attributes })
        }),
        6 => (unit(), kind, -100_i64..50_000, 1_i64..1_000, 0_i64..2_000).prop_map(|(unit, kind, minutes, place, cents)| {
            let value = (kind == "payment.received").then(|| Decimal::from_millionths(cents * 10_000).unwrap());
            let occurred_at = at(minutes);
            Fact::Event(FoldedEvent { sequence: place, unit, kind: kind.into(), value, occurred_at })
        }),
        2 => (unit(), note).prop_map(|(unit, note)| Fact::Note(unit, note)),
    ]
}

fn fold(projection: &mut TrialProjection, facts: &[Fact]) {
    for fact in facts {
        match fact {
            Fact::Assigned(unit) => projection.assign(unit),
            Fact::Event(event) => projection.fold(event),
            Fact::Note(unit, note) => projection.note(unit, *note),
        }
    }
}

/// A fold as bytes.
pub(crate) fn saved(projection: &TrialProjection) -> Vec<u8> {
    let mut bytes = Vec::new();
    projection.save(&mut |piece| bytes.extend_from_slice(piece));
    bytes
}

/// What can be seen of a fold.
fn seen(projection: &TrialProjection) -> (Evidence, UnitEvidence, Vec<(Pseudonym, u8, i64)>) {
    let mut places: Vec<_> = projection.places().map(|(unit, arm, at)| (*unit, arm, at)).collect();
    places.sort_unstable();
    let people = projection.unit_evidence(at(1_000_000), &HashMap::new());
    (projection.evidence(at(1_000_000), 9, true, Vec::new()), people, places)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_goes_on_where_it_stopped(facts in prop::collection::vec(fact(), 0..60), cut in 0_usize..60) {
        let (before, after) = facts.split_at(cut.min(facts.len()));
        let mut whole = TrialProjection::new(plan());
        fold(&mut whole, before);
        let mut again = TrialProjection::restore(plan(), &saved(&whole)).unwrap();
        prop_assert_eq!(seen(&again), seen(&whole));
        fold(&mut whole, after);
        fold(&mut again, after);
        prop_assert_eq!(seen(&again), seen(&whole));
    }

    #[test]
    fn bytes_that_are_no_fold_are_refused_or_read_but_never_trip_it(
        facts in prop::collection::vec(fact(), 0..30), place in any::<prop::sample::Index>(), byte in any::<u8>()
    ) {
        let mut whole = TrialProjection::new(plan());
        fold(&mut whole, &facts);
        let mut bytes = saved(&whole);
        let place = place.index(bytes.len());
        prop_assert!(TrialProjection::restore(plan(), &bytes[..place]).is_none(), "cut off");
        bytes[place] = byte;
        // The proof of the file tells a changed byte; here it must do no harm.
        drop(TrialProjection::restore(plan(), &bytes));
        bytes.push(0);
        prop_assert!(TrialProjection::restore(plan(), &bytes).is_none(), "too long");
    }
}

#[test]
fn a_fold_of_another_plan_is_refused() {
    let mut whole = TrialProjection::new(plan());
    fold(
        &mut whole,
        &[Fact::Assigned(AssignedUnit {
            unit: Pseudonym::from_bytes(&[1; 16]).unwrap(),
            arm: 0,
            group: "north".into(),
            assigned_at: at(0),
            event_place: 0,
            in_transition: false,
            attributes: Attributes::new(),
        })],
    );
    let other = include_bytes!("../../../../docs/examples/fines-letter.protocol.json");
    let other = Arc::new(LockedProtocol::from_json(other).unwrap());
    assert!(TrialProjection::restore(other, &saved(&whole)).is_none(), "it has one outcome less");
}

/// However many people there are, no piece is large, so that a server of a million people needs no room for their fold a second time.
#[test]
fn a_large_fold_comes_in_small_pieces() {
    let mut whole = TrialProjection::new(plan());
    for number in 0..20_000_u32 {
        let mut name = [0; 16];
        name[..4].copy_from_slice(&number.to_le_bytes());
        whole.assign(&AssignedUnit {
            unit: Pseudonym::from_bytes(&name).unwrap(),
            arm: number as usize % 2,
            group: "north".into(),
            assigned_at: at(i64::from(number)),
            event_place: 0,
            in_transition: false,
            attributes: Attributes::new(),
        });
    }
    let (mut pieces, mut bytes) = (Vec::new(), Vec::new());
    whole.save(&mut |piece| {
        pieces.push(piece.len());
        bytes.extend_from_slice(piece);
    });
    assert!(bytes.len() > 1_000_000 && pieces.iter().all(|piece| *piece <= 70_000), "{pieces:?}");
    let again = TrialProjection::restore(plan(), &bytes).unwrap();
    assert_eq!(again.places().count(), 20_000);
    // Two people in one place are no fold, also where each name is there once.
    let place = 8 + 16..8 + 20;
    let other: [u8; 4] = bytes[8 + 36..8 + 40].try_into().unwrap();
    bytes[place].copy_from_slice(&other);
    assert!(TrialProjection::restore(plan(), &bytes).is_none());
}
