//! The checklist: its samples, and a record that tests take something out of.

use super::{LONG, NASTY, Pages, inside, moment, outside, page, public, report};
use chrono::NaiveDate;
use fairtrial_analysis::{
    release::ReleasedReport,
    report::{Gate, GateStatus},
};
use fairtrial_domain::{
    Decimal, ProtocolId,
    key::{ClusterKey, LayerKey},
    protocol::{Allocation, Protocol, PublicComment},
    trial::{PersonRole, State},
};
use fairtrial_pages::{
    Moment,
    checklist::{Reader, Record, Show},
    frame::Section,
    records::Records,
    register::{Approval, PlanChange, Standing},
};

/// A record that owns its parts.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) plan: Protocol,
    pub(crate) id: ProtocolId,
    pub(crate) agency: String,
    pub(crate) standing: Standing,
    pub(crate) approvals: Vec<Approval>,
    pub(crate) changes: Vec<PlanChange>,
    pub(crate) report: Option<ReleasedReport>,
    pub(crate) published: Option<Moment>,
    pub(crate) decision: Vec<String>,
}

impl Kept {
    pub(crate) fn record(&self, reader: Reader) -> Record<'_> {
        Record {
            reader,
            plan: &self.plan,
            protocol_id: &self.id,
            agency: &self.agency,
            standing: &self.standing,
            approvals: &self.approvals,
            changes: &self.changes,
            report: self.report.as_ref(),
            published: self.published,
            decision: &self.decision,
            records: Records::KeptFor(365),
        }
    }
}

/// The record of a finished trial in which nothing is missing that a trial can have on record.
pub(crate) fn finished() -> Kept {
    let locked = public::plan(None);
    let mut plan = locked.protocol().clone();
    plan.title = "A randomised trial of a line on letters about overdue fines".into();
    plan.layer = LayerKey::new("letters").ok();
    let day = |month, day| NaiveDate::from_ymd_opt(2026, month, day).expect("a day");
    plan.public_comment = Some(PublicComment { from: day(6, 1), until: day(6, 30) });
    let mut report = report::succeeded();
    let detail = "nobody met two versions".to_owned();
    report.integrity.push(Gate { gate: "contamination".into(), status: GateStatus::Green, detail, p_value: None });
    let standing =
        Standing { reason: Some("everybody planned for is in".into()), ..public::standing(State::DataLocked) };
    Kept {
        id: locked.id().clone(),
        plan,
        agency: "Ministry of Made-up Justice".into(),
        standing,
        approvals: vec![Approval { role: PersonRole::Approver, at: moment("2026-07-20T00:00:00Z") }],
        changes: Vec::new(),
        report: Some(public::released(&report)),
        published: Some(moment("2026-11-12T00:00:00Z")),
        decision: vec!["Adopted, decided on 12 November 2026.".into(), "The rule says so.".into()],
    }
}

/// The same, assigned in whole groups or site by site.
pub(crate) fn grouped(wedge: bool) -> Kept {
    let mut kept = finished();
    let groups: Vec<ClusterKey> =
        (1..=4).map(|number| ClusterKey::new(&format!("office-{number}")).expect("a key")).collect();
    let day = |month| NaiveDate::from_ymd_opt(2026, month, 1).expect("a day");
    kept.plan.allocation = match wedge {
        true => Allocation::SteppedWedge {
            sites: groups,
            steps: vec![day(8), day(9)],
            transition_days: 3,
            sites_per_step: vec![2, 2],
        },
        false => Allocation::Cluster { roster: groups },
    };
    let decimal = |text: &str| text.parse::<Decimal>().ok();
    (kept.plan.planning.icc, kept.plan.planning.cluster_size_variation) = (decimal("0.02"), decimal("0.4"));
    kept
}

pub(super) fn add(pages: &mut Pages) {
    let kept = finished();
    let all = |kept: &Kept| Show::of(outside(), &kept.record(Reader::Public));
    let agency = |kept: &Kept| Show::of(inside(Section::Trials), &kept.record(Reader::Agency));
    page(pages, "checklist/show-typical", &agency(&kept));
    page(pages, "checklist/show-public", &all(&kept));
    page(pages, "checklist/show-groups", &agency(&grouped(false)));
    page(pages, "checklist/show-wedge", &agency(&grouped(true)));
    let mut empty = kept.clone();
    empty.plan = public::plan(None).protocol().clone();
    empty.standing = public::standing(State::Enrolling);
    (empty.approvals, empty.report, empty.published, empty.decision) = (vec![], None, None, vec![]);
    page(pages, "checklist/show-empty", &agency(&empty));
    let invalid = Kept { report: Some(public::released(&report::invalid())), ..kept.clone() };
    page(pages, "checklist/show-invalid", &all(&invalid));
    let mut worst = grouped(true);
    let texts =
        [&mut worst.plan.title, &mut worst.plan.public_summary, &mut worst.plan.hypothesis.because, &mut worst.agency];
    for text in texts {
        *text = format!("{NASTY} {LONG}");
    }
    worst.plan.arms[1].name = NASTY.into();
    worst.plan.outcomes[0].name = LONG.into();
    worst.standing.reason = Some(NASTY.into());
    worst.decision = vec![NASTY.into(), LONG.into()];
    worst.changes = vec![PlanChange {
        number: 2,
        since: moment("2026-09-20T00:00:00Z"),
        kind: "Words only. Nothing of the outcomes had been seen by then.".into(),
        reason: Some(NASTY.into()),
        places: vec![],
    }];
    page(pages, "checklist/show-worst", &all(&worst));
}
