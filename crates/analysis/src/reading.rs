//! Plan and evidence laid side by side: what every later step of the analysis works on.

use fairtrial_domain::{
    Decimal,
    projection::Evidence,
    protocol::{Outcome, Protocol, Role, Sides},
};

use crate::comparison::Remembered;
use crate::monitor::LookBounds;
use crate::sample::{ArmSample, samples_at};

/// A plan with its evidence, read outcome by outcome and arm by arm.
#[derive(Debug)]
pub struct Reading<'a> {
    /// The plan.
    pub plan: &'a Protocol,
    /// The evidence.
    pub evidence: &'a Evidence,
    /// By outcome, then by arm.
    pub samples: Vec<Vec<ArmSample>>,
    /// One-sided error of each claim.
    pub alpha: f64,
    /// Level of the intervals that belongs to it.
    pub level: f64,
    /// Whether the arms may be compared: the data are locked, or a look is held.
    pub open: bool,
    /// One-sided p-values at which harm measures stop, by place of the outcome, where looks share their error.
    pub harm_levels: Vec<(usize, f64)>,
    /// Whether the boundaries of the looks are those of an exact design, whose score the claim is then tested by.
    pub exact_looks: bool,
    /// The harm measures of which the same is true, by their places.
    pub exact_harms: Vec<usize>,
    /// Exact tests that were made before.
    pub known: &'a Remembered,
}

impl<'a> Reading<'a> {
    /// Reads the evidence under the plan.
    #[must_use]
    pub fn new(plan: &'a Protocol, evidence: &'a Evidence, known: &'a Remembered) -> Self {
        let samples = (0..plan.outcomes.len()).map(|index| samples_at(plan, evidence, index)).collect();
        // In millionths, so that 1 - 2 * 0.025 is the 0.95 that people write.
        let both_sides = match plan.monitoring.sides {
            Sides::One => 2 * plan.monitoring.alpha.millionths(),
            Sides::Two => plan.monitoring.alpha.millionths(),
        };
        let whole = Decimal::ONE.millionths();
        let share = |millionths: i64| millionths as f64 / whole as f64;
        let (alpha, level) = (share(both_sides) / 2.0, share(whole - both_sides));
        Self {
            plan,
            evidence,
            samples,
            alpha,
            level,
            open: evidence.locked,
            harm_levels: Vec::new(),
            exact_looks: false,
            exact_harms: Vec::new(),
            known,
        }
    }

    /// Reads the evidence at a look with these boundaries: the arms may be compared, at the error of the look.
    #[must_use]
    pub fn at_look(plan: &'a Protocol, evidence: &'a Evidence, at: &LookBounds, known: &'a Remembered) -> Self {
        let whole = Self::new(plan, evidence, known);
        let alpha = at.rule.efficacy_p;
        let level = if alpha == whole.alpha { whole.level } else { 1.0 - 2.0 * alpha };
        Self {
            alpha,
            level,
            open: true,
            harm_levels: at.harm.clone(),
            exact_looks: at.exact,
            exact_harms: at.exact_harms.clone(),
            ..whole
        }
    }

    /// The one-sided p-value at which a harm measure stops: that of the look, or all of its error.
    #[must_use]
    pub fn harm_level(&self, place: usize) -> f64 {
        let at_look = self.harm_levels.iter().find(|(found, _)| *found == place).map(|(_, level)| *level);
        let whole = || self.plan.outcomes.get(place).and_then(|o| o.harm_alpha).map_or(0.0, Decimal::to_f64);
        at_look.unwrap_or_else(whole)
    }

    /// The outcomes of one role, with their places.
    pub fn outcomes_of(&self, role: Role) -> impl Iterator<Item = (usize, &'a Outcome)> {
        self.plan.outcomes.iter().enumerate().filter(move |(_, outcome)| outcome.role == role)
    }

    /// Place of the primary outcome.
    #[must_use]
    pub fn primary(&self) -> usize {
        self.outcomes_of(Role::Primary).next().map_or(0, |(index, _)| index)
    }

    /// One arm's sample of one outcome.
    #[must_use]
    pub fn sample(&self, outcome: usize, arm: usize) -> Option<&ArmSample> {
        self.samples.get(outcome)?.get(arm)
    }

    /// An intervention arm's sample and the control's.
    #[must_use]
    pub fn pair(&self, outcome: usize, arm: usize) -> Option<(&ArmSample, &ArmSample)> {
        Some((self.sample(outcome, arm)?, self.sample(outcome, self.plan.control_index())?))
    }
}
