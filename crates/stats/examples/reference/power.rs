//! Planning.

use std::path::Path;

use fairtrial_stats::cluster::design_effect;
use fairtrial_stats::power::{
    ClusterSizes, EventTimes, Plan, StepUnits, clusters_power, events_needed, means_needed, means_power,
    proportions_needed, stepped_wedge_power, stepped_wedge_totals, stepped_wedge_variance, survival_needed,
};
use fairtrial_stats::{Side, StatError};
use serde_json::{Value, json};

use super::shape::{f64_of, f64_or, u64_of, unknown};

fn side(input: &Value) -> Side {
    if input["sides"].as_u64() == Some(1) { Side::Greater } else { Side::Two }
}

/// Clusters that change over in equal groups, one group a period after the first.
fn rollout(input: &Value) -> Result<Vec<Vec<bool>>, StatError> {
    let (clusters, periods) = (u64_of(input, "I")?, u64_of(input, "T")?);
    if periods < 2 || clusters > 100_000 || periods > 200 {
        return Err(StatError::invalid("T", "needs 2 to 200 periods and at most 100,000 clusters"));
    }
    let change = |cluster: u64| 1 + cluster * (periods - 1) / clusters;
    Ok((0..clusters).map(|cluster| (0..periods).map(|period| period >= change(cluster)).collect()).collect())
}

fn step_units(input: &Value) -> Result<StepUnits, StatError> {
    Ok(StepUnits { units: f64_of(input, "n")?, between: f64_of(input, "tau2")?, within: f64_of(input, "sig2")? })
}

pub(crate) fn value(id: &str, input: &Value, _: &Path) -> Result<Value, StatError> {
    let of = |name| f64_of(input, name);
    let alpha = f64_or(input, "alpha", 0.05)?;
    Ok(match id {
        "power.prop.test" => {
            let plan = Plan::new(alpha, side(input), of("power")?);
            json!(proportions_needed(of("p1")?, of("p2")?, 0.0, &plan)?.exact_arm0)
        }
        "nBinomial_FM" => {
            let plan = Plan::new(alpha, Side::Greater, 1.0 - of("beta")?);
            let size = proportions_needed(of("p1")?, of("p2")?, 0.0, &plan)?;
            json!(size.exact_arm1 + size.exact_arm0)
        }
        "power.t.test_n" => {
            let (sd, plan) = (of("sd")?, Plan::new(alpha, side(input), of("power")?));
            json!(means_needed(of("delta")?, sd, sd, &plan)?.exact_arm0)
        }
        "power.t.test_power" => {
            let (n, sd) = (of("n")?, of("sd")?);
            json!(means_power(of("delta")?, n, n, sd, sd, alpha, side(input))?)
        }
        "pwr.t2n" => json!(means_power(of("d")?, of("n1")?, of("n2")?, 1.0, 1.0, alpha, side(input))?),
        "schoenfeld_events" => json!(events_needed(of("hr")?, 1.0, &Plan::new(alpha, Side::Less, of("power")?))?),
        "ss_survival" => {
            // A hazard of 0.1 in arm 0, enrolment for 12 and follow-up for 12 months, one-sided 2.5 %, power 80 %.
            let plan = Plan::new(f64_or(input, "alpha", 0.025)?, Side::Less, f64_or(input, "power", 0.8)?);
            let times = EventTimes { hazard0: 0.1, enrolment: 12.0, follow_up: 12.0, drop_out: 0.0 };
            let size = survival_needed(of("hr")?, 1.0, &times, &plan)?;
            json!({"events": events_needed(of("hr")?, 1.0, &plan)?, "n": size.exact_arm1 + size.exact_arm0})
        }
        "cluster_deff" => {
            let (m, icc) = (of("m")?, of("icc")?);
            json!({"equal": design_effect(m, icc, 0.0)?, "unequal": design_effect(m, icc, of("cv")?)?})
        }
        "cluster_t_power" => {
            let (clusters, mean_size) = (of("clusters_per_arm")?, of("cluster_size")?);
            let sizes = ClusterSizes { mean_size, icc: of("icc")?, size_variation: f64_or(input, "cv", 0.0)? };
            json!(clusters_power(of("d")?, 1.0, clusters, clusters, &sizes, alpha, side(input))?)
        }
        "stepped_wedge_HH" => {
            let (rollout, units) = (rollout(input)?, step_units(input)?);
            let totals = stepped_wedge_totals(&rollout)?;
            json!({
                "var": stepped_wedge_variance(&rollout, &units)?,
                "power": stepped_wedge_power(of("delta")?, &rollout, &units, alpha, Side::Two)?,
                "U": totals.u,
                "W": totals.w,
                "V": totals.v,
            })
        }
        "stepped_wedge_gls_check" => json!(stepped_wedge_variance(&rollout(input)?, &step_units(input)?)?),
        _ => return Err(unknown(id)),
    })
}
