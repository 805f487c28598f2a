//! Tests of the statistics against reference values, by exhaustive enumeration, and by properties.

mod anytime;
mod exact_binary;
mod group_sequential;
mod permutation_sequential;
mod special;
mod vectors;
