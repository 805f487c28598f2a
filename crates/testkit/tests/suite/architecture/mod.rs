//! Holds the tree to `docs/ARCHITECTURE.md`.
//!
//! Every rule is a function from a [`Tree`] to the sentences that say what is wrong, so that each one is also proved on
//! a made-up bad tree: a rule that cannot fail protects nothing. [`the_tree_keeps_every_rule`] applies them all to the
//! tree at hand.

mod decided;
mod document;
mod fences;
mod layout;
mod links;
mod manifests;
mod migrations;
mod names;
mod purity;
mod rust_text;
mod sizes;
mod templates;
mod tree;
mod unfinished;

use document::House;
use tree::Tree;

/// A rule's name and what it finds wrong.
type Rule = (&'static str, fn(&Tree, &House) -> Vec<String>);

const RULES: [Rule; 14] = [
    ("arrows between our crates", manifests::arrows),
    ("dev-dependencies", manifests::dev_arrows),
    ("one place for versions and lints", manifests::inherited),
    ("libraries behind a fence", fences::fenced),
    ("libraries of the pure crates", fences::pure_libraries),
    ("libraries that are decided on", decided::libraries),
    ("nothing ambient in the pure crates", purity::ambient),
    ("names that say nothing", names::banned),
    ("length of files", sizes::too_long),
    ("layout", layout::layout),
    ("links between documents", links::broken),
    ("nothing unfinished", unfinished::unfinished),
    ("templates with their pages", templates::used),
    ("migrations in both dialects", migrations::pairs),
];

#[test]
fn the_tree_keeps_every_rule() {
    let tree = Tree::of_this_project();
    let house = House::read(&tree).expect("docs/ARCHITECTURE.md can be read");
    println!("{}", sizes::report(&tree));
    let wrong: Vec<String> = RULES
        .iter()
        .flat_map(|(name, rule)| rule(&tree, &house).into_iter().map(move |what| format!("{name}: {what}")))
        .collect();
    assert!(wrong.is_empty(), "{} breaches of docs/ARCHITECTURE.md:\n  {}", wrong.len(), wrong.join("\n  "));
}

#[test]
fn the_tree_is_really_read() {
    let tree = Tree::of_this_project();
    for path in ["Cargo.toml", "crates/domain/src/lib.rs", "crates/testkit/tests/suite/architecture/mod.rs"] {
        assert!(tree.text(path).is_some_and(|text| !text.is_empty()), "{path} was not read");
    }
    assert!(tree.paths().all(|path| !path.starts_with("target/") && !path.starts_with(".git/")));
}
