//! A public page tells no number of people that the released document does not hold.

use std::collections::BTreeSet;

use fairtrial_pages::{Frame, register::Standing, render};

use crate::{
    markup::words,
    sample::{self, public, report},
};

/// The whole numbers in a text, thousands put together.
fn numbers(text: &str) -> BTreeSet<u64> {
    let joined: Vec<char> = text.chars().collect();
    let keep = |place: usize| {
        let comma = joined[place] == ',';
        let between =
            place > 0 && joined[place - 1].is_ascii_digit() && joined.get(place + 1).is_some_and(char::is_ascii_digit);
        !(comma && between)
    };
    let text: String = (0..joined.len()).filter(|place| keep(*place)).map(|place| joined[place]).collect();
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

#[test]
fn no_raw_count_stands_on_a_public_page() {
    // Counts that are no multiple of three, so that each is told as another number; none stands elsewhere on the page.
    let mut raw = report::succeeded();
    for (arm, (assigned, analysed)) in raw.arms.iter_mut().zip([(4_001, 3_901), (4_103, 3_997)]) {
        (arm.assigned, arm.analysed, arm.missing) = (assigned, analysed, assigned - analysed);
    }
    for outcome in &mut raw.outcomes {
        for (arm, (analysed, events)) in outcome.arms.iter_mut().zip([(3_901, 781), (3_997, 1_040)]) {
            (arm.analysed, arm.events) = (analysed, Some(events));
        }
    }
    raw.flow.not_enrolled[0].count = 1_733;
    raw.flow.not_enrolled[1].count = 4;
    let released = public::released(&raw);
    let document = serde_json::to_string(&released).expect("a document");
    let page = |frame: Frame, standing: Standing| {
        let plan = public::plan(None);
        render(&fairtrial_pages::register::Show::of(frame, &plan, "An agency", standing, vec![], Some(&released)))
            .expect("a page")
    };
    let html = page(sample::outside(), public::standing(fairtrial_domain::trial::State::DataLocked));
    let main = html.split("<main").nth(1).expect("a main part");
    let attributes = main.replace(['"', '='], " ");
    for text in [words(main), attributes, document] {
        let found = numbers(&text);
        for count in [4_001, 4_103, 3_901, 3_997, 781, 1_040, 1_733] {
            assert!(!found.contains(&count), "{count} is told");
        }
    }
    let shown = numbers(&words(main));
    let told = released.flow.arms.iter().filter_map(|arm| arm.assigned.value()).all(|count| shown.contains(&count));
    assert!(told, "the released counts stand on the page");
    assert!(words(main).contains("not shown"), "and a small one is named as hidden");
}

#[test]
fn a_table_to_pass_on_holds_released_numbers_and_no_formula() {
    let mut raw = report::succeeded();
    for (arm, (assigned, analysed)) in raw.arms.iter_mut().zip([(4_001, 3_901), (4_103, 3_997)]) {
        (arm.assigned, arm.analysed, arm.missing) = (assigned, analysed, assigned - analysed);
        arm.name = "=1+1".into();
    }
    for outcome in &mut raw.outcomes {
        for (arm, (analysed, events)) in outcome.arms.iter_mut().zip([(3_901, 781), (3_997, 2)]) {
            (arm.analysed, arm.events) = (analysed, Some(events));
        }
    }
    let released = public::released(&raw);
    let bytes = fairtrial_pages::report::released_csv(&released).expect("a table");
    let table = String::from_utf8(bytes).expect("a text");
    let rows: usize = released.outcomes.iter().map(|outcome| outcome.arms.len()).sum();
    assert_eq!(table.lines().count(), rows + 1, "{table}");
    for count in ["4001", "4103", "3901", "3997", "781"] {
        assert!(!table.split([',', '\r', '\n']).any(|cell| cell == count), "{count} is told");
    }
    let shown = released.outcomes[0].arms[0].analysed.value().expect("a count").to_string();
    assert!(table.contains(&shown) && table.contains("not shown") && table.contains("'=1+1"), "{table}");
    assert!(!table.contains(",=1+1"), "{table}");
}
