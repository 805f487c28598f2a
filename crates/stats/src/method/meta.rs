//! `meta.*`: `effects` and `variances`, one per trial or subgroup.

use super::{Answer, Arguments, answer};
use crate::StatError;
use crate::meta::{self, BetweenTrials, Pooling};

pub(super) fn call(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    if !["pool", "heterogeneity", "q_profile", "qualitative_interaction", "shrunken_effects"].contains(&name) {
        return Ok(None);
    }
    let (effects, variances) = (arguments.numbers("effects")?, arguments.numbers("variances")?);
    if name == "q_profile" {
        let level = arguments.level()?;
        return answer(arguments, || meta::q_profile(&effects, &variances, level));
    }
    if name == "qualitative_interaction" {
        return answer(arguments, || meta::qualitative_interaction(&effects, &variances));
    }
    let between = match arguments.text_or("method", "reml")? {
        "fixed" => BetweenTrials::Fixed,
        "dersimonian_laird" => BetweenTrials::DerSimonianLaird,
        "paule_mandel" => BetweenTrials::PauleMandel,
        "reml" => BetweenTrials::Reml { tolerance: arguments.number_or("tolerance", 1e-12)? },
        "hedges" => BetweenTrials::Hedges,
        "sidik_jonkman" => BetweenTrials::SidikJonkman,
        _ => {
            let names =
                "must be \"fixed\", \"dersimonian_laird\", \"paule_mandel\", \"reml\", \"hedges\" or \"sidik_jonkman\"";
            return Err(StatError::invalid("method", names));
        }
    };
    if name == "heterogeneity" {
        return answer(arguments, || meta::heterogeneity(&effects, &variances, between));
    }
    if name == "shrunken_effects" {
        let level = arguments.level()?;
        return answer(arguments, || meta::shrunken_effects(&effects, &variances, between, level));
    }
    let pooling = match arguments.text_or("pooling", "hartung_knapp")? {
        "normal" => Pooling::Normal,
        "hartung_knapp" => Pooling::HartungKnapp,
        "hartung_knapp_unguarded" => Pooling::HartungKnappUnguarded,
        _ => {
            let names = "must be \"normal\", \"hartung_knapp\" or \"hartung_knapp_unguarded\"";
            return Err(StatError::invalid("pooling", names));
        }
    };
    let (side, level) = (arguments.side()?, arguments.level()?);
    answer(arguments, || meta::pool(&effects, &variances, between, pooling, side, level))
}
