//! Exact sequential designs with a margin: their errors by going through every pair of outcomes.

use fairtrial_stats::Side;
use fairtrial_stats::sequential::Spending;
use fairtrial_stats::sequential::exact_binary::{
    ExactBinaryDesign, ExactBinarySpec, ExactDecision, ExactHarm, LookSize,
};

use crate::masses::binomial;

fn looks(sizes: &[(u64, u64)]) -> Vec<LookSize> {
    sizes.iter().map(|&(treatment, control)| LookSize { treatment, control }).collect()
}

fn spec(sizes: &[(u64, u64)], margin: f64) -> ExactBinarySpec {
    ExactBinarySpec { margin, ..ExactBinarySpec::new(looks(sizes), 0.05, Spending::LanDeMetsPocock) }
}

/// Probability of ever reaching `what`, from the decisions alone: outcomes are added look by look.
fn ever(design: &ExactBinaryDesign, what: ExactDecision, p1: f64, p0: f64) -> f64 {
    let (mut open, mut last, mut total) = (vec![vec![1.0]], (0, 0), 0.0);
    for (k, look) in design.looks().iter().enumerate() {
        let (add1, add0) = (binomial(look.treatment - last.0, p1), binomial(look.control - last.1, p0));
        let mut next = vec![vec![0.0; look.control as usize + 1]; look.treatment as usize + 1];
        for (x1, row) in open.iter().enumerate() {
            for (x0, mass) in row.iter().enumerate() {
                for (d1, m1) in add1.iter().enumerate() {
                    for (d0, m0) in add0.iter().enumerate() {
                        next[x1 + d1][x0 + d0] += mass * m1 * m0;
                    }
                }
            }
        }
        for (x1, row) in next.iter_mut().enumerate() {
            for (x0, mass) in row.iter_mut().enumerate() {
                if design.decide(k, x1 as u64, x0 as u64).unwrap() == what {
                    total += *mass;
                    *mass = 0.0;
                }
            }
        }
        open = next;
        last = (look.treatment, look.control);
    }
    total
}

#[test]
fn no_pair_within_the_null_hypothesis_errs_more_often() {
    let shapes: [&[(u64, u64)]; 3] = [&[(6, 6), (12, 12)], &[(4, 8), (8, 14), (13, 20)], &[(15, 9)]];
    for sizes in shapes {
        for margin in [0.1, 0.25, -0.15] {
            let design = ExactBinaryDesign::new(spec(sizes, margin)).unwrap();
            let size = design.size();
            assert!(size.upper_bound <= 0.05 && size.value <= size.upper_bound, "{size:?}");
            let mut largest: f64 = 0.0;
            for i in 0..=40 {
                let p0 = f64::from(i) / 40.0;
                for j in 0..=8 {
                    // On the edge and further inside.
                    let p1 = p0 - margin - f64::from(j) / 16.0;
                    if (0.0..=1.0).contains(&p1) {
                        let error = ever(&design, ExactDecision::Efficacy, p1, p0);
                        assert!(error <= size.upper_bound + 1e-12, "{sizes:?} {margin} {p1} {p0}: {error}");
                        largest = largest.max(error);
                        if j == 0 {
                            assert!((design.size_at(p0).unwrap() - error).abs() < 1e-12);
                        }
                    }
                }
            }
            assert!(largest > 0.9 * size.value, "the supremum {size:?} is not near what a grid finds, {largest}");
        }
    }
}

#[test]
fn p_value_decision_and_interval_agree_at_the_margin() {
    let design = ExactBinaryDesign::new(spec(&[(10, 10)], 0.2)).unwrap();
    for x1 in 0..=10 {
        for x0 in 0..=10 {
            let p = design.p_value(0, x1, x0).unwrap().p();
            let success = design.decide(0, x1, x0).unwrap() == ExactDecision::Efficacy;
            // The logarithm in which p-values are kept costs the last digit.
            assert_eq!(success, p <= 0.05 * (1.0 + 1e-12), "{x1} {x0}: {p}");
            let interval = design.interval(0, x1, x0, 0.9).unwrap();
            assert!(success == (interval.lower > -0.2) || (p - 0.05).abs() < 1e-4, "{x1} {x0}: {p} {interval:?}");
        }
    }
}

#[test]
fn a_larger_margin_asks_for_less_and_directions_mirror() {
    let sizes = [(8, 8), (16, 16)];
    let power =
        |margin: f64| ExactBinaryDesign::new(spec(&sizes, margin)).unwrap().operating(0.7, 0.7).unwrap().efficacy;
    assert!(power(0.3) > power(0.15) && power(0.15) > power(0.0) && power(0.0) > power(-0.15));
    let up = ExactBinaryDesign::new(spec(&sizes, 0.2)).unwrap();
    let down = ExactBinaryDesign::new(ExactBinarySpec { direction: Side::Less, ..spec(&sizes, 0.2) }).unwrap();
    for (x1, x0) in [(5, 4), (8, 2), (3, 6), (7, 7)] {
        assert_eq!(up.decide(0, x1, x0).unwrap(), down.decide(0, 8 - x1, 8 - x0).unwrap());
    }
}

#[test]
fn harm_may_have_a_margin_of_its_own() {
    let harm = ExactHarm { alpha: 0.1, spending: Spending::LanDeMetsPocock, margin: Some(0.2) };
    let plan = ExactBinarySpec { harm: Some(harm.clone()), ..spec(&[(8, 8), (16, 16)], 0.1) };
    let design = ExactBinaryDesign::new(plan.clone()).unwrap();
    for i in 0..=20 {
        let p0 = f64::from(i) / 20.0;
        // Worse by the harm margin is not harmful yet.
        let p1: f64 = p0 - 0.2;
        if p1 >= 0.0 {
            assert!(ever(&design, ExactDecision::Harm, p1, p0) <= 0.1 + 1e-12);
        }
    }
    assert!(ever(&design, ExactDecision::Harm, 0.1, 0.9) > 0.9);
    let narrow = ExactHarm { margin: Some(0.05), ..harm };
    assert!(ExactBinaryDesign::new(ExactBinarySpec { harm: Some(narrow), ..plan }).is_err());
}
