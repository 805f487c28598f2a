//! Phased roll-outs by the order of the sites: values of another program, all orders in turn as the true one, invariance.

use fairtrial_stats::cluster::StepState::{Current, New, Transition};
use fairtrial_stats::cluster::{StepState, SteppedWedge, stepped_wedge_permutation};
use fairtrial_stats::means::Draws;
use fairtrial_stats::sufficient::{FixedSums, Step};
use fairtrial_stats::{Estimate, Guarantee, Side, StatError};

/// One unit a cell, in hundredths.
fn cells(values: &[Vec<i64>]) -> Vec<Vec<FixedSums>> {
    values.iter().map(|row| row.iter().map(|&value| FixedSums::unit(value)).collect()).collect()
}

fn hundredths() -> Step {
    Step::new(1, 2).unwrap()
}

/// Sites that start one after the other, with some periods of transition.
fn calendar(starts: &[usize], periods: usize, transition: usize) -> Vec<Vec<StepState>> {
    let state = |start: usize, t: usize| match t {
        t if t < start => Current,
        t if t < start + transition => Transition,
        _ => New,
    };
    starts.iter().map(|&start| (0..periods).map(|t| state(start, t)).collect()).collect()
}

fn wedge(values: &[Vec<i64>], calendar: Vec<Vec<StepState>>) -> SteppedWedge {
    SteppedWedge { cells: cells(values), step: hundredths(), calendar, strata: None }
}

fn exact(wedge: &SteppedWedge, null: f64, side: Side, level: f64) -> Estimate {
    stepped_wedge_permutation(wedge, 1.0, Draws::Exact, null, side, level).unwrap()
}

fn p(estimate: &Estimate) -> f64 {
    estimate.p_value.unwrap().p()
}

/// Shares of 20 people: 8 / 20 and so on.
fn offices() -> Vec<Vec<i64>> {
    let successes = [[8, 15, 17, 19, 12], [7, 10, 16, 18, 15], [8, 9, 11, 18, 17], [5, 9, 8, 11, 16]];
    successes.iter().map(|row| row.iter().map(|x| 5 * x).collect()).collect()
}

/// R 4.2.2: `lm(y ~ w + factor(site) + factor(period))` for all 24 orders of the sites, and
/// `solve(t(X) %*% Vi %*% X, t(X) %*% Vi %*% y)` with `V = kronecker(diag(4), 0.6 * diag(5) + 0.4)` for the correlation 0.4;
/// limits by bisection of the share of orders with a coefficient of `y - shift * w` at least as large.
#[test]
fn coefficients_ranks_and_limits_are_those_of_another_program() {
    let wedge = wedge(&offices(), calendar(&[1, 2, 3, 4], 5, 0));
    let one = exact(&wedge, 0.0, Side::Greater, 1.0 - 1.0 / 24.0);
    assert!((one.point.unwrap() - 0.328_333_333_333_333).abs() < 1e-12, "{one:?}");
    assert!((p(&one) - 1.0 / 24.0).abs() < 1e-12);
    assert!((one.interval.lower - 0.25).abs() < 1e-9 && one.interval.upper.is_infinite());
    let three = exact(&wedge, 0.0, Side::Greater, 1.0 - 3.0 / 24.0);
    assert!((three.interval.lower - 0.2625).abs() < 1e-9, "{three:?}");
    assert!((p(&exact(&wedge, 0.0, Side::Less, 0.9)) - 1.0).abs() < 1e-12);
    let partly = stepped_wedge_permutation(&wedge, 0.4, Draws::Exact, 0.0, Side::Greater, 0.9).unwrap();
    assert!((partly.point.unwrap() - 0.330_555_555_555_556).abs() < 1e-12 && (p(&partly) - 1.0 / 24.0).abs() < 1e-12);
}

/// Two values beyond the ends and one within: the test rejects exactly outside the interval.
#[test]
fn test_and_interval_never_contradict() {
    let shapes = [
        (calendar(&[1, 2, 3, 4], 5, 0), None),
        (calendar(&[1, 1, 2, 3], 5, 1), None),
        (calendar(&[1, 2, 1, 3], 5, 1), Some(vec![0, 0, 1, 1])),
        (calendar(&[0, 1, 2, 5], 5, 2), None),
    ];
    for (calendar, strata) in shapes {
        let mut wedge = wedge(&offices(), calendar);
        wedge.strata = strata;
        for correlation in [0.3, 1.0] {
            for side in [Side::Two, Side::Greater, Side::Less] {
                for level in [0.6, 0.75, 0.9] {
                    let ask = |null| stepped_wedge_permutation(&wedge, correlation, Draws::Exact, null, side, level);
                    let Ok(first) = ask(0.0) else { continue };
                    let interval = first.interval;
                    assert!(interval.lower <= first.point.unwrap() && first.point.unwrap() <= interval.upper);
                    let ends = [interval.lower, interval.upper].into_iter().filter(|end| end.is_finite());
                    let near = ends.flat_map(|end| [end - 1e-6, end, end + 1e-6]);
                    for null in near.chain((-30..=30).map(|i| f64::from(i) * 0.05)) {
                        let estimate = ask(null).unwrap();
                        let kept = p(&estimate) > 1.0 - level + 1e-9;
                        assert_eq!(kept, estimate.interval.contains(null), "{null} {side:?} {level}: {estimate:?}");
                    }
                }
            }
        }
    }
}

/// Each of the 24 orders in turn is the one that was drawn; in transition the sites had any part of the effect.
#[test]
fn a_true_difference_is_rejected_as_often_as_stated_whatever_happens_in_transition() {
    let before = offices();
    let mut orders = Vec::new();
    for a in 0..4 {
        for b in (0..4).filter(|&b| b != a) {
            for c in (0..4).filter(|&c| c != a && c != b) {
                orders.push([a, b, c, 6 - a - b - c].map(|place| place + 1));
            }
        }
    }
    for (effect, transition) in [(0, 0), (0, 1), (40, 0), (40, 1), (-70, 1), (500, 2)] {
        for part in [0.0, 0.4, 1.0] {
            for side in [Side::Two, Side::Greater, Side::Less] {
                for alpha in [0.1, 0.25, 0.5] {
                    let rejected = orders.iter().filter(|starts| {
                        let calendar = calendar(*starts, 5, transition);
                        let mut values = before.clone();
                        for (row, states) in values.iter_mut().zip(&calendar) {
                            for (value, state) in row.iter_mut().zip(states) {
                                *value += match state {
                                    Current => 0,
                                    Transition => (part * effect as f64) as i64,
                                    New => effect,
                                };
                            }
                        }
                        let truth = effect as f64 / 100.0;
                        let estimate = exact(&wedge(&values, calendar), truth, side, 1.0 - alpha);
                        assert_eq!(estimate.guarantee, Guarantee::DesignBased);
                        !estimate.interval.contains(truth)
                    });
                    let share = rejected.count() as f64 / 24.0;
                    assert!(share <= alpha + 1e-9, "{effect} {transition} {part} {side:?} {alpha}: {share}");
                    // Nothing is given away without transition, up to the steps of 1 / 24.
                    if transition == 0 && side != Side::Two {
                        assert!(share > alpha - 2.0 / 24.0, "{effect} {side:?} {alpha}: {share}");
                    }
                }
            }
        }
    }
}

#[test]
fn time_transition_and_sign_do_what_they_should() {
    let calendar = calendar(&[1, 2, 3, 3], 5, 1);
    let base = exact(&wedge(&offices(), calendar.clone()), 0.0, Side::Two, 0.6);
    let close = |a: f64, b: f64| a == b || (a - b).abs() < 1e-9;
    // A good month for everybody is never taken for an effect.
    let mut month = offices();
    month.iter_mut().for_each(|row| row[3] += 10_000);
    let shifted = exact(&wedge(&month, calendar.clone()), 0.0, Side::Two, 0.6);
    assert!(close(base.point.unwrap(), shifted.point.unwrap()) && p(&base) == p(&shifted));
    assert!(close(base.interval.lower, shifted.interval.lower) && close(base.interval.upper, shifted.interval.upper));
    // What happens in transition does not move the estimate.
    let mut chaos = offices();
    chaos[0][1] = -5_000;
    chaos[2][3] = 7_000;
    let estimate = exact(&wedge(&chaos, calendar.clone()), 0.0, Side::Two, 0.6);
    assert!(close(base.point.unwrap(), estimate.point.unwrap()));
    let mirrored: Vec<Vec<i64>> = offices().iter().map(|row| row.iter().map(|value| -value).collect()).collect();
    let mirror = exact(&wedge(&mirrored, calendar), 0.0, Side::Two, 0.6);
    assert!(close(base.interval.lower, -mirror.interval.upper) && close(base.interval.upper, -mirror.interval.lower));
    assert_eq!(p(&base), p(&mirror));
}

#[test]
fn sums_of_many_people_count_as_their_mean_and_empty_cells_as_their_period() {
    let calendar = calendar(&[1, 2, 3, 4], 5, 0);
    let plain = exact(&wedge(&offices(), calendar.clone()), 0.0, Side::Two, 0.8);
    let mut many = wedge(&offices(), calendar.clone());
    for (i, cell) in many.cells.iter_mut().flatten().enumerate() {
        let n = 1 + i as i64 % 4;
        *cell = FixedSums::of((0..n).map(|k| cell.s1 as i64 + if n > 1 { 2 * k - n + 1 } else { 0 })).unwrap();
    }
    let summed = exact(&many, 0.0, Side::Two, 0.8);
    assert!((plain.point.unwrap() - summed.point.unwrap()).abs() < 1e-12 && p(&plain) == p(&summed));
    let mut gap = wedge(&offices(), calendar.clone());
    gap.cells[1][0] = FixedSums::default();
    let with_gap = exact(&gap, 0.0, Side::Two, 0.8);
    assert_eq!(with_gap.guarantee, Guarantee::DesignBased);
    assert!(with_gap.interval.contains(with_gap.point.unwrap()));
    // A constant effect is found again whatever cell is empty.
    let mut flat: Vec<Vec<i64>> = (0..4).map(|i| (0..5).map(|t| 10 * i + 3 * t * t).collect()).collect();
    for (row, states) in flat.iter_mut().zip(&calendar) {
        row.iter_mut().zip(states).for_each(|(value, state)| *value += if *state == New { 25 } else { 0 });
    }
    let found = exact(&wedge(&flat, calendar), 0.25, Side::Two, 0.8);
    assert!((found.point.unwrap() - 0.25).abs() < 1e-12 && p(&found) > 0.999);
    let mut unseen = wedge(&offices(), self::calendar(&[1, 2, 3, 3], 5, 1));
    unseen.cells[0][1] = FixedSums::default();
    assert_eq!(exact(&unseen, 0.0, Side::Two, 0.8).guarantee, Guarantee::Asymptotic);
}

#[test]
fn drawn_orders_are_repeatable_and_near_all_of_them() {
    let wedge = wedge(&offices(), calendar(&[1, 2, 3, 4], 5, 1));
    let all = exact(&wedge, 0.0, Side::Greater, 0.8);
    let drawn = |seed| {
        let how = Draws::MonteCarlo { draws: 9_999, seed };
        stepped_wedge_permutation(&wedge, 1.0, how, 0.0, Side::Greater, 0.8).unwrap()
    };
    assert_eq!(drawn(3), drawn(3));
    assert!((p(&drawn(3)) - p(&all)).abs() < 0.02, "{} {}", p(&drawn(3)), p(&all));
    assert!((drawn(3).interval.lower - all.interval.lower).abs() < 1e-9);
    // Twelve sites are too many to go through, and say so.
    let many: Vec<Vec<i64>> = (0..12_i64).map(|i| (0..13).map(|t| (i * 37 + t * 11) % 100).collect()).collect();
    let large = self::wedge(&many, calendar(&(1..13).collect::<Vec<_>>(), 13, 0));
    let refused = stepped_wedge_permutation(&large, 1.0, Draws::Exact, 0.0, Side::Two, 0.95);
    assert!(matches!(refused, Err(StatError::TooLarge { .. })));
    assert!((large.orders().unwrap() - 479_001_600.0).abs() < 1.0);
    let how = Draws::MonteCarlo { draws: 2_000, seed: 1 };
    assert!(stepped_wedge_permutation(&large, 1.0, how, 0.0, Side::Two, 0.95).is_ok());
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let sound = wedge(&offices(), calendar(&[1, 2, 3, 4], 5, 0));
    let code = |wedge: &SteppedWedge, correlation: f64, null: f64, level: f64| match stepped_wedge_permutation(
        wedge,
        correlation,
        Draws::Exact,
        null,
        Side::Two,
        level,
    ) {
        Err(StatError::InvalidArgument { argument, .. }) => argument,
        Err(other) => other.code().to_owned(),
        Ok(estimate) => format!("{estimate:?}"),
    };
    assert_eq!(code(&sound, 1.5, 0.0, 0.9), "correlation");
    assert_eq!(code(&sound, f64::NAN, 0.0, 0.9), "correlation");
    assert_eq!(code(&sound, 1.0, f64::INFINITY, 0.9), "null_difference");
    assert_eq!(code(&sound, 1.0, 0.0, 1.0), "level");
    let with = |change: &dyn Fn(&mut SteppedWedge)| {
        let mut wedge = sound.clone();
        change(&mut wedge);
        code(&wedge, 1.0, 0.0, 0.9)
    };
    assert_eq!(with(&|w| w.calendar[0].truncate(4)), "calendar");
    assert_eq!(with(&|w| w.cells[0].truncate(4)), "cells");
    assert_eq!(with(&|w| w.strata = Some(vec![0])), "strata");
    assert_eq!(with(&|w| w.cells[2][2] = FixedSums { n: 0, s1: 1, s2: 1 }), "cells");
    assert_eq!(with(&|w| w.cells[2][2] = FixedSums { n: 2, s1: 10, s2: 1 }), "s2");
    assert_eq!(with(&|w| w.cells.truncate(1)), "too_few_units");
    assert_eq!(with(&|w| w.calendar = calendar(&[2, 2, 2, 2], 5, 0)), "not_estimable");
    assert_eq!(with(&|w| w.strata = Some(vec![0, 1, 2, 3])), "not_estimable");
    assert_eq!(with(&|w| w.calendar = vec![vec![Transition; 5]; 4]), "not_estimable");
    assert_eq!(with(&|w| w.cells = vec![vec![FixedSums::unit(7); 5]; 4]), "zero_variance");
    assert_eq!(with(&|w| w.step = Step { multiple: 0, decimals: 0 }), "multiple");
}

/// Sums of a site and period give the model what the units themselves give it.
#[test]
fn the_model_from_sums_is_the_model_from_units() {
    use fairtrial_stats::cluster::{MixedModel, stepped_wedge, stepped_wedge_sums};
    let mut state = 7_u64;
    let mut below = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    for (shift, transition) in [(0, 0), (1_000_000, 1), (-40, 1)] {
        let calendar = calendar(&[1, 2, 2, 3, 4, 5], 6, transition);
        let (mut cells, mut units) = (Vec::new(), Vec::new());
        for (site, row) in calendar.iter().enumerate() {
            let site_shift = below(60) as i64;
            let mut sums = Vec::new();
            for (period, state) in row.iter().enumerate() {
                let values: Vec<i64> =
                    (0..below(5)).map(|_| shift + site_shift + 10 * period as i64 + below(100) as i64).collect();
                sums.push(FixedSums::of(values.iter().copied()).unwrap());
                if *state != Transition {
                    units.extend(values.into_iter().map(|value| (value as f64 / 100.0, site, period, *state == New)));
                }
            }
            cells.push(sums);
        }
        let wedge = SteppedWedge { cells, step: hundredths(), calendar, strata: None };
        let outcome: Vec<f64> = units.iter().map(|unit| unit.0).collect();
        let sites: Vec<usize> = units.iter().map(|unit| unit.1).collect();
        let periods: Vec<usize> = units.iter().map(|unit| unit.2).collect();
        let new: Vec<bool> = units.iter().map(|unit| unit.3).collect();
        for model in [MixedModel::Satterthwaite, MixedModel::KenwardRoger] {
            let a = stepped_wedge_sums(&wedge, model, Side::Two, 0.95).unwrap();
            let b = stepped_wedge(&outcome, &sites, &periods, &new, model, Side::Two, 0.95).unwrap();
            let near = |x: f64, y: f64| (x - y).abs() <= 1e-7 * (1.0 + y.abs());
            assert!(near(a.within, b.within) && near(a.between, b.between), "{a:?} {b:?}");
            assert!(near(a.log_likelihood, b.log_likelihood));
            for (x, y) in [
                (a.estimate.point, b.estimate.point),
                (a.estimate.standard_error, b.estimate.standard_error),
                (a.estimate.degrees_of_freedom, b.estimate.degrees_of_freedom),
            ] {
                assert!(near(x.unwrap(), y.unwrap()), "{x:?} {y:?}");
            }
        }
    }
}
