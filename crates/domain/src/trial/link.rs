//! Outcomes that another agency knows: a link for one trial, between two agencies, for named kinds of event.
//!
//! **Architecture invariant:** a link never carries identities or arms. The partner sends outcomes under codes that both
//! agencies have agreed on; they are made into the owner's pseudonyms at the border, count in the one trial for which the
//! link was made, and nothing about the trial's people goes back.

use std::fmt;

use chrono::{DateTime, Days, NaiveTime, Utc};

use super::state::words;
use crate::{Fault, canonical, protocol::Protocol};

words!(
    /// By what right an agency passes outcomes on to another.
    Authority {
        /// An approved information sharing agreement.
        Agreement = "information_sharing_agreement",
        /// The people concerned have agreed.
        Consent = "consent",
        /// A law says so.
        Statute = "statute",
    }
);

/// Days after the trial's last possible follow-up for which a link may last: time to settle and lock the data.
const DAYS_TO_SETTLE: u64 = 92;

/// Names a link in addresses, and marks in the log of events what came through it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId(String);

impl LinkId {
    /// Makes an id of random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 8]) -> Self {
        Self(format!("link-{}", canonical::hex(&bytes)))
    }

    /// Reads an id; none for any other text.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("link-")?;
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        (digits.len() == 16 && digits.bytes().all(hex)).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A kind or an id of an event as it is kept when it came through this link. A sender's own names have no `/`, so
    /// nothing that comes by another door can be taken for it.
    ///
    /// ```
    /// use fairtrial_domain::trial::LinkId;
    /// let link = LinkId::from_random([7; 8]);
    /// let kept = link.mark("visit.attended");
    /// assert_eq!(kept, "link-0707070707070707/visit.attended");
    /// assert_eq!(LinkId::unmark(&kept), Some((link, "visit.attended")));
    /// assert_eq!(LinkId::unmark("visit.attended"), None);
    /// ```
    #[must_use]
    pub fn mark(&self, name: &str) -> String {
        format!("{self}/{name}")
    }

    /// The link through which something came, and its own name; none when it came by no link.
    #[must_use]
    pub fn unmark(kept: &str) -> Option<(Self, &str)> {
        let (link, name) = kept.split_once('/')?;
        Some((Self::new(link)?, name))
    }
}

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What two agencies agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkTerms {
    /// Kinds of event that the partner sends; each is one that the trial's outcomes listen to.
    pub events: Vec<String>,
    /// By what right.
    pub authority: Authority,
    /// Where that can be read: the agreement's number, the form of consent, the section of the law.
    pub reference: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

impl LinkTerms {
    /// What is wrong with the terms for a trial, all at once.
    #[must_use]
    pub fn faults(&self, plan: &Protocol, now: DateTime<Utc>) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.events.is_empty() {
            faults.push(Fault::new("/events", "missing_field", "name at least one kind of event"));
        }
        for (index, event) in self.events.iter().enumerate() {
            let place = format!("/events/{index}");
            if !plan.outcomes.iter().any(|outcome| outcome.event == *event) {
                faults.push(Fault::new(
                    place,
                    "unknown_event",
                    "no outcome of the trial listens to this kind of event",
                ));
            } else if self.events.iter().take(index).any(|earlier| earlier == event) {
                faults.push(Fault::new(place, "duplicate", "this kind of event is named before"));
            }
        }
        let length = self.reference.trim().chars().count();
        if !(3..=200).contains(&length) || self.reference.chars().any(char::is_control) {
            let detail = "say in 3 to 200 characters where the authority can be read, such as the agreement's number";
            faults.push(Fault::new("/reference", "out_of_range", detail));
        }
        let latest = latest_end(plan);
        if self.expires_at <= now || self.expires_at > latest {
            let latest = latest.format("%Y-%m-%d");
            let detail = format!("a link ends after now and, with the trial and its follow-up, by {latest}");
            faults.push(Fault::new("/expires_at", "out_of_range", detail));
        }
        faults
    }
}

/// The end of the trial and its longest follow-up, and some time to settle the data.
fn latest_end(plan: &Protocol) -> DateTime<Utc> {
    let follow_up = plan.outcomes.iter().map(|outcome| outcome.follow_up_days).max().unwrap_or(0);
    let days = Days::new(u64::from(follow_up) + DAYS_TO_SETTLE);
    let last = plan.monitoring.ends_on.checked_add_days(days).unwrap_or(plan.monitoring.ends_on);
    last.and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_of_links_are_read() {
        for bad in ["", "link-", "link-070707070707070", "link-070707070707070G", "LINK-0707070707070707", "a/b"] {
            assert_eq!(LinkId::new(bad), None, "{bad}");
        }
        assert_eq!(LinkId::unmark("a/b"), None);
        assert_eq!(LinkId::unmark("link-0707070707070707"), None);
    }
}
