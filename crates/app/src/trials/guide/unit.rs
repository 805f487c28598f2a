//! Whether people are assigned one by one, or whole offices because one person's version could leak to another.

use fairtrial_domain::protocol::{Allocation, Protocol};
use serde_json::{Value, json};

use super::attributes;

const OTHER: &str = "this plan has another shape; change it as a document";

/// Whether the question can be asked of a plan: the calendar of a stepped wedge is no answer to it.
pub(super) fn is_asked(plan: &Protocol) -> bool {
    !matches!(plan.allocation, Allocation::SteppedWedge { .. })
}

fn by_office(document: &Value) -> bool {
    document.pointer("/allocation/method").and_then(Value::as_str) == Some("cluster")
}

/// Whether versions could leak, so that whole offices are assigned.
pub(super) fn leaks(document: &Value) -> String {
    if by_office(document) { "yes" } else { "no" }.to_owned()
}

/// Chooses how chance decides. The same answer changes nothing.
pub(super) fn write_leaks(document: &mut Value, text: &str) -> Result<(), String> {
    if !["yes", "no"].contains(&text) {
        return Err("choose one of the answers".into());
    }
    if text == leaks(document) {
        return Ok(());
    }
    let attributes = document.pointer("/attributes").and_then(Value::as_array).cloned().unwrap_or_default();
    let (allocation, watch) = match text {
        "yes" => (json!({"method": "cluster", "roster": []}), "looks"),
        _ => {
            let strata = attributes::strata(&attributes);
            (json!({"method": "permuted_blocks", "strata": strata, "block_multiples": [2, 3, 4]}), "daily")
        }
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

/// Names the offices that take part; where people are assigned one by one there are none.
pub(super) fn write_roster(document: &mut Value, text: &str) -> Result<(), String> {
    if !by_office(document) {
        return Ok(());
    }
    let offices: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if offices.len() < 2 {
        return Err("name at least two offices, one on each line".into());
    }
    let allocation = document.pointer_mut("/allocation").and_then(Value::as_object_mut).ok_or(OTHER)?;
    allocation.insert("roster".into(), json!(offices));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offices_take_the_place_of_blocks_and_blocks_theirs() {
        let blocks = json!({
            "attributes": [{"name": "district", "type": "category", "values": ["a", "b"], "purpose": "stratum"}],
            "allocation": {"method": "permuted_blocks", "strata": ["district"], "block_multiples": [2, 3, 4]},
            "outcomes": [{"role": "primary"}, {"role": "harm", "harm_watch": "daily"}],
        });
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
}
