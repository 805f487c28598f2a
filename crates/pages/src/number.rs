//! Whole numbers as people read them.

/// The number with its thousands set apart by commas.
///
/// ```
/// assert_eq!(fairtrial_pages::number::grouped(1_234_567), "1,234,567");
/// assert_eq!(fairtrial_pages::number::grouped(999), "999");
/// ```
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

/// More than one of a unit of randomisation: `person` gives `people`, `agency` gives `agencies`.
///
/// ```
/// use fairtrial_pages::number::plural;
/// assert_eq!(plural("person"), "people");
/// assert_eq!(plural("household"), "households");
/// assert_eq!(plural("agency"), "agencies");
/// assert_eq!(plural("day"), "days");
/// ```
#[must_use]
pub fn plural(unit: &str) -> String {
    let unit = unit.trim();
    match unit {
        "" | "person" => "people".to_owned(),
        _ if unit.ends_with(['s', 'x']) || unit.ends_with("ch") || unit.ends_with("sh") => format!("{unit}es"),
        _ => match unit.strip_suffix('y') {
            Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
            _ => format!("{unit}s"),
        },
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
