//! Rules that hold for the template files themselves.

use std::fs;
use std::path::{Path, PathBuf};

fn below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(below(&path, ending));
        } else if path.extension().is_some_and(|found| found == ending) {
            files.push(path);
        }
    }
    files
}

fn templates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/templates")
}

#[test]
fn no_template_switches_escaping_off() {
    let files = below(&templates(), "html");
    assert!(files.len() > 20, "only {} templates found", files.len());
    for file in files {
        let text = fs::read_to_string(&file).expect("a template");
        assert!(!text.contains("|safe") && !text.contains("| safe") && !text.contains("escape"), "{}", file.display());
    }
}
