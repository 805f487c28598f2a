//! `group_sequential.*`: planned looks at a statistic that is normal in large samples.
//!
//! `spending`, `student_bound`, `single_arm` and `difference_at_bound` stand alone. Every other method takes the design: `information`, `alpha`, `efficacy`, and where wanted `side` (`greater` or `two`, default
//! `greater`), `futility`, `harm`, `maximum`, `last_is_final`; nested values have the shape of the crate's types.

use serde_json::json;

use super::{Answer, Arguments, answer};
use crate::sequential::Spending;
use crate::sequential::group::{GroupSequentialDesign, GroupSequentialSpec, single_arm, student_bound};
use crate::two_proportions::Table;
use crate::{Side, StatError};

const METHODS: [&str; 13] = [
    "design",
    "operating",
    "effect_at_power",
    "stagewise",
    "repeated",
    "sequential_p_value",
    "conditional",
    "predictive_power",
    "conditional_rejection_probability",
    "sample_size_proportions",
    "sample_size_means",
    "repeated_risk_difference",
    "conditional_power_proportions",
];

pub(super) fn call(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    match name {
        "spending" => {
            let function: Spending = arguments.parsed("spending")?;
            let (alpha, fraction) = (arguments.fraction("alpha")?, arguments.nonnegative("fraction")?);
            return answer(arguments, || Ok(json!({"spent": function.spent(alpha, fraction)?})));
        }
        "student_bound" => {
            let (z, degrees) = (arguments.number("z")?, arguments.positive("degrees_of_freedom")?);
            return answer(arguments, || Ok(json!({"t": student_bound(z, degrees)?})));
        }
        "single_arm" => {
            let (units, p) = (arguments.counts("units")?, arguments.probability("p")?);
            let (lower, upper): (Vec<i64>, Vec<i64>) = (arguments.parsed("lower")?, arguments.parsed("upper")?);
            return answer(arguments, || single_arm(&units, &lower, &upper, p));
        }
        "difference_at_bound" => {
            let (z, control) = (arguments.number("z")?, arguments.fraction("control")?);
            let units = arguments.positive("units")?;
            return answer(arguments, || {
                Ok(json!({"difference": GroupSequentialDesign::difference_at_bound(z, control, units)?}))
            });
        }
        _ => {}
    }
    if !METHODS.contains(&name) {
        return Ok(None);
    }
    let spec = spec(arguments)?;
    let design = || GroupSequentialDesign::new(spec);
    match name {
        "design" => answer(arguments, || Ok(json!({"looks": design()?.looks()}))),
        "operating" => {
            let effect = arguments.number("effect")?;
            answer(arguments, || design()?.operating(effect))
        }
        "effect_at_power" => {
            let power = arguments.fraction("power")?;
            answer(arguments, || {
                let design = design()?;
                Ok(json!({"effect": design.effect_at_power(power)?, "inflation": design.inflation(power)?}))
            })
        }
        "stagewise" => {
            let (look, z, level) = (arguments.count("look")? as usize, arguments.number("z")?, arguments.level()?);
            answer(arguments, || {
                let inference = design()?.stagewise(look, z, level)?;
                Ok(json!({
                    "p_value": inference.p_value.p(),
                    "ln_p": inference.p_value.ln_p,
                    "median_unbiased": inference.median_unbiased,
                    "interval": inference.interval,
                }))
            })
        }
        "repeated" => {
            let (look, z) = (arguments.count("look")? as usize, arguments.number("z")?);
            answer(arguments, || {
                let design = design()?;
                let p = design.repeated_p_value(look, z)?;
                Ok(json!({"interval": design.repeated_interval(look, z)?, "p_value": p.p(), "ln_p": p.ln_p}))
            })
        }
        "sequential_p_value" => {
            let z = arguments.numbers("z")?;
            answer(arguments, || Ok(json!({"p_value": design()?.sequential_p_value(&z)?.p()})))
        }
        "conditional" => {
            let (look, z) = (arguments.count("look")? as usize, arguments.number("z")?);
            let effect = arguments.number("effect")?;
            answer(arguments, || design()?.conditional(look, z, effect))
        }
        "predictive_power" => {
            let (look, z) = (arguments.count("look")? as usize, arguments.number("z")?);
            let (mean, deviation) = (arguments.number("mean")?, arguments.positive("standard_deviation")?);
            answer(arguments, || Ok(json!({"power": design()?.predictive_power(look, z, mean, deviation)?})))
        }
        "conditional_rejection_probability" => {
            let (look, z) = (arguments.count("look")? as usize, arguments.number("z")?);
            answer(arguments, || Ok(json!({"probability": design()?.conditional_rejection_probability(look, z)?})))
        }
        "repeated_risk_difference" => {
            let look = arguments.count("look")? as usize;
            let table = super::two_proportions::table(arguments)?;
            answer(arguments, || design()?.repeated_risk_difference(look, &table))
        }
        "conditional_power_proportions" => {
            let rows = arguments.count_rows("stages")?;
            let stages =
                rows.iter().map(|&[x1, n1, x0, n0]| Table::new(x1, n1, x0, n0)).collect::<Result<Vec<_>, _>>()?;
            let (treatment, control) = (arguments.probability("treatment")?, arguments.probability("control")?);
            let planned = arguments.positive("planned")?;
            answer(arguments, || design()?.conditional_power_proportions(&stages, treatment, control, planned))
        }
        "sample_size_proportions" => {
            let (treatment, control) = (arguments.fraction("treatment")?, arguments.fraction("control")?);
            let (power, ratio) = (arguments.fraction("power")?, arguments.number_or("ratio", 1.0)?);
            answer(arguments, || design()?.sample_size_proportions(treatment, control, power, ratio))
        }
        _ => {
            let (effect, deviation) = (arguments.number("effect")?, arguments.positive("deviation")?);
            let (power, ratio) = (arguments.fraction("power")?, arguments.number_or("ratio", 1.0)?);
            answer(arguments, || design()?.sample_size_means(effect, deviation, power, ratio))
        }
    }
}

fn spec(arguments: &mut Arguments<'_>) -> Result<GroupSequentialSpec, StatError> {
    let side = match arguments.text_or("side", "greater")? {
        "greater" => Side::Greater,
        "two" => Side::Two,
        _ => return Err(StatError::invalid("side", "must be \"greater\" or \"two\"")),
    };
    Ok(GroupSequentialSpec {
        side,
        alpha: arguments.fraction("alpha")?,
        efficacy: arguments.parsed("efficacy")?,
        futility: arguments.optional_parsed("futility")?.unwrap_or_default(),
        harm: arguments.optional_parsed("harm")?,
        information: arguments.numbers("information")?,
        maximum: arguments.optional_number("maximum")?,
        last_is_final: arguments.flag_or("last_is_final", true)?,
    })
}
