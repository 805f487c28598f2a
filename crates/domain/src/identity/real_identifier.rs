//! Recognising texts that identify a person outside the agency's own system.
//!
//! A code made for the purpose says nothing about anybody; an e-mail address, a telephone number or a government number
//! does, and the law limits its reuse. The whole text must have the form, so that an opaque code that merely contains
//! digits passes. Check digits are tested where the number has them, which keeps false refusals rare.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a text looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RealIdentifier {
    /// Something with an @ between two parts.
    EmailAddress,
    /// A New Zealand or international telephone number.
    PhoneNumber,
    /// A National Health Index number with a right check character.
    NhiNumber,
    /// An Inland Revenue number with a right check digit.
    IrdNumber,
    /// A New Zealand driver licence number.
    DriverLicence,
    /// A calendar date, which is most often a birthday.
    Date,
}

impl fmt::Display for RealIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmailAddress => "an e-mail address",
            Self::PhoneNumber => "a telephone number",
            Self::NhiNumber => "a National Health Index number",
            Self::IrdNumber => "an Inland Revenue number",
            Self::DriverLicence => "a driver licence number",
            Self::Date => "a date",
        })
    }
}

/// What real identifier a text looks like, if any.
#[must_use]
pub fn recognise(text: &str) -> Option<RealIdentifier> {
    let text = text.trim();
    if is_email(text) {
        return Some(RealIdentifier::EmailAddress);
    }
    if is_date(text) {
        return Some(RealIdentifier::Date);
    }
    let compact: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')')).collect();
    if is_nhi(&compact) {
        Some(RealIdentifier::NhiNumber)
    } else if is_driver_licence(&compact) {
        Some(RealIdentifier::DriverLicence)
    } else if is_phone(&compact) {
        Some(RealIdentifier::PhoneNumber)
    } else if is_ird(&compact) {
        Some(RealIdentifier::IrdNumber)
    } else {
        None
    }
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.'))
}

/// `+` and 8 to 15 digits (ITU-T E.164), or a national number: 0, an area or mobile code, 8 to 11 digits in all.
fn is_phone(compact: &str) -> bool {
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if let Some(rest) = compact.strip_prefix('+') {
        return (8..=15).contains(&rest.len()) && digits(rest);
    }
    let national = compact.strip_prefix("0064").map(|rest| format!("0{rest}"));
    let number = national.as_deref().unwrap_or(compact);
    let second = number.as_bytes().get(1);
    (8..=11).contains(&number.len())
        && digits(number)
        && number.starts_with('0')
        && second.is_some_and(|b| (b'2'..=b'9').contains(b))
}

/// HISO 10046: three letters without I and O, then NNNC with check digit modulo 11, or NNAX with a check
/// letter. Published descriptions of the letter differ in the modulus, 24 or 23, so both are taken.
fn is_nhi(compact: &str) -> bool {
    let text = compact.to_ascii_uppercase();
    let bytes = text.as_bytes();
    if bytes.len() != 7 {
        return false;
    }
    let letter = |b: u8| match b {
        b'A'..=b'H' => Some(u32::from(b - b'A') + 1),
        b'J'..=b'N' => Some(u32::from(b - b'A')),
        b'P'..=b'Z' => Some(u32::from(b - b'A') - 1),
        _ => None,
    };
    let digit = |b: u8| b.is_ascii_digit().then(|| u32::from(b - b'0'));
    let new_form = bytes[5].is_ascii_alphabetic();
    let values = [
        letter(bytes[0]),
        letter(bytes[1]),
        letter(bytes[2]),
        digit(bytes[3]),
        digit(bytes[4]),
        if new_form { letter(bytes[5]) } else { digit(bytes[5]) },
    ];
    let Some(sum) = values.iter().zip((2..=7).rev()).map(|(v, w)| v.map(|v| v * w)).sum::<Option<u32>>() else {
        return false;
    };
    if new_form {
        letter(bytes[6]).is_some_and(|check| check == 24 - sum % 24 || check == 23 - sum % 23)
    } else {
        sum % 11 != 0 && digit(bytes[6]) == Some((11 - sum % 11) % 10)
    }
}

/// Inland Revenue's published check: modulo 11 with two sets of weights, numbers from 10,000,000 to 150,000,000.
fn is_ird(compact: &str) -> bool {
    const FIRST: [u32; 8] = [3, 2, 7, 6, 5, 4, 3, 2];
    const SECOND: [u32; 8] = [7, 4, 3, 2, 5, 2, 7, 6];
    if !(8..=9).contains(&compact.len()) || !compact.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let padded = format!("{compact:0>9}");
    let digits: Vec<u32> = padded.bytes().map(|b| u32::from(b - b'0')).collect();
    let in_range = compact.parse::<u32>().is_ok_and(|n| (10_000_000..=150_000_000).contains(&n));
    let check = |weights: [u32; 8]| {
        let remainder = digits.iter().zip(weights).map(|(d, w)| d * w).sum::<u32>() % 11;
        if remainder == 0 { 0 } else { 11 - remainder }
    };
    let expected = match check(FIRST) {
        10 => check(SECOND),
        other => other,
    };
    in_range && digits.last() == Some(&expected)
}

/// Two letters and six digits.
fn is_driver_licence(compact: &str) -> bool {
    let (letters, digits) = compact.split_at_checked(2).unwrap_or(("", ""));
    letters.len() == 2
        && letters.bytes().all(|b| b.is_ascii_alphabetic())
        && digits.len() == 6
        && digits.bytes().all(|b| b.is_ascii_digit())
}

/// `1984-05-17`, `17/05/1984`, `17.5.1984` and the like.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let [a, b, c] = parts.as_slice() else { return false };
    if ![a, b, c].iter().all(|p| p.bytes().all(|b| b.is_ascii_digit())) {
        return false;
    }
    let number = |s: &str| s.parse::<u32>().unwrap_or(0);
    let plausible = |year: &str, month: &str, day: &str| {
        year.len() == 4
            && (1900..=2100).contains(&number(year))
            && (1..=12).contains(&number(month))
            && (1..=31).contains(&number(day))
    };
    plausible(a, b, c) || plausible(c, b, a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_real_identifiers() {
        use RealIdentifier::*;
        for (text, kind) in [
            ("a.b@example.govt.nz", EmailAddress),
            ("+64 21 123 4567", PhoneNumber),
            ("021-123-4567", PhoneNumber),
            ("(04) 123 4567", PhoneNumber),
            ("0064211234567", PhoneNumber),
            ("ZZZ0016", NhiNumber),
            ("zzz0024", NhiNumber),
            ("ZZZ00AX", NhiNumber),
            ("49-091-850", IrdNumber),
            ("136410132", IrdNumber),
            ("AB123456", DriverLicence),
            ("1984-05-17", Date),
            ("17/05/1984", Date),
        ] {
            assert_eq!(recognise(text), Some(kind), "{text}");
        }
    }

    #[test]
    fn lets_codes_pass() {
        for text in [
            "u-1",
            "unit-0017",
            "00000017",
            "ZZZ0017",
            "49091851",
            "123",
            "AB12345",
            "0198f1c2-7d3e-7000-8000-0123456789ab",
            "c3RyYW5nZXIgdGhpbmdz",
            "x12345678",
            "9999999999",
            "1-2-3",
            "case@home",
        ] {
            assert_eq!(recognise(text), None, "{text}");
        }
    }
}
