//! Decimal numbers as people write them, kept exactly.

use std::{cmp::Ordering, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Digits after the point that are kept.
pub const PLACES: u32 = 6;
const SCALE: i64 = 1_000_000;

/// Why a text is not a decimal number that is kept exactly.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be a decimal number such as \"0.03\", at most 1,000,000,000,000 in size and with at most 6 places")]
pub struct DecimalError;

/// A decimal number with six places, as a whole number of millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Decimal(i64);

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// One.
    pub const ONE: Self = Self(SCALE);
    /// Largest size that is kept.
    pub const LIMIT: i64 = 1_000_000_000_000 * SCALE;

    /// From millionths; none beyond ±10^12.
    #[must_use]
    pub fn from_millionths(millionths: i64) -> Option<Self> {
        (-Self::LIMIT..=Self::LIMIT).contains(&millionths).then_some(Self(millionths))
    }

    /// As a whole number of millionths.
    #[must_use]
    pub fn millionths(self) -> i64 {
        self.0
    }

    /// As the nearest double.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / SCALE as f64
    }

    /// How many whole steps this is; none when it is not a multiple of the step, or the step is not positive.
    #[must_use]
    pub fn in_steps_of(self, step: Self) -> Option<i64> {
        (step.0 > 0 && self.0 % step.0 == 0).then(|| self.0 / step.0)
    }

    /// From a JSON number: the decimal that the writer most likely wrote (the shortest that reads back the same).
    #[must_use]
    pub fn from_json(number: &serde_json::Number) -> Option<Self> {
        match number.as_i64() {
            Some(whole) => whole.checked_mul(SCALE).and_then(Self::from_millionths),
            None => number.as_f64().filter(|f| f.abs() <= 1e12).and_then(|f| format!("{f}").parse().ok()),
        }
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return Err(DecimalError),
            Some(parts) => parts,
            None => (digits, ""),
        };
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        let all_digits = whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
        if whole.is_empty() || whole.len() > 13 || fraction.len() > PLACES as usize || leading_zero || !all_digits {
            return Err(DecimalError);
        }
        let whole: i64 = whole.parse().map_err(|_| DecimalError)?;
        let fraction: i64 = format!("{fraction:0<6}").parse().map_err(|_| DecimalError)?;
        let size = whole.checked_mul(SCALE).and_then(|w| w.checked_add(fraction)).ok_or(DecimalError)?;
        Self::from_millionths(if negative { -size } else { size }).ok_or(DecimalError)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.unsigned_abs();
        let sign = if self.0.cmp(&0) == Ordering::Less { "-" } else { "" };
        let (whole, fraction) = (size / SCALE as u64, size % SCALE as u64);
        let fraction = format!("{fraction:06}");
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{sign}{whole}"),
            places => write!(f, "{sign}{whole}.{places}"),
        }
    }
}

impl TryFrom<String> for Decimal {
    type Error = DecimalError;
    fn try_from(text: String) -> Result<Self, DecimalError> {
        text.parse()
    }
}

impl From<Decimal> for String {
    fn from(value: Decimal) -> Self {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_exactly() {
        for (text, millionths) in [("0.03", 30_000), ("-2", -2_000_000), ("1000.00", 1_000_000_000), ("0", 0)] {
            assert_eq!(text.parse::<Decimal>().unwrap().millionths(), millionths);
        }
        assert_eq!("1000.00".parse::<Decimal>().unwrap().to_string(), "1000");
        assert_eq!("-0.50".parse::<Decimal>().unwrap().to_string(), "-0.5");
        for bad in ["", ".5", "5.", "+1", "1e3", "007", "0x10", "1.0000001", "9999999999999", "--1", "1,5", "１"] {
            assert_eq!(bad.parse::<Decimal>(), Err(DecimalError), "{bad}");
        }
    }

    #[test]
    fn json_numbers_are_what_was_written() {
        let number = |text: &str| serde_json::from_str::<serde_json::Number>(text).unwrap();
        assert_eq!(Decimal::from_json(&number("12.34")).unwrap().to_string(), "12.34");
        assert_eq!(Decimal::from_json(&number("-0.0")).unwrap(), Decimal::ZERO);
        assert_eq!(Decimal::from_json(&number("9007199254740993")), None);
        assert_eq!(Decimal::from_json(&number("0.1234567")), None);
        assert_eq!(Decimal::from_json(&number("1e300")), None);
    }

    #[test]
    fn steps_are_whole_or_refused() {
        let cent: Decimal = "0.01".parse().unwrap();
        assert_eq!("12.34".parse::<Decimal>().unwrap().in_steps_of(cent), Some(1234));
        assert_eq!("12.345".parse::<Decimal>().unwrap().in_steps_of(cent), None);
        assert_eq!(Decimal::ONE.in_steps_of(Decimal::ZERO), None);
    }
}
