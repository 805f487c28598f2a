//! What the manifests of our crates say about each other.

use toml::{Table, Value};

use super::document::House;
use super::tree::Tree;

/// Package names are this prefix and the folder.
const OURS: &str = "fairtrial-";

/// One line of a `[…dependencies]` table.
pub(crate) struct Dependency {
    /// Folder of the crate that wants it.
    pub(crate) of: String,
    /// Package name as written.
    pub(crate) on: String,
    /// Wanted by tests, examples and benchmarks only.
    pub(crate) dev: bool,
    /// Takes its version from the root manifest.
    pub(crate) inherited: bool,
}

impl Dependency {
    /// The folder of the crate of ours that is meant, if it is one of ours.
    pub(crate) fn on_ours(&self) -> Option<&str> {
        self.on.strip_prefix(OURS)
    }
}

/// The manifest of a crate; a manifest that is missing or cannot be parsed is itself a finding.
fn manifest(tree: &Tree, name: &str) -> Result<Table, String> {
    let path = format!("crates/{name}/Cargo.toml");
    let text = tree.text(&path).ok_or_else(|| format!("{path} is missing"))?;
    text.parse().map_err(|error| format!("{path} cannot be parsed: {error}"))
}

/// Every dependency of every crate, also those for one target only, and what could not be read.
pub(crate) fn dependencies(tree: &Tree) -> (Vec<Dependency>, Vec<String>) {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for name in tree.crates() {
        match manifest(tree, name) {
            Err(what) => wrong.push(what),
            Ok(table) => {
                collect(name, &table, &mut found);
                let targets = table.get("target").and_then(Value::as_table);
                for target in targets.into_iter().flat_map(Table::values).filter_map(Value::as_table) {
                    collect(name, target, &mut found);
                }
            }
        }
    }
    (found, wrong)
}

fn collect(of: &str, table: &Table, found: &mut Vec<Dependency>) {
    for (section, dev) in [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)] {
        for (on, spec) in table.get(section).and_then(Value::as_table).into_iter().flatten() {
            // A renamed dependency is judged by the package that it really is.
            let real = spec.get("package").and_then(Value::as_str).unwrap_or(on);
            let inherited = spec.get("workspace").and_then(Value::as_bool) == Some(true);
            found.push(Dependency { of: of.to_owned(), on: real.to_owned(), dev, inherited });
        }
    }
}

/// Every crate has a row in the document and uses only what that row names.
pub(crate) fn arrows(tree: &Tree, house: &House) -> Vec<String> {
    let (found, mut wrong) = dependencies(tree);
    wrong.extend(
        tree.crates()
            .into_iter()
            .filter(|name| !house.arrows.contains_key(*name))
            .map(|name| format!("crates/{name} has no row in docs/ARCHITECTURE.md")),
    );
    let named = |of: &str, on: &str| house.arrows.get(of).is_some_and(|uses| uses.contains(on));
    wrong.extend(found.iter().filter(|d| !d.dev).filter_map(|d| {
        let on = d.on_ours()?;
        (!named(&d.of, on)).then(|| format!("{} uses {on}, which is no arrow of the house", d.of))
    }));
    wrong
}

/// Tests may use the test kit and what lies beneath their crate, nothing above it.
pub(crate) fn dev_arrows(tree: &Tree, house: &House) -> Vec<String> {
    let (found, _) = dependencies(tree);
    let allowed = |of: &str, on: &str| on == "testkit" || house.below(of).contains(on);
    found
        .iter()
        .filter(|d| d.dev)
        .filter_map(|d| {
            let on = d.on_ours()?;
            (!allowed(&d.of, on)).then(|| format!("the tests of {} use {on}, which does not lie beneath it", d.of))
        })
        .collect()
}

/// Versions and lints are stated once, in the root manifest.
pub(crate) fn inherited(tree: &Tree, _: &House) -> Vec<String> {
    let (found, _) = dependencies(tree);
    let mut wrong: Vec<String> = found
        .iter()
        .filter(|d| !d.inherited)
        .map(|d| format!("{} states a version of {} of its own; write `{}.workspace = true`", d.of, d.on, d.on))
        .collect();
    for name in tree.crates() {
        let Ok(table) = manifest(tree, name) else { continue };
        if table.get("lints").and_then(|lints| lints.get("workspace")).and_then(Value::as_bool) != Some(true) {
            wrong.push(format!("{name} does not take the workspace's lints"));
        }
        let package = table.get("package").and_then(|package| package.get("name")).and_then(Value::as_str);
        if package != Some(format!("{OURS}{name}").as_str()) {
            wrong.push(format!("crates/{name} is called {package:?}, not {OURS}{name}"));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::super::document::made_up::house;
    use super::*;

    fn tree(of: &str, rest: &str) -> Tree {
        let text = format!("[package]\nname = \"fairtrial-{of}\"\n[lints]\nworkspace = true\n{rest}");
        Tree::made_of(&[(&format!("crates/{of}/Cargo.toml"), &text)])
    }

    #[test]
    fn an_arrow_of_the_house_is_allowed() {
        let good = tree("top", "[dependencies]\nfairtrial-middle.workspace = true\nserde.workspace = true\n");
        assert!(arrows(&good, &house()).is_empty() && inherited(&good, &house()).is_empty());
    }

    #[test]
    fn other_arrows_are_found_wherever_they_are_written() {
        for rest in [
            "[dependencies]\nfairtrial-top.workspace = true\n",
            "[build-dependencies]\nfairtrial-top.workspace = true\n",
            "[target.'cfg(unix)'.dependencies]\nfairtrial-top.workspace = true\n",
            "[dependencies]\nelse = { package = \"fairtrial-top\", path = \"../top\" }\n",
            "[dependencies]\nfairtrial-testkit.workspace = true\n",
        ] {
            let wrong = arrows(&tree("bottom", rest), &house());
            assert!(wrong.len() == 1 && wrong[0].contains("no arrow"), "{rest}: {wrong:?}");
        }
        let skips = arrows(&tree("top", "[dependencies]\nfairtrial-bottom.workspace = true\n"), &house());
        assert_eq!(skips.len(), 1, "an arrow past the middle is not in the picture: {skips:?}");
    }

    #[test]
    fn a_crate_without_a_row_or_manifest_is_found() {
        let wrong = arrows(&tree("attic", ""), &house());
        assert!(wrong[0].contains("has no row"), "{wrong:?}");
        let wrong = arrows(&Tree::made_of(&[("crates/top/src/lib.rs", "")]), &house());
        assert!(wrong[0].contains("is missing"), "{wrong:?}");
        let wrong = arrows(&Tree::made_of(&[("crates/top/Cargo.toml", "[")]), &house());
        assert!(wrong[0].contains("cannot be parsed"), "{wrong:?}");
    }

    #[test]
    fn tests_reach_down_and_to_the_test_kit_only() {
        let down = "[dev-dependencies]\nfairtrial-bottom.workspace = true\nfairtrial-testkit.workspace = true\n";
        assert!(dev_arrows(&tree("top", down), &house()).is_empty());
        let up = dev_arrows(&tree("middle", "[dev-dependencies]\nfairtrial-top.workspace = true\n"), &house());
        assert!(up.len() == 1 && up[0].contains("does not lie beneath"), "{up:?}");
    }

    #[test]
    fn own_versions_lints_and_package_names_are_found() {
        let wrong = inherited(&tree("top", "[dependencies]\nserde = \"1\"\n"), &house());
        assert!(wrong.len() == 1 && wrong[0].contains("serde.workspace"), "{wrong:?}");
        let other = "[package]\nname = \"middle\"\n[lints.rust]\nunsafe_code = \"allow\"\n";
        let wrong = inherited(&Tree::made_of(&[("crates/middle/Cargo.toml", other)]), &house());
        assert_eq!(wrong.len(), 2, "{wrong:?}");
    }
}
