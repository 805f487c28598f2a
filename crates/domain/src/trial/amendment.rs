//! How the plan of a started trial may still change.

use serde_json::Value;

use super::state::words;
use crate::{Fault, LockedProtocol, canonical::escape};

words!(
    /// How much an amendment changes. It follows from what differs; nobody chooses it.
    AmendmentClass {
        /// Words only: one other person signs.
        Minor = "minor",
        /// More than words: all signatures are needed anew, and the report says so.
        Major = "major",
    }
);

words!(
    /// What those who amend a plan had seen of the outcomes.
    DataSeen {
        /// Nothing.
        None = "none",
        /// Numbers of all arms together.
        Pooled = "pooled",
        /// Numbers of each arm.
        ByArm = "by_arm",
    }
);

words!(
    /// How an amendment ended.
    AmendmentEnd {
        /// It is, or was, the plan.
        InForce = "in_force",
        /// It was not agreed to.
        Returned = "returned",
    }
);

/// The places that an amendment may change, with what they count as. Whatever is not listed is fixed from the start on: key,
/// agency, unit, arms, ratio, allocation, attributes, outcomes, equity groups, decision rule, looks, error rates, the most
/// people, and the analysis.
pub const AMENDABLE: [(&str, AmendmentClass); 19] = [
    ("/title", AmendmentClass::Minor),
    ("/owner", AmendmentClass::Minor),
    ("/public_summary", AmendmentClass::Minor),
    ("/data/notice_text", AmendmentClass::Minor),
    ("/data/pia", AmendmentClass::Minor),
    ("/data/review_on", AmendmentClass::Minor),
    ("/risk/watch", AmendmentClass::Minor),
    ("/tags", AmendmentClass::Minor),
    ("/data/notice", AmendmentClass::Major),
    ("/data/retain_units_days", AmendmentClass::Major),
    ("/data/lawful_basis", AmendmentClass::Major),
    ("/data/sources", AmendmentClass::Major),
    ("/data/uses_maori_data", AmendmentClass::Major),
    ("/data/opt_out", AmendmentClass::Major),
    ("/data/hosting", AmendmentClass::Major),
    ("/data/kaitiaki", AmendmentClass::Major),
    ("/risk", AmendmentClass::Major),
    ("/eligibility", AmendmentClass::Major),
    ("/monitoring/ends_on", AmendmentClass::Major),
];

/// One place at which two plans differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// JSON pointer of the place.
    pub pointer: String,
    /// What stood there; nothing when it is new.
    pub before: Option<Value>,
    /// What stands there now; nothing when it was taken away.
    pub after: Option<Value>,
}

/// Every place at which two documents differ, in the order of their names.
///
/// ```
/// use fairtrial_domain::trial::differences;
/// use serde_json::json;
/// let found = differences(&json!({"a": {"b": 1}, "c": [1]}), &json!({"a": {"b": 2}, "c": [1]}));
/// assert_eq!(found.len(), 1);
/// assert_eq!(found[0].pointer, "/a/b");
/// ```
#[must_use]
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(Some(before), Some(after), "", &mut found);
    found
}

fn compare(before: Option<&Value>, after: Option<&Value>, pointer: &str, found: &mut Vec<Difference>) {
    match (before, after) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                compare(old.get(name), new.get(name), &format!("{pointer}/{}", escape(name)), found);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                compare(Some(old), Some(new), &format!("{pointer}/{index}"), found);
            }
        }
        (before, after) if before == after => {}
        (before, after) => {
            found.push(Difference { pointer: pointer.to_owned(), before: before.cloned(), after: after.cloned() })
        }
    }
}

/// The class of a place, if it may change at all: that of the longest listed place it lies in.
fn class_of(pointer: &str) -> Option<AmendmentClass> {
    let within =
        |place: &str| pointer == place || pointer.strip_prefix(place).is_some_and(|rest| rest.starts_with('/'));
    AMENDABLE.iter().filter(|(place, _)| within(place)).max_by_key(|(place, _)| place.len()).map(|(_, class)| *class)
}

/// The class of an amendment from one plan to another.
///
/// # Errors
/// Each place that must not change after the start, and when nothing differs.
pub fn classify(before: &LockedProtocol, after: &LockedProtocol) -> Result<AmendmentClass, Vec<Fault>> {
    let found = differences(&document(before), &document(after));
    if found.is_empty() {
        return Err(vec![Fault::new(
            "",
            "nothing_changed",
            "this is the plan that is in force: change something in it",
        )]);
    }
    let mut class = AmendmentClass::Minor;
    let mut faults = Vec::new();
    for difference in found {
        match class_of(&difference.pointer) {
            Some(of_this) => class = class.max(of_this),
            None => {
                let detail =
                    "this is fixed from the start of the trial on; put back what stood there, or plan another trial";
                faults.push(Fault::new(difference.pointer, "fixed_after_start", detail));
            }
        }
    }
    if faults.is_empty() { Ok(class) } else { Err(faults) }
}

/// A plan as a document. Its canonical text is JSON, as it was made from a document.
#[must_use]
pub fn document(plan: &LockedProtocol) -> Value {
    serde_json::from_str(plan.canonical()).unwrap_or(Value::Null)
}
