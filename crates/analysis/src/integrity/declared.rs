//! Was all kept that the senders say they sent?

use super::gate;
use crate::{
    reading::Reading,
    report::{Gate, GateStatus},
    words::grouped,
};

/// Share of the events sent that may be on one side only before nothing can be read from the rest: a loss of one in a hundred in one
/// version is a loss of one in two hundred of all.
const LOST_SPOILS: f64 = 0.001;

/// Red where a source says that it sent other events than were kept, by more than one in a thousand, amber where by fewer; none where
/// no source says what it sent.
///
/// Which version's events are missing is not known, so it cannot be excluded that they are all of one.
pub(super) fn reconciliation(reading: &Reading<'_>) -> Option<Gate> {
    let declared = &reading.evidence.declared;
    let sum = |of: &dyn Fn(&fairtrial_domain::event::Declared) -> u64| {
        declared.iter().fold(0_u64, |sum, said| sum.saturating_add(of(said)))
    };
    if declared.is_empty() {
        return None;
    }
    let (sent, differing) = (sum(&|said| said.sent), sum(&|said| said.differing()));
    let Some(worst) = declared.iter().filter(|said| said.differing() > 0).max_by_key(|said| said.differing()) else {
        let detail = format!("All {} events that sources say they sent were kept.", grouped(sent));
        return Some(gate("reconciliation", GateStatus::Green, detail, None));
    };
    let spoils = differing as f64 > LOST_SPOILS * sent.max(1) as f64;
    let said = match worst.sent == worst.kept {
        true => format!("as many events of \u{201c}{}\u{201d} were kept as it sent, but not the same", worst.name),
        false => format!(
            "\u{201c}{}\u{201d} says that it sent {} events, and {} were kept",
            worst.name,
            grouped(worst.sent),
            grouped(worst.kept)
        ),
    };
    let days = format!("from {} to {}", worst.first_day.format("%-d %B %Y"), worst.last_day.format("%-d %B %Y"));
    let what_to_do = "send what is missing again, and declare those days again";
    let status = if spoils { GateStatus::Red } else { GateStatus::Amber };
    let mut detail =
        format!("Sources and records disagree about {} events: {said}, {days}; {what_to_do}.", grouped(differing));
    if differing == 1 {
        detail = format!("Sources and records disagree: {said}, {days}; {what_to_do}.");
    }
    Some(gate("reconciliation", status, detail, None))
}
