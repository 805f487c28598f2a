//! Group-sequential designs.

use std::path::Path;

use fairtrial_stats::sequential::Spending;
use fairtrial_stats::sequential::group::{
    Efficacy, Futility, GroupSequentialDesign, GroupSequentialSpec, Harm, single_arm,
};
use fairtrial_stats::two_proportions::{Table, pooled_z};
use fairtrial_stats::{Side, StatError};
use serde_json::{Map, Value, json};

use super::shape::{f64_of, number, u64_of, unknown};

pub(crate) fn value(id: &str, input: &Value, _: &Path) -> Result<Value, StatError> {
    match id {
        _ if id.starts_with("boundary_") => boundary(input),
        _ if id.starts_with("characteristics_") => characteristics(input),
        _ if id.starts_with("futility_") => futility(input),
        _ if id.starts_with("gsDesign_testtype") => test_type(input),
        "gsProbability" => probability(input),
        "spending" => spending(input),
        "stagewise_inference" => stagewise(input),
        "conditional_power" => conditional_power(input),
        "analysis_means" => analysis_means(input),
        "analysis_rates" => analysis_rates(input),
        "gsCP" => conditional_probabilities(input),
        "gsPP" => predictive_power(input),
        "sequentialPValue" => sequential_p_value(input),
        "gsBinomialExact" => one_arm(input),
        "ss_rates" => sample_size_rates(input),
        "ss_means" => sample_size_means(input),
        _ => Err(unknown(id)),
    }
}

/// A list of numbers, or one number, which is how the other language writes a list of one.
fn f64s_of(input: &Value, name: &str) -> Result<Vec<f64>, StatError> {
    if input[name].is_number() { Ok(vec![f64_of(input, name)?]) } else { super::shape::f64s_of(input, name) }
}

fn u64s_of(input: &Value, name: &str) -> Result<Vec<u64>, StatError> {
    if input[name].is_number() { Ok(vec![u64_of(input, name)?]) } else { super::shape::u64s_of(input, name) }
}

/// The oracle halves (0, 0.5) twenty times for a repeated p-value, and gives this where it is larger.
const HALF: f64 = 0.5 - 0.5 / 524_288.0;

const OBRIEN_FLEMING: Spending = Spending::LanDeMetsOBrienFleming;

fn thirds() -> Vec<f64> {
    vec![1.0 / 3.0, 2.0 / 3.0, 1.0]
}

fn by_spending(spending: Spending) -> Efficacy {
    Efficacy::Spending { spending }
}

/// Three equal looks, O'Brien-Fleming spending, futility by Hwang-Shih-DeCani(-2), power 0.8, in 400 fixed units.
fn standard_design() -> Result<(GroupSequentialDesign, f64), StatError> {
    let spec = GroupSequentialSpec {
        futility: Futility::BetaSpending {
            spending: Spending::HwangShihDeCani { gamma: -2.0 },
            beta: 0.2,
            binding: false,
        },
        ..GroupSequentialSpec::new(thirds(), 0.025, by_spending(OBRIEN_FLEMING))
    };
    let units = 400.0 * GroupSequentialDesign::new(spec.clone())?.inflation(0.8)?;
    let information = thirds().iter().map(|t| t * units).collect();
    let design = GroupSequentialDesign::new(GroupSequentialSpec { information, ..spec })?;
    let effect = design.effect_at_power(0.8)?;
    Ok((design, effect))
}

fn efficacy_of(kind: &str) -> Result<Efficacy, StatError> {
    let wrong = || StatError::invalid("type", format!("{kind:?} is not known"));
    let parameter = |text: &str| {
        let signed = text.strip_prefix('m').map_or(text.to_owned(), |rest| format!("-{rest}"));
        signed.parse::<f64>().map_err(|_| wrong())
    };
    Ok(match kind {
        "OF" => Efficacy::OBrienFleming,
        "P" => Efficacy::Pocock,
        "HP" => Efficacy::HaybittlePeto { z: 3.0 },
        "asOF" => by_spending(OBRIEN_FLEMING),
        "asP" => by_spending(Spending::LanDeMetsPocock),
        _ => {
            if let Some(delta) = kind.strip_prefix("WT") {
                // "025" stands for 0.25.
                let digits = delta.strip_prefix('0').ok_or_else(wrong)?;
                Efficacy::WangTsiatis { delta: parameter(&format!("0.{digits}"))? }
            } else if let Some(rho) = kind.strip_prefix("asKD") {
                by_spending(Spending::KimDeMets { rho: parameter(rho)? })
            } else if let Some(gamma) = kind.strip_prefix("asHSD") {
                by_spending(Spending::HwangShihDeCani { gamma: parameter(gamma)? })
            } else {
                return Err(wrong());
            }
        }
    })
}

fn text<'a>(input: &'a Value, name: &str) -> Result<&'a str, StatError> {
    input[name].as_str().ok_or_else(|| StatError::invalid(name, "must be a text"))
}

fn critical(design: &GroupSequentialDesign) -> Vec<f64> {
    design.looks().iter().map(|look| look.efficacy).collect()
}

fn boundary(input: &Value) -> Result<Value, StatError> {
    let side = if u64_of(input, "sided")? == 2 { Side::Two } else { Side::Greater };
    let efficacy = efficacy_of(text(input, "type")?)?;
    let spec = GroupSequentialSpec::new(f64s_of(input, "info")?, f64_of(input, "alpha")?, efficacy);
    let design = GroupSequentialDesign::new(GroupSequentialSpec { side, ..spec })?;
    let spent: Vec<f64> = design.looks().iter().map(|look| look.alpha_spent).collect();
    Ok(json!({"critical": critical(&design).into_iter().map(number).collect::<Vec<_>>(), "alphaSpent": spent}))
}

fn characteristics(input: &Value) -> Result<Value, StatError> {
    let efficacy = efficacy_of(text(input, "type")?)?;
    let power = 1.0 - f64_of(input, "beta")?;
    let design = GroupSequentialDesign::new(GroupSequentialSpec::new(f64s_of(input, "info")?, 0.025, efficacy))?;
    let effect = design.effect_at_power(power)?;
    let inflation = design.inflation(power)?;
    let expected = |effect: f64| design.operating(effect).map(|o| o.expected_information * inflation);
    Ok(json!({
        "inflation": inflation,
        "shift": effect * effect,
        "asn1": expected(effect)?,
        "asn0": expected(0.0)?,
        "asn01": expected(0.5 * effect)?,
        "rej": design.operating(effect)?.efficacy,
    }))
}

fn futility(input: &Value) -> Result<Value, StatError> {
    let kind = text(input, "beta_spending")?;
    let gamma = |default: f64| input["gammaB"].as_f64().unwrap_or(default);
    let spending = match kind {
        "bsOF" => OBRIEN_FLEMING,
        "bsP" => Spending::LanDeMetsPocock,
        "bsHSD" => Spending::HwangShihDeCani { gamma: gamma(-2.0) },
        "bsKD" => Spending::KimDeMets { rho: gamma(2.0) },
        _ => return Err(StatError::invalid("beta_spending", format!("{kind:?} is not known"))),
    };
    let binding = input["binding"].as_bool().unwrap_or(false);
    let beta = f64_of(input, "beta")?;
    let spec = GroupSequentialSpec::new(f64s_of(input, "info")?, f64_of(input, "alpha")?, by_spending(OBRIEN_FLEMING));
    let futility = Futility::BetaSpending { spending, beta, binding };
    let design = GroupSequentialDesign::new(GroupSequentialSpec { futility, ..spec })?;
    let effect = design.effect_at_power(1.0 - beta)?;
    let mut lower: Vec<Value> =
        design.looks().iter().map(|look| number(look.futility.unwrap_or(f64::NEG_INFINITY))).collect();
    // One of the two programs lists the last look, at which futility is the failure to succeed, the other does not.
    if !input["gammaB"].is_null() {
        lower.pop();
    }
    Ok(json!({
        "shift": effect * effect,
        "critical": critical(&design).into_iter().map(number).collect::<Vec<_>>(),
        "futility": lower,
        "inflation": design.inflation(1.0 - beta)?,
    }))
}

fn test_type(input: &Value) -> Result<Value, StatError> {
    let kind = u64_of(input, "test.type")?;
    let beta = f64_of(input, "beta")?;
    let gamma = Spending::HwangShihDeCani { gamma: -2.0 };
    let mut spec =
        GroupSequentialSpec::new(f64s_of(input, "info")?, f64_of(input, "alpha")?, by_spending(OBRIEN_FLEMING));
    if matches!(kind, 3 | 4 | 7 | 8) {
        spec.futility = Futility::BetaSpending { spending: gamma.clone(), beta, binding: kind % 4 == 3 };
    }
    if kind > 4 {
        spec.harm = Some(Harm { alpha: f64_of(input, "astar")?, spending: gamma, binding: kind == 5 });
    }
    let design = GroupSequentialDesign::new(spec)?;
    let power = 1.0 - beta;
    let inflation = design.inflation(power)?;
    let sizes: Vec<f64> = design.looks().iter().map(|look| look.information * inflation).collect();
    let bound = |z: Option<f64>| number(z.unwrap_or(f64::NEG_INFINITY));
    let futile: Vec<Value> = design.looks().iter().map(|look| bound(look.futility)).collect();
    let harmful: Vec<Value> = design.looks().iter().map(|look| bound(look.harm)).collect();
    let (null, alternative) = (design.operating(0.0)?, design.operating(design.effect_at_power(power)?)?);
    let pairs = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| json!([a, b])).collect::<Vec<Value>>();
    let expected = |o: &fairtrial_stats::sequential::group::Operating| o.expected_information * inflation;
    let mut result = json!({"upper": critical(&design).into_iter().map(number).collect::<Vec<_>>(), "nI": sizes});
    match kind {
        3 | 4 => {
            result["lower"] = json!(futile);
            result["prob_upper"] = json!(pairs(&null.efficacy, &alternative.efficacy));
            result["prob_lower"] = json!(pairs(&null.futility, &alternative.futility));
            result["en"] = json!([expected(&null), expected(&alternative)]);
        }
        5 | 6 => {
            result["lower"] = json!(harmful);
            result["harm"] = Value::Null;
        }
        _ => {
            result["lower"] = json!(futile);
            result["harm"] = json!(harmful);
        }
    }
    Ok(result)
}

fn probability(input: &Value) -> Result<Value, StatError> {
    let effects = f64s_of(input, "theta")?;
    let spec = GroupSequentialSpec {
        futility: Futility::Fixed { z: f64s_of(input, "a")? },
        ..GroupSequentialSpec::new(f64s_of(input, "nI")?, 0.025, Efficacy::Fixed { z: f64s_of(input, "b")? })
    };
    let design = GroupSequentialDesign::new(spec)?;
    let runs = effects.iter().map(|&effect| design.operating(effect)).collect::<Result<Vec<_>, _>>()?;
    let by_look = |pick: &dyn Fn(usize, usize) -> f64| -> Vec<Vec<f64>> {
        (0..design.looks().len()).map(|k| (0..runs.len()).map(|r| pick(r, k)).collect()).collect()
    };
    Ok(json!({
        "upper": by_look(&|r, k| runs[r].efficacy[k]),
        "lower": by_look(&|r, k| runs[r].futility[k]),
        "en": runs.iter().map(|run| run.expected_information).collect::<Vec<f64>>(),
    }))
}

fn spending(input: &Value) -> Result<Value, StatError> {
    let (t, alpha) = (f64_of(input, "t")?, f64_of(input, "alpha")?);
    let functions = [
        ("ldof", OBRIEN_FLEMING),
        ("pocock", Spending::LanDeMetsPocock),
        ("hsd_m4", Spending::HwangShihDeCani { gamma: -4.0 }),
        ("hsd_1", Spending::HwangShihDeCani { gamma: 1.0 }),
        ("power3", Spending::KimDeMets { rho: 3.0 }),
        ("exp", Spending::Exponential { nu: 0.75 }),
    ];
    let mut result = Map::new();
    for (name, function) in functions {
        result.insert(name.to_owned(), json!(function.spent(alpha, t)?));
    }
    Ok(Value::Object(result))
}

fn plain_design(maximum: f64) -> Result<GroupSequentialDesign, StatError> {
    let information = thirds().iter().map(|t| t * maximum).collect();
    GroupSequentialDesign::new(GroupSequentialSpec::new(information, 0.025, by_spending(OBRIEN_FLEMING)))
}

fn stagewise(input: &Value) -> Result<Value, StatError> {
    let design = plain_design(f64_of(input, "Imax")?)?;
    let look = (u64_of(input, "stage")? as usize).wrapping_sub(1);
    let inference = design.stagewise(look, f64_of(input, "z")?, 0.95)?;
    Ok(json!({
        "b": critical(&design).into_iter().map(number).collect::<Vec<_>>(),
        "p": inference.p_value.p(),
        "mue": inference.median_unbiased,
        "lo": inference.interval.lower,
        "hi": inference.interval.upper,
    }))
}

fn conditional_power(input: &Value) -> Result<Value, StatError> {
    let design = plain_design(f64_of(input, "Imax")?)?;
    let look = (u64_of(input, "k")? as usize).wrapping_sub(1);
    let z = f64_of(input, "z")?;
    let power = |effect: f64| design.conditional(look, z, effect).map(|c| c.power);
    Ok(json!({"theta=0.0": power(0.0)?, "theta=0.2": power(0.2)?, "theta=0.3": power(0.3)?}))
}

/// One entry a look: the value where there is one, "NA" elsewhere.
fn available(looks: usize, value: impl Fn(usize) -> Option<f64>) -> Value {
    (0..looks).map(|k| value(k).map_or(json!("NA"), number)).collect()
}

fn analysis_means(input: &Value) -> Result<Value, StatError> {
    let stage = u64_of(input, "stage")? as usize;
    let per_stage = f64_of(input, "n_per_arm_per_stage")?;
    let z = f64s_of(input, "z")?;
    let design = plain_design(1.5 * per_stage)?;
    let looks = design.looks().len();
    if z.len() != stage || stage > looks || stage == 0 {
        return Err(StatError::invalid("z", "needs one value for each stage"));
    }
    let intervals =
        z.iter().enumerate().map(|(k, &z)| design.repeated_interval(k, z)).collect::<Result<Vec<_>, _>>()?;
    let p = z.iter().enumerate().map(|(k, &z)| design.repeated_p_value(k, z)).collect::<Result<Vec<_>, _>>()?;
    let crossed = z.iter().zip(design.looks()).position(|(z, look)| *z >= look.efficacy);
    let end = crossed.or(if stage == looks { Some(stage - 1) } else { None });
    let last = end.map(|k| design.stagewise(k, z[k], 0.95)).transpose()?;
    let at_end = |k: usize, value: Option<f64>| if Some(k) == end { value } else { None };
    Ok(json!({
        "finalStage": end.map_or(json!("NA"), |k| json!(k + 1)),
        "finalP": available(looks, |k| at_end(k, last.map(|l| l.p_value.p()))),
        "finalCIlo": available(looks, |k| at_end(k, last.map(|l| l.interval.lower))),
        "finalCIhi": available(looks, |k| at_end(k, last.map(|l| l.interval.upper))),
        "mue": available(looks, |k| at_end(k, last.map(|l| l.median_unbiased))),
        "rCIlo": available(looks, |k| intervals.get(k).map(|i| i.lower)),
        "rCIhi": available(looks, |k| intervals.get(k).map(|i| i.upper)),
        "rP": available(looks, |k| p.get(k).map(|p| p.p().min(HALF))),
        "testStat": available(looks, |k| z.get(k).copied()),
    }))
}

fn analysis_rates(input: &Value) -> Result<Value, StatError> {
    let (n, e1, e0) = (u64s_of(input, "n")?, u64s_of(input, "e1")?, u64s_of(input, "e2")?);
    if n.is_empty() || e1.len() != n.len() || e0.len() != n.len() {
        return Err(StatError::invalid("e1", "needs one count for each stage"));
    }
    let design = plain_design(1.0)?;
    let looks = design.looks().len();
    let (mut stages, mut tables) = (Vec::new(), Vec::new());
    let mut sum = (0, 0, 0);
    for ((&n, &x1), &x0) in n.iter().zip(&e1).zip(&e0) {
        sum = (sum.0 + n, sum.1 + x1, sum.2 + x0);
        stages.push(Table::new(x1, n, x0, n)?);
        tables.push(Table::new(sum.1, sum.0, sum.2, sum.0)?);
    }
    // The oracle takes the difference of two groups without variation as 0.
    let z_of = |table: &Table| match pooled_z(table) {
        Err(StatError::ZeroVariance) => Ok(0.0),
        other => other,
    };
    let z = tables.iter().map(z_of).collect::<Result<Vec<f64>, _>>()?;
    let mut intervals = Vec::new();
    let mut p = Vec::new();
    let mut rejection = Vec::new();
    for (k, table) in tables.iter().enumerate() {
        intervals.push(design.repeated_risk_difference(k, table)?);
        p.push(design.repeated_p_value(k, z[k])?);
        if k + 1 < looks {
            rejection.push(design.conditional_rejection_probability(k, z[k])?);
        }
    }
    let (p1, p0) = (sum.1 as f64 / sum.0 as f64, sum.2 as f64 / sum.0 as f64);
    let planned = 2.0 * n[n.len() - 1] as f64;
    let power = match design.conditional_power_proportions(&stages, p1, p0, planned) {
        _ if n.len() >= looks => Vec::new(),
        Err(StatError::NotEstimable { .. }) => Vec::new(),
        other => other?,
    };
    Ok(json!({
        "cp": available(looks, |k| k.checked_sub(n.len()).and_then(|j| power.get(j)).copied()),
        "crp": available(looks, |k| rejection.get(k).copied()),
        "rCIlo": available(looks, |k| intervals.get(k).map(|i| i.lower)),
        "rCIhi": available(looks, |k| intervals.get(k).map(|i| i.upper)),
        "rP": available(looks, |k| p.get(k).map(|p| p.p().min(HALF))),
        "z": available(looks, |k| z.get(k).copied()),
    }))
}

fn conditional_probabilities(input: &Value) -> Result<Value, StatError> {
    let (design, effect) = standard_design()?;
    let look = (u64_of(input, "i")? as usize).wrapping_sub(1);
    let z = f64_of(input, "zi")?;
    let information = design.looks().get(look).map_or(1.0, |l| l.information);
    let effects = [z / information.sqrt(), 0.0, effect];
    let runs = effects.iter().map(|&e| design.conditional(look, z, e)).collect::<Result<Vec<_>, _>>()?;
    let later = design.looks().len() - look - 1;
    let upper: Vec<Vec<f64>> = (0..later).map(|k| runs.iter().map(|r| r.efficacy[k]).collect()).collect();
    let lower: Vec<Vec<f64>> = (0..later).map(|k| runs.iter().map(|r| r.futility[k]).collect()).collect();
    Ok(json!({
        "nI": design.looks().iter().map(|l| l.information).collect::<Vec<f64>>(),
        "upper": critical(&design).into_iter().map(number).collect::<Vec<_>>(),
        "lower": design.looks().iter().map(|l| l.futility).collect::<Vec<Option<f64>>>(),
        "delta": effect,
        "theta": effects,
        "cp_upper": upper,
        "cp_lower": lower,
    }))
}

fn predictive_power(input: &Value) -> Result<Value, StatError> {
    let (design, effect) = standard_design()?;
    let look = (u64_of(input, "i")? as usize).wrapping_sub(1);
    // The prior of the line: mean half the effect planned for, deviation 10 / sqrt(400).
    Ok(json!(design.predictive_power(look, f64_of(input, "zi")?, 0.5 * effect, 0.5)?))
}

fn sequential_p_value(input: &Value) -> Result<Value, StatError> {
    let (planned, _) = standard_design()?;
    let observed = f64s_of(input, "n.I")?;
    let last_is_final = observed.len() >= planned.looks().len();
    let plain = GroupSequentialSpec { futility: Futility::None, ..planned.spec().clone() };
    let design = GroupSequentialDesign::new(plain.with_observed(&observed, last_is_final)?)?;
    Ok(json!(design.sequential_p_value(&f64s_of(input, "Z")?)?.p()))
}

fn one_arm(input: &Value) -> Result<Value, StatError> {
    let whole = |name: &str| -> Result<Vec<i64>, StatError> {
        Ok(f64s_of(input, name)?.iter().map(|value| *value as i64).collect())
    };
    let (units, lower, upper) = (u64s_of(input, "nI")?, whole("a")?, whole("b")?);
    let runs = f64s_of(input, "theta")?
        .iter()
        .map(|&p| single_arm(&units, &lower, &upper, p))
        .collect::<Result<Vec<_>, _>>()?;
    let by_look = |pick: &dyn Fn(usize, usize) -> f64| -> Vec<Vec<f64>> {
        (0..units.len()).map(|k| (0..runs.len()).map(|r| pick(r, k)).collect()).collect()
    };
    Ok(json!({
        "upper": by_look(&|r, k| runs[r].upper[k]),
        "lower": by_look(&|r, k| runs[r].lower[k]),
        "en": runs.iter().map(|run| run.expected_units).collect::<Vec<f64>>(),
    }))
}

fn sample_size_rates(input: &Value) -> Result<Value, StatError> {
    let (p1, p0) = (f64_of(input, "pi1")?, f64_of(input, "pi2")?);
    let (alpha, beta) = (f64_of(input, "alpha")?, f64_of(input, "beta")?);
    let futility = Futility::BetaSpending { spending: Spending::HwangShihDeCani { gamma: -2.0 }, beta, binding: false };
    let spec = GroupSequentialSpec::new(thirds(), alpha, by_spending(OBRIEN_FLEMING));
    let design = GroupSequentialDesign::new(GroupSequentialSpec { futility, ..spec })?;
    let size = design.sample_size_proportions(p1, p0, 1.0 - beta, 1.0)?;
    // Towards fewer outcomes the oracle gives differences below 0.
    let sign = (p1 - p0).signum();
    let reached = |z: f64, units: f64| match GroupSequentialDesign::difference_at_bound(sign * z, p0, units) {
        Ok(difference) => Ok(json!([difference])),
        Err(StatError::NotEstimable { .. }) => Ok(json!(["NA"])),
        Err(error) => Err(error),
    };
    let (mut success, mut failure) = (Vec::new(), Vec::new());
    for look in design.looks() {
        let units = look.fraction * size.maximum;
        success.push(reached(look.efficacy, units)?);
        if let (Some(z), true) = (look.futility, look.fraction < 1.0) {
            failure.push(reached(z, units)?);
        }
    }
    Ok(json!({"n": size.maximum, "nFixed": size.fixed, "asn1": size.expected, "critEff": success, "futEff": failure}))
}

fn sample_size_means(input: &Value) -> Result<Value, StatError> {
    let size = plain_design(1.0)?.sample_size_means(f64_of(input, "d")?, 1.0, 0.8, 1.0)?;
    Ok(json!({"n": size.maximum, "nFixed": size.fixed}))
}
