//! `one_proportion.*`.

use super::{Answer, Arguments, answer};
use crate::one_proportion;

pub(super) fn call(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    let method = match name {
        "wilson" => one_proportion::wilson,
        "clopper_pearson" => one_proportion::clopper_pearson,
        "jeffreys" => one_proportion::jeffreys,
        "mid_p" => one_proportion::mid_p,
        "blaker" => one_proportion::blaker,
        "agresti_coull" => one_proportion::agresti_coull,
        _ => return Ok(None),
    };
    let (x, n, level) = (arguments.count("x")?, arguments.count("n")?, arguments.level()?);
    answer(arguments, || method(x, n, level))
}
