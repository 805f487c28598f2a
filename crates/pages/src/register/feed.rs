use askama::Template;
use chrono::{DateTime, SecondsFormat, Utc};

/// The register as an Atom feed (RFC 4287). Characters that XML cannot hold are left out.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/register/feed.xml")]
pub struct Feed {
    base: String,
    updated: String,
    entries: Vec<Written>,
}

/// One trial in the feed.
#[derive(Debug, Clone)]
pub struct FeedEntry {
    /// The key in its address.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Its agency.
    pub agency: String,
    /// What is compared and where it stands.
    pub summary: String,
    /// When it was made.
    pub published: DateTime<Utc>,
    /// When something last changed.
    pub updated: DateTime<Utc>,
}

#[derive(Debug, Clone)]
struct Written {
    key: String,
    title: String,
    agency: String,
    summary: String,
    published: String,
    updated: String,
}

impl Feed {
    /// The feed; `base` is the address that people use, without a slash at its end.
    #[must_use]
    pub fn new(base: &str, entries: &[FeedEntry]) -> Self {
        let stamp = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let latest = entries.iter().map(|entry| entry.updated).max().unwrap_or(DateTime::UNIX_EPOCH);
        Self {
            base: clean(base),
            updated: stamp(latest),
            entries: entries
                .iter()
                .map(|entry| Written {
                    key: clean(&entry.key),
                    title: clean(&entry.title),
                    agency: clean(&entry.agency),
                    summary: clean(&entry.summary),
                    published: stamp(entry.published),
                    updated: stamp(entry.updated),
                })
                .collect(),
        }
    }
}

/// The text without what XML 1.0 forbids.
fn clean(text: &str) -> String {
    let allowed = |c: &char| matches!(c, '\t' | '\n' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    text.chars().filter(allowed).collect()
}
