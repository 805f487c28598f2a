//! `sample_ratio.*`.

use serde_json::json;

use super::{Answer, Arguments, answer};
use crate::sample_ratio;

pub(super) fn call(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    match name {
        "test" => {
            let (observed, ratio) = (arguments.counts("observed")?, arguments.counts("ratio")?);
            answer(arguments, || sample_ratio::test(&observed, &ratio))
        }
        "pearson" => {
            let (observed, shares) = (arguments.counts("observed")?, arguments.numbers("shares")?);
            answer(arguments, || sample_ratio::pearson(&observed, &shares))
        }
        "exact_multinomial" => {
            let (observed, shares) = (arguments.counts("observed")?, arguments.numbers("shares")?);
            answer(arguments, || sample_ratio::exact_multinomial(&observed, &shares))
        }
        "dirichlet_bayes_factor" => {
            let (observed, shares) = (arguments.counts("observed")?, arguments.numbers("shares")?);
            let concentration = arguments.number_or("concentration", 100.0)?;
            answer(arguments, || {
                let ln_e = sample_ratio::dirichlet_ln_bayes_factor(&observed, &shares, concentration)?;
                Ok(json!({"ln_e": ln_e}))
            })
        }
        "sequential" => {
            let (observed, shares) = (arguments.counts("observed")?, arguments.numbers("shares")?);
            answer(arguments, || Ok(json!({"ln_e": sample_ratio::mixture_ln_e(&observed, &shares)?})))
        }
        _ => Ok(None),
    }
}
