//! `multiplicity.*`.

use super::{Answer, Arguments, answer};
use crate::StatError;
use crate::multiplicity::{Adjustment, Dunnett, Graph, adjust};

pub(super) fn call(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    match name {
        "adjust" => {
            let (p, method) = (arguments.numbers("p")?, adjustment(arguments)?);
            answer(arguments, || adjust(&p, method))
        }
        "graph" => {
            let (weights, transitions) = (arguments.numbers("weights")?, arguments.number_rows("transitions")?);
            let (p, alpha) = (arguments.numbers("p")?, arguments.fraction("alpha")?);
            answer(arguments, || Graph::new(weights, transitions)?.test(&p, alpha))
        }
        "fixed_sequence" => {
            let (p, alpha) = (arguments.numbers("p")?, arguments.fraction("alpha")?);
            answer(arguments, || Graph::fixed_sequence(p.len())?.test(&p, alpha))
        }
        "dunnett_critical_value" => {
            let (dunnett, side, alpha) = (dunnett(arguments)?, arguments.side()?, arguments.fraction("alpha")?);
            answer(arguments, || dunnett.critical_value(side, alpha))
        }
        "dunnett_p_value" => {
            let (dunnett, side, statistic) = (dunnett(arguments)?, arguments.side()?, arguments.number("statistic")?);
            answer(arguments, || dunnett.p_value(statistic, side))
        }
        _ => Ok(None),
    }
}

fn dunnett(arguments: &mut Arguments<'_>) -> Result<Dunnett, StatError> {
    let (arms, control) = (arguments.numbers("arms")?, arguments.number("control")?);
    Dunnett::new(&arms, control, arguments.optional_number("degrees_of_freedom")?)
}

fn adjustment(arguments: &mut Arguments<'_>) -> Result<Adjustment, StatError> {
    Ok(match arguments.text_or("method", "holm")? {
        "bonferroni" => Adjustment::Bonferroni,
        "holm" => Adjustment::Holm,
        "sidak" => Adjustment::Sidak,
        "holm_sidak" => Adjustment::HolmSidak,
        "hochberg" => Adjustment::Hochberg,
        "hommel" => Adjustment::Hommel,
        "benjamini_hochberg" => Adjustment::BenjaminiHochberg,
        "benjamini_yekutieli" => Adjustment::BenjaminiYekutieli,
        _ => {
            let names = "must be \"bonferroni\", \"holm\", \"sidak\", \"holm_sidak\", \"hochberg\", \"hommel\", \
                         \"benjamini_hochberg\" or \"benjamini_yekutieli\"";
            return Err(StatError::invalid("method", names));
        }
    })
}
