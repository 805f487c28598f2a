//! The questions: where each answer stands in the plan, and how it is typed.

use fairtrial_domain::{
    Decimal, Fault,
    protocol::{Aim, Allocation, OutcomeKind, Protocol, Role},
    trial::Tier,
};
use serde_json::{Value, json};

use super::{attributes, lists, looks, payload, unit};

/// One answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in the form.
    pub name: &'static str,
    /// Its place in the plan.
    pub pointer: &'static str,
    /// How it is typed.
    pub kind: Kind,
    /// Which plans it is asked of.
    pub when: When,
}

/// Which plans a question is asked of. What stands in a plan already is always shown, so that it can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// All.
    Always,
    /// All, and it may be left empty.
    Optional,
    /// Those that have no third outcome, or one that must not get worse; it may be left empty.
    Guardrail,
    /// Those that assign whole offices; it may be left empty.
    ByOffice,
    /// Those that must show that something is no worse.
    NoWorse,
    /// Those of that tier or a higher one.
    FromTier(Tier),
    /// Those of tier 1 or a higher one whose outcome has a margin.
    HasMargin,
    /// Those that use Māori data.
    MaoriData,
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
    /// A whole number.
    Whole,
    /// An amount of money; may be left out.
    Money,
    /// A number with or without a fraction.
    Number,
    /// A day as 2027-06-30; people type its three parts in fields of these names.
    Day([&'static str; 3]),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Yes or no.
    Flag,
    /// One thing on each line.
    List,
    /// Any of the plan's attributes that make groups, one on each line.
    Groups,
    /// Any of the words for what is tried, one on each line; none is an answer too.
    Techniques,
    /// Any of the words for who the people are, in the same way.
    Populations,
    /// How often the trial is looked at.
    Looks,
    /// Whether it is given up early.
    GivesUp,
    /// Whether one person's version could leak to another.
    Leaks,
    /// How the versions are kept alike where people are assigned one by one.
    Balanced,
    /// The days on which offices change over, one on each line.
    Steps,
    /// For how many days after an office has changed over nothing counts; may be left out.
    Transition,
    /// The offices that take part, one on each line.
    Roster,
    /// What the app shows: one thing on each line, or JSON.
    Payload,
    /// The name of something that must not get worse; without one there is no such outcome.
    Guardrail,
    /// One attribute on each line; none is an answer too.
    Attributes,
    /// One condition on each line, joined by `all` or `any`; none is an answer too.
    Conditions(&'static str),
}

impl Field {
    /// Whether it is asked of that plan, whose document and tier those are.
    pub(super) fn is_asked(&self, plan: &Protocol, document: &Value, tier: Tier) -> bool {
        let margin = || self.pointer.strip_suffix("_reason").and_then(|margin| document.pointer(margin)).is_some();
        let asked = match self.when {
            When::Always | When::Optional => true,
            When::ByOffice => plan.allocation.is_by_cluster(),
            When::Guardrail => plan
                .outcomes
                .get(2)
                .is_none_or(|outcome| outcome.role == Role::Guardrail && outcome.kind == OutcomeKind::Binary),
            When::NoWorse => plan.aim == Aim::NotWorse,
            When::FromTier(least) => tier >= least,
            When::HasMargin => tier >= Tier::One && margin(),
            When::MaoriData => plan.data.uses_maori_data,
        };
        asked || (self.may_wait() && document.pointer(self.pointer).is_some())
    }

    /// Whether its answer says something of that plan. Some questions stand on a page beside the one that decides about them, so that
    /// they can be answered without a script; whoever reads a plan as a whole has no use for those it is not asked.
    pub(super) fn matters(&self, plan: &Protocol) -> bool {
        match self.kind {
            Kind::Roster => plan.allocation.is_by_cluster(),
            Kind::Steps | Kind::Transition => matches!(plan.allocation, Allocation::SteppedWedge { .. }),
            Kind::Balanced => !plan.allocation.is_by_cluster(),
            Kind::GivesUp => plan.monitoring.looks.len() > 1,
            Kind::Guardrail => true,
            _ => self.when != When::Guardrail || plan.outcomes.len() > 2,
        }
    }

    /// Whether it may be left empty for now: some answers take weeks to get. The plan is sent once they are there.
    fn may_wait(&self) -> bool {
        matches!(
            self.when,
            When::Optional | When::ByOffice | When::Guardrail | When::FromTier(_) | When::HasMargin | When::MaoriData
        )
    }

    /// Whether an answer to it is what a plan lacks.
    pub(super) fn mends(&self, fault: &Fault) -> bool {
        // The whole part of the plan may be missing, and the tier follows from several answers on one page.
        let place = if fault.code == "tier_refused" { "/risk/entitlement" } else { fault.pointer.as_str() };
        is_in(place, self.pointer) || is_in(self.pointer, place)
    }

    /// Whether a fault of the plan is about this answer.
    pub(super) fn is_about(&self, fault: &Fault) -> bool {
        self.is_at(&fault.pointer)
    }

    /// Whether a place of a plan is this answer's, or within it.
    pub(super) fn is_at(&self, pointer: &str) -> bool {
        // Offices that change over in turn have another name in the document.
        is_in(pointer, self.pointer) || (self.kind == Kind::Roster && is_in(pointer, "/allocation/sites"))
    }

    /// The answer as it stands in a plan.
    pub(super) fn read(&self, document: &Value) -> String {
        match self.kind {
            Kind::Looks => return looks::read(document),
            Kind::GivesUp => return looks::gives_up(document),
            Kind::Leaks => return unit::leaks(document),
            Kind::Balanced => return unit::balanced(document),
            Kind::Roster => return unit::roster(document),
            Kind::Steps => return unit::steps(document),
            Kind::Transition => return unit::transition(document),
            _ => {}
        }
        let Some(value) = document.pointer(self.pointer) else { return String::new() };
        match (self.kind, value) {
            (Kind::InHundred, Value::String(text)) => in_hundred(text).unwrap_or_else(|| text.clone()),
            (Kind::Flag, Value::Bool(yes)) => if *yes { "yes" } else { "no" }.to_owned(),
            (Kind::Conditions(_), rule) => lists::lines(rule),
            (Kind::Attributes, Value::Array(items)) => attributes::lines(items),
            (Kind::Payload, payload) => payload::lines(payload),
            (Kind::List | Kind::Groups | Kind::Techniques | Kind::Populations, Value::Array(items)) => {
                items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
            }
            (_, Value::String(text)) => text.clone(),
            (_, Value::Null) => String::new(),
            (_, other) => other.to_string(),
        }
    }

    /// Puts an answer into a plan. What the plan's own rules say is checked when it is saved.
    pub(super) fn write(&self, document: &mut Value, text: &str) -> Result<(), String> {
        let text = text.trim().replace("\r\n", "\n");
        match self.kind {
            Kind::Looks => return looks::write(document, &text),
            Kind::GivesUp => return looks::write_gives_up(document, &text),
            Kind::Leaks => return unit::write_leaks(document, &text),
            Kind::Balanced => return unit::write_balanced(document, &text),
            Kind::Steps => return unit::write_steps(document, &text),
            Kind::Transition => return unit::write_transition(document, &text),
            Kind::Roster => return unit::write_roster(document, &text),
            Kind::Guardrail => guardrail(document, !text.is_empty())?,
            _ => {}
        }
        if text.is_empty() && self.may_wait() {
            return self.remove(document);
        }
        let value = match self.kind {
            Kind::Line | Kind::Guardrail if text.contains('\n') => return Err("write one line".into()),
            Kind::Line | Kind::Text if text.is_empty() => return Err("write something here".into()),
            Kind::Line | Kind::Text | Kind::Guardrail => Value::String(text),
            Kind::Payload => payload::read(&text)?,
            Kind::Number => {
                let number: Decimal = text.parse().map_err(|_| "write a number such as 25 or 2.5")?;
                Value::String(number.to_string())
            }
            Kind::Looks
            | Kind::GivesUp
            | Kind::Leaks
            | Kind::Roster
            | Kind::Balanced
            | Kind::Steps
            | Kind::Transition => return Ok(()),
            Kind::InHundred => Value::String(share(&text)?),
            Kind::Whole => text.replace(',', "").parse::<u64>().map(Value::from).map_err(|_| "write a whole number")?,
            Kind::Money if text.is_empty() => return self.remove(document),
            Kind::Money => {
                let amount: Decimal = text.parse().map_err(|_| "write an amount such as 1.10, or nothing")?;
                Value::String(amount.to_string())
            }
            Kind::Day(_) => {
                let day = super::day(&text).ok_or("write a real day, such as 30 6 2027")?;
                Value::String(day.to_string())
            }
            Kind::Choice(words) if words.contains(&text.as_str()) => Value::String(text),
            Kind::Flag if text == "yes" || text == "no" => Value::Bool(text == "yes"),
            Kind::Choice(_) | Kind::Flag => return Err("choose one of the answers".into()),
            Kind::Attributes => {
                let known = attributes::read(&text)?;
                unit::follow_attributes(document, &known)?;
                Value::Array(known)
            }
            Kind::Conditions(joined) => {
                let known = document.pointer("/attributes").and_then(Value::as_array).cloned().unwrap_or_default();
                lists::read(&text, joined, &known)?
            }
            Kind::Techniques | Kind::Populations => text.lines().collect(),
            Kind::List | Kind::Groups => {
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
        if document.pointer(self.pointer).is_none() {
            return Ok(());
        }
        let (parent, name) = self.place(document)?;
        parent.remove(&name);
        if !parent.is_empty() {
            return Ok(());
        }
        // A part of which nothing is left is not there.
        let part = self.pointer.rsplit_once('/').and_then(|(part, _)| part.rsplit_once('/'));
        if let Some((above, name)) = part
            && let Some(above) = document.pointer_mut(above).and_then(Value::as_object_mut)
        {
            above.remove(name);
        }
        Ok(())
    }

    /// Where it stands. A part of the plan that may be left out is made when its first answer is written.
    fn place<'a>(&self, document: &'a mut Value) -> Result<(&'a mut serde_json::Map<String, Value>, String), String> {
        let other = "this plan has another shape; change it as a document";
        let (parent, name) = self.pointer.rsplit_once('/').ok_or(other)?;
        if document.pointer(parent).is_none() {
            if self.when == When::Guardrail {
                return Err("say first what must not get worse".into());
            }
            let (above, part) = parent.rsplit_once('/').ok_or(other)?;
            let above = document.pointer_mut(above).and_then(Value::as_object_mut).ok_or(other)?;
            above.insert(part.to_owned(), Value::Object(serde_json::Map::new()));
        }
        let parent = document.pointer_mut(parent).and_then(Value::as_object_mut).ok_or(other)?;
        Ok((parent, name.to_owned()))
    }
}

/// Makes a third outcome that must not get worse, or takes it away.
fn guardrail(document: &mut Value, wanted: bool) -> Result<(), String> {
    let other = "this plan has another shape; change it as a document";
    let outcomes = document.pointer_mut("/outcomes").and_then(Value::as_array_mut).ok_or(other)?;
    let days = outcomes.first().and_then(|primary| primary.get("follow_up_days")).cloned();
    match outcomes.len() {
        2 if wanted => {
            let days = days.ok_or(other)?;
            outcomes.push(json!({"key": "guardrail", "role": "guardrail", "kind": "binary", "follow_up_days": days}));
        }
        3.. if !wanted => {
            outcomes.remove(2);
        }
        _ => {}
    }
    Ok(())
}

/// Whether a place in a document is another one, or within it.
fn is_in(place: &str, whole: &str) -> bool {
    place.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
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

    const DAY: [&str; 3] = ["answer-day", "answer-month", "answer-year"];

    fn one(kind: Kind) -> Field {
        Field { name: "answer", pointer: "/a/b", kind, when: When::Always }
    }

    #[test]
    fn what_people_type_becomes_what_the_plan_holds_and_back() {
        for (kind, typed, held, shown) in [
            (Kind::InHundred, "2.5", json!("0.025"), "2.5"),
            (Kind::InHundred, "3", json!("0.03"), "3"),
            (Kind::Whole, "6,000", json!(6_000), "6000"),
            (Kind::Money, "1.10", json!("1.1"), "1.1"),
            (Kind::Day(DAY), "2027-06-30", json!("2027-06-30"), "2027-06-30"),
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
            (Kind::Day(DAY), "30/6/2027"),
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

    #[test]
    fn what_may_wait_makes_its_part_of_the_plan_and_takes_it_away() {
        let from_one = |pointer, kind| Field { name: "answer", pointer, kind, when: When::FromTier(Tier::One) };
        let (group, margin) = (from_one("/equity/groups", Kind::Groups), from_one("/equity/margin", Kind::InHundred));
        let mut document = json!({});
        group.write(&mut document, "").unwrap();
        assert_eq!(document, json!({}));
        group.write(&mut document, "district\nage").unwrap();
        margin.write(&mut document, "2").unwrap();
        assert_eq!(document, json!({"equity": {"groups": ["district", "age"], "margin": "0.02"}}));
        group.write(&mut document, " ").unwrap();
        assert_eq!(document, json!({"equity": {"margin": "0.02"}}));
        margin.write(&mut document, "").unwrap();
        assert_eq!(document, json!({}), "a part of which nothing is left is not there");
        assert!(one(Kind::Line).write(&mut json!({"a": {}}), "").is_err(), "what every plan says cannot wait");
    }

    #[test]
    fn a_fault_is_mended_where_it_stands_and_not_where_a_name_begins_alike() {
        let fault = |pointer: &str, code: &str| Fault::new(pointer.to_owned(), code, "");
        let at = |pointer| Field { name: "answer", pointer, kind: Kind::Line, when: When::Always };
        assert!(at("/outcomes/0/margin_reason").mends(&fault("/outcomes/0/margin_reason", "missing_field")));
        assert!(!at("/outcomes/0/margin").mends(&fault("/outcomes/0/margin_reason", "missing_field")));
        assert!(!at("/outcomes/0/margin").is_about(&fault("/outcomes/0/margin_reason", "missing_field")));
        assert!(at("/equity/groups").mends(&fault("/equity", "missing_field")), "the whole part is missing");
        assert!(at("/risk/entitlement").mends(&fault("/risk", "tier_refused")));
        assert!(!at("/risk/least_able_to_cope").mends(&fault("/risk", "tier_refused")));
        assert!(at("/equity/groups").is_about(&fault("/equity/groups/1", "wrong_type")));
    }
}
