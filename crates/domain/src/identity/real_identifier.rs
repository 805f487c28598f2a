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
    /// A passport number of New Zealand, Australia or the United States.
    PassportNumber,
    /// A client number of nine digits, as social services and several passport offices give.
    ClientNumber,
    /// A calendar date, which is most often a birthday.
    Date,
    /// Two or more words written as names are.
    PersonName,
}

impl fmt::Display for RealIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmailAddress => "an e-mail address",
            Self::PhoneNumber => "a telephone number",
            Self::NhiNumber => "a National Health Index number",
            Self::IrdNumber => "an Inland Revenue number",
            Self::DriverLicence => "a driver licence number",
            Self::PassportNumber => "a passport number",
            Self::ClientNumber => "a client number of nine digits",
            Self::Date => "a date",
            Self::PersonName => "a person's name",
        })
    }
}

/// What real identifier a text looks like, if any.
#[must_use]
pub fn recognise(text: &str) -> Option<RealIdentifier> {
    let text = without_label(text.trim());
    if is_email(text) {
        return Some(RealIdentifier::EmailAddress);
    }
    if is_date(text) || is_compact_date(text) {
        return Some(RealIdentifier::Date);
    }
    if is_name(text) {
        return Some(RealIdentifier::PersonName);
    }
    let compact: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '/' | '(' | ')')).collect();
    if is_nhi(&compact) {
        Some(RealIdentifier::NhiNumber)
    } else if is_driver_licence(&compact) {
        Some(RealIdentifier::DriverLicence)
    } else if is_passport(&compact) {
        Some(RealIdentifier::PassportNumber)
    } else if is_phone(&compact) {
        Some(RealIdentifier::PhoneNumber)
    } else if is_ird(&compact) {
        Some(RealIdentifier::IrdNumber)
    } else if compact.len() == 9 && compact.bytes().all(|b| b.is_ascii_digit()) {
        Some(RealIdentifier::ClientNumber)
    } else {
        None
    }
}

/// The text after a word that says what it is, such as `IRD 49-091-850` or `tel:+64…`.
fn without_label(text: &str) -> &str {
    const LABELS: [&str; 10] = ["mailto:", "tel:", "sms:", "ird", "nhi", "swn", "dob", "passport", "licence", "phone"];
    let label =
        LABELS.iter().find(|label| text.get(..label.len()).is_some_and(|start| start.eq_ignore_ascii_case(label)));
    let Some(rest) = label.and_then(|label| text.get(label.len()..)) else { return text };
    rest.trim_start_matches([' ', ':', '#', '-', '.', '='])
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
    // Some leave the plus out; a mobile number is then 64, 2, and 7 to 9 digits.
    if compact.starts_with("642") && (10..=12).contains(&compact.len()) && digits(compact) {
        return true;
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
    if compact.len() != 7 {
        return false;
    }
    let text = compact.to_ascii_uppercase();
    let bytes = text.as_bytes();
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

/// Two letters and six digits, perhaps with the three digits of the card's version. New Zealand passports have the first form
/// too.
fn is_driver_licence(compact: &str) -> bool {
    letters_and_digits(compact, 2).is_some_and(|(_, digits)| matches!(digits, 6 | 9))
}

/// Two capitals and seven digits, or one of the capitals that passports begin with and six to eight. Small letters are not
/// taken for one: codes made for a purpose often look like that.
fn is_passport(compact: &str) -> bool {
    let capitals = |letters: &str| letters.bytes().all(|b| b.is_ascii_uppercase());
    let two = letters_and_digits(compact, 2).is_some_and(|(letters, digits)| capitals(letters) && digits == 7);
    let one = letters_and_digits(compact, 1).is_some_and(|(letters, digits)| match letters {
        "E" | "L" | "M" | "N" | "P" => (6..=8).contains(&digits),
        "A" => digits == 8,
        _ => false,
    });
    two || one
}

/// The letters that a text begins with and the number of digits that make up the rest.
fn letters_and_digits(compact: &str, letters: usize) -> Option<(&str, usize)> {
    let (start, rest) = compact.split_at_checked(letters)?;
    let fits = start.bytes().all(|b| b.is_ascii_alphabetic()) && rest.bytes().all(|b| b.is_ascii_digit());
    fits.then_some((start, rest.len()))
}

/// Two to five words. Between spaces or commas any words count, as no code is written so; between dots and underscores
/// (and hyphens, where there is a dot or an underscore too) each word must be written as names are: a capital and small letters.
fn is_name(text: &str) -> bool {
    // Nearly every code has a digit in it, and no name has.
    if text.bytes().any(|b| b.is_ascii_digit()) {
        return false;
    }
    let spaced = text.contains([' ', ',']);
    let words: Vec<&str> = text.split([' ', ',', '.', '_', '-']).filter(|word| !word.is_empty()).collect();
    let letters = |word: &str| word.chars().all(|c| c.is_alphabetic() || is_apostrophe(c));
    (2..=5).contains(&words.len())
        && words.iter().all(|word| letters(word))
        && words.iter().any(|word| word.chars().count() > 1)
        && (spaced || text.contains(['.', '_']) && words.iter().all(|word| is_titled(word)))
}

fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '\u{2019}')
}

/// Whether a word is a capital and small letters, as in `Smith`, `O'Neill` and `McLean`.
fn is_titled(word: &str) -> bool {
    let rest = word.strip_prefix("Mc").unwrap_or(word);
    let parts: Vec<&str> = rest.split(is_apostrophe).collect();
    let small = |part: &str| part.chars().all(char::is_lowercase);
    let titled = |part: &str| {
        let mut letters = part.chars();
        letters.next().is_some_and(char::is_uppercase) && small(letters.as_str())
    };
    word.chars().count() > 1 && parts.iter().enumerate().all(|(place, part)| titled(part) || place > 0 && small(part))
}

/// `17May1984`, `17-May-1984`, `19840517` and `17051984`.
fn is_compact_date(text: &str) -> bool {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let between = |c: char| matches!(c, ' ' | '-' | '/' | '.' | ',');
    if !text.trim_start_matches(between).starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let compact: String = text.chars().filter(|c| !between(*c)).collect();
    let day = compact.chars().take_while(char::is_ascii_digit).count();
    let letters: String = compact.chars().skip(day).take_while(char::is_ascii_alphabetic).collect();
    let year = compact.get(day + letters.len()..).unwrap_or("");
    let within = |text: &str, least: u32, most: u32| text.parse::<u32>().is_ok_and(|n| (least..=most).contains(&n));
    if (1..=2).contains(&day) && letters.len() >= 3 && year.len() == 4 {
        let month = letters.get(..3).is_some_and(|start| MONTHS.contains(&start.to_ascii_lowercase().as_str()));
        return month && within(year, 1900, 2100) && compact.get(..day).is_some_and(|day| within(day, 1, 31));
    }
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or("");
    let written =
        |year: &str, month: &str, day: &str| within(year, 1900, 2029) && within(month, 1, 12) && within(day, 1, 31);
    text.len() == 8
        && text.bytes().all(|b| b.is_ascii_digit())
        && (written(part(0, 4), part(4, 6), part(6, 8)) || written(part(4, 8), part(2, 4), part(0, 2)))
}

/// `1984-05-17`, `17/05/1984`, `17.5.1984` and the like.
fn is_date(text: &str) -> bool {
    let mut parts = text.split(['-', '/', '.']);
    let (Some(a), Some(b), Some(c), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
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
            ("AB123456-789", DriverLicence),
            ("64211234567", PhoneNumber),
            ("tel:+64-21-123-4567", PhoneNumber),
            ("IRD 49-091-850", IrdNumber),
            ("nhi:ZZZ0016", NhiNumber),
            ("PA1234567", PassportNumber),
            ("N1234567", PassportNumber),
            ("A12345678", PassportNumber),
            ("123-456-789", ClientNumber),
            ("19840517", Date),
            ("17051984", Date),
            ("17 May 1984", Date),
            ("17-May-1984", Date),
            ("John Smith", PersonName),
            ("Smith, John A.", PersonName),
            ("mere t\u{101}whai", PersonName),
            ("SMITH JOHN", PersonName),
            ("John.Smith", PersonName),
            ("Anne-Marie_O'Neill", PersonName),
            ("Ewen.McLean", PersonName),
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
            "Unit-A",
            "Counter-North",
            "KsRaqldvBslBl_HgcgThar",
            "open-door",
            "CASE-HOME",
            "east.counter",
            "20991398",
            "u12345678901",
            "9999999999",
            "1-2-3",
            "case@home",
        ] {
            assert_eq!(recognise(text), None, "{text}");
        }
    }
}
