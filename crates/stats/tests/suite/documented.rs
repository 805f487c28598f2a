//! Every public function shows in its documentation how it is called, with a number that can be checked.

use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The public functions of a file whose documentation has no example that asserts something.
fn without_example(text: &str) -> Vec<&str> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let (mut documentation, mut found) = (String::new(), Vec::new());
    for line in code.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            documentation.push_str(words);
        } else if line.starts_with("pub fn ") || line.starts_with("pub const fn ") {
            if !(documentation.contains("```") && documentation.contains("assert")) {
                found.push(line);
            }
            documentation.clear();
        } else if !line.starts_with("#[") {
            documentation.clear();
        }
    }
    found
}

#[test]
fn every_public_function_has_an_example() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    assert!(files.len() > 100, "{}", files.len());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let missing = without_example(&text);
        assert!(missing.is_empty(), "{}: {missing:?}", file.display());
    }
}

#[test]
fn a_function_without_an_example_is_noticed() {
    let bare = "/// Says nothing.\n#[must_use]\npub fn bare() -> u64 {\n    1\n}\n";
    assert_eq!(without_example(bare), ["pub fn bare() -> u64 {"]);
    let idle = "/// ```\n/// let x = bare();\n/// ```\npub fn bare() -> u64 {\n";
    assert_eq!(without_example(idle).len(), 1);
    let sound = "/// ```\n/// assert_eq!(bare(), 1);\n/// ```\n#[must_use]\npub fn bare() -> u64 {\n";
    assert!(without_example(sound).is_empty());
}
