//! Corrections: a fold that takes what was said first out again and puts in what is said now is the fold of what is said last.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Duration, Utc};
use fairtrial_domain::{
    Decimal, LockedProtocol, Pseudonym,
    eligibility::Attributes,
    projection::{AssignedUnit, Evidence, FoldedCorrection, FoldedEvent, TrialProjection, UnitEvidence, UnitNote},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::saved::saved;

const KINDS: [&str; 4] = ["fine.settled", "call.received", "payment.received", "letter.rated"];
const PEOPLE: u8 = 6;

/// Every kind of outcome; one kind of event feeds two of them.
fn plan() -> Arc<LockedProtocol> {
    let mut plan: Value =
        serde_json::from_str(include_str!("../../../../docs/examples/fines-letter.protocol.json")).unwrap();
    let outcomes = plan["outcomes"].as_array_mut().unwrap();
    outcomes.push(json!({"key": "days", "name": "Time to pay", "role": "secondary", "event": "fine.settled",
        "kind": "duration", "better": "decrease", "follow_up_days": 28, "step": "1"}));
    outcomes
        .push(json!({"key": "clear", "name": "Clear", "role": "secondary", "event": "letter.rated", "kind": "rating",
        "better": "increase", "follow_up_days": 60, "minimum": "1", "maximum": "5"}));
    Arc::new(LockedProtocol::from_value(&plan).unwrap_or_else(|faults| panic!("{faults:?}")))
}

fn at(minutes: i64) -> DateTime<Utc> {
    "2026-03-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::minutes(minutes)
}

fn unit(number: u8) -> Pseudonym {
    Pseudonym::from_bytes(&[number; 16]).unwrap()
}

/// What an event says of its value and its time; none when it is taken back.
type Said = Option<(i64, i64)>;

/// An event with everything that it says in turn.
#[derive(Debug, Clone)]
struct Line {
    about: u8,
    kind: usize,
    first: (i64, i64),
    then: Vec<Said>,
}

impl Line {
    fn event(&self, place: i64, (value, minutes): (i64, i64)) -> FoldedEvent {
        let value = match self.kind {
            0 | 1 => None,
            2 => Some(Decimal::from_millionths(value * 10_000).unwrap()),
            _ => Some(Decimal::from_millionths((value % 5 + 1) * 1_000_000).unwrap()),
        };
        let unit = unit(self.about);
        FoldedEvent { sequence: place, unit, kind: KINDS[self.kind].into(), value, occurred_at: at(minutes) }
    }

    /// The last word.
    fn end(&self, place: i64) -> Option<FoldedEvent> {
        self.then.last().copied().unwrap_or(Some(self.first)).map(|said| self.event(place, said))
    }
}

enum Fact {
    Event(FoldedEvent),
    Correction(FoldedCorrection),
}

/// The lines as a log: each in its order, woven into each other by `order`, with the places of their beginnings.
fn log(lines: &[Line], order: &[prop::sample::Index]) -> (Vec<Fact>, Vec<i64>) {
    let mut next = vec![0_usize; lines.len()];
    let mut roots = vec![0_i64; lines.len()];
    let (mut facts, mut order) = (Vec::new(), order.iter());
    loop {
        let open: Vec<usize> = (0..lines.len()).filter(|line| next[*line] <= lines[*line].then.len()).collect();
        if open.is_empty() {
            return (facts, roots);
        }
        let which = open[order.next().map_or(0, |index| index.index(open.len()))];
        let (line, place) = (&lines[which], facts.len() as i64 + 1);
        if next[which] == 0 {
            roots[which] = place;
            facts.push(Fact::Event(line.event(place, line.first)));
        } else {
            let step = next[which] - 1;
            let before = if step == 0 { Some(line.first) } else { line.then[step - 1] };
            let event = |said: Said| said.map(|said| line.event(roots[which], said));
            let (before, after) = (event(before), event(line.then[step]));
            facts.push(Fact::Correction(FoldedCorrection { sequence: place, before, after }));
        }
        next[which] += 1;
    }
}

fn assigned(number: u8, event_place: i64) -> AssignedUnit {
    let assigned_at = at(i64::from(number) * 400);
    let (unit, arm, group) = (unit(number), usize::from(number % 2), "north".to_owned());
    AssignedUnit { unit, arm, group, assigned_at, event_place, in_transition: false, attributes: Attributes::new() }
}

fn fold(projection: &mut TrialProjection, fact: &Fact) {
    match fact {
        Fact::Event(event) => projection.fold(event),
        Fact::Correction(correction) => projection.fold_correction(correction, &[]),
    }
}

/// Everything that a result could rest on, without the counts of corrections themselves.
fn seen(projection: &TrialProjection) -> (Evidence, UnitEvidence) {
    let mut evidence = projection.evidence(at(1_000_000), 9, true, Vec::new());
    (evidence.events.corrected, evidence.events.retracted) = (0, 0);
    evidence.handling.iter_mut().for_each(|arm| arm.corrected = 0);
    (evidence, projection.unit_evidence(at(1_000_000), &HashMap::new()))
}

fn line() -> impl Strategy<Value = Line> {
    let said = || (0_i64..2_000, -100_i64..100_000);
    let then = prop::collection::vec(prop::option::weighted(0.7, said()), 0..4);
    // Somebody who is never assigned, too.
    (0..=PEOPLE, 0..KINDS.len(), said(), then).prop_map(|(about, kind, first, then)| Line { about, kind, first, then })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_said_last_counts_and_nothing_else(
        lines in prop::collection::vec(line(), 0..30),
        order in prop::collection::vec(any::<prop::sample::Index>(), 120),
        places in prop::collection::vec(0_i64..40, usize::from(PEOPLE)),
        leaves in prop::option::of((0..PEOPLE, any::<prop::sample::Index>())),
        kept in any::<prop::sample::Index>(),
    ) {
        let (facts, roots) = log(&lines, &order);
        let mut plainly = TrialProjection::new(plan());
        let mut first = TrialProjection::new(plan());
        for (number, place) in (0..PEOPLE).zip(&places) {
            plainly.assign(&assigned(number, *place));
            first.assign(&assigned(number, *place));
        }
        lines.iter().zip(&roots).filter_map(|(line, root)| line.end(*root)).for_each(|event| plainly.fold(&event));
        // Somebody takes their data out between two of the rows, and the fold is written down between two others.
        let leaves = leaves.map(|(who, index)| (who, index.index(facts.len() + 1)));
        let kept = kept.index(facts.len() + 1);
        for (index, fact) in facts.iter().enumerate() {
            if let Some((who, _)) = leaves.filter(|(_, when)| *when == index) {
                first.note(&unit(who), UnitNote::DataWithdrawn);
            }
            if kept == index {
                first = TrialProjection::restore(plan(), &saved(&first)).unwrap();
            }
            fold(&mut first, fact);
        }
        if let Some((who, when)) = leaves {
            plainly.note(&unit(who), UnitNote::DataWithdrawn);
            if when == facts.len() {
                first.note(&unit(who), UnitNote::DataWithdrawn);
            }
        }
        prop_assert_eq!(seen(&first), seen(&plainly));
        // A server that learns of the people last, and looks at what came behind them once more.
        let mut late = TrialProjection::new(plan());
        facts.iter().for_each(|fact| fold(&mut late, fact));
        for (number, place) in (0..PEOPLE).zip(&places) {
            late.assign(&assigned(number, *place));
            let new = HashSet::from([unit(number)]);
            for fact in facts.iter().skip(usize::try_from(*place).unwrap()) {
                match fact {
                    Fact::Event(event) => late.fold_behind(event, &[], &new),
                    Fact::Correction(correction) => late.fold_correction_behind(correction, &[], &new),
                }
            }
        }
        if let Some((who, _)) = leaves {
            late.note(&unit(who), UnitNote::DataWithdrawn);
        }
        prop_assert_eq!(seen(&late), seen(&plainly));
        let counts = |projection: &TrialProjection| {
            let Evidence { events, handling, .. } = projection.evidence(at(1_000_000), 9, true, Vec::new());
            (events, handling, projection.last_correction())
        };
        prop_assert_eq!(counts(&late), counts(&first));
    }
}

#[test]
fn what_was_taken_back_before_its_person_was_known_is_about_nobody_no_more() {
    let taken_back = Line { about: 1, kind: 0, first: (0, 0), then: vec![None] };
    let (facts, _) = log(&[taken_back], &[]);
    let mut late = TrialProjection::new(plan());
    facts.iter().for_each(|fact| fold(&mut late, fact));
    late.assign(&assigned(1, 0));
    let new = HashSet::from([unit(1)]);
    let strangers =
        |projection: &TrialProjection| projection.evidence(at(1_000_000), 9, true, Vec::new()).events.unassigned;
    for fact in &facts {
        match fact {
            Fact::Event(event) => late.fold_behind(event, &[], &new),
            Fact::Correction(correction) => late.fold_correction_behind(correction, &[], &new),
        }
        assert_eq!(strangers(&late), 0, "also between the two");
        // The fold may be written down there.
        late = TrialProjection::restore(plan(), &saved(&late)).unwrap();
    }
    late.pass_over(2);
    assert_eq!(strangers(&late), 2);
}

#[test]
fn corrections_are_counted_and_their_people_once() {
    let mut projection = TrialProjection::new(plan());
    for number in 0..PEOPLE {
        projection.assign(&assigned(number, 0));
    }
    let line = |about: u8, then: Vec<Said>| Line { about, kind: 2, first: (5_000, 9_000), then };
    let lines = [
        line(0, vec![Some((9_000, 9_000)), Some((1_000, -9_000))]),
        line(1, vec![None]),
        line(1, vec![Some((7, 9_000))]),
        line(PEOPLE, vec![Some((9_000, 9_000)), None]),
        line(2, vec![]),
    ];
    let (facts, _) = log(&lines, &[]);
    facts.iter().for_each(|fact| fold(&mut projection, fact));
    let evidence = projection.evidence(at(1_000_000), 9, true, Vec::new());
    let counts = evidence.events;
    assert_eq!((counts.corrected, counts.retracted), (3, 1), "those about nobody here are not the trial's");
    assert_eq!([counts.counted, counts.before_assignment, counts.unassigned], [2, 1, 0]);
    assert_eq!(evidence.handling.iter().map(|arm| arm.corrected).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(evidence.early_people, [1, 0]);
    let tally = |arm: usize| evidence.outcomes[3].arm(arm).2;
    assert_eq!([(tally(0).observed, tally(0).sum), (tally(1).observed, tally(1).sum)], [(1, 5_000), (1, 7)]);
    assert_eq!(projection.last_correction(), Some(7));
}
