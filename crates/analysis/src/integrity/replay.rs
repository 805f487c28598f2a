//! Do the draws come out again as they are kept?

use fairtrial_domain::projection::Replayed;

use super::gate;
use crate::{
    reading::Reading,
    report::{Gate, GateStatus},
    words::{grouped, plural},
};

/// Red when somebody has another version than the allocator gives; none where nobody has drawn again.
pub(super) fn allocation_replay(reading: &Reading<'_>) -> Option<Gate> {
    let (status, detail) = match reading.evidence.replayed.as_ref()? {
        Replayed::Agrees { people } => {
            let people = format!("{} {}", grouped(*people), plural(&reading.plan.unit));
            (GateStatus::Green, format!("Drawn again, all {people} have the version that chance gave them."))
        }
        Replayed::Differs(why) => (GateStatus::Red, why.clone()),
    };
    Some(gate("allocation_replay", status, detail, None))
}
