use askama::Template;
use chrono::{DateTime, SecondsFormat, Utc};

/// The register, or one trial of it, as an Atom feed (RFC 4287). Characters that XML cannot hold are left out.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/register/feed.xml")]
pub struct Feed {
    base: String,
    page: String,
    own: String,
    title: String,
    updated: String,
    entries: Vec<Written>,
}

/// One trial in the feed of the register, or one step of a trial in its own.
#[derive(Debug, Clone)]
pub struct FeedEntry {
    /// The key in its address.
    pub key: String,
    /// The step, where the feed is that of one trial: a word that tells it from the others.
    pub step: Option<&'static str>,
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
    step: String,
    title: String,
    agency: String,
    summary: String,
    published: String,
    updated: String,
}

impl Feed {
    /// The feed of the register; `base` is the address that people use, without a slash at its end.
    #[must_use]
    pub fn new(base: &str, entries: &[FeedEntry]) -> Self {
        Self::at(base, "/register", "/register.atom", "Register of trials", entries)
    }

    /// The feed of one trial: a step of it is an entry.
    #[must_use]
    pub fn of_trial(base: &str, key: &str, title: &str, entries: &[FeedEntry]) -> Self {
        Self::at(base, &format!("/register/{key}"), &format!("/register/{key}/feed.atom"), title, entries)
    }

    fn at(base: &str, page: &str, own: &str, title: &str, entries: &[FeedEntry]) -> Self {
        let stamp = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let latest = entries.iter().map(|entry| entry.updated).max().unwrap_or(DateTime::UNIX_EPOCH);
        Self {
            base: clean(base),
            page: clean(page),
            own: clean(own),
            title: clean(title),
            updated: stamp(latest),
            entries: entries
                .iter()
                .map(|entry| Written {
                    key: clean(&entry.key),
                    step: entry.step.map(|step| format!("#{step}")).unwrap_or_default(),
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
