use crate::Frame;
use crate::component::{ErrorSummary, Fault, FieldKind, TextField};
use askama::Template;

/// The sign-in form, at `/` and `/sign-in`.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/session/sign_in.html")]
pub struct SignIn {
    /// Around the page.
    pub frame: Frame,
    /// What is wrong with the last try.
    pub errors: ErrorSummary,
    /// Where the person wanted to go, to be sent there afterwards; an address within this site.
    pub next: Option<String>,
    email: TextField,
    password: TextField,
}

/// Why a try to sign in did not succeed. The words never tell whether an account exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The e-mail address and the password do not go together.
    NoMatch,
    /// Too many tries; the whole number of minutes to wait.
    TooMany(u32),
    /// The form was too old or came from elsewhere.
    Stale,
}

impl SignIn {
    /// The form, with the e-mail address of the last try and why it was refused.
    #[must_use]
    pub fn new(frame: Frame, email: &str, refused: Option<Refused>, next: Option<String>) -> Self {
        let message = refused.map(|why| match why {
            Refused::NoMatch => {
                "The e-mail address and the password do not match an account. Check both and try again.".to_owned()
            }
            Refused::TooMany(1) => "There were too many tries. Wait 1 minute, then try again.".to_owned(),
            Refused::TooMany(minutes) => format!("There were too many tries. Wait {minutes} minutes, then try again."),
            Refused::Stale => "The form was open for too long. Nothing was sent. Fill it in again.".to_owned(),
        });
        let mut field = TextField::new("email", "E-mail address").kind(FieldKind::Email).autocomplete("username");
        field.value = email.to_owned();
        field.error = message.clone();
        let faults = message.iter().map(|message| Fault::of_field("email", message)).collect();
        Self {
            frame,
            errors: ErrorSummary { faults },
            next,
            email: field,
            password: TextField::new("password", "Password").kind(FieldKind::Password),
        }
    }
}
