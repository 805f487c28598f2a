//! Typed rules over declared attributes, evaluated the same way live, in previews and in replays.

use serde::{Deserialize, Serialize};

use super::attribute::{AttributeValue, Attributes};

/// How one attribute is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// The same value.
    Equals(AttributeValue),
    /// Another value.
    NotEquals(AttributeValue),
    /// One of a list.
    OneOf(Vec<AttributeValue>),
    /// Below, not at.
    LessThan(AttributeValue),
    /// At or below.
    AtMost(AttributeValue),
    /// Above, not at.
    GreaterThan(AttributeValue),
    /// At or above.
    AtLeast(AttributeValue),
}

/// A rule: a comparison, or rules joined by all, any, not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// One attribute compared. An absent attribute meets no comparison.
    Attribute {
        /// Name of the declared attribute.
        attribute: String,
        /// The comparison.
        comparison: Comparison,
    },
    /// Every one holds; an empty list holds.
    All(Vec<Rule>),
    /// At least one holds; an empty list does not.
    Any(Vec<Rule>),
    /// It does not hold.
    Not(Box<Rule>),
}

impl Rule {
    /// Whether the rule holds for a unit.
    #[must_use]
    pub fn holds(&self, unit: &Attributes) -> bool {
        match self {
            Self::Attribute { attribute, comparison } => {
                unit.get(attribute).is_some_and(|value| comparison.holds(value))
            }
            Self::All(rules) => rules.iter().all(|rule| rule.holds(unit)),
            Self::Any(rules) => rules.iter().any(|rule| rule.holds(unit)),
            Self::Not(rule) => !rule.holds(unit),
        }
    }

    /// The names of all attributes that the rule reads.
    pub fn attributes(&self) -> Vec<&str> {
        match self {
            Self::Attribute { attribute, .. } => vec![attribute],
            Self::All(rules) | Self::Any(rules) => rules.iter().flat_map(Self::attributes).collect(),
            Self::Not(rule) => rule.attributes(),
        }
    }
}

impl Comparison {
    fn holds(&self, value: &AttributeValue) -> bool {
        match self {
            Self::Equals(other) => value == other,
            Self::NotEquals(other) => value != other,
            Self::OneOf(others) => others.contains(value),
            Self::LessThan(limit) => value < limit,
            Self::AtMost(limit) => value <= limit,
            Self::GreaterThan(limit) => value > limit,
            Self::AtLeast(limit) => value >= limit,
        }
    }
}

/// Who is in and who is out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eligibility {
    /// Must hold to be in.
    pub include: Rule,
    /// Must not hold to be in.
    pub exclude: Rule,
}

impl Default for Eligibility {
    /// Everybody is in.
    fn default() -> Self {
        Self { include: Rule::All(Vec::new()), exclude: Rule::Any(Vec::new()) }
    }
}

impl Eligibility {
    /// Whether a unit is in, or which list kept it out.
    ///
    /// A unit whose attribute for an exclusion rule is absent is kept out as well: protection must not depend on a
    /// caller remembering to send a flag.
    ///
    /// # Errors
    /// The reason in plain words, which holds no values.
    pub fn check(&self, unit: &Attributes) -> Result<(), String> {
        let absent: Vec<&str> =
            self.exclude.attributes().into_iter().filter(|name| !unit.contains_key(*name)).collect();
        if let Some(name) = absent.first() {
            return Err(format!("\"{name}\" was not sent, and the plan needs it to leave out people it protects"));
        }
        if self.exclude.holds(unit) {
            return Err("the plan leaves this group out".into());
        }
        if !self.include.holds(unit) {
            return Err("the plan does not include this group".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Decimal;

    fn number(n: i64) -> AttributeValue {
        AttributeValue::Number(Decimal::from_millionths(n * 1_000_000).unwrap())
    }

    fn compare(attribute: &str, comparison: Comparison) -> Rule {
        Rule::Attribute { attribute: attribute.into(), comparison }
    }

    fn unit(dollars: Option<i64>, crisis: Option<bool>) -> Attributes {
        let dollars = dollars.map(|d| ("dollars".to_owned(), number(d)));
        let crisis = crisis.map(|c| ("crisis".to_owned(), AttributeValue::Boolean(c)));
        dollars.into_iter().chain(crisis).collect()
    }

    #[test]
    fn include_and_exclude_decide_together() {
        let rule = Eligibility {
            include: Rule::All(vec![compare("dollars", Comparison::LessThan(number(1000)))]),
            exclude: Rule::Any(vec![compare("crisis", Comparison::Equals(AttributeValue::Boolean(true)))]),
        };
        assert!(rule.check(&unit(Some(999), Some(false))).is_ok());
        assert!(rule.check(&unit(Some(1000), Some(false))).is_err());
        assert!(rule.check(&unit(Some(10), Some(true))).is_err());
        assert!(rule.check(&unit(None, Some(false))).is_err(), "an absent attribute is not below a limit");
        assert!(rule.check(&unit(Some(10), None)).unwrap_err().contains("crisis"), "protection needs the flag");
        assert!(Eligibility::default().check(&Attributes::new()).is_ok());
    }

    #[test]
    fn every_comparison_at_its_edge() {
        let five = unit(Some(5), None);
        for (comparison, expected) in [
            (Comparison::Equals(number(5)), true),
            (Comparison::NotEquals(number(5)), false),
            (Comparison::OneOf(vec![number(4), number(5)]), true),
            (Comparison::LessThan(number(5)), false),
            (Comparison::AtMost(number(5)), true),
            (Comparison::GreaterThan(number(5)), false),
            (Comparison::AtLeast(number(5)), true),
        ] {
            assert_eq!(compare("dollars", comparison.clone()).holds(&five), expected, "{comparison:?}");
            assert_eq!(Rule::Not(Box::new(compare("dollars", comparison))).holds(&five), !expected);
        }
    }
}
