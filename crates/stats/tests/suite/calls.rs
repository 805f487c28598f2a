//! A sound call of every method, for the tests that spoil them.

use std::collections::BTreeSet;

use fairtrial_stats::method;
use serde_json::Value;

const CALLS: &str = include_str!("../data/calls.jsonl");

/// Name and arguments.
pub(crate) fn sound_calls() -> Vec<(String, Value)> {
    let call = |line: &str| {
        let mut call: Value = serde_json::from_str(line).unwrap();
        (call["method"].as_str().unwrap().to_owned(), call["args"].take())
    };
    CALLS.lines().map(call).collect()
}

#[test]
fn every_method_of_the_table_is_called_and_no_other() {
    let called: BTreeSet<String> = sound_calls().into_iter().map(|(name, _)| name).collect();
    let listed: BTreeSet<String> = method::METHODS.iter().map(|name| (*name).to_owned()).collect();
    let without: Vec<&String> = listed.difference(&called).collect();
    assert!(without.is_empty(), "tests/data/calls.jsonl needs a call of {without:?}");
    let unknown: Vec<&String> = called.difference(&listed).collect();
    assert!(unknown.is_empty(), "the table of methods lacks {unknown:?}");
    assert!(method::METHODS.is_sorted(), "the table is searched by halving");
    for (name, arguments) in sound_calls() {
        let answer = method::call(&name, &arguments);
        assert!(answer.as_ref().is_ok_and(|answer| !answer.is_null()), "{name}: {answer:?}");
    }
}
