//! The planned looks and what became of them.
//!
//! This version looks once, when the data are locked. No error is spent before, so the single test has the plan's whole
//! error rate and stays within it.

use crate::{
    reading::Reading,
    report::{LookReport, LookStatus},
};

/// The planned looks, in order.
pub(crate) fn looks(reading: &Reading<'_>) -> Vec<LookReport> {
    let planned = &reading.plan.monitoring.looks;
    let last = planned.len();
    let say = |look: usize| match (look == last, reading.evidence.locked) {
        (true, true) => {
            (LookStatus::Held, "the one look, held when the data were locked, with the plan's whole error rate")
        }
        (true, false) => (LookStatus::Planned, "opens when the data are locked"),
        (false, true) => {
            (LookStatus::NotHeld, "looks before the lock are not opened by this version; no error was spent")
        }
        (false, false) => {
            (LookStatus::NotHeld, "looks before the lock are not opened by this version; no error will be spent")
        }
    };
    planned
        .iter()
        .enumerate()
        .map(|(index, fraction)| {
            let (status, detail) = say(index + 1);
            LookReport { look: index + 1, fraction: *fraction, status, detail: detail.to_owned() }
        })
        .collect()
}
