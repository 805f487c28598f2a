//! A module is named for what it knows. These names say nothing, or are words of the domain used for a layer.

use super::document::House;
use super::rust_text::{code_only, spelt_out};
use super::tree::Tree;

const BANNED: [&str; 11] =
    ["util", "utils", "common", "helper", "helpers", "manager", "core", "types", "misc", "service", "process"];

/// No file, folder or inline module in our crates bears such a name.
pub(crate) fn banned(tree: &Tree, _: &House) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| path.starts_with("crates/") && path.ends_with(".rs")) {
        let names = path.split('/').skip(1).map(|part| part.strip_suffix(".rs").unwrap_or(part));
        wrong.extend(names.filter(|name| BANNED.contains(name)).map(|name| format!("{path} is called {name}")));
        let code = spelt_out(&code_only(text));
        let modules = code.split("mod ").skip(1).filter_map(|rest| rest.split([' ', '{', ';']).next());
        wrong.extend(modules.filter(|name| BANNED.contains(name)).map(|name| format!("{path} has a module {name}")));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::super::document::made_up::house;
    use super::*;

    fn findings(path: &str, source: &str) -> usize {
        banned(&Tree::made_of(&[(path, source)]), &house()).len()
    }

    #[test]
    fn names_that_say_nothing_are_found_in_each_place() {
        for name in BANNED {
            assert_eq!(findings(&format!("crates/top/src/{name}.rs"), ""), 1, "file {name}");
            assert_eq!(findings(&format!("crates/top/src/{name}/mod.rs"), ""), 1, "folder {name}");
            assert_eq!(findings("crates/top/tests/suite/main.rs", &format!("pub mod {name} {{}}")), 1, "module {name}");
        }
    }

    #[test]
    fn names_that_say_something_are_free() {
        assert_eq!(findings("crates/top/src/allocation.rs", "mod common_risk {} // mod util\nuse core::fmt;"), 0);
    }
}
