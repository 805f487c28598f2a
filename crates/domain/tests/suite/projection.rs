//! Events folded into outcomes: whatever the order, on time, early or late, and through changes of the clocks.

use std::{collections::HashSet, sync::Arc};

use chrono::{DateTime, Duration, Utc};
use fairtrial_domain::{
    Decimal, LockedProtocol, Pseudonym,
    eligibility::Attributes,
    projection::{AssignedUnit, Evidence, FoldedEvent, Tally, TrialProjection, matures_at},
};
use proptest::prelude::*;

fn plan() -> Arc<LockedProtocol> {
    let document = include_bytes!("../../../../docs/examples/fines-letter.protocol.json");
    Arc::new(LockedProtocol::from_json(document).unwrap())
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn start() -> DateTime<Utc> {
    time("2026-03-01T00:00:00Z")
}

fn unit(number: u8) -> Pseudonym {
    Pseudonym::from_bytes(&[number; 16]).unwrap()
}

fn assigned(number: u8, arm: usize, at: DateTime<Utc>) -> AssignedUnit {
    AssignedUnit {
        unit: unit(number),
        arm,
        group: "north".to_owned(),
        assigned_at: at,
        event_place: 0,
        in_transition: false,
        attributes: Attributes::new(),
    }
}

fn happened(number: u8, kind: &str, value: Option<&str>, at: DateTime<Utc>) -> FoldedEvent {
    let value = value.map(|text| text.parse::<Decimal>().unwrap());
    FoldedEvent { sequence: 1, unit: unit(number), kind: kind.into(), value, occurred_at: at }
}

/// Everything over, long after.
fn at_the_end(projection: &TrialProjection) -> Evidence {
    projection.evidence(start() + Duration::days(1_000), 9, true, Vec::new())
}

/// One outcome's tally of one arm: 0 paid, 1 calls, 2 complaints, 3 dollars.
fn tally(evidence: &Evidence, outcome: usize, arm: usize) -> (u64, i128) {
    let Tally { observed, sum, .. } = evidence.outcomes[outcome].arm(arm).2;
    (observed, sum)
}

#[test]
fn one_event_feeds_the_outcomes_that_listen_within_their_follow_up() {
    let mut projection = TrialProjection::new(plan());
    projection.assign(&assigned(1, 1, start()));
    let mut fold = |event: &FoldedEvent| projection.fold(event);
    fold(&happened(1, "fine.settled", None, start() + Duration::days(28) - Duration::microseconds(1)));
    fold(&happened(1, "call.received", None, start() + Duration::days(3)));
    fold(&happened(1, "call.received", None, start() + Duration::days(4)));
    fold(&happened(1, "payment.received", Some("12.34"), start() + Duration::days(89)));
    fold(&happened(1, "payment.received", Some("5000"), start() + Duration::days(1)));
    fold(&happened(1, "something.else", None, start() + Duration::days(1)));
    let evidence = at_the_end(&projection);
    assert_eq!(
        [0, 1, 3].map(|outcome| tally(&evidence, outcome, 1)),
        [(1, 1), (1, 2), (1, 100_000)],
        "capped at 1,000"
    );
    assert_eq!(evidence.events.counted, 5);
}

#[test]
fn what_comes_before_or_after_is_counted_apart() {
    let mut projection = TrialProjection::new(plan());
    projection.assign(&assigned(1, 0, start()));
    let mut fold = |event: &FoldedEvent| projection.fold(event);
    fold(&happened(1, "fine.settled", None, start() - Duration::microseconds(1)));
    fold(&happened(1, "fine.settled", None, start() + Duration::days(28)));
    fold(&happened(9, "fine.settled", None, start() + Duration::days(1)));
    let evidence = at_the_end(&projection);
    assert_eq!(tally(&evidence, 0, 0), (0, 0));
    let counts = evidence.events;
    assert_eq!([counts.counted, counts.before_assignment, counts.after_follow_up, counts.unassigned], [0, 1, 1, 1]);
}

#[test]
fn people_with_early_events_are_counted_once_and_by_version() {
    let mut projection = TrialProjection::new(plan());
    for (number, arm) in [(1, 0), (2, 1), (3, 1)] {
        projection.assign(&assigned(number, arm, start()));
    }
    let none = at_the_end(&projection);
    assert_eq!((none.early_people, none.events.just_before), (Vec::new(), 0));
    let mut fold =
        |number: u8, before: Duration| projection.fold(&happened(number, "fine.settled", None, start() - before));
    fold(2, Duration::minutes(10));
    fold(2, Duration::days(3));
    fold(3, Duration::seconds(1));
    fold(1, -Duration::days(1));
    let evidence = at_the_end(&projection);
    assert_eq!(evidence.early_people, [0, 2]);
    assert_eq!([evidence.events.before_assignment, evidence.events.just_before], [3, 2]);
}

#[test]
fn the_primary_outcome_by_day_adds_up_to_the_whole_once_the_data_are_locked() {
    let mut projection = TrialProjection::new(plan());
    let days = [(1, 0, 0), (2, 1, 0), (3, 1, 0), (4, 0, 3), (5, 1, 900)];
    for (number, arm, day) in days {
        projection.assign(&assigned(number, arm, start() + Duration::days(day)));
    }
    for number in [2, 4] {
        projection.fold(&happened(number, "fine.settled", None, start() + Duration::days(5)));
    }
    let open = projection.evidence(start() + Duration::days(920), 9, false, Vec::new());
    assert_eq!(open.by_day, Vec::new(), "nothing by day while people are in the trial");
    let evidence = projection.evidence(start() + Duration::days(920), 9, true, Vec::new());
    let told: Vec<_> = evidence.by_day.iter().map(|cell| (cell.arm, cell.mature, cell.tally.sum)).collect();
    assert_eq!(told, [(0, 1, 0), (1, 2, 1), (0, 1, 1)], "the one of the last day is not followed up yet");
    for arm in 0..2 {
        let of_arm = evidence.by_day.iter().filter(|cell| cell.arm == arm);
        let sums = of_arm.fold((0, 0), |sums, cell| (sums.0 + cell.mature, sums.1 + cell.tally.sum));
        let (_, mature, whole) = evidence.outcomes[0].arm(arm);
        assert_eq!(sums, (mature, whole.sum));
    }
}

#[test]
fn what_came_into_the_log_before_its_unit_is_about_nobody_whenever_it_is_folded() {
    // Place of the event, last place before the assignment, minutes from the start at which it happened and at which its unit was
    // assigned; what it is then.
    let (counted, before, unassigned) = ([1, 0, 0], [0, 1, 0], [0, 0, 1]);
    for (sequence, event_place, happened_at, assigned_at, expected) in [
        (8, 7, 1, 0, counted),
        (8, 7, -60, 0, before),
        (7, 7, -60, 0, unassigned),
        // A sender whose clock is ahead, or servers whose clocks differ, change nothing.
        (7, 7, 3, 0, unassigned),
        (8, 7, 0, 3, before),
    ] {
        let at = |minutes| start() + Duration::minutes(minutes);
        let event = FoldedEvent { sequence, ..happened(1, "fine.settled", None, at(happened_at)) };
        let unit = AssignedUnit { event_place, ..assigned(1, 0, at(assigned_at)) };
        let counts = |projection: &TrialProjection| {
            let counts = at_the_end(projection).events;
            [counts.counted, counts.before_assignment, counts.unassigned]
        };
        let mut live = TrialProjection::new(plan());
        live.fold(&event);
        assert_eq!(counts(&live), unassigned, "nobody is known yet");
        live.assign(&unit);
        if event_place < sequence {
            live.fold_behind(&event, &[], &HashSet::from([unit.unit]));
        }
        let mut later = TrialProjection::new(plan());
        later.assign(&unit);
        later.fold(&event);
        assert_eq!(counts(&later), expected, "{event:?} {event_place}");
        assert_eq!(at_the_end(&live), at_the_end(&later), "it does not depend on when it is folded");
    }
}

#[test]
fn an_event_that_is_folded_behind_counts_for_the_new_unit_alone() {
    let mut projection = TrialProjection::new(plan());
    projection.assign(&assigned(1, 0, start()));
    let event = happened(1, "fine.settled", None, start() + Duration::hours(1));
    projection.fold(&event);
    projection.assign(&assigned(2, 1, start()));
    let new = HashSet::from([unit(2)]);
    let before = at_the_end(&projection);
    projection.fold_behind(&event, &[], &new);
    projection.fold_behind(&event, &[unit(2)], &new);
    assert_eq!(at_the_end(&projection), before, "it is about somebody else, who was there");
    let of_two = FoldedEvent { unit: unit(9), ..event };
    projection.fold(&of_two);
    projection.fold_behind(&of_two, &[unit(2)], &new);
    let counts = at_the_end(&projection).events;
    assert_eq!((counts.counted, counts.unassigned), (2, 0), "by its other name it is about the new unit");
}

#[test]
fn nothing_moves_a_unit_to_another_arm() {
    let mut projection = TrialProjection::new(plan());
    projection.assign(&assigned(1, 0, start()));
    projection.assign(&assigned(1, 1, start() + Duration::days(1)));
    let evidence = at_the_end(&projection);
    assert_eq!((projection.units(), evidence.assigned(2)), (1, vec![1, 0]));
}

#[test]
fn people_mature_at_the_end_of_their_day_in_the_trials_zone() {
    let zone = plan().protocol().time_zone;
    for (day, follow_up_days, expected) in [
        // A plain winter day: midnight in Auckland is noon in Greenwich.
        ("2026-07-01", 28, "2026-07-29T12:00:00Z"),
        // Summer time: midnight is at 11.
        ("2026-01-10", 1, "2026-01-11T11:00:00Z"),
        // The clocks go back on Sunday 5 April 2026 and forward on Sunday 27 September: those days have 25 and 23 hours.
        ("2026-04-04", 0, "2026-04-04T11:00:00Z"),
        ("2026-04-05", 0, "2026-04-05T12:00:00Z"),
        ("2026-09-26", 0, "2026-09-26T12:00:00Z"),
        ("2026-09-27", 0, "2026-09-27T11:00:00Z"),
        // Days of follow-up have 24 hours, as they have for each person, also over a change of the clocks.
        ("2026-04-04", 2, "2026-04-06T11:00:00Z"),
    ] {
        assert_eq!(matures_at(day.parse().unwrap(), zone, follow_up_days), time(expected), "{day}");
    }
    // Where the clocks skip midnight the day begins at one; Samoa skipped a whole day.
    let at = |day: &str, zone: &str| matures_at(day.parse().unwrap(), zone.parse().unwrap(), 0);
    assert_eq!(at("2018-11-03", "America/Sao_Paulo"), time("2018-11-04T03:00:00Z"));
    assert_eq!(at("2011-12-29", "Pacific/Apia"), time("2011-12-30T10:00:00Z"));
}

#[test]
fn evidence_counts_the_mature_only() {
    let mut projection = TrialProjection::new(plan());
    // Both sides of midnight in Auckland on the day the clocks go back.
    projection.assign(&assigned(1, 0, time("2026-04-04T10:59:59Z")));
    projection.assign(&assigned(2, 0, time("2026-04-04T11:00:00Z")));
    projection.fold(&happened(1, "fine.settled", None, time("2026-04-10T00:00:00Z")));
    projection.fold(&happened(2, "fine.settled", None, time("2026-04-10T00:00:00Z")));
    let at = |text: &str| {
        let evidence = projection.evidence(time(text), 9, false, Vec::new());
        let (assigned, mature, tally) = evidence.outcomes[0].arm(0);
        (assigned, mature, tally.observed)
    };
    assert_eq!(at("2026-05-02T10:59:59Z"), (2, 0, 0));
    assert_eq!(at("2026-05-02T11:00:00Z"), (2, 1, 1));
    assert_eq!(at("2026-05-03T11:59:59Z"), (2, 1, 1));
    assert_eq!(at("2026-05-03T12:00:00Z"), (2, 2, 2));
}

const KINDS: [&str; 4] = ["fine.settled", "call.received", "payment.received", "harm.reported"];

fn any_event() -> impl Strategy<Value = FoldedEvent> {
    (0_u8..8, 0_usize..4, 0_i64..20_000, -2_000_i64..140_000).prop_map(|(number, kind, cents, minutes)| {
        let value = (kind == 2).then(|| format!("{}.{:02}", cents / 100, cents % 100));
        happened(number, KINDS[kind], value.as_deref(), start() + Duration::minutes(minutes))
    })
}

fn folded(events: &[FoldedEvent]) -> Evidence {
    let mut projection = TrialProjection::new(plan());
    for number in 0..6 {
        let at = start() + Duration::hours(i64::from(number) * 7);
        projection.assign(&assigned(number, usize::from(number % 2), at));
    }
    for event in events {
        projection.fold(event);
    }
    at_the_end(&projection)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_events_has_no_say(
        (events, shuffled) in prop::collection::vec(any_event(), 0..40)
            .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle()))
    ) {
        prop_assert_eq!(folded(&events), folded(&shuffled));
    }

    #[test]
    fn every_event_of_a_known_kind_is_counted_once(events in prop::collection::vec(any_event(), 0..40)) {
        let counts = folded(&events).events;
        let all = counts.counted + counts.before_assignment + counts.after_follow_up + counts.unassigned;
        prop_assert_eq!(all, events.len() as u64);
    }

    #[test]
    fn a_tally_is_what_is_left_when_the_rest_is_taken_out(
        values in prop::collection::vec(-1_000_000_000_i64..1_000_000_000, 0..30), cut in 0_usize..30
    ) {
        let sum = |values: &[i64]| {
            let mut tally = Tally::default();
            values.iter().for_each(|value| tally.add(*value));
            tally
        };
        let cut = cut.min(values.len());
        let (kept, taken) = values.split_at(cut);
        let mut tally = sum(&values);
        taken.iter().for_each(|value| tally.subtract(*value));
        prop_assert_eq!(tally, sum(kept));
        tally.merge(&sum(taken));
        prop_assert_eq!(tally, sum(&values));
    }
}

#[test]
fn people_of_a_wedge_count_by_site_and_period_and_those_in_transition_apart() {
    let mut plan: serde_json::Value =
        serde_json::from_str(include_str!("../../../../docs/examples/fines-letter.protocol.json")).unwrap();
    plan["analysis"]["adjust_for"] = serde_json::json!([]);
    plan["allocation"] = serde_json::json!({"method": "stepped_wedge", "sites": ["north", "south"],
        "steps": ["2026-03-05", "2026-03-20"], "transition_days": 3});
    let mut projection = TrialProjection::new(Arc::new(LockedProtocol::from_value(&plan).unwrap()));
    // By day after the first of March: north crosses on the 5th, south on the 20th.
    for (number, day, arm, site, in_transition) in [
        (1, 0, 0, "north", false),
        (2, 1, 0, "south", false),
        (3, 5, 1, "north", true),
        (4, 9, 1, "north", false),
        (5, 9, 0, "south", false),
        (6, 25, 1, "south", false),
        (7, 26, 1, "south", false),
    ] {
        let at = start() + Duration::days(day);
        projection.assign(&AssignedUnit { group: site.into(), in_transition, ..assigned(number, arm, at) });
        projection.fold(&happened(number, "fine.settled", None, at + Duration::days(1)));
    }
    let evidence = at_the_end(&projection);
    let wedge = evidence.wedge.as_ref().unwrap();
    let cells: Vec<_> =
        wedge.outcomes[0].iter().map(|cell| (cell.period, cell.site.as_str(), cell.tally.sum)).collect();
    assert_eq!(
        cells,
        [(0, "north", 1), (0, "south", 1), (1, "north", 1), (2, "north", 1), (2, "south", 1), (4, "south", 2)]
    );
    assert_eq!(wedge.starts.len(), 4);
    assert_eq!(wedge.in_transition, 1);
    assert_eq!(
        [tally(&evidence, 0, 0), tally(&evidence, 0, 1)],
        [(3, 3), (3, 3)],
        "the one in transition is in no arm"
    );
    assert_eq!(evidence.assigned(2), [3, 4], "enrolment counts everybody");
}
