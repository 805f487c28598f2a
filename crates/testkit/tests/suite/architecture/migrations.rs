//! A migration comes in both dialects and can be taken back.

use std::collections::BTreeSet;

use super::document::House;
use super::tree::Tree;

const DIALECTS: [&str; 2] = ["sqlite", "postgres"];
const PARTS: [&str; 2] = ["up.sql", "down.sql"];

/// `migrations/sqlite` and `migrations/postgres` hold the same dated folders, each with a way up and a way down.
pub(crate) fn pairs(tree: &Tree, _: &House) -> Vec<String> {
    let mut wrong: Vec<String> = tree
        .entries("migrations")
        .into_iter()
        .filter(|name| !DIALECTS.contains(name))
        .map(|name| format!("migrations/{name} is neither sqlite nor postgres"))
        .collect();
    let all: BTreeSet<&str> =
        DIALECTS.iter().flat_map(|dialect| tree.entries(&format!("migrations/{dialect}"))).collect();
    for name in all {
        if !is_dated(name) {
            wrong.push(format!("migration {name} is not called <date>_<verb_noun>"));
        }
        for path in DIALECTS.iter().flat_map(|dialect| PARTS.map(|part| format!("migrations/{dialect}/{name}/{part}")))
        {
            match tree.text(&path) {
                None => wrong.push(format!("{path} is missing")),
                Some(text) if text.trim().is_empty() => wrong.push(format!("{path} is empty")),
                Some(_) => {}
            }
        }
    }
    wrong
}

/// `2026-11-23-000000_create_trials` or `20261123_create_trials`: a date, an underscore, words.
fn is_dated(name: &str) -> bool {
    name.split_once('_').is_some_and(|(date, words)| {
        date.chars().all(|c| c.is_ascii_digit() || c == '-')
            && date.chars().filter(char::is_ascii_digit).count() >= 8
            && words.starts_with(|c: char| c.is_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::super::document::made_up::house;
    use super::*;

    const NAME: &str = "2026-11-23-000000_create_trials";

    fn good() -> Vec<(String, String)> {
        let paths = DIALECTS.iter().flat_map(|dialect| PARTS.map(|part| format!("migrations/{dialect}/{NAME}/{part}")));
        paths.map(|path| (path, "SELECT 1;".to_owned())).collect()
    }

    fn findings(files: &[(String, String)]) -> Vec<String> {
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        pairs(&Tree::made_of(&files), &house())
    }

    #[test]
    fn a_whole_pair_is_right_and_each_missing_or_empty_part_is_found() {
        assert!(findings(&good()).is_empty());
        for index in 0..good().len() {
            let mut files = good();
            let path = files.remove(index).0;
            assert_eq!(findings(&files), [format!("{path} is missing")]);
            files.push((path.clone(), "\n".to_owned()));
            assert_eq!(findings(&files), [format!("{path} is empty")]);
        }
    }

    #[test]
    fn other_names_and_databases_are_found() {
        let renamed =
            |from: &str, to: &str| good().into_iter().map(|(p, t)| (p.replace(from, to), t)).collect::<Vec<_>>();
        assert_eq!(
            findings(&renamed(NAME, "create_trials")),
            ["migration create_trials is not called <date>_<verb_noun>"]
        );
        assert!(
            findings(&renamed("postgres", "mysql"))
                .contains(&"migrations/mysql is neither sqlite nor postgres".to_owned())
        );
    }
}
