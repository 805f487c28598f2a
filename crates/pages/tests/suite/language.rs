//! Labels and sentences in two languages.

use fairtrial_pages::{
    language::{Label, Say},
    render,
};

#[test]
fn the_list_of_what_has_no_words_yet_is_that_of_the_catalogue() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/LANGUAGES.md");
    let document = std::fs::read_to_string(file).expect("the document");
    let listed: Vec<&str> = document.lines().filter_map(|line| line.strip_prefix("- ")).collect();
    let labels = Label::ALL.iter().filter(|label| label.maori().is_none()).map(|label| label.english());
    let sentences = Say::ALL.iter().filter(|said| said.maori().is_none()).map(|said| said.english());
    let missing: Vec<&str> = labels.chain(sentences).collect();
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

/// The pages that people come to by a letter or the register, signed in or not.
const PUBLIC: [&str; 7] = [
    "notice/show",
    "notice/result",
    "message/create",
    "message/created",
    "message/answer",
    "register/list",
    "register/show",
];

/// The words that stand in a template itself: between its tags, and in what is read out or shown of them.
fn literals(template: &str) -> Vec<String> {
    let without = |text: &str, opens: &str, closes: &str| {
        let mut parts = text.split(opens);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| text + part.split_once(closes).map_or(part, |(_, rest)| rest))
    };
    let text = [("{#", "#}"), ("{{", "}}"), ("{%", "%}")]
        .iter()
        .fold(template.to_owned(), |text, (opens, closes)| without(&text, opens, closes));
    let mut found = Vec::new();
    for (place, part) in text.split('<').enumerate() {
        let (tag, words) = if place == 0 { ("", part) } else { part.split_once('>').unwrap_or((part, "")) };
        found.push(words.to_owned());
        for name in ["title", "aria-label", "alt", "placeholder", "content"] {
            let said = tag.split(&format!(" {name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
            found.extend(said.map(str::to_owned));
        }
    }
    found
        .into_iter()
        .map(|words| words.trim().to_owned())
        .filter(|words| words.chars().any(char::is_alphabetic))
        .collect()
}

#[test]
fn public_pages_say_nothing_that_is_not_in_the_catalogue() {
    let seen = literals("<p class=\"a\">{{ said }} Hello <a title=\"There\">{% if x %}you{% endif %}</a></p>");
    assert_eq!(seen, ["Hello", "you", "There"], "what would be found");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/templates/pages");
    for page in PUBLIC {
        let template = std::fs::read_to_string(format!("{folder}/{page}.html")).expect("a template");
        assert_eq!(literals(&template), Vec::<String>::new(), "{page}");
    }
}
