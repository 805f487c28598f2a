//! `two_proportions.*`.

use serde_json::json;

use super::{Answer, Arguments, answer};
use crate::two_proportions::{
    self as two, ExactIntervals, ExactMeasure, ExactTest, FisherMethod, Ratio, ScoreVariance, Table,
};
use crate::{Estimate, Side, StatError};

pub(super) fn table(arguments: &mut Arguments<'_>) -> Result<Table, StatError> {
    Table::new(arguments.count("x1")?, arguments.count("n1")?, arguments.count("x0")?, arguments.count("n0")?)
}

/// The variance of the score: `miettinen_nurminen` (default) or `uncorrected`.
fn variance(arguments: &mut Arguments<'_>) -> Result<ScoreVariance, StatError> {
    match arguments.text_or("variance", "miettinen_nurminen")? {
        "miettinen_nurminen" => Ok(ScoreVariance::MiettinenNurminen),
        "uncorrected" => Ok(ScoreVariance::Uncorrected),
        _ => Err(StatError::invalid("variance", "must be \"miettinen_nurminen\" or \"uncorrected\"")),
    }
}

pub(super) fn call(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    match name {
        "risk_difference" | "risk_ratio" | "odds_ratio" => default_analysis(name, arguments),
        "risk_difference_interval" | "risk_ratio_interval" | "odds_ratio_interval" => score_interval(name, arguments),
        "margin_test" => {
            let (table, side) = (table(arguments)?, arguments.side()?);
            let null = arguments.number("null_difference")?;
            answer(arguments, || two::margin_test(table.x1(), table.n1(), table.x0(), table.n0(), null, side))
        }
        "score_test" => {
            let (table, side, variance) = (table(arguments)?, arguments.side()?, variance(arguments)?);
            let null = arguments.number_or("null_difference", 0.0)?;
            answer(arguments, || two::score_test(&table, null, side, variance))
        }
        "exact_margin_test" => {
            let (table, side) = (table(arguments)?, arguments.side()?);
            let null = arguments.number("null_difference")?;
            answer(arguments, || two::exact_margin_test(&table, null, side))
        }
        "exact_risk_difference" => unconditional_interval(ExactMeasure::RiskDifference, arguments),
        "exact_risk_ratio" => unconditional_interval(ExactMeasure::RiskRatio, arguments),
        "exact_odds_ratio" => unconditional_interval(ExactMeasure::OddsRatio, arguments),
        "exact_unconditional_test" => {
            let (table, side, gamma) = (table(arguments)?, arguments.side()?, arguments.number_or("gamma", 0.0)?);
            let measure: ExactMeasure = arguments.parsed("measure")?;
            let null = arguments.number("null")?;
            answer(arguments, || two::exact_unconditional_test(&table, measure, null, side, gamma))
        }
        "exact_interval_coverage" => exact_interval_coverage(arguments),
        "melded_risk_difference" => interval(two::melded_risk_difference, arguments),
        "melded_risk_ratio" => interval(two::melded_risk_ratio, arguments),
        "mover_risk_difference" => interval(two::mover_risk_difference, arguments),
        "mover_ratio" => ratio_interval(two::mover_ratio, arguments),
        "scas_risk_difference" => interval(two::scas_risk_difference, arguments),
        "scas_ratio" => ratio_interval(two::scas_ratio, arguments),
        "newcombe" => interval(two::newcombe, arguments),
        "agresti_caffo" => interval(two::agresti_caffo, arguments),
        "wald" => interval(two::wald, arguments),
        "pearson" => {
            let table = table(arguments)?;
            answer(arguments, || two::pearson(&table))
        }
        "conditional_odds_ratio" => {
            let (table, level, mid_p) = (table(arguments)?, arguments.level()?, arguments.flag_or("mid_p", false)?);
            answer(arguments, || two::conditional_odds_ratio(&table, level, mid_p))
        }
        "exact_power" => {
            let test = exact_test(arguments)?;
            let (n1, n0) = (arguments.count("n1")?, arguments.count("n0")?);
            let (p1, p0) = (arguments.probability("p1")?, arguments.probability("p0")?);
            let alpha = arguments.fraction_or("alpha", 0.025)?;
            answer(arguments, || Ok(json!({"power": two::exact_power(test, n1, n0, p1, p0, alpha)?})))
        }
        "exact_needed" => {
            let test = exact_test(arguments)?;
            let (p1, p0) = (arguments.probability("p1")?, arguments.probability("p0")?);
            let (alpha, power) = (arguments.fraction_or("alpha", 0.025)?, arguments.fraction_or("power", 0.8)?);
            let most = arguments.count_or("most", 150)?;
            answer(arguments, || Ok(json!({"per_arm": two::exact_needed(test, p1, p0, alpha, power, most)?})))
        }
        "fisher" => fisher(arguments),
        "boschloo" => unconditional(two::boschloo, arguments),
        "barnard" => unconditional(two::barnard, arguments),
        "boschloo_min_likelihood" | "barnard_absolute" => {
            let table = table(arguments)?;
            let method = if name == "barnard_absolute" { two::barnard_absolute } else { two::boschloo_min_likelihood };
            answer(arguments, || method(&table))
        }
        "score_statistic" => {
            let (table, variance) = (table(arguments)?, variance(arguments)?);
            let null = arguments.number_or("null_difference", 0.0)?;
            answer(arguments, || Ok(json!({"z": two::score_statistic(&table, null, variance)?})))
        }
        _ => Ok(None),
    }
}

/// `gamma`: the error that Berger and Boos set aside; 0, the whole search, when not given.
fn unconditional_interval(measure: ExactMeasure, arguments: &mut Arguments<'_>) -> Answer {
    let (table, level, gamma) = (table(arguments)?, arguments.level()?, arguments.number_or("gamma", 0.0)?);
    answer(arguments, || two::exact_unconditional(&table, measure, level, gamma))
}

/// What the exact intervals of trials of two sizes cover, and how wide they are on average.
fn exact_interval_coverage(arguments: &mut Arguments<'_>) -> Answer {
    let (measure, level): (ExactMeasure, f64) = (arguments.parsed("measure")?, arguments.level()?);
    let (n1, n0) = (arguments.count("n1")?, arguments.count("n0")?);
    let (p1, p0) = (arguments.probability("p1")?, arguments.probability("p0")?);
    answer(arguments, || {
        let all = ExactIntervals::new(n1, n0, measure, level)?;
        Ok(json!({"coverage": all.coverage(p1, p0)?, "expected_width": all.expected_width(p1, p0)?}))
    })
}

fn default_analysis(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    let method = match name {
        "risk_difference" => two::risk_difference,
        "risk_ratio" => two::risk_ratio,
        _ => two::odds_ratio,
    };
    let (table, level) = (table(arguments)?, arguments.level()?);
    answer(arguments, || method(table.x1(), table.n1(), table.x0(), table.n0(), level))
}

fn score_interval(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    let method = match name {
        "risk_difference_interval" => two::risk_difference_score,
        "risk_ratio_interval" => two::risk_ratio_score,
        _ => two::odds_ratio_score,
    };
    let (table, level, variance) = (table(arguments)?, arguments.level()?, variance(arguments)?);
    answer(arguments, || method(&table, level, variance))
}

fn interval(method: fn(&Table, f64) -> Result<Estimate, StatError>, arguments: &mut Arguments<'_>) -> Answer {
    let (table, level) = (table(arguments)?, arguments.level()?);
    answer(arguments, || method(&table, level))
}

/// Argument `test`: `boschloo` (default), `fisher` or `pooled_z`.
fn exact_test(arguments: &mut Arguments<'_>) -> Result<ExactTest, StatError> {
    match arguments.text_or("test", "boschloo")? {
        "boschloo" => Ok(ExactTest::Boschloo),
        "fisher" => Ok(ExactTest::Fisher),
        "pooled_z" => Ok(ExactTest::PooledZ),
        _ => Err(StatError::invalid("test", "must be \"boschloo\", \"fisher\" or \"pooled_z\"")),
    }
}

/// Argument `measure`: `risk` (default) or `odds`.
fn ratio_interval(
    method: fn(&Table, Ratio, f64) -> Result<Estimate, StatError>,
    arguments: &mut Arguments<'_>,
) -> Answer {
    let (table, level) = (table(arguments)?, arguments.level()?);
    let measure = match arguments.text_or("measure", "risk")? {
        "risk" => Ratio::Risk,
        "odds" => Ratio::Odds,
        _ => return Err(StatError::invalid("measure", "must be \"risk\" or \"odds\"")),
    };
    answer(arguments, || method(&table, measure, level))
}

fn fisher(arguments: &mut Arguments<'_>) -> Answer {
    let (table, side) = (table(arguments)?, arguments.side()?);
    let method = match arguments.text_or("method", "central")? {
        "central" => FisherMethod::Central,
        "min_likelihood" => FisherMethod::MinLikelihood,
        "blaker" => FisherMethod::Blaker,
        "mid_p" => FisherMethod::MidP,
        _ => {
            let reason = "must be \"central\", \"min_likelihood\", \"blaker\" or \"mid_p\"";
            return Err(StatError::invalid("method", reason));
        }
    };
    answer(arguments, || two::fisher(&table, method, side))
}

fn unconditional(
    method: fn(&Table, Side) -> Result<two::UnconditionalTest, StatError>,
    arguments: &mut Arguments<'_>,
) -> Answer {
    let (table, side) = (table(arguments)?, arguments.side()?);
    answer(arguments, || method(&table, side))
}
