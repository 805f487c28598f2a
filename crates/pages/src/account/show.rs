use crate::component::{ErrorSummary, FieldKind, SummaryList, TextField, show_at_fields};
use crate::person::role;
use crate::{Frame, Moment};
use askama::Template;
use fairtrial_domain::trial::PersonRole;

/// Who one is here, and a new password. The form posts `current` and `new` to `/account/password`.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/account/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    /// What is wrong with what was sent.
    pub errors: ErrorSummary,
    /// The person's name.
    pub name: String,
    /// The e-mail address with which they sign in.
    pub email: String,
    /// The agency they act for.
    pub agency: String,
    /// What they may do.
    pub roles: Vec<PersonRole>,
    /// When the password was last changed.
    pub password_changed: Moment,
    current: TextField,
    new: TextField,
}

impl Show {
    /// The page of the person with that name, e-mail address, agency and roles.
    #[must_use]
    pub fn of(
        frame: Frame,
        name: String,
        email: String,
        agency: String,
        roles: Vec<PersonRole>,
        password_changed: Moment,
    ) -> Self {
        Self {
            frame,
            errors: ErrorSummary::default(),
            name,
            email,
            agency,
            roles,
            password_changed,
            current: TextField::new("current", "Password now").kind(FieldKind::Password),
            new: TextField::new("new", "New password").kind(FieldKind::NewPassword).hint("At least 12 characters."),
        }
    }

    /// The same page after a new password was refused.
    #[must_use]
    pub fn refused(mut self, errors: ErrorSummary) -> Self {
        show_at_fields(&errors, [&mut self.current, &mut self.new]);
        self.errors = errors;
        self
    }

    fn facts(&self) -> SummaryList {
        SummaryList::default()
            .row("Name", &self.name)
            .row("E-mail address", &self.email)
            .row("Agency", &self.agency)
            .rows_of("Roles", self.roles.iter().map(|role| role::name(*role).to_owned()).collect())
            .row("Password last changed", self.password_changed.to_string())
    }
}
