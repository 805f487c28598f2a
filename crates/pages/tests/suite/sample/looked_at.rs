//! A report with looks before its end, and with how its answer came together.

use super::{
    Pages, page,
    report::{arm, harm, key, succeeded},
};
use fairtrial_analysis::Report;
use fairtrial_analysis::monitor::LookDecision;
use fairtrial_analysis::release::{ReleaseKey, release_course};
use fairtrial_analysis::report::*;
use fairtrial_domain::ArmKey;
use fairtrial_pages::Frame;
use fairtrial_pages::chart::{EnrolmentPlan, EnrolmentPoint};
use fairtrial_pages::report::Show;

pub(super) fn add(pages: &mut Pages, frame: Frame, entered: &[EnrolmentPoint], plan: EnrolmentPlan) {
    let (report, locked) = (report(), super::public::plan(None));
    let key = ReleaseKey::new([7; 32]);
    let course = release_course(locked.protocol(), &report, &super::public::released(&report), &key);
    assert!(course.is_some(), "enough people came in between the days");
    let show = Show::of(frame, &report, None, vec![]).entered(entered, plan);
    page(pages, "report/show-looked-at", &show.came_together(&report, course.as_ref()));
}

/// One that was looked at before its end, and how its answer came together.
fn report() -> Report {
    let mut report = succeeded();
    let held = |look: usize, information: f64, z: f64, decision| LookHeld {
        look,
        held_at: report.as_of,
        due_at: report.as_of,
        late: false,
        data_cut: 20_000,
        followed_up: (information * 2_024.0) as u64,
        information,
        alpha_spent: 0.0015,
        efficacy_p: if look == 1 { 0.0015 } else { 0.0245 },
        efficacy_z: Some(if look == 1 { 2.96 } else { 1.97 }),
        futility_z: (look == 1).then_some(0.4),
        harm_bounds: vec![HarmBound { outcome: key("complaint-28d"), p_value: 0.03 }],
        arms: vec![LookArm { arm: arm("norm"), p_value: Some(if look == 1 { 0.04 } else { 0.001 }), z: Some(z) }],
        harms: vec![HarmFinding { outcome: key("complaint-28d"), ..harm(false) }],
        decision,
        arm: None,
    };
    let held = [held(1, 0.5, 1.71, LookDecision::KeepGoing), held(2, 1.0, 3.1, LookDecision::Succeeded)];
    for (look, held) in report.looks.iter_mut().zip(held) {
        look.status = LookStatus::Held;
        look.held = Some(held);
    }
    let numbers = |arm: &ArmKey| {
        let found = report.outcomes[0].arms.iter().find(|found| found.arm == *arm).expect("numbers");
        (found.analysed, found.events.expect("events"))
    };
    let until = |week: u64| CoursePoint {
        until: "2026-03-02".parse::<chrono::NaiveDate>().expect("a day") + chrono::TimeDelta::weeks(week.cast_signed()),
        arms: report
            .arms
            .iter()
            .map(|arm| {
                let (analysed, events) = numbers(&arm.arm);
                CourseArm { arm: arm.arm.clone(), analysed: analysed * week / 10, events: events * week / 10 }
            })
            .collect(),
    };
    report.course = Some(CourseReport { outcome: key("paid-28d"), points: (1..=10).map(until).collect() });
    report
}
