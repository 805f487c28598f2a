//! The facts about a unit that a call may carry: those that the approved plan declares, and no others.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Decimal, canonical::escape, fault::Fault};

/// A wrong attribute in a call; its own name, so that signatures read well.
pub type AttributeFault = Fault;

/// Why the plan needs an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Decides who is in.
    Eligibility,
    /// Decides who is kept out for their protection.
    Exclusion,
    /// Balances the assignment.
    Stratum,
    /// Checks that no group is left worse off.
    Equity,
    /// Sharpens the estimate.
    Covariate,
}

/// What values an attribute takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AttributeKind {
    /// One of a declared list.
    Category {
        /// The values allowed, in the plan's order.
        values: Vec<String>,
    },
    /// A whole number in a declared range.
    Integer {
        /// Smallest value allowed.
        minimum: i64,
        /// Largest value allowed.
        maximum: i64,
    },
    /// Yes or no.
    Boolean,
    /// A decimal number in a declared range.
    Decimal {
        /// Smallest value allowed.
        minimum: Decimal,
        /// Largest value allowed.
        maximum: Decimal,
    },
}

/// A declared attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Name in the call.
    pub name: String,
    /// Its values.
    #[serde(flatten)]
    pub kind: AttributeKind,
    /// Why it is needed.
    pub purpose: Purpose,
}

/// A value that fits its declaration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AttributeValue {
    /// Yes or no.
    Boolean(bool),
    /// Any number, in millionths.
    Number(Decimal),
    /// One of the declared list.
    Category(String),
}

impl AttributeValue {
    /// The value as a text that [`Attribute::read_text`] of its declaration takes.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Boolean(yes) => yes.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Category(text) => text.clone(),
        }
    }
}

/// The attributes of one unit, as sent; a declared one may be absent.
pub type Attributes = BTreeMap<String, AttributeValue>;

impl Attribute {
    /// Reads a value of this attribute.
    ///
    /// # Errors
    /// A sentence saying what would fit; it never repeats the value.
    pub fn read(&self, value: &Value) -> Result<AttributeValue, String> {
        match (&self.kind, value) {
            (AttributeKind::Category { values }, Value::String(text)) if values.contains(text) => {
                Ok(AttributeValue::Category(text.clone()))
            }
            (AttributeKind::Category { values }, _) => Err(format!("must be one of: {}", values.join(", "))),
            (AttributeKind::Boolean, Value::Bool(yes)) => Ok(AttributeValue::Boolean(*yes)),
            (AttributeKind::Boolean, _) => Err("must be true or false".into()),
            (AttributeKind::Integer { minimum, maximum }, value) => value
                .as_i64()
                .filter(|n| (*minimum..=*maximum).contains(n))
                .and_then(|n| n.checked_mul(1_000_000).and_then(Decimal::from_millionths))
                .map(AttributeValue::Number)
                .ok_or_else(|| format!("must be a whole number from {minimum} to {maximum}")),
            (AttributeKind::Decimal { minimum, maximum }, value) => match value {
                Value::Number(number) => Decimal::from_json(number),
                Value::String(text) => text.parse().ok(),
                _ => None,
            }
            .filter(|n| (*minimum..=*maximum).contains(n))
            .map(AttributeValue::Number)
            .ok_or_else(|| format!("must be a number from {minimum} to {maximum} with at most 6 places")),
        }
    }

    /// Reads a value of this attribute from the text that [`AttributeValue::to_text`] makes of it; none when it is no such value.
    ///
    /// ```
    /// use fairtrial_domain::eligibility::{Attribute, AttributeKind, AttributeValue, Purpose};
    /// let kind = AttributeKind::Category { values: vec!["065".into()] };
    /// let postcode = Attribute { name: "postcode".into(), kind, purpose: Purpose::Covariate };
    /// let said = AttributeValue::Category("065".into());
    /// assert_eq!(postcode.read_text(&said.to_text()), Some(said));
    /// assert_eq!(postcode.read_text("66"), None);
    /// ```
    #[must_use]
    pub fn read_text(&self, text: &str) -> Option<AttributeValue> {
        match (&self.kind, text) {
            (AttributeKind::Category { values }, text) => {
                values.iter().find(|value| *value == text).cloned().map(AttributeValue::Category)
            }
            (AttributeKind::Boolean, "true") => Some(AttributeValue::Boolean(true)),
            (AttributeKind::Boolean, "false") => Some(AttributeValue::Boolean(false)),
            (AttributeKind::Boolean, _) => None,
            (AttributeKind::Integer { .. } | AttributeKind::Decimal { .. }, text) => {
                text.parse().ok().map(AttributeValue::Number)
            }
        }
    }

    /// Reads what was kept of a unit's attributes: a JSON object as [`Attributes`] are written, numbers as texts. A name that is
    /// not declared, and a value that does not fit, are left out: nothing was kept of them.
    ///
    /// ```
    /// use fairtrial_domain::eligibility::{Attribute, AttributeKind, AttributeValue, Attributes, Purpose};
    /// let kind = AttributeKind::Category { values: vec!["18".into(), "65".into()] };
    /// let declared = Attribute { name: "age".into(), kind, purpose: Purpose::Covariate };
    /// let sent = Attributes::from([("age".into(), AttributeValue::Category("18".into()))]);
    /// let text = serde_json::to_string(&sent).unwrap();
    /// assert_eq!(Attribute::read_kept(&[declared], &text), sent, "a category that looks like a number stays a category");
    /// ```
    #[must_use]
    pub fn read_kept(declared: &[Self], text: &str) -> Attributes {
        let kept: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
        let value = |(name, value): (&String, &Value)| {
            let attribute = declared.iter().find(|attribute| attribute.name == *name)?;
            let read = match (&attribute.kind, value) {
                (AttributeKind::Integer { .. } | AttributeKind::Decimal { .. }, Value::String(text)) => {
                    text.parse().ok().map(AttributeValue::Number)
                }
                _ => attribute.read(value).ok(),
            };
            Some((name.clone(), read?))
        };
        kept.iter().filter_map(value).collect()
    }

    /// Reads all attributes of a call against what the plan declares.
    ///
    /// # Errors
    /// Every undeclared or ill-fitting attribute, with its place under `base`; names are repeated, values never.
    pub fn read_all(declared: &[Self], sent: &Map<String, Value>, base: &str) -> Result<Attributes, Vec<Fault>> {
        let mut read = Attributes::new();
        let mut faults = Vec::new();
        for (name, value) in sent {
            let place = format!("{base}/{}", escape(name));
            match declared.iter().find(|a| a.name == *name) {
                None => faults.push(Fault::new(
                    place,
                    "undeclared_attribute",
                    "the trial's plan does not declare this attribute; leave it out",
                )),
                Some(attribute) => match attribute.read(value) {
                    Ok(value) => {
                        read.insert(name.clone(), value);
                    }
                    Err(detail) => faults.push(Fault::new(place, "attribute_out_of_range", detail)),
                },
            }
        }
        if faults.is_empty() { Ok(read) } else { Err(faults) }
    }
}
