//! Templates stand where their page is, and none is left over.

use super::document::House;
use super::tree::Tree;

const TEMPLATES: &str = "web/templates/";
const PAGES: &str = "crates/pages/src/";

/// A page's template is used by the module of its noun; every other template by a module or another template.
pub(crate) fn used(tree: &Tree, _: &House) -> Vec<String> {
    let mut wrong = Vec::new();
    for path in tree.paths() {
        let Some(name) = path.strip_prefix(TEMPLATES).filter(|name| name.ends_with(".html")) else { continue };
        let noun = name.strip_prefix("pages/").and_then(|rest| rest.split_once('/')).map(|(noun, _)| noun);
        let homes = match noun {
            Some(noun) => vec![format!("{PAGES}{noun}/")],
            None if name.starts_with("pages/") => {
                wrong.push(format!("{path} belongs to no noun; it should be {TEMPLATES}pages/<noun>/<verb>.html"));
                continue;
            }
            None => vec![PAGES.to_owned(), TEMPLATES.to_owned()],
        };
        let named = |text: &str| text.contains(&format!("\"{name}\""));
        let is_used = tree
            .files()
            .any(|(other, text)| other != path && homes.iter().any(|home| other.starts_with(home)) && named(text));
        if !is_used {
            wrong.push(format!("{path} is used by nothing in {}", homes.join(" or ")));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::super::document::made_up::house;
    use super::*;

    fn findings(files: &[(&str, &str)]) -> usize {
        used(&Tree::made_of(files), &house()).len()
    }

    #[test]
    fn a_template_with_its_page_is_right() {
        let good = [
            ("web/templates/pages/trial/show.html", "{% extends \"layouts/page.html\" %}"),
            ("web/templates/layouts/page.html", ""),
            ("crates/pages/src/trial/show.rs", "#[template(path = \"pages/trial/show.html\")]"),
        ];
        assert_eq!(findings(&good), 0);
    }

    #[test]
    fn templates_that_are_left_over_or_misplaced_are_found() {
        let elsewhere = ("crates/pages/src/key/show.rs", "#[template(path = \"pages/trial/show.html\")]");
        assert_eq!(findings(&[("web/templates/pages/trial/show.html", ""), elsewhere]), 1);
        assert_eq!(findings(&[("web/templates/pages/show.html", "")]), 1);
        assert_eq!(findings(&[("web/templates/components/tag.html", "\"components/tag.html\"")]), 1);
    }
}
