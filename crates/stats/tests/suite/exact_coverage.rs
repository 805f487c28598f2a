//! Coverage of the intervals that guarantee it, over all outcomes; agreement with their tests; exchanged arms.

use fairtrial_stats::two_proportions::{
    ExactIntervals, ExactMeasure, ExactTest, RejectionRegion, Table, conditional_odds_ratio, exact_risk_difference,
    exact_unconditional, exact_unconditional_test, melded_risk_difference, melded_risk_ratio,
};
use fairtrial_stats::{Interval, Side};

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
const CONDITIONAL_ODDS: Method = Method {
    name: "conditional odds ratio",
    interval: |table| answer(conditional_odds_ratio(table, LEVEL, false)),
    ..EXACT_ODDS
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
    let mut look = |(p1, first): (f64, &[f64]), (p0, second): (f64, &[f64])| {
        let truth = (method.measure)(p1, p0);
        let mut coverage = 0.0;
        for (row, mass) in limits.iter().zip(first) {
            let covered =
                row.iter().zip(second).map(|(interval, mass)| if interval.contains(truth) { *mass } else { 0.0 });
            coverage += mass * covered.sum::<f64>();
        }
        if coverage < least.0 {
            least = (coverage, p1, p0);
        }
    };
    // Off the round numbers, so that no limit is hit by chance of rounding.
    let shares = |from: f64, step: f64, n: u64| -> Vec<(f64, Vec<f64>)> {
        (0..=24).map(|i| from + f64::from(i) * step).map(|p| (p, binomial(n, p))).collect()
    };
    let (of_first, of_second) = (shares(0.01, 0.0407, n1), shares(0.003, 0.0411, n0));
    for (p1, first) in &of_first {
        for (p0, second) in &of_second {
            look((*p1, first), (*p0, second));
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
                    3.0 => limit * (1.0 + outwards) * p0 / (1.0 - p0 + limit * (1.0 + outwards) * p0),
                    _ => limit + outwards + p0,
                };
                if p1 > 0.0 && p1 < 1.0 {
                    look((p1, &binomial(n1, p1)), (p0, &binomial(n0, p0)));
                }
            }
        }
    }
    least
}

/// Up to this size both orders of the arms are gone through.
const MIRRORED: u64 = 8;

/// Every pair of sizes up to `largest`; returns the least coverage of all.
fn enumerate(method: &Method, largest: u64) {
    let mut of_sizes = std::collections::BTreeMap::new();
    for n1 in 1..=largest {
        // Exchanged arms mirror the limits, which is held for the small sizes below.
        for n0 in 1..=n1.max(largest.min(MIRRORED)) {
            let limits = intervals(method, n1, n0);
            let (coverage, p1, p0) = least_coverage(method, &limits, n1.max(n0) <= MIRRORED);
            assert!(coverage >= LEVEL - 1e-9, "{} {n1} {n0}: {coverage} at {p1} and {p0}", method.name);
            of_sizes.insert((n1, n0), limits);
        }
    }
    for ((n1, n0), limits) in of_sizes.iter().filter(|((n1, n0), _)| n1.max(n0) <= &MIRRORED) {
        let other = &of_sizes[&(*n0, *n1)];
        for (x1, row) in limits.iter().enumerate() {
            for (x0, interval) in row.iter().enumerate() {
                let mirror = other[x0][x1];
                let Interval { lower, upper, .. } = mirrored(method, mirror);
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

/// Tables one by one, with both orders of the arms and pairs of proportions just outside the limits.
#[test]
fn exact_intervals_of_small_trials_cover_just_outside_their_limits() {
    for method in [EXACT_DIFFERENCE, EXACT_RATIO, EXACT_ODDS] {
        enumerate(&method, MIRRORED);
    }
}

/// All tables of all pairs of sizes up to 30: coverage, and agreement with the exact test of no difference.
///
/// Pairs of sizes with the smaller arm first only mirror the others; that they do is tried on some of them. So is that all intervals
/// at once are those of the tables one by one.
fn enumerate_at_once(method: &Method, measure: ExactMeasure) {
    let mut tables = 0;
    for (n1, n0) in (1..=30).flat_map(|n1| (1..=n1).map(move |n0| (n1, n0))) {
        let all = ExactIntervals::new(n1, n0, measure, LEVEL).unwrap();
        let row = |x1: u64| (0..=n0).map(|x0| all.interval(x1, x0).unwrap()).collect();
        let limits: Vec<Vec<Interval>> = (0..=n1).map(row).collect();
        let (coverage, p1, p0) = least_coverage(method, &limits, false);
        assert!(coverage >= LEVEL - 1e-9, "{} {n1} {n0}: {coverage} at {p1} and {p0}", method.name);
        assert!((all.coverage(p1, p0).unwrap() - coverage).abs() < 1e-12, "{n1} {n0}");
        let tail = 0.5 * (1.0 - LEVEL);
        let better = RejectionRegion::new(ExactTest::PooledZ, n1, n0, tail * (1.0 + 1e-8)).unwrap();
        let worse = RejectionRegion::new(ExactTest::PooledZ, n0, n1, tail * (1.0 + 1e-8)).unwrap();
        for (x1, row) in (0..).zip(&limits) {
            for (x0, interval) in (0..).zip(row) {
                // What the interval leaves out the test rejects.
                assert!(interval.lower <= method.none || better.rejects(x1, x0), "{} {x1}/{n1} {x0}/{n0}", method.name);
                assert!(interval.upper >= method.none || worse.rejects(x0, x1), "{} {x1}/{n1} {x0}/{n0}", method.name);
                tables += 1;
                if tables % 97 == 0 {
                    let (single, _) = (method.interval)(&Table::new(x1, n1, x0, n0).unwrap());
                    assert!(alike(method, *interval, single), "{} {x1}/{n1} {x0}/{n0}", method.name);
                }
            }
        }
        if (5 * n1 + n0) % 11 == 0 {
            let other = ExactIntervals::new(n0, n1, measure, LEVEL).unwrap();
            for (x1, row) in (0..).zip(&limits) {
                for (x0, interval) in (0..).zip(row) {
                    let mirror = mirrored(method, other.interval(x0, x1).unwrap());
                    assert!(alike(method, *interval, mirror), "{} {x1}/{n1} {x0}/{n0}", method.name);
                }
            }
        }
    }
}

fn mirrored(method: &Method, interval: Interval) -> Interval {
    let (lower, upper) = match method.none {
        0.0 => (-interval.upper, -interval.lower),
        _ => (1.0 / interval.upper, 1.0 / interval.lower),
    };
    Interval { lower, upper, ..interval }
}

/// The same to what a search may be off: of a difference, or of the logarithm of a ratio.
fn alike(method: &Method, a: Interval, b: Interval) -> bool {
    let scale = |x: f64| if method.none == 0.0 { x } else { x.ln() };
    let same = |a: f64, b: f64| a == b || (scale(a) - scale(b)).abs() <= 2e-7;
    same(a.lower, b.lower) && same(a.upper, b.upper)
}

#[test]
fn exact_differences_cover_at_every_size() {
    enumerate_at_once(&EXACT_DIFFERENCE, ExactMeasure::RiskDifference);
}

#[test]
fn exact_ratios_cover_at_every_size() {
    enumerate_at_once(&EXACT_RATIO, ExactMeasure::RiskRatio);
}

#[test]
fn exact_odds_ratios_cover_at_every_size() {
    enumerate_at_once(&EXACT_ODDS, ExactMeasure::OddsRatio);
}

#[test]
fn conditional_odds_ratios_cover_at_every_size() {
    enumerate(&CONDITIONAL_ODDS, 30);
}

#[test]
fn melded_differences_cover_at_every_size() {
    enumerate(&MELDED_DIFFERENCE, 30);
}

#[test]
fn melded_ratios_cover_at_every_size() {
    enumerate(&MELDED_RATIO, 30);
}

/// The test of 600 of 1,100 against 40 of 90 at one-sided 2.5 % rejects differences from -0.0225 to -0.0220, not -0.0227.
#[test]
fn a_limit_beyond_a_gap_is_found_in_large_trials() {
    let table = Table::new(600, 1100, 40, 90).unwrap();
    let p = |null: f64| {
        exact_unconditional_test(&table, ExactMeasure::RiskDifference, null, Side::Greater, 0.0).unwrap().p_value.p()
    };
    assert!(p(-0.0227) > 0.0254 && p(-0.0222) < 0.0235 && p(-0.0219) > 0.0251 && p(-0.0229) < 0.0246);
    let lower = exact_risk_difference(&table, 0.95).unwrap().interval.lower;
    assert!((lower + 0.022_81).abs() < 1e-5, "{lower}");
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

/// An error of 10^-10 has limits of its own: everybody against nobody is told apart, and nothing is given up at the ends.
#[test]
fn tiny_errors_have_limits_too() {
    let level = 1.0 - 1e-10;
    let all = ExactIntervals::new(24, 20, ExactMeasure::RiskDifference, level).unwrap();
    for (x1, x0) in [(24, 0), (20, 2), (12, 10), (3, 17)] {
        let (together, table) = (all.interval(x1, x0).unwrap(), Table::new(x1, 24, x0, 20).unwrap());
        let single = exact_risk_difference(&table, level).unwrap().interval;
        assert!(alike(&EXACT_DIFFERENCE, together, single), "{x1} {x0} {together:?} {single:?}");
        let sides = [(single.lower, table), (-single.upper, table.swapped())];
        for (limit, table) in sides.into_iter().filter(|(_, table)| table.difference() > -1.0) {
            let p = |null: f64| {
                let measure = ExactMeasure::RiskDifference;
                exact_unconditional_test(&table, measure, null, Side::Greater, 0.0).unwrap().p_value.p()
            };
            // One failure on this side would do for a limit next to -1.
            assert!(limit > -1.0 + 1e-6 && p(limit + 2e-7) >= 0.5e-10 * (1.0 - 1e-5), "{x1} {x0} {limit}");
            assert!(p(limit - 1e-3) < 0.5e-10, "{x1} {x0} {limit}");
        }
    }
}

/// Odds ratios so far out that no polynomial can be written: the test of 20 of 40 twice keeps them, since 1 against 0 successes
/// contradicts them more; the limit may lie further out, and comes at once.
#[test]
fn odds_ratios_at_tiny_errors_end_where_something_is_proved() {
    let interval = |level: f64| {
        exact_unconditional(&Table::new(20, 40, 20, 40).unwrap(), ExactMeasure::OddsRatio, level, 0.0).unwrap().interval
    };
    let (tiny, usual) = (interval(1.0 - 1e-10), interval(0.95));
    assert!(
        tiny.lower > 0.0 && tiny.lower < usual.lower && tiny.upper > usual.upper && tiny.upper.is_finite(),
        "{tiny:?}"
    );
    let (null, measure) = ((-20.0_f64).exp(), ExactMeasure::OddsRatio);
    let p = exact_unconditional_test(&Table::new(20, 40, 20, 40).unwrap(), measure, null, Side::Greater, 0.0).unwrap();
    assert!(p.p_value.p() > 0.5e-10 && tiny.contains(null), "{p:?}");
}

/// Whole numbers from a seed (SplitMix64).
fn draw(seed: &mut u64, below: u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) % below
}

/// A limit is the outermost value that the test keeps: a fine grid finds none further out, and just inside there is one.
#[test]
fn nothing_is_kept_outside_a_limit() {
    let mut seed = 7;
    for round in 0..120 {
        let (n1, n0) = (1 + draw(&mut seed, 24), 1 + draw(&mut seed, 24));
        let table = Table::new(draw(&mut seed, n1 + 1), n1, draw(&mut seed, n0 + 1), n0).unwrap();
        let measure = [ExactMeasure::RiskDifference, ExactMeasure::RiskRatio, ExactMeasure::OddsRatio][round % 3];
        let limit = exact_unconditional(&table, measure, 0.9, 0.0).unwrap().interval.lower;
        let p = |null: f64| exact_unconditional_test(&table, measure, null, Side::Greater, 0.0).unwrap().p_value.p();
        let difference = measure == ExactMeasure::RiskDifference;
        if limit == if difference { -1.0 } else { 0.0 } {
            continue;
        }
        for i in 1..=150 {
            let share = f64::from(i) / 151.0;
            let outside = if difference { -1.0 + (limit + 1.0) * share } else { limit * (share - 1.0).exp().powi(3) };
            assert!(p(outside) <= 0.05 * (1.0 + 1e-8), "{table:?} {measure:?}: {outside} is outside {limit}");
        }
        let inside = if difference { limit + 1e-7 } else { limit * 1e-7_f64.exp() };
        assert!(p(inside) >= 0.05 * (1.0 - 1e-5), "{table:?} {measure:?} {limit}: {}", p(inside));
    }
}
