//! Reading a document field by field, keeping every fault instead of stopping at the first.

use std::{cell::RefCell, ops::RangeInclusive, str::FromStr};

use serde_json::{Map, Value};

use crate::{Decimal, canonical::escape, fault::Fault, visible};

/// Collects the faults of one reading.
#[derive(Default)]
pub(super) struct Faults(RefCell<Vec<Fault>>);

impl Faults {
    pub(super) fn add(&self, pointer: &str, code: &str, detail: impl Into<String>) {
        self.0.borrow_mut().push(Fault::new(pointer, code, detail));
    }

    pub(super) fn into_inner(self) -> Vec<Fault> {
        self.0.into_inner()
    }

    pub(super) fn none(&self) -> bool {
        self.0.borrow().is_empty()
    }
}

/// A value and its place.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    pub(super) value: &'a Value,
    pub(super) pointer: String,
    pub(super) faults: &'a Faults,
}

/// An object whose names are known, and its place.
pub(super) struct Object<'a> {
    map: &'a Map<String, Value>,
    pub(super) pointer: String,
    faults: &'a Faults,
}

impl<'a> Cursor<'a> {
    pub(super) fn fault(&self, code: &str, detail: impl Into<String>) {
        self.faults.add(&self.pointer, code, detail);
    }

    /// The value as an object with no other names than these.
    pub(super) fn object(&self, names: &[&str]) -> Option<Object<'a>> {
        let Value::Object(map) = self.value else {
            self.fault("wrong_type", "must be an object");
            return None;
        };
        for name in map.keys().filter(|name| !names.contains(&name.as_str())) {
            let place = format!("{}/{}", self.pointer, escape(name));
            self.faults.add(
                &place,
                "unknown_field",
                format!("this field is not known here; known are: {}", names.join(", ")),
            );
        }
        Some(Object { map, pointer: self.pointer.clone(), faults: self.faults })
    }

    /// The value as a list whose length lies in a range, each item read.
    pub(super) fn list<T>(&self, length: RangeInclusive<usize>, read: impl Fn(&Self) -> Option<T>) -> Option<Vec<T>> {
        let Value::Array(items) = self.value else {
            self.fault("wrong_type", "must be a list");
            return None;
        };
        if !length.contains(&items.len()) {
            self.fault("out_of_range", format!("must have {} to {} items", length.start(), length.end()));
        }
        let read: Vec<Option<T>> = items
            .iter()
            .enumerate()
            .map(|(index, value)| {
                read(&Cursor { value, pointer: format!("{}/{index}", self.pointer), faults: self.faults })
            })
            .collect();
        read.into_iter().collect()
    }

    /// The value as a text of 1 to `longest` characters that is not blank.
    pub(super) fn text(&self, longest: usize) -> Option<String> {
        let Value::String(text) = self.value else {
            self.fault("wrong_type", "must be a text");
            return None;
        };
        if visible::is_blank(text) || text.chars().count() > longest {
            self.fault("out_of_range", format!("must have 1 to {longest} characters and not be blank"));
            return None;
        }
        if visible::turns_round(text) || text.chars().any(|c| c.is_control() && c != '\n') {
            self.fault("out_of_range", "must not hold control characters");
            return None;
        }
        Some(text.clone())
    }

    /// The value read from its text.
    pub(super) fn parsed<T: FromStrNamed>(&self) -> Option<T> {
        let read = self.value.as_str().and_then(T::read);
        if read.is_none() {
            self.fault("out_of_range", T::EXPECTED);
        }
        read
    }

    /// The value as a whole number in a range.
    pub(super) fn integer(&self, range: RangeInclusive<i64>) -> Option<i64> {
        let read = self.value.as_i64().filter(|n| range.contains(n));
        if read.is_none() {
            self.fault("out_of_range", format!("must be a whole number from {} to {}", range.start(), range.end()));
        }
        read
    }

    /// The value as a decimal text in a range.
    pub(super) fn decimal(&self, range: RangeInclusive<&str>) -> Option<Decimal> {
        let read = self.value.as_str().and_then(|text| text.parse::<Decimal>().ok());
        let bound = |text: &str| text.parse::<Decimal>().unwrap_or(Decimal::ZERO);
        let read = read.filter(|n| (bound(range.start())..=bound(range.end())).contains(n));
        if read.is_none() {
            let detail = format!("must be a decimal number as text from \"{}\" to \"{}\"", range.start(), range.end());
            self.fault("out_of_range", detail);
        }
        read
    }

    /// The value as one of a few words.
    pub(super) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let read = self.value.as_str().and_then(|text| words.iter().find(|(word, _)| *word == text));
        if read.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.fault("out_of_range", format!("must be one of: {}", known.join(", ")));
        }
        read.map(|(_, value)| *value)
    }

    /// The value as true or false.
    pub(super) fn flag(&self) -> Option<bool> {
        if !self.value.is_boolean() {
            self.fault("wrong_type", "must be true or false");
        }
        self.value.as_bool()
    }
}

impl<'a> Object<'a> {
    /// A field, if it is there.
    pub(super) fn optional(&self, name: &str) -> Option<Cursor<'a>> {
        let value = self.map.get(name)?;
        Some(Cursor { value, pointer: format!("{}/{}", self.pointer, escape(name)), faults: self.faults })
    }

    /// A field that must be there.
    pub(super) fn field(&self, name: &str) -> Option<Cursor<'a>> {
        let found = self.optional(name);
        if found.is_none() {
            self.faults.add(&format!("{}/{}", self.pointer, escape(name)), "missing_field", "this field is needed");
        }
        found
    }

    pub(super) fn text(&self, name: &str, longest: usize) -> Option<String> {
        self.field(name)?.text(longest)
    }

    pub(super) fn fault(&self, code: &str, detail: impl Into<String>) {
        self.faults.add(&self.pointer, code, detail);
    }
}

/// Something that is read from a text, with a sentence that says how it looks.
pub(super) trait FromStrNamed: Sized {
    const EXPECTED: &'static str;
    fn read(text: &str) -> Option<Self>;
}

macro_rules! key_from_text {
    ($($name:ident),*) => {$(
        impl FromStrNamed for crate::key::$name {
            const EXPECTED: &'static str =
                "must be 1 to 64 characters of a to z, 0 to 9, '-', '_' and '.', starting with a letter or digit";
            fn read(text: &str) -> Option<Self> {
                Self::new(text).ok()
            }
        }
    )*};
}

key_from_text!(TrialKey, AgencyKey, ArmKey, OutcomeKey, TouchpointKey, LayerKey, ClusterKey);

impl FromStrNamed for chrono_tz::Tz {
    const EXPECTED: &'static str = "must be a time zone name such as \"Pacific/Auckland\"";
    fn read(text: &str) -> Option<Self> {
        Self::from_str(text).ok()
    }
}

impl FromStrNamed for chrono::NaiveDate {
    const EXPECTED: &'static str = "must be a date such as \"2027-06-30\"";
    fn read(text: &str) -> Option<Self> {
        (text.len() == 10).then(|| Self::parse_from_str(text, "%Y-%m-%d").ok()).flatten()
    }
}
