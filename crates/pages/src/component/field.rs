use super::{ErrorSummary, writes_markup};
use askama::Template;

/// What may be typed, and how a browser helps with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Any short text.
    Text,
    /// An e-mail address.
    Email,
    /// The password of an account that exists.
    Password,
    /// A password that is being chosen.
    NewPassword,
}

/// One line to type in.
#[derive(Debug, Clone, Template)]
#[template(path = "components/input.html")]
pub struct TextField {
    /// The name under which it is sent; also its `id`.
    pub name: String,
    /// What to type.
    pub label: String,
    /// Help under the label.
    pub hint: Option<String>,
    /// What is wrong with what was typed.
    pub error: Option<String>,
    /// What was typed before. Never filled for passwords.
    pub value: String,
    /// What may be typed.
    pub kind: FieldKind,
    /// The purpose, as browsers know it (`email`, `name`).
    pub autocomplete: Option<&'static str>,
}

impl TextField {
    /// An empty line called `name`.
    #[must_use]
    pub fn new(name: &str, label: &str) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            hint: None,
            error: None,
            value: String::new(),
            kind: FieldKind::Text,
            autocomplete: None,
        }
    }

    /// The same line with help under its label.
    #[must_use]
    pub fn hint(self, hint: &str) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same line for a value of that kind.
    #[must_use]
    pub fn kind(self, kind: FieldKind) -> Self {
        Self { kind, ..self }
    }

    /// The same line with its purpose for browsers.
    #[must_use]
    pub fn autocomplete(self, purpose: &'static str) -> Self {
        Self { autocomplete: Some(purpose), ..self }
    }

    fn is_password(&self) -> bool {
        matches!(self.kind, FieldKind::Password | FieldKind::NewPassword)
    }

    fn input_type(&self) -> &'static str {
        match self.kind {
            FieldKind::Text => "text",
            FieldKind::Email => "email",
            FieldKind::Password | FieldKind::NewPassword => "password",
        }
    }

    fn purpose(&self) -> Option<&'static str> {
        match self.kind {
            FieldKind::Password => Some("current-password"),
            FieldKind::NewPassword => Some("new-password"),
            FieldKind::Email => Some(self.autocomplete.unwrap_or("email")),
            FieldKind::Text => self.autocomplete,
        }
    }

    fn described_by(&self) -> String {
        described_by(&self.name, self.hint.is_some(), self.error.is_some())
    }
}

/// Several lines to type in.
#[derive(Debug, Clone, Template)]
#[template(path = "components/textarea.html")]
pub struct Area {
    /// The name under which it is sent.
    pub name: String,
    /// The `id`, which differs from the name when a page has two forms with the same field.
    pub id: String,
    /// What to type.
    pub label: String,
    /// Help under the label.
    pub hint: Option<String>,
    /// What is wrong with what was typed.
    pub error: Option<String>,
    /// What was typed before.
    pub value: String,
    /// Height in lines.
    pub rows: u8,
    /// Whether it holds a document for machines: evenly spaced letters, no spelling help.
    pub document: bool,
}

impl Area {
    /// An empty area called `name`, three lines high.
    #[must_use]
    pub fn new(name: &str, label: &str) -> Self {
        Self {
            name: name.into(),
            id: name.into(),
            label: label.into(),
            hint: None,
            error: None,
            value: String::new(),
            rows: 3,
            document: false,
        }
    }

    /// What something is taken away for: the field `purpose`, with what was typed before and what was wrong with it.
    #[must_use]
    pub fn purpose(label: &str, hint: &str, typed: &str, errors: &ErrorSummary) -> Self {
        let fault = errors.faults.iter().find(|fault| fault.field.as_deref() == Some("purpose"));
        Self {
            hint: Some(hint.into()),
            error: fault.map(|fault| fault.message.clone()),
            value: typed.to_owned(),
            rows: 2,
            ..Self::new("purpose", label)
        }
    }

    fn described_by(&self) -> String {
        described_by(&self.id, self.hint.is_some(), self.error.is_some())
    }
}

/// A file to send. The form around it must be `multipart/form-data`.
#[derive(Debug, Clone, Template)]
#[template(path = "components/upload.html")]
pub struct Upload {
    /// The name under which it is sent; also its `id`.
    pub name: String,
    /// What to choose.
    pub label: String,
    /// Help under the label.
    pub hint: Option<String>,
    /// What is wrong with the file.
    pub error: Option<String>,
    /// File endings and media types that are offered (`.json,application/json`).
    pub accept: &'static str,
}

impl Upload {
    fn described_by(&self) -> String {
        described_by(&self.name, self.hint.is_some(), self.error.is_some())
    }
}

pub(super) fn described_by(id: &str, hint: bool, error: bool) -> String {
    match (hint, error) {
        (true, true) => format!("{id}-hint {id}-error"),
        (true, false) => format!("{id}-hint"),
        (false, true) => format!("{id}-error"),
        (false, false) => String::new(),
    }
}

writes_markup!(TextField, Area, Upload);

/// Writes each fault's message at the field that it is about.
pub fn show_at_fields<const N: usize>(errors: &super::ErrorSummary, fields: [&mut TextField; N]) {
    for field in fields {
        let fault = errors.faults.iter().find(|fault| fault.field.as_deref() == Some(field.name.as_str()));
        field.error = fault.map(|fault| fault.message.clone());
    }
}
