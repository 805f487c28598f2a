use crate::component::{Area, Choice, ChoiceOption, Choices, ErrorSummary, Panel, TextField, show_at_fields};
use crate::language::Say;
use crate::{Frame, Moment};
use askama::Template;
use fairtrial_domain::trial::MessageKind;

/// Asks a question or complains, or looks for the answer to an earlier message. Nobody is asked who they are.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/message/create.html")]
pub struct Create {
    /// Around the page.
    pub frame: Frame,
    /// What is wrong with what was sent.
    pub errors: ErrorSummary,
    code: String,
    title: String,
    agency: String,
    kept_days: u32,
    kind: Choice,
    words: Area,
    reference: TextField,
}

/// What was sent, with the number that leads to the answer.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/message/created.html")]
pub struct Created {
    /// Around the page.
    pub frame: Frame,
    code: String,
    agency: String,
    panel: Panel,
}

/// A message and its answer, for whoever knows its number.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/message/answer.html")]
pub struct Answer {
    /// Around the page.
    pub frame: Frame,
    /// The code of the letter.
    pub code: String,
    /// The agency.
    pub agency: String,
    /// Question or complaint.
    pub kind: MessageKind,
    /// What was said.
    pub words: String,
    /// When.
    pub sent: Moment,
    /// What was answered, and when.
    pub answer: Option<(String, Moment)>,
}

impl Create {
    /// The form for the trial of that code; `kept_days` is for how many days messages stay after their answer, and `given` reads
    /// what was typed before.
    #[must_use]
    pub fn new(
        frame: Frame,
        (code, title, agency): (&str, &str, &str),
        kept_days: u32,
        given: impl Fn(&str) -> String,
        errors: ErrorSummary,
    ) -> Self {
        let option = |kind: MessageKind, label: &str, hint: &str| ChoiceOption {
            chosen: given("kind") == kind.as_str(),
            ..ChoiceOption::new(kind.as_str(), label, Some(hint))
        };
        let mut kind = Choice {
            name: "kind".into(),
            legend: "What is it?".into(),
            hint: None,
            error: None,
            options: vec![
                option(MessageKind::Question, "A question", "You want to know something about the trial."),
                option(MessageKind::Complaint, "A complaint", "You are not content with what was done."),
            ],
            choices: Choices::One,
        };
        kind.take_error(&errors);
        let fault = errors.faults.iter().find(|fault| fault.field.as_deref() == Some("words"));
        let words = Area {
            hint: Some("Leave out your name, your number and your address: nobody needs to know who asks.".into()),
            value: given("words"),
            error: fault.map(|fault| fault.message.clone()),
            rows: 6,
            ..Area::new("words", "What do you want to say?")
        };
        let mut reference = TextField::new("reference", "Number of your message")
            .hint("The one that you were shown when you sent it. It begins with me-.");
        reference.autocomplete = Some("off");
        show_at_fields(&errors, [&mut reference]);
        Self {
            frame,
            errors,
            code: code.to_owned(),
            title: title.to_owned(),
            agency: agency.to_owned(),
            kept_days,
            kind,
            words,
            reference,
        }
    }

    fn way(&self) -> String {
        trial(&self.code)
    }
}

/// The page of the trial of that code.
fn trial(code: &str) -> String {
    format!("/t/{code}")
}

impl Created {
    /// What was taken in under that number.
    #[must_use]
    pub fn new(frame: Frame, (code, agency): (&str, &str), reference: &str) -> Self {
        let panel = Panel { title: Say::Sent.english().into(), body: Some(format!("Number {reference}")) };
        Self { frame, code: code.to_owned(), agency: agency.to_owned(), panel }
    }

    fn way(&self) -> String {
        trial(&self.code)
    }

    fn ask(&self) -> String {
        format!("{}/ask", self.way())
    }
}

impl Answer {
    fn kind_name(&self) -> &'static str {
        super::name(self.kind)
    }

    fn way(&self) -> String {
        trial(&self.code)
    }
}
