use crate::special::elementary::{exp, exp_m1, ln};
use serde::{Deserialize, Serialize};

use super::plan::{Plan, SampleSize, check_alpha, normal_power};
use crate::error::StatError;
use crate::estimate::Side;
use crate::wald::{check_finite, check_positive};

fn ln_ratio(hazard_ratio: f64, null_ratio: f64) -> Result<f64, StatError> {
    check_positive("hazard_ratio", hazard_ratio)?;
    check_positive("null_ratio", null_ratio)?;
    let ln = ln(hazard_ratio / null_ratio);
    if ln == 0.0 {
        return Err(StatError::invalid("hazard_ratio", "must differ from the null ratio"));
    }
    Ok(ln)
}

/// How many events does a logrank test need?
///
/// # Arguments
/// * `hazard_ratio` - true ratio 1 / 0; `null_ratio` - under the null hypothesis, 1 or the margin; `plan` - error rate, power, ratio.
///
/// # Result
/// Events in both arms together, not rounded.
///
/// # Source
/// Schoenfeld (1981), Biometrika 68:316-319.
///
/// # Errors
/// `InvalidArgument`.
///
/// ```
/// use fairtrial_stats::{Side, power::{Plan, events_needed}};
/// let events = events_needed(0.6, 1.0, &Plan::new(0.025, Side::Less, 0.8))?;
/// assert!((events - 120.31570437749926).abs() < 1e-9);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn events_needed(hazard_ratio: f64, null_ratio: f64, plan: &Plan) -> Result<f64, StatError> {
    plan.check()?;
    let ln = ln_ratio(hazard_ratio, null_ratio)?;
    let (z_alpha, z_power) = plan.quantiles();
    let share = plan.ratio / (1.0 + plan.ratio).powi(2);
    Ok(((z_alpha + z_power).max(0.0) / ln).powi(2) / share)
}

/// With which probability does a logrank test with a number of events find a hazard ratio?
///
/// # Arguments
/// * `events` - in both arms together; `hazard_ratio`, `null_ratio` - as [`events_needed`]; `ratio` - units in arm 1 per unit in
///   arm 0; `alpha`, `side`.
///
/// ```
/// use fairtrial_stats::{Side, power::events_power};
/// // Schoenfeld 1981: 120.3 events find a hazard ratio of 0.6 with power 80 %.
/// let power = events_power(120.315_704_377_499_26, 0.6, 1.0, 1.0, 0.025, Side::Less).unwrap();
/// assert!((power - 0.8).abs() < 1e-9);
/// ```
///
/// # Errors
/// `InvalidArgument`.
pub fn events_power(
    events: f64,
    hazard_ratio: f64,
    null_ratio: f64,
    ratio: f64,
    alpha: f64,
    side: Side,
) -> Result<f64, StatError> {
    check_positive("events", events)?;
    check_positive("ratio", ratio)?;
    check_alpha(alpha)?;
    let share = ratio / (1.0 + ratio).powi(2);
    Ok(normal_power(ln_ratio(hazard_ratio, null_ratio)? * (events * share).sqrt(), alpha, side))
}

/// How events come about in a trial with steady enrolment and constant hazards.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventTimes {
    /// Events per person and unit of time in arm 0.
    pub hazard0: f64,
    /// Length of enrolment.
    pub enrolment: f64,
    /// Time from the end of enrolment to the end of the trial.
    pub follow_up: f64,
    /// Persons lost per person and unit of time.
    pub drop_out: f64,
}

impl EventTimes {
    /// Probability that a person with this hazard has the event within the trial.
    fn event_probability(&self, hazard: f64) -> f64 {
        let total = hazard + self.drop_out;
        let x = total * self.enrolment;
        // Mean of exp(-total (follow_up + u)) over a uniform u in the enrolment.
        let mean = if x == 0.0 { 1.0 } else { -exp_m1(-x) / x };
        hazard / total * (1.0 - exp(-total * self.follow_up) * mean)
    }
}

/// How many people does a trial of time to an event need?
///
/// # Arguments
/// * `hazard_ratio`, `null_ratio`, `plan` - as [`events_needed`]; `times` - how events come about.
///
/// # Source
/// Lachin and Foulkes (1986), Biometrics 42:507-519, with Schoenfeld's number of events.
///
/// ```
/// use fairtrial_stats::{Side, power::{EventTimes, Plan, events_needed, survival_needed}};
/// // Followed until nearly everybody has had the event, people are needed as events are.
/// let times = EventTimes { hazard0: 1.0, enrolment: 1.0, follow_up: 1e3, drop_out: 0.0 };
/// let plan = Plan::new(0.025, Side::Less, 0.8);
/// let people = survival_needed(0.6, 1.0, &times, &plan).unwrap();
/// let events = events_needed(0.6, 1.0, &plan).unwrap();
/// assert!((people.exact_arm1 + people.exact_arm0 - events).abs() < 1e-6);
/// ```
///
/// # Errors
/// `InvalidArgument`, `TooLarge`.
pub fn survival_needed(
    hazard_ratio: f64,
    null_ratio: f64,
    times: &EventTimes,
    plan: &Plan,
) -> Result<SampleSize, StatError> {
    let events = events_needed(hazard_ratio, null_ratio, plan)?;
    check_positive("hazard0", times.hazard0)?;
    for (argument, value) in
        [("enrolment", times.enrolment), ("follow_up", times.follow_up), ("drop_out", times.drop_out)]
    {
        check_finite(argument, value)?;
        if value < 0.0 {
            return Err(StatError::invalid(argument, "must be at least 0"));
        }
    }
    let expected =
        times.event_probability(times.hazard0) + plan.ratio * times.event_probability(times.hazard0 * hazard_ratio);
    if expected <= 0.0 {
        return Err(StatError::invalid("follow_up", "nobody is observed for any time"));
    }
    plan.sizes(events / expected)
}
