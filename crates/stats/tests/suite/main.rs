//! Tests of the statistics against reference values, by exhaustive enumeration, and by properties.

mod exact_binary;
mod special;
mod vectors;
