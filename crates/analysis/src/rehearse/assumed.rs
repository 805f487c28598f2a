//! What is assumed of people, and the four truths.

use fairtrial_domain::{
    Decimal,
    protocol::{Aim, Better, Outcome, OutcomeKind, Protocol, Role},
};
use fairtrial_stats::special::elementary::{exp, ln};
use fairtrial_stats::special::normal;
use serde::Serialize;

use crate::design::{Problem, Question};

/// What is true of the new versions in a made-up world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// They change nothing.
    NoEffect,
    /// They have the smallest effect worth having.
    Worthwhile,
    /// They have half of it.
    HalfOfIt,
    /// They work as hoped and still do harm: every harm measure gets worse by three times its margin. In a plan without harm
    /// measures the primary outcome gets worse: by its margin where the plan shows that it is not worse by more, else by the
    /// smallest effect worth having.
    Harm,
    /// They work as hoped, and every harm measure gets worse by exactly its margin: as much as the plan accepts. Only where the
    /// plan has harm measures with a margin.
    HarmAtMargin,
}

impl Truth {
    /// The order of the table.
    pub(super) const ALL: [Self; 5] =
        [Self::NoEffect, Self::Worthwhile, Self::HalfOfIt, Self::Harm, Self::HarmAtMargin];

    /// The truths under which a plan is tried.
    fn of(plan: &Protocol) -> Vec<Self> {
        let accepted = |outcome: &Outcome| {
            outcome.role == Role::Harm && outcome.margin.is_some_and(|margin| margin > Decimal::ZERO)
        };
        let with_margin = plan.outcomes.iter().any(accepted);
        Self::ALL.into_iter().filter(|truth| *truth != Self::HarmAtMargin || with_margin).collect()
    }

    /// What it is called in the table.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NoEffect => "no effect",
            Self::Worthwhile => "the worthwhile effect",
            Self::HalfOfIt => "half of it",
            Self::Harm => "harm",
            Self::HarmAtMargin => "harm at its margin",
        }
    }
}

/// How the values of one outcome come about.
#[derive(Debug, Clone)]
pub(super) struct Model {
    /// Place of the outcome in the plan.
    pub(super) place: usize,
    /// Under the current version, then under the new ones by truth.
    pub(super) values: Vec<Values>,
}

/// How a place among people, from 0 to 1, becomes a value in steps.
#[derive(Debug, Clone)]
pub(super) enum Values {
    /// It happens to those below the share.
    Share(f64),
    /// The chance of at most 0, 1, 2 … times.
    Times(Vec<f64>),
    /// A normal spread, in steps, cut at the ends.
    Spread { mean: f64, sd: f64, ends: (f64, f64) },
    /// A log-normal spread, in steps, cut at the ends: the mean and standard deviation of the logarithm.
    LongTail { mean: f64, sd: f64, ends: (f64, f64) },
}

impl Values {
    /// The value at a place; none where nothing is recorded.
    pub(super) fn at(&self, place: f64) -> Option<i64> {
        match self {
            Self::Share(share) => (place < *share).then_some(1),
            Self::Times(chances) => {
                let times = chances.iter().position(|chance| place < *chance).unwrap_or(chances.len());
                (times > 0).then_some(times as i64)
            }
            Self::Spread { mean, sd, ends } => {
                let value = mean + sd * normal::quantile(place.clamp(1e-12, 1.0 - 1e-12));
                Some(value.round().clamp(ends.0, ends.1) as i64)
            }
            Self::LongTail { mean, sd, ends } => {
                let value = exp(mean + sd * normal::quantile(place.clamp(1e-12, 1.0 - 1e-12)));
                Some(value.round().clamp(ends.0, ends.1) as i64)
            }
        }
    }
}

/// Everything that is assumed.
#[derive(Debug, Clone)]
pub(super) struct Assumed {
    pub(super) truths: Vec<Truth>,
    /// The outcomes that decide, by place; the others are left empty.
    pub(super) models: Vec<Model>,
    pub(super) attrition: f64,
    pub(super) icc: f64,
}

/// Reads the assumptions of a plan, and says which of them the plan does not state.
pub(super) fn assumptions(plan: &Protocol) -> Result<(Assumed, Vec<String>), Problem> {
    Question::of(plan)?;
    let mut notes = Vec::new();
    let claimed = plan.decision_rule.claims();
    let mut models = Vec::new();
    for (place, outcome) in plan.outcomes.iter().enumerate() {
        let decides = matches!(outcome.role, Role::Primary | Role::Harm)
            || claimed.iter().any(|claim| *claim.outcome() == outcome.key);
        if decides {
            let watched = plan.outcomes.iter().any(|outcome| outcome.role == Role::Harm);
            let world = World { watched, not_worse: plan.aim == Aim::NotWorse };
            models.push(model(outcome, place, world, &mut notes)?);
        }
    }
    let number = |value: Option<Decimal>| value.map(Decimal::to_f64);
    let assumed = Assumed {
        truths: Truth::of(plan),
        models,
        attrition: number(plan.planning.attrition).unwrap_or(0.0),
        icc: number(plan.planning.icc).unwrap_or(0.0),
    };
    Ok((assumed, notes))
}

/// What the truths depend on beside the outcome.
#[derive(Clone, Copy)]
struct World {
    /// Whether the plan has harm measures.
    watched: bool,
    /// Whether it is to show that the new version is not worse.
    not_worse: bool,
}

fn model(outcome: &Outcome, place: usize, world: World, notes: &mut Vec<String>) -> Result<Model, Problem> {
    let size = |value: Option<Decimal>| value.map(Decimal::to_f64);
    let margin = size(outcome.margin).unwrap_or(0.0);
    let (control, assumed) = control_of(outcome);
    if let Some(word) = assumed {
        notes.push(format!(
            "{}: the plan does not say what is expected under the current version; {control} is assumed, {word} the margin.",
            outcome.name
        ));
    }
    if outcome.kind == OutcomeKind::Amount {
        notes.push(format!(
            "{}: amounts are made up with a long tail (log-normal): many small ones and a few large.",
            outcome.name
        ));
    }
    let worthwhile = size(outcome.smallest_worthwhile_effect).unwrap_or(0.0);
    let gains = Truth::ALL.map(|truth| match (outcome.role, truth) {
        (_, Truth::NoEffect) => 0.0,
        (Role::Primary, Truth::Worthwhile) => worthwhile,
        (Role::Primary, Truth::Harm | Truth::HarmAtMargin) if world.watched => worthwhile,
        (Role::Primary, Truth::HalfOfIt) => 0.5 * worthwhile,
        (Role::Primary, Truth::Harm) if world.not_worse => -margin,
        (Role::Primary, Truth::Harm) => -worthwhile,
        (Role::Harm, Truth::Harm) => -3.0 * margin,
        (Role::Harm, Truth::HarmAtMargin) => -margin,
        _ => 0.0,
    });
    let values = std::iter::once(0.0).chain(gains).map(|gain| {
        let difference = match outcome.better {
            Better::Increase => gain,
            Better::Decrease => -gain,
        };
        values(outcome, place, control + difference)
    });
    Ok(Model { place, values: values.collect::<Result<_, _>>()? })
}

/// What is expected under the current version; where the plan does not say it, what is assumed, and how that follows from the margin.
pub(crate) fn control_of(outcome: &Outcome) -> (f64, Option<&'static str>) {
    if let Some(control) = outcome.expected_control {
        return (control.to_f64(), None);
    }
    let margin = outcome.margin.map_or(0.0, Decimal::to_f64);
    let (times, word) = if outcome.role == Role::Harm { (2.0, "twice") } else { (10.0, "ten times") };
    let assumed = if margin > 0.0 { times * margin } else { 0.05 };
    (if outcome.kind == OutcomeKind::Binary { assumed.min(0.5) } else { assumed }, Some(word))
}

fn values(outcome: &Outcome, place: usize, mean: f64) -> Result<Values, Problem> {
    match outcome.kind {
        OutcomeKind::Binary => Ok(Values::Share(mean.clamp(0.0, 1.0))),
        OutcomeKind::Count => Ok(Values::Times(poisson(mean.max(0.0)))),
        OutcomeKind::Amount | OutcomeKind::Duration | OutcomeKind::Rating => {
            let Some(sd) = outcome.standard_deviation else {
                let detail =
                    "say how much single units vary (the standard deviation); people cannot be made up without it";
                return Err(Problem::new(format!("/outcomes/{place}/standard_deviation"), detail));
            };
            let step = outcome.step.to_f64();
            let end = |value: Option<Decimal>, other: f64| value.map_or(other, |value| (value.to_f64() / step).round());
            let top = end(outcome.maximum, 1e12).min(end(outcome.cap, 1e12));
            let bottom = end(outcome.minimum, if outcome.kind == OutcomeKind::Rating { -1e12 } else { 0.0 }).min(top);
            let (mean, sd, ends) = (mean / step, sd.to_f64() / step, (bottom, top));
            Ok(match outcome.kind {
                OutcomeKind::Amount if mean > 0.0 && sd > 0.0 => {
                    // With this logarithm, the amounts have the mean and the standard deviation that the plan expects.
                    let of_logarithm = ln(1.0 + (sd / mean).powi(2));
                    Values::LongTail { mean: ln(mean) - 0.5 * of_logarithm, sd: of_logarithm.sqrt(), ends }
                }
                _ => Values::Spread { mean, sd, ends },
            })
        }
    }
}

/// Chances of at most 0, 1, 2 … of a Poisson count, as far as they can be told from 1.
fn poisson(mean: f64) -> Vec<f64> {
    let mut chances = Vec::new();
    let mut sum = 0.0;
    for times in 0..10_000_u32 {
        let ln = f64::from(times) * ln(mean.max(f64::MIN_POSITIVE)) - mean - ln_factorial(times);
        sum += exp(ln);
        chances.push(sum);
        if sum > 1.0 - 1e-12 && f64::from(times) > mean {
            break;
        }
    }
    chances
}

fn ln_factorial(times: u32) -> f64 {
    (2..=times).map(|factor| ln(f64::from(factor))).sum()
}
