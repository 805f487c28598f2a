use super::band::{self, Band};
use super::basis::{self, Check};
use super::beside::{self, Beside};
use super::finding::{self, Found, Sure};
use super::limit::{self, Groups, Limit};
use super::reading::Reading;
use super::words;
use super::working::{self, Cost};
use crate::chart::{EnrolmentPlan, EnrolmentPoint, Flow, Lines, course, enrolment};
use crate::component::{Breadcrumbs, Crumb, Table, TextField};
use crate::{Frame, Moment};
use askama::Template;
use fairtrial_analysis::Report;
use fairtrial_analysis::release::ReleasedCourse;
use fairtrial_analysis::report::VerdictKind;

/// The report of a trial, from the verdict down to the working. The first part prints on one page.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/report/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    /// What was decided, if it was.
    pub decided: Option<Decided>,
    /// The same report in other forms.
    pub downloads: Vec<Download>,
    evidence: Option<TextField>,
    inside: bool,
    key: String,
    title: String,
    locked: bool,
    compares: bool,
    band: Band,
    found: Option<Found>,
    sure: Option<Sure>,
    limits: Vec<Limit>,
    groups: Option<Groups>,
    cost: Option<Cost>,
    rule: String,
    reasons: Vec<String>,
    claims: Option<Table>,
    flow: Flow,
    enrolment: Option<Lines>,
    course: Option<Lines>,
    boundaries: Vec<Lines>,
    checks: Vec<Check>,
    looks: Option<Table>,
    after_looks: Vec<String>,
    departures: Vec<String>,
    comparisons: Vec<Table>,
    beside: Vec<Beside>,
}

/// A decision that was taken on the report.
#[derive(Debug, Clone)]
pub struct Decided {
    /// What was decided: "Adopt the new letter".
    pub what: String,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Moment,
    /// The reason; must be given when it is against the rule.
    pub reason: Option<String>,
}

/// The same report in another form.
#[derive(Debug, Clone)]
pub struct Download {
    /// What it is: "Numbers as CSV".
    pub label: String,
    /// Where it is.
    pub address: String,
}

impl Show {
    /// The page of that report. Before the data are locked it shows counts and checks, and compares nothing.
    #[must_use]
    pub fn of(frame: Frame, report: &Report, decided: Option<Decided>, downloads: Vec<Download>) -> Self {
        let reading = Reading { report };
        let locked = report.locked;
        // The numbers of a trial that cannot be read must not be read either.
        let compares = locked && report.verdict.kind != VerdictKind::Invalid;
        Self {
            frame,
            decided,
            downloads,
            evidence: None,
            inside: false,
            key: report.trial.to_string(),
            title: report.title.clone(),
            locked,
            compares,
            band: Band {
                kind: report.verdict.kind,
                action: report.verdict.action.clone(),
                sentence: report.verdict.headline.clone(),
            },
            found: finding::found(reading).filter(|_| compares),
            sure: finding::sure(reading).filter(|_| compares),
            limits: if compares { limit::limits(reading) } else { Vec::new() },
            groups: limit::groups(reading).filter(|_| compares),
            cost: working::cost(reading).filter(|_| compares),
            rule: report.decision.rule.clone(),
            reasons: band::reasons(report),
            claims: working::claims(reading).filter(|_| compares),
            flow: basis::flow(reading),
            enrolment: None,
            course: None,
            boundaries: if compares { basis::boundaries(reading) } else { Vec::new() },
            checks: basis::checks(reading),
            looks: basis::looks(&report.looks),
            after_looks: basis::after_looks(reading),
            departures: report.departures.iter().map(|reason| words::sentence(&reason.detail)).collect(),
            comparisons: if compares { working::comparisons(reading) } else { Vec::new() },
            beside: if compares { beside::beside(reading) } else { Vec::new() },
        }
    }

    /// The same page with how people entered over time, all versions together, against the plan.
    #[must_use]
    pub fn entered(self, points: &[EnrolmentPoint], plan: EnrolmentPlan) -> Self {
        Self { enrolment: enrolment("enrolment", points, plan), ..self }
    }

    /// The same page with how the answer came together, in rounded numbers; `report` is that of the page.
    #[must_use]
    pub fn came_together(self, report: &Report, found: Option<&ReleasedCourse>) -> Self {
        let arms = Reading { report }.named();
        let course = found.filter(|_| self.compares).and_then(|found| course(found, &arms, &report.unit));
        Self { course, ..self }
    }

    /// The same page for somebody who analyses the trial, told so and led to what the others see.
    #[must_use]
    pub fn inside(self) -> Self {
        Self { inside: true, ..self }
    }

    /// The same page with the form by which an analyst gets everything that the report rests on.
    #[must_use]
    pub fn with_evidence(self) -> Self {
        let purpose = TextField::new("purpose", "What do you need it for?").hint("Kept in the record of who did what.");
        Self { evidence: Some(purpose), ..self }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs
    }
}
