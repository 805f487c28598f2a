//! The report as those see it who do not analyse the trial.

use super::{LONG, NASTY, Pages, moment, page, public, report};
use fairtrial_analysis::{
    Report,
    release::{Policy, ReleaseKey, ReleasedReport, View, release},
};
use fairtrial_pages::Frame;
use fairtrial_pages::report::{Decided, Download, ShowReleased};

pub(super) fn add(pages: &mut Pages, frame: Frame) {
    let show = |report: &Report| ShowReleased::of(frame.clone(), &released(report), None, None, vec![]);
    page(pages, "report/released-succeeded", &show(&report::succeeded()));
    page(pages, "report/released-harmful", &show(&report::harmful()));
    page(pages, "report/released-invalid", &show(&report::invalid()));
    page(pages, "report/released-running", &show(&report::running()));
    page(pages, "report/released-small", &show(&small()));
    let decided = Decided {
        what: "Adopt the letter with the extra sentence".into(),
        by: NASTY.into(),
        at: moment("2026-11-22T20:15:00Z"),
        reason: Some(format!("{NASTY} {LONG}")),
    };
    let downloads = vec![Download { label: "Rounded numbers".into(), address: "/trials/x/released.csv".into() }];
    let mut worst = report::succeeded();
    worst.title = format!("{NASTY} {LONG}");
    worst.arms[1].name = NASTY.into();
    let worst = ShowReleased::of(frame, &released(&worst), None, Some(decided), downloads).for_analyst();
    page(pages, "report/released-worst", &worst);
}

fn released(report: &Report) -> ReleasedReport {
    let plan = public::plan(None);
    let mut plan = plan.protocol().clone();
    plan.outcomes.retain(|outcome| report.outcomes.iter().any(|found| found.outcome == outcome.key));
    release(&plan, report, View::Agency, Policy::STANDARD, &ReleaseKey::new([3; 32])).expect("a report of the plan")
}

/// So few people that no number may be shown.
fn small() -> Report {
    let mut report = report::undecided();
    for arm in &mut report.arms {
        (arm.assigned, arm.analysed, arm.missing) = (4, 3, 1);
    }
    for arm in report.outcomes.iter_mut().flat_map(|outcome| &mut outcome.arms) {
        (arm.assigned, arm.analysed, arm.missing, arm.events) = (4, 3, 1, Some(1));
    }
    report
}
