//! Where things lie.

use super::document::House;
use super::tree::Tree;

/// Everything that may lie at the top, beside files and folders whose names begin with a dot.
const TOP: [&str; 12] = [
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "clippy.toml",
    "crates",
    "deny.toml",
    "docs",
    "migrations",
    "rustfmt.toml",
    "scripts",
    "web",
];

/// Nothing unknown at the top, and one test program for each crate.
pub(crate) fn layout(tree: &Tree, _: &House) -> Vec<String> {
    let mut wrong: Vec<String> = tree
        .entries("")
        .into_iter()
        .filter(|name| !name.starts_with('.') && !TOP.contains(name))
        .map(|name| format!("{name} has no place at the top of the tree"))
        .collect();
    for path in tree.paths().filter(|path| path.starts_with("crates/") && path.ends_with(".rs")) {
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            [_, of, "tests", file] => wrong
                .push(format!("crates/{of}/tests/{file} would be a test program of its own; add it to tests/suite")),
            [_, of, "tests", folder, "main.rs"] if *folder != "suite" => {
                wrong.push(format!("crates/{of}/tests/{folder} is a second test program; add it to tests/suite"));
            }
            _ => {}
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::super::document::made_up::house;
    use super::*;

    #[test]
    fn strangers_at_the_top_are_found() {
        let tree = Tree::made_of(&[("README.md", ""), (".editorconfig", ""), ("notes.txt", ""), ("src/main.rs", "")]);
        let wrong = layout(&tree, &house());
        assert!(wrong.len() == 2 && wrong[0].starts_with("notes.txt") && wrong[1].starts_with("src"), "{wrong:?}");
    }

    #[test]
    fn a_second_test_program_is_found() {
        for (path, found) in [
            ("crates/top/tests/suite/main.rs", 0),
            ("crates/top/tests/suite/trials/stop.rs", 0),
            ("crates/top/tests/stop.rs", 1),
            ("crates/top/tests/slow/main.rs", 1),
        ] {
            assert_eq!(layout(&Tree::made_of(&[(path, "")]), &house()).len(), found, "{path}");
        }
    }
}
