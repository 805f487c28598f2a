//! Dates and times as people read them.

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Timelike, Utc};
use chrono_tz::Tz;
use std::fmt;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A moment, shown in the time zone of the trial or the agency.
///
/// ```
/// use chrono::{TimeZone, Utc};
/// use fairtrial_pages::Moment;
/// let noon = Utc.with_ymd_and_hms(2026, 11, 22, 23, 4, 0).unwrap();
/// let moment = Moment::new(noon, chrono_tz::Pacific::Auckland);
/// assert_eq!(moment.to_string(), "23 November 2026 at 12:04pm");
/// assert_eq!(moment.day(), "23 November 2026");
/// assert_eq!(moment.stamp(), "2026-11-22T23:04:00Z");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    at: DateTime<Utc>,
    zone: Tz,
}

/// A day: "23 November 2026".
#[must_use]
pub fn day(day: NaiveDate) -> String {
    let month = MONTHS.get(day.month0() as usize).copied().unwrap_or_default();
    format!("{} {month} {}", day.day(), day.year())
}

impl Moment {
    /// The moment `at`, to be read in `zone`.
    #[must_use]
    pub fn new(at: DateTime<Utc>, zone: Tz) -> Self {
        Self { at, zone }
    }

    /// Seconds since 1970, for places on a scale.
    pub(crate) fn seconds(&self) -> i64 {
        self.at.timestamp()
    }

    /// The day alone: "23 November 2026".
    #[must_use]
    pub fn day(&self) -> String {
        day(self.at.with_timezone(&self.zone).date_naive())
    }

    /// RFC 3339 in UTC, for the `datetime` attribute.
    #[must_use]
    pub fn stamp(&self) -> String {
        self.at.to_rfc3339_opts(SecondsFormat::Secs, true)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = self.at.with_timezone(&self.zone);
        let (afternoon, hour) = local.hour12();
        let half = if afternoon { "pm" } else { "am" };
        write!(f, "{} at {hour}:{:02}{half}", self.day(), local.minute())
    }
}
