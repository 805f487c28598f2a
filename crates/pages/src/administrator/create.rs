use crate::Frame;
use crate::component::{ErrorSummary, FieldKind, TextField};
use askama::Template;

/// Makes the first administrator and their agency, from the one-time link that the server prints at its first start.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/administrator/create.html")]
pub struct Create {
    /// Around the page.
    pub frame: Frame,
    /// The one-time token of the link.
    pub token: String,
    /// What is wrong with what was sent.
    pub errors: ErrorSummary,
    /// The agency's name, sent as `agency`.
    pub agency: TextField,
    /// The person's name, sent as `name`.
    pub name: TextField,
    /// The e-mail address, sent as `email`.
    pub email: TextField,
    password: TextField,
}

impl Create {
    /// The empty form.
    #[must_use]
    pub fn new(frame: Frame, token: String) -> Self {
        Self {
            frame,
            token,
            errors: ErrorSummary::default(),
            agency: TextField::new("agency", "Name of your agency").autocomplete("organization"),
            name: TextField::new("name", "Your name").autocomplete("name"),
            email: TextField::new("email", "Your e-mail address")
                .kind(FieldKind::Email)
                .hint("You sign in with it. It is not shown to the public."),
            password: TextField::new("password", "Choose a password")
                .kind(FieldKind::NewPassword)
                .hint("At least 12 characters. Three or four words that have nothing to do with each other are good."),
        }
    }

    /// The same form after it was sent, with everything that is wrong shown at its field.
    #[must_use]
    pub fn refused(mut self, errors: ErrorSummary) -> Self {
        crate::component::show_at_fields(
            &errors,
            [&mut self.agency, &mut self.name, &mut self.email, &mut self.password],
        );
        self.errors = errors;
        self
    }
}
