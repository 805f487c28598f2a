//! Whole numbers as people read them.

pub use fairtrial_analysis::words::{grouped, plural};

/// The number and its noun in the right form: `1 person`, `2 people`.
///
/// ```
/// use fairtrial_pages::number::counted;
/// assert_eq!(counted(1, "person", "people"), "1 person");
/// assert_eq!(counted(1_200, "person", "people"), "1,200 people");
/// ```
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// A difference with its sign and `decimals` digits after the point; a real minus sign, and no sign for zero.
///
/// ```
/// use fairtrial_pages::number::signed;
/// assert_eq!(signed(6.0, 0), "+6");
/// assert_eq!(signed(-2.04, 1), "\u{2212}2.0");
/// assert_eq!(signed(-0.01, 1), "0.0");
/// ```
#[must_use]
pub fn signed(value: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", value.abs());
    if digits.chars().all(|digit| matches!(digit, '0' | '.')) {
        digits
    } else if value < 0.0 {
        format!("\u{2212}{digits}")
    } else {
        format!("+{digits}")
    }
}

/// An amount of money with two digits after the point and its thousands set apart; nothing when it is not finite or
/// beyond what can be said exactly.
///
/// ```
/// use fairtrial_pages::number::money;
/// assert_eq!(money(1234.5).as_deref(), Some("1,234.50"));
/// assert_eq!(money(-0.1).as_deref(), Some("\u{2212}0.10"));
/// assert_eq!(money(f64::NAN), None);
/// ```
#[must_use]
pub fn money(amount: f64) -> Option<String> {
    if !amount.is_finite() || amount.abs() >= 1e15 {
        return None;
    }
    let text = format!("{:.2}", amount.abs());
    let (whole, cents) = text.split_once('.')?;
    let whole = grouped(whole.parse().ok()?);
    let sign = if amount < 0.0 && text != "0.00" { "\u{2212}" } else { "" };
    Some(format!("{sign}{whole}.{cents}"))
}
