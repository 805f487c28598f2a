//! What is assumed of a trial when its size is planned.

use fairtrial_domain::{
    Decimal,
    decision_rule::Claim,
    protocol::{Aim, Allocation, Better, Monitoring, OutcomeKind, Protocol, Role},
};
use fairtrial_stats::special::{elementary::exp, gamma};
use serde::Serialize;

use crate::monitor::one_sided_alpha;

/// How alike the units of a cluster are, and how many clusters there are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Clusters {
    /// Clusters of all arms together.
    pub count: u64,
    /// Share of the outcome's variance that lies between clusters, 0 to 1.
    pub icc: f64,
    /// Coefficient of variation of the clusters' sizes, 0 for equal ones.
    pub size_variation: f64,
}

/// Sites that change over one after the other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rollout {
    /// How many sites cross at each step.
    pub sites_per_step: Vec<u32>,
    /// Share of the outcome's variance that lies between sites in one period, 0 to 1.
    pub icc: f64,
}

impl Rollout {
    /// All sites.
    #[must_use]
    pub fn sites(&self) -> u64 {
        self.sites_per_step.iter().map(|sites| u64::from(*sites)).sum()
    }

    /// Whether each site has the new version in each period: one before the first step, and one after each.
    pub(super) fn table(&self) -> Vec<Vec<bool>> {
        let periods = self.sites_per_step.len() + 1;
        let row = |step: usize| -> Vec<bool> { (0..periods).map(|period| period > step).collect() };
        let sites = self.sites_per_step.iter().enumerate();
        sites.flat_map(|(step, sites)| std::iter::repeat_n(row(step), *sites as usize)).collect()
    }

    /// In how many orders chance can let the sites cross: no p-value is smaller than one of them.
    pub(super) fn orders(&self) -> f64 {
        let ln_factorial = |n: u64| gamma::ln_gamma(n as f64 + 1.0);
        let same: f64 = self.sites_per_step.iter().map(|sites| ln_factorial(u64::from(*sites))).sum();
        exp(ln_factorial(self.sites()) - same)
    }
}

/// When the data are looked at, and by which rules the trial may stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Looks(pub Monitoring);

/// What a trial is to find out, and what is assumed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Question {
    /// Name of the outcome for people.
    pub outcome: String,
    /// How events become a value.
    pub kind: OutcomeKind,
    /// Which direction is good.
    pub better: Better,
    /// What is counted, in the singular.
    pub unit: String,
    /// Expected mean under the current version (the share for a binary outcome), in the outcome's unit.
    pub control: f64,
    /// For a trial that wants to show a gain: the smallest gain worth having, above 0, in the outcome's unit. For one that
    /// wants to show no loss beyond a margin: the true gain, usually 0.
    pub gain: f64,
    /// The largest loss that is still acceptable, for a trial that wants to show that there is no larger one.
    pub margin: Option<f64>,
    /// Standard deviation of single units. Follows from the share of a binary outcome; a count without one is taken for a
    /// Poisson count.
    pub standard_deviation: Option<f64>,
    /// Share of the variance within an arm that what the plan adjusts for explains (R squared), 0 without any, below 1. It counts where
    /// units are assigned one by one and the outcome is no yes or no.
    pub explained: f64,
    /// Sizes of the arms beside each other, the control first.
    pub ratio: Vec<u32>,
    /// Whether several new versions share the error, as Holm's first step does.
    pub share_error: bool,
    /// Into how many parts the error of a claim is divided besides, because it is one of several alternatives; usually 1.
    pub alpha_divisor: u32,
    /// Units of all arms together; none when only the need is asked for.
    pub units: Option<u64>,
    /// Clusters, where whole clusters are assigned.
    pub clusters: Option<Clusters>,
    /// Where sites change over one after the other.
    pub rollout: Option<Rollout>,
    /// Share of units whose outcome will be missing, 0 or more and below 1.
    pub attrition: f64,
    /// Units that enter on a day, where that is known.
    pub units_per_day: Option<f64>,
    /// Days from assignment until the outcome is known.
    pub follow_up_days: u32,
    /// Error rates and looks.
    #[serde(skip)]
    pub looks: Looks,
}

/// Why a question cannot be answered, and at which of its parts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {detail}")]
pub struct Problem {
    /// The part: a field of the question, or a JSON pointer into the protocol.
    pub field: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

impl Problem {
    pub(crate) fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: field.into(), detail: detail.into() }
    }
}

impl Question {
    /// The question that a plan asks of its primary outcome.
    ///
    /// # Errors
    /// What the plan does not say, with the JSON pointer at which it would stand.
    pub fn of(plan: &Protocol) -> Result<Self, Problem> {
        let Some(primary) = plan.primary() else {
            return Err(Problem::new("/outcomes", "exactly one outcome is primary"));
        };
        Self::of_claim(
            plan,
            &match plan.aim {
                Aim::Better => Claim::Superior(primary.key.clone()),
                Aim::NotWorse => Claim::NotWorse(primary.key.clone()),
            },
        )
    }

    /// The question of one claim of the plan's decision rule: whether there is the smallest gain worth having, or, when in
    /// truth nothing changes, no loss beyond the margin.
    ///
    /// # Errors
    /// As [`Question::of`].
    pub fn of_claim(plan: &Protocol, claim: &Claim) -> Result<Self, Problem> {
        let found = plan.outcomes.iter().enumerate().find(|(_, outcome)| outcome.key == *claim.outcome());
        let Some((place, outcome)) = found else {
            return Err(Problem::new("/decision_rule", format!("no outcome has the key \"{}\"", claim.outcome())));
        };
        let pointer = |name: &str| format!("/outcomes/{place}/{name}");
        let number = |value: Option<Decimal>| value.map(Decimal::to_f64);
        let Some(control) = number(outcome.expected_control) else {
            let detail = "say what is expected under the current version; power cannot be computed without it";
            return Err(Problem::new(pointer("expected_control"), detail));
        };
        let (gain, margin) = match (claim, number(outcome.smallest_worthwhile_effect), number(outcome.margin)) {
            (Claim::Superior(_), Some(worthwhile), _) => (worthwhile, None),
            (Claim::Superior(_), None, _) => {
                let detail = "say the smallest gain worth having; power is the chance to find it";
                return Err(Problem::new(pointer("smallest_worthwhile_effect"), detail));
            }
            (Claim::NotWorse(_), _, Some(margin)) => (0.0, Some(margin)),
            (Claim::NotWorse(_), _, None) => {
                return Err(Problem::new(pointer("margin"), "say the largest loss that is still acceptable"));
            }
        };
        let standard_deviation = number(outcome.standard_deviation);
        let needs = matches!(outcome.kind, OutcomeKind::Amount | OutcomeKind::Duration | OutcomeKind::Rating);
        if needs && standard_deviation.is_none() {
            let detail = "say how much single units vary (the standard deviation); power cannot be computed without it";
            return Err(Problem::new(pointer("standard_deviation"), detail));
        }
        let planning = &plan.planning;
        let roster = plan.allocation.roster();
        let alike = || {
            let detail = "say how alike the units of a cluster are; 0.05 is common in public services";
            number(planning.icc).ok_or_else(|| Problem::new("/planning/icc", detail))
        };
        let (clusters, rollout) = match &plan.allocation {
            Allocation::SteppedWedge { sites_per_step, .. } => {
                (None, Some(Rollout { sites_per_step: sites_per_step.clone(), icc: alike()? }))
            }
            _ if roster.is_empty() => (None, None),
            _ => {
                let size_variation = number(planning.cluster_size_variation).unwrap_or(0.0);
                (Some(Clusters { count: roster.len() as u64, icc: alike()?, size_variation }), None)
            }
        };
        let adjusts = !plan.analysis.adjust_for.is_empty() && outcome.role != Role::Harm;
        let explained = number(planning.explained_by_covariates.filter(|_| adjusts)).unwrap_or(0.0);
        let control_share = plan.control().map_or(1, |arm| arm.ratio);
        let mut ratio = vec![control_share];
        ratio.extend(plan.interventions().map(|(_, arm)| arm.ratio));
        Ok(Self {
            outcome: outcome.name.clone(),
            kind: outcome.kind,
            better: outcome.better,
            unit: plan.unit.clone(),
            control,
            gain,
            margin,
            standard_deviation,
            explained,
            ratio,
            share_error: !matches!(plan.analysis.multiplicity.as_deref(), Some("none" | "fixed_sequence")),
            alpha_divisor: 1,
            units: Some(plan.monitoring.max_units),
            clusters,
            rollout,
            attrition: number(planning.attrition).unwrap_or(0.0),
            units_per_day: number(planning.units_per_day),
            follow_up_days: outcome.follow_up_days,
            looks: Looks(plan.monitoring.clone()),
        })
    }

    /// One-sided error of one comparison: the plan's, divided among the new versions that share it.
    #[must_use]
    pub fn alpha(&self) -> f64 {
        let versions = self.ratio.len().saturating_sub(1).max(1);
        one_sided_alpha(&self.looks.0)
            / f64::from(self.alpha_divisor.max(1))
            / if self.share_error { versions as f64 } else { 1.0 }
    }

    /// Power that the plan asks for.
    #[must_use]
    pub fn wanted_power(&self) -> f64 {
        self.looks.0.power.to_f64()
    }

    pub(super) fn check(&self) -> Result<(), Problem> {
        let check =
            |right: bool, field: &str, detail: &str| if right { Ok(()) } else { Err(Problem::new(field, detail)) };
        let finite = |number: f64| number.is_finite() && number.abs() <= 1e12;
        check(finite(self.control), "control", "must be a number")?;
        check(finite(self.gain), "effect", "must be a number")?;
        check(self.margin.is_none_or(|m| finite(m) && m > 0.0), "margin", "must be above 0")?;
        check(self.margin.is_some() || self.gain > 0.0, "effect", "must be above 0: no trial finds no effect")?;
        check(self.margin.is_none_or(|m| self.gain > -m), "effect", "the true loss must be within the margin")?;
        let spread = |sd: f64| finite(sd) && sd > 0.0;
        check(self.standard_deviation.is_none_or(spread), "sd", "must be above 0")?;
        let shares = (2..=10).contains(&self.ratio.len()) && self.ratio.iter().all(|r| (1..=1_000).contains(r));
        check(shares, "ratio", "needs 2 to 10 whole numbers from 1 to 1000, the current version first")?;
        check((0.0..=0.95).contains(&self.explained), "explained", "must be from 0 to 0.95")?;
        check((0.0..=0.9).contains(&self.attrition), "attrition", "must be from 0 to 0.9")?;
        check(self.units.is_none_or(|n| (2..=1_000_000_000).contains(&n)), "units", "must be from 2 to 1,000,000,000")?;
        if self.kind == OutcomeKind::Binary {
            let share = |p: f64| (0.0..=1.0).contains(&p);
            check(share(self.control), "control", "is a share from 0 to 1: 20 in 100 is 0.20")?;
            let detail = "leads outside the shares from 0 to 1: 3 in 100 more is 0.03";
            check(share(self.control + self.signed(self.gain)), "effect", detail)?;
            check(self.margin.is_none_or(|m| m < 1.0), "margin", "is a share below 1: 2 in 100 is 0.02")?;
        }
        if self.kind == OutcomeKind::Count {
            check(self.control >= 0.0, "control", "a count is not below 0")?;
            let means = [self.control, self.control + self.signed(self.gain)];
            let spread = self.standard_deviation.is_some() || means.iter().all(|mean| *mean > 0.0);
            check(spread, "control", "a count that never happens has no spread: say the standard deviation")?;
        }
        let needs = matches!(self.kind, OutcomeKind::Amount | OutcomeKind::Duration | OutcomeKind::Rating);
        let detail = "say how much single units vary (the standard deviation)";
        check(!needs || self.standard_deviation.is_some(), "sd", detail)?;
        if let Some(clusters) = &self.clusters {
            check((0.0..=1.0).contains(&clusters.icc), "icc", "must be from 0 to 1")?;
            check((0.0..=10.0).contains(&clusters.size_variation), "size_variation", "must be from 0 to 10")?;
            check(clusters.count >= 4, "clusters", "a trial of clusters needs two or more in each of its arms")?;
        }
        if let Some(rollout) = &self.rollout {
            check((0.0..=1.0).contains(&rollout.icc), "icc", "must be from 0 to 1")?;
            check(self.ratio.len() == 2, "ratio", "where sites change over there is one new version")?;
            let steps = rollout.sites_per_step.len();
            let detail = "needs 1 to 199 steps, at each of which a site crosses, and 2 to 100,000 sites";
            let sites = (2..=100_000).contains(&rollout.sites()) && !rollout.sites_per_step.contains(&0);
            check((1..=199).contains(&steps) && sites, "sites_per_step", detail)?;
        }
        Ok(())
    }

    /// Share of the variance by which adjusting makes the trial smaller: the variance of an adjusted difference of means is 1 - R^2 times that
    /// of the plain one (Borm, Fransen and Lemmens 2007).
    ///
    /// Not counted where the outcome is a yes or no, whose adjusted difference gains little from covariates that explain as much, nor
    /// for whole clusters, where what explains differences between people need not explain those between clusters.
    pub(super) fn saved_by_adjusting(&self) -> f64 {
        let counts = self.kind != OutcomeKind::Binary && self.clusters.is_none() && self.rollout.is_none();
        if counts { self.explained } else { 0.0 }
    }

    /// A gain as a difference of the outcome.
    pub(super) fn signed(&self, gain: f64) -> f64 {
        match self.better {
            Better::Increase => gain,
            Better::Decrease => -gain,
        }
    }

    /// Days from the first unit to the last outcome, for a number of units; none where a calendar says when it ends.
    pub(super) fn days(&self, units: f64) -> Option<f64> {
        let per_day = self.units_per_day.filter(|_| self.rollout.is_none())?;
        Some((units / per_day).ceil().max(1.0) + f64::from(self.follow_up_days))
    }
}
