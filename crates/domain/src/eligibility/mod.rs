//! Who is in and who is out, by typed rules on declared attributes.

mod attribute;
mod rule;

pub use attribute::{Attribute, AttributeFault, AttributeKind, AttributeValue, Attributes, Purpose};
pub use rule::{Comparison, Eligibility, Rule};
