//! Checks that must pass before the data may be read.
//!
//! Red makes the trial *Invalid* whatever its effect. Amber stands in the report, and whoever decides has to explain it. Every check
//! looks at counts only, never at who did better, so that all of them may be seen while the trial runs.

mod counts;
mod declared;
mod events;
mod groups;
mod handling;
mod looks;
mod missing;
mod ratio;
mod replay;

use fairtrial_domain::{projection::Evidence, protocol::Protocol};

use crate::{
    comparison::Remembered,
    reading::Reading,
    report::{Gate, GateStatus},
};

/// p-value below which a check is red.
pub const RED_BELOW: f64 = 0.001;
/// p-value below which a check is amber.
pub const AMBER_BELOW: f64 = 0.01;

/// All checks, in the order of the report.
#[must_use]
pub fn gates(reading: &Reading<'_>) -> Vec<Gate> {
    let mut gates = vec![
        ratio::sample_ratio(reading),
        counts::contradictory_data(reading),
        missing::missing_outcomes(reading),
        counts::stray_events(reading),
        counts::plan_adherence(reading),
    ];
    gates.extend(groups::sample_ratio_by_group(reading));
    gates.extend(groups::arrival_by_group(reading));
    gates.extend(groups::sample_ratio_by_attribute(reading));
    gates.extend(events::early_events(reading));
    gates.extend(events::refused_events(reading));
    gates.extend(events::corrected_events(reading));
    gates.extend(declared::reconciliation(reading));
    gates.extend(events::clocks(reading));
    gates.extend(replay::allocation_replay(reading));
    gates.extend(handling::care_overrides(reading));
    gates.extend(handling::contamination(reading));
    gates
}

pub(crate) use groups::baseline_balance;
pub(crate) use looks::looks_on_time;

/// The checks of a plan's evidence by themselves: they look at counts, never at who did better.
#[must_use]
pub fn of_counts(plan: &Protocol, evidence: &Evidence) -> Vec<Gate> {
    gates(&Reading::new(plan, evidence, &Remembered::default()))
}

fn gate(name: &str, status: GateStatus, detail: impl Into<String>, p_value: Option<f64>) -> Gate {
    Gate { gate: name.to_owned(), status, detail: detail.into(), p_value }
}

fn status_of(p: f64) -> GateStatus {
    if p < RED_BELOW {
        GateStatus::Red
    } else if p < AMBER_BELOW {
        GateStatus::Amber
    } else {
        GateStatus::Green
    }
}
