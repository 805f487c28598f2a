//! Files for people's calendars (RFC 5545).

use chrono::{DateTime, Days, NaiveDate, Utc};

/// A calendar of whole days.
pub(crate) struct CalendarFile<'a> {
    /// What of Fairtrial made it.
    pub(crate) product: &'a str,
    /// Its name.
    pub(crate) name: &'a str,
    /// When what it says came to be: not when it was asked for, so that the same file is the same bytes.
    pub(crate) stamp: DateTime<Utc>,
    /// Its entries.
    pub(crate) days: Vec<AllDay>,
}

/// An entry of one or more whole days.
pub(crate) struct AllDay {
    /// Its name, the same in every later file.
    pub(crate) id: String,
    /// The first day.
    pub(crate) from: NaiveDate,
    /// The first day that is not part of it; a day at least lies between.
    pub(crate) until: NaiveDate,
    /// What it is.
    pub(crate) summary: String,
    /// More of it.
    pub(crate) detail: String,
    /// Where to read on.
    pub(crate) address: Option<String>,
}

impl CalendarFile<'_> {
    pub(crate) fn text(&self) -> String {
        let day = |day: NaiveDate| day.format("%Y%m%d").to_string();
        let mut out = String::new();
        let mut line = |text: &str| fold(&mut out, text);
        line("BEGIN:VCALENDAR");
        line("VERSION:2.0");
        line(&format!("PRODID:-//Fairtrial//{}//EN", self.product));
        line("CALSCALE:GREGORIAN");
        line(&format!("X-WR-CALNAME:{}", escaped(self.name)));
        for entry in &self.days {
            let next = entry.from.checked_add_days(Days::new(1)).unwrap_or(entry.from);
            line("BEGIN:VEVENT");
            line(&format!("UID:{}@fairtrial", entry.id));
            line(&format!("DTSTAMP:{}", self.stamp.format("%Y%m%dT%H%M%SZ")));
            line(&format!("DTSTART;VALUE=DATE:{}", day(entry.from)));
            line(&format!("DTEND;VALUE=DATE:{}", day(entry.until.max(next))));
            line(&format!("SUMMARY:{}", escaped(&entry.summary)));
            line(&format!("DESCRIPTION:{}", escaped(&entry.detail)));
            if let Some(address) = &entry.address {
                // An address is no text: what could end the line is left out, and nothing else in it is escaped.
                line(&format!("URL:{}", address.chars().filter(|c| !c.is_control()).collect::<String>()));
            }
            line("TRANSP:TRANSPARENT");
            line("END:VEVENT");
        }
        line("END:VCALENDAR");
        out
    }
}

/// A text value: RFC 5545, 3.3.11.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n").replace('\r', "")
}

/// A content line of at most 75 bytes, continued after a space where it is longer: RFC 5545, 3.1.
fn fold(out: &mut String, text: &str) {
    let mut room = 75;
    for letter in text.chars() {
        if letter.len_utf8() > room {
            out.push_str("\r\n ");
            room = 74;
        }
        out.push(letter);
        room -= letter.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_between_letters() {
        let mut out = String::new();
        fold(&mut out, &format!("SUMMARY:{}", "ā".repeat(80)));
        let lines: Vec<&str> = out.trim_end_matches("\r\n").split("\r\n").collect();
        assert!(lines.len() == 3 && lines.iter().all(|line| line.len() <= 75), "{lines:?}");
        assert!(lines[1..].iter().all(|line| line.starts_with(' ')));
        assert_eq!(lines.join("").replace(' ', ""), format!("SUMMARY:{}", "ā".repeat(80)), "nothing is lost");
    }

    #[test]
    fn texts_are_escaped() {
        assert_eq!(escaped("a,b;c\\d\r\ne"), "a\\,b\\;c\\\\d\\ne");
    }
}
