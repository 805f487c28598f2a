//! Times as registers and spreadsheets write them: a day, or a time on the clock of the trial.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, TimeZone, Utc};
use chrono_tz::Tz;

use super::read_time;

const DAY: &str = "%Y-%m-%d";
const TIMES: [&str; 4] = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];

/// Reads a day (`2026-11-23`), a time on the trial's clock (`2026-11-23 09:30`), or a time with its offset as [`read_time`] does. A day
/// alone counts as its last second: whoever was assigned on that day was assigned before it. Of an hour that a clock shows twice, the
/// first is meant.
///
/// # Errors
/// A stable code and a sentence.
pub fn read_local_time(text: &str, zone: Tz, now: DateTime<Utc>) -> Result<DateTime<Utc>, (&'static str, String)> {
    let malformed = || {
        let detail = "the time is a day such as 2026-11-23, a time such as 2026-11-23 09:30, or one with its offset such as \
                      2026-11-23T09:30:00+13:00";
        ("malformed_time", detail.to_owned())
    };
    if !text.is_ascii() || text.len() < 10 {
        return Err(malformed());
    }
    let read = if text.len() == 10 {
        let day = NaiveDate::parse_from_str(text, DAY).map_err(|_| malformed())?;
        if day >= now.with_timezone(&zone).date_naive() {
            let detail = "the day is not over yet, so that the time on it is not known: send it when it is";
            return Err(("time_in_future", detail.into()));
        }
        day.and_hms_opt(23, 59, 59).and_then(|last| zone.from_local_datetime(&last).latest())
    } else {
        let local = TIMES.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
        match local {
            None => {
                return read_time("the time", text, now).map_err(|(code, detail)| match code {
                    "malformed_time" => malformed(),
                    _ => (code, detail),
                });
            }
            Some(local) => zone.from_local_datetime(&local).earliest(),
        }
    };
    let read = read.ok_or(("malformed_time", "the clock was put forward over this time: it never was".to_owned()))?;
    read_time("the time", &read.with_timezone(&Utc).to_rfc3339_opts(SecondsFormat::Micros, true), now)
}

/// Reads the same where days are written as 23/11/2026: such a day, alone or with a time on the trial's clock. Nothing else is read, so
/// that no file mixes two ways of writing days unnoticed.
///
/// # Errors
/// As [`read_local_time`].
pub fn read_day_first(text: &str, zone: Tz, now: DateTime<Utc>) -> Result<DateTime<Utc>, (&'static str, String)> {
    let malformed = || {
        let detail =
            "the time is a day such as 23/11/2026, or a time such as 23/11/2026 09:30, as was said of this file";
        ("malformed_time", detail.to_owned())
    };
    let (day, time) = text.split_once(' ').map_or((text, None), |(day, time)| (day, Some(time)));
    let parts: Vec<&str> = day.split('/').collect();
    let digits = |part: &str, most: usize| {
        (!part.is_empty() && part.len() <= most && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse::<u32>().ok())
            .flatten()
    };
    let [day, month, year] = parts.as_slice() else { return Err(malformed()) };
    let (Some(day), Some(month), Some(year)) = (digits(day, 2), digits(month, 2), digits(year, 4)) else {
        return Err(malformed());
    };
    if year < 1_000 || time.is_some_and(|time| !time.bytes().all(|byte| byte.is_ascii_digit() || byte == b':')) {
        return Err(malformed());
    }
    let time = time.map(|time| format!(" {time}")).unwrap_or_default();
    read_local_time(&format!("{year:04}-{month:02}-{day:02}{time}"), zone, now)
        .map_err(|(code, detail)| if detail.starts_with("the time is a day") { malformed() } else { (code, detail) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Pacific::Auckland;

    fn read(text: &str) -> Result<String, &'static str> {
        let now = Utc.with_ymd_and_hms(2026, 11, 23, 0, 0, 0).unwrap();
        let read = read_local_time(text, Auckland, now);
        read.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)).map_err(|(code, _)| code)
    }

    #[test]
    fn days_and_times_are_those_of_the_trial() {
        for (text, wanted) in [
            ("2026-11-22", Ok("2026-11-22T10:59:59Z")),
            ("2026-11-22 09:30", Ok("2026-11-21T20:30:00Z")),
            ("2026-11-22T09:30:15", Ok("2026-11-21T20:30:15Z")),
            ("2026-11-22T09:30:00Z", Ok("2026-11-22T09:30:00Z")),
            ("2026-11-22T09:30:00+13:00", Ok("2026-11-21T20:30:00Z")),
            // It is 13 o'clock on the 23rd there.
            ("2026-11-23", Err("time_in_future")),
            ("2026-11-23 13:10", Err("time_in_future")),
            ("2026-11-23 12:59", Ok("2026-11-22T23:59:00Z")),
            // The clock went back at 3 on 5 April, and forward at 2 on 27 September.
            ("2026-04-05 02:30", Ok("2026-04-04T13:30:00Z")),
            ("2026-09-27 02:30", Err("malformed_time")),
            ("1999-12-30", Err("time_out_of_range")),
            ("22/11/2026", Err("malformed_time")),
            ("2026-13-01", Err("malformed_time")),
            ("2026-11-2", Err("malformed_time")),
            ("=NOW()+2026", Err("malformed_time")),
            ("２０２６-11-22", Err("malformed_time")),
            ("", Err("malformed_time")),
        ] {
            assert_eq!(read(text).as_deref(), wanted.as_deref(), "{text}");
        }
    }

    #[test]
    fn days_come_first_where_that_was_said() {
        let now = Utc.with_ymd_and_hms(2026, 11, 23, 0, 0, 0).unwrap();
        for (text, wanted) in [
            ("22/11/2026", Ok("2026-11-22T10:59:59Z")),
            ("3/4/2026", Ok("2026-04-03T10:59:59Z")),
            ("22/11/2026 09:30", Ok("2026-11-21T20:30:00Z")),
            ("22/11/2026 09:30:15", Ok("2026-11-21T20:30:15Z")),
            ("23/11/2026", Err("time_in_future")),
            ("11/22/2026", Err("malformed_time")),
            ("31/04/2026", Err("malformed_time")),
            ("22/11/26", Err("malformed_time")),
            ("2026-11-22", Err("malformed_time")),
            ("2026-11-22T09:30:00Z", Err("malformed_time")),
            ("22/11/2026 9am", Err("malformed_time")),
            ("22/11/2026 ", Err("malformed_time")),
            ("22/11", Err("malformed_time")),
            ("+2/11/2026", Err("malformed_time")),
            ("22//2026", Err("malformed_time")),
            ("", Err("malformed_time")),
        ] {
            let read = read_day_first(text, Auckland, now);
            let read = read.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)).map_err(|(code, _)| code);
            assert_eq!(read, wanted.map(str::to_owned), "{text}");
        }
    }
}
