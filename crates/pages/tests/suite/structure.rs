use crate::markup::{Tag, tags, words};
use crate::sample;
use std::collections::HashSet;

fn each(check: impl Fn(&str, &str, &[Tag])) {
    for (name, html) in sample::all() {
        match tags(&html) {
            Ok(tags) => check(&name, &html, &tags),
            Err(fault) => panic!("{name}: {fault}"),
        }
    }
}

#[test]
fn a_page_has_one_main_heading_its_language_and_a_title_of_its_own() {
    each(|name, html, tags| {
        let count = |tag: &str| tags.iter().filter(|found| found.name == tag).count();
        assert_eq!(count("h1"), 1, "{name}");
        assert_eq!(count("main"), 1, "{name}");
        assert_eq!(tags.first().and_then(|html| html.get("lang")), Some("en-NZ"), "{name}");
        let title = html.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap_or_default();
        assert!(title.trim().ends_with(" – Fairtrial") && title.trim().len() > " – Fairtrial".len(), "{name}: {title}");
        assert_eq!(title.starts_with("Error: "), html.contains("govuk-error-summary__title"), "{name}: {title}");
    });
}

#[test]
fn headings_never_skip_a_level() {
    each(|name, _, tags| {
        let mut level = 0;
        for tag in tags {
            if let Some(next) = tag.name.strip_prefix('h').and_then(|digit| digit.parse::<u32>().ok()) {
                // The notice and the error summary stand before the main heading.
                let before_main = level == 0 && next == 2;
                assert!(next <= level + 1 || before_main, "{name}: h{next} after h{level}");
                level = next;
            }
        }
    });
}

#[test]
fn every_field_has_a_label_and_every_reference_points_at_something() {
    each(|name, _, tags| {
        let mut ids = HashSet::new();
        for id in tags.iter().filter_map(|tag| tag.get("id")) {
            assert!(ids.insert(id), "{name}: two elements are called {id}");
        }
        let labelled: HashSet<&str> = tags.iter().filter_map(|tag| tag.get("for")).collect();
        for tag in tags {
            let typed = matches!(tag.name.as_str(), "input" | "textarea" | "select");
            if typed && tag.get("type") != Some("hidden") {
                let id = tag.get("id").unwrap_or_default();
                assert!(labelled.contains(id), "{name}: no label for {tag:?}");
            }
            for attribute in ["aria-describedby", "aria-labelledby", "aria-controls", "for"] {
                for id in tag.get(attribute).into_iter().flat_map(str::split_whitespace) {
                    assert!(ids.contains(id), "{name}: {attribute} points at {id}, which is not there");
                }
            }
            if let Some(id) = tag.get("href").and_then(|address| address.strip_prefix('#')) {
                assert!(ids.contains(id), "{name}: a link to #{id}, which is not there");
            }
        }
    });
}

#[test]
fn every_form_that_posts_carries_the_token() {
    each(|name, html, tags| {
        let posts = |tag: &&Tag| tag.name == "form" && tag.get("method") == Some("post");
        let forms = tags.iter().filter(posts).count();
        let tokens = tags.iter().filter(|tag| tag.get("name") == Some("csrf")).count();
        assert_eq!(forms, tokens, "{name}");
        // A form that changes nothing and only looks for something needs no token; all others post.
        let searches = |form: &Tag| form.get("method") == Some("get") && form.get("role") == Some("search");
        assert!(tags.iter().filter(|tag| tag.name == "form").all(|form| posts(&form) || searches(form)), "{name}");
        assert_eq!(html.matches("name=\"csrf\" value=\"token-of-this-page\"").count(), tokens, "{name}");
    });
}

#[test]
fn nothing_is_styled_or_run_inline_and_nothing_comes_from_outside() {
    each(|name, _, tags| {
        for tag in tags {
            assert!(tag.name != "style", "{name}");
            assert!(tag.name != "script" || tag.get("src").is_some(), "{name}: a script inside the page");
            for (attribute, value) in &tag.attributes {
                assert!(attribute != "style" && !attribute.starts_with("on"), "{name}: {tag:?}");
                if matches!(attribute.as_str(), "href" | "src" | "action") {
                    assert!(value.starts_with('/') || value.starts_with('#'), "{name}: {tag:?}");
                    assert!(!value.starts_with("//"), "{name}: {tag:?}");
                }
            }
        }
    });
}

#[test]
fn images_are_described_or_hidden() {
    each(|name, _, tags| {
        for tag in tags.iter().filter(|tag| tag.name == "svg") {
            let described = tag.get("role") == Some("img") && tag.get("aria-labelledby").is_some();
            assert!(described || tag.get("aria-hidden") == Some("true"), "{name}: {tag:?}");
        }
    });
}

#[test]
fn what_people_typed_is_shown_as_they_typed_it_and_never_runs() {
    let mut met = 0;
    each(|name, html, tags| {
        assert!(!html.contains("<script>"), "{name}");
        assert!(tags.iter().all(|tag| tag.name != "b"), "{name}: markup from data");
    });
    for (name, html) in sample::all().iter().filter(|(name, _)| name.ends_with("worst")) {
        met += usize::from(html.contains("&#60;b&#62;"));
        assert!(!html.contains("&#38;#60;"), "{name}: escaped twice");
    }
    assert!(met >= 5, "the worst samples carry markup in their data, but only {met} pages show it");
}

#[test]
fn no_number_is_undefined_and_no_word_is_one_we_avoid() {
    const AVOID: [&str; 14] = [
        "nan",
        "inf",
        "infinity",
        "winner",
        "loser",
        "conversion",
        "significant",
        "guinea",
        "traffic",
        "customer",
        "lift",
        "users",
        "user",
        "none(",
    ];
    each(|name, html, _| {
        let text = words(html).to_lowercase();
        for word in text.split(|letter: char| !letter.is_alphanumeric() && letter != '(') {
            assert!(!AVOID.contains(&word), "{name}: says {word:?}");
        }
        assert!(!html.contains("NaN") && !html.contains("\"inf\"") && !html.contains("\"-inf\""), "{name}");
    });
}

#[test]
fn what_holds_or_ends_a_trial_stands_apart_from_what_starts_it() {
    let (mut near, mut far) = (0, 0);
    for (name, html) in sample::all().into_iter().filter(|(name, _)| name.starts_with("trial/show")) {
        let (before, apart) = html.split_once("ft-verbs--apart").unwrap_or((&html, ""));
        let between = before.split("What you can do now").nth(1).unwrap_or_default();
        let is_there = |part: &str, verb: &str| part.contains(&format!("/{verb}\""));
        for verb in ["start", "resume", "resume_enrolment", "submit", "approve", "lock_data"] {
            assert!(!is_there(apart, verb), "{name}: {verb}");
            near += usize::from(is_there(before, verb));
        }
        for verb in ["pause_enrolment", "suspend", "stop", "withdraw", "refuse"] {
            assert!(!is_there(before, verb), "{name}: {verb}");
            far += usize::from(is_there(apart, verb));
        }
        assert!(
            apart.is_empty() || between.is_empty() || between.contains("What has happened"),
            "{name}: close together"
        );
    }
    assert!(near > 5 && far > 5, "{near} and {far}");
}

#[test]
fn a_monitor_who_has_not_asked_sees_neither_names_nor_boundaries() {
    for (name, html) in sample::all().into_iter().filter(|(name, _)| name.starts_with("trial/looks")) {
        let masked = name.contains("masked");
        let main = html.split("<main").nth(1).expect("a main part");
        for told in ["Usual letter", "Letter with the extra sentence", "Success at or below", "New version"] {
            assert!(!(masked && main.contains(told)), "{name}: {told}");
        }
        assert_eq!(main.contains("Version X") && main.contains("Version Y"), masked, "{name}");
        assert_eq!(main.contains("/looks/unmask"), masked, "{name}: nothing is unmasked twice");
    }
}
