//! Whether the time of day may be acted on.
//!
//! A look that is held too early cannot be taken back. So when the clock jumps against one that nobody can set, looks wait until
//! it has kept its new time for an hour, or has jumped back. Harm is watched all the while.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};

/// A clock that is set right by more than this within a second has jumped.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// How long a new time has to hold.
const PROBATION: Duration = Duration::from_secs(3600);

/// What was read so far.
#[derive(Debug, Default)]
pub(crate) struct TrustedClock(Mutex<Option<Readings>>);

#[derive(Debug)]
struct Readings {
    /// When the steady clock began, by the time of day that is trusted.
    trusted: DateTime<Utc>,
    /// The same by a time of day that is not trusted yet, and since when it is told.
    doubted: Option<(DateTime<Utc>, Duration)>,
}

impl TrustedClock {
    /// Reads both clocks: `now` is the time of day, `steady` what has passed on a clock that nobody can set. The first time of day
    /// is trusted, as there is nothing to hold it against.
    pub(crate) fn trusts(&self, now: DateTime<Utc>, steady: Duration) -> bool {
        let began = now - TimeDelta::from_std(steady).unwrap_or_default();
        let near = |other: DateTime<Utc>| (began - other).abs() <= TOLERANCE;
        let mut readings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let readings = readings.get_or_insert(Readings { trusted: began, doubted: None });
        if near(readings.trusted) {
            if readings.doubted.take().is_some() {
                tracing::warn!("the clock is back; looks are held again");
            }
            // Small corrections add up.
            readings.trusted = began;
            return true;
        }
        match readings.doubted {
            Some((doubted, since)) if near(doubted) && steady.saturating_sub(since) >= PROBATION => {
                tracing::warn!("the clock has kept its new time; looks are held by it");
                *readings = Readings { trusted: began, doubted: None };
                true
            }
            Some((doubted, since)) if near(doubted) => {
                readings.doubted = Some((began, since));
                false
            }
            _ => {
                let seconds = (began - readings.trusted).num_seconds();
                tracing::warn!(
                    seconds,
                    "the clock has jumped; looks wait until it is back, or has kept its new time for an hour"
                );
                readings.doubted = Some((began, steady));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The clock at each minute, as so many minutes off; whether it is trusted then.
    fn story(off: impl IntoIterator<Item = i64>) -> Vec<bool> {
        let (clock, began) = (TrustedClock::default(), DateTime::UNIX_EPOCH + TimeDelta::days(20_000));
        let read = |(minute, off): (u64, i64)| {
            let steady = Duration::from_secs(60 * minute);
            clock.trusts(began + TimeDelta::minutes(minute as i64 + off), steady)
        };
        (0..).zip(off).map(read).collect()
    }

    #[test]
    fn a_jump_is_doubted_until_it_is_undone() {
        assert_eq!(story([0, 0, 600_000, 600_000, 0, 0]), [true, true, false, false, true, true]);
        assert_eq!(story([0, -60, -60, 4, 0]), [true, false, false, true, true]);
    }

    #[test]
    fn a_new_time_that_holds_for_an_hour_is_trusted() {
        let told = story([0].into_iter().chain([1_440; 70]));
        assert!(told.iter().skip(1).take(60).all(|trusted| !trusted));
        assert!(told.iter().skip(61).all(|trusted| *trusted), "{told:?}");
        // Each jump begins the hour anew.
        let told = story([0].into_iter().chain([1_440; 50]).chain([2_880; 50]));
        assert!(told.iter().skip(1).all(|trusted| !trusted), "{told:?}");
    }

    #[test]
    fn small_corrections_are_none() {
        assert!(story((0..500).map(|minute| minute * 4)).into_iter().all(|trusted| trusted));
    }
}
