//! Who is assigned, without knowing who it is.

mod linked_units;
mod pseudonym;
mod real_identifier;
mod unit_text;

pub use linked_units::{LinkedUnits, MOST_UNITS_OF_A_PERSON};
pub use pseudonym::{BUCKETS, Pseudonym, PseudonymKey};
pub use real_identifier::{RealIdentifier, recognise};
pub use unit_text::{UnitText, UnitTextError};

pub(crate) use pseudonym::keyed_by;
