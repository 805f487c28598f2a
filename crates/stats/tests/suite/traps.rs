//! Wrong answers of well-known programs and definitions that differ between them: ours are none of the former and the stated one of
//! the latter. `docs/statistics/traps.md` lists all traps with their tests, and a test here holds it to the tests there are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fairtrial_stats::rates::{Events, PoissonTail, poisson_test};
use fairtrial_stats::sequential::Spending;
use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
use fairtrial_stats::special::{beta, chi_square, count, student};
use fairtrial_stats::survival::{Observation, restricted_mean};
use fairtrial_stats::two_proportions::{
    ScoreVariance, Table, barnard, boschloo, boschloo_min_likelihood, conditional_odds_ratio, odds_ratio_score,
    risk_difference_score, risk_ratio_score,
};
use fairtrial_stats::{Interval, Side};

fn table(x1: u64, n1: u64, x0: u64, n0: u64) -> Table {
    Table::new(x1, n1, x0, n0).unwrap()
}

/// What statsmodels 0.15.0 answers (`confint_proportions_2indep(method="score")`), and 40-digit roots of the score equation.
#[test]
fn wrong_score_intervals_of_statsmodels_are_not_ours() {
    let variance = ScoreVariance::MiettinenNurminen;
    let difference = risk_difference_score(&table(56, 70, 48, 80), 0.95, variance).unwrap().interval;
    assert!((difference.lower - 0.052_829_713_2).abs() < 1e-9 && (difference.upper - 0.338_172_940_0).abs() < 1e-9);
    let wrong = Interval { lower: 0.052_551_695_517_691_93, upper: 0.344_039_071_986_773_14, level: 0.95 };
    assert!((difference.lower - wrong.lower).abs() > 2e-4 && (difference.upper - wrong.upper).abs() > 5e-3);
    // Everybody in arm 1: it stops its search of the lower limit at 2.
    let ratio = risk_ratio_score(&table(5, 5, 2, 9), 0.95, variance).unwrap().interval;
    assert!((ratio.lower - 1.572_530_316_989_085).abs() < 1e-10 && (ratio.upper - 16.518_784_261_745_93).abs() < 1e-10);
    assert!(ratio.lower < 1.6, "2.0 is not the limit");
}

/// SciPy 1.17 loses tables that are tied but for rounding: 0.000547 and 0.0775.
#[test]
fn barnards_test_keeps_the_tables_that_scipy_loses() {
    // 7/7 and 1/7 ties with 6/7 and 0/7; the worst proportion is one half.
    let p = barnard(&table(7, 7, 1, 7), Side::Greater).unwrap().p_value.p();
    assert!((p / (15.0 / 16_384.0) - 1.0).abs() < 1e-9 && p > 1.6 * 0.000_546_694_303);
    // 3/3 and 1/3 with 2/3 and 0/3: p^6 is not among them, 7/64 at one half is.
    let p = barnard(&table(3, 3, 1, 3), Side::Greater).unwrap().p_value.p();
    assert!((p - 7.0 / 64.0).abs() < 1e-9 && p > 1.4 * 0.077_460_543_678);
}

/// Two-sided is twice the smaller side, not what is at most as likely (10 to 100 % apart).
#[test]
fn two_sided_is_central() {
    for t in [table(56, 70, 48, 80), table(7, 12, 2, 9), table(0, 20, 8, 20)] {
        let [two, greater, less] =
            [Side::Two, Side::Greater, Side::Less].map(|side| boschloo(&t, side).unwrap().p_value.p());
        assert!((two - (2.0 * greater.min(less)).min(1.0)).abs() < 1e-12, "{t:?}");
    }
    let t = table(7, 12, 2, 9);
    let (ours, other) =
        (boschloo(&t, Side::Two).unwrap().p_value.p(), boschloo_min_likelihood(&t).unwrap().p_value.p());
    assert!((ours / other - 1.0).abs() > 0.02, "{ours} {other}");
    // exactci 0.0465 (central), statsmodels 0.0532 (by likelihood).
    let events = Events::new(11, 800.0, 4, 900.0).unwrap();
    let mid = poisson_test(&events, PoissonTail::MidP, Side::Two).unwrap().p();
    assert!((mid - 0.046_508_302_422).abs() < 1e-9);
}

/// The odds ratio carries N/(N - 1) by default and no further term; without it is Cornfield's.
#[test]
fn the_factor_of_the_odds_ratio_is_the_stated_one() {
    let t = table(56, 70, 48, 80);
    let with = odds_ratio_score(&t, 0.95, ScoreVariance::MiettinenNurminen).unwrap().interval;
    let without = odds_ratio_score(&t, 0.95, ScoreVariance::Uncorrected).unwrap().interval;
    assert!((with.lower - 1.281_573_193_3).abs() < 1e-9 && with.lower < without.lower && with.upper > without.upper);
    let conditional = conditional_odds_ratio(&t, 0.95, false).unwrap().interval;
    assert!(conditional.lower < with.lower && conditional.upper > with.upper);
}

/// A two-sided design has the bounds of a one-sided one at half of its error, each side by itself.
#[test]
fn two_sided_designs_spend_half_on_each_side() {
    let efficacy = Efficacy::Spending { spending: Spending::LanDeMetsOBrienFleming };
    let plan = GroupSequentialSpec::new(vec![0.3, 0.6, 1.0], 0.025, efficacy);
    let one = GroupSequentialDesign::new(plan.clone()).unwrap();
    let two = GroupSequentialDesign::new(GroupSequentialSpec { side: Side::Two, alpha: 0.05, ..plan }).unwrap();
    for (a, b) in one.looks().iter().zip(two.looks()) {
        assert!((a.efficacy - b.efficacy).abs() < 1e-9, "{a:?} {b:?}");
    }
}

/// The standard error of a restricted mean is that of the estimate; lifelines' `return_variance` is the spread of the times.
#[test]
fn the_error_of_a_restricted_mean_is_that_of_the_mean() {
    let times: Vec<Observation> = [1.0, 2.0, 3.0, 4.0].map(|time| Observation { time, event: true }).into();
    let mean = restricted_mean(&times, 5.0).unwrap();
    // Greenwood without censoring: the sum of squares 5 over 4 squared; the variance of the times is 5/4.
    assert!((mean.mean - 2.5).abs() < 1e-12 && (mean.standard_error - (5.0_f64 / 16.0).sqrt()).abs() < 1e-12);
}

/// The rest of what the audit of statrs found; when one of these fails, the library has been mended there.
#[test]
fn further_faults_of_statrs_are_still_there() {
    use statrs::distribution::{Beta, Binomial, ChiSquared, ContinuousCDF, Discrete, DiscreteCDF, StudentsT};
    let off = |theirs: f64, ours: f64| ((theirs - ours) / ours).abs();
    let t = StudentsT::new(0.0, 1.0, 1e6).unwrap();
    let df1 = StudentsT::new(0.0, 1.0, 1.0).unwrap();
    let found = [
        ("Student quantile, df 1e6", off(t.inverse_cdf(0.975), student::quantile(0.975, 1e6)), 1e-5),
        ("Student tail, df 1e6", off(t.cdf(-5.0), student::sf(5.0, 1e6)), 1e-11),
        ("Student quantile, df 1, p 1e-12", off(df1.inverse_cdf(1e-12), student::quantile(1e-12, 1.0)), 0.1),
        (
            "Beta quantile, shape 0.01",
            off(Beta::new(0.01, 0.01).unwrap().inverse_cdf(0.1), beta::quantile(0.01, 0.01, 0.1)),
            0.1,
        ),
        (
            "chi-square quantile",
            off(ChiSquared::new(0.5).unwrap().inverse_cdf(1e-4), chi_square::quantile(1e-4, 0.5)),
            1e-6,
        ),
        (
            "binomial mass, n 2e6",
            off(
                Binomial::new(0.3, 2_000_000).unwrap().pmf(600_000),
                count::ln_binomial(600_000, 2_000_000, 0.3, 0.7).exp(),
            ),
            1e-11,
        ),
        ("binomial sum, n 2e6", off(Binomial::new(0.5, 2_000_001).unwrap().cdf(1_000_000), 0.5), 1e-4),
    ];
    let mended: Vec<_> = found.iter().filter(|(_, error, least)| error < least).collect();
    assert!(mended.is_empty(), "{mended:?} of {found:?}");
}

/// All tests of the workspace, as `file::name`.
fn tests(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && name != "node_modules" {
            tests(&path, found);
        } else if let Some(stem) = name.strip_suffix(".rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let mut marked = false;
            for line in text.lines().map(str::trim) {
                match line.strip_prefix("fn ").and_then(|rest| rest.split('(').next()) {
                    Some(function) if marked => drop(found.insert(format!("{stem}::{function}"))),
                    _ => {}
                }
                marked = line == "#[test]" || (marked && line.starts_with('#'));
            }
        }
    }
}

/// A test that the page of traps names must exist; a line without a test is no proof.
#[test]
fn every_trap_names_a_test_that_exists() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = std::fs::read_to_string(crates.parent().unwrap().join("docs/statistics/traps.md")).unwrap();
    let mut known = BTreeSet::new();
    tests(crates, &mut known);
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| trap")).collect();
    assert!(rows.len() > 50, "{}", rows.len());
    for row in rows {
        let last = row.trim_end_matches('|').rsplit(" | ").next().unwrap();
        let named: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no test: {row}");
        for test in named {
            assert!(known.contains(test), "there is no test {test}: {row}");
        }
    }
}
