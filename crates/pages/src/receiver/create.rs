use super::{more_of, told_of};
use crate::Frame;
use crate::component::{Breadcrumbs, Choice, ChoiceOption, Choices, ErrorSummary, TextField, show_at_fields};
use askama::Template;
use fairtrial_domain::trial::AlertKind;

/// Makes a receiver.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/receiver/create.html")]
pub struct Create {
    /// Around the page.
    pub frame: Frame,
    /// What is wrong with what was sent.
    pub errors: ErrorSummary,
    name: TextField,
    address: TextField,
    kinds: Choice,
}

/// The receiver's secret, shown this once.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/receiver/created.html")]
pub struct Created {
    /// Around the page.
    pub frame: Frame,
    /// What it is called.
    pub name: String,
    /// The identifier in its address.
    pub id: String,
    /// The secret.
    pub secret: String,
}

impl Create {
    /// The empty form. It sends `name`, `address` and any number of `kind`, each by its word.
    #[must_use]
    pub fn new(frame: Frame) -> Self {
        let option = |kind: &AlertKind| ChoiceOption::new(kind.as_str(), told_of(*kind), Some(more_of(*kind)));
        Self {
            frame,
            errors: ErrorSummary::default(),
            name: TextField::new("name", "Name of the receiver")
                .hint("What it is and who reads it, such as \u{2018}Pager of the duty officer\u{2019}."),
            address: TextField::new("address", "Address")
                .hint("Where the program takes alerts, beginning with https://. Whoever runs this server must have allowed its host."),
            kinds: Choice {
                name: "kind".into(),
                legend: "What is it told of?".into(),
                hint: Some("Choose what somebody acts on when it comes.".into()),
                error: None,
                options: AlertKind::ALL.iter().map(option).collect(),
                choices: Choices::Any,
            },
        }
    }

    /// The same form with what was sent.
    #[must_use]
    pub fn given(mut self, name: String, address: String, kinds: &[AlertKind]) -> Self {
        self.name.value = name;
        self.address.value = address;
        for option in &mut self.kinds.options {
            option.chosen = kinds.iter().any(|kind| kind.as_str() == option.value);
        }
        self
    }

    /// The same form after it was sent, with everything that is wrong shown at its field.
    #[must_use]
    pub fn refused(mut self, errors: ErrorSummary) -> Self {
        show_at_fields(&errors, [&mut self.name, &mut self.address]);
        self.kinds.take_error(&errors);
        self.errors = errors;
        self
    }

    fn crumbs(&self) -> Breadcrumbs {
        Breadcrumbs::of([("Keys", "/admin/keys"), ("Receivers", "/admin/receivers")])
    }
}
