//! Finding one's way in a report.

use crate::chart::{ArmLook, NamedArm};
use crate::quantity::Quantity;
use fairtrial_analysis::Report;
use fairtrial_analysis::report::{ArmOutcome, ArmReport, Comparison, Measure, OutcomeReport};
use fairtrial_domain::ArmKey;
use fairtrial_domain::protocol::Role;

/// A report with the questions that words and pictures ask of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) report: &'a Report,
}

impl<'a> Reading<'a> {
    pub(super) fn primary(self) -> Option<&'a OutcomeReport> {
        self.report.outcomes.iter().find(|outcome| outcome.role == Role::Primary)
    }

    pub(super) fn control(self) -> Option<&'a ArmReport> {
        self.report.arms.iter().find(|arm| arm.control)
    }

    pub(super) fn interventions(self) -> impl Iterator<Item = &'a ArmReport> {
        self.report.arms.iter().filter(|arm| !arm.control)
    }

    pub(super) fn is_control(self, arm: &ArmKey) -> bool {
        self.control().is_some_and(|control| control.arm == *arm)
    }

    /// The version's name for people; its key when the report does not know it.
    pub(super) fn name(self, arm: &ArmKey) -> String {
        let found = self.report.arms.iter().find(|found| found.arm == *arm);
        found.map_or_else(|| arm.to_string(), |found| found.name.clone())
    }

    pub(super) fn look(self, arm: &ArmKey) -> ArmLook {
        match self.interventions().position(|found| found.arm == *arm) {
            Some(place) => ArmLook::Version(u8::try_from(place + 1).unwrap_or(u8::MAX)),
            None => ArmLook::Control,
        }
    }

    /// All versions as they are called and drawn.
    pub(super) fn named(self) -> Vec<NamedArm> {
        let named =
            |arm: &ArmReport| NamedArm { arm: arm.arm.clone(), name: arm.name.clone(), look: self.look(&arm.arm) };
        self.report.arms.iter().map(named).collect()
    }

    /// How values of an outcome are said, with the digits that its comparison with `arm` supports.
    pub(super) fn quantity(self, outcome: &OutcomeReport, arm: Option<&ArmKey>) -> Quantity {
        let plain = Quantity::new(outcome.kind, &self.report.unit);
        match arm.and_then(|arm| difference(outcome, arm)) {
            Some(found) => plain.for_difference(found.estimate, found.lower, found.upper),
            None => plain,
        }
    }
}

/// The difference between an arm and the control.
pub(super) fn difference<'a>(outcome: &'a OutcomeReport, arm: &ArmKey) -> Option<&'a Comparison> {
    outcome.comparisons.iter().find(|found| found.arm == *arm && found.measure == Measure::Difference)
}

/// One arm's values.
pub(super) fn values<'a>(outcome: &'a OutcomeReport, arm: &ArmKey) -> Option<&'a ArmOutcome> {
    outcome.arms.iter().find(|found| found.arm == *arm)
}

/// One arm's mean, when it is known and finite.
pub(super) fn mean(outcome: &OutcomeReport, arm: &ArmKey) -> Option<f64> {
    values(outcome, arm)?.mean.filter(|mean| mean.is_finite())
}
