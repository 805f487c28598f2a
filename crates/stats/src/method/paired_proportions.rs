//! `paired_proportions.*`.

use super::{Answer, Arguments, answer};
use crate::paired_proportions as paired;

pub(super) fn call(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    match name {
        "mcnemar" => {
            let (b, c, level) = (arguments.count("b")?, arguments.count("c")?, arguments.level()?);
            answer(arguments, || paired::mcnemar(b, c, level))
        }
        "mcnemar_mid_p" => {
            let (b, c, side) = (arguments.count("b")?, arguments.count("c")?, arguments.side()?);
            answer(arguments, || paired::mcnemar_mid_p(b, c, side))
        }
        "difference" => {
            let (b, c, n) = (arguments.count("b")?, arguments.count("c")?, arguments.count("n")?);
            let level = arguments.level()?;
            answer(arguments, || paired::paired_difference(b, c, n, level))
        }
        _ => Ok(None),
    }
}
