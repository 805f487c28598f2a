use super::{field::described_by, writes_markup};
use askama::Template;

/// A day to type in: three short lines, sent as `NAME-day`, `NAME-month` and `NAME-year`.
#[derive(Debug, Clone, Template)]
#[template(path = "components/date-input.html")]
pub struct DateInput {
    /// The start of the names.
    pub name: String,
    /// What day it is about.
    pub legend: String,
    /// Help under the question.
    pub hint: String,
    /// What is wrong with the day.
    pub error: Option<String>,
    /// The day that was typed before.
    pub day: String,
    /// The month that was typed before.
    pub month: String,
    /// The year that was typed before.
    pub year: String,
}

impl DateInput {
    /// An empty day called `name`.
    #[must_use]
    pub fn new(name: &str, legend: &str, hint: &str) -> Self {
        Self {
            name: name.into(),
            legend: legend.into(),
            hint: hint.into(),
            error: None,
            day: String::new(),
            month: String::new(),
            year: String::new(),
        }
    }

    /// Shows the fault that is about this day, if there is one.
    pub fn take_error(&mut self, errors: &super::ErrorSummary) {
        let fault = errors.faults.iter().find(|fault| fault.field.as_deref() == Some(self.name.as_str()));
        self.error = fault.map(|fault| fault.message.clone());
    }

    // The first line bears the name alone as its id, so that the error summary can point at it.
    fn parts(&self) -> [(String, String, &'static str, u8, &str); 3] {
        let part = |name: &str| format!("{}-{name}", self.name);
        [
            (self.name.clone(), part("day"), "Day", 2, &self.day),
            (part("month"), part("month"), "Month", 2, &self.month),
            (part("year"), part("year"), "Year", 4, &self.year),
        ]
    }

    fn described_by(&self) -> String {
        described_by(&self.name, true, self.error.is_some())
    }
}

writes_markup!(DateInput);
