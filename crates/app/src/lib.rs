//! The use cases: who may do what, in one transaction each, with its audit entry.
//!
//! **Architecture invariant:** a use case takes who asks, checks that they may, decides by the pure crates, writes through
//! the store in one transaction together with its audit entry, and returns domain values. It knows nothing of HTTP or HTML.
//!
//! **Architecture invariant:** the clock and the source of randomness are handed in with [`Ambient`]; nothing else here
//! knows the time or draws by chance.

pub mod alerts;
mod ambient;
mod aside;
pub mod demo;
mod error;
pub mod frontline;
pub mod learned;
pub mod people;
pub mod public;
pub mod record;
mod sealing;
mod state;
pub mod trials;
pub mod watch;

pub use fairtrial_store::{BurdenCap, on_behalf_of};

pub use ambient::{Ambient, Clock, RandomSource};
pub use error::AppError;
pub use sealing::MasterKey;
pub use state::{
    App,
    actor::{Actor, KeyActor, Person},
    directory::{Agency, PayloadText, Trial},
};
