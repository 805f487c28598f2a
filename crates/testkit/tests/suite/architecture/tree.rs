//! The files of the project, or of a made-up one, by path.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Folders that a build, a run or version control makes; what is in them is nobody's source.
const NOT_SOURCE: [&str; 7] = [".git", "target", "node_modules", "dist", "__pycache__", "data", "demo-data"];

/// Text by path, with `/` between folders, relative to the root of the project.
pub(crate) struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    /// The project that this test belongs to.
    pub(crate) fn of_this_project() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut files = BTreeMap::new();
        read_folder(&root, "", &mut files);
        Self { files }
    }

    /// A made-up tree.
    pub(crate) fn made_of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect() }
    }

    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Names of the files and folders directly in a folder; `""` is the root.
    pub(crate) fn entries(&self, folder: &str) -> BTreeSet<&str> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        self.paths()
            .filter_map(|path| path.strip_prefix(prefix.as_str()))
            .filter_map(|rest| rest.split('/').next())
            .collect()
    }

    /// The names of our crates: the folders in `crates`.
    pub(crate) fn crates(&self) -> BTreeSet<&str> {
        self.entries("crates")
    }
}

fn read_folder(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("cannot list {}: {e}", folder.display()));
    for entry in entries {
        let entry = entry.unwrap_or_else(|e| panic!("cannot list {}: {e}", folder.display()));
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().unwrap_or_else(|e| panic!("cannot look at {path}: {e}"));
        if kind.is_dir() {
            if !NOT_SOURCE.contains(&name.as_str()) {
                read_folder(&entry.path(), &format!("{path}/"), files);
            }
        } else if kind.is_file() && name != ".git" {
            let bytes = fs::read(entry.path()).unwrap_or_else(|e| panic!("cannot read {path}: {e}"));
            files.insert(path, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
}

#[test]
fn entries_are_the_names_directly_in_a_folder() {
    let tree = Tree::made_of(&[("README.md", ""), ("crates/domain/src/lib.rs", ""), ("crates/stats/Cargo.toml", "")]);
    assert_eq!(tree.entries(""), BTreeSet::from(["README.md", "crates"]));
    assert_eq!(tree.crates(), BTreeSet::from(["domain", "stats"]));
}
