//! What is begun is finished or left out: no place-holder, no test that is skipped, no trace of debugging.

use super::document::House;
use super::rust_text::{code_only, has_words, spelt_out};
use super::tree::Tree;

const UNFINISHED: [&str; 4] = ["todo!", "unimplemented!", "dbg!", "#[ignore"];

/// No Rust file of ours has a place-holder or a skipped test.
pub(crate) fn unfinished(tree: &Tree, _: &House) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| path.ends_with(".rs")) {
        let code = spelt_out(&code_only(text));
        wrong.extend(UNFINISHED.iter().filter(|mark| has_words(&code, mark)).map(|mark| format!("{path} has {mark}")));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::super::document::made_up::house;
    use super::*;

    fn findings(source: &str) -> usize {
        unfinished(&Tree::made_of(&[("crates/top/src/lib.rs", source)]), &house()).len()
    }

    #[test]
    fn place_holders_and_skipped_tests_are_found() {
        for source in
            ["fn f() { todo!() }", "unimplemented!(\"later\")", "dbg!(x)", "#[ignore]", "#[ignore = \"slow\"]"]
        {
            assert_eq!(findings(source), 1, "{source}");
        }
    }

    #[test]
    fn words_about_them_are_free() {
        assert_eq!(findings("// todo!()\nlet text = \"#[ignore]\"; let todo = 1; ignore(todo != 2);"), 0);
    }
}
