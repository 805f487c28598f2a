//! The questions: where each answer stands in the plan, and how it is typed.

use fairtrial_domain::{Decimal, protocol::Aim};
use serde_json::Value;

use super::{attributes, lists};

/// One page of questions.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name in addresses.
    pub name: &'static str,
    /// What is asked.
    pub fields: &'static [Field],
}

/// One answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in the form.
    pub name: &'static str,
    /// Its place in the plan.
    pub pointer: &'static str,
    /// How it is typed.
    pub kind: Kind,
}

/// How an answer is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One line.
    Line,
    /// Several lines.
    Text,
    /// A number of people in 100; the plan holds a share.
    InHundred,
    /// The same for a plan that must show it is no worse only.
    Margin,
    /// A whole number.
    Whole,
    /// An amount of money; may be left out.
    Money,
    /// A day as 2027-06-30.
    Day,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Yes or no.
    Flag,
    /// One thing on each line.
    List,
    /// One attribute on each line; none is an answer too.
    Attributes,
    /// One condition on each line, joined by `all` or `any`; none is an answer too.
    Conditions(&'static str),
}

const fn field(name: &'static str, pointer: &'static str, kind: Kind) -> Field {
    Field { name, pointer, kind }
}

const LEVELS: Kind = Kind::Choice(&["no", "low", "some", "high"]);

/// The steps in their order.
pub const STEPS: &[Step] = &[
    Step {
        name: "question",
        fields: &[
            field("title", "/title", Kind::Line),
            field("public_summary", "/public_summary", Kind::Text),
            field("owner", "/owner", Kind::Line),
        ],
    },
    Step {
        name: "idea",
        fields: &[
            field("change", "/hypothesis/change", Kind::Text),
            field("because", "/hypothesis/because", Kind::Text),
        ],
    },
    Step {
        name: "versions",
        fields: &[
            field("usual", "/arms/0/name", Kind::Line),
            field("new", "/arms/1/name", Kind::Line),
            field("usual_cost", "/arms/0/unit_cost", Kind::Money),
            field("new_cost", "/arms/1/unit_cost", Kind::Money),
        ],
    },
    Step {
        name: "people",
        fields: &[
            field("who", "/hypothesis/who", Kind::Text),
            field("attributes", "/attributes", Kind::Attributes),
            field("include", "/eligibility/include", Kind::Conditions("all")),
            field("exclude", "/eligibility/exclude", Kind::Conditions("any")),
            field("least_able_to_cope", "/risk/least_able_to_cope", Kind::Text),
        ],
    },
    Step {
        name: "outcome",
        fields: &[
            field("outcome", "/outcomes/0/name", Kind::Line),
            field("event", "/outcomes/0/event", Kind::Line),
            field("better", "/outcomes/0/better", Kind::Choice(&["increase", "decrease"])),
            field("follow_up_days", "/outcomes/0/follow_up_days", Kind::Whole),
            field("expected", "/outcomes/0/expected_control", Kind::InHundred),
            field("smallest", "/outcomes/0/smallest_worthwhile_effect", Kind::InHundred),
            field("margin", "/outcomes/0/margin", Kind::Margin),
        ],
    },
    Step {
        name: "harm",
        fields: &[
            field("harm", "/outcomes/1/name", Kind::Line),
            field("harm_event", "/outcomes/1/event", Kind::Line),
            field("harm_margin", "/outcomes/1/margin", Kind::InHundred),
        ],
    },
    Step {
        name: "size",
        fields: &[
            field("max_units", "/monitoring/max_units", Kind::Whole),
            field("ends_on", "/monitoring/ends_on", Kind::Day),
        ],
    },
    Step {
        name: "risk",
        fields: &[
            field("money", "/risk/money", LEVELS),
            field("time", "/risk/time", LEVELS),
            field("right", "/risk/right", LEVELS),
            field("privacy", "/risk/privacy", LEVELS),
            field("dignity", "/risk/dignity", LEVELS),
            field("reversible", "/risk/reversible", Kind::Choice(&["yes", "no"])),
        ],
    },
    Step {
        name: "data",
        fields: &[
            field("notice", "/data/notice", Kind::Choice(&["individual", "general", "after", "register_only"])),
            field("lawful_basis", "/data/lawful_basis", Kind::Line),
            field("sources", "/data/sources", Kind::List),
            field("retain_units_days", "/data/retain_units_days", Kind::Whole),
            field("uses_maori_data", "/data/uses_maori_data", Kind::Flag),
        ],
    },
];

impl Step {
    /// The step of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        STEPS.iter().find(|step| step.name == name)
    }

    /// The step after this one.
    #[must_use]
    pub fn next(&self) -> Option<&'static Self> {
        let place = STEPS.iter().position(|step| step.name == self.name)?;
        STEPS.get(place + 1)
    }

    /// The names of its fields, for the form.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.fields.iter().map(|field| field.name).collect()
    }
}

impl Field {
    /// Whether a plan with that aim needs it.
    #[must_use]
    pub fn is_asked(&self, aim: Aim) -> bool {
        self.kind != Kind::Margin || aim == Aim::NotWorse
    }

    /// The answer as it stands in a plan.
    pub(super) fn read(&self, document: &Value) -> String {
        let Some(value) = document.pointer(self.pointer) else { return String::new() };
        match (self.kind, value) {
            (Kind::InHundred | Kind::Margin, Value::String(text)) => in_hundred(text).unwrap_or_else(|| text.clone()),
            (Kind::Flag, Value::Bool(yes)) => if *yes { "yes" } else { "no" }.to_owned(),
            (Kind::Conditions(_), rule) => lists::lines(rule),
            (Kind::Attributes, Value::Array(items)) => attributes::lines(items),
            (Kind::List, Value::Array(items)) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n"),
            (_, Value::String(text)) => text.clone(),
            (_, Value::Null) => String::new(),
            (_, other) => other.to_string(),
        }
    }

    /// Puts an answer into a plan. What the plan's own rules say is checked when it is saved.
    pub(super) fn write(&self, document: &mut Value, text: &str) -> Result<(), String> {
        let text = text.trim().replace("\r\n", "\n");
        let value = match self.kind {
            Kind::Line if text.contains('\n') => return Err("write one line".into()),
            Kind::Line | Kind::Text if text.is_empty() => return Err("write something here".into()),
            Kind::Line | Kind::Text => Value::String(text),
            Kind::InHundred | Kind::Margin => Value::String(share(&text)?),
            Kind::Whole => text.replace(',', "").parse::<u64>().map(Value::from).map_err(|_| "write a whole number")?,
            Kind::Money if text.is_empty() => return self.remove(document),
            Kind::Money => {
                let amount: Decimal = text.parse().map_err(|_| "write an amount such as 1.10, or nothing")?;
                Value::String(amount.to_string())
            }
            Kind::Day => {
                let day = super::day(&text).ok_or("write a day as year, month and day, such as 2027-06-30")?;
                Value::String(day.to_string())
            }
            Kind::Choice(words) if words.contains(&text.as_str()) => Value::String(text),
            Kind::Flag if text == "yes" || text == "no" => Value::Bool(text == "yes"),
            Kind::Choice(_) | Kind::Flag => return Err("choose one of the answers".into()),
            Kind::Attributes => {
                let known = attributes::read(&text)?;
                // What balances the versions is what strata are made of.
                if let Some(strata) = document.pointer_mut("/allocation/strata") {
                    *strata = attributes::strata(&known);
                }
                Value::Array(known)
            }
            Kind::Conditions(joined) => {
                let known = document.pointer("/attributes").and_then(Value::as_array).cloned().unwrap_or_default();
                // A plan without rules may leave them out.
                if let Some(plan) = document.as_object_mut() {
                    plan.entry("eligibility").or_insert_with(|| Value::Object(serde_json::Map::new()));
                }
                lists::read(&text, joined, &known)?
            }
            Kind::List => {
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                let lines: Vec<Value> = lines.map(|line| Value::String(line.to_owned())).collect();
                if lines.is_empty() {
                    return Err("name at least one".into());
                }
                Value::Array(lines)
            }
        };
        let (parent, name) = self.place(document)?;
        parent.insert(name, value);
        Ok(())
    }

    fn remove(&self, document: &mut Value) -> Result<(), String> {
        let (parent, name) = self.place(document)?;
        parent.remove(&name);
        Ok(())
    }

    fn place<'a>(&self, document: &'a mut Value) -> Result<(&'a mut serde_json::Map<String, Value>, String), String> {
        let other = "this plan has another shape; change it as a document";
        let (parent, name) = self.pointer.rsplit_once('/').ok_or(other)?;
        let parent = document.pointer_mut(parent).and_then(Value::as_object_mut).ok_or(other)?;
        Ok((parent, name.to_owned()))
    }
}

/// A share as people in 100: 0.03 is 3.
fn in_hundred(text: &str) -> Option<String> {
    let share: Decimal = text.parse().ok()?;
    Decimal::from_millionths(share.millionths().checked_mul(100)?).map(|number| number.to_string())
}

/// People in 100 as a share.
fn share(text: &str) -> Result<String, String> {
    let wrong = "write a number of people in 100, such as 3 or 2.5";
    let number: Decimal = text.parse().map_err(|_| wrong)?;
    let millionths = number.millionths();
    if millionths % 100 != 0 || !(0..=100 * Decimal::ONE.millionths()).contains(&millionths) {
        return Err(wrong.into());
    }
    Decimal::from_millionths(millionths / 100).map(|share| share.to_string()).ok_or_else(|| wrong.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn one(kind: Kind) -> Field {
        field("answer", "/a/b", kind)
    }

    #[test]
    fn what_people_type_becomes_what_the_plan_holds_and_back() {
        for (kind, typed, held, shown) in [
            (Kind::InHundred, "2.5", json!("0.025"), "2.5"),
            (Kind::InHundred, "3", json!("0.03"), "3"),
            (Kind::Whole, "6,000", json!(6_000), "6000"),
            (Kind::Money, "1.10", json!("1.1"), "1.1"),
            (Kind::Day, "2027-06-30", json!("2027-06-30"), "2027-06-30"),
            (Kind::Flag, "yes", json!(true), "yes"),
            (Kind::List, " a \r\n\r\nb", json!(["a", "b"]), "a\nb"),
            (Kind::Choice(&["no", "low"]), "low", json!("low"), "low"),
        ] {
            let mut document = json!({"a": {"b": "before"}});
            one(kind).write(&mut document, typed).unwrap();
            assert_eq!((&document["a"]["b"], one(kind).read(&document)), (&held, shown.to_owned()), "{kind:?}");
        }
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        for (kind, typed) in [
            (Kind::Line, ""),
            (Kind::Line, "a\nb"),
            (Kind::InHundred, "101"),
            (Kind::InHundred, "-1"),
            (Kind::InHundred, "few"),
            (Kind::InHundred, "0.00001"),
            (Kind::Whole, "1.5"),
            (Kind::Money, "much"),
            (Kind::Day, "30/6/2027"),
            (Kind::Flag, "perhaps"),
            (Kind::Choice(&["no"]), "yes"),
            (Kind::List, " \n"),
        ] {
            let mut document = json!({"a": {"b": "before"}});
            assert!(one(kind).write(&mut document, typed).is_err(), "{kind:?} {typed}");
            assert_eq!(document, json!({"a": {"b": "before"}}));
        }
        assert!(one(Kind::Line).write(&mut json!({"a": []}), "x").is_err());
    }
}
