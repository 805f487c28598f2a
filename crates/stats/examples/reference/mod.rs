//! How the groups of reference values map onto the crate; shared by the example and by the test of the vectors.

use std::path::Path;

use fairtrial_stats::StatError;
use serde_json::{Value, json};

mod bayes;
mod cluster;
mod confseq;
mod exact_gs;
mod exact_power;
mod gsd;
mod late;
mod means;
mod meta;
mod mh;
mod multiplicity;
mod one_prop;
mod paired_prop;
mod power;
mod rates;
mod safe;
pub(crate) mod shape;
mod srm;
mod survival;
mod two_prop;

/// Answers one question; the answer repeats it.
pub(crate) fn answer(question: &Value, data: &Path) -> Value {
    let text = |name: &str| question[name].as_str().unwrap_or_default();
    let (group, id, input) = (text("group"), text("id"), &question["input"]);
    let mut answer = json!({"group": question["group"], "id": question["id"], "input": input});
    match value(group, id, input, data) {
        Ok(value) => answer["value"] = value,
        Err(error) => answer["error"] = json!({"code": error.code(), "message": error.to_string()}),
    }
    answer
}

/// The value in the shape of the vectors.
pub(crate) fn value(group: &str, id: &str, input: &Value, data: &Path) -> Result<Value, StatError> {
    if group == "power" && id.starts_with("exact_power") {
        return exact_power::value(id, input);
    }
    let value: fn(&str, &Value, &Path) -> Result<Value, StatError> = match group {
        "bayes" => bayes::value,
        "cluster" => cluster::value,
        "confseq" => confseq::value,
        "exact_gs" => exact_gs::value,
        "gsd" => gsd::value,
        "late" => late::value,
        "means" => means::value,
        "meta" => meta::value,
        "mh" => mh::value,
        "multiplicity" => multiplicity::value,
        "one_prop" => one_prop::value,
        "paired_prop" => paired_prop::value,
        "power" => power::value,
        "rates" => rates::value,
        "safe" => safe::value,
        "srm" => srm::value,
        "survival" => survival::value,
        "two_prop" => two_prop::value,
        _ => return Err(StatError::invalid("group", format!("there is no group {group:?}"))),
    };
    value(id, input, data)
}
