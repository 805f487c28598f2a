//! Plans: every fault at once, each with its place.

use std::{fs, path::PathBuf};

use fairtrial_domain::{
    LockedProtocol,
    protocol::{Population, Tags, Technique},
};
use serde_json::{Value, json};

fn examples() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples")
}

fn fines_letter() -> Value {
    serde_json::from_slice(&fs::read(examples().join("fines-letter.protocol.json")).unwrap()).unwrap()
}

/// Puts a value at a JSON pointer, a new name or the end of a list included; without a value, takes it away.
fn change(document: &mut Value, pointer: &str, value: Option<Value>) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match (document.pointer_mut(parent).unwrap(), value) {
        (Value::Object(fields), Some(value)) => drop(fields.insert(name.to_owned(), value)),
        (Value::Object(fields), None) => assert!(fields.remove(name).is_some(), "{pointer} is not there"),
        (Value::Array(items), Some(value)) if name == "-" => items.push(value),
        (Value::Array(items), Some(value)) => items[name.parse::<usize>().unwrap()] = value,
        (Value::Array(items), None) => drop(items.remove(name.parse().unwrap())),
        (other, _) => panic!("{parent} is {other}"),
    }
}

fn faults(document: &Value) -> Vec<String> {
    let faults = LockedProtocol::from_value(document).err().unwrap_or_default();
    assert!(faults.iter().all(|fault| !fault.detail.is_empty()));
    faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
}

#[test]
fn the_examples_are_plans() {
    let mut seen = 0;
    for file in fs::read_dir(examples()).unwrap() {
        let path = file.unwrap().path();
        if path.to_string_lossy().ends_with(".protocol.json") {
            let plan = LockedProtocol::from_json(&fs::read(&path).unwrap());
            assert!(plan.is_ok(), "{}: {plan:?}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 4, "{seen}");
}

#[test]
fn a_plan_that_names_no_tags_keeps_its_id_and_one_that_does_says_them_in_order() {
    let bare = LockedProtocol::from_value(&fines_letter()).unwrap();
    assert_eq!(bare.protocol().tags, Tags::default());
    let mut tagged = fines_letter();
    change(&mut tagged, "/tags", Some(json!({"technique": ["social_norm", "reminder"], "people": ["people_who_owe"]})));
    let tagged = LockedProtocol::from_value(&tagged).unwrap();
    assert_eq!(tagged.protocol().tags.technique, [Technique::SocialNorm, Technique::Reminder]);
    assert_eq!(tagged.protocol().tags.people, [Population::PeopleWhoOwe]);
    assert_ne!(tagged.id(), bare.id());
}

#[test]
fn the_id_is_the_hash_of_the_canonical_text() {
    // python3 -c 'import json, hashlib, sys; print(hashlib.sha256(json.dumps(json.load(open(sys.argv[1])), sort_keys=True,
    //     separators=(",", ":"), ensure_ascii=False).encode()).hexdigest())' docs/examples/fines-letter.protocol.json
    let plan = LockedProtocol::from_value(&fines_letter()).unwrap();
    assert_eq!(plan.id().as_str(), "sha256:9eeb9769516110e0d6a3d251c5741694344069a929b2d448a4fc5d6e02662dfb");
    let mut other = fines_letter();
    change(&mut other, "/arms/1/name", Some(json!("Letter with the extra sentence.")));
    assert_ne!(LockedProtocol::from_value(&other).unwrap().id(), plan.id());
}

#[test]
fn what_a_plan_does_not_say_of_contamination_is_no_part_of_its_id() {
    let silent = LockedProtocol::from_value(&fines_letter()).unwrap();
    assert!(!silent.canonical().contains("contamination"));
    let mut said = fines_letter();
    change(&mut said, "/analysis/contamination", Some(json!({"warn_above": "0.01", "invalid_above": "0.05"})));
    let said = LockedProtocol::from_value(&said).unwrap();
    assert_eq!(said.protocol(), silent.protocol(), "the same limits");
    assert_ne!(said.id(), silent.id(), "said in another document");
    assert!(said.canonical().contains(r#""contamination":{"invalid_above":"0.05","warn_above":"0.01"}"#));
}

/// A place to change, the value put there (nothing: it is taken away), and the faults that follow.
type Mutation = (&'static str, Option<Value>, &'static [&'static str]);

/// Three sites, a week of transition; the sample plan enrols until 2027-06-30.
fn wedge(steps: &[&str], sites_per_step: &[u32]) -> Value {
    json!({"method": "stepped_wedge", "sites": ["a", "b", "c"], "steps": steps, "transition_days": 7,
        "sites_per_step": sites_per_step})
}

fn mutations() -> Vec<Mutation> {
    let long = "x".repeat(201);
    let second_primary = json!({"key": "second", "name": "Second", "role": "primary", "event": "x", "kind": "binary",
        "better": "increase", "follow_up_days": 1, "smallest_worthwhile_effect": "0.1"});
    let rating = json!({"key": "ease", "name": "Ease", "role": "secondary", "event": "x", "kind": "rating",
        "better": "increase", "follow_up_days": 1});
    vec![
        ("/schema", Some(json!("fairtrial/protocol/2")), &["/schema out_of_range"]),
        ("/schema", None, &["/schema missing_field"]),
        ("/surprise", Some(json!(1)), &["/surprise unknown_field"]),
        ("/tags", Some(json!({"technique": ["magic"]})), &["/tags/technique/0 out_of_range"]),
        ("/tags", Some(json!({"people": ["applicants", "applicants"]})), &["/tags/people not_unique"]),
        ("/tags", Some(json!({"who": []})), &["/tags/who unknown_field"]),
        ("/key", Some(json!("Fines Letter")), &["/key out_of_range"]),
        ("/title", Some(json!("  ")), &["/title out_of_range"]),
        ("/title", Some(json!(long)), &["/title out_of_range"]),
        ("/title", Some(json!(7)), &["/title wrong_type"]),
        ("/title", Some(json!("a\u{0}b")), &["/title out_of_range"]),
        ("/time_zone", Some(json!("Pacific/Atlantis")), &["/time_zone out_of_range"]),
        ("/aim", Some(json!("best")), &["/aim out_of_range"]),
        ("/hypothesis/outcome", Some(json!("nothing")), &["/hypothesis/outcome unknown_outcome"]),
        ("/hypothesis/direction", Some(json!("sideways")), &["/hypothesis/direction out_of_range"]),
        ("/attributes/0/values", Some(json!(["only"])), &["/attributes/0/values out_of_range"]),
        (
            "/attributes/-",
            Some(json!({"name": "n", "type": "integer", "minimum": 2, "maximum": 1, "purpose": "covariate"})),
            &["/attributes/4/minimum out_of_range"],
        ),
        (
            "/attributes/0/type",
            Some(json!("integer")),
            &["/attributes/0/minimum missing_field", "/attributes/0/maximum missing_field"],
        ),
        (
            "/attributes/-",
            Some(json!({"name": "DISTRICT", "type": "boolean", "purpose": "equity"})),
            &["/attributes/4 not_unique"],
        ),
        (
            "/eligibility/include/all/0/attribute",
            Some(json!("age")),
            &["/eligibility/include/all/0/attribute undeclared_attribute"],
        ),
        (
            "/eligibility/exclude/any/0/equals",
            Some(json!("yes")),
            &["/eligibility/exclude/any/0/equals attribute_out_of_range"],
        ),
        ("/eligibility/include/all/0/at_least", Some(json!(1)), &["/eligibility/include/all/0 malformed_rule"]),
        ("/arms/0/control", Some(json!(false)), &["/arms one_control"]),
        ("/arms/1/control", Some(json!(true)), &["/arms one_control"]),
        ("/arms/1", None, &["/arms out_of_range"]),
        ("/arms/1/key", Some(json!("usual")), &["/arms/1 not_unique"]),
        ("/arms/0/ratio", Some(json!(0)), &["/arms/0/ratio out_of_range"]),
        ("/arms/0/ratio", Some(json!(1.5)), &["/arms/0/ratio not_a_whole_number", "/arms/0/ratio out_of_range"]),
        ("/arms/0/unit_cost", Some(json!("-1")), &["/arms/0/unit_cost out_of_range"]),
        ("/arms/0/payload", Some(json!([])), &["/arms/0 wrong_type"]),
        (
            "/analysis/contamination",
            Some(json!({"warn_above": "0.02"})),
            &["/analysis/contamination/invalid_above missing_field"],
        ),
        (
            "/analysis/contamination",
            Some(json!({"warn_above": "0.6", "invalid_above": "-0.1"})),
            &["/analysis/contamination/warn_above out_of_range", "/analysis/contamination/invalid_above out_of_range"],
        ),
        (
            "/analysis/contamination",
            Some(json!({"warn_above": "0.06", "invalid_above": "0.05"})),
            &["/analysis/contamination/warn_above out_of_range"],
        ),
        ("/analysis/contamination", Some(json!("none")), &["/analysis/contamination wrong_type"]),
        ("/allocation/method", Some(json!("coin")), &["/allocation/method out_of_range"]),
        (
            "/allocation/method",
            Some(json!("simple")),
            &["/allocation/strata unknown_field", "/allocation/block_multiples unknown_field"],
        ),
        ("/allocation/strata", Some(json!(["region"])), &["/allocation/strata/0 undeclared_attribute"]),
        ("/allocation/strata", Some(json!(["age_band"])), &["/allocation/strata/0 wrong_purpose"]),
        ("/allocation/block_multiples", Some(json!([0])), &["/allocation/block_multiples/0 out_of_range"]),
        ("/allocation", Some(json!({"method": "cluster", "roster": ["a", "a"]})), &["/allocation/roster/1 not_unique"]),
        (
            "/allocation",
            Some(
                json!({"method": "minimisation", "factors": ["district", "district", "age_band"], "probability": "0.5"}),
            ),
            &[
                "/allocation/factors/1 not_unique",
                "/allocation/factors/2 wrong_purpose",
                "/allocation/probability out_of_range",
            ],
        ),
        (
            "/allocation",
            Some(json!({"method": "minimisation", "factors": [], "probability": 0.8, "strata": []})),
            &[
                "/allocation/probability not_a_whole_number",
                "/allocation/strata unknown_field",
                "/allocation/factors out_of_range",
                "/allocation/probability out_of_range",
            ],
        ),
        ("/allocation", Some(wedge(&["2027-03-01", "2027-02-01"], &[1, 2])), &["/allocation/steps out_of_range"]),
        ("/allocation", Some(wedge(&["2027-02-01", "2027-06-24"], &[1, 2])), &["/allocation/steps out_of_range"]),
        (
            "/allocation",
            Some(wedge(&["2027-02-01", "2027-03-01"], &[2, 2])),
            &["/allocation/sites_per_step out_of_range"],
        ),
        (
            "/allocation",
            Some(wedge(&["2027-02-01", "2027-03-01"], &[1, 1, 1])),
            &["/allocation/sites_per_step out_of_range"],
        ),
        (
            "/allocation",
            Some(json!({"method": "stepped_wedge", "sites": ["a", "b", "a"], "steps": ["soon", "2027-03-01"]})),
            &["/allocation/steps/0 out_of_range"],
        ),
        (
            "/allocation",
            Some(
                json!({"method": "stepped_wedge", "sites": ["a", "a"], "steps": ["2027-02-01", "2027-03-01", "2027-04-01"]}),
            ),
            &["/allocation/sites/1 not_unique", "/allocation/steps out_of_range"],
        ),
        ("/outcomes/-", Some(second_primary), &["/outcomes one_primary"]),
        ("/outcomes/-", Some(rating), &["/outcomes/4 missing_field"]),
        ("/outcomes/0/role", Some(json!("secondary")), &["/outcomes one_primary"]),
        ("/outcomes/0/smallest_worthwhile_effect", None, &["/outcomes/0/smallest_worthwhile_effect missing_field"]),
        (
            "/outcomes/0/smallest_worthwhile_effect",
            Some(json!("3")),
            &["/outcomes/0/smallest_worthwhile_effect out_of_range"],
        ),
        ("/outcomes/0/follow_up_days", Some(json!(0)), &["/outcomes/0/follow_up_days out_of_range"]),
        ("/outcomes/0/step", Some(json!("0.5")), &["/outcomes/0/step out_of_range"]),
        ("/outcomes/1/margin", None, &["/outcomes/1/margin missing_field", "/decision_rule missing_margin"]),
        ("/outcomes/2/harm_alpha", None, &["/outcomes/2/harm_alpha missing_field"]),
        ("/outcomes/3/cap", Some(json!("0.005")), &["/outcomes/3/cap out_of_range"]),
        ("/equity/groups", Some(json!(["iwi"])), &["/equity/groups/0 undeclared_attribute"]),
        ("/monitoring/alpha", Some(json!("0.5")), &["/monitoring/alpha out_of_range"]),
        ("/monitoring/ends_on", Some(json!("2027-02-30")), &["/monitoring/ends_on out_of_range"]),
        ("/monitoring/looks", Some(json!(["0.5", "0.25", "1"])), &["/monitoring/looks out_of_range"]),
        ("/monitoring/looks", Some(json!(["0.5"])), &["/monitoring/looks out_of_range"]),
        ("/monitoring/efficacy", None, &["/monitoring/efficacy missing_field"]),
        ("/monitoring/futility/gamma", None, &["/monitoring/futility/gamma missing_field"]),
        ("/decision_rule", Some(json!("superior(paid-28d) and")), &["/decision_rule malformed_decision_rule"]),
        ("/decision_rule", Some(json!("superior(paid)")), &["/decision_rule unknown_outcome"]),
        ("/analysis/adjust_for", Some(json!(["region"])), &["/analysis/adjust_for/0 undeclared_attribute"]),
        ("/analysis/adjust_for", Some(json!(["in_crisis"])), &["/analysis/adjust_for/0 wrong_purpose"]),
        ("/analysis/adjust_for", Some(json!(["district", "district"])), &["/analysis/adjust_for/1 not_unique"]),
        ("/analysis/population", Some(json!("as_treated")), &["/analysis/population out_of_range"]),
        ("/risk/money", Some(json!("plenty")), &["/risk/money out_of_range"]),
        ("/data/uses_maori_data", Some(json!("no")), &["/data/uses_maori_data wrong_type"]),
    ]
}

#[test]
fn each_fault_is_found_at_its_place() {
    let mut wrong = Vec::new();
    for (pointer, value, expected) in mutations() {
        let mut document = fines_letter();
        change(&mut document, pointer, value.clone());
        if document["allocation"]["method"] == "stepped_wedge" {
            // A wedge leaves no room for it, which is a fault of its own.
            document["analysis"]["adjust_for"] = json!([]);
        }
        let found = faults(&document);
        if found != expected {
            wrong.push(format!("{pointer} = {value:?}: {found:?} instead of {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_outcome_that_the_rule_names_in_vain_is_pointed_at() {
    for (rule, at) in [
        ("superior(paid)", "at character 10: no outcome has the key \"paid\"; known are: paid-28d, "),
        ("superior(paid-28d) and not_worse( calls )", "at character 35: no outcome has the key \"calls\""),
        ("not_worse(calls-28d) and not_worse(paid-28d)", "at character 36: \"paid-28d\" needs a margin"),
    ] {
        let mut document = fines_letter();
        change(&mut document, "/decision_rule", Some(json!(rule)));
        let faults = LockedProtocol::from_value(&document).unwrap_err();
        assert!(faults.iter().any(|fault| fault.detail.starts_with(at)), "{rule}: {faults:?}");
    }
}

#[test]
fn every_method_of_allocation_can_be_planned() {
    for allocation in [
        json!({"method": "simple"}),
        json!({"method": "permuted_blocks"}),
        json!({"method": "minimisation", "factors": ["district"]}),
        json!({"method": "minimisation", "factors": ["district"], "probability": "1"}),
        json!({"method": "cluster", "roster": ["a", "b"]}),
        wedge(&["2027-02-01", "2027-03-01"], &[1, 2]),
        json!({"method": "stepped_wedge", "sites": ["a", "b", "c"], "steps": ["2027-02-01", "2027-03-01"]}),
    ] {
        let mut document = fines_letter();
        change(&mut document, "/allocation", Some(allocation.clone()));
        change(&mut document, "/analysis/adjust_for", None);
        assert_eq!(faults(&document), Vec::<String>::new(), "{allocation}");
    }
    let mut document = fines_letter();
    change(&mut document, "/arms/0/ratio", Some(json!(2)));
    change(&mut document, "/allocation", Some(wedge(&["2027-02-01", "2027-03-01"], &[1, 2])));
    assert_eq!(faults(&document), ["/analysis/adjust_for not_adjustable", "/arms/0/ratio out_of_range"]);
}

#[test]
fn all_faults_come_out_at_once() {
    let mut document = fines_letter();
    change(&mut document, "/title", None);
    change(&mut document, "/arms/0/ratio", Some(json!(0)));
    change(&mut document, "/monitoring/alpha", Some(json!("x")));
    change(&mut document, "/surprise", Some(json!(null)));
    change(&mut document, "/data/retain_units_days", Some(json!(-1)));
    let found = faults(&document);
    for place in ["/title", "/arms/0/ratio", "/monitoring/alpha", "/surprise", "/data/retain_units_days"] {
        assert!(found.iter().any(|fault| fault.starts_with(&format!("{place} "))), "{place} is not among {found:?}");
    }
}

#[test]
fn what_is_not_json_is_one_fault() {
    for text in ["", "{", "[1,]", "{\"a\": 1, \"a\": 2}", "\u{feff}{}", "nul"] {
        let faults = LockedProtocol::from_json(text.as_bytes()).unwrap_err();
        assert_eq!(faults.iter().map(|fault| fault.code.as_str()).collect::<Vec<_>>(), ["not_json"], "{text}");
    }
    assert!(LockedProtocol::from_json(b"\xff\xfe").is_err());
}

/// Every word that a document may hold, and every code of a fault, as they stand in the source that reads them.
#[test]
fn every_word_of_a_document_is_explained() {
    let explained = include_str!("../../../../docs/PROTOCOL.md");
    let mut unexplained = Vec::new();
    for source in [
        include_str!("../../src/protocol/reader.rs"),
        include_str!("../../src/protocol/reader_parts.rs"),
        include_str!("../../src/protocol/reader_allocation.rs"),
        include_str!("../../src/protocol/reader_people.rs"),
        include_str!("../../src/protocol/cursor.rs"),
        include_str!("../../src/protocol/checks.rs"),
        include_str!("../../src/protocol/checks_allocation.rs"),
        include_str!("../../src/protocol/tags.rs"),
    ] {
        let is_word = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        unexplained.extend(
            source.split('"').skip(1).step_by(2).filter(is_word).filter(|word| {
                !explained.contains(&format!("`{word}`")) && !explained.contains(&format!("\"{word}\""))
            }),
        );
    }
    assert_eq!(unexplained, Vec::<&str>::new());
}
