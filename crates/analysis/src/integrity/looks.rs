//! Were the planned looks held when they were due?

use super::gate;
use crate::{
    reading::Reading,
    report::{Gate, GateStatus, LookHeld},
};

/// Amber when a look was held late, or passed over; none where no look was held before the lock of the data.
///
/// A late look spends error on what was in when it was held, so it decides rightly; but whoever could choose the moment could
/// have chosen it by the results.
pub(crate) fn looks_on_time(reading: &Reading<'_>, held: &[LookHeld]) -> Option<Gate> {
    let last = held.last()?.look;
    let numbers = |looks: Vec<usize>| looks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let late: Vec<usize> = held.iter().filter(|look| look.late).map(|look| look.look).collect();
    let before_the_end = last.min(reading.plan.monitoring.looks.len());
    let passed: Vec<usize> = (1..before_the_end).filter(|n| !held.iter().any(|look| look.look == *n)).collect();
    let (status, detail) = match (late.is_empty(), passed.is_empty()) {
        (true, true) => (GateStatus::Green, "Every look was held when it was due.".to_owned()),
        (false, true) => (GateStatus::Amber, format!("Held later than due: look {}.", numbers(late))),
        (true, false) => (GateStatus::Amber, format!("Passed over: look {}.", numbers(passed))),
        (false, false) => (
            GateStatus::Amber,
            format!("Held later than due: look {}. Passed over: look {}.", numbers(late), numbers(passed)),
        ),
    };
    Some(gate("looks_on_time", status, detail, None))
}
