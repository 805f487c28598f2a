use std::collections::BTreeSet;

use fairtrial_domain::LockedProtocol;
use serde_json::{Value, json};

use super::*;

/// The names that a plan's reader knows at a place, as it says itself when it meets one that it does not know; nothing where it wants no object.
fn names_at(pointer: &str) -> Option<Vec<String>> {
    let mut document = json!({"?": 0});
    for part in pointer.rsplit('/').take(pointer.matches('/').count()) {
        document = if part == "0" { json!([document]) } else { json!({part: document}) };
    }
    let faults = LockedProtocol::from_json(document.to_string().as_bytes()).expect_err("no plan");
    let unknown =
        faults.into_iter().find(|fault| fault.code == "unknown_field" && fault.pointer == format!("{pointer}/?"));
    let (_, names) = unknown.as_ref()?.detail.split_once("known are: ")?;
    Some(names.split(", ").map(str::to_owned).collect())
}

/// Every place down to what is told by itself. `told` are the patterns that were met.
fn places(pointer: &str, told: &mut BTreeSet<&'static str>, without: &mut Vec<String>) {
    if let Some(known) = field::known(pointer) {
        told.insert(known.pattern);
        return;
    }
    let item = format!("{pointer}/0");
    let parts = match (names_at(pointer), names_at(&item)) {
        (Some(names), _) => (pointer, names),
        (None, Some(names)) => (item.as_str(), names),
        (None, None) => return without.push(pointer.to_owned()),
    };
    for name in parts.1 {
        places(&format!("{}/{name}", parts.0), told, without);
    }
}

#[test]
fn every_field_that_a_plan_may_have_is_told_in_words() {
    assert!(names_at("").is_some_and(|names| names.len() > 20), "the reader says what it knows");
    assert!(names_at("/outcomes/0").is_some_and(|names| names.contains(&"harm_watch".to_owned())));
    let (mut told, mut without) = (BTreeSet::new(), Vec::new());
    places("", &mut told, &mut without);
    assert_eq!(without, Vec::<String>::new(), "have no words");
    let gone: Vec<_> = field::FIELDS.iter().map(|known| known.pattern).filter(|known| !told.contains(known)).collect();
    assert_eq!(gone, Vec::<&str>::new(), "are in no plan any more");
}

fn example() -> Value {
    let file = include_str!("../../../../../docs/examples/fines-letter.protocol.json");
    serde_json::from_str(file).expect("JSON")
}

/// What differs after a change of the example, as text.
fn told(change: impl Fn(&mut Value)) -> Vec<String> {
    let locked = |plan: &Value| LockedProtocol::from_json(plan.to_string().as_bytes()).expect("a plan");
    let mut plan = example();
    let before = locked(&plan);
    change(&mut plan);
    let after = locked(&plan);
    let asked = |pointer: &str| (pointer == "/outcomes/0/smallest_worthwhile_effect").then_some(("effect", "smallest"));
    let found = Change::between(&before, &after, asked);
    // Nothing that differs is left out.
    for difference in differences(&document(&before), &document(&after)) {
        let named = |found: &Change| {
            found
                .pointers
                .iter()
                .any(|at| at.starts_with(&difference.pointer) || difference.pointer.starts_with(at.as_str()))
        };
        assert!(found.iter().any(named), "{difference:?} is not among {found:?}");
    }
    let row = |change: &Change| {
        let rows = change.list.rows.iter().map(|row| format!("{} = {}", row.key, row.value.join(" / ")));
        format!("{} | {}", change.place, rows.collect::<Vec<_>>().join(" | "))
    };
    found.iter().map(row).collect()
}

#[test]
fn sizes_days_and_words_are_told_as_people_read_them() {
    let found = told(|plan| {
        plan["outcomes"][0]["smallest_worthwhile_effect"] = json!("0.025");
        plan["monitoring"]["ends_on"] = json!("2027-05-04");
        plan["monitoring"]["power"] = json!("0.8");
        plan["data"]["notice"] = json!("general");
        plan["monitoring"]["max_units"] = json!(123_456);
        plan["decision_rule"] = json!("superior(paid-28d)");
    });
    assert_eq!(
        found,
        [
            "How people are told | Before = Each person, by a line on the letter or screen | After = Everybody, by a poster or the \
             website",
            "When it counts as a success | Before = When \u{2018}Paid or on a plan within 28 days\u{2019} is shown to be better than with \
             the usual version, and \u{2018}Calls to the contact centre\u{2019} is shown to be no worse than its margin allows. / \
             superior(paid-28d) and not_worse(calls-28d) | After = When \u{2018}Paid or on a plan within 28 days\u{2019} is shown to be \
             better than with the usual version. / superior(paid-28d)",
            "The last day on which anybody enters | Before = 30 June 2027 | After = 4 May 2027",
            "At most how many | Before = 6,000 | After = 123,456",
            "Chance to see the smallest difference that would matter | Before = 0.80 | After = 0.8",
            "\u{2018}Paid or on a plan within 28 days\u{2019}: what is the smallest difference that would change what you do? | Before = \
             3 in 100 | After = 2.5 in 100",
        ],
        "shares in 100, days in words, and what only reads the same as it is written"
    );
}

#[test]
fn what_is_added_and_taken_away_is_told_one_by_one() {
    let found = told(|plan| {
        plan["data"]["sources"] = json!(["fines register", "court system"]);
        let guard = json!({
            "key": "rang-us", "name": "Rang us", "role": "guardrail", "event": "call.made", "kind": "count", "better": "decrease",
            "follow_up_days": 30, "margin": "0.02",
        });
        plan["outcomes"].as_array_mut().expect("outcomes").push(guard);
        plan["arms"][1]["payload"] = json!({"heading": "Please pay"});
    });
    assert_eq!(
        found,
        [
            "\u{2018}Letter with the extra sentence\u{2019}: what the app shows | Taken away = template: overdue-v3-norm | Added = \
             heading: Please pay",
            "Where outcomes are recorded | Taken away = contact centre | Added = court system",
            "\u{2018}Rang us\u{2019}: outcome | Added = Which is good for people: Less is better / What your system calls it: call.made \
             / For how many days it counts: 30 / Key: rang-us / What is counted of it: How often it happens / Largest loss that is \
             accepted: 2 for every 100 / What it is for: Must not get worse",
        ]
    );
}

#[test]
fn the_same_versions_in_another_order_are_told_as_that() {
    let found = told(|plan| plan["arms"].as_array_mut().expect("versions").reverse());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found.iter().all(|line| line.starts_with("The order in which they stand")), "{found:?}");
}
