//! Goes through all trials of two proportions up to a size and prints the least coverage of the intervals that guarantee it.
//!
//! `cargo run -p fairtrial-stats --example coverage -- 30` writes one line a method: the least coverage at 95 % over all pairs of
//! sizes and a grid of proportions, and where it is taken; it ends with an error when a method covers less often than it says.
//! A word after the size restricts it to the methods that have it in their name.

use std::error::Error;
use std::io::Write;

use fairtrial_stats::two_proportions::{
    ExactIntervals, ExactMeasure, Table, conditional_odds_ratio, melded_risk_difference, melded_risk_ratio,
};
use fairtrial_stats::{Interval, StatError};

#[path = "../tests/suite/masses.rs"]
mod masses;

use masses::binomial;

const LEVEL: f64 = 0.95;

type Limits = fn(u64, u64) -> Result<Vec<Interval>, StatError>;
type Measure = fn(f64, f64) -> f64;

/// The intervals of all tables of two sizes, by x1 and x0.
fn each(n1: u64, n0: u64, limits: fn(&Table) -> Result<Interval, StatError>) -> Result<Vec<Interval>, StatError> {
    let tables = (0..=n1).flat_map(|x1| (0..=n0).map(move |x0| (x1, x0)));
    tables.map(|(x1, x0)| limits(&Table::new(x1, n1, x0, n0)?)).collect()
}

/// The same of exact unconditional intervals, whose proofs serve many tables at once.
fn exact(n1: u64, n0: u64, measure: ExactMeasure) -> Result<Vec<Interval>, StatError> {
    let all = ExactIntervals::new(n1, n0, measure, LEVEL)?;
    let tables = (0..=n1).flat_map(|x1| (0..=n0).map(move |x0| (x1, x0)));
    Ok(tables.filter_map(|(x1, x0)| all.interval(x1, x0)).collect())
}

/// The least coverage for two sizes over a grid of 49 by 49 proportions, with the two proportions.
fn least(n1: u64, n0: u64, limits: Limits, measure: Measure) -> Result<(f64, f64, f64), StatError> {
    let intervals = limits(n1, n0)?;
    let grid: Vec<f64> = (0..49).map(|i| 0.003 + f64::from(i) * 0.020_69).collect();
    let mut least = (1.0, 0.0, 0.0);
    for p1 in &grid {
        let first = binomial(n1, *p1);
        for p0 in &grid {
            // Off the diagonal by a little, so that no limit is hit by chance of rounding.
            let p0 = p0 * 0.997 + 0.000_77;
            let (second, truth) = (binomial(n0, p0), measure(*p1, p0));
            let mut coverage = 0.0;
            for (row, mass) in intervals.chunks(n0 as usize + 1).zip(&first) {
                let covered = row.iter().zip(&second).filter(|(interval, _)| interval.contains(truth));
                coverage += mass * covered.map(|(_, mass)| mass).sum::<f64>();
            }
            if coverage < least.0 {
                least = (coverage, *p1, p0);
            }
        }
    }
    Ok(least)
}

fn odds(p1: f64, p0: f64) -> f64 {
    p1 * (1.0 - p0) / (p0 * (1.0 - p1))
}

fn main() -> Result<(), Box<dyn Error>> {
    let largest: u64 = std::env::args().nth(1).map_or(Ok(12), |text| text.parse())?;
    let wanted = std::env::args().nth(2).unwrap_or_default();
    let methods: [(&str, Limits, Measure); 6] = [
        ("exact_risk_difference", |n1, n0| exact(n1, n0, ExactMeasure::RiskDifference), |p1, p0| p1 - p0),
        ("exact_unconditional, risk ratio", |n1, n0| exact(n1, n0, ExactMeasure::RiskRatio), |p1, p0| p1 / p0),
        ("exact_unconditional, odds ratio", |n1, n0| exact(n1, n0, ExactMeasure::OddsRatio), odds),
        (
            "conditional_odds_ratio",
            |n1, n0| each(n1, n0, |t| Ok(conditional_odds_ratio(t, LEVEL, false)?.interval)),
            odds,
        ),
        (
            "melded_risk_difference",
            |n1, n0| each(n1, n0, |t| Ok(melded_risk_difference(t, LEVEL)?.interval)),
            |p1, p0| p1 - p0,
        ),
        ("melded_risk_ratio", |n1, n0| each(n1, n0, |t| Ok(melded_risk_ratio(t, LEVEL)?.interval)), |p1, p0| p1 / p0),
    ];
    let mut output = std::io::stdout();
    let mut short = false;
    for (name, limits, measure) in methods.into_iter().filter(|(name, ..)| name.contains(&wanted)) {
        let (mut worst, mut tables) = ((1.0, 0.0, 0.0, 0, 0), 0);
        for n1 in 1..=largest {
            // Exchanged arms mirror the intervals.
            for n0 in 1..=n1 {
                let (coverage, p1, p0) = least(n1, n0, limits, measure)?;
                tables += (n1 + 1) * (n0 + 1) * if n1 == n0 { 1 } else { 2 };
                if coverage < worst.0 {
                    worst = (coverage, p1, p0, n1, n0);
                }
            }
        }
        let (coverage, p1, p0, n1, n0) = worst;
        writeln!(
            output,
            "{name}: {tables} tables, least coverage {coverage:.5} at {p1:.4} of {n1} and {p0:.4} of {n0}"
        )?;
        short |= coverage < LEVEL - 1e-9;
    }
    if short { Err("an interval covers less often than it says".into()) } else { Ok(()) }
}
