//! How chance decides: for people one by one, for whole offices because one person's version could leak to another, or in which
//! order the offices change over.

use chrono::Datelike;
use serde_json::{Map, Value, json};

use super::attributes;

const OTHER: &str = "this plan has another shape; change it as a document";
const CHOOSE: &str = "choose one of the answers";

/// Whether one person's version could leak to another, and what is done then.
pub(super) const LEAKS: [&str; 3] = ["no", "yes", "in_turn"];

/// How the versions are kept alike where people are assigned one by one.
pub(super) const BALANCED: [&str; 2] = ["blocks", "levels"];

fn method(document: &Value) -> &str {
    document.pointer("/allocation/method").and_then(Value::as_str).unwrap_or_default()
}

fn allocation(document: &mut Value) -> Result<&mut Map<String, Value>, String> {
    document.pointer_mut("/allocation").and_then(Value::as_object_mut).ok_or_else(|| OTHER.to_owned())
}

fn balancing(document: &Value) -> Value {
    let attributes = document.pointer("/attributes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    attributes::strata(attributes)
}

fn blocks(document: &Value) -> Value {
    json!({"method": "permuted_blocks", "strata": balancing(document), "block_multiples": [2, 3, 4]})
}

/// Whether versions could leak.
pub(super) fn leaks(document: &Value) -> String {
    match method(document) {
        "cluster" => "yes",
        "stepped_wedge" => "in_turn",
        _ => "no",
    }
    .to_owned()
}

/// Chooses how chance decides. The same answer changes nothing.
pub(super) fn write_leaks(document: &mut Value, text: &str) -> Result<(), String> {
    if !LEAKS.contains(&text) {
        return Err(CHOOSE.into());
    }
    if text == leaks(document) {
        return Ok(());
    }
    let (allocation, watch) = match text {
        "yes" => (json!({"method": "cluster", "roster": []}), "looks"),
        "in_turn" => (json!({"method": "stepped_wedge", "sites": [], "steps": []}), "looks"),
        _ => (blocks(document), "daily"),
    };
    document.as_object_mut().ok_or(OTHER)?.insert("allocation".into(), allocation);
    // Where whole offices are assigned, harm is judged at the looks.
    let outcomes = document.pointer_mut("/outcomes").and_then(Value::as_array_mut).ok_or(OTHER)?;
    for outcome in outcomes.iter_mut().filter_map(Value::as_object_mut) {
        if outcome.get("role").and_then(Value::as_str) == Some("harm") {
            outcome.insert("harm_watch".into(), json!(watch));
        }
    }
    Ok(())
}

/// How the versions are kept alike.
pub(super) fn balanced(document: &Value) -> String {
    if method(document) == "minimisation" { "levels" } else { "blocks" }.to_owned()
}

/// Chooses how the versions are kept alike; where whole offices are assigned it is not asked. The same answer changes nothing.
pub(super) fn write_balanced(document: &mut Value, text: &str) -> Result<(), String> {
    if !BALANCED.contains(&text) {
        return Err(CHOOSE.into());
    }
    if leaks(document) != "no" || text == balanced(document) {
        return Ok(());
    }
    let factors = balancing(document);
    let many = factors.as_array().map_or(0, Vec::len);
    let allocation = match text {
        "levels" if many == 0 => {
            return Err("say first, where you say who is in, what the versions are kept alike in: what has \u{201c}(balance)\u{201d} \
                        behind it"
                .into());
        }
        "levels" if many > 6 => return Err("the versions are kept alike in at most six things".into()),
        "levels" => json!({"method": "minimisation", "factors": factors}),
        _ if many > 3 => return Err("small groups are balanced separately by at most three things".into()),
        _ => blocks(document),
    };
    document.as_object_mut().ok_or(OTHER)?.insert("allocation".into(), allocation);
    Ok(())
}

/// What balances the versions is what strata, and the factors of minimisation, are made of.
pub(super) fn follow_attributes(document: &mut Value, known: &[Value]) -> Result<(), String> {
    let strata = attributes::strata(known);
    if let Some(factors) = document.pointer_mut("/allocation/factors") {
        if strata.as_array().is_none_or(Vec::is_empty) {
            return Err("the versions are kept alike in what has \u{201c}(balance)\u{201d} behind it; leave at least one, or choose \
                        small balanced groups first"
                .into());
        }
        *factors = strata;
    } else if let Some(place) = document.pointer_mut("/allocation/strata") {
        *place = strata;
    }
    Ok(())
}

/// The offices that take part.
pub(super) fn roster(document: &Value) -> String {
    let list = document.pointer("/allocation/roster").or_else(|| document.pointer("/allocation/sites"));
    let names = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}

/// Names the offices that take part; where people are assigned one by one there are none.
pub(super) fn write_roster(document: &mut Value, text: &str) -> Result<(), String> {
    let list = match leaks(document).as_str() {
        "yes" => "roster",
        "in_turn" => "sites",
        _ => return Ok(()),
    };
    let offices: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if offices.len() < 2 {
        return Err("name at least two offices, one on each line".into());
    }
    put(document, list, json!(offices))
}

/// The days on which offices change over, as people write them.
pub(super) fn steps(document: &Value) -> String {
    let days = document.pointer("/allocation/steps").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let told = |day: &Value| {
        let text = day.as_str()?;
        Some(super::day(text).map_or(text.to_owned(), |day| format!("{} {} {}", day.day(), day.month(), day.year())))
    };
    days.iter().filter_map(told).collect::<Vec<_>>().join("\n")
}

/// Says on which days offices change over; where they do not do so in turn there are none.
pub(super) fn write_steps(document: &mut Value, text: &str) -> Result<(), String> {
    if leaks(document) != "in_turn" {
        return Ok(());
    }
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.len() < 2 {
        return Err("name at least two days, one on each line, as 30 6 2027".into());
    }
    let day = |line: &&str| {
        let parts: Vec<&str> = line.split_whitespace().collect();
        let written = match parts.as_slice() {
            [day, month, year] => format!("{year}-{month:0>2}-{day:0>2}"),
            _ => (*line).to_owned(),
        };
        let day = super::day(&written).map(|day| Value::String(day.to_string()));
        day.ok_or_else(|| format!("write each day on a line of its own, as 30 6 2027; this one is different: {line}"))
    };
    let days: Vec<Value> = lines.iter().map(day).collect::<Result<_, _>>()?;
    put(document, "steps", Value::Array(days))
}

/// Puts one list of the allocation. How many offices change over on each day is shared out anew when either list is another one.
fn put(document: &mut Value, list: &str, value: Value) -> Result<(), String> {
    let allocation = allocation(document)?;
    let before = allocation.insert(list.to_owned(), value);
    if before.as_ref() != allocation.get(list) {
        allocation.remove("sites_per_step");
    }
    Ok(())
}

/// For how many days after an office has changed over nothing counts.
pub(super) fn transition(document: &Value) -> String {
    document.pointer("/allocation/transition_days").map(ToString::to_string).unwrap_or_default()
}

/// Says for how many days; without an answer for none.
pub(super) fn write_transition(document: &mut Value, text: &str) -> Result<(), String> {
    if leaks(document) != "in_turn" {
        return Ok(());
    }
    let allocation = allocation(document)?;
    if text.is_empty() {
        allocation.remove("transition_days");
        return Ok(());
    }
    let days: u64 = text.parse().map_err(|_| "write a whole number")?;
    allocation.insert("transition_days".into(), json!(days));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Value {
        json!({
            "attributes": [{"name": "district", "type": "category", "values": ["a", "b"], "purpose": "stratum"}],
            "allocation": {"method": "permuted_blocks", "strata": ["district"], "block_multiples": [2, 3, 4]},
            "outcomes": [{"role": "primary"}, {"role": "harm", "harm_watch": "daily"}],
        })
    }

    #[test]
    fn offices_take_the_place_of_blocks_and_blocks_theirs() {
        let blocks = plan();
        let mut plan = blocks.clone();
        write_leaks(&mut plan, "no").unwrap();
        write_roster(&mut plan, "north\nsouth").unwrap();
        assert_eq!((&plan, leaks(&plan).as_str()), (&blocks, "no"));
        write_leaks(&mut plan, "yes").unwrap();
        assert!(write_roster(&mut plan, "north\n \n").is_err());
        write_roster(&mut plan, " north\n\nsouth ").unwrap();
        assert_eq!(plan["allocation"], json!({"method": "cluster", "roster": ["north", "south"]}));
        assert_eq!((plan["outcomes"][1]["harm_watch"].as_str(), leaks(&plan).as_str()), (Some("looks"), "yes"));
        write_leaks(&mut plan, "no").unwrap();
        assert_eq!(plan, blocks);
        assert!(write_leaks(&mut plan, "perhaps").is_err());
    }

    #[test]
    fn versions_are_kept_alike_in_what_balances_them() {
        let blocks = plan();
        let mut plan = blocks.clone();
        write_balanced(&mut plan, "blocks").unwrap();
        assert_eq!(plan, blocks);
        write_balanced(&mut plan, "levels").unwrap();
        assert_eq!(plan["allocation"], json!({"method": "minimisation", "factors": ["district"]}));
        plan["allocation"]["probability"] = json!("0.9");
        write_balanced(&mut plan, "levels").unwrap();
        assert_eq!(plan["allocation"]["probability"], json!("0.9"), "the same answer changes nothing");
        let more = [("district", "stratum"), ("channel", "stratum"), ("age", "equity")];
        let more: Vec<Value> = more.iter().map(|(name, why)| json!({"name": name, "purpose": why})).collect();
        follow_attributes(&mut plan, &more).unwrap();
        assert_eq!(plan["allocation"]["factors"], json!(["district", "channel"]));
        assert!(follow_attributes(&mut plan, &[]).is_err(), "nothing would be kept alike");
        write_balanced(&mut plan, "blocks").unwrap();
        assert_eq!(plan, blocks);
        plan["attributes"] = json!([]);
        assert!(write_balanced(&mut plan, "levels").is_err() && write_balanced(&mut plan, "well").is_err());
        write_leaks(&mut plan, "yes").unwrap();
        write_balanced(&mut plan, "levels").unwrap();
        assert_eq!(leaks(&plan), "yes", "it is not asked of offices");
    }

    #[test]
    fn offices_change_over_in_turn() {
        let blocks = plan();
        let mut plan = blocks.clone();
        write_steps(&mut plan, "1 2 2027\n1 3 2027").unwrap();
        write_transition(&mut plan, "7").unwrap();
        assert_eq!((&plan, steps(&plan), transition(&plan)), (&blocks, String::new(), String::new()));
        write_leaks(&mut plan, "in_turn").unwrap();
        write_roster(&mut plan, "north\nsouth\neast").unwrap();
        for wrong in ["1 2 2027", "1 2 2027\n31 2 2027", "soon\nlater"] {
            assert!(write_steps(&mut plan, wrong).is_err(), "{wrong}");
        }
        write_steps(&mut plan, "1 2 2027\n 1 3 2027").unwrap();
        assert!(write_transition(&mut plan, "a week").is_err());
        write_transition(&mut plan, "7").unwrap();
        let held = json!({"method": "stepped_wedge", "sites": ["north", "south", "east"],
                          "steps": ["2027-02-01", "2027-03-01"], "transition_days": 7});
        assert_eq!(plan["allocation"], held);
        assert_eq!((roster(&plan), steps(&plan)), ("north\nsouth\neast".into(), "1 2 2027\n1 3 2027".into()));
        plan["allocation"]["sites_per_step"] = json!([1, 2]);
        write_roster(&mut plan, "north\nsouth\neast").unwrap();
        write_steps(&mut plan, "1 2 2027\n1 3 2027").unwrap();
        assert_eq!(plan["allocation"]["sites_per_step"], json!([1, 2]), "the same answers change nothing");
        write_roster(&mut plan, "north\nsouth").unwrap();
        assert!(plan["allocation"].get("sites_per_step").is_none(), "they are shared out anew");
        write_transition(&mut plan, "").unwrap();
        assert_eq!(transition(&plan), "");
        write_leaks(&mut plan, "no").unwrap();
        assert_eq!(plan, blocks);
    }
}
