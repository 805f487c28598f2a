//! Labels in two languages.

use fairtrial_pages::{language::Label, render};

#[test]
fn the_list_of_what_has_no_words_yet_is_that_of_the_catalogue() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/LANGUAGES.md");
    let document = std::fs::read_to_string(file).expect("the document");
    let listed: Vec<&str> = document.lines().filter_map(|line| line.strip_prefix("- ")).collect();
    let missing: Vec<&str> =
        Label::ALL.iter().filter(|label| label.maori().is_none()).map(|label| label.english()).collect();
    assert_eq!(listed, missing);
}

#[test]
fn words_of_another_language_say_so_and_the_rest_falls_back() {
    for label in Label::ALL {
        let html = render(label).expect("a label");
        match label.maori() {
            Some(words) => assert!(html.contains(&format!("<span lang=\"mi\">{words}</span>")), "{html}"),
            None => assert_eq!(html.trim(), label.english()),
        }
    }
    assert!(Label::ALL.iter().any(|label| label.maori().is_some()));
}
