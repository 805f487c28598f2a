//! The pure crates take time, randomness and data as arguments: no input or output, no clock, no waiting, no dice.

use super::document::House;
use super::rust_text::{code_only, has_words, spelt_out};
use super::tree::Tree;

/// What reaches outside, with the reason that a developer reads.
const AMBIENT: [(&str, &str); 30] = [
    ("std::fs", "reads or writes files"),
    ("std::io", "does input or output"),
    ("std::net", "uses the network"),
    ("std::env", "reads the environment"),
    ("std::process", "runs or ends programs"),
    ("std::thread", "starts threads or sleeps"),
    ("File::open", "reads files"),
    ("println!", "writes to the terminal"),
    ("eprintln!", "writes to the terminal"),
    ("tokio", "waits"),
    ("async fn", "waits"),
    ("async move", "waits"),
    ("async {", "waits"),
    (".await", "waits"),
    ("Utc::now", "reads the clock"),
    ("Local::now", "reads the clock"),
    ("SystemTime", "reads the clock"),
    ("Instant::now", "reads the clock"),
    ("std::time::Instant", "reads the clock"),
    ("rand::rng", "draws from ambient randomness"),
    ("rand::random", "draws from ambient randomness"),
    ("thread_rng", "draws from ambient randomness"),
    ("ThreadRng", "draws from ambient randomness"),
    ("OsRng", "draws from ambient randomness"),
    ("SysRng", "draws from ambient randomness"),
    ("from_os_rng", "draws from ambient randomness"),
    ("getrandom", "draws from ambient randomness"),
    ("RandomState", "draws from ambient randomness"),
    ("Uuid::new_v4", "makes identifiers from ambient randomness"),
    ("now_v7", "makes identifiers from the clock"),
];

/// Nothing in the sources of a pure crate reaches outside, its unit tests included; `tests/` may read reference data.
pub(crate) fn ambient(tree: &Tree, house: &House) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| path.ends_with(".rs")) {
        let crate_name = path.strip_prefix("crates/").and_then(|rest| rest.split_once("/src/")).map(|(name, _)| name);
        if !crate_name.is_some_and(|name| house.pure.contains(name)) {
            continue;
        }
        let code = spelt_out(&code_only(text));
        let found = AMBIENT.iter().filter(|(needle, _)| has_words(&code, needle));
        wrong.extend(found.map(|(needle, why)| format!("{path} has `{needle}`, which {why}")));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::super::document::made_up::house;
    use super::*;

    fn findings(path: &str, source: &str) -> Vec<String> {
        ambient(&Tree::made_of(&[(path, source)]), &house())
    }

    #[test]
    fn each_way_out_is_found() {
        for (needle, _) in AMBIENT {
            let wrong = findings("crates/bottom/src/deep/within.rs", &format!("fn f() {{ {needle} x }} "));
            assert!(wrong.iter().any(|what| what.contains(&format!("`{needle}`"))), "{needle} was not found");
        }
    }

    #[test]
    fn ways_out_are_found_in_grouped_imports() {
        assert_eq!(findings("crates/bottom/src/lib.rs", "use std::{fmt, fs::{self, File}};").len(), 1);
        assert_eq!(findings("crates/bottom/src/lib.rs", "use rand::{Rng, rng};").len(), 1);
    }

    #[test]
    fn other_crates_words_in_comments_and_reference_data_are_free() {
        assert!(findings("crates/middle/src/lib.rs", "use std::fs;").is_empty());
        assert!(findings("crates/bottom/tests/suite/vectors.rs", "use std::fs;").is_empty());
        assert!(findings("crates/bottom/src/lib.rs", "//! No `std::fs`.\nfn f(rng: &mut ChaCha20Rng) {}").is_empty());
    }
}
