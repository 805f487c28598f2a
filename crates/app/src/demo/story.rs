//! What happens in each trial of the demonstration.

use fairtrial_domain::trial::{Adoption, Decision};

/// How a made-up person behaves towards one kind of event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Behaviour {
    /// Kind of event.
    pub(super) event: &'static str,
    /// Share of people to whom it happens, in the control arm and in the new one.
    pub(super) chance: [f64; 2],
    /// Latest day after assignment on which it happens.
    pub(super) within_days: u32,
    /// What value it carries.
    pub(super) value: Value,
}

/// The value of an event.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value {
    /// None.
    Nothing,
    /// A whole number between two, evenly, shifted in the new arm.
    Whole { from: i64, to: i64, shift: i64 },
    /// An amount in cents between two.
    Cents { from: i64, to: i64 },
}

/// How a story ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Never sent for signatures beyond the first step.
    WaitsForSignatures,
    /// Given up before it started.
    Withdrawn,
    /// Still taking people in.
    Running,
    /// Enrolment ended when the planned people were in, or a planned look had stopped it before; locked after the follow-up.
    Finished,
    /// Suspended by its harm boundary, then ended for good by the monitor, and locked after the follow-up.
    StoppedForHarm,
}

/// One trial's story. Days are counted backwards from today.
#[derive(Debug, Clone, Copy)]
pub(super) struct Story {
    pub(super) key: &'static str,
    pub(super) agency: &'static str,
    /// What it shows, in a sentence.
    pub(super) what: &'static str,
    pub(super) plan: &'static str,
    pub(super) starts: i64,
    pub(super) enrols_for: i64,
    pub(super) people_a_day: u32,
    /// Days from the end of enrolment to the data lock.
    pub(super) locks_after: i64,
    pub(super) ending: Ending,
    pub(super) behaviours: &'static [Behaviour],
    /// Share of people outside the plan's rules who knock at the door all the same.
    pub(super) turned_away: f64,
    /// What is decided about the results; nothing yet when somebody is still to decide.
    pub(super) decided: Option<Decided>,
}

/// What is decided about the results of a trial, and what becomes of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decided {
    pub(super) decision: Decision,
    /// Days from the publication of the results.
    pub(super) after: i64,
    pub(super) reason: &'static str,
    /// Who sees to an adoption.
    pub(super) owner: &'static str,
    /// Whether the decision is public.
    pub(super) published: bool,
    /// Days from the decision until somebody says what became of it, and what they say.
    pub(super) became: Option<(i64, Adoption, &'static str)>,
}

const fn happens(event: &'static str, usual: f64, new: f64, within_days: u32) -> Behaviour {
    Behaviour { event, chance: [usual, new], within_days, value: Value::Nothing }
}

/// All stories.
pub(super) fn all() -> &'static [Story] {
    &STORIES
}

static STORIES: [Story; 10] = [
    Story {
        key: "fines-letter",
        agency: "justice",
        what: "finished: the letter with the extra sentence succeeded",
        plan: include_str!("../../../../docs/examples/fines-letter.protocol.json"),
        starts: 260,
        enrols_for: 60,
        people_a_day: 100,
        locks_after: 95,
        ending: Ending::Finished,
        behaviours: &[
            happens("fine.settled", 0.20, 0.26, 27),
            happens("call.received", 0.12, 0.11, 27),
            happens("harm.reported", 0.004, 0.004, 27),
            Behaviour {
                event: "payment.received",
                chance: [0.30, 0.36],
                within_days: 85,
                value: Value::Cents { from: 4_000, to: 40_000 },
            },
        ],
        turned_away: 0.08,
        decided: Some(Decided {
            decision: Decision::Adopt,
            after: 5,
            reason: "The sentence costs nothing and the letters are printed anew in any case.",
            owner: "Letters team",
            published: true,
            became: Some((
                35,
                Adoption::Adapted,
                "The sentence now stands in the usual letter. The printer could not fill in the district, so it says \"most people\".",
            )),
        }),
    },
    Story {
        key: "appointment-text",
        agency: "health",
        what: "running: permuted blocks by region",
        plan: include_str!("protocols/appointment-text.json"),
        starts: 40,
        enrols_for: 60,
        people_a_day: 40,
        locks_after: 25,
        ending: Ending::Running,
        behaviours: &[
            happens("appointment.attended", 0.82, 0.845, 20),
            happens("complaint.received", 0.004, 0.005, 20),
        ],
        turned_away: 0.0,
        decided: None,
    },
    Story {
        key: "benefit-form",
        agency: "social",
        what: "ended early by a planned look: failed, the plainer form does not do enough",
        plan: include_str!("protocols/benefit-form.json"),
        starts: 200,
        enrols_for: 50,
        people_a_day: 160,
        locks_after: 20,
        ending: Ending::Finished,
        behaviours: &[
            happens("application.complete", 0.55, 0.555, 13),
            Behaviour {
                event: "application.minutes",
                chance: [0.9, 0.9],
                within_days: 1,
                value: Value::Whole { from: 8, to: 55, shift: -1 },
            },
            happens("complaint.received", 0.003, 0.003, 13),
        ],
        turned_away: 0.0,
        decided: Some(Decided {
            decision: Decision::KeepCurrent,
            after: 10,
            reason: "",
            owner: "",
            published: true,
            became: None,
        }),
    },
    Story {
        key: "call-script",
        agency: "social",
        what: "finished: undecided, twelve offices were too few to tell",
        plan: include_str!("protocols/call-script.json"),
        starts: 150,
        enrols_for: 50,
        people_a_day: 24,
        locks_after: 20,
        ending: Ending::Finished,
        behaviours: &[happens("call.settled", 0.66, 0.69, 13), happens("complaint.received", 0.003, 0.003, 13)],
        turned_away: 0.0,
        decided: None,
    },
    Story {
        key: "identity-check",
        agency: "transport",
        what: "stopped for harm by itself: the shorter check turned people away by mistake",
        plan: include_str!("protocols/identity-check.json"),
        starts: 120,
        enrols_for: 25,
        people_a_day: 80,
        locks_after: 16,
        ending: Ending::StoppedForHarm,
        behaviours: &[happens("licence.renewed", 0.70, 0.72, 13), happens("identity.wrongly_refused", 0.04, 0.12, 6)],
        turned_away: 0.0,
        decided: Some(Decided {
            decision: Decision::Stop,
            after: 4,
            reason: "No shorter check is tried again before the cause is understood.",
            owner: "",
            published: true,
            became: None,
        }),
    },
    Story {
        key: "queue-ticket",
        agency: "transport",
        what: "finished: invalid, the sample ratio of recorded ratings is far from the plan",
        plan: include_str!("protocols/queue-ticket.json"),
        starts: 90,
        enrols_for: 20,
        people_a_day: 100,
        locks_after: 6,
        ending: Ending::Finished,
        behaviours: &[
            Behaviour {
                event: "wait.rated",
                chance: [0.92, 0.60],
                within_days: 1,
                value: Value::Whole { from: 2, to: 4, shift: 1 },
            },
            happens("visitor.left", 0.03, 0.03, 1),
        ],
        turned_away: 0.0,
        decided: None,
    },
    Story {
        key: "kiosk-greeting",
        agency: "transport",
        what: "finished: succeeded, the short greeting is no worse and cheaper",
        plan: include_str!("protocols/kiosk-greeting.json"),
        starts: 70,
        enrols_for: 30,
        people_a_day: 100,
        locks_after: 5,
        ending: Ending::Finished,
        behaviours: &[happens("kiosk.finished", 0.80, 0.802, 1), happens("kiosk.help", 0.15, 0.148, 1)],
        turned_away: 0.0,
        decided: Some(Decided {
            decision: Decision::Adopt,
            after: 5,
            reason: "",
            owner: "Service centre kiosks",
            published: false,
            became: None,
        }),
    },
    Story {
        key: "open-door",
        agency: "transport",
        what: "running: anybody, each by chance; there for trying out the system",
        plan: include_str!("protocols/open-door.json"),
        starts: 30,
        enrols_for: 30,
        people_a_day: 20,
        locks_after: 8,
        ending: Ending::Running,
        behaviours: &[happens("door.opened", 0.40, 0.43, 6)],
        turned_away: 0.0,
        decided: None,
    },
    Story {
        key: "rates-rebate",
        agency: "social",
        what: "in review: waits for signatures",
        plan: include_str!("protocols/rates-rebate.json"),
        starts: 5,
        enrols_for: 0,
        people_a_day: 0,
        locks_after: 0,
        ending: Ending::WaitsForSignatures,
        behaviours: &[],
        turned_away: 0.0,
        decided: None,
    },
    Story {
        key: "call-back-slot",
        agency: "health",
        what: "withdrawn before it began",
        plan: include_str!("protocols/call-back-slot.json"),
        starts: 60,
        enrols_for: 0,
        people_a_day: 0,
        locks_after: 0,
        ending: Ending::Withdrawn,
        behaviours: &[],
        turned_away: 0.0,
        decided: None,
    },
];
