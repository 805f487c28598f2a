//! What a decision rule asks, case by case, how its claims share the error, and with what chance it is met.

use fairtrial_domain::{
    decision_rule::{Claim, DecisionRule},
    protocol::Protocol,
};
use serde::Serialize;

use super::{
    answer::answer,
    question::{Problem, Question},
};
use crate::{
    claims::Multiplicity,
    words::{grouped, plural},
};

/// One line of the truth table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TruthRow {
    /// Whether each claim holds, in the order of [`RulePlan::claims`].
    pub claims: Vec<bool>,
    /// Whether the rule holds then.
    pub rule: bool,
}

/// One claim with its share of the error.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hypotheses {
    /// The claim as written.
    pub claim: String,
    /// One-sided error with which it is planned. Claims that must all hold have the whole error each: the rule errs only when
    /// one that is false errs (intersection-union). Alternatives and several new versions divide it, as the first step of
    /// the plan's procedure does.
    pub one_sided_alpha: f64,
    /// Chance to show it: for a gain when the smallest one worth having is true, for no loss when nothing changes.
    pub power: Option<f64>,
    /// People with whom that chance is the one that the plan wants; absent where no number of them gives it.
    pub units_needed: Option<u64>,
    /// Why there are no such numbers.
    pub missing: Option<Problem>,
    /// The claim in words, such as "Paid is shown to be better".
    #[serde(skip)]
    pub words: String,
}

impl Serialize for Problem {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A decision rule laid open.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RulePlan {
    /// The rule as written.
    pub rule: String,
    /// Its claims, each once.
    pub claims: Vec<Hypotheses>,
    /// Every combination; absent for over ten claims.
    pub truth_table: Option<Vec<TruthRow>>,
    /// How the error is shared.
    pub multiplicity: String,
    /// Chance that the rule holds when its claims are independent of each other.
    pub power_if_independent: Option<f64>,
    /// Chance that the rule holds, whatever the dependence, at the least.
    pub power_at_least: Option<f64>,
    /// What people read.
    pub sentences: Vec<String>,
    /// The chance that the plan wants.
    #[serde(skip)]
    pub wanted_power: f64,
    /// What is counted, in the plural.
    #[serde(skip)]
    pub units: String,
}

impl RulePlan {
    /// What people read of the chance that the whole rule is met, and of each of its claims. Nothing for a rule of one claim: of that
    /// the answer on the size speaks.
    #[must_use]
    pub fn chance(&self) -> Vec<String> {
        if self.claims.len() < 2 {
            return Vec::new();
        }
        let of_100 = |share: f64| format!("{:.0}", share * 100.0);
        let wanted = of_100(self.wanted_power);
        let mut said = Vec::new();
        match (self.power_if_independent, self.power_at_least) {
            (Some(independent), Some(least)) => {
                let short = independent < self.wanted_power;
                let short = if short { format!(" The plan wants {wanted} of 100.") } else { String::new() };
                said.push(format!(
                    "The whole rule is met in about {} of 100 such trials where its {} claims have nothing to do with each other, and in \
                     at least {} of 100 whatever they have to do with each other.{short}",
                    of_100(independent),
                    self.claims.len(),
                    of_100(least)
                ));
            }
            _ => {
                let why = self.claims.iter().find_map(|claim| claim.missing.as_ref());
                let why = why.map_or("there are too many claims", |problem| problem.detail.as_str());
                said.push(format!(
                    "In how many of 100 such trials the whole rule is met cannot be worked out yet: {why}."
                ));
            }
        }
        for claim in &self.claims {
            let Some(power) = claim.power else { continue };
            let more = match claim.units_needed {
                _ if power >= self.wanted_power => ".".to_owned(),
                Some(units) => format!("; {wanted} of 100 takes {} {}.", grouped(units), self.units),
                None => format!("; no size gives {wanted} of 100."),
            };
            said.push(format!("Of its claims, {} in {} of 100{more}", claim.words, of_100(power)));
        }
        said.extend(self.sentences.iter().cloned());
        said
    }
}

/// Lays a plan's decision rule open.
#[must_use]
pub fn rule_plan(plan: &Protocol) -> RulePlan {
    let rule = &plan.decision_rule;
    let multiplicity = Multiplicity::of(plan.analysis.multiplicity.as_deref());
    let mut shares: Vec<(&Claim, u32)> = Vec::new();
    divide(rule, multiplicity, 1, &mut shares);
    let mut claims: Vec<(&Claim, Hypotheses)> = Vec::new();
    for (claim, divisor) in shares {
        if claims.iter().any(|(known, _)| *known == claim) {
            continue;
        }
        claims.push((claim, hypothesis(plan, claim, divisor)));
    }
    let power = |claim: &Claim| claims.iter().find(|(known, _)| *known == claim).and_then(|(_, h)| h.power);
    let table = rule.truth_table();
    let independent = table.as_ref().and_then(|table| {
        let powers: Vec<f64> = table.claims.iter().map(|claim| power(claim)).collect::<Option<_>>()?;
        let chance = |row: &[bool]| -> f64 {
            row.iter().zip(&powers).map(|(holds, p)| if *holds { *p } else { 1.0 - p }).product()
        };
        Some(table.rows.iter().filter(|(_, holds)| *holds).map(|(row, _)| chance(row)).sum())
    });
    RulePlan {
        rule: rule.to_string(),
        truth_table: table
            .map(|table| table.rows.into_iter().map(|(claims, rule)| TruthRow { claims, rule }).collect()),
        multiplicity: multiplicity.name().to_owned(),
        power_if_independent: independent,
        power_at_least: at_least(rule, &power),
        sentences: sentences(plan, rule),
        wanted_power: plan.monitoring.power.to_f64(),
        units: plural(&plan.unit),
        claims: claims.into_iter().map(|(_, hypothesis)| hypothesis).collect(),
    }
}

/// Into how many parts the error of each claim is divided.
fn divide<'a>(rule: &'a DecisionRule, multiplicity: Multiplicity, by: u32, into: &mut Vec<(&'a Claim, u32)>) {
    match rule {
        DecisionRule::Claim(claim) => into.push((claim, by)),
        DecisionRule::And(parts) => parts.iter().for_each(|part| divide(part, multiplicity, by, into)),
        DecisionRule::Or(parts) => {
            let share = match multiplicity {
                Multiplicity::Holm | Multiplicity::Hochberg => u32::try_from(parts.len()).unwrap_or(u32::MAX),
                Multiplicity::FixedSequence | Multiplicity::None => 1,
            };
            parts.iter().for_each(|part| divide(part, multiplicity, by.saturating_mul(share), into));
        }
    }
}

fn hypothesis(plan: &Protocol, claim: &Claim, divisor: u32) -> Hypotheses {
    let question = Question::of_claim(plan, claim).map(|mut question| {
        question.alpha_divisor = divisor;
        question
    });
    let alpha = question.as_ref().map(Question::alpha);
    let planned = question.as_ref().map_err(Clone::clone).and_then(answer);
    let (power, units_needed, missing) = match planned {
        Ok(answer) => (answer.power, answer.units_needed, None),
        Err(problem) => (None, None, Some(problem)),
    };
    let versions = plan.arms.len().saturating_sub(1).max(1) as f64;
    let shared = crate::monitor::one_sided_alpha(&plan.monitoring) / f64::from(divisor) / versions;
    Hypotheses {
        claim: DecisionRule::Claim(claim.clone()).to_string(),
        one_sided_alpha: alpha.unwrap_or(shared),
        power,
        units_needed,
        missing,
        words: in_words(plan, claim),
    }
}

fn in_words(plan: &Protocol, claim: &Claim) -> String {
    let name = plan.outcome(claim.outcome()).map_or(claim.outcome().as_str(), |outcome| outcome.name.as_str());
    match claim {
        Claim::Superior(_) => format!("\u{2018}{name}\u{2019} is shown to be better"),
        Claim::NotWorse(_) => format!("\u{2018}{name}\u{2019} is shown to be no worse"),
    }
}

/// The least chance of a rule whose parts may depend on each other in any way (Fréchet's bounds).
fn at_least(rule: &DecisionRule, power: &impl Fn(&Claim) -> Option<f64>) -> Option<f64> {
    match rule {
        DecisionRule::Claim(claim) => power(claim),
        DecisionRule::And(parts) => parts
            .iter()
            .map(|part| at_least(part, power))
            .try_fold(1.0, |sum, part| Some(f64::max(0.0, sum + part? - 1.0))),
        DecisionRule::Or(parts) => {
            parts.iter().map(|part| at_least(part, power)).try_fold(0.0, |most, part| Some(f64::max(most, part?)))
        }
    }
}

fn sentences(plan: &Protocol, rule: &DecisionRule) -> Vec<String> {
    let mut said = Vec::new();
    let all = |rule: &DecisionRule| matches!(rule, DecisionRule::And(_));
    fn any(rule: &DecisionRule, wanted: &impl Fn(&DecisionRule) -> bool) -> bool {
        wanted(rule)
            || match rule {
                DecisionRule::Claim(_) => false,
                DecisionRule::And(parts) | DecisionRule::Or(parts) => parts.iter().any(|part| any(part, wanted)),
            }
    }
    if any(rule, &all) {
        said.push(
            "Claims that must all hold are each tested with the whole error: the rule can only be wrong when one that is \
             false is wrongly shown. What it costs is power."
                .to_owned(),
        );
    }
    if any(rule, &|rule| matches!(rule, DecisionRule::Or(_))) {
        said.push(
            match plan.analysis.multiplicity.as_deref() {
                Some("none") => {
                    "Alternatives do not share the error: the more of them, the more often chance meets the rule."
                }
                Some("fixed_sequence") => {
                    "Alternatives are tested in the order written, each only after those before it held."
                }
                _ => "Alternatives share the error: each must be shown more strongly than if it stood alone.",
            }
            .to_owned(),
        );
    }
    if plan.arms.len() > 2 {
        said.push(format!(
            "The rule is tested for each of {} new versions, which share the error too.",
            plan.arms.len() - 1
        ));
    }
    said
}
