//! Coverage of the intervals that guarantee it, over all outcomes; agreement with their tests; exchanged arms.

use fairtrial_stats::Interval;
use fairtrial_stats::two_proportions::{
    ExactMeasure, Table, exact_risk_difference, exact_unconditional, melded_risk_difference, melded_risk_ratio,
};

use crate::masses::binomial;

const LEVEL: f64 = 0.95;

/// A method, what it measures, and the value that means no difference.
struct Method {
    name: &'static str,
    interval: fn(&Table) -> (Interval, f64),
    measure: fn(f64, f64) -> f64,
    none: f64,
}

fn difference(p1: f64, p0: f64) -> f64 {
    p1 - p0
}

fn ratio(p1: f64, p0: f64) -> f64 {
    p1 / p0
}

fn answer(estimate: Result<fairtrial_stats::Estimate, fairtrial_stats::StatError>) -> (Interval, f64) {
    let estimate = estimate.unwrap();
    if let Some(point) = estimate.point {
        assert!(estimate.interval.contains(point), "{estimate:?}");
    }
    (estimate.interval, estimate.p_value.unwrap().p())
}

const EXACT_DIFFERENCE: Method = Method {
    name: "exact difference",
    interval: |table| answer(exact_risk_difference(table, LEVEL)),
    measure: difference,
    none: 0.0,
};
const EXACT_RATIO: Method = Method {
    name: "exact ratio",
    interval: |table| answer(exact_unconditional(table, ExactMeasure::RiskRatio, LEVEL, 0.0)),
    measure: ratio,
    none: 1.0,
};
const EXACT_ODDS: Method = Method {
    name: "exact odds ratio",
    interval: |table| answer(exact_unconditional(table, ExactMeasure::OddsRatio, LEVEL, 0.0)),
    measure: |p1, p0| p1 * (1.0 - p0) / (p0 * (1.0 - p1)),
    none: 1.0,
};
const MELDED_DIFFERENCE: Method = Method {
    name: "melded difference",
    interval: |table| answer(melded_risk_difference(table, LEVEL)),
    measure: difference,
    none: 0.0,
};
const MELDED_RATIO: Method = Method {
    name: "melded ratio",
    interval: |table| answer(melded_risk_ratio(table, LEVEL)),
    measure: ratio,
    none: 1.0,
};

/// The intervals of all tables of one size, by x1 and x0, each held to its test.
fn intervals(method: &Method, n1: u64, n0: u64) -> Vec<Vec<Interval>> {
    let row = |x1: u64| {
        let one = |x0: u64| {
            let (interval, p) = (method.interval)(&Table::new(x1, n1, x0, n0).unwrap());
            if (p / (1.0 - LEVEL) - 1.0).abs() > 1e-8 {
                assert_eq!(
                    p > 1.0 - LEVEL,
                    interval.contains(method.none),
                    "{} {x1}/{n1} {x0}/{n0} {p} {interval:?}",
                    method.name
                );
            }
            interval
        };
        (0..=n0).map(one).collect()
    };
    (0..=n1).map(row).collect()
}

/// The least coverage over pairs of proportions: a grid, and pairs that lie just outside the limits of some tables, where
/// coverage is least.
fn least_coverage(method: &Method, limits: &[Vec<Interval>], near_limits: bool) -> (f64, f64, f64) {
    let (n1, n0) = (limits.len() as u64 - 1, limits[0].len() as u64 - 1);
    let mut least = (1.0, 0.0, 0.0);
    let mut look = |p1: f64, p0: f64| {
        let (first, second) = (binomial(n1, p1), binomial(n0, p0));
        let truth = (method.measure)(p1, p0);
        let mut coverage = 0.0;
        for (row, mass) in limits.iter().zip(&first) {
            let covered = row.iter().zip(&second).filter(|(interval, _)| interval.contains(truth));
            coverage += mass * covered.map(|(_, mass)| mass).sum::<f64>();
        }
        if coverage < least.0 {
            least = (coverage, p1, p0);
        }
    };
    for i in 0..=24 {
        for j in 0..=24 {
            // Off the round numbers, so that no limit is hit by chance of rounding.
            look(0.01 + f64::from(i) * 0.0407, 0.003 + f64::from(j) * 0.0411);
        }
    }
    if !near_limits {
        return least;
    }
    for interval in limits.iter().flatten().step_by(3) {
        for (limit, outwards) in [(interval.lower, -1e-9), (interval.upper, 1e-9)] {
            for j in 1..20 {
                let p0 = f64::from(j) / 20.0;
                let p1 = match (method.measure)(0.5, 0.25) {
                    2.0 => limit * (1.0 + outwards) * p0,
                    _ => limit + outwards + p0,
                };
                if p1 > 0.0 && p1 < 1.0 {
                    look(p1, p0);
                }
            }
        }
    }
    least
}

/// Every pair of sizes up to `largest`; returns the least coverage of all.
fn enumerate(method: &Method, largest: u64) {
    let mut of_sizes = std::collections::BTreeMap::new();
    for n1 in 1..=largest {
        for n0 in 1..=largest {
            let limits = intervals(method, n1, n0);
            let (coverage, p1, p0) = least_coverage(method, &limits, n1.max(n0) <= 8 && method.name != EXACT_ODDS.name);
            assert!(coverage >= LEVEL - 1e-9, "{} {n1} {n0}: {coverage} at {p1} and {p0}", method.name);
            of_sizes.insert((n1, n0), limits);
        }
    }
    for ((n1, n0), limits) in &of_sizes {
        let other = &of_sizes[&(*n0, *n1)];
        for (x1, row) in limits.iter().enumerate() {
            for (x0, interval) in row.iter().enumerate() {
                let mirror = other[x0][x1];
                let (lower, upper) = match method.none {
                    0.0 => (-mirror.upper, -mirror.lower),
                    _ => (1.0 / mirror.upper, 1.0 / mirror.lower),
                };
                let same = |a: f64, b: f64| a == b || (a - b).abs() <= 1e-9 * a.abs().max(1.0);
                assert!(
                    same(lower, interval.lower) && same(upper, interval.upper),
                    "{} {x1}/{n1} {x0}/{n0}",
                    method.name
                );
            }
        }
    }
}

#[test]
fn exact_differences_cover_at_every_size() {
    enumerate(&EXACT_DIFFERENCE, 15);
}

#[test]
fn exact_ratios_cover_at_every_size() {
    enumerate(&EXACT_RATIO, 15);
}

#[test]
fn exact_odds_ratios_cover_at_every_size() {
    enumerate(&EXACT_ODDS, 5);
}

#[test]
fn melded_differences_cover_at_every_size() {
    enumerate(&MELDED_DIFFERENCE, 30);
}

#[test]
fn melded_ratios_cover_at_every_size() {
    enumerate(&MELDED_RATIO, 30);
}

/// What would be found if an interval were too short: the enumeration is able to fail.
#[test]
fn an_interval_that_is_too_short_is_noticed() {
    let mut limits = intervals(&EXACT_DIFFERENCE, 9, 7);
    for interval in limits.iter_mut().flatten() {
        interval.lower += 0.02;
    }
    assert!(least_coverage(&EXACT_DIFFERENCE, &limits, true).0 < LEVEL);
}
