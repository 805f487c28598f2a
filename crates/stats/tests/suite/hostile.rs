//! The methods on counts, rates, sequences and designs, called with several arguments at once replaced by hostile ones:
//! an answer in which every number is possible, or a typed error; never a panic and never a long wait.

use fairtrial_stats::method;
use serde_json::{Value, json};

/// Sound calls: the name of the method and its arguments.
const CALLS: &str = r#"
one_proportion.wilson {"x": 3, "n": 20, "level": 0.9}
one_proportion.clopper_pearson {"x": 3, "n": 20, "level": 0.9}
one_proportion.jeffreys {"x": 3, "n": 20, "level": 0.9}
one_proportion.mid_p {"x": 3, "n": 20, "level": 0.9}
one_proportion.blaker {"x": 3, "n": 20, "level": 0.9}
one_proportion.agresti_coull {"x": 3, "n": 20, "level": 0.9}
paired_proportions.mcnemar {"b": 9, "c": 3, "level": 0.95}
paired_proportions.mcnemar_mid_p {"b": 9, "c": 3, "side": "two"}
paired_proportions.difference {"b": 9, "c": 3, "n": 40, "level": 0.95}
two_proportions.risk_difference {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "level": 0.95}
two_proportions.risk_ratio {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "level": 0.95}
two_proportions.odds_ratio {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "level": 0.95}
two_proportions.risk_difference_interval {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "level": 0.95, "variance": "uncorrected"}
two_proportions.risk_ratio_interval {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "level": 0.95, "variance": "uncorrected"}
two_proportions.odds_ratio_interval {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "level": 0.95, "variance": "uncorrected"}
two_proportions.margin_test {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "null_difference": -0.1, "side": "greater"}
two_proportions.score_test {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "null_difference": -0.1, "side": "two"}
two_proportions.exact_margin_test {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "null_difference": -0.1, "side": "two"}
two_proportions.exact_risk_difference {"x1": 5, "n1": 9, "x0": 2, "n0": 8, "level": 0.95}
two_proportions.melded_risk_difference {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "level": 0.95}
two_proportions.melded_risk_ratio {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "level": 0.95}
two_proportions.mover_risk_difference {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "level": 0.95}
two_proportions.mover_ratio {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "level": 0.95, "measure": "odds"}
two_proportions.scas_risk_difference {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "level": 0.95}
two_proportions.scas_ratio {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "level": 0.95, "measure": "odds"}
two_proportions.newcombe {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "level": 0.95}
two_proportions.agresti_caffo {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "level": 0.95}
two_proportions.wald {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "level": 0.95}
two_proportions.pearson {"x1": 9, "n1": 20, "x0": 4, "n0": 21}
two_proportions.conditional_odds_ratio {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "level": 0.95, "mid_p": true}
two_proportions.exact_power {"test": "boschloo", "n1": 9, "n0": 8, "p1": 0.6, "p0": 0.2, "alpha": 0.05}
two_proportions.exact_needed {"test": "fisher", "p1": 0.9, "p0": 0.2, "alpha": 0.05, "power": 0.7, "most": 30}
two_proportions.fisher {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "side": "two", "method": "blaker"}
two_proportions.boschloo {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "side": "two"}
two_proportions.barnard {"x1": 9, "n1": 20, "x0": 4, "n0": 21, "side": "two"}
rates.exact_rate_ratio {"x1": 11, "t1": 800, "x0": 4, "t0": 900, "level": 0.95}
rates.mid_p_rate_ratio {"x1": 11, "t1": 800, "x0": 4, "t0": 900, "level": 0.95}
rates.score_rate_difference {"x1": 11, "t1": 800, "x0": 4, "t0": 900, "level": 0.95}
rates.score_rate_ratio {"x1": 11, "t1": 800, "x0": 4, "t0": 900, "level": 0.95}
rates.scas_rate_difference {"x1": 11, "t1": 800, "x0": 4, "t0": 900, "level": 0.95}
rates.scas_rate_ratio {"x1": 11, "t1": 800, "x0": 4, "t0": 900, "level": 0.95}
rates.mover_rate_ratio {"x1": 11, "t1": 800, "x0": 4, "t0": 900, "level": 0.95}
rates.poisson_test {"x1": 11, "t1": 800, "x0": 4, "t0": 900, "side": "two", "method": "min_likelihood"}
rates.quasi_poisson {"counts1": [1, 0, 4, 2], "exposures1": [1, 2, 1, 1], "counts0": [3, 5, 2], "exposures0": [1, 1, 2], "level": 0.95}
rates.robust_poisson {"counts1": [1, 0, 4, 2], "exposures1": [1, 2, 1, 1], "counts0": [3, 5, 2], "exposures0": [1, 1, 2], "level": 0.95}
rates.negative_binomial {"counts1": [1, 0, 4, 2], "exposures1": [1, 2, 1, 1], "counts0": [3, 9, 2], "exposures0": [1, 1, 2], "level": 0.95}
rates.poisson_regression {"counts1": [1, 0, 4, 2], "exposures1": [1, 2, 1, 1], "counts0": [3, 5, 2], "exposures0": [1, 1, 2]}
sample_ratio.test {"observed": [60, 40], "ratio": [1, 1]}
sample_ratio.pearson {"observed": [60, 40, 3], "shares": [0.5, 0.4, 0.1]}
sample_ratio.exact_multinomial {"observed": [6, 4, 3], "shares": [0.5, 0.4, 0.1]}
sample_ratio.dirichlet_bayes_factor {"observed": [60, 40], "shares": [0.5, 0.5], "concentration": 10}
sample_ratio.sequential {"observed": [60, 40], "shares": [0.5, 0.5]}
stratified.common_odds_ratio {"strata": [[8, 20, 4, 20], [12, 40, 9, 38]], "level": 0.95}
stratified.common_risk_ratio {"strata": [[8, 20, 4, 20], [12, 40, 9, 38]], "level": 0.95}
stratified.common_risk_difference {"strata": [[8, 20, 4, 20], [12, 40, 9, 38]], "level": 0.95}
stratified.exact_common_odds_ratio {"strata": [[8, 20, 4, 20], [12, 40, 9, 38]], "level": 0.95}
stratified.risk_difference {"strata": [[8, 20, 4, 20], [12, 40, 9, 38]], "level": 0.95}
stratified.chi_square {"strata": [[8, 20, 4, 20], [12, 40, 9, 38]], "continuity_correction": true}
stratified.exact_test {"strata": [[8, 20, 4, 20], [12, 40, 9, 38]], "side": "two", "by_likelihood": true}
stratified.homogeneity {"strata": [[8, 20, 4, 20], [12, 40, 9, 38]]}
stratified.conditional_ln_odds {"strata": [[8, 20, 4, 20], [12, 40, 9, 38]]}
confidence_sequence.normal_mixture {"v": 100, "optimal_at": 50, "alpha": 0.05, "side": "two"}
confidence_sequence.beta_mixture {"x": 3, "n": 20, "a": 0.5, "b": 0.5, "alpha": 0.05}
confidence_sequence.beta_mixture_difference {"x1": 3, "n1": 20, "x0": 8, "n0": 20, "alpha": 0.05}
confidence_sequence.betting {"values": [0.1, 0.5, 0.9, 0.3], "alpha": 0.05}
confidence_sequence.asymptotic {"estimate": 0.1, "standard_error": 0.05, "units": 100, "tightest_at": 100, "alpha": 0.05}
safe_test.two_by_two {"block1": 1, "block0": 1, "prior": 0.18, "blocks": [[1, 0], [1, 1], [0, 1]]}
safe_test.z {"z": 2.1, "effect": 0.3, "n1": 40, "n0": 50, "side": "two"}
safe_test.t {"t": 2.1, "effect": 0.3, "n1": 40, "n0": 50, "side": "two"}
safe_test.logrank {"events1": 2, "at_risk1": 18, "events0": 1, "at_risk0": 20, "ratio": 0.6}
safe_test.mixture_ratio {"difference": 0.3, "variance": 0.02, "mixing": 0.01}
safe_test.linear_model {"t": 2.5, "degrees_of_freedom": 58, "prior": 1, "design": 15}
group_sequential.spending {"spending": {"kind": "kim_demets", "rho": 2}, "alpha": 0.025, "fraction": 0.5}
group_sequential.student_bound {"z": 2.4, "degrees_of_freedom": 12}
group_sequential.single_arm {"units": [12, 24], "lower": [0, 4], "upper": [5, 7], "p": 0.2}
group_sequential.design {"alpha": 0.025, "side": "two", "information": [0.3, 1.0], "efficacy": {"kind": "spending", "spending": {"kind": "lan_demets_obrien_fleming"}}}
group_sequential.operating {"alpha": 0.025, "information": [10, 30], "effect": 0.4, "efficacy": {"kind": "pocock"}}
group_sequential.effect_at_power {"alpha": 0.025, "information": [10, 30], "power": 0.8, "efficacy": {"kind": "pocock"}}
group_sequential.stagewise {"alpha": 0.025, "information": [10, 30], "look": 1, "z": 2.1, "level": 0.95, "efficacy": {"kind": "pocock"}}
group_sequential.repeated {"alpha": 0.025, "information": [10, 30], "look": 1, "z": 2.1, "efficacy": {"kind": "pocock"}}
group_sequential.sequential_p_value {"alpha": 0.025, "information": [10, 30], "z": [1.1, 2.1], "efficacy": {"kind": "spending", "spending": {"kind": "lan_demets_pocock"}}}
group_sequential.conditional {"alpha": 0.025, "information": [10, 30], "look": 0, "z": 1.1, "effect": 0.3, "efficacy": {"kind": "pocock"}}
group_sequential.predictive_power {"alpha": 0.025, "information": [10, 30], "look": 0, "z": 1.1, "mean": 0.2, "standard_deviation": 0.3, "efficacy": {"kind": "pocock"}}
group_sequential.conditional_rejection_probability {"alpha": 0.025, "information": [10, 30], "look": 0, "z": 1.1, "efficacy": {"kind": "pocock"}}
group_sequential.sample_size_proportions {"alpha": 0.025, "information": [0.5, 1], "treatment": 0.4, "control": 0.25, "power": 0.8, "ratio": 1, "efficacy": {"kind": "pocock"}}
group_sequential.sample_size_means {"alpha": 0.025, "information": [0.5, 1], "effect": 0.4, "deviation": 1, "power": 0.8, "ratio": 1, "efficacy": {"kind": "pocock"}}
exact_sequential.design {"looks": [[4, 4], [8, 8]], "alpha": 0.05, "direction": "less", "spending": {"kind": "lan_demets_pocock"}}
exact_sequential.operating {"looks": [[4, 4], [8, 8]], "alpha": 0.05, "spending": {"kind": "lan_demets_pocock"}, "treatment": 0.6, "control": 0.3}
exact_sequential.conditional {"looks": [[4, 4], [8, 8]], "alpha": 0.05, "spending": {"kind": "lan_demets_pocock"}, "look": 0, "x1": 3, "x0": 1, "treatment": 0.6, "control": 0.3}
exact_sequential.analyse {"looks": [[4, 4], [8, 8]], "alpha": 0.05, "spending": {"kind": "lan_demets_pocock"}, "look": 1, "treatment": 6, "control": 2, "level": 0.95}
permutation_sequential.compare_means {"in_arm1": [1, 1, 0, 0, 1, 0], "alpha": 0.2, "side": "greater", "spending": {"kind": "lan_demets_pocock"}, "fractions": [0.5, 1], "looks": [[3, null, 1, 2, null, 1], [3, 4, 1, 2, 5, 1]]}
"#;

/// A generator that needs no library: the same numbers in every run (Steele, Lea and Flood 2014, SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % n as u64) as usize
    }

    /// What may stand in the place of a value: numbers at and beyond the edges, or something of another kind.
    fn hostile(&mut self, value: &Value) -> Value {
        if let Some(list) = value.as_array().filter(|list| !list.is_empty()) {
            let mut list = list.clone();
            match self.below(5) {
                0 => list.truncate(1),
                1 => list.push(list[0].clone()),
                2 => list.clear(),
                _ => {
                    let at = self.below(list.len());
                    list[at] = self.hostile(&list[at].clone());
                }
            }
            return json!(list);
        }
        let numbers = [
            json!(0),
            json!(1),
            json!(2),
            json!(7),
            json!(1000),
            json!(100_000_000_u64),
            json!(1_000_000_000_000_000_000_u64),
            json!(u64::MAX),
            json!(-1),
            json!(-0.5),
            json!(0.5),
            json!(0.999_999_999),
            json!(1e-12),
            json!(5e-324),
            json!(1e-300),
            json!(1e16),
            json!(1.797e308),
            json!(-1.797e308),
            json!(null),
            json!("NaN"),
            json!([]),
            json!({}),
            json!(true),
        ];
        numbers[self.below(numbers.len())].clone()
    }
}

/// What cannot be true of an answer.
fn impossible(answer: &Value, path: &str) -> Option<String> {
    match answer {
        Value::Object(fields) => {
            let end = |name: &str| fields.get(name).and_then(Value::as_f64);
            if let (Some(lower), Some(upper)) = (end("lower"), end("upper"))
                && lower > upper
            {
                return Some(format!("{path}: {lower} is above {upper}"));
            }
            fields.iter().find_map(|(key, value)| impossible(value, key))
        }
        Value::Array(list) => list.iter().find_map(|value| impossible(value, path)),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            let probability = ["p_value", "power", "spent", "probability", "per_look"].contains(&path);
            let wrong = (probability && !(-1e-12..=1.0 + 1e-9).contains(&number))
                || (path == "ln_p" && number > 0.0)
                || (path == "standard_error" && number < 0.0);
            wrong.then(|| format!("{path} = {number}"))
        }
        _ => None,
    }
}

#[test]
fn hostile_arguments_are_answered_or_refused() {
    let mut chance = Chance(20_261_126);
    let (mut answered, mut refused, mut failures) = (0, 0, Vec::new());
    for line in CALLS.lines().filter(|line| !line.is_empty()) {
        let (name, arguments) = line.split_once(' ').unwrap();
        let arguments: Value = serde_json::from_str(arguments).unwrap();
        assert!(method::call(name, &arguments).is_ok(), "{name}: {:?}", method::call(name, &arguments));
        let keys: Vec<&String> = arguments.as_object().unwrap().keys().collect();
        for _ in 0..60 {
            let mut changed = arguments.clone();
            for _ in 0..=chance.below(3) {
                let key = keys[chance.below(keys.len())];
                changed[key] = chance.hostile(&changed[key].clone());
            }
            let started = std::time::Instant::now();
            let wrong = match std::panic::catch_unwind(|| method::call(name, &changed)) {
                Err(_) => Some("panics".to_owned()),
                Ok(Err(error)) => {
                    refused += 1;
                    error.to_string().is_empty().then(|| "refuses without a reason".to_owned())
                }
                Ok(Ok(answer)) => {
                    answered += 1;
                    impossible(&answer, "")
                }
            };
            let waited = started.elapsed().as_secs_f64();
            // A second of this machine's time, and room for whatever else it does.
            let slow = (waited > 4.0).then(|| format!("takes {waited:.1} s"));
            if let Some(wrong) = wrong.or(slow) {
                failures.push(format!("{name} {changed}: {wrong}"));
            }
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    assert!(answered > 300 && refused > 1_000, "{answered} answered and {refused} refused");
}
