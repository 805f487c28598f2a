//! What the record answers to one item.

/// What the record tells, and what it lacks. How the item stands follows from the two and is never said by hand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    pub(super) told: Vec<String>,
    pub(super) missing: Vec<String>,
    pub(super) not_asked: Option<String>,
}

/// How an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Everything that the item asks for is on record.
    OnRecord,
    /// A part of it is, and what is not is named.
    InPart,
    /// Nothing of it is.
    NotOnRecord,
    /// The item asks for nothing of a trial like this.
    NotAsked,
}

impl Standing {
    /// In a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::OnRecord => "On record",
            Self::InPart => "In part",
            Self::NotOnRecord => "Not on record",
            Self::NotAsked => "Not asked of this trial",
        }
    }
}

impl Answer {
    /// How the item stands.
    ///
    /// ```
    /// use fairtrial_pages::checklist::{Answer, Standing};
    /// assert_eq!(Answer::default().standing(), Standing::NotOnRecord);
    /// ```
    #[must_use]
    pub fn standing(&self) -> Standing {
        match (self.not_asked.is_some(), self.told.is_empty(), self.missing.is_empty()) {
            (true, ..) => Standing::NotAsked,
            (_, true, _) => Standing::NotOnRecord,
            (_, false, true) => Standing::OnRecord,
            (_, false, false) => Standing::InPart,
        }
    }

    /// What the record tells, in sentences.
    #[must_use]
    pub fn told(&self) -> &[String] {
        &self.told
    }

    /// What it lacks, in sentences.
    #[must_use]
    pub fn missing(&self) -> &[String] {
        &self.missing
    }

    /// Why the item asks for nothing of a trial like this.
    #[must_use]
    pub fn not_asked(&self) -> Option<&str> {
        self.not_asked.as_deref()
    }

    /// An item that asks for nothing of a trial like this.
    pub(super) fn of_no_matter(why: &str) -> Self {
        Self { not_asked: Some(why.to_owned()), ..Self::default() }
    }

    /// The same answer with what is on record.
    pub(super) fn tell(mut self, text: impl Into<String>) -> Self {
        self.told.push(text.into());
        self
    }

    /// The same answer with several sentences.
    pub(super) fn tell_all(mut self, texts: impl IntoIterator<Item = String>) -> Self {
        self.told.extend(texts);
        self
    }

    /// The same answer with what is on record, or with its absence in a sentence.
    pub(super) fn need(self, text: Option<String>, missing: &str) -> Self {
        match text {
            Some(text) => self.tell(text),
            None => self.lack(missing),
        }
    }

    /// The same answer with sentences of which there is to be one at least.
    pub(super) fn need_any(self, texts: Vec<String>, missing: &str) -> Self {
        if texts.is_empty() { self.lack(missing) } else { self.tell_all(texts) }
    }

    /// The same answer with what the record has no place for.
    pub(super) fn lack(mut self, missing: impl Into<String>) -> Self {
        self.missing.push(missing.into());
        self
    }
}
