//! A small version of `scripts/calibrate`: whole trials of its designs keep their error rates. The measured figures at 10,000
//! trials stand in docs/STATISTICS.md.

use fairtrial_analysis::rehearse::{Rehearsal, ScenarioReport, Truth};
use fairtrial_domain::LockedProtocol;

struct Bounds {
    wrong_success: f64,
    wrong_failure: f64,
    /// Error of the harm measure, where there is one.
    harm: Option<f64>,
    /// People without effect, as a share of the largest size.
    size: f64,
}

fn measured(document: &str, trials: u64, bounds: &Bounds) {
    let plan = LockedProtocol::from_json(document.as_bytes()).unwrap();
    let rehearsal = Rehearsal::new(&plan, trials).unwrap();
    let report = rehearsal.report(&rehearsal.run(0..trials, 11), trials, 11);
    let of = |truth: Truth| -> &ScenarioReport { report.scenarios.iter().find(|found| found.truth == truth).unwrap() };
    let within = |what: &str, found: f64, bound: f64| {
        let error = (bound * (1.0 - bound) / trials as f64).sqrt();
        assert!(found <= bound + 3.3 * error, "{}: {what} {found}, bound {bound}", report.trial);
    };
    let none = of(Truth::NoEffect);
    within("wrong success", none.decided.succeeded.share, bounds.wrong_success);
    let worthwhile = &of(Truth::Worthwhile).decided;
    within("wrong failure", worthwhile.failed.share + worthwhile.futile.share, bounds.wrong_failure);
    if let Some(harm) = bounds.harm {
        within("false harm", none.decided.harmful.share, harm);
        within("false harm at its margin", of(Truth::HarmAtMargin).decided.harmful.share, harm);
        within("harm missed", 1.0 - of(Truth::Harm).decided.harmful.share, bounds.wrong_failure);
    }
    let size = none.expected_people / report.people as f64;
    assert!(size <= bounds.size, "{}: {size} of the largest size without an effect", report.trial);
}

#[test]
fn a_small_trial_keeps_its_error_rates() {
    let document = include_str!("../../../../scripts/calibration/small.protocol.json");
    measured(document, 800, &Bounds { wrong_success: 0.025, wrong_failure: 0.20, harm: None, size: 0.75 });
}

#[test]
fn the_default_design_keeps_its_error_rates() {
    let document = include_str!("../../../../scripts/calibration/letter.protocol.json");
    measured(document, 100, &Bounds { wrong_success: 0.025, wrong_failure: 0.20, harm: Some(0.10), size: 0.70 });
}

#[test]
fn twenty_daily_looks_keep_the_error_rates() {
    let document = include_str!("../../../../scripts/calibration/daily.protocol.json");
    measured(document, 100, &Bounds { wrong_success: 0.025, wrong_failure: 0.20, harm: Some(0.10), size: 0.70 });
}

#[test]
fn looks_that_adjust_for_covariates_keep_the_error_rates() {
    let document = include_str!("../../../../scripts/calibration/covariates.protocol.json");
    measured(document, 300, &Bounds { wrong_success: 0.025, wrong_failure: 0.20, harm: None, size: 0.75 });
}

/// A design without harm measures whose power is 0.80 or a little more.
fn keeps(document: &str, trials: u64) {
    measured(document, trials, &Bounds { wrong_success: 0.025, wrong_failure: 0.20, harm: None, size: 0.85 });
}

#[test]
fn a_rule_of_two_claims_keeps_its_error_rates() {
    keeps(include_str!("../../../../scripts/calibration/both.protocol.json"), 100);
    keeps(include_str!("../../../../scripts/calibration/either.protocol.json"), 100);
}

#[test]
fn several_versions_and_unequal_ones_keep_their_error_rates() {
    keeps(include_str!("../../../../scripts/calibration/versions.protocol.json"), 30);
    keeps(include_str!("../../../../scripts/calibration/two-to-one.protocol.json"), 100);
}

#[test]
fn counts_and_amounts_with_a_long_tail_keep_their_error_rates() {
    keeps(include_str!("../../../../scripts/calibration/visits.protocol.json"), 100);
    keeps(include_str!("../../../../scripts/calibration/dollars.protocol.json"), 100);
}

#[test]
fn whole_offices_keep_their_error_rates() {
    keeps(include_str!("../../../../scripts/calibration/offices.protocol.json"), 200);
}

#[test]
fn harm_that_is_watched_between_looks_is_hardly_ever_found_at_its_margin() {
    for document in [
        include_str!("../../../../scripts/calibration/harm-daily.protocol.json"),
        include_str!("../../../../scripts/calibration/harm-events.protocol.json"),
    ] {
        let plan = LockedProtocol::from_json(document.as_bytes()).unwrap();
        let trials = 40;
        let rehearsal = Rehearsal::new(&plan, trials).unwrap();
        let found = rehearsal.report_harm(&rehearsal.run_harm(0..trials, 11).unwrap());
        let most = 0.10 + 3.3 * (0.09 / trials as f64).sqrt();
        let measure = &found.measures[0];
        assert!(found.mistaken.share <= most && measure.at_margin.unwrap().share <= most, "{found:?}");
        assert!(measure.sizes[2].found.share > 0.7, "{found:?}");
    }
}
