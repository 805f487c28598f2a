//! The planned looks and what became of them.

use fairtrial_domain::{
    projection::{Evidence, HarmCrossing},
    protocol::Protocol,
};

use crate::{
    monitor::LookDecision,
    reading::Reading,
    report::{LookHeld, LookReport, LookStatus},
    words::{grouped, plural},
};

/// What watching over the trial did before its data were locked.
#[derive(Debug, Clone, Copy)]
pub struct Watched<'a> {
    /// The looks held, oldest first, the end not among them.
    pub looks: &'a [LookHeld],
    /// The harm boundaries crossed between looks.
    pub crossings: &'a [HarmCrossing],
}

impl<'a> Watched<'a> {
    /// The look that ended the trial before its planned end, if one did.
    ///
    /// A boundary for giving up is advice: when people entered after the day of the look, it was not taken.
    #[must_use]
    pub fn ended_by(&self, plan: &Protocol, evidence: &Evidence) -> Option<&'a LookHeld> {
        self.looks.iter().find(|look| match look.decision {
            LookDecision::Succeeded | LookDecision::Harmful => true,
            LookDecision::Futile => !went_on(plan, evidence, look),
            _ => false,
        })
    }
}

fn went_on(plan: &Protocol, evidence: &Evidence, look: &LookHeld) -> bool {
    let day = look.held_at.with_timezone(&plan.time_zone).date_naive();
    evidence.enrolment.iter().any(|enrolled| enrolled.day > day && enrolled.assigned > 0)
}

/// What a decision is called beside its look.
pub(crate) fn decided(decision: LookDecision) -> &'static str {
    match decision {
        LookDecision::KeepGoing => "no boundary was reached",
        LookDecision::Succeeded => "the boundary for success was crossed",
        LookDecision::Failed => "it was shown not to do enough",
        LookDecision::Futile => "the boundary for giving up was reached",
        LookDecision::Harmful => "a boundary for harm was crossed",
        LookDecision::Invalid => "the data could not be read, so that nothing but harm could be found",
    }
}

/// A look in a sentence, without a number of any arm. What it decided is told once the data are locked.
fn sentence(plan: &Protocol, look: &LookHeld, locked: bool) -> String {
    let day = |at: chrono::DateTime<chrono::Utc>| at.with_timezone(&plan.time_zone).format("%-d %B %Y").to_string();
    let late = if look.late { format!("; it was due on {}", day(look.due_at)) } else { String::new() };
    let told = if locked { format!(": {}", decided(look.decision)) } else { String::new() };
    format!(
        "held on {} with {} of {} {} followed up{late}{told}",
        day(look.held_at),
        grouped(look.followed_up),
        grouped(plan.monitoring.max_units),
        plural(&plan.unit),
    )
}

/// The planned looks, in order. `end` is the last look, where others were held before it.
pub(crate) fn looks(reading: &Reading<'_>, held: &[LookHeld], end: Option<&LookHeld>) -> Vec<LookReport> {
    let (plan, locked) = (reading.plan, reading.evidence.locked);
    let planned = &plan.monitoring.looks;
    let last = planned.len();
    let say = |number: usize| -> (LookStatus, String) {
        if let Some(found) = held.iter().find(|look| look.look == number) {
            return (LookStatus::Held, sentence(plan, found, locked));
        }
        let passed = held.iter().any(|look| look.look > number);
        let (status, words) = match (number == last, locked) {
            (true, true) if held.is_empty() => {
                (LookStatus::Held, "the one look, held when the data were locked, with the plan's whole error rate")
            }
            (true, true) => (LookStatus::Held, "held when the data were locked, with the error that was left"),
            (true, false) => (LookStatus::Planned, "opens when the data are locked"),
            (false, _) if passed => (
                LookStatus::NotHeld,
                "passed together with a later one, which was held in its place; no error was spent",
            ),
            (false, true) => (LookStatus::NotHeld, "not held; no error was spent"),
            (false, false) => (LookStatus::Planned, "held by itself when it is due"),
        };
        (status, words.to_owned())
    };
    planned
        .iter()
        .enumerate()
        .map(|(index, fraction)| {
            let (status, detail) = say(index + 1);
            // By version, a look is the monitor's alone until the data are locked.
            let found = held.iter().find(|look| look.look == index + 1).filter(|_| locked);
            let found = found.or_else(|| end.filter(|_| index + 1 == last)).cloned();
            LookReport { look: index + 1, fraction: *fraction, status, detail, held: found }
        })
        .collect()
}
