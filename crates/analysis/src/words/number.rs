//! Numbers as people read them.

use fairtrial_domain::protocol::OutcomeKind;

use crate::report::{Measure, OutcomeReport};

/// A whole number with its thousands set apart.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The plural of a unit's name: person, people; household, households; family, families.
///
/// ```
/// use fairtrial_analysis::words::plural;
/// assert_eq!([plural("person"), plural("family"), plural("case")], ["people", "families", "cases"]);
/// ```
#[must_use]
pub fn plural(unit: &str) -> String {
    let ends = |endings: &[&str]| endings.iter().any(|ending| unit.ends_with(ending));
    match unit.strip_suffix("person") {
        Some(before) => format!("{before}people"),
        None if ends(&["s", "x", "ch", "sh"]) => format!("{unit}es"),
        None if unit.ends_with('y') && !ends(&["ay", "ey", "oy", "uy"]) => {
            format!("{}ies", unit.strip_suffix('y').unwrap_or(unit))
        }
        None => format!("{unit}s"),
    }
}

/// A number of units rounded up to two digits, because it is an estimate.
///
/// ```
/// use fairtrial_analysis::words::rounded_up;
/// assert_eq!([rounded_up(7), rounded_up(873), rounded_up(12_345)], [7, 880, 13_000]);
/// ```
#[must_use]
pub fn rounded_up(number: u64) -> u64 {
    let mut step = 1;
    while number / step >= 100 {
        step *= 10;
    }
    number.div_ceil(step).saturating_mul(step)
}

/// How the values of one outcome are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    per_100: bool,
    decimals: usize,
    more: &'static str,
    less: &'static str,
}

impl Scale {
    /// The scale for an outcome and one intervention arm's difference from the control.
    #[must_use]
    pub fn of(outcome: &OutcomeReport, arm: &fairtrial_domain::ArmKey) -> Self {
        let difference = outcome.comparisons.iter().find(|c| c.measure == Measure::Difference && c.arm == *arm);
        let (more, less) = match outcome.kind {
            OutcomeKind::Binary | OutcomeKind::Count => ("more", "fewer"),
            OutcomeKind::Amount => ("more", "less"),
            OutcomeKind::Duration => ("longer", "shorter"),
            OutcomeKind::Rating => ("higher", "lower"),
        };
        if outcome.kind == OutcomeKind::Binary {
            let small = difference.and_then(|c| c.estimate).is_some_and(|estimate| estimate.abs() < 0.02);
            return Self { per_100: true, decimals: usize::from(small), more, less };
        }
        let width = difference.and_then(|c| Some(c.upper? - c.lower?)).filter(|width| *width > 0.0);
        // Two digits of the interval's width are as many as the interval supports.
        let decimals = width.map_or(1.0, |width| (1.0 - width.log10().floor()).clamp(0.0, 6.0));
        Self { per_100: false, decimals: decimals as usize, more, less }
    }

    /// A value without its scale: `26`, or `1,234.5`.
    #[must_use]
    pub fn bare(&self, value: f64) -> String {
        let value = if self.per_100 { value * 100.0 } else { value };
        decimal(value, self.decimals)
    }

    /// A value with its scale: `26 in 100`, or `1,234.5 on average`.
    #[must_use]
    pub fn value(&self, value: f64) -> String {
        format!("{}{}", self.bare(value), if self.per_100 { " in 100" } else { " on average" })
    }

    /// An amount that the plan names, such as a margin: with as many digits as the plan has, at most two.
    #[must_use]
    pub fn planned(&self, value: f64) -> String {
        let value = if self.per_100 { value * 100.0 } else { value };
        let decimals = (0..2).find(|d| (value * 10f64.powi(*d) - (value * 10f64.powi(*d)).round()).abs() < 1e-6);
        format!("{}{}", decimal(value, decimals.unwrap_or(2) as usize), if self.per_100 { " in 100" } else { "" })
    }

    /// What stands after a number: ` in 100`, or nothing.
    #[must_use]
    pub fn suffix(&self) -> &'static str {
        if self.per_100 { " in 100" } else { "" }
    }

    /// The word for a difference upwards.
    #[must_use]
    pub fn more(&self) -> &'static str {
        self.more
    }

    /// The word for a difference downwards.
    #[must_use]
    pub fn less(&self) -> &'static str {
        self.less
    }
}

/// A number with its decimals and its thousands set apart; a real minus sign, and none on zero.
fn decimal(value: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = digits.split_once('.').map_or((digits.as_str(), ""), |parts| parts);
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), grouped);
    let sign = if value < 0.0 && digits.chars().any(|c| ('1'..='9').contains(&c)) { "\u{2212}" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}
