//! What the answers are read from.

use fairtrial_analysis::release::{ReleasedOutcome, ReleasedReport};
use fairtrial_domain::protocol::{Outcome, Protocol, ProtocolId, Role};

use crate::{
    Moment,
    records::Records,
    register::{Approval, PlanChange, Standing},
};

/// Who reads, which decides where an answer leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Somebody of the agency, who is signed in.
    Agency,
    /// Anybody.
    Public,
}

/// The record of a trial, as far as the checklist asks about it.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Who reads.
    pub reader: Reader,
    /// The plan that is in force.
    pub plan: &'a Protocol,
    /// Its id.
    pub protocol_id: &'a ProtocolId,
    /// The name of the agency.
    pub agency: &'a str,
    /// Where the trial stands, with its days; its reason is why nobody new enters any more.
    pub standing: &'a Standing,
    /// In which roles the plan was approved.
    pub approvals: &'a [Approval],
    /// How the plan was changed after the start.
    pub changes: &'a [PlanChange],
    /// The results in released numbers; nothing where there are none to be told.
    pub report: Option<&'a ReleasedReport>,
    /// Since when the results are public.
    pub published: Option<Moment>,
    /// What was decided and what became of it, in sentences.
    pub decision: &'a [String],
    /// How it stands with the records of single people.
    pub records: Records,
}

impl<'a> Record<'a> {
    /// The results of a trial whose data are locked: before, nothing is compared.
    pub(super) fn results(&self) -> Option<&'a ReleasedReport> {
        self.report.filter(|report| report.locked)
    }

    /// The planned outcomes in a role.
    pub(super) fn planned(&self, roles: &'static [Role]) -> impl Iterator<Item = &'a Outcome> {
        self.plan.outcomes.iter().filter(|outcome| roles.contains(&outcome.role))
    }

    /// The released outcomes in a role of which something was compared.
    pub(super) fn compared(&self, roles: &'static [Role]) -> impl Iterator<Item = &'a ReleasedOutcome> {
        let outcomes = self.results().map_or(&[][..], |report| &report.outcomes);
        outcomes.iter().filter(|outcome| roles.contains(&outcome.role) && !outcome.comparisons.is_empty())
    }

    /// By which method each outcome was compared.
    pub(super) fn methods(&self) -> Vec<String> {
        let of = |outcome: &ReleasedOutcome| {
            let method = outcome.comparisons.iter().find_map(|found| found.method.clone())?;
            Some(format!("{}: {method}.", outcome.name))
        };
        self.results().map_or(&[][..], |report| &report.outcomes).iter().filter_map(of).collect()
    }
}

/// A text that says something.
pub(super) fn filled(text: &str) -> Option<&str> {
    let text = text.trim().trim_end_matches('.');
    (!text.is_empty()).then_some(text)
}
