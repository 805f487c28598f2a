//! How long the calls take that people wait for. `scripts/bench stats` runs this beside other libraries' answers to the
//! same questions and writes `docs/PERFORMANCE.md`.
//!
//! Before a call is timed, a line `answer`, name, title and two numbers of its result goes to standard output, so that
//! whoever compares times can see that the question was the same. A call that fails ends the run: no error is timed.

use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use criterion::Criterion;
use fairtrial_stats::anytime::{SafeTwoByTwo, asymptotic_interval, beta_mixture, betting};
use fairtrial_stats::bayes::{BetaPosterior, probability_best};
use fairtrial_stats::cluster::{ClusterRobust, cluster_robust};
use fairtrial_stats::means::{Draws, permutation_test, welch};
use fairtrial_stats::sequential::Spending;
use fairtrial_stats::sequential::exact_binary::{ExactBinaryDesign, ExactBinarySpec, LookSize};
use fairtrial_stats::sequential::group::{Efficacy, Futility, GroupSequentialDesign, GroupSequentialSpec};
use fairtrial_stats::sufficient::{Binary, FixedSums, Moments, Step, Sufficient};
use fairtrial_stats::survival::{Observation, Ties, compare_restricted_means, cox, logrank};
use fairtrial_stats::two_proportions::{self as two, ExactIntervals, ExactMeasure, FisherMethod, ScoreVariance, Table};
use fairtrial_stats::{Estimate, Side, StatError};

type Answer = Result<[f64; 2], StatError>;
type Done = Result<(), Box<dyn Error>>;

fn main() -> Done {
    let criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
        .configure_from_args();
    let mut bench = Bench { criterion };
    proportions(&mut bench)?;
    beliefs(&mut bench)?;
    sums(&mut bench)?;
    means(&mut bench)?;
    clusters(&mut bench)?;
    survival(&mut bench)?;
    group_sequential(&mut bench)?;
    exact_sequential(&mut bench)?;
    anytime(&mut bench)?;
    bench.criterion.final_summary();
    Ok(())
}

struct Bench {
    criterion: Criterion,
}

impl Bench {
    fn time(&mut self, name: &str, title: &str, call: impl Fn() -> Answer) -> Done {
        let [first, second] = call()?;
        writeln!(std::io::stdout(), "answer\t{name}\t{title}\t{first:e}\t{second:e}")?;
        self.criterion.bench_function(name, |bencher| bencher.iter(&call));
        Ok(())
    }
}

fn proportions(bench: &mut Bench) -> Done {
    let table = Table::new(56, 70, 48, 80)?;
    let variance = ScoreVariance::MiettinenNurminen;
    bench.time("mn-difference", "difference, Miettinen–Nurminen interval, 56/70 and 48/80", || {
        ends(&two::risk_difference_score(black_box(&table), 0.95, variance)?)
    })?;
    bench.time("mn-risk-ratio", "risk ratio, Miettinen–Nurminen interval, 56/70 and 48/80", || {
        ends(&two::risk_ratio_score(black_box(&table), 0.95, variance)?)
    })?;
    bench.time("mn-odds-ratio", "odds ratio, Miettinen–Nurminen interval, 56/70 and 48/80", || {
        ends(&two::odds_ratio_score(black_box(&table), 0.95, variance)?)
    })?;
    bench.time("score-test", "score test of no difference, 56/70 and 48/80", || {
        let table = black_box(&table);
        let z = two::score_statistic(table, 0.0, variance)?;
        Ok([z, two::score_test(table, 0.0, Side::Two, variance)?.p()])
    })?;
    bench.time("fisher", "Fisher's test, conditional odds ratio with interval, 56/70 and 48/80", || {
        let table = black_box(&table);
        let p = two::fisher(table, FisherMethod::MinLikelihood, Side::Two)?.p();
        Ok([p, two::conditional_odds_ratio(table, 0.95, false)?.interval.lower])
    })?;
    for (n, x1, x0) in [(10, 7, 2), (40, 24, 14), (75, 45, 30)] {
        let table = Table::new(x1, n, x0, n)?;
        bench.time(&format!("boschloo-{n}"), &format!("Boschloo's test, one-sided, {n} an arm"), || {
            let test = two::boschloo(black_box(&table), Side::Greater)?;
            Ok([test.p_value.p(), test.statistic])
        })?;
    }
    for (x1, n1, x0, n0) in [(7, 10, 2, 10), (30, 56, 9, 29)] {
        let table = Table::new(x1, n1, x0, n0)?;
        let title = format!("difference, exact unconditional interval, {x1}/{n1} and {x0}/{n0}");
        bench.time(&format!("exact-difference-{n1}-{n0}"), &title, || {
            ends(&two::exact_risk_difference(black_box(&table), 0.95)?)
        })?;
    }
    bench.time("wald", "difference, textbook z interval, 56/70 and 48/80", || {
        ends(&two::wald(black_box(&table), 0.95)?)
    })?;
    bench.time("exact-differences-all", "the exact intervals of all 441 results of 20 and 20 people", || {
        let all = ExactIntervals::new(black_box(20), 20, ExactMeasure::RiskDifference, 0.95)?;
        Ok([all.coverage(0.6, 0.3)?, all.expected_width(0.6, 0.3)?])
    })
}

fn beliefs(bench: &mut Bench) -> Done {
    let arms = [(56, 70), (48, 80)].map(|(x, n)| BetaPosterior::new(Binary { n, x }, 1.0, 1.0));
    let arms = arms.into_iter().collect::<Result<Vec<_>, _>>()?;
    bench.time("probability-best", "probability of being the better arm, 56/70 and 48/80, flat priors", || {
        let best = probability_best(black_box(&arms))?;
        Ok([best[0], best[1]])
    })
}

/// A report over 10^8 events reads the sums of arms and clusters, never the events.
fn sums(bench: &mut Bench) -> Done {
    let shard = FixedSums::of((0..1_000).map(|i| i * 7_919 % 1_000))?;
    bench.time("merge", "merging the sums of 10^8 events kept in 1,000 parts", || {
        let mut all = FixedSums::default();
        for _ in 0..1_000 {
            // 100 times a thousand values a part.
            let mut part = *black_box(&shard);
            (part.n, part.s1, part.s2) = (part.n * 100, part.s1 * 100, part.s2 * 100);
            all.merge(&part)?;
        }
        let moments = all.moments(Step::new(1, 0)?)?;
        Ok([moments.n as f64, moments.mean])
    })
}

fn means(bench: &mut Bench) -> Done {
    let data = columns("rct.csv")?;
    let (values, in_arm1) = (column(&data, "y")?, arms(&data)?);
    let (new, current) = split(values, &in_arm1);
    let (moments1, moments0) = (Moments::of(&new)?, Moments::of(&current)?);
    let size = format!("{} and {} people", new.len(), current.len());
    bench.time("welch-values", &format!("Welch's test and interval from the values of {size}"), || {
        let (arm1, arm0) = (Moments::of(black_box(&new))?, Moments::of(black_box(&current))?);
        let estimate = welch(&arm1, &arm0, 0.0, Side::Two, 0.95)?;
        Ok([p_of(&estimate), estimate.interval.lower])
    })?;
    bench.time("welch-sums", "Welch's test from means and standard deviations (reference without interval)", || {
        let estimate = welch(black_box(&moments1), black_box(&moments0), 0.0, Side::Two, 0.95)?;
        Ok([point_of(&estimate) / error_of(&estimate), p_of(&estimate)])
    })?;
    bench.time("permutation", &format!("permutation test, 9,999 draws, {size}"), || {
        let draws = Draws::MonteCarlo { draws: 9_999, seed: black_box(1) };
        let test = permutation_test(values, &in_arm1, None, draws)?;
        // The share of the draws differs from generator to generator; the difference does not.
        Ok([black_box(test).difference, 0.0])
    })
}

fn clusters(bench: &mut Bench) -> Done {
    let data = columns("cluster.csv")?;
    let mut members: [BTreeMap<u64, Vec<f64>>; 2] = Default::default();
    for ((value, in_arm1), office) in column(&data, "y")?.iter().zip(arms(&data)?).zip(column(&data, "office")?) {
        members[usize::from(in_arm1)].entry(office.to_bits()).or_default().push(*value);
    }
    let people: usize = members.iter().flat_map(BTreeMap::values).map(Vec::len).sum();
    let size = format!("{people} people in {} clusters", members[0].len() + members[1].len());
    let sums = |arm: usize| members[arm].values().map(|values| Moments::of(values)).collect::<Result<Vec<_>, _>>();
    let (arm1, arm0) = (sums(1)?, sums(0)?);
    bench.time("cr1", &format!("cluster-robust variance (CR1) from the values of {size}"), || {
        let estimate = cluster_robust(&sums(1)?, &sums(0)?, ClusterRobust::Cr1Stata, 0.0, Side::Two, 0.95)?;
        Ok([point_of(&estimate), error_of(&estimate)])
    })?;
    bench.time(
        "cr2",
        &format!(
            "cluster-robust variance (CR2) with Satterthwaite from clusters' sums, {size} (reference from the values)"
        ),
        || {
            let (arm1, arm0) = (black_box(&arm1), black_box(&arm0));
            let estimate = cluster_robust(arm1, arm0, ClusterRobust::Cr2, 0.0, Side::Two, 0.95)?;
            Ok([error_of(&estimate), estimate.degrees_of_freedom.unwrap_or(f64::NAN)])
        },
    )
}

fn survival(bench: &mut Bench) -> Done {
    let data = columns("surv.csv")?;
    let observations: Vec<Observation> = column(&data, "time")?
        .iter()
        .zip(column(&data, "event")?)
        .map(|(&time, &event)| Observation { time, event: event == 1.0 })
        .collect();
    let (arm1, arm0) = split(&observations, &arms(&data)?);
    let size = format!("{} people", observations.len());
    bench.time("logrank", &format!("logrank test, {size}"), || {
        let test = logrank(black_box(&arm1), black_box(&arm0), 0.0, Side::Two)?;
        Ok([test.z * test.z, test.p_value.p()])
    })?;
    bench.time(
        "restricted-mean",
        &format!("restricted mean times, {size} (reference without standard errors)"),
        || {
            let means = compare_restricted_means(black_box(&arm1), black_box(&arm0), 10.0, Side::Two, 0.95)?;
            Ok([means.arm1.mean, means.arm0.mean])
        },
    )?;
    bench.time("cox", &format!("Cox model, Efron's ties, {size}"), || {
        let model = cox(black_box(&arm1), black_box(&arm0), Ties::Efron, Side::Two, 0.95)?;
        Ok([point_of(&model.log_hazard_ratio), error_of(&model.log_hazard_ratio)])
    })
}

fn group_sequential(bench: &mut Bench) -> Done {
    let spec = |looks: u32| {
        let information = (1..=looks).map(|k| f64::from(k) / f64::from(looks)).collect();
        let efficacy = Efficacy::Spending { spending: Spending::KimDeMets { rho: 2.0 } };
        GroupSequentialSpec::new(information, 0.025, efficacy)
    };
    for looks in [3, 5, 10, 20] {
        let spec = spec(looks);
        let title = format!("group-sequential boundaries, power spending (rho 2), {looks} looks");
        bench.time(&format!("boundaries-{looks}"), &title, || {
            let design = GroupSequentialDesign::new(black_box(&spec).clone())?;
            let bounds = design.looks();
            Ok([bounds[0].efficacy, bounds[bounds.len() - 1].efficacy])
        })?;
    }
    let futility = Futility::BetaSpending { spending: Spending::LanDeMetsOBrienFleming, beta: 0.2, binding: false };
    let stopping = GroupSequentialSpec { futility, ..spec(3) };
    bench.time("beta-spending", "group-sequential boundaries with futility by beta spending, 3 looks", || {
        let design = GroupSequentialDesign::new(black_box(&stopping).clone())?;
        Ok([design.looks()[0].efficacy, design.looks()[0].futility.unwrap_or(f64::NAN)])
    })?;
    bench.time("sample-size-proportions", "people needed for 40 % against 25 %, 3 looks, with the design", || {
        let size =
            GroupSequentialDesign::new(black_box(&spec(3)).clone())?.sample_size_proportions(0.4, 0.25, 0.8, 1.0)?;
        Ok([size.maximum, size.expected])
    })?;
    let design = GroupSequentialDesign::new(spec(3))?;
    bench.time("stagewise", "stage-wise p-value, estimate and interval, stopped at look 2 of 3", || {
        let inference = black_box(&design).stagewise(1, 2.7, 0.95)?;
        Ok([inference.p_value.p(), inference.median_unbiased])
    })
}

fn exact_sequential(bench: &mut Bench) -> Done {
    for (n, looks) in [(20, 4), (40, 4), (100, 5)] {
        let sizes = (1..=looks).map(|k| LookSize { treatment: k * n / looks, control: k * n / looks }).collect();
        let spec = ExactBinarySpec::new(sizes, 0.025, Spending::LanDeMetsOBrienFleming);
        let title = format!("exact two-arm sequential design, {looks} looks, {n} an arm");
        bench.time(&format!("exact-sequential-{n}"), &title, || {
            let design = ExactBinaryDesign::new(black_box(&spec).clone())?;
            Ok([design.size().value, design.looks().last().and_then(|look| look.efficacy_z).unwrap_or(f64::INFINITY)])
        })?;
    }
    Ok(())
}

fn anytime(bench: &mut Bench) -> Done {
    let data = columns("streambin.csv")?;
    let whole = |name| Ok::<Vec<u64>, String>(column(&data, name)?.iter().map(|&value| value as u64).collect());
    let (a, b) = (whole("a")?, whole("b")?);
    bench.time("safe-two-by-two", &format!("safe test of two proportions, {} blocks", a.len()), || {
        let mut test = SafeTwoByTwo::new(1, 1, 0.18)?;
        for (&a, &b) in black_box(&a).iter().zip(black_box(&b)) {
            test.observe(a, b)?;
        }
        Ok([test.process().now().ln_e, test.process().p_value().p()])
    })?;
    bench.time("asymptotic-sequence", "asymptotic confidence sequence from an estimate and its error", || {
        let interval = asymptotic_interval(black_box(0.1), 0.05, 1_000, 1_000, 0.05)?;
        Ok([interval.lower, interval.upper])
    })?;
    bench.time("beta-mixture", "confidence sequence of a proportion, exact, 56 of 70", || {
        let interval = beta_mixture(black_box(56), 70, 1.0, 1.0, 0.05)?;
        Ok([interval.lower, interval.upper])
    })?;
    let data = columns("stream.csv")?;
    let values = column(&data, "y")?;
    bench.time("betting", &format!("confidence sequence by betting, {} values", values.len()), || {
        let interval = betting(black_box(values), 0.05)?;
        Ok([interval.lower, interval.upper])
    })
}

fn ends(estimate: &Estimate) -> Answer {
    Ok([estimate.interval.lower, estimate.interval.upper])
}

fn p_of(estimate: &Estimate) -> f64 {
    estimate.p_value.map_or(f64::NAN, |p| p.p())
}

fn point_of(estimate: &Estimate) -> f64 {
    estimate.point.unwrap_or(f64::NAN)
}

fn error_of(estimate: &Estimate) -> f64 {
    estimate.standard_error.unwrap_or(f64::NAN)
}

type Columns = BTreeMap<String, Vec<f64>>;

/// The columns of one of the files that the reference vectors refer to.
fn columns(file: &str) -> Result<Columns, Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/vectors/data").join(file);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let mut columns = Columns::new();
    for line in lines {
        for (name, cell) in names.iter().zip(line.split(',')) {
            columns.entry((*name).to_owned()).or_default().push(cell.parse()?);
        }
    }
    Ok(columns)
}

fn column<'a>(columns: &'a Columns, name: &str) -> Result<&'a [f64], String> {
    columns.get(name).map(Vec::as_slice).ok_or_else(|| format!("no column {name}"))
}

fn arms(columns: &Columns) -> Result<Vec<bool>, String> {
    Ok(column(columns, "t")?.iter().map(|&arm| arm == 1.0).collect())
}

/// What belongs to arm 1, and to arm 0.
fn split<T: Copy>(all: &[T], in_arm1: &[bool]) -> (Vec<T>, Vec<T>) {
    let of = |arm: bool| all.iter().zip(in_arm1).filter(|(_, in1)| **in1 == arm).map(|(one, _)| *one).collect();
    (of(true), of(false))
}
