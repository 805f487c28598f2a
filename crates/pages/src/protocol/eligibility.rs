//! Rules over attributes in plain words.

use fairtrial_domain::eligibility::{Attribute, AttributeKind, AttributeValue, Comparison, Purpose, Rule};

/// What must hold to be in: one line for each part.
pub(super) fn included(rule: &Rule) -> Vec<String> {
    match rule {
        Rule::All(rules) if rules.is_empty() => vec!["Everybody".into()],
        Rule::All(rules) => rules.iter().map(words).collect(),
        other => vec![words(other)],
    }
}

/// What keeps people out: one line for each part.
pub(super) fn excluded(rule: &Rule) -> Vec<String> {
    match rule {
        Rule::Any(rules) if rules.is_empty() => vec!["Nobody".into()],
        Rule::Any(rules) => rules.iter().map(words).collect(),
        other => vec![words(other)],
    }
}

/// One attribute with its values and why it is needed.
pub(crate) fn attribute(attribute: &Attribute) -> String {
    let values = match &attribute.kind {
        AttributeKind::Category { values } => values.join(", "),
        AttributeKind::Integer { minimum, maximum } => format!("whole number from {minimum} to {maximum}"),
        AttributeKind::Decimal { minimum, maximum } => format!("number from {minimum} to {maximum}"),
        AttributeKind::Boolean => "yes or no".to_owned(),
    };
    let purpose = match attribute.purpose {
        Purpose::Eligibility => "to decide who is in",
        Purpose::Exclusion => "to leave out people who need protection",
        Purpose::Stratum => "to balance the versions",
        Purpose::Equity => "to check that no group loses",
        Purpose::Covariate => "to sharpen the comparison",
    };
    format!("{} ({values}): {purpose}", attribute.name.replace('_', " "))
}

fn words(rule: &Rule) -> String {
    let join = |rules: &[Rule], word: &str| rules.iter().map(words).collect::<Vec<_>>().join(word);
    match rule {
        Rule::Attribute { attribute, comparison } => format!("{attribute} {}", compared(comparison)),
        Rule::All(rules) if rules.is_empty() => "everybody".to_owned(),
        Rule::Any(rules) if rules.is_empty() => "nobody".to_owned(),
        Rule::All(rules) => format!("({})", join(rules, " and ")),
        Rule::Any(rules) => format!("({})", join(rules, " or ")),
        Rule::Not(rule) => format!("not {}", words(rule)),
    }
}

fn compared(comparison: &Comparison) -> String {
    match comparison {
        Comparison::Equals(value) => format!("is {}", shown(value)),
        Comparison::NotEquals(value) => format!("is not {}", shown(value)),
        Comparison::OneOf(values) => {
            format!("is one of {}", values.iter().map(shown).collect::<Vec<_>>().join(", "))
        }
        Comparison::LessThan(value) => format!("is below {}", shown(value)),
        Comparison::AtMost(value) => format!("is at most {}", shown(value)),
        Comparison::GreaterThan(value) => format!("is above {}", shown(value)),
        Comparison::AtLeast(value) => format!("is at least {}", shown(value)),
    }
}

fn shown(value: &AttributeValue) -> String {
    match value {
        AttributeValue::Boolean(true) => "yes".to_owned(),
        AttributeValue::Boolean(false) => "no".to_owned(),
        AttributeValue::Number(number) => number.to_string(),
        AttributeValue::Category(text) => text.clone(),
    }
}
