//! What happened to a unit: outcome events, screened at the door.

mod catalogue;
mod declared;
mod digest;
mod id;
mod screen;

pub use catalogue::{Catalogue, Listener};
pub use declared::{Declared, standing};
pub use digest::IdDigest;
pub use id::EventId;
pub use screen::{Content, MAX_BATCH, NewEvent, Rejection, Replaces, Screened, read_time, screen};
