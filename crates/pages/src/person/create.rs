use super::role;
use crate::Frame;
use crate::component::{
    Breadcrumbs, Choice, ChoiceOption, Choices, ErrorSummary, FieldKind, TextField, show_at_fields,
};
use askama::Template;
use fairtrial_domain::trial::PersonRole;

/// Makes an account.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/person/create.html")]
pub struct Create {
    /// Around the page.
    pub frame: Frame,
    /// What is wrong with what was sent.
    pub errors: ErrorSummary,
    /// The name, sent as `name`.
    pub name: TextField,
    /// The e-mail address, sent as `email`.
    pub email: TextField,
    roles: Choice,
}

/// The account is made; its first password is shown this once.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/person/created.html")]
pub struct Created {
    /// Around the page.
    pub frame: Frame,
    /// The person's name.
    pub name: String,
    /// The e-mail address with which they sign in.
    pub email: String,
    /// The first password, to be changed at the first sign-in.
    pub password: String,
}

impl Create {
    /// The empty form. The roles chosen are sent as `role`, each by its word.
    #[must_use]
    pub fn new(frame: Frame) -> Self {
        let option = |role: &PersonRole| ChoiceOption::new(role.as_str(), role::name(*role), Some(role::may(*role)));
        Self {
            frame,
            errors: ErrorSummary::default(),
            name: TextField::new("name", "Name").autocomplete("off"),
            email: TextField::new("email", "E-mail address").kind(FieldKind::Email).autocomplete("off"),
            roles: Choice {
                name: "role".into(),
                legend: "What may this person do?".into(),
                hint: Some("Nobody can sign a plan that they wrote themselves.".into()),
                error: None,
                options: PersonRole::ALL.iter().map(option).collect(),
                choices: Choices::Any,
            },
        }
    }

    /// The same form after it was sent, with everything that is wrong shown at its field.
    #[must_use]
    pub fn refused(mut self, errors: ErrorSummary) -> Self {
        show_at_fields(&errors, [&mut self.name, &mut self.email]);
        self.roles.take_error(&errors);
        self.errors = errors;
        self
    }

    fn crumbs(&self) -> Breadcrumbs {
        Breadcrumbs::of([("People", "/admin/people")])
    }
}
