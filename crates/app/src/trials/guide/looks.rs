//! How often a trial is looked at: one to five times, after equal shares of the outcomes.

use serde_json::{Value, json};

/// The answers: how many looks, each after which shares.
pub(super) const LOOKS: [(&str, &[&str]); 5] = [
    ("1", &["1"]),
    ("2", &["0.5", "1"]),
    ("3", &["0.33", "0.67", "1"]),
    ("4", &["0.25", "0.5", "0.75", "1"]),
    ("5", &["0.2", "0.4", "0.6", "0.8", "1"]),
];

/// The answer of a plan whose looks are others.
pub const OTHER_LOOKS: &str = "as_planned";

const PLACE: &str = "/monitoring";

/// How many looks a plan has, or that they are none of these.
pub(super) fn read(document: &Value) -> String {
    let looks = document.pointer("/monitoring/looks").and_then(Value::as_array);
    let looks: Vec<&str> = looks.into_iter().flatten().filter_map(Value::as_str).collect();
    let found = LOOKS.iter().find(|(_, shares)| looks == *shares);
    found.map_or(OTHER_LOOKS, |(number, _)| number).to_owned()
}

/// Puts another number of looks into a plan, with what several looks need. The same number changes nothing.
pub(super) fn write(document: &mut Value, text: &str) -> Result<(), String> {
    if text == read(document) {
        return Ok(());
    }
    let found = LOOKS.iter().find(|(number, _)| *number == text);
    let (_, shares) = found.ok_or("choose one of the answers")?;
    let plan = document.pointer_mut(PLACE).and_then(Value::as_object_mut);
    let plan = plan.ok_or("this plan has another shape; change it as a document")?;
    plan.insert("looks".into(), json!(shares));
    // Days belong to the looks as they were.
    plan.remove("looks_on");
    if shares.len() > 1 {
        plan.entry("efficacy").or_insert_with(|| json!({"spending": "obrien_fleming"}));
    } else {
        plan.remove("efficacy");
        plan.remove("futility");
    }
    Ok(())
}

/// Whether a plan is given up early. Where there is one look so far, that is what we propose for more of them.
pub(super) fn gives_up(document: &Value) -> String {
    let gives_up = read(document) == "1" || document.pointer("/monitoring/futility").is_some();
    if gives_up { "yes" } else { "no" }.to_owned()
}

/// Says whether a plan is given up early; without looks on the way there is no time for it.
pub(super) fn write_gives_up(document: &mut Value, text: &str) -> Result<(), String> {
    let several = read(document) != "1";
    let plan = document.pointer_mut(PLACE).and_then(Value::as_object_mut);
    let plan = plan.ok_or("this plan has another shape; change it as a document")?;
    match text {
        "yes" if several => {
            // Not binding: whoever goes on all the same claims no more than the plan allows.
            let usual = || json!({"spending": "hwang_shih_decani", "gamma": "-2", "binding": false});
            plan.entry("futility").or_insert_with(usual);
        }
        "yes" => {}
        "no" => {
            plan.remove("futility");
        }
        _ => return Err("choose one of the answers".into()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_looks_becomes_their_shares_and_a_number_again() {
        let mut plan = json!({"monitoring": {"looks": ["1"]}});
        assert_eq!((read(&plan).as_str(), gives_up(&plan).as_str()), ("1", "yes"));
        for (number, shares) in LOOKS {
            write(&mut plan, number).unwrap();
            write_gives_up(&mut plan, "yes").unwrap();
            assert_eq!((read(&plan).as_str(), &plan["monitoring"]["looks"]), (number, &json!(shares)));
            let several = number != "1";
            assert_eq!(plan["monitoring"].get("efficacy").is_some(), several);
            assert_eq!(plan["monitoring"].get("futility").is_some(), several);
        }
        write_gives_up(&mut plan, "no").unwrap();
        assert_eq!((gives_up(&plan).as_str(), plan["monitoring"].get("futility")), ("no", None));
        write(&mut plan, "1").unwrap();
        assert_eq!(plan, json!({"monitoring": {"looks": ["1"]}}));
        assert!(write(&mut plan, "6").is_err() && write(&mut plan, OTHER_LOOKS).is_err());
    }

    #[test]
    fn looks_that_are_none_of_the_answers_stay_when_nobody_chooses_others() {
        let own = json!({"monitoring": {"looks": ["0.4", "1"], "looks_on": ["2027-01-01"], "efficacy": {"spending": "pocock"}}});
        let mut plan = own.clone();
        write(&mut plan, &read(&own)).unwrap();
        assert_eq!((&plan, read(&own).as_str()), (&own, OTHER_LOOKS));
        write(&mut plan, "3").unwrap();
        assert_eq!(plan["monitoring"].get("looks_on"), None);
        assert_eq!(plan["monitoring"]["efficacy"], json!({"spending": "pocock"}), "how error is shared stays");
    }
}
