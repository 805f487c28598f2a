//! `exact_sequential.*`: two arms, a yes-or-no outcome, planned looks, exact error rates.
//!
//! All methods take the design: `looks` (rows of units in arm 1 and arm 0, cumulative), `alpha`, `spending`,
//! `direction` (`greater` or `less`, default `greater`), `margin` (default 0), `planned_total`, `last_is_final`, `futility`, `harm`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use super::{Answer, Arguments, answer};
use crate::sequential::exact_binary::{
    CertifiedSupremum, ExactBinaryDesign, ExactBinarySpec, ExactDecision, ExactLook, LookSize,
};
use crate::{Interval, Side, StatError};

#[derive(Serialize)]
struct Design {
    looks: Vec<ExactLook>,
    size: CertifiedSupremum,
}

#[derive(Serialize)]
struct Analysis {
    decision: ExactDecision,
    p_value: f64,
    ln_p: f64,
    interval: Interval,
}

pub(super) fn call(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    if !matches!(name, "design" | "operating" | "conditional" | "analyse" | "size_at" | "rejection_counts") {
        return Ok(None);
    }
    let spec = spec(arguments)?;
    match name {
        "operating" => {
            let (treatment, control) = (arguments.probability("treatment")?, arguments.probability("control")?);
            answer(arguments, || ExactBinaryDesign::new(spec)?.operating(treatment, control))
        }
        "size_at" => {
            let p = arguments.probability("p")?;
            answer(arguments, || Ok(json!({"size": ExactBinaryDesign::new(spec)?.size_at(p)?})))
        }
        // Whole numbers beyond what a double holds, so as text.
        "rejection_counts" => answer(arguments, || {
            let counts = ExactBinaryDesign::new(spec)?.rejection_counts()?;
            let text = |look: &BTreeMap<u64, u128>| -> BTreeMap<String, String> {
                look.iter().map(|(total, count)| (total.to_string(), count.to_string())).collect()
            };
            Ok(json!({"looks": counts.iter().map(text).collect::<Vec<_>>()}))
        }),
        "conditional" => {
            let look = arguments.count("look")? as usize;
            let outcomes = (arguments.count("x1")?, arguments.count("x0")?);
            let (treatment, control) = (arguments.probability("treatment")?, arguments.probability("control")?);
            answer(arguments, || ExactBinaryDesign::new(spec)?.conditional(look, outcomes, treatment, control))
        }
        "analyse" => {
            let look = arguments.count("look")? as usize;
            let (treatment, control) = (arguments.count("treatment")?, arguments.count("control")?);
            let level = arguments.level()?;
            answer(arguments, || {
                let design = ExactBinaryDesign::new(spec)?;
                let p_value = design.p_value(look, treatment, control)?;
                Ok(Analysis {
                    decision: design.decide(look, treatment, control)?,
                    p_value: p_value.p(),
                    ln_p: p_value.ln_p,
                    interval: design.interval(look, treatment, control, level)?,
                })
            })
        }
        _ => answer(arguments, || {
            let design = ExactBinaryDesign::new(spec)?;
            Ok(Design { looks: design.looks().to_vec(), size: design.size() })
        }),
    }
}

fn spec(arguments: &mut Arguments<'_>) -> Result<ExactBinarySpec, StatError> {
    let looks = arguments.count_rows::<2>("looks")?;
    let looks = looks.iter().map(|&[treatment, control]| LookSize { treatment, control }).collect();
    let direction = match arguments.text_or("direction", "greater")? {
        "greater" => Side::Greater,
        "less" => Side::Less,
        _ => return Err(StatError::invalid("direction", "must be \"greater\" or \"less\"")),
    };
    Ok(ExactBinarySpec {
        looks,
        planned_total: if arguments.has("planned_total") { Some(arguments.count("planned_total")?) } else { None },
        last_is_final: arguments.flag_or("last_is_final", true)?,
        direction,
        alpha: arguments.fraction("alpha")?,
        spending: arguments.parsed("spending")?,
        margin: arguments.number_or("margin", 0.0)?,
        futility: arguments.optional_parsed("futility")?.unwrap_or_default(),
        harm: arguments.optional_parsed("harm")?,
    })
}
