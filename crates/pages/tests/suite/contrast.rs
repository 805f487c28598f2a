//! The colours of `web/assets/scss/_tokens.scss`, computed by the formula of WCAG 2.2 (relative luminance, 1.4.3, 1.4.11).

use std::collections::HashMap;
use std::fs;
use std::path::Path;

fn tokens() -> HashMap<String, [u8; 3]> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/assets/scss/_tokens.scss");
    let text = fs::read_to_string(file).expect("the tokens");
    let colour = |line: &str| {
        let (name, value) = line.strip_prefix('$')?.split_once(": #")?;
        let channel = |start: usize| u8::from_str_radix(value.get(start..start + 2)?, 16).ok();
        Some((name.to_owned(), [channel(0)?, channel(2)?, channel(4)?]))
    };
    text.lines().filter_map(colour).collect()
}

#[expect(clippy::disallowed_methods, reason = "contrast is asked for in tenths")]
fn luminance(colour: [u8; 3]) -> f64 {
    let [red, green, blue] = colour.map(|channel| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn at_least(least: f64, pairs: &[(&str, &str)]) {
    let tokens = tokens();
    for (front, back) in pairs {
        let found = contrast(tokens[*front], tokens[*back]);
        assert!(found >= least, "{front} on {back} has a contrast of {found:.2}, needs {least}");
    }
}

#[test]
fn black_on_white_is_twenty_one_and_white_on_white_is_one() {
    assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
    assert!((contrast([255; 3], [255; 3]) - 1.0).abs() < 1e-9);
}

#[test]
fn text_can_be_read() {
    at_least(
        4.5,
        &[
            ("ink", "paper"),
            ("ink", "mist"),
            ("ink", "brand-tint"),
            ("quiet", "paper"),
            ("quiet", "mist"),
            ("quiet", "brand-tint"),
            ("paper", "ink"),
            ("paper", "brand"),
            ("paper", "succeeded"),
            ("paper", "failed"),
            ("paper", "harmful"),
            ("paper", "undecided"),
            ("paper", "invalid"),
        ],
    );
}

#[test]
fn marks_in_charts_can_be_seen() {
    at_least(
        3.0,
        &[
            ("ink", "paper"),
            ("ink", "brand-tint"),
            ("brand", "paper"),
            ("brand", "brand-tint"),
            ("quiet", "paper"),
            ("arm-1", "paper"),
            ("arm-2", "paper"),
            ("arm-3", "paper"),
            ("succeeded", "paper"),
            ("undecided", "paper"),
            ("harmful", "paper"),
            // The lightest arm is only just below three to one on paper, so its marks have an outline in ink.
            ("ink", "arm-4"),
            ("ink", "arm-2"),
        ],
    );
}
