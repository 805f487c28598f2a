//! From the refusal of a use case to a problem.

use fairtrial_app::AppError;
use fairtrial_domain::{Fault, identity::UnitTextError};

use super::{Code, Problem};

/// How long a caller waits when the server is busy and nothing finer is known, in seconds.
const WAIT: u32 = 2;

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let sentence = sentence(&error.to_string());
        match error {
            AppError::Unauthenticated => Self::new(Code::Unauthenticated, "The credential is not valid."),
            AppError::Forbidden(_) => Self::new(Code::Forbidden, sentence),
            AppError::NotFound(_) => Self::not_found(),
            AppError::Invalid(faults) => Self::with_errors(Code::NotAcceptable, faults),
            AppError::Conflict { code, detail } => {
                let errors = vec![Fault::new("", code, detail)];
                Self { errors, ..Self::new(Code::Conflict, sentence) }
            }
            AppError::TooManyAttempts { seconds } => {
                let retry_after = Some(u32::try_from(seconds.max(1)).unwrap_or(u32::MAX));
                Self { retry_after, ..Self::new(Code::TooManyRequests, sentence) }
            }
            AppError::Busy => Self::overloaded(WAIT),
            AppError::Unavailable(why) => {
                tracing::error!(why, "the database is not available");
                Self { retry_after: Some(WAIT), ..Self::new(Code::Unavailable, sentence) }
            }
            AppError::Internal(why) => {
                tracing::error!(why, "a use case failed");
                Self::internal()
            }
        }
    }
}

/// A unit that is refused; its text is not repeated.
impl From<UnitTextError> for Problem {
    fn from(error: UnitTextError) -> Self {
        let (code, name) = match error {
            UnitTextError::LooksLikeIdentifier(_) => (Code::LooksLikeIdentifier, "unit_looks_like_identifier"),
            UnitTextError::Malformed => (Code::InvalidBody, "malformed_unit"),
        };
        Self::with_errors(code, vec![Fault::new("/unit", name, error.to_string())])
    }
}

/// A clause as a sentence: with a capital and a full stop.
pub(crate) fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let start = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    let end = if clause.ends_with('.') { "" } else { "." };
    format!("{start}{}{end}", letters.as_str())
}
