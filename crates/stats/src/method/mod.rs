//! Every method by its name, with arguments and result as JSON: what `fairtrial stats` offers to other languages.
//!
//! A name is `group.method`. Arguments are checked strictly: an unknown argument, a missing one, a wrong type, a negative
//! count or a level outside (0, 1) is an `invalid_argument` that names the argument. An unbounded end of an interval and
//! an undefined number are `null` in the result.

mod anytime;
mod arguments;
mod bayes;
mod clusters;
mod compliance;
mod exact_sequential;
mod group_sequential;
mod groups;
mod many_arms;
mod means;
mod meta;
mod multiplicity;
mod one_proportion;
mod paired_proportions;
mod permutation_sequential;
mod power;
mod rates;
mod sample_ratio;
mod samples;
mod stratified;
mod survival;
mod two_proportions;

pub use arguments::Arguments;
pub use groups::METHODS;

use serde::Serialize;
use serde_json::Value;

use crate::StatError;

/// Calls a method by name.
///
/// # Errors
/// `invalid_argument` for an unknown method or an argument that the method does not accept; otherwise what the method
/// itself says.
///
/// ```
/// let args = serde_json::json!({"x": 81, "n": 263, "level": 0.95});
/// let result = fairtrial_stats::method::call("one_proportion.wilson", &args).unwrap();
/// assert!((result["interval"]["lower"].as_f64().unwrap() - 0.255_288_5).abs() < 1e-7);
/// ```
pub fn call(method: &str, args: &Value) -> Result<Value, StatError> {
    let unknown = || StatError::invalid("method", format!("there is no method {method:?}"));
    if METHODS.binary_search(&method).is_err() {
        return Err(unknown());
    }
    let (group, name) = method.split_once('.').ok_or_else(unknown)?;
    let handler = groups::find(group).ok_or_else(unknown)?;
    let mut arguments = Arguments::new(args)?;
    handler(name, &mut arguments)?.ok_or_else(unknown)
}

/// The answer of a group: none when it has no such method.
type Answer = Result<Option<Value>, StatError>;

/// Turns a result into the answer of a group, after making sure that no argument was left over.
fn answer<T: Serialize>(arguments: &Arguments<'_>, compute: impl FnOnce() -> Result<T, StatError>) -> Answer {
    arguments.finish()?;
    let value = serde_json::to_value(compute()?)
        .map_err(|error| StatError::NoConvergence { reason: format!("the result cannot be written: {error}") })?;
    Ok(Some(value))
}
