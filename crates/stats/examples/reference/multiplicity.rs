//! Several hypotheses.

use std::path::Path;

use fairtrial_stats::multiplicity::{Adjustment, Dunnett, Graph, adjust};
use fairtrial_stats::{Side, StatError};
use serde_json::{Value, json};

use super::shape::{f64_or, f64s_of, u64s_of, unknown};

pub(crate) fn value(id: &str, input: &Value, _: &Path) -> Result<Value, StatError> {
    let method = match id {
        "bonferroni" => Adjustment::Bonferroni,
        "sidak" => Adjustment::Sidak,
        "holm" => Adjustment::Holm,
        "holm-sidak" => Adjustment::HolmSidak,
        "hochberg" => Adjustment::Hochberg,
        "hommel" => Adjustment::Hommel,
        "BH" => Adjustment::BenjaminiHochberg,
        "BY" => Adjustment::BenjaminiYekutieli,
        _ => return other(id, input),
    };
    Ok(json!(adjust(&f64s_of(input, "p")?, method)?))
}

fn other(id: &str, input: &Value) -> Result<Value, StatError> {
    let alpha = f64_or(input, "alpha", if id == "dunnett_z_crit" { 0.05 } else { 0.025 })?;
    let graph = match id {
        "dunnett_z_crit" => {
            let critical = |&arms: &u64| {
                let sizes = vec![1.0; usize::try_from(arms).unwrap_or(usize::MAX).min(1_000)];
                Dunnett::new(&sizes, 1.0, None)?.critical_value(Side::Two, alpha)
            };
            return Ok(json!(u64s_of(input, "k")?.iter().map(critical).collect::<Result<Vec<f64>, _>>()?));
        }
        "fixed_sequence" => Graph::fixed_sequence(f64s_of(input, "p")?.len())?,
        "graphical_bonferroni" => {
            let wrong = || StatError::invalid("transitions", "must be rows of numbers");
            let rows = input["transitions"].as_array().ok_or_else(wrong)?;
            let row = |row: &Value| -> Result<Vec<f64>, StatError> {
                row.as_array().ok_or_else(wrong)?.iter().map(|value| value.as_f64().ok_or_else(wrong)).collect()
            };
            Graph::new(f64s_of(input, "hyp")?, rows.iter().map(row).collect::<Result<_, _>>()?)?
        }
        _ => return Err(unknown(id)),
    };
    let result = graph.test(&f64s_of(input, "p")?, alpha)?;
    Ok(json!({"adj": result.adjusted, "rej": result.rejected}))
}
