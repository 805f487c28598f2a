//! The value of a field of a plan as people read it.

use chrono::NaiveDate;
use fairtrial_domain::Decimal;
use fairtrial_domain::protocol::{OutcomeKind, Population, Protocol, Technique};
use serde_json::Value;

use super::field;
use crate::component::SummaryList;
use crate::library::tag;
use crate::number::grouped;
use crate::protocol::{attribute_words, rule_sentence, spending, who};
use crate::quantity::Quantity;

/// How a value is read.
#[derive(Debug)]
pub(super) enum Form {
    /// As it stands.
    Plain,
    /// True or false.
    Yes,
    /// A share, told as so many in 100.
    Share,
    /// A size in the unit of the outcome that it belongs to.
    Size,
    /// A day.
    Day,
    /// One of these words, each with what is said for it.
    Word(&'static [(&'static str, &'static str)]),
    /// Things of which each can be added and taken away.
    Lines,
    /// The same, by the words for what is tried and on whom.
    Tags,
    /// Values that make sense only together, each read in one way.
    Series(&'static Form),
    /// What is known of each person.
    Attributes,
    /// Who is in.
    Include,
    /// Who is left out.
    Exclude,
    /// Which small group goes together with which larger one.
    Merges,
    /// What the app shows.
    Payload,
    /// How the error for success is shared over the looks.
    Spent,
    /// How the error for giving up is shared, and whether that is compulsory.
    Futility,
    /// The rule in words, and as it stands.
    Rule,
    /// The order of versions or outcomes.
    Order,
}

/// One of the two plans, and the version or outcome of it that a place belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) plan: &'a Protocol,
    pub(super) of: Option<&'a Value>,
}

/// What stood at a place and what stands there. Of what comes one by one only what was added and what was taken away.
pub(super) fn rows(form: Option<&Form>, sides: [Side<'_>; 2], values: [Option<&Value>; 2]) -> SummaryList {
    let ([before, after], [old, new]) = (sides, values);
    let whole = form.is_none() && (old.is_none() || new.is_none());
    let told = |side: Side<'_>, value: Option<&Value>| value.map(|value| lines(form, &side, value)).unwrap_or_default();
    let exactly = |value: Option<&Value>| value.map(plain).map(|text| plain_lines(&text)).unwrap_or_default();
    let (old, new): (Vec<String>, Vec<String>) = match (told(before, old), told(after, new)) {
        // What differs and reads the same stands as it is written: 0.80 and 0.8.
        (before, after) if before == after => (exactly(old), exactly(new)),
        (before, after) => (before, after),
    };
    let one_by_one = matches!(
        form,
        Some(
            Form::Lines | Form::Tags | Form::Attributes | Form::Include | Form::Exclude | Form::Merges | Form::Payload
        )
    );
    let only = |lines: &[String], others: &[String]| {
        lines.iter().filter(|line| !others.contains(line)).cloned().collect::<Vec<_>>()
    };
    let (taken, added) = (only(&old, &new), only(&new, &old));
    if (one_by_one || whole) && !(taken.is_empty() && added.is_empty()) {
        return SummaryList::default().rows_of("Taken away", taken).rows_of("Added", added);
    }
    let told = |lines: Vec<String>| if lines.is_empty() { vec!["Nothing".to_owned()] } else { lines };
    SummaryList::default().rows_of("Before", told(old)).rows_of("After", told(new))
}

fn lines(form: Option<&Form>, side: &Side<'_>, value: &Value) -> Vec<String> {
    let Some(form) = form else { return fields(side, value) };
    let items = || value.as_array().map(Vec::as_slice).unwrap_or_default();
    match form {
        Form::Lines => items().iter().map(plain).collect(),
        Form::Tags => items().iter().map(|word| tagged(&plain(word))).collect(),
        Form::Series(of) => {
            let told: Vec<String> = items().iter().flat_map(|item| lines(Some(of), side, item)).collect();
            if told.is_empty() { told } else { vec![told.join(", ")] }
        }
        Form::Attributes => side.plan.attributes.iter().map(attribute_words).collect(),
        Form::Include => who(side.plan).0,
        Form::Exclude => who(side.plan).1,
        Form::Merges => {
            let merge = |item: &Value| {
                let part = |name| item.get(name).map(plain).unwrap_or_default();
                format!("{}: {} goes together with {}", part("attribute"), part("group"), part("into"))
            };
            items().iter().map(merge).collect()
        }
        Form::Payload => payload(value),
        Form::Spent => side.plan.monitoring.efficacy.iter().map(spending).collect(),
        Form::Futility => {
            let binding = match side.plan.monitoring.futility_binding {
                true => "The trial must stop then",
                false => "The trial may go on all the same",
            };
            let shared = side.plan.monitoring.futility.iter().map(spending);
            shared.chain([binding.to_owned()]).collect()
        }
        Form::Rule => vec![capital(&rule_sentence(side.plan)), plain(value)],
        Form::Order => {
            let name = |item: &Value| item.get("name").map(plain);
            vec![items().iter().filter_map(name).collect::<Vec<_>>().join(", ")]
        }
        Form::Plain | Form::Yes | Form::Share | Form::Size | Form::Day | Form::Word(_) => {
            plain_lines(&single(form, side, value))
        }
    }
}

/// A value that stands by itself. What does not have the form that its field should have is told as it stands.
fn single(form: &Form, side: &Side<'_>, value: &Value) -> String {
    let text = plain(value);
    let known = match form {
        Form::Share => text.parse().ok().map(|share| in_hundred(share, OutcomeKind::Binary, side)),
        Form::Size => text.parse().ok().map(|size| in_hundred(size, kind(side), side)),
        Form::Day => text.parse::<NaiveDate>().ok().map(|day| day.format("%-d %B %Y").to_string()),
        Form::Word(words) => words.iter().find(|(word, _)| *word == text).map(|(_, said)| (*said).to_owned()),
        _ => value.as_u64().map(grouped),
    };
    known.unwrap_or(text)
}

/// The kind of the outcome that a size belongs to: that of the main one where it is of no other.
fn kind(side: &Side<'_>) -> OutcomeKind {
    let key = side.of.and_then(|outcome| outcome.get("key")?.as_str());
    let of = key.and_then(|key| side.plan.outcomes.iter().find(|outcome| outcome.key.as_str() == key));
    of.or(side.plan.primary()).map_or(OutcomeKind::Binary, |outcome| outcome.kind)
}

fn in_hundred(size: Decimal, kind: OutcomeKind, side: &Side<'_>) -> String {
    match size.millionths() < 0 {
        true => size.to_string(),
        false => Quantity::new(kind, &side.plan.unit).planned(size),
    }
}

/// A version or an outcome as a whole: a line for each of its fields.
fn fields(side: &Side<'_>, value: &Value) -> Vec<String> {
    let Value::Object(known) = value else { return plain_lines(&plain(value)) };
    let list = if known.contains_key("role") { "/outcomes/0" } else { "/arms/0" };
    // Its name stands above.
    let line = |(name, value): (&String, &Value)| {
        let known = field::known(&format!("{list}/{name}"));
        let words = known.map_or(name.as_str(), |known| known.words);
        Some(format!("{words}: {}", lines(known.map(|known| &known.form), side, value).join("; ")))
            .filter(|_| name != "name")
    };
    known.iter().filter_map(line).collect()
}

fn payload(value: &Value) -> Vec<String> {
    let Value::Object(fields) = value else { return vec![plain(value)] };
    fields.iter().map(|(name, value)| format!("{name}: {}", plain(value))).collect()
}

fn tagged(word: &str) -> String {
    let technique = Technique::from_word(word).map(tag::technique);
    technique.or_else(|| Population::from_word(word).map(tag::population)).unwrap_or(word).to_owned()
}

/// A text as it stands, a paragraph for each line.
fn plain_lines(text: &str) -> Vec<String> {
    text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "Yes".into(),
        Value::Bool(false) => "No".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
