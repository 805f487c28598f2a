//! The checklist answers from the record and from nothing else.

use std::collections::BTreeSet;

use fairtrial_domain::protocol::{Payload, Role};
use fairtrial_pages::checklist::{Checklist, Item, Reader, Standing, csv};

use crate::sample::checklist::{Kept, finished, grouped};

const NUMBERS: [&str; 42] = [
    "1a", "1b", "2", "3", "4", "5a", "5b", "6", "7", "8", "9", "10", "11", "12a", "12b", "13", "14", "15", "16a",
    "16b", "17a", "17b", "18", "19", "20a", "20b", "21a", "21b", "21c", "21d", "22a", "22b", "23a", "23b", "24a",
    "24b", "25", "26", "27", "28", "29", "30",
];

fn items(kept: &Kept) -> Vec<Item> {
    Checklist::of(&kept.record(Reader::Agency)).items
}

/// The items that say less than before: which stand otherwise, or lack something that they did not lack.
fn poorer(before: &[Item], after: &[Item]) -> BTreeSet<&'static str> {
    assert_eq!(before.len(), after.len());
    let less = |(one, other): &(&Item, &Item)| {
        let more_lacks = other.answer.missing().iter().any(|text| !one.answer.missing().contains(text));
        more_lacks || one.answer.standing() != other.answer.standing()
    };
    before.iter().zip(after).filter(less).map(|(item, _)| item.number).collect()
}

#[test]
fn all_items_are_there_and_each_is_answered_or_says_what_is_missing() {
    let items = items(&finished());
    assert_eq!(items.iter().map(|item| item.number).collect::<Vec<_>>(), NUMBERS);
    let whole: BTreeSet<&str> = items.iter().map(|item| item.number.trim_end_matches(['a', 'b', 'c', 'd'])).collect();
    assert_eq!(whole.len(), 30);
    for item in &items {
        let (answer, told) = (&item.answer, item.answer.told());
        match answer.standing() {
            Standing::OnRecord => assert!(!told.is_empty() && answer.missing().is_empty(), "{item:?}"),
            Standing::InPart => assert!(!told.is_empty() && !answer.missing().is_empty(), "{item:?}"),
            Standing::NotOnRecord => assert!(told.is_empty() && !answer.missing().is_empty(), "{item:?}"),
            Standing::NotAsked => assert!(answer.not_asked().is_some_and(|why| !why.is_empty()), "{item:?}"),
        }
    }
    let standing = |wanted| {
        items.iter().filter(|item| item.answer.standing() == wanted).map(|item| item.number).collect::<Vec<_>>()
    };
    assert_eq!(standing(Standing::NotOnRecord), ["5a", "5b", "20b"], "nothing in the record can answer these");
    assert_eq!(standing(Standing::NotAsked), ["12b"]);
}

#[test]
fn what_is_taken_out_of_the_record_is_missed_where_it_is_asked_for_and_nowhere_else() {
    type Take = fn(&mut Kept);
    let cases: &[(&str, Take, &[&str])] = &[
        ("title", |kept| kept.plan.title = "Overdue fines".into(), &["1a"]),
        ("summary", |kept| kept.plan.public_summary = " . ".into(), &["1b"]),
        ("approvals", |kept| kept.approvals.clear(), &["2"]),
        ("end of enrolment", |kept| kept.standing.ended = None, &["3", "23a", "23b"]),
        ("publication", |kept| kept.published = None, &["4"]),
        ("why it should work", |kept| kept.plan.hypothesis.because.clear(), &["6"]),
        ("the change", |kept| kept.plan.hypothesis.change.clear(), &["7"]),
        ("harm measures", |kept| kept.plan.outcomes.retain(|it| it.role != Role::Harm), &["15", "27"]),
        ("days for comments", |kept| kept.plan.public_comment = None, &["8"]),
        ("start", |kept| kept.standing.started = None, &["10", "23a"]),
        ("place", |kept| kept.plan.touchpoint = None, &["11"]),
        ("agency", |kept| kept.agency.clear(), &["11"]),
        ("whom it is about", |kept| kept.plan.hypothesis.who.clear(), &["12a"]),
        ("what a version shows", |kept| kept.plan.arms[1].payload = Payload::default(), &["13"]),
        ("main outcome", |kept| kept.plan.outcomes.retain(|it| it.role != Role::Primary), &["7", "14", "16a"]),
        ("what matters", |kept| kept.plan.outcomes[0].smallest_worthwhile_effect = None, &["16a"]),
        ("what is expected", |kept| kept.plan.outcomes[0].expected_control = None, &["16a"]),
        ("the secret", |kept| kept.standing.commitment = None, &["17a", "18", "19"]),
        ("what is counted", |kept| kept.plan.analysis_unit.clear(), &["21b"]),
        ("the lock", |kept| kept.standing.locked = None, &["20a", "23a"]),
        ("why it ended", |kept| kept.standing.reason = None, &["23b"]),
        ("other trials", |kept| kept.plan.layer = None, &["24b"]),
        ("attributes", |kept| kept.plan.attributes.clear(), &["25"]),
        ("decision", |kept| kept.decision.clear(), &["29"]),
        (
            "the report",
            |kept| kept.report = None,
            &["1b", "10", "21a", "22a", "22b", "24a", "26", "27", "28", "29", "30"],
        ),
        (
            "comparisons",
            |kept| kept.report.iter_mut().flat_map(|report| &mut report.outcomes).for_each(|it| it.comparisons.clear()),
            &["21a", "26", "27"],
        ),
        ("findings on groups", |kept| kept.report.iter_mut().for_each(|report| report.equity.clear()), &["28"]),
    ];
    let full = finished();
    let before = items(&full);
    for (what, take, missed) in cases {
        let mut kept = full.clone();
        take(&mut kept);
        assert_eq!(poorer(&before, &items(&kept)), missed.iter().copied().collect(), "without {what}");
    }
}

#[test]
fn whole_groups_and_sites_that_change_over_are_asked_more() {
    let numbers = |kept: &Kept| items(kept).into_iter().skip(NUMBERS.len()).map(|item| item.number).collect::<Vec<_>>();
    assert_eq!(numbers(&grouped(false)), ["G1", "G2", "G3", "G4"]);
    assert_eq!(numbers(&grouped(true)), ["G1", "G2", "G3", "G4", "W1", "W2"]);
    let full = grouped(true);
    let mut without = full.clone();
    without.plan.planning.icc = None;
    assert_eq!(poorer(&items(&full), &items(&without)), ["G2"].into());
    let asked = items(&full).into_iter().find(|item| item.number == "12b").expect("the item");
    assert!(asked.answer.standing() == Standing::InPart && asked.answer.told()[0].contains("office-3"), "{asked:?}");
}

#[test]
fn the_table_has_a_row_for_each_item_and_no_formula() {
    let mut kept = finished();
    kept.agency = "=1+1".into();
    let checklist = Checklist::of(&kept.record(Reader::Public));
    let text = String::from_utf8(csv(&checklist).expect("a table")).expect("a text");
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_reader(text.as_bytes()).records().collect::<Result<_, _>>().expect("rows");
    assert_eq!(rows.iter().map(|row| &row[0]).collect::<Vec<_>>(), NUMBERS);
    assert!(rows.iter().all(|row| row.iter().all(|cell| !cell.starts_with('='))), "{text}");
    assert!(rows[12][4].starts_with("'=1+1"), "{:?}", rows[12]);
}
