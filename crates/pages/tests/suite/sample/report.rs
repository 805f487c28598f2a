use super::{LONG, NASTY, Pages, days_after, inside, moment, page};
use chrono::{DateTime, Utc};
use fairtrial_analysis::report::*;
use fairtrial_analysis::{Guarantee, Report, words};
use fairtrial_domain::decision_rule::Claim;
use fairtrial_domain::protocol::{Aim, Better, GotIt, OutcomeKind, Role, Sides};
use fairtrial_domain::{ArmKey, Decimal, OutcomeKey, ProtocolId, TrialKey};
use fairtrial_pages::Frame;
use fairtrial_pages::chart::{EnrolmentPlan, EnrolmentPoint};
use fairtrial_pages::frame::Section;
use fairtrial_pages::report::{Decided, Download, Show};

const PROTOCOL_ID: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

pub(crate) fn add(pages: &mut Pages) {
    for (name, report) in [
        ("succeeded", succeeded()),
        ("failed", failed()),
        ("harmful", harmful()),
        ("undecided", undecided()),
        ("invalid", invalid()),
        ("not-worse", not_worse()),
        ("running", running()),
        ("empty", empty()),
        ("undefined", undefined()),
    ] {
        page(pages, &format!("report/show-{name}"), &Show::of(frame(), &report, None, vec![]));
    }
    let decided = Decided {
        what: "Adopt the letter with the extra sentence".into(),
        by: NASTY.into(),
        at: moment("2026-11-22T20:15:00Z"),
        reason: Some(format!("{NASTY} {LONG}")),
    };
    let downloads =
        vec![Download { label: "Numbers as CSV".into(), address: "/trials/fines-letter/report.csv".into() }];
    let entered: Vec<EnrolmentPoint> = (1..=60_u64)
        .map(|day| EnrolmentPoint {
            at: days_after("2026-08-01T00:00:00Z", day.cast_signed()),
            seconds: day * 86_400,
            assigned: day * 97,
        })
        .collect();
    let expected = EnrolmentPlan { most: 6_000, a_day: Some(80.5) };
    let worst = Show::of(frame(), &worst(), Some(decided), downloads).entered(&entered, expected).with_evidence();
    page(pages, "report/show-worst", &worst);
    super::looked_at::add(pages, frame(), &entered, expected);
    page(pages, "report/show-inside", &Show::of(frame(), &succeeded(), None, vec![]).inside());
    super::others::add(pages, frame());
}

fn frame() -> Frame {
    let mut frame = inside(Section::Trials);
    frame.facts.protocol_id = Some(PROTOCOL_ID.into());
    frame
}

pub(super) fn arm(text: &str) -> ArmKey {
    ArmKey::new(text).expect("an arm key")
}

pub(super) fn key(text: &str) -> OutcomeKey {
    OutcomeKey::new(text).expect("an outcome key")
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal number")
}

/// One arm with what an outcome needs: people counted and the level.
fn level(name: &str, analysed: u64, mean: Option<f64>) -> ArmOutcome {
    ArmOutcome {
        arm: arm(name),
        assigned: analysed + 12,
        analysed,
        not_yet_mature: 0,
        missing: 12,
        clusters: None,
        events: mean.map(|mean| (mean * analysed as f64).round() as u64),
        mean,
        standard_deviation: mean.map(|mean| (mean * (1.0 - mean)).abs().sqrt()),
        lower: None,
        upper: None,
        level: 0.95,
        not_estimable: None,
    }
}

fn difference(new: &str, estimate: f64, lower: Option<f64>, upper: Option<f64>) -> Comparison {
    Comparison {
        arm: arm(new),
        control: arm("usual"),
        measure: Measure::Difference,
        estimate: Some(estimate),
        lower,
        upper,
        level: 0.95,
        p_value: Some(0.0021),
        method: Some("Miettinen and Nurminen score interval".into()),
        guarantee: Some(Guarantee::Asymptotic),
        not_estimable: None,
    }
}

fn together(new: &str, lower: Option<f64>, upper: Option<f64>) -> RangeTogether {
    RangeTogether {
        arm: arm(new),
        lower,
        upper,
        level: 0.95,
        good: None,
        other_level: None,
        method: Some("Miettinen-Nurminen score interval, Holm-compatible (Strassburger-Bretz)".into()),
        not_estimable: None,
    }
}

struct Numbers {
    usual: f64,
    new: f64,
    lower: f64,
    upper: f64,
}

fn outcome(name: &str, role: Role, better: Better, numbers: &Numbers) -> OutcomeReport {
    let gain = difference("norm", numbers.new - numbers.usual, Some(numbers.lower), Some(numbers.upper));
    let ratio = Comparison {
        measure: Measure::Ratio,
        estimate: Some(numbers.new / numbers.usual),
        lower: Some(1.05),
        upper: None,
        guarantee: None,
        ..gain.clone()
    };
    OutcomeReport {
        outcome: key(match role {
            Role::Primary => "paid-28d",
            Role::Secondary => "dollars-90d",
            Role::Guardrail => "calls-28d",
            Role::Harm => "complaint-28d",
        }),
        name: name.into(),
        role,
        kind: OutcomeKind::Binary,
        better,
        follow_up_days: 28,
        smallest_worthwhile_effect: (role == Role::Primary).then(|| decimal("0.03")),
        margin: (role != Role::Primary).then(|| decimal("0.02")),
        arms: vec![level("usual", 988, Some(numbers.usual)), level("norm", 1_012, Some(numbers.new))],
        unadjusted: if role == Role::Primary { vec![gain.clone()] } else { Vec::new() },
        missing_bounds: if role == Role::Primary { vec![bounds()] } else { Vec::new() },
        comparisons: vec![gain, ratio],
        together: Vec::new(),
    }
}

fn bounds() -> MissingBounds {
    MissingBounds {
        arm: arm("norm"),
        control: arm("usual"),
        lost: 12,
        lost_in_control: 12,
        smallest: Some(0.042),
        largest: Some(0.078),
        lower: Some(0.008),
        upper: Some(0.112),
        level: 0.95,
        smallest_where_seen: None,
        largest_where_seen: None,
        tipping_shift: Some(-1.69),
        tips_within_limits: Some(false),
        not_estimable: None,
    }
}

fn arm_report(name: &str, words: &str, control: bool, assigned: u64) -> ArmReport {
    ArmReport {
        arm: arm(name),
        name: words.into(),
        control,
        ratio: 1,
        assigned,
        analysed: assigned.saturating_sub(12),
        not_yet_mature: 0,
        missing: assigned.min(12),
    }
}

fn flow(arms: &[ArmReport]) -> Flow {
    let assigned: u64 = arms.iter().map(|arm| arm.assigned).sum();
    let arm = |arm: &ArmReport| FlowArm {
        handling: None,
        arm: arm.arm.clone(),
        name: arm.name.clone(),
        assigned: arm.assigned,
        clusters: None,
        not_yet_mature: arm.not_yet_mature,
        missing: arm.missing,
        analysed: arm.analysed,
    };
    Flow {
        requests: assigned + 431,
        not_enrolled: vec![
            NotEnrolled { reason: "not_eligible".into(), count: 402 },
            NotEnrolled { reason: "opted_out".into(), count: 29 },
        ],
        assigned,
        in_transition: 0,
        arms: arms.iter().map(arm).collect(),
    }
}

/// The report with the sentence that the analysis says about it.
fn said(mut report: Report) -> Report {
    let subject = |role: Role| words::Subject {
        outcome: report.outcomes.iter().find(|outcome| outcome.role == role).expect("an outcome of that role"),
        arm: &report.arms[1],
        control: &report.arms[0],
        unit: &report.unit,
    };
    report.verdict.headline = match (report.verdict.kind, report.aim) {
        (VerdictKind::Succeeded, Aim::Better) => words::succeeded(&subject(Role::Primary)),
        (VerdictKind::Succeeded, Aim::NotWorse) => words::not_worse(&subject(Role::Primary)),
        (VerdictKind::Failed, _) => words::failed(&subject(Role::Primary), words::Shortfall::TooLittle, false),
        (VerdictKind::Harmful, _) => words::harmful(&subject(Role::Harm)),
        (VerdictKind::Undecided, _) if !report.locked => words::keep_going(Some(2_024), &report.unit),
        (VerdictKind::Undecided, _) => words::undecided(&subject(Role::Primary), report.verdict.more_units_needed),
        (VerdictKind::Invalid, _) => words::invalid(&report.integrity[0].detail),
    };
    report
}

fn verdict(kind: VerdictKind) -> Verdict {
    Verdict {
        kind,
        action: kind.action().into(),
        headline: String::new(),
        reasons: vec![Reason::new("rule", "the rule was applied once, to all people counted")],
        more_units_needed: None,
        arm: Some(arm("norm")),
    }
}

fn claim(claim: Claim, status: ClaimStatus) -> ClaimFinding {
    ClaimFinding {
        claim,
        null_difference: 0.0,
        p_value: Some(0.0004),
        status,
        method: Some("Score test".into()),
        guarantee: Some(Guarantee::Exact),
        not_estimable: None,
    }
}

fn gate(gate: &str, status: GateStatus, detail: &str) -> Gate {
    Gate { gate: gate.into(), status, detail: detail.into(), p_value: Some(0.4) }
}

fn base(primary: Numbers) -> Report {
    let arms = vec![
        arm_report("usual", "Usual letter", true, 1_000),
        arm_report("norm", "Letter with the extra sentence", false, 1_024),
    ];
    let calls = Numbers { usual: 0.12, new: 0.11, lower: -0.03, upper: 0.011 };
    let complaints = Numbers { usual: 0.004, new: 0.006, lower: -0.004, upper: 0.009 };
    Report {
        trial: TrialKey::new("fines-letter").expect("a trial key"),
        title: "Overdue fines: does a line about what most people do help people pay?".into(),
        protocol_id: PROTOCOL_ID.parse::<ProtocolId>().expect("a protocol id"),
        as_of: "2026-11-22T20:15:00Z".parse::<DateTime<Utc>>().expect("a time"),
        data_cut: 41_007,
        engine: "fairtrial 0.1.0".into(),
        locked: true,
        aim: Aim::Better,
        unit: "person".into(),
        verdict: verdict(VerdictKind::Succeeded),
        integrity: vec![
            gate("sample_ratio", GateStatus::Green, "the sizes of the versions fit the plan"),
            gate("missing_outcomes", GateStatus::Amber, "12 people in each version have no outcome"),
        ],
        flow: flow(&arms),
        arms,
        outcomes: vec![
            outcome("Paid or on a plan within 28 days", Role::Primary, Better::Increase, &primary),
            outcome("Calls to the contact centre", Role::Guardrail, Better::Decrease, &calls),
            outcome("Complaint or distress reported", Role::Harm, Better::Decrease, &complaints),
        ],
        decision: Decision {
            rule: "superior(paid-28d) and not_worse(calls-28d)".into(),
            one_sided_alpha: 0.025,
            level: 0.95,
            sides: Sides::One,
            multiplicity: "none needed".into(),
            arms: vec![ArmDecision {
                arm: arm("norm"),
                p_value: Some(0.001),
                adjusted_p_value: Some(0.001),
                status: ClaimStatus::Holds,
                claims: vec![
                    claim(Claim::Superior(key("paid-28d")), ClaimStatus::Holds),
                    claim(Claim::NotWorse(key("calls-28d")), ClaimStatus::Holds),
                ],
            }],
            harms: vec![harm(false)],
        },
        looks: vec![
            look(1, "0.5", LookStatus::NotHeld, "nobody asked for it"),
            look(2, "1", LookStatus::Held, "held when the data were locked"),
        ],
        after_looks: Some(AfterLooks {
            look: 2,
            outcome: key("paid-28d"),
            arms: vec![ArmAfterLooks {
                arm: arm("norm"),
                p_value: Some(0.001),
                estimate: Some(0.058),
                lower: Some(0.018),
                upper: Some(0.101),
                level: 0.95,
                method: Some("stage-wise order of a group-sequential design".into()),
                guarantee: None,
                not_estimable: None,
            }],
        }),
        course: None,
        equity: vec![
            group("18-29", EquityFinding::NoneSeen, 0.05),
            group("30-49", EquityFinding::CannotRuleOut, -0.01),
        ],
        cost: cost(),
        baseline: vec![
            before("age", None, [44.1, 45.3], Some(0.08)),
            before("region", Some("north"), [0.31, 0.29], Some(-0.04)),
        ],
        redrawn: vec![RedrawReport {
            arm: arm("norm"),
            control: arm("usual"),
            outcome: key("paid-28d"),
            redraws: 2_000,
            seed: Some("5f".repeat(32)),
            statistic: Some(3.21),
            p_value: Some(0.0015),
            not_estimable: None,
        }],
        got_it: vec![GotItReport {
            arm: arm("norm"),
            control: arm("usual"),
            outcome: key("paid-28d"),
            what: GotIt::Delivered,
            share: Some(0.81),
            share_in_control: Some(0.0),
            estimate: Some(0.074),
            lower: Some(0.025),
            upper: Some(0.124),
            level: 0.95,
            method: "two-stage least squares, Anderson-Rubin interval".into(),
            not_estimable: None,
        }],
        departures: vec![],
    }
}

pub(super) fn harm(crossed: bool) -> HarmFinding {
    HarmFinding {
        outcome: key("complaint-28d"),
        arm: arm("norm"),
        margin: decimal("0.02"),
        alpha: 0.1,
        p_value: Some(0.9),
        adjusted_p_value: Some(0.9),
        crossed,
        not_estimable: None,
    }
}

fn look(number: usize, fraction: &str, status: LookStatus, detail: &str) -> LookReport {
    LookReport { look: number, fraction: decimal(fraction), status, detail: detail.into(), held: None }
}

fn group(name: &str, finding: EquityFinding, estimate: f64) -> EquityReport {
    EquityReport {
        attribute: "age_band".into(),
        group: Some(name.into()),
        outcome: key("paid-28d"),
        finding,
        margin: decimal("0.03"),
        comparison: Some(difference("norm", estimate, Some(estimate - 0.05), Some(estimate + 0.05))),
        merged: if name == "50+" { vec!["50-64".into(), "65+".into()] } else { Vec::new() },
        shrunken: Some(Shrunken { estimate: estimate / 2.0, lower: Some(-0.03), upper: Some(0.04) }),
        more_units_needed: (finding == EquityFinding::CannotRuleOut).then_some(1_480),
        not_estimable: None,
    }
}

fn cost() -> CostReport {
    let arm_cost = |name: &str, unit: &str, assigned: u64, total: f64| ArmCost {
        arm: arm(name),
        unit_cost: Some(decimal(unit)),
        staff_minutes: None,
        fixed_cost: (name == "norm").then(|| decimal("4000")),
        each: Some(decimal(unit).to_f64()),
        assigned,
        total: Some(total),
    };
    CostReport {
        currency: Some("NZD".into()),
        learning: Some(9_256.0),
        avoided: None,
        arms: vec![arm_cost("usual", "1.10", 1_000, 1_100.0), arm_cost("norm", "1.35", 1_024, 1_382.4)],
        comparisons: vec![CostComparison {
            arm: arm("norm"),
            control: arm("usual"),
            extra_per_unit: Some(0.25),
            per_extra_outcome: Some(4.17),
            lower: Some(2.5),
            upper: Some(12.5),
            yearly: Some(YearlyCost {
                units: 120_000,
                extra: 30_000.0,
                to_introduce: Some(decimal("4000")),
                gain: Some(7_200.0),
                gain_lower: Some(2_400.0),
                gain_upper: Some(12_000.0),
            }),
            not_estimable: None,
        }],
    }
}

pub(crate) fn succeeded() -> Report {
    said(base(Numbers { usual: 0.20, new: 0.26, lower: 0.02, upper: 0.10 }))
}

pub(crate) fn failed() -> Report {
    let mut report = base(Numbers { usual: 0.30, new: 0.31, lower: -0.09, upper: 0.029 });
    report.verdict = verdict(VerdictKind::Failed);
    report.decision.arms[0].claims[0].status = ClaimStatus::RuledOut;
    said(report)
}

pub(crate) fn harmful() -> Report {
    let mut report = base(Numbers { usual: 0.30, new: 0.31, lower: -0.03, upper: 0.05 });
    let gave_up = Numbers { usual: 0.04, new: 0.09, lower: 0.03, upper: 0.07 };
    report.outcomes[2] = outcome("Gave up on the form", Role::Harm, Better::Decrease, &gave_up);
    report.decision.harms[0] = harm(true);
    report.verdict = verdict(VerdictKind::Harmful);
    said(report)
}

pub(crate) fn undecided() -> Report {
    let mut report = base(Numbers { usual: 0.20, new: 0.222, lower: -0.02, upper: 0.06 });
    report.verdict = Verdict { more_units_needed: Some(900), ..verdict(VerdictKind::Undecided) };
    report.decision.arms[0].claims[0].status = ClaimStatus::Open;
    said(report)
}

pub(crate) fn invalid() -> Report {
    let mut report = base(Numbers { usual: 0.20, new: 0.26, lower: 0.02, upper: 0.10 });
    report.arms[0] = arm_report("usual", "Usual letter", true, 388);
    report.arms[1] = arm_report("norm", "Letter with the extra sentence", false, 612);
    report.flow = flow(&report.arms);
    report.integrity[0] =
        gate("sample_ratio", GateStatus::Red, "612 people in one version and 388 in the other, planned 500 each.");
    report.verdict = Verdict { arm: None, ..verdict(VerdictKind::Invalid) };
    said(report)
}

pub(crate) fn not_worse() -> Report {
    let mut report = base(Numbers { usual: 0.20, new: 0.198, lower: -0.018, upper: 0.014 });
    report.aim = Aim::NotWorse;
    report.outcomes[0].margin = Some(decimal("0.025"));
    said(report)
}

/// Enrolling: counts only.
pub(crate) fn running() -> Report {
    let mut report = undecided();
    report.locked = false;
    report.verdict.more_units_needed = None;
    for outcome in &mut report.outcomes {
        outcome.comparisons.clear();
        outcome.arms.iter_mut().for_each(|arm| arm.mean = None);
    }
    report.decision.arms.clear();
    report.decision.harms.clear();
    report.equity.clear();
    said(report)
}

fn empty() -> Report {
    let mut report = running();
    report.arms.iter_mut().for_each(|arm| arm.assigned = 0);
    report.flow = Flow { requests: 0, not_enrolled: vec![], assigned: 0, in_transition: 0, arms: vec![] };
    report.integrity.clear();
    report.outcomes.clear();
    report.looks.clear();
    report.after_looks = None;
    report
}

/// Three versions, nothing but markup and long words in the texts, an outcome that is no share, open intervals.
fn worst() -> Report {
    let mut report = succeeded();
    report.title = format!("{NASTY} {LONG}");
    report.unit = "household".into();
    report.arms.push(arm_report("third", LONG, false, 999));
    report.arms[1].name = NASTY.into();
    report.flow = flow(&report.arms);
    report.flow.not_enrolled.push(NotEnrolled { reason: NASTY.into(), count: u64::MAX });
    report.outcomes[0].name = NASTY.into();
    report.outcomes[0].arms.push(level("third", 987, Some(0.999)));
    let unbounded = NotEstimable::new("unbounded", NASTY);
    let open = Comparison { not_estimable: Some(unbounded), ..difference("third", 0.5, None, Some(0.6)) };
    report.outcomes[0].comparisons.push(open);
    report.outcomes[0].together = vec![together("norm", Some(0.0), Some(0.093)), together("third", None, Some(0.612))];
    let mut dollars = outcome(
        "Dollars collected within 90 days",
        Role::Guardrail,
        Better::Increase,
        &Numbers { usual: 51.234, new: 49.1, lower: -8.7, upper: 4.4 },
    );
    dollars.kind = OutcomeKind::Amount;
    dollars.margin = Some(decimal("5.00"));
    report.outcomes.push(dollars);
    report.departures.push(Reason::new("late", NASTY));
    report.integrity.push(gate(LONG, GateStatus::Red, NASTY));
    report.verdict.reasons.push(Reason::new("x", NASTY));
    report
}

/// What must never happen: every number of the report undefined. The page must still hold no such number.
fn undefined() -> Report {
    let mut report = succeeded();
    for (place, wrong) in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].into_iter().enumerate() {
        let outcome = &mut report.outcomes[place];
        for comparison in &mut outcome.comparisons {
            comparison.estimate = Some(wrong);
            comparison.lower = Some(wrong);
            comparison.upper = Some(wrong);
            comparison.level = wrong;
            comparison.p_value = Some(wrong);
        }
        outcome.arms.iter_mut().for_each(|arm| arm.mean = Some(wrong));
    }
    report.outcomes[0].together = vec![together("norm", Some(f64::NAN), Some(f64::INFINITY))];
    report.outcomes[0].together[0].level = f64::NAN;
    for found in &mut report.equity {
        found.comparison = Some(difference("norm", f64::NAN, Some(f64::NEG_INFINITY), Some(f64::INFINITY)));
    }
    report.decision.arms[0].claims[0].p_value = Some(f64::NAN);
    report.cost.arms[0].total = Some(f64::INFINITY);
    report.cost.comparisons[0].extra_per_unit = Some(f64::NAN);
    report.cost.comparisons[0].per_extra_outcome = Some(f64::INFINITY);
    report
}

fn before(attribute: &str, level: Option<&str>, means: [f64; 2], differs: Option<f64>) -> BaselineRow {
    let of = |name: &str, mean: f64, standardised_difference: Option<f64>| BaselineArm {
        arm: arm(name),
        known: 1_240,
        mean: Some(mean),
        standardised_difference,
    };
    let arms = vec![of("usual", means[0], None), of("norm", means[1], differs)];
    BaselineRow { attribute: attribute.into(), level: level.map(str::to_owned), arms }
}
