//! `permutation_sequential.*`: planned looks at few clusters or units, by re-assignment.

use serde_json::{Value, json};

use super::{Answer, Arguments, answer};
use crate::StatError;
use crate::means::Draws;
use crate::sequential::permutation::{PermutationDesign, PermutationPlan};

/// `compare_means`: `in_arm1` (0 or 1 a unit), `looks` (a list of values a look, null for units without data), `alpha`,
/// `side`, `spending`, `fractions`, and optionally `blocks` and `draws` with `seed`; without `draws` all are enumerated.
pub(super) fn call(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    if name != "compare_means" {
        return Ok(None);
    }
    let in_arm1 = labels(&arguments.counts("in_arm1")?)?;
    let blocks = if arguments.has("blocks") { Some(arguments.counts("blocks")?) } else { None };
    let blocks: Option<Vec<usize>> = blocks.map(|blocks| blocks.iter().map(|&block| block as usize).collect());
    let looks: Vec<Vec<Option<f64>>> = arguments.parsed("looks")?;
    let plan = PermutationPlan {
        alpha: arguments.fraction("alpha")?,
        side: arguments.side()?,
        spending: arguments.parsed("spending")?,
        fractions: arguments.numbers("fractions")?,
    };
    let how = if arguments.has("draws") {
        Draws::MonteCarlo { draws: arguments.count("draws")?, seed: arguments.count("seed")? }
    } else {
        Draws::Exact
    };
    answer(arguments, || {
        let design = PermutationDesign::new(&in_arm1, blocks.as_deref(), how)?;
        let looks = design.compare_means(&looks, &plan)?;
        let shown: Vec<Value> = looks
            .iter()
            .map(|look| {
                json!({
                    "statistic": look.statistic,
                    "upper": look.upper,
                    "lower": look.lower,
                    "spent": look.spent,
                    "stops": look.stops,
                    "p_value": look.p_value.p(),
                })
            })
            .collect();
        Ok(json!({"looks": shown}))
    })
}

fn labels(values: &[u64]) -> Result<Vec<bool>, StatError> {
    let label = |&value: &u64| match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(StatError::invalid("in_arm1", "must hold 0 and 1")),
    };
    values.iter().map(label).collect()
}
