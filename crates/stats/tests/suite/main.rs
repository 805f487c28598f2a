//! Tests of the statistics against reference values, by exhaustive enumeration, and by properties.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise, also in its helpers")]
#![allow(clippy::disallowed_methods, reason = "the platform's logarithms are what ours are held against")]

mod anytime;
mod bad_input;
mod calls;
mod clusters;
mod documented;
mod exact_binary;
mod exact_coverage;
mod exact_margin;
mod exact_ratios;
mod exact_tests;
mod group_sequential;
mod hostile;
mod many_arms;
mod marginal;
mod masses;
mod means;
mod method_calls;
mod one_proportion;
mod permutation_interval;
mod permutation_sequential;
mod planning;
mod rates;
mod sample_ratio;
mod score_intervals;
mod sequential_methods;
mod sequential_properties;
mod sequential_simulation;
mod special;
mod stepped_wedge;
mod stratified;
mod subgroups;
mod sufficient;
mod survival;
mod tipping;
mod together;
mod traps;
mod vectors;
