use crate::Frame;
use crate::component::{Choice, ChoiceOption, Choices, ErrorSummary, Panel, TextField, show_at_fields};
use askama::Template;

/// Takes back that two names are one person's. What was typed as a name is never shown again.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/identity/part.html")]
pub struct Part {
    /// Around the page.
    pub frame: Frame,
    /// What is wrong with what was sent.
    pub errors: ErrorSummary,
    done: Option<Panel>,
    left_out_in: Vec<String>,
    unit: TextField,
    same_as: TextField,
    reason: Choice,
}

/// Why a link was a mistake, with the code that is kept.
pub const REASONS: [(&str, &str); 3] = [
    ("shared-device", "Several people use one device or account"),
    ("wrong-match", "Two people were taken for one"),
    ("other", "Another reason"),
];

impl Part {
    /// The form; `reason` is what was chosen before.
    #[must_use]
    pub fn new(frame: Frame, reason: &str, errors: ErrorSummary) -> Self {
        let name = |name: &str, label: &str| {
            let mut field = TextField::new(name, label);
            field.autocomplete = Some("off");
            field
        };
        let mut unit = name("unit", "One name").hint(
            "As your system hands it to Fairtrial, such as application:88-c: never the name of a person or a public number.",
        );
        let mut same_as = name("same_as", "The other name");
        show_at_fields(&errors, [&mut unit, &mut same_as]);
        let options = REASONS.iter().map(|(word, label)| {
            let option = ChoiceOption::new(word, label, None);
            ChoiceOption { chosen: *word == reason, ..option }
        });
        let mut reason = Choice {
            name: "reason".into(),
            legend: "Why are they not one person?".into(),
            hint: None,
            error: None,
            options: options.collect(),
            choices: Choices::One,
        };
        reason.take_error(&errors);
        Self { frame, errors, done: None, left_out_in: Vec::new(), unit, same_as, reason }
    }

    /// The page after two names were parted, with the open trials in which a place is left out of the results.
    #[must_use]
    pub fn parted(frame: Frame, left_out_in: Vec<String>) -> Self {
        let panel = Panel { title: "Two people from now on".into(), body: None };
        Self { done: Some(panel), left_out_in, ..Self::new(frame, "", ErrorSummary::default()) }
    }
}
