use super::{field::described_by, writes_markup};
use askama::Template;

/// How many may be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choices {
    /// Exactly one (radio buttons).
    One,
    /// Any number (check boxes).
    Any,
}

/// A question with the answers to choose from.
#[derive(Debug, Clone, Template)]
#[template(path = "components/choice.html")]
pub struct Choice {
    /// The name under which the answers are sent.
    pub name: String,
    /// The question.
    pub legend: String,
    /// Help under the question.
    pub hint: Option<String>,
    /// What is wrong with the answer.
    pub error: Option<String>,
    /// The answers, in order.
    pub options: Vec<ChoiceOption>,
    /// How many may be chosen.
    pub choices: Choices,
}

/// One answer.
#[derive(Debug, Clone)]
pub struct ChoiceOption {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// What choosing it means.
    pub hint: Option<String>,
    /// Whether it is chosen already.
    pub chosen: bool,
}

impl ChoiceOption {
    /// An answer that is not chosen yet.
    #[must_use]
    pub fn new(value: &str, label: &str, hint: Option<&str>) -> Self {
        Self { value: value.into(), label: label.into(), hint: hint.map(Into::into), chosen: false }
    }
}

impl Choice {
    /// Shows the fault that is about this question, if there is one.
    pub fn take_error(&mut self, errors: &super::ErrorSummary) {
        let fault = errors.faults.iter().find(|fault| fault.field.as_deref() == Some(self.name.as_str()));
        self.error = fault.map(|fault| fault.message.clone());
    }

    fn kind(&self) -> &'static str {
        match self.choices {
            Choices::One => "radios",
            Choices::Any => "checkboxes",
        }
    }

    fn input_type(&self) -> &'static str {
        match self.choices {
            Choices::One => "radio",
            Choices::Any => "checkbox",
        }
    }

    // The first answer bears the question's own id, so that the error summary can point at it.
    fn id(&self, index: &usize) -> String {
        if *index == 0 { self.name.clone() } else { format!("{}-{}", self.name, index + 1) }
    }

    fn described_by(&self) -> String {
        described_by(&self.name, self.hint.is_some(), self.error.is_some())
    }
}

writes_markup!(Choice);
