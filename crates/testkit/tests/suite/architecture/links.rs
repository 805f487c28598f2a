//! Documents point at things that are there.

use super::document::House;
use super::tree::Tree;

/// Each relative link in a Markdown file leads to a file or folder of the tree.
pub(crate) fn broken(tree: &Tree, _: &House) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| path.ends_with(".md")) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for target in targets(text) {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") || file.starts_with("mailto:") {
                continue;
            }
            let goal = resolve(folder, file);
            if tree.text(&goal).is_none() && tree.entries(&goal).is_empty() {
                wrong.push(format!("{path} points at {file}, which is not there"));
            }
        }
    }
    wrong
}

/// What stands between `](` and `)`, outside code blocks.
fn targets(text: &str) -> Vec<&str> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let starts = line.match_indices("](").map(|(at, mark)| &line[at + mark.len()..]);
            found.extend(starts.filter_map(|rest| rest.split_once(')').map(|(target, _)| target)));
        }
    }
    found
}

fn resolve(folder: &str, file: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::super::document::made_up::house;
    use super::*;

    fn findings(text: &str) -> Vec<String> {
        broken(&Tree::made_of(&[("docs/A.md", text), ("docs/more/b.md", ""), ("README.md", "")]), &house())
    }

    #[test]
    fn links_to_what_is_there_or_elsewhere_are_right() {
        let text = "[b](more/b.md#part) [folder](more/) [up](../README.md) [web](https://example.org/x) [here](#top)\n\
                    ```\n[shown](only.md)\n```\n";
        assert!(findings(text).is_empty());
    }

    #[test]
    fn links_to_nothing_are_found() {
        assert_eq!(findings("see [c](more/c.md) and [up](../../README.md/x)").len(), 2);
    }
}
