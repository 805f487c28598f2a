//! A file that nobody can read in one sitting holds more than one idea.

use super::document::House;
use super::tree::Tree;

/// No source file is longer.
const LONGEST: usize = 600;

/// Endings of files that people write by hand.
const WRITTEN: [&str; 7] = ["rs", "html", "scss", "sql", "sh", "mjs", "py"];

/// Whether people write this file: by its ending, or a script without one that names its interpreter.
fn is_written(path: &str, text: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => WRITTEN.contains(&ending),
        _ => text.starts_with("#!"),
    }
}

/// Files with more lines than a person reads in one sitting.
pub(crate) fn too_long(tree: &Tree, _: &House) -> Vec<String> {
    lengths(tree)
        .into_iter()
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(path, lines)| format!("{path} has {lines} lines, more than {LONGEST}; split it by idea"))
        .collect()
}

/// How long the files are as a whole, against the aims of a median of 120 and a 95th percentile of 450 lines.
pub(crate) fn report(tree: &Tree) -> String {
    let mut lengths = lengths(tree);
    lengths.sort_by_key(|(_, lines)| *lines);
    let Some((longest, most)) = lengths.last() else { return "no source files".to_owned() };
    let at = |share: f64| lengths[quantile_index(lengths.len(), share)].1;
    format!(
        "{} source files: median {} lines (aim 120), 95th percentile {} (aim 450), longest {longest} with {most}",
        lengths.len(),
        at(0.5),
        at(0.95),
    )
}

fn lengths(tree: &Tree) -> Vec<(&str, usize)> {
    tree.files()
        .filter(|(path, text)| is_written(path, text))
        .map(|(path, text)| (path, text.lines().count()))
        .collect()
}

/// Place of the smallest value that at least `share` of `count` sorted values do not exceed.
fn quantile_index(count: usize, share: f64) -> usize {
    ((count as f64 * share).ceil() as usize).clamp(1, count) - 1
}

#[cfg(test)]
mod tests {
    use super::super::document::made_up::house;
    use super::*;

    #[test]
    fn long_files_are_found_whatever_they_are_written_in() {
        let (fits, long) = ("x\n".repeat(LONGEST), "x\n".repeat(LONGEST + 1));
        let script = format!("#!/usr/bin/env bash\n{long}");
        for (path, text, found) in [
            ("crates/top/src/lib.rs", &long, 1),
            ("web/templates/pages/home.html", &long, 1),
            ("scripts/check", &script, 1),
            ("crates/top/src/lib.rs", &fits, 0),
            ("Cargo.lock", &long, 0),
            ("docs/CHANGELOG.md", &long, 0),
        ] {
            assert_eq!(too_long(&Tree::made_of(&[(path, text)]), &house()).len(), found, "{path}");
        }
    }

    #[test]
    fn the_report_gives_median_and_95th_percentile() {
        let texts: Vec<(String, String)> = (1..=20).map(|n| (format!("{n}.rs"), "x\n".repeat(n))).collect();
        let files: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let text = report(&Tree::made_of(&files));
        assert!(text.starts_with("20 source files: median 10 lines (aim 120), 95th percentile 19 "), "{text}");
        assert!(text.ends_with("longest 20.rs with 20"), "{text}");
    }
}
