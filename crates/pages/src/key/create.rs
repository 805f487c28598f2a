use super::scope;
use crate::Frame;
use crate::component::{Breadcrumbs, Choice, ChoiceOption, Choices, ErrorSummary, TextField, show_at_fields};
use askama::Template;
use fairtrial_domain::trial::Scope;

/// Makes a key.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/key/create.html")]
pub struct Create {
    /// Around the page.
    pub frame: Frame,
    /// What is wrong with what was sent.
    pub errors: ErrorSummary,
    /// The name, sent as `name`.
    pub name: TextField,
    environment: Choice,
    scopes: Choice,
}

/// The key, shown this once.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/key/created.html")]
pub struct Created {
    /// Around the page.
    pub frame: Frame,
    /// The name of the key.
    pub name: String,
    /// The whole key with its secret.
    pub token: String,
}

impl Create {
    /// The empty form. It sends `name`, `environment` (`live` or `test`) and any number of `scope`, each by its word.
    #[must_use]
    pub fn new(frame: Frame) -> Self {
        let environments = vec![
            ChoiceOption::new("live", "Live", Some("With real people.")),
            ChoiceOption::new("test", "For trying out", Some("Never counts in a report.")),
        ];
        let option = |scope: &Scope| ChoiceOption::new(scope.as_str(), scope::may(*scope), None);
        Self {
            frame,
            errors: ErrorSummary::default(),
            name: TextField::new("name", "Name of the key")
                .hint("The application and where it runs, such as \u{2018}Fines letters, production\u{2019}."),
            environment: Choice {
                name: "environment".into(),
                legend: "Where will it be used?".into(),
                hint: None,
                error: None,
                options: environments,
                choices: Choices::One,
            },
            scopes: Choice {
                name: "scope".into(),
                legend: "What may it do?".into(),
                hint: Some("Choose as little as the application needs.".into()),
                error: None,
                options: Scope::ALL.iter().map(option).collect(),
                choices: Choices::Any,
            },
        }
    }

    /// The same form after it was sent, with everything that is wrong shown at its field.
    #[must_use]
    pub fn refused(mut self, errors: ErrorSummary) -> Self {
        show_at_fields(&errors, [&mut self.name]);
        self.environment.take_error(&errors);
        self.scopes.take_error(&errors);
        self.errors = errors;
        self
    }

    fn crumbs(&self) -> Breadcrumbs {
        Breadcrumbs::of([("Keys", "/admin/keys")])
    }
}
