//! Units that are real identifiers are refused by the name of the rule, and codes made for the purpose pass.

use fairtrial_domain::{
    UnitText,
    identity::{RealIdentifier, UnitTextError, recognise},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// Whole numbers below a limit, the same each time.
struct Draw(ChaCha12Rng);

impl Draw {
    fn below(&mut self, limit: u32) -> u32 {
        self.0.random_range(0..limit)
    }

    fn digits(&mut self, n: u32) -> String {
        (0..n).map(|_| self.below(10).to_string()).collect()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(u32::try_from(from.len()).unwrap()) as usize]
    }

    /// From an alphabet.
    fn letters(&mut self, alphabet: &str, n: u32) -> String {
        let all: Vec<char> = alphabet.chars().collect();
        (0..n).map(|_| all[self.below(u32::try_from(all.len()).unwrap()) as usize]).collect()
    }
}

/// Letters of a health index number with their values.
const NHI_LETTERS: &str = "ABCDEFGHJKLMNPQRSTUVWXYZ";

fn nhi_sum(start: &str) -> u32 {
    let value = |c: char| match c.to_digit(10) {
        Some(digit) => digit,
        None => 1 + u32::try_from(NHI_LETTERS.find(c).unwrap()).unwrap(),
    };
    start.chars().zip((2..=7).rev()).map(|(c, weight)| value(c) * weight).sum()
}

/// Written here from the published rules, apart from the code under test.
fn nhi(draw: &mut Draw, new_form: bool) -> String {
    loop {
        let start = draw.letters(NHI_LETTERS, 3) + &draw.digits(2);
        if new_form {
            let start = start + &draw.letters(NHI_LETTERS, 1);
            let check = 23 - nhi_sum(&start) % 23;
            return format!("{start}{}", NHI_LETTERS.chars().nth(check as usize - 1).unwrap());
        }
        let start = start + &draw.digits(1);
        let rest = nhi_sum(&start) % 11;
        if rest != 0 {
            return format!("{start}{}", (11 - rest) % 10);
        }
    }
}

fn ird(draw: &mut Draw) -> String {
    loop {
        let base = 1_000_000 + draw.below(14_000_000);
        let digits: Vec<u32> = format!("{base:08}").chars().map(|c| c.to_digit(10).unwrap()).collect();
        let check = |weights: [u32; 8]| (11 - digits.iter().zip(weights).map(|(d, w)| d * w).sum::<u32>() % 11) % 11;
        let first = check([3, 2, 7, 6, 5, 4, 3, 2]);
        let check = if first == 10 { check([7, 4, 3, 2, 5, 2, 7, 6]) } else { first };
        if check < 10 {
            return format!("{base}{check}");
        }
    }
}

#[test]
fn two_hundred_real_identifiers_are_refused_by_name_and_not_repeated() {
    use RealIdentifier as R;
    let mut draw = Draw(ChaCha12Rng::seed_from_u64(20_261_126));
    let firsts = ["Aroha", "Mere", "John", "Wiremu", "Anne", "Tama", "Sione", "Priya"];
    let lasts = ["Smith", "Ngata", "Patel", "Tawhai", "O'Neill", "Lee", "Brown", "Fa'afoi"];
    let months = ["Jan", "March", "May", "June", "Sep", "November"];
    let mut told = 0;
    for round in 0..20 {
        let mut of_round: Vec<(String, R)> = Vec::new();
        let (first, last) = (draw.pick(&firsts), draw.pick(&lasts));
        let plain = last.replace('\'', "").to_lowercase();
        of_round.push((format!("{}.{plain}{}@example.govt.nz", first.to_lowercase(), draw.digits(2)), R::EmailAddress));
        of_round.push((
            format!("{}{}", draw.pick(&["021", "+6427", "04-5", "0064 22 ", "(09) 3", "6421"]), draw.digits(7)),
            R::PhoneNumber,
        ));
        of_round.push((nhi(&mut draw, false), R::NhiNumber));
        of_round.push((nhi(&mut draw, true).to_lowercase(), R::NhiNumber));
        of_round.push((ird(&mut draw), R::IrdNumber));
        of_round.push((format!("{}{}", draw.letters("ABCDEFGH", 2), draw.digits(6)), R::DriverLicence));
        of_round.push((format!("{}{}", draw.pick(&["PA", "N", "RB", "E", "L"]), draw.digits(7)), R::PassportNumber));
        let (year, month, day) = (1930 + draw.below(85), 1 + draw.below(12), 1 + draw.below(28));
        of_round.push((
            match round % 4 {
                0 => format!("{year}-{month:02}-{day:02}"),
                1 => format!("{day}/{month}/{year}"),
                2 => format!("{year}{month:02}{day:02}"),
                _ => format!("{day} {} {year}", draw.pick(&months)),
            },
            R::Date,
        ));
        of_round.push((
            match round % 3 {
                0 => format!("{first} {last}"),
                1 => format!("{last}, {first} J."),
                _ => format!("{first}.{}", last.replace('\'', "")),
            },
            R::PersonName,
        ));
        of_round.push((format!("9{}", draw.digits(8)), R::ClientNumber));
        for (text, kind) in of_round {
            let found = recognise(&text).unwrap_or_else(|| panic!("{text} passes"));
            // One in eleven client numbers has the check digit of a tax number.
            assert!(found == kind || (kind == R::ClientNumber && found == R::IrdNumber), "{text}: {found:?}");
            let refusal = UnitText::new(&text).unwrap_err();
            assert_eq!(refusal, UnitTextError::LooksLikeIdentifier(found), "{text}");
            assert!(refusal.to_string().contains(&found.to_string()) && !refusal.to_string().contains(&text));
            told += 1;
        }
    }
    assert_eq!(told, 200);
}

#[test]
fn codes_made_for_the_purpose_are_never_refused() {
    const BASE64_URL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut draw = Draw(ChaCha12Rng::seed_from_u64(7));
    let mut refused = Vec::new();
    for _ in 0..10_000 {
        let hex = draw.letters("0123456789abcdef", 32);
        let uuid = format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
        for text in [draw.letters(BASE64_URL, 22), hex, uuid] {
            refused.extend(UnitText::new(&text).err().map(|why| (text, why)));
        }
    }
    assert!(refused.is_empty(), "{refused:?}");
}
