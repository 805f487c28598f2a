//! Special functions against 40-digit values (`scripts/reference/special.py`).

use fairtrial_stats::special::{
    beta, chi_square, count, elementary, f_distribution, gamma, incomplete_gamma, normal, student,
};
use serde_json::Value;

const TABLE: &str = include_str!("../data/special.jsonl");
const MANY: &str = include_str!("../data/special.tsv");

fn evaluate(function: &str, a: &[f64]) -> Option<f64> {
    let whole = |i: usize| a[i] as u64;
    Some(match function {
        "normal.cdf" => normal::cdf(a[0]),
        "normal.ln_cdf" => normal::ln_cdf(a[0]),
        "normal.erf" => normal::erf(a[0]),
        "normal.erfc" => normal::erfc(a[0]),
        "normal.erfcx" => normal::erfcx(a[0]),
        "normal.quantile" => normal::quantile(a[0]),
        "normal.quantile_of_ln" => normal::quantile_of_ln(a[0]),
        "gamma.ln_gamma" => gamma::ln_gamma(a[0]),
        "gamma.trigamma" => gamma::trigamma(a[0]),
        "gamma.stirling_error" => gamma::stirling_error(a[0]),
        "gamma.ln_1p_minus" => gamma::ln_1p_minus(a[0]),
        "gamma.deviance" => gamma::deviance(a[0], a[1]),
        "count.ln_choose" => count::ln_choose(whole(0), whole(1)),
        "count.ln_binomial" => count::ln_binomial(whole(1), whole(0), a[2], 1.0 - a[2]),
        "count.ln_poisson" => count::ln_poisson(whole(0), a[1]),
        "count.ln_hypergeometric" => count::ln_hypergeometric(whole(0), whole(1), whole(2), whole(3)),
        "incomplete_gamma.lower" => incomplete_gamma::lower(a[0], a[1]),
        "incomplete_gamma.upper" => incomplete_gamma::upper(a[0], a[1]),
        "incomplete_gamma.round_trip" => round_trip_gamma(a[0], a[1]),
        "beta.lower" => beta::lower(a[0], a[1], a[2]),
        "beta.upper" => beta::upper(a[0], a[1], a[2]),
        "beta.round_trip" => round_trip_beta(a[0], a[1], a[2]),
        "student.sf" => student::sf(a[0], a[1]),
        "student.quantile" => student::quantile(a[0], a[1]),
        "chi_square.sf" => chi_square::sf(a[0], a[1]),
        "f_distribution.sf" => f_distribution::sf(a[0], a[1], a[2]),
        _ => return None,
    })
}

fn round_trip_gamma(shape: f64, p: f64) -> f64 {
    let x = incomplete_gamma::quantile(shape, p);
    // Below the smallest double the quantile is 0 and nothing remains to invert.
    if x < 1e-300 { p } else { incomplete_gamma::lower(shape, x) }
}

fn round_trip_beta(a: f64, b: f64, p: f64) -> f64 {
    let x = beta::quantile(a, b, p);
    // The quantile may round to an end, where nothing remains to invert; nearer ends are reached from the other side.
    if !(1e-300..=0.999).contains(&x) {
        let y = beta::quantile_upper(b, a, p);
        return if !(1e-300..=0.5).contains(&y) { p } else { beta::upper(b, a, y) };
    }
    beta::lower(a, b, x)
}

#[test]
fn special_functions_agree_with_forty_digit_values() {
    let mut failures = Vec::new();
    let mut lines = 0;
    for line in TABLE.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let function = row["function"].as_str().unwrap();
        let arguments: Vec<f64> = row["arguments"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        let (expected, tolerance) = (row["value"].as_f64().unwrap(), row["tolerance"].as_f64().unwrap());
        let got = evaluate(function, &arguments).unwrap_or_else(|| panic!("no function {function}"));
        let error = ((got - expected) / expected).abs();
        if error.is_nan() || error > tolerance {
            failures.push(format!("{function}{arguments:?} = {got:e}, expected {expected:e}, off by {error:.1e}"));
        }
        lines += 1;
    }
    assert!(lines > 800, "the table has only {lines} lines");
    assert!(failures.is_empty(), "{} of {lines} wrong:\n{}", failures.len(), failures.join("\n"));
}

/// 2,000 points a function, tails included (`scripts/reference/special_many.py`).
#[test]
fn special_functions_agree_at_thousands_of_points() {
    let (mut failures, mut counts): (Vec<String>, Vec<(&str, usize)>) = (Vec::new(), Vec::new());
    let (mut function, mut tolerance) = ("", 0.0);
    for line in MANY.lines() {
        let mut cells = line.split('\t');
        let first = cells.next().unwrap();
        if first.starts_with(char::is_alphabetic) {
            function = first;
            tolerance = cells.next().unwrap().parse().unwrap();
            counts.push((function, 0));
            continue;
        }
        let mut numbers: Vec<f64> = std::iter::once(first).chain(cells).map(|cell| cell.parse().unwrap()).collect();
        let expected = numbers.pop().unwrap();
        let got = evaluate(function, &numbers).unwrap_or_else(|| panic!("no function {function}"));
        let error = ((got - expected) / expected).abs();
        // The last digits of a large logarithm are lost with its exponential.
        if error.is_nan() || error > tolerance * (expected.abs().ln().abs() / 100.0).max(1.0) {
            failures.push(format!("{function}{numbers:?} = {got:e}, expected {expected:e}, off by {error:.1e}"));
        }
        counts.last_mut().unwrap().1 += 1;
    }
    assert_eq!(counts.len(), 24, "{counts:?}");
    assert!(counts.iter().all(|(_, points)| *points >= 2_000), "{counts:?}");
    assert!(failures.is_empty(), "{} wrong:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn quantiles_end_where_the_general_library_does_not() {
    // The general library hangs at the first and is 9e-4 off at the second.
    assert!((student::quantile(0.975, 1e8) - 1.959_964_008_2).abs() < 1e-8);
    assert!((student::quantile(0.975, 1e6) - 1.959_966_356_8).abs() < 1e-9);
    for df in [1e-3, 0.1, 1e3, 1e9, 1e15, 1e19, 1e30] {
        let t = student::quantile(0.9, df);
        assert!(t > 1.28, "df {df}: {t}");
    }
}

#[test]
fn the_faults_that_make_own_functions_necessary_are_still_there() {
    use statrs::distribution::{Beta, Continuous, ContinuousCDF, Discrete, Hypergeometric, Normal};
    // When one of these fails, the library has been mended and our replacement may go.
    let pmf = Hypergeometric::new(2_000, 1_000, 1_000).unwrap().pmf(500);
    assert!(pmf.is_nan());
    let ours = count::ln_hypergeometric(500, 1_000, 1_000, 1_000).exp();
    assert!((ours - 0.035_668_777_8).abs() < 1e-6, "{ours}");
    let half = Beta::new(1e6, 1e6).unwrap().cdf(0.5);
    assert!((half - 0.5).abs() > 1e-3);
    assert!((beta::lower(1e6, 1e6, 0.5) - 0.5).abs() < 1e-13);
    let tail = Normal::standard().cdf(-6.0);
    assert!((tail / normal::cdf(-6.0) - 1.0).abs() > 1e-12);
    assert!(Normal::standard().pdf(0.0) > 0.39);
}

/// The tail beyond a quantile of t is the probability that it was made for, also where the start of the search is poor.
#[test]
fn t_quantiles_are_undone_by_their_tail() {
    for df in [4.0, 4.3, 7.0, 11.25, 29.5, 77.7, 456.1, 1e4, 1e7] {
        for i in 1..=80 {
            let tail = 10_f64.powf(-0.2 * f64::from(i)) * 0.45;
            let back = student::sf(-student::quantile(tail, df), df);
            assert!((back / tail - 1.0).abs() < 4e-14, "{df} {tail}: {back}");
        }
    }
}

/// A digest of the bits of a function at many points (FNV-1a, 64 bits).
fn bits(of: impl Fn(f64) -> f64, points: impl Iterator<Item = f64>) -> u64 {
    let bytes = points.flat_map(|x| of(x).to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |digest, byte| (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A seed gives the same rehearsal, and evidence the same report, on every machine: so does everything they are computed from.
#[test]
fn every_machine_computes_the_same_bits() {
    type Function = fn(f64) -> f64;
    let shares = || (1..20_000).map(|n| f64::from(n) / 20_000.0);
    let functions: [(&str, Function, u64); 12] = [
        ("ln", elementary::ln, 0x9b28_7248_057b_57d4),
        ("ln_1p", elementary::ln_1p, 0x9c61_8600_a846_8c22),
        ("log10", elementary::log10, 0x15de_503c_7cbe_91d8),
        ("exp", |x| elementary::exp(60.0 * x - 30.0), 0x7753_f3f1_60ec_1765),
        ("exp_m1", |x| elementary::exp_m1(6.0 * x - 3.0), 0xbff9_3eb0_9392_1c6c),
        ("powf", |x| elementary::powf(x, 2.7 * x), 0x5a70_513e_bb65_86d4),
        ("sin and cos", |x| elementary::sin(9.0 * x) - elementary::cos(7.0 * x), 0x66e2_4696_4149_8389),
        ("asin and acos", |x| elementary::asin(x) - elementary::acos(x * x), 0x43a0_b525_9bf9_7380),
        ("hypot", |x| elementary::hypot(x, 3.0 - x), 0x1560_6af8_8826_8b16),
        ("quantile of the normal distribution", normal::quantile, 0xcd73_9894_a6f5_0584),
        ("distribution of Student's t", |x| student::cdf(6.0 * x - 3.0, 7.5), 0x13b8_72b6_115b_fda3),
        ("logarithm of the gamma function", |x| gamma::ln_gamma(40.0 * x), 0xae3b_0996_f984_0c1f),
    ];
    let wrong: Vec<String> = functions
        .into_iter()
        .map(|(name, function, wanted)| (name, bits(function, shares()), wanted))
        .filter(|(_, found, wanted)| found != wanted)
        .map(|(name, found, _)| format!("{name}: {found:#018x}"))
        .collect();
    assert_eq!(wrong, [""; 0]);
}
