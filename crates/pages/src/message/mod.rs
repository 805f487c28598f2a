//! Questions and complaints: sent by anybody, answered by the agency.

mod create;
mod list;
mod show;

pub use create::{Answer, Create, Created};
pub use list::{List, Row, Standing};
pub use show::Show;

use fairtrial_domain::trial::MessageKind;

/// The word for a message.
fn name(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Question => "Question",
        MessageKind::Complaint => "Complaint",
    }
}
