//! Made-up trials in which the versions do not differ, analysed as real ones are: how often does the interval leave that out?
//!
//! Used by the tests and by the example `intervals`, which prints the table of docs/STATISTICS.md.

use fairtrial_stats::special::elementary::{exp, ln};
use std::ops::Range;

use chrono::NaiveDate;
use fairtrial_analysis::{analyse, report::Measure};
use fairtrial_domain::{
    LockedProtocol,
    projection::{ArmDay, Cell, Evidence, OutcomeEvidence, Tally},
};
use fairtrial_stats::special::normal;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use serde_json::{Value, json};

/// One way in which outcomes come about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Outcomes {
    /// It happens to so large a share.
    Happens(f64),
    /// So many times on average, as people differ: a Poisson count whose mean is drawn from an exponential.
    Times(f64),
    /// A log-normal amount in whole dollars, its middle at 100, with this spread of its logarithm: 1.5 has a very long tail.
    Amount(f64),
}

/// A design.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Design {
    /// What it is called.
    pub(crate) name: &'static str,
    /// People in each version.
    pub(crate) people: u64,
    /// Clusters of both versions together; none where people are assigned one by one.
    pub(crate) clusters: u64,
    /// How outcomes come about.
    pub(crate) outcomes: Outcomes,
}

/// Share of the variance between clusters, on the scale of the draws.
const ICC: f64 = 0.05;

const fn design(name: &'static str, people: u64, clusters: u64, outcomes: Outcomes) -> Design {
    Design { name, people, clusters, outcomes }
}

/// The designs of the table.
pub(crate) const DESIGNS: [Design; 8] = [
    design("yes or no, 20 in 100", 500, 0, Outcomes::Happens(0.2)),
    design("counts, people differ", 500, 0, Outcomes::Times(1.2)),
    design("amounts, long tail", 500, 0, Outcomes::Amount(1.0)),
    design("amounts, very long tail", 500, 0, Outcomes::Amount(1.5)),
    design("amounts, very long tail, few people", 50, 0, Outcomes::Amount(1.5)),
    design("30 clusters, yes or no", 600, 30, Outcomes::Happens(0.2)),
    design("30 clusters, counts", 600, 30, Outcomes::Times(1.2)),
    design("10 clusters, yes or no", 400, 10, Outcomes::Happens(0.2)),
];

/// Of made-up trials without a difference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// How many there were.
    pub(crate) trials: u64,
    /// In how many the interval of 95 in 100 holds "no difference".
    pub(crate) covered: u64,
    /// In how many the p-value is below 0.05.
    pub(crate) rejected: u64,
}

impl Found {
    /// Adds those of another part.
    pub(crate) fn merge(&mut self, other: Self) {
        self.trials += other.trials;
        self.covered += other.covered;
        self.rejected += other.rejected;
    }
}

/// The plan of a design.
///
/// # Panics
/// When it is no plan.
pub(crate) fn plan(design: Design) -> LockedProtocol {
    let mut document: Value =
        serde_json::from_str(include_str!("../../../../../scripts/calibration/small.protocol.json")).expect("JSON");
    let outcome = &mut document["outcomes"][0];
    match design.outcomes {
        Outcomes::Happens(_) => {}
        Outcomes::Times(mean) => {
            outcome["kind"] = json!("count");
            outcome["expected_control"] = json!(mean.to_string());
            outcome["smallest_worthwhile_effect"] = json!("0.2");
        }
        Outcomes::Amount(_) => {
            outcome["kind"] = json!("amount");
            outcome["expected_control"] = json!("100");
            outcome["standard_deviation"] = json!("200");
            outcome["smallest_worthwhile_effect"] = json!("20");
        }
    }
    document["monitoring"]["looks"] = json!(["1"]);
    document["monitoring"]["max_units"] = json!(2 * design.people);
    document["attributes"] = json!([]);
    document["allocation"] = match design.clusters {
        0 => json!({"method": "simple"}),
        clusters => {
            let roster: Vec<String> = (0..clusters).map(|number| format!("office-{number:02}")).collect();
            json!({"method": "cluster", "roster": roster})
        }
    };
    LockedProtocol::from_value(&document).expect("a plan")
}

/// Runs the trials with these numbers; each has a stream of draws of its own.
///
/// # Panics
/// When the report of one holds no interval.
pub(crate) fn run(design: Design, plan: &LockedProtocol, trials: Range<u64>, seed: u64) -> Found {
    let mut found = Found::default();
    for trial in trials {
        let mut draw = ChaCha8Rng::seed_from_u64(seed);
        draw.set_stream(trial);
        let report = analyse(plan, &evidence(design, plan, &mut draw), "coverage");
        let outcome = report.outcomes.first().expect("the outcome");
        let compared = outcome.comparisons.iter().find(|it| it.measure == Measure::Difference).expect("the difference");
        let (lower, upper) = (compared.lower.expect("an end"), compared.upper.expect("an end"));
        assert!((compared.level - 0.95).abs() < 1e-12, "the level of the interval is {}", compared.level);
        found.merge(Found {
            trials: 1,
            covered: u64::from(lower <= 0.0 && 0.0 <= upper),
            rejected: u64::from(compared.p_value.expect("a p-value") < 0.05),
        });
    }
    found
}

fn share(draw: &mut ChaCha8Rng) -> f64 {
    (f64::from(draw.next_u32()) + 0.5) / 4_294_967_296.0
}

/// What became of one person; none where nothing is recorded.
fn value(outcomes: Outcomes, draw: &mut ChaCha8Rng, common: f64) -> Option<i64> {
    let alone = share(draw);
    let mix = |own: f64| normal::cdf(ICC.sqrt() * common + (1.0 - ICC).sqrt() * normal::quantile(own));
    let position = if common == 0.0 { alone } else { mix(alone) };
    match outcomes {
        Outcomes::Happens(chance) => (position < chance).then_some(1),
        Outcomes::Times(mean) => {
            // A Poisson count with an exponential mean is a geometric one.
            let stays = mean / (1.0 + mean);
            let times = (ln(position) / ln(stays)).floor() as i64;
            (times > 0).then_some(times)
        }
        Outcomes::Amount(spread) => Some((100.0 * exp(spread * normal::quantile(position))).round() as i64),
    }
}

/// Everybody's outcomes, both versions alike.
fn evidence(design: Design, plan: &LockedProtocol, draw: &mut ChaCha8Rng) -> Evidence {
    let by_arm = design.clusters / 2;
    let cells: Vec<Cell> = match by_arm {
        0 => (0..2).map(|arm| cell(design, draw, (arm, String::new()), design.people, 0.0)).collect(),
        _ => (0..design.clusters)
            .map(|number| {
                let common = normal::quantile(share(draw));
                let label = (usize::from(number >= by_arm), format!("office-{number:02}"));
                cell(design, draw, label, design.people / by_arm, common)
            })
            .collect(),
    };
    let day = NaiveDate::default();
    let people = |arm: usize| cells.iter().filter(|cell| cell.arm == arm).map(|cell| cell.assigned).sum();
    let outcome = plan.protocol().outcomes.first().expect("an outcome").key.clone();
    let as_of = day.and_hms_opt(0, 0, 0).expect("midnight").and_utc();
    Evidence {
        enrolment: (0..2).map(|arm| ArmDay { day, arm, assigned: people(arm) }).collect(),
        ..Evidence::of(as_of, 0, true, vec![OutcomeEvidence { outcome, cells }])
    }
}

fn cell(design: Design, draw: &mut ChaCha8Rng, (arm, group): (usize, String), people: u64, common: f64) -> Cell {
    let mut tally = Tally::default();
    for _ in 0..people {
        if let Some(value) = value(design.outcomes, draw, common) {
            tally.add(value);
        }
    }
    Cell { arm, group, assigned: people, mature: people, set_aside: 0, tally }
}
