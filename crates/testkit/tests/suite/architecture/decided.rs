//! Every library of others has a reason that somebody wrote down.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::document::House;
use super::tree::Tree;

const RECORD: &str = "docs/decisions/0002-dependencies.md";

/// The libraries in the root manifest are exactly those that the decision record gives a reason for.
pub(crate) fn libraries(tree: &Tree, _: &House) -> Vec<String> {
    let (Some(manifest), Some(record)) = (tree.text("Cargo.toml"), tree.text(RECORD)) else {
        return vec![format!("Cargo.toml or {RECORD} is missing")];
    };
    let table: Table = match manifest.parse() {
        Ok(table) => table,
        Err(error) => return vec![format!("Cargo.toml cannot be parsed: {error}")],
    };
    let used: BTreeSet<&str> = table
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies"))
        .and_then(Value::as_table)
        .into_iter()
        .flat_map(Table::iter)
        .filter(|(_, spec)| spec.get("path").is_none())
        .map(|(name, _)| name.as_str())
        .collect();
    let reasoned: BTreeSet<&str> = record.lines().filter_map(library_with_reason).collect();
    let missing = used.difference(&reasoned).map(|name| format!("{name} has no reason in {RECORD}"));
    let stale = reasoned.difference(&used).map(|name| format!("{RECORD} speaks of {name}, which nothing uses"));
    missing.chain(stale).collect()
}

/// The library of a row such as `` | `csv` | because … | ``; none when the reason is empty.
fn library_with_reason(line: &str) -> Option<&str> {
    let (name, reason) = line.strip_prefix("| `")?.split_once("` |")?;
    (!reason.trim_matches(['|', ' ']).is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::super::document::made_up::house;
    use super::*;

    fn findings(manifest: &str, record: &str) -> Vec<String> {
        libraries(&Tree::made_of(&[("Cargo.toml", manifest), (RECORD, record)]), &house())
    }

    const MANIFEST: &str = "[workspace.dependencies]\nfairtrial-top = { path = \"crates/top\" }\ncsv = \"1\"\n";

    #[test]
    fn a_reason_for_each_library_is_enough() {
        assert!(findings(MANIFEST, "| library | why |\n|---|---|\n| `csv` | quoting |\n").is_empty());
    }

    #[test]
    fn libraries_without_reason_and_reasons_without_library_are_found() {
        assert_eq!(findings(MANIFEST, ""), [format!("csv has no reason in {RECORD}")]);
        assert_eq!(findings(MANIFEST, "| `csv` | |\n"), [format!("csv has no reason in {RECORD}")]);
        let both = "| `csv` | quoting |\n| `xml` | none |\n";
        assert_eq!(findings(MANIFEST, both), [format!("{RECORD} speaks of xml, which nothing uses")]);
        assert_eq!(findings("[", "").len(), 1);
        assert_eq!(libraries(&Tree::made_of(&[]), &house()).len(), 1);
    }
}
