//! What is done about the results, and what becomes of it.

use chrono::{DateTime, Duration, Utc};

use super::state::words;

words!(
    /// What an agency does once a trial has shown what it has shown.
    Decision {
        /// The new version becomes the usual one.
        Adopt = "adopt",
        /// Everything stays as it was.
        KeepCurrent = "keep_current",
        /// The question is asked again, in another trial.
        RunAgain = "run_again",
        /// The idea is given up.
        Stop = "stop",
    }
);

words!(
    /// What became of a version that was to be adopted.
    Adoption {
        /// It is the usual version now, as it was tried.
        Adopted = "adopted",
        /// It is the usual version now, with changes that were not tried.
        Adapted = "adapted",
        /// It was given up.
        Dropped = "dropped",
        /// It is still wanted, and something stands in its way.
        Blocked = "blocked",
    }
);

impl Decision {
    /// The decision as a statement, without a full stop.
    #[must_use]
    pub fn statement(self) -> &'static str {
        match self {
            Self::Adopt => "The new version becomes the usual one",
            Self::KeepCurrent => "The usual version stays",
            Self::RunAgain => "The question is asked again in another trial",
            Self::Stop => "The idea is given up",
        }
    }
}

impl Adoption {
    /// Whether whoever reports it must say why.
    #[must_use]
    pub fn needs_reason(self) -> bool {
        self != Self::Adopted
    }
}

/// Days after a decision to adopt on which somebody is asked what became of it.
pub const FOLLOW_UP_DAYS: [i64; 3] = [30, 90, 180];

/// Since when somebody has been asked what became of an adoption and has not answered: the last day of asking that has
/// passed, when nothing was reported from that day on. Nothing more is asked once it was dropped.
///
/// `reports` are in the order in which they were made.
#[must_use]
pub fn follow_up_due(
    decided_at: DateTime<Utc>,
    reports: &[(DateTime<Utc>, Adoption)],
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let asked = FOLLOW_UP_DAYS.iter().map(|days| decided_at + Duration::days(*days)).rfind(|day| *day <= now)?;
    match reports.last() {
        Some((_, Adoption::Dropped)) => None,
        Some((at, _)) if *at >= asked => None,
        _ => Some(asked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_day(day: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::days(day)
    }

    #[test]
    fn somebody_is_asked_three_times_unless_it_was_dropped() {
        let due = |reports: &[(i64, Adoption)], now| {
            let reports: Vec<_> = reports.iter().map(|(day, status)| (on_day(*day), *status)).collect();
            follow_up_due(on_day(0), &reports, on_day(now)).map(|at| (at - on_day(0)).num_days())
        };
        assert_eq!(due(&[], 29), None);
        assert_eq!(due(&[], 30), Some(30));
        assert_eq!(due(&[], 89), Some(30));
        assert_eq!(due(&[(31, Adoption::Blocked)], 60), None);
        assert_eq!(due(&[(29, Adoption::Adopted)], 30), Some(30), "an answer before the day is asked for again");
        assert_eq!(due(&[(31, Adoption::Adopted)], 95), Some(90), "whether it stayed");
        assert_eq!(due(&[(31, Adoption::Dropped)], 500), None);
        assert_eq!(due(&[(31, Adoption::Dropped), (100, Adoption::Adapted)], 500), Some(180));
        assert_eq!(due(&[(180, Adoption::Adopted)], 5_000), None);
    }

    #[test]
    fn only_what_went_as_planned_needs_no_reason() {
        let silent: Vec<&Adoption> = Adoption::ALL.iter().filter(|status| !status.needs_reason()).collect();
        assert_eq!(silent, [&Adoption::Adopted]);
    }
}
