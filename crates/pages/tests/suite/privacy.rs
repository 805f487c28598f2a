//! The privacy checklist: every principle, nothing claimed that the plan does not say, and a document that stays a document.

use crate::sample::{NASTY, public::plan};
use fairtrial_pages::privacy::{Checklist, Facts, markdown};

fn facts() -> Facts {
    Facts { agency: "Ministry of Made-up Justice".into(), partners: vec![], release: (3, 6, 20) }
}

#[test]
fn every_principle_is_asked_and_what_the_plan_leaves_open_is_named() {
    let list = Checklist::of(&plan(None), &facts());
    let numbers: Vec<&str> = list.principles.iter().map(|principle| principle.number).collect();
    assert_eq!(numbers, ["1", "2", "3", "3A", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13"]);
    for principle in &list.principles {
        assert!(!principle.answered.is_empty() || !principle.open.is_empty(), "{}", principle.name);
        assert!(principle.asks.ends_with('?'), "{}", principle.asks);
    }
    let locked = plan(None);
    let protocol = locked.protocol();
    let all: Vec<&String> = list.principles.iter().flat_map(|principle| &principle.answered).collect();
    for attribute in &protocol.attributes {
        assert!(all.iter().any(|answer| answer.contains(&attribute.name.replace('_', " "))), "{}", attribute.name);
    }
    let of = |number: &str| list.principles.iter().find(|principle| principle.number == number).expect("a principle");
    // Where the data are kept is told when the plan says it, and asked when it does not.
    assert_eq!(
        protocol.data.hosting.is_none(),
        of("5").open.iter().any(|text| text.contains("where the data are kept"))
    );
    assert!(of("11").answered[0].contains("multiples of 3") && of("11").answered[0].contains("below 6"));
}

#[test]
fn an_agency_that_sends_outcomes_is_named_and_asked_about() {
    let with = Facts { partners: vec!["Made-up Courts, until 3 March 2027".into()], ..facts() };
    let (alone, linked) = (Checklist::of(&plan(None), &facts()), Checklist::of(&plan(None), &with));
    let of = |list: &Checklist, number: &str| {
        list.principles.iter().find(|principle| principle.number == number).expect("a principle").clone()
    };
    assert!(of(&linked, "2").answered.iter().any(|answer| answer.contains("Made-up Courts")));
    assert!(!of(&linked, "3A").open.is_empty());
    assert!(of(&alone, "11").answered.iter().any(|answer| answer == "No other agency takes part."));
    assert!(linked.open() >= alone.open());
}

#[test]
fn the_document_has_room_for_each_answer_and_words_of_a_plan_make_no_markup() {
    let list = Checklist::of(&plan(Some(NASTY)), &facts());
    let text = markdown(&list, "27 November 2026");
    let open: usize = list.principles.iter().map(|principle| principle.open.len()).sum();
    assert_eq!(text.matches("**To be answered:**").count(), open);
    assert_eq!(text.matches("\n## ").count(), list.principles.len(), "headings are those of the principles");
    assert!(!text.contains("<script>") && !text.contains("<b>"), "{text}");
    assert!(text.contains(&list.protocol_id), "it says which plan it was made from");
}
