//! Tests of the statistics against reference values, by exhaustive enumeration, and by properties.

mod special;
mod vectors;
