//! Plan and evidence laid side by side: what every later step of the analysis works on.

use fairtrial_domain::{
    Decimal,
    projection::Evidence,
    protocol::{Outcome, Protocol, Role, Sides},
};

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
}

impl<'a> Reading<'a> {
    /// Reads the evidence under the plan.
    #[must_use]
    pub fn new(plan: &'a Protocol, evidence: &'a Evidence) -> Self {
        let samples = (0..plan.outcomes.len()).map(|index| samples_at(plan, evidence, index)).collect();
        // In millionths, so that 1 - 2 * 0.025 is the 0.95 that people write.
        let both_sides = match plan.monitoring.sides {
            Sides::One => 2 * plan.monitoring.alpha.millionths(),
            Sides::Two => plan.monitoring.alpha.millionths(),
        };
        let whole = Decimal::ONE.millionths();
        let share = |millionths: i64| millionths as f64 / whole as f64;
        Self { plan, evidence, samples, alpha: share(both_sides) / 2.0, level: share(whole - both_sides) }
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
