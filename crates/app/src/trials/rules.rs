//! The rules for who is in, tried out on made-up people.

use std::collections::BTreeSet;

use fairtrial_domain::{
    Fault,
    eligibility::{AttributeKind, AttributeValue, Comparison, Rule},
    protocol::Protocol,
    trial::read_attributes,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use serde_json::{Map, Value};

use crate::frontline::batch::typed;

/// Made-up people on a page.
const PEOPLE: usize = 12;

/// Somebody made up, and whether the rules let them in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeUp {
    /// The values of the plan's attributes, in their order, as people type them.
    pub values: Vec<String>,
    /// In, or why not.
    pub answer: Result<(), String>,
}

/// People at and around every limit that the rules name, those who are in first; the same each time.
#[must_use]
pub fn made_up(plan: &Protocol) -> Vec<MadeUp> {
    let choices: Vec<Vec<String>> =
        plan.attributes.iter().map(|known| choices(plan, &known.name, &known.kind)).collect();
    if choices.is_empty() {
        return Vec::new();
    }
    let mut random = ChaCha12Rng::seed_from_u64(1);
    let mut seen = BTreeSet::new();
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for _ in 0..PEOPLE * 40 {
        let values: Vec<String> = choices
            .iter()
            .map(|values| values.get(random.random_range(0..values.len().max(1))).cloned().unwrap_or_default())
            .collect();
        if !seen.insert(values.clone()) {
            continue;
        }
        // Of each kind as many, so that rules that let hardly anybody in are seen at work too.
        if let Ok(person) = try_out(plan, &values) {
            let kind = if person.answer.is_ok() { &mut inside } else { &mut outside };
            if kind.len() < PEOPLE / 2 {
                kind.push(person);
            }
        }
    }
    inside.extend(outside);
    inside
}

/// Whether the rules let somebody in.
///
/// # Errors
/// Every value that the plan does not allow, by the place of its attribute: `/0`, `/1`.
pub fn try_out(plan: &Protocol, values: &[String]) -> Result<MadeUp, Vec<Fault>> {
    let cells: Map<String, Value> = plan
        .attributes
        .iter()
        .zip(values)
        .filter(|(_, text)| !text.trim().is_empty())
        .map(|(known, text)| (known.name.clone(), Value::from(text.trim())))
        .collect();
    let unit = read_attributes(&plan.attributes, &typed(plan, &cells)).map_err(|faults| {
        let place = |fault: &Fault| {
            plan.attributes.iter().position(|known| fault.pointer == format!("/attributes/{}", known.name))
        };
        faults
            .into_iter()
            .map(|fault| match place(&fault) {
                Some(place) => Fault::new(format!("/{place}"), fault.code, fault.detail),
                None => fault,
            })
            .collect::<Vec<_>>()
    })?;
    Ok(MadeUp { values: values.to_vec(), answer: plan.eligibility.check(&unit) })
}

fn choices(plan: &Protocol, name: &str, kind: &AttributeKind) -> Vec<String> {
    match kind {
        AttributeKind::Boolean => vec!["yes".into(), "no".into()],
        AttributeKind::Category { values } => values.clone(),
        AttributeKind::Integer { minimum, maximum } => {
            let named = named(plan, name).into_iter().map(|limit| limit as i64);
            let around = named.flat_map(|limit| [limit.saturating_sub(1), limit, limit.saturating_add(1)]);
            let found: BTreeSet<i64> =
                around.chain([*minimum, *maximum]).map(|n| n.clamp(*minimum, *maximum)).collect();
            found.into_iter().map(|number| number.to_string()).collect()
        }
        AttributeKind::Decimal { minimum, maximum } => {
            let mut found: Vec<String> = named(plan, name).into_iter().map(|limit| limit.to_string()).collect();
            found.extend([minimum.to_string(), maximum.to_string()]);
            found
        }
    }
}

/// The numbers to which the rules compare an attribute.
fn named(plan: &Protocol, name: &str) -> Vec<f64> {
    let mut found = Vec::new();
    for rule in [&plan.eligibility.include, &plan.eligibility.exclude] {
        collect(rule, name, &mut found);
    }
    found
}

fn collect(rule: &Rule, name: &str, found: &mut Vec<f64>) {
    match rule {
        Rule::All(rules) | Rule::Any(rules) => rules.iter().for_each(|rule| collect(rule, name, found)),
        Rule::Not(rule) => collect(rule, name, found),
        Rule::Attribute { attribute, comparison } if attribute == name => {
            let mut take = |value: &AttributeValue| {
                if let AttributeValue::Number(number) = value {
                    found.push(number.to_f64());
                }
            };
            match comparison {
                Comparison::Equals(value)
                | Comparison::NotEquals(value)
                | Comparison::LessThan(value)
                | Comparison::AtMost(value)
                | Comparison::GreaterThan(value)
                | Comparison::AtLeast(value) => take(value),
                Comparison::OneOf(values) => values.iter().for_each(take),
            }
        }
        Rule::Attribute { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fairtrial_domain::LockedProtocol;

    fn fines() -> LockedProtocol {
        let text = include_str!("../../../../docs/examples/fines-letter.protocol.json");
        LockedProtocol::from_json(text.as_bytes()).unwrap()
    }

    #[test]
    fn made_up_people_stand_on_both_sides_of_every_limit() {
        let plan = fines();
        let people = made_up(plan.protocol());
        assert_eq!(people.len(), PEOPLE);
        assert_eq!(people, made_up(plan.protocol()), "the same each time");
        let dollars: BTreeSet<&str> = people.iter().map(|person| person.values[2].as_str()).collect();
        assert!(dollars.contains("999") && dollars.contains("1000"), "{dollars:?}");
        assert!(
            people.iter().any(|person| person.answer.is_ok()) && people.iter().any(|person| person.answer.is_err())
        );
        for person in &people {
            let out = person.values[2].parse::<i64>().unwrap() >= 1_000 || person.values[3] == "yes";
            assert_eq!(person.answer.is_err(), out, "{person:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named_at_its_place() {
        let plan = fines();
        let person = |values: [&str; 4]| try_out(plan.protocol(), &values.map(str::to_owned));
        assert!(person(["north", "50+", "10", "no"]).unwrap().answer.is_ok());
        let faults = person(["west", "50+", "ten", "no"]).unwrap_err();
        assert_eq!(faults.iter().map(|fault| fault.pointer.as_str()).collect::<Vec<_>>(), ["/0", "/2"]);
    }
}
