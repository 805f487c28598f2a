//! The table of groups.

use super::{Answer, Arguments};

/// Looks a method up by its name within the group, reads its arguments and calls it.
pub(super) type Handler = fn(&str, &mut Arguments<'_>) -> Answer;

/// The handler of a group.
pub(super) fn find(group: &str) -> Option<Handler> {
    match group {
        "confidence_sequence" => Some(super::anytime::confidence_sequence),
        "safe_test" => Some(super::anytime::safe_test),
        "group_sequential" => Some(super::group_sequential::call),
        "permutation_sequential" => Some(super::permutation_sequential::call),
        "exact_sequential" => Some(super::exact_sequential::call),
        "one_proportion" => Some(super::one_proportion::call),
        "paired_proportions" => Some(super::paired_proportions::call),
        "rates" => Some(super::rates::call),
        "sample_ratio" => Some(super::sample_ratio::call),
        "stratified" => Some(super::stratified::call),
        "two_proportions" => Some(super::two_proportions::call),
        "bayes" => Some(super::bayes::call),
        "clusters" => Some(super::clusters::call),
        "instrumental" => Some(super::compliance::instrumental),
        "means" => Some(super::means::call),
        "meta" => Some(super::meta::call),
        "missing" => Some(super::compliance::missing),
        "multiplicity" => Some(super::multiplicity::call),
        "power" => Some(super::power::call),
        "survival" => Some(super::survival::call),
        _ => None,
    }
}
