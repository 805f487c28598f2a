use crate::sample;
use std::{fs, path::Path};

#[test]
fn the_content_of_every_page_is_as_reviewed() {
    for (name, html) in sample::all() {
        let main = html.split("<main").nth(1).and_then(|rest| rest.split("</main>").next()).unwrap_or_default();
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(name.replace('/', "-"), tidy(main));
        });
    }
}

#[test]
fn the_frame_around_the_pages_is_as_reviewed() {
    let (_, html) = sample::all().into_iter().find(|(name, _)| name == "home/show-typical").expect("the sample");
    let (head, rest) = html.split_once("<main").expect("a main part");
    let (_, foot) = rest.split_once("</main>").expect("an end of the main part");
    // The hash of the built files is no part of the review.
    let text: String =
        tidy(head).lines().chain(["<main>", "</main>"]).chain(tidy(foot).lines()).fold(String::new(), |text, line| {
            match line.split_once("?v=") {
                Some((before, after)) => text + before + after.get(12..).unwrap_or_default() + "\n",
                None => text + line + "\n",
            }
        });
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("frame", text);
    });
}

/// Leaves the whole pages where `scripts/browser/check.mjs --samples` finds them.
#[test]
fn the_whole_pages_can_be_opened_in_a_browser() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    fs::create_dir_all(&folder).expect("a folder for the pages");
    for (name, html) in sample::all() {
        let file = folder.join(format!("{}.html", name.replace('/', "-")));
        fs::write(&file, &html).expect("a page on disk");
        assert_eq!(fs::read_to_string(&file).expect("the page read back"), html);
    }
}

fn tidy(html: &str) -> String {
    html.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}
