//! What happened to a unit: outcome events, screened at the door.

mod catalogue;
mod declared;
mod digest;
mod id;
mod local_time;
mod screen;
mod sender;

pub use catalogue::{Catalogue, Listener};
pub use declared::{Declared, standing};
pub use digest::IdDigest;
pub use id::EventId;
pub use local_time::{read_day_first, read_local_time};
pub use screen::{Content, MAX_BATCH, NewEvent, Rejection, Replaces, Screened, read_time, screen};
pub use sender::Sender;
