use super::words;
use crate::component::{Breadcrumbs, SummaryList, Tag};
use crate::language::{Label, Say};
use crate::number::counted;
use crate::person::role;
use crate::protocol::{Part, public_parts};
use crate::records::Records;
use crate::report::Results;
use crate::trial::Change;
use crate::{Frame, Moment};
use askama::Template;
use fairtrial_analysis::release::ReleasedReport;
use fairtrial_domain::LockedProtocol;
use fairtrial_domain::protocol::{DataPlan, Protocol};
use fairtrial_domain::trial::{PersonRole, State};

/// One trial as the public sees it.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/register/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    key: String,
    title: String,
    agency: String,
    standing: Standing,
    summary: String,
    facts: SummaryList,
    versions: Vec<(String, bool)>,
    why: Vec<String>,
    approvals: Vec<Approval>,
    results: Option<Results>,
    decision: Vec<String>,
    changes: Vec<PlanChange>,
    transparency: SummaryList,
    plan: Vec<Part>,
}

/// Where a trial stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Its state.
    pub state: State,
    /// Whether it was stopped because people were harmed.
    pub reverted: bool,
    /// Why it was withdrawn, suspended or stopped.
    pub reason: Option<String>,
    /// When it started.
    pub started: Option<Moment>,
    /// When enrolment ended.
    pub ended: Option<Moment>,
    /// When the data were locked.
    pub locked: Option<Moment>,
    /// Since when results are overdue.
    pub overdue: Option<Moment>,
    /// SHA-256 of the secret from which versions are drawn.
    pub commitment: Option<String>,
    /// The code on its letters.
    pub code: String,
}

/// A version of the plan that came into force after the start.
#[derive(Debug, Clone)]
pub struct PlanChange {
    /// Its number.
    pub number: i64,
    /// Since when it has been in force.
    pub since: Moment,
    /// What it changed and what had been seen of the outcomes by then, in a sentence.
    pub kind: String,
    /// Why, in the words of who proposed it; nothing while the plan itself is not public.
    pub reason: Option<String>,
    /// Each place that differs; none while the plan itself is not public.
    pub places: Vec<Change>,
}

/// An approval.
#[derive(Debug, Clone)]
pub struct Approval {
    /// In which role; the person is not named.
    pub role: PersonRole,
    /// When.
    pub at: Moment,
}

impl Show {
    /// The page of that trial. The whole plan stands on it once nobody new enters any more: before, knowing it could change
    /// what people do.
    #[must_use]
    pub fn of(
        frame: Frame,
        plan: &LockedProtocol,
        agency: &str,
        standing: Standing,
        approvals: Vec<Approval>,
        results: Option<&ReleasedReport>,
    ) -> Self {
        let protocol = plan.protocol();
        let closed =
            standing.state.is_locked() || matches!(standing.state, State::FollowUp | State::Withdrawn | State::Refused);
        let date = |moment: &Option<Moment>| moment.iter().map(Moment::day).collect();
        let facts = SummaryList::default()
            .row("Where it stands", words::state(standing.state, standing.reverted))
            .row("Run by", agency)
            .row("Who answers for it", &protocol.owner)
            .rows_of("Started", date(&standing.started))
            .rows_of("Nobody new since", date(&standing.ended))
            .rows_of("Data fixed on", date(&standing.locked))
            .row(
                "At most",
                counted(protocol.monitoring.max_units, &protocol.unit, &crate::number::plural(&protocol.unit)),
            )
            .row("Code on letters", &standing.code)
            .row("Protocol id", plan.id().to_string())
            .rows_of("Commitment to the draw", standing.commitment.iter().cloned().collect());
        let hypothesis = &protocol.hypothesis;
        Self {
            frame,
            key: protocol.key.to_string(),
            title: protocol.title.clone(),
            agency: agency.to_owned(),
            summary: protocol.public_summary.clone(),
            facts,
            versions: protocol.arms.iter().map(|arm| (arm.name.clone(), arm.control)).collect(),
            why: vec![
                format!("The idea: {}, because {}.", trimmed(&hypothesis.change), trimmed(&hypothesis.because)),
                format!("It is about {}.", trimmed(&hypothesis.who)),
            ],
            approvals,
            results: results.map(Results::of),
            decision: Vec::new(),
            changes: Vec::new(),
            transparency: transparency(protocol, agency, &standing.code),
            plan: if closed { public_parts(protocol) } else { Vec::new() },
            standing,
        }
    }

    /// The same page with what was decided and what became of it, in sentences.
    #[must_use]
    pub fn decided(self, decision: Vec<String>) -> Self {
        Self { decision, ..self }
    }

    /// The same page with how the plan was changed after the start, the first change first.
    #[must_use]
    pub fn changed(self, changes: Vec<PlanChange>) -> Self {
        Self { changes, ..self }
    }

    /// The same page with the agencies that send outcomes, each in a sentence.
    #[must_use]
    pub fn linked(self, partners: Vec<String>) -> Self {
        Self { transparency: self.transparency.rows_of("Outcomes also come from", partners), ..self }
    }

    /// The same page with how it stands with the records of single people.
    #[must_use]
    pub fn keeping(mut self, records: Records) -> Self {
        if let Some(row) = self.transparency.rows.iter_mut().find(|row| row.key == KEPT) {
            row.value = vec![format!("{}.", records.sentence())];
        }
        self
    }

    fn crumbs(&self) -> Breadcrumbs {
        Breadcrumbs::of([("Register of trials", "/register")])
    }

    /// A part of this trial's page for programs.
    fn way(&self, part: &str) -> String {
        format!("/register/{}/{part}", self.key)
    }

    fn result(&self) -> String {
        format!("/t/{}/result", self.standing.code)
    }

    fn tag(&self) -> Tag {
        words::state_tag(self.standing.state, self.standing.reverted)
    }

    fn approver(&self, approval: &Approval) -> &'static str {
        role::signer(approval.role)
    }

    fn is_locked(&self) -> bool {
        self.standing.locked.is_some()
    }
}

fn trimmed(text: &str) -> &str {
    text.trim().trim_end_matches('.')
}

/// The row that says how long records of single people are kept.
const KEPT: &str = "How long they are kept";

/// The transparency statement in rows: the same content as the document for programs.
fn transparency(plan: &Protocol, agency: &str, code: &str) -> SummaryList {
    let data: Vec<String> = plan.attributes.iter().map(crate::protocol::attribute_words).collect();
    let data = if data.is_empty() { vec!["Nothing but which version and the outcomes.".to_owned()] } else { data };
    let DataPlan { retain_units_days, lawful_basis, sources, .. } = &plan.data;
    SummaryList::default()
        .row("What decides", "Chance, by a published method. No score is worked out about anybody, and no decision on a right or a payment is made by it.")
        .row("Who oversees it", "The people who signed the plan, and a monitor outside the team. Each of them can stop it at once, without leave from anybody.")
        .rows_of("Data used", data)
        .rows_of("Where they come from", sources.clone())
        .row("Under which law", lawful_basis)
        .row(KEPT, Records::KeptFor(*retain_units_days).sentence())
        .row("People least able to cope", &plan.risk.least_able_to_cope)
        .row("Questions and complaints", format!("On the page of the code {code}, or to {agency}: say the code. You can also go to the Ombudsman or the Privacy Commissioner."))
}
