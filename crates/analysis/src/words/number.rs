//! Numbers as people read them.

use fairtrial_domain::protocol::OutcomeKind;
use fairtrial_stats::special::elementary::log10;

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

/// How many digits after the point a difference and its interval call for, on the scale that people see.
///
/// Per 100 (`whole`): none, or one when the difference is below 2. Other scales: two digits of the interval's width, which
/// are as many as it supports; per 100 there are never more than these either. But an end that is not zero is never told
/// as zero, because on which side of zero it lies is the message.
///
/// ```
/// use fairtrial_analysis::words::decimals;
/// assert_eq!(decimals(true, Some(6.0), Some(2.1), Some(9.9)), 0);
/// assert_eq!(decimals(true, Some(1.2), Some(0.4), Some(2.0)), 1);
/// assert_eq!(decimals(true, Some(1.0), Some(-13.0), Some(15.0)), 0);
/// assert_eq!(decimals(true, Some(6.0), Some(0.3), Some(11.7)), 1);
/// assert_eq!(decimals(false, Some(-3.0), Some(-6.4), Some(0.5)), 1);
/// ```
#[must_use]
pub fn decimals(whole: bool, estimate: Option<f64>, lower: Option<f64>, upper: Option<f64>) -> usize {
    let width = lower.zip(upper).map(|(lower, upper)| upper - lower).filter(|width| width.is_finite() && *width > 0.0);
    let supported = width.map_or(1.0, |width| (1.0 - log10(width).floor()).clamp(0.0, 6.0)) as usize;
    let mut decimals = match (whole, estimate) {
        (true, Some(estimate)) if estimate.abs() < 2.0 => supported.min(1),
        (true, _) => 0,
        (false, _) => supported,
    };
    let hidden = |end: f64, decimals: usize| end != 0.0 && end.abs() < 0.5 * 0.1_f64.powi(decimals as i32);
    while decimals < 2 && [lower, upper].into_iter().flatten().any(|end| hidden(end, decimals)) {
        decimals += 1;
    }
    decimals
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
        let per_100 = outcome.kind == OutcomeKind::Binary;
        let shown = |value: f64| if per_100 { value * 100.0 } else { value };
        let [estimate, lower, upper] = match difference {
            Some(found) => [found.estimate, found.lower, found.upper].map(|value| value.map(shown)),
            None => [None; 3],
        };
        Self { per_100, decimals: decimals(per_100, estimate, lower, upper), more, less }
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
