//! Plans and evidence for the tests.

use chrono::{DateTime, NaiveDate, Utc};
use fairtrial_domain::{
    LockedProtocol,
    projection::{ArmDay, Cell, Evidence, OutcomeEvidence, Tally},
};
use serde_json::{Value, json};

/// The plan of the fines letter as a document.
pub(crate) fn fines_letter() -> Value {
    serde_json::from_str(include_str!("../../../../docs/examples/fines-letter.protocol.json")).unwrap()
}

/// A plan with one binary primary outcome, "done", and the other outcomes given.
pub(crate) fn plan_with(change: impl FnOnce(&mut Value)) -> LockedProtocol {
    let mut document = fines_letter();
    change(&mut document);
    LockedProtocol::from_value(&document).unwrap()
}

/// The fines letter with its primary outcome only, unadjusted and looked at once.
pub(crate) fn simple() -> LockedProtocol {
    plan_with(|document| {
        document["outcomes"] = json!([document["outcomes"][0]]);
        document["decision_rule"] = json!("superior(paid-28d)");
        document["allocation"] = json!({"method": "simple"});
        document["analysis"] = json!({"population": "as_assigned", "missing": "not_settled"});
        document["monitoring"]["looks"] = json!(["1"]);
        document.as_object_mut().unwrap().remove("equity");
    })
}

pub(crate) fn as_of() -> DateTime<Utc> {
    "2027-08-01T00:00:00Z".parse().unwrap()
}

fn day() -> NaiveDate {
    "2027-03-01".parse().unwrap()
}

/// One arm's people in one group: assigned and mature alike, with their tally.
pub(crate) fn cell(arm: usize, group: &str, people: u64, tally: Tally) -> Cell {
    Cell { arm, group: group.to_owned(), assigned: people, mature: people, set_aside: 0, tally }
}

/// A tally of people with and without something that happened; only those with it are recorded.
pub(crate) fn happened(events: u64) -> Tally {
    Tally { observed: events, sum: events.into(), sum_of_squares: events.into() }
}

/// A tally of recorded values.
pub(crate) fn values(values: &[i64]) -> Tally {
    let mut tally = Tally::default();
    for value in values {
        tally.add(*value);
    }
    tally
}

/// Locked evidence: for each outcome of the plan the cells given, enrolment taken from the first.
pub(crate) fn locked(plan: &LockedProtocol, outcomes: Vec<Vec<Cell>>) -> Evidence {
    let arms = plan.protocol().arms.len();
    let people = |arm: usize| outcomes[0].iter().filter(|cell| cell.arm == arm).map(|cell| cell.assigned).sum();
    let enrolment = (0..arms).map(|arm| ArmDay { day: day(), arm, assigned: people(arm) }).collect();
    let of_outcomes = plan
        .protocol()
        .outcomes
        .iter()
        .zip(outcomes)
        .map(|(outcome, cells)| OutcomeEvidence { outcome: outcome.key.clone(), cells });
    Evidence {
        enrolment,
        not_enrolled: vec![("not_eligible".to_owned(), 31), ("opted_out".to_owned(), 4)],
        ..Evidence::of(as_of(), 7, true, of_outcomes.collect())
    }
}

/// Locked evidence of the simple plan: events among people, control first.
pub(crate) fn table(plan: &LockedProtocol, arms: &[(u64, u64)]) -> Evidence {
    let cells = arms.iter().enumerate().map(|(arm, (events, people))| cell(arm, "", *people, happened(*events)));
    locked(plan, vec![cells.collect()])
}
