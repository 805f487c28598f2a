//! The numbers.

use fairtrial_domain::protocol::OutcomeKind;
use fairtrial_stats::{
    StatError, sequential::group::GroupSequentialDesign, special::normal, two_proportions::EXACT_TOTAL,
};
use serde::Serialize;

use super::{
    fixed::{self, is_exact, method, power, sizes},
    question::{Clusters, Problem, Question},
    sentences,
};
use crate::monitor::{design, fractions};

/// Most units that are sought.
const MOST: f64 = 1e9;

/// One planned look.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LookPlan {
    /// Share of the information.
    pub fraction: f64,
    /// Units whose outcome is known.
    pub units: Option<u64>,
    /// Days after the first unit, where the daily number is known.
    pub day: Option<u64>,
    /// Success at or below this one-sided p-value.
    pub efficacy_p: f64,
    /// Giving up at or below this score.
    pub futility_z: Option<f64>,
    /// Chance to stop here with success when the effect is the one planned for.
    pub success_if_worthwhile: f64,
    /// Chance to stop here, giving up, when there is no effect.
    pub futile_if_no_effect: f64,
}

/// What looks change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LooksAnswer {
    /// Factor by which looks enlarge the largest size.
    pub inflation: f64,
    /// Expected units when there is no effect (a loss of the margin, where there is one).
    pub expected_if_no_effect: Option<u64>,
    /// Expected units when the effect is the one planned for.
    pub expected_if_worthwhile: Option<u64>,
    /// The looks in order.
    pub looks: Vec<LookPlan>,
}

/// Clusters that the wanted power takes when each is as large as now planned.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClusterNeed {
    /// Clusters planned.
    pub planned: u64,
    /// Clusters needed in all arms together.
    pub needed: Option<u64>,
    /// Factor by which likeness within clusters enlarges the size.
    pub design_effect: f64,
}

/// A way out for a trial that cannot answer its question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WayOut {
    /// Stable code: `more_units`, `bigger_change`, `other_outcome`, `do_not_run`.
    pub code: &'static str,
    /// A sentence.
    pub detail: String,
}

/// Whether and how the trial can answer its question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// What was assumed.
    pub question: Question,
    /// One-sided error of one comparison.
    pub one_sided_alpha: f64,
    /// Power that is wanted.
    pub wanted_power: f64,
    /// Chance that the trial shows what it wants to show, with the units given. Absent without them.
    pub power: Option<f64>,
    /// Units of all arms together that reach the wanted power; absent when no number up to 10^9 does.
    pub units_needed: Option<u64>,
    /// The same for each arm, the control first; empty where sites change over one after the other.
    pub units_needed_by_arm: Vec<u64>,
    /// The smallest gain (for a trial of no loss, the smallest margin) that the units given show with the wanted power.
    pub smallest_detectable: Option<f64>,
    /// Days from the first unit to the last outcome with the units given.
    pub days: Option<u64>,
    /// Days with the units needed.
    pub days_needed: Option<u64>,
    /// Where whole clusters are assigned.
    pub clusters: Option<ClusterNeed>,
    /// What looks change; absent for one look.
    pub looks: Option<LooksAnswer>,
    /// The test whose power this is.
    pub method: &'static str,
    /// Whether the units given reach the wanted power. Absent without them.
    pub can_answer: Option<bool>,
    /// What to do when they do not.
    pub ways_out: Vec<WayOut>,
    /// What people read.
    pub sentences: Vec<String>,
}

/// Can the trial answer its question, and what would it take?
///
/// Power is that of the least favourable comparison. Several new versions are planned at their shared error, which is what
/// Holm's first step asks. Looks are taken in by the design's inflation: the power of the trial with looks is that of the
/// group-sequential design at the drift that gives the test its power without looks.
///
/// # Errors
/// What is wrong with the question, by field.
pub fn answer(question: &Question) -> Result<Answer, Problem> {
    question.check()?;
    let plan = Planned::new(question).map_err(|error| problem(&error))?;
    let needed = plan.needed();
    let units = question.units.map(|units| units as f64);
    let reached = units.map(|units| plan.power(units)).transpose().map_err(|error| problem(&error))?;
    let detectable = units.and_then(|units| plan.detectable(units));
    // Where sites change over, a calendar and not a ratio says how many have which version.
    let by_arm = needed.filter(|_| question.rollout.is_none()).map(|units| split(question, units)).unwrap_or_default();
    let mut answer = Answer {
        question: question.clone(),
        one_sided_alpha: plan.alpha,
        wanted_power: question.wanted_power(),
        power: reached,
        units_needed: needed.map(|units| if by_arm.is_empty() { units as u64 } else { by_arm.iter().sum() }),
        units_needed_by_arm: by_arm,
        smallest_detectable: detectable,
        days: units.and_then(|units| question.days(units)).map(|days| days as u64),
        days_needed: needed.and_then(|units| question.days(units)).map(|days| days as u64),
        clusters: question.clusters.as_ref().map(|clusters| plan.clusters(clusters)),
        looks: plan.looks(units.or(needed)),
        method: method(question, sizes(question, units.or(needed).unwrap_or(MOST))),
        can_answer: reached.map(|power| power >= question.wanted_power() - 1e-9),
        ways_out: Vec::new(),
        sentences: Vec::new(),
    };
    answer.ways_out = sentences::ways_out(&answer);
    answer.sentences = sentences::sentences(&answer);
    Ok(answer)
}

fn problem(error: &StatError) -> Problem {
    match error {
        StatError::InvalidArgument { argument, reason } => Problem::new(argument.clone(), reason.clone()),
        StatError::TooFewUnits { need, .. } => {
            Problem::new("units", format!("each arm needs at least {need} units or clusters"))
        }
        other => Problem::new("question", other.to_string()),
    }
}

/// Whole units for each arm, in whole rounds of the ratio where that costs nothing.
fn split(question: &Question, units: f64) -> Vec<u64> {
    let shares: f64 = question.ratio.iter().map(|share| f64::from(*share)).sum();
    question.ratio.iter().map(|share| (units * f64::from(*share) / shares - 1e-9).ceil().max(1.0) as u64).collect()
}

/// A question with its design for looks.
struct Planned<'a> {
    question: &'a Question,
    alpha: f64,
    design: Option<GroupSequentialDesign>,
    /// Power that one look without the others must have so that the whole design reaches the wanted one.
    needed_at_once: f64,
}

impl<'a> Planned<'a> {
    fn new(question: &'a Question) -> Result<Self, StatError> {
        let alpha = question.alpha();
        let wanted = question.wanted_power();
        let looks = fractions(&question.looks.0);
        let design = if looks.len() > 1 { Some(design(&question.looks.0, alpha, looks)?) } else { None };
        let needed_at_once = match &design {
            Some(design) => normal::cdf(design.effect_at_power(wanted)? + normal::quantile(alpha)),
            None => wanted,
        };
        Ok(Self { question, alpha, design, needed_at_once })
    }

    fn margin(&self) -> f64 {
        self.question.margin.unwrap_or(0.0)
    }

    fn at_once(&self, units: f64) -> Result<f64, StatError> {
        power(self.question, units, self.question.gain, self.margin(), self.alpha)
    }

    /// The effect, in standard errors at the end, that has this power in one look.
    fn drift(&self, at_once: f64) -> f64 {
        normal::quantile(at_once.clamp(1e-12, 1.0 - 1e-12)) - normal::quantile(self.alpha)
    }

    fn power(&self, units: f64) -> Result<f64, StatError> {
        let at_once = self.at_once(units)?;
        match &self.design {
            Some(design) => Ok(design.operating(self.drift(at_once).max(0.0))?.power),
            None => Ok(at_once),
        }
    }

    /// The smallest number of units from which on the power is enough, up to 10^9.
    ///
    /// The power of the exact test goes up and down with the size like a saw. Below its limit the number is therefore
    /// sought downwards, and the first that is not enough ends the search.
    fn needed(&self) -> Option<f64> {
        let enough = |units: f64| self.at_once(units).is_ok_and(|power| power >= self.needed_at_once);
        let round: f64 = self.question.ratio.iter().map(|share| f64::from(*share)).sum();
        let smooth = self.smooth_needed(&enough, round)?;
        if !is_exact(self.question, sizes(self.question, smooth)) {
            return Some(smooth);
        }
        let analysed = 1.0 - self.question.attrition;
        let largest = (EXACT_TOTAL as f64 / analysed / round).floor() * round;
        // A tooth is never a third of the size, and never less than a dozen rounds.
        let mut units = ((smooth * 1.34 / round).ceil() * round + 12.0 * round).min(largest);
        if !enough(units) {
            return Some(smooth.max(largest + round));
        }
        while units > round && enough(units - round) {
            units -= round;
        }
        Some(units)
    }

    /// Some number that is enough with one round less that is not.
    fn smooth_needed(&self, enough: &impl Fn(f64) -> bool, round: f64) -> Option<f64> {
        let mut rounds =
            if self.question.clusters.is_some() { self.question.clusters.map_or(1.0, |c| c.count as f64) } else { 2.0 };
        let mut low = 0.0;
        while !enough(rounds * round) {
            low = rounds;
            rounds *= 2.0;
            if rounds * round > MOST {
                return None;
            }
        }
        while rounds - low > 1.0 {
            let middle = ((low + rounds) / 2.0).floor();
            if enough(middle * round) { rounds = middle } else { low = middle }
        }
        Some(rounds * round)
    }

    /// The smallest gain, or margin, with the wanted power.
    fn detectable(&self, units: f64) -> Option<f64> {
        let question = self.question;
        let at = |size: f64| match question.margin {
            Some(_) => power(question, units, question.gain, size, self.alpha),
            None => power(question, units, size, 0.0, self.alpha),
        };
        let enough = |size: f64| at(size).is_ok_and(|power| power >= self.needed_at_once);
        let most = match (question.kind, question.margin, question.better) {
            (OutcomeKind::Binary, Some(_), _) => 1.0 - 1e-9,
            (OutcomeKind::Binary, None, fairtrial_domain::protocol::Better::Increase) => 1.0 - question.control,
            (_, None, fairtrial_domain::protocol::Better::Decrease)
                if question.kind == OutcomeKind::Binary || question.standard_deviation.is_none() =>
            {
                question.control
            }
            _ => {
                let scale = question.standard_deviation.unwrap_or(question.control.abs().sqrt()).max(1e-9);
                (0..60).map(|k| scale * 1e-3 * 2_f64.powi(k)).find(|size| enough(*size))?
            }
        } * (1.0 - 1e-9);
        if !enough(most) {
            return None;
        }
        let (mut low, mut high) = (0.0, most);
        for _ in 0..50 {
            let middle = 0.5 * (low + high);
            if enough(middle) {
                high = middle
            } else {
                low = middle
            }
            if high - low <= 1e-5 * high {
                break;
            }
        }
        Some(high)
    }

    fn clusters(&self, clusters: &Clusters) -> ClusterNeed {
        let units = self.question.units.map_or(clusters.count as f64 * 20.0, |units| units as f64);
        let size = units / clusters.count as f64;
        let analysed = (size * (1.0 - self.question.attrition)).max(1.0);
        let enough = |count: u64| {
            let question = Question { clusters: Some(Clusters { count, ..*clusters }), ..self.question.clone() };
            fixed::power(&question, count as f64 * size, question.gain, self.margin(), self.alpha)
                .is_ok_and(|power| power >= self.needed_at_once)
        };
        let arms = self.question.ratio.len() as u64;
        let mut high = 2 * arms;
        while !enough(high) && high < 1_000_000 {
            high *= 2;
        }
        let mut low = (high / 2).max(2 * arms - 1);
        let found = enough(high);
        while found && high - low > 1 {
            let middle = low + (high - low) / 2;
            if enough(middle) { high = middle } else { low = middle }
        }
        ClusterNeed {
            planned: clusters.count,
            needed: found.then_some(high),
            design_effect: fairtrial_stats::cluster::design_effect(analysed, clusters.icc, clusters.size_variation)
                .unwrap_or(1.0),
        }
    }

    fn looks(&self, units: Option<f64>) -> Option<LooksAnswer> {
        let design = self.design.as_ref()?;
        let drift = units.and_then(|units| self.at_once(units).ok()).map(|power| self.drift(power).max(0.0));
        let drift = drift.or_else(|| design.effect_at_power(self.question.wanted_power()).ok())?;
        let (none, worthwhile) = (design.operating(0.0).ok()?, design.operating(drift).ok()?);
        let last = design.looks().len();
        let known = |fraction: f64| units.map(|units| (fraction * units).ceil() as u64);
        let looks = design.looks().iter().enumerate().map(|(k, look)| LookPlan {
            fraction: look.information,
            units: known(look.information),
            day: units.and_then(|units| self.question.days(units * look.information)).map(|day| day as u64),
            efficacy_p: normal::sf(look.efficacy),
            futility_z: look.futility.filter(|_| k + 1 < last),
            success_if_worthwhile: worthwhile.efficacy.get(k).copied().unwrap_or(0.0),
            futile_if_no_effect: none.futility.get(k).copied().unwrap_or(0.0),
        });
        Some(LooksAnswer {
            inflation: design.inflation(self.question.wanted_power()).ok()?,
            expected_if_no_effect: known(none.expected_information),
            expected_if_worthwhile: known(worthwhile.expected_information),
            looks: looks.collect(),
        })
    }
}
