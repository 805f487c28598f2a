//! How often the interval that a report shows holds the truth, in trials whose versions do not differ. The measured figures at
//! 10,000 trials stand in docs/STATISTICS.md.

mod trials;

use trials::{DESIGNS, Design, plan, run};

const TRIALS: u64 = 400;

/// The range within which a share lies in all but one of a thousand measurements.
fn within(share: f64, nominal: f64) -> bool {
    (share - nominal).abs() <= 3.3 * (nominal * (1.0 - nominal) / TRIALS as f64).sqrt()
}

fn covered(design: Design) -> (f64, f64) {
    let found = run(design, &plan(design), 0..TRIALS, 7);
    (found.covered as f64 / TRIALS as f64, found.rejected as f64 / TRIALS as f64)
}

#[test]
fn intervals_hold_no_difference_as_often_as_they_say() {
    for design in DESIGNS {
        let (covered, rejected) = covered(design);
        assert!(covered + 1e-12 >= 0.95 || within(covered, 0.95), "{}: {covered}", design.name);
        assert!(rejected <= 0.05 || within(rejected, 0.05), "{}: {rejected}", design.name);
    }
}

#[test]
fn parts_give_what_the_whole_gives() {
    let design = DESIGNS[1];
    let plan = plan(design);
    let mut parts = run(design, &plan, 3..8, 1);
    parts.merge(run(design, &plan, 0..3, 1));
    assert_eq!(parts, run(design, &plan, 0..8, 1));
}
