//! Telling programs of an agency when something calls for a person: who is told, and what is sent to them.
//!
//! What is told is written with the change itself (`fairtrial_store::alerts`). Nothing here connects to anything: the server sends what
//! it is handed, and says what came of it.

mod address;
mod receivers;
mod sending;

pub use address::{AddressError, AllowedHosts, ReceiverAddress};
pub use receivers::{NewReceiver, ReceiverView, SendingState, SendingView};
pub use sending::{Outgoing, Tried, signature};
