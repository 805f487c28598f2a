//! Means.

use std::collections::BTreeMap;
use std::path::Path;

use fairtrial_stats::linear::{Heteroskedastic, LeastSquares};
use fairtrial_stats::means::{
    Draws, ancova, blocked_difference, cuped, fieller_set_with_critical, lin, permutation_test, rank_sum,
    ratio_of_means, welch,
};
use fairtrial_stats::special::normal;
use fairtrial_stats::sufficient::{CoMoments, Moments};
use fairtrial_stats::{Estimate, Side, StatError, confidence_set::ConfidenceSet};
use serde_json::{Value, json};

use super::shape::{column, columns, f64_or, f64s_of, number, unknown};

/// The data set that an input names.
struct Units {
    columns: BTreeMap<String, Vec<f64>>,
    in_arm1: Vec<bool>,
}

impl Units {
    fn read(input: &Value, data: &Path) -> Result<Self, StatError> {
        let columns = columns(data, input["data"].as_str().unwrap_or("rct.csv"))?;
        let in_arm1 = column(&columns, "t")?.iter().map(|&arm| arm == 1.0).collect();
        Ok(Self { columns, in_arm1 })
    }

    fn column(&self, name: &str) -> Result<Vec<f64>, StatError> {
        column(&self.columns, name)
    }

    /// The values of a column in arm 1 and in arm 0.
    fn by_arm(&self, name: &str) -> Result<(Vec<f64>, Vec<f64>), StatError> {
        let values = self.column(name)?;
        let of =
            |arm: bool| values.iter().zip(&self.in_arm1).filter(|(_, in1)| **in1 == arm).map(|(v, _)| *v).collect();
        Ok((of(true), of(false)))
    }

    fn moments(&self, name: &str) -> Result<(Moments, Moments), StatError> {
        let (arm1, arm0) = self.by_arm(name)?;
        Ok((Moments::of(&arm1)?, Moments::of(&arm0)?))
    }

    fn co_moments(&self) -> Result<(CoMoments, CoMoments), StatError> {
        let (y1, y0) = self.by_arm("y")?;
        let (x1, x0) = self.by_arm("x")?;
        Ok((CoMoments::of(&[&y1, &x1])?, CoMoments::of(&[&y0, &x0])?))
    }
}

/// The parts of an estimate by the names that the vectors use.
pub(crate) fn estimate_value(estimate: &Estimate) -> Value {
    json!({
        "est": estimate.point,
        "diff": estimate.point,
        "se": estimate.standard_error,
        "df": estimate.degrees_of_freedom,
        "t": estimate.point.zip(estimate.standard_error).map(|(point, error)| point / error),
        "p": estimate.p_value.map(|p| p.p()),
        "lo": number(estimate.interval.lower),
        "hi": number(estimate.interval.upper),
    })
}

/// The number of rows that `"1:12"` names.
pub(crate) fn first_rows(input: &Value, all: usize) -> usize {
    let last = input["rows"].as_str().and_then(|rows| rows.split_once(':')).and_then(|(_, last)| last.parse().ok());
    last.unwrap_or(all).min(all)
}

pub(crate) fn value(id: &str, input: &Value, data: &Path) -> Result<Value, StatError> {
    let level = f64_or(input, "level", 0.95)?;
    let kind = |id: &str| {
        Some(match id {
            "ols_diff_HC0" => Heteroskedastic::Hc0,
            "ols_diff_HC1" => Heteroskedastic::Hc1,
            "ols_diff_HC2" => Heteroskedastic::Hc2,
            "ols_diff_HC3" => Heteroskedastic::Hc3,
            "ols_diff_HC4" => Heteroskedastic::Hc4,
            _ => return None,
        })
    };
    if id == "welch_tiny" {
        let (a, b) = (f64s_of(input, "a")?, f64s_of(input, "b")?);
        let estimate = welch(&Moments::of(&a)?, &Moments::of(&b)?, 0.0, Side::Two, level)?;
        return Ok(estimate_value(&estimate));
    }
    let units = Units::read(input, data)?;
    let y = units.column("y")?;
    if let Some(kind) = kind(id) {
        let arm: Vec<f64> = units.in_arm1.iter().map(|&new| f64::from(u8::from(new))).collect();
        let ones = vec![1.0; y.len()];
        return Ok(number(LeastSquares::fit(&y, &[&ones, &arm])?.variance(1, kind)?.sqrt()));
    }
    Ok(match id {
        "dim_estimatr" => {
            let (arm1, arm0) = units.moments("y")?;
            estimate_value(&welch(&arm1, &arm0, 0.0, Side::Two, level)?)
        }
        "dim_blocked" => {
            let mut blocks: BTreeMap<u64, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
            let names = units.column(input["blocks"].as_str().unwrap_or("s"))?;
            for ((value, name), in_arm1) in y.iter().zip(names).zip(&units.in_arm1) {
                let block = blocks.entry(name.to_bits()).or_default();
                if *in_arm1 { block.0.push(*value) } else { block.1.push(*value) }
            }
            let moments: Vec<(Moments, Moments)> = blocks
                .values()
                .map(|(arm1, arm0)| Ok((Moments::of(arm1)?, Moments::of(arm0)?)))
                .collect::<Result<_, StatError>>()?;
            let mut value = estimate_value(&blocked_difference(&moments, 0.0, Side::Two, level)?);
            value["design"] = json!("Blocked");
            value
        }
        "ancova_HC2" => {
            let x = units.column("x")?;
            estimate_value(&ancova(&y, &units.in_arm1, &[&x], Heteroskedastic::Hc2, Side::Two, level)?)
        }
        "cuped_pooled_theta" => {
            let (arm1, arm0) = units.co_moments()?;
            let adjusted = cuped(&arm1, &arm0, Side::Two, level)?;
            let mut value = estimate_value(&adjusted.estimate);
            value["theta"] = json!(adjusted.slope);
            value
        }
        "lin_from_moments" => {
            let (arm1, arm0) = units.co_moments()?;
            let adjusted = lin(&arm1, &arm0, Side::Two, level)?;
            json!({
                "est": adjusted.estimate.point,
                "se_by_arm": adjusted.finite_sample_standard_error,
                "se_superpop": adjusted.estimate.standard_error,
                "b1": adjusted.slopes1[0],
                "b0": adjusted.slopes0[0],
            })
        }
        "fieller_ratio" => {
            let (arm1, arm0) = units.moments("y")?;
            let ratio = ratio_of_means(&arm1, &arm0, 1.0, Side::Two, level)?;
            let set = fieller_set_with_critical(&arm1, &arm0, -normal::quantile((1.0 - level) / 2.0))?;
            let (lower, upper) = match set {
                ConfidenceSet::Bounded { lower, upper } => (lower, upper),
                ConfidenceSet::OutsideGap { .. } | ConfidenceSet::Everything => (f64::NEG_INFINITY, f64::INFINITY),
            };
            json!({"ratio": ratio.point, "lo": number(lower), "hi": number(upper), "delta_se": ratio.standard_error})
        }
        "wilcoxon_exact" => {
            let (arm1, arm0) = units.by_arm("y")?;
            let ranks = rank_sum(&arm1, &arm0, level)?;
            json!({
                "W": ranks.u,
                "p": ranks.p_two,
                "hl": ranks.shift,
                "lo": number(ranks.interval.lower),
                "hi": number(ranks.interval.upper),
            })
        }
        "perm_mean_exact" => {
            let rows = first_rows(input, y.len());
            let test = permutation_test(&y[..rows], &units.in_arm1[..rows], None, Draws::Exact)?;
            // coin takes the difference of the first group, arm 0, from the other.
            json!({"z": -test.standardised, "p": test.p_two, "p_less": test.p_greater})
        }
        _ => return Err(unknown(id)),
    })
}
