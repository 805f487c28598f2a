//! Results in released numbers.

use super::{
    Band, Light,
    basis::gate_name,
    finding::good,
    words::{self, not_enrolled},
};
use crate::chart::{Bar, Flow, FlowArm, Interval, Mark, Shade};
use crate::component::{Cell, Table};
use crate::number::{grouped, plural};
use crate::quantity::Quantity;
use crate::register::count;
use fairtrial_analysis::release::{ReleasedOutcome, ReleasedReport, View};
use fairtrial_analysis::report::{Comparison, EquityFinding};
use fairtrial_domain::ArmKey;
use fairtrial_domain::protocol::{Aim, Better, Role};

/// What the public, and everybody in the agency who does not analyse the trial, sees of the results.
#[derive(Debug, Clone)]
pub(crate) struct Results {
    pub(crate) band: Band,
    pub(crate) outcomes: Vec<Part>,
    pub(crate) reasons: Vec<String>,
    pub(crate) groups: Option<String>,
    pub(crate) checks: Vec<(String, Light)>,
    pub(crate) flow: Flow,
    pub(crate) control: String,
}

/// One outcome.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) role: Role,
    pub(crate) heading: String,
    pub(crate) sentences: Vec<String>,
    pub(crate) chart: Option<Interval>,
    pub(crate) table: Table,
}

impl Results {
    pub(crate) fn of(report: &ReleasedReport) -> Self {
        let verdict = &report.verdict;
        let policy = report.policy;
        Self {
            band: Band { kind: verdict.kind, action: verdict.action.clone(), sentence: verdict.headline.clone() },
            outcomes: report
                .outcomes
                .iter()
                .enumerate()
                .filter(|(_, outcome)| !outcome.comparisons.is_empty())
                .map(|(place, outcome)| part(report, place, outcome))
                .collect(),
            reasons: verdict.reasons.iter().map(|reason| words::sentence(&reason.detail)).collect(),
            groups: groups(report),
            checks: report.integrity.iter().map(|gate| (gate_name(&gate.gate), Light::of_gate(gate.status))).collect(),
            flow: flow(report),
            control: format!(
                "To protect people, counts are rounded at random to a multiple of {}, those below {} are not shown, \
                 nor are others from which these could be worked out, and shares and ranges are worked out from the rounded counts. They can differ a little from the exact ones, \
                 from which the verdict was reached.",
                policy.base(),
                policy.suppress_below()
            ),
        }
    }
}

pub(super) fn name(report: &ReleasedReport, key: &ArmKey) -> String {
    report.arms.iter().find(|arm| arm.arm == *key).map_or_else(|| key.to_string(), |arm| arm.name.clone())
}

fn part(report: &ReleasedReport, place: usize, outcome: &ReleasedOutcome) -> Part {
    let plain = Quantity::new(outcome.kind, &report.unit);
    let of = |found: &Comparison| plain.clone().for_difference(found.estimate, found.lower, found.upper);
    let sentences = outcome
        .comparisons
        .iter()
        .map(|found| {
            let version = name(report, &found.arm);
            match of(found).range(found.lower, found.upper) {
                Some(range) => format!("With \u{2018}{version}\u{2019} the true difference is likely {range}."),
                None => format!("For \u{2018}{version}\u{2019} there are too few people to show a difference."),
            }
        })
        .collect();
    let mut decimals = 0;
    let bars: Vec<Bar> = outcome
        .comparisons
        .iter()
        .filter_map(|found| {
            let quantity = of(found);
            decimals = decimals.max(quantity.decimals());
            Some(Bar {
                label: name(report, &found.arm),
                estimate: quantity.shown(found.estimate?),
                lower: found.lower.map(|lower| quantity.shown(lower)),
                upper: found.upper.map(|upper| quantity.shown(upper)),
            })
        })
        .collect();
    let headline = format!("{}: difference from the usual version", outcome.name);
    let quantity = outcome.comparisons.first().map_or_else(|| plain.clone(), of);
    let row = |arm: &fairtrial_analysis::release::ArmNumbers| {
        let level = arm.mean.and_then(|mean| quantity.short_level(mean));
        vec![
            Cell::words(name(report, &arm.arm)),
            Cell::number(count(arm.analysed)),
            Cell::number(level.unwrap_or_else(|| "not shown".to_owned())),
        ]
    };
    let what = match outcome.role {
        Role::Primary => "the main question",
        Role::Secondary => "also measured",
        Role::Guardrail => "must not get worse",
        Role::Harm => "watched for harm",
    };
    Part {
        role: outcome.role,
        heading: format!("{} ({what})", outcome.name),
        sentences,
        chart: Interval::new(
            &format!("outcome-{place}"),
            &headline,
            &plain.scale(),
            decimals,
            &bars,
            mark(report, outcome, &plain).as_slice(),
        ),
        table: Table {
            caption: format!("{}, by version", outcome.name),
            caption_hidden: true,
            head: vec![Cell::words("Version"), Cell::number("Counted"), Cell::number("Result")],
            rows: outcome.arms.iter().map(row).collect(),
        },
    }
}

/// What the plan set beside the difference, for those who decide: the smallest that would matter, or the largest loss.
fn mark(report: &ReleasedReport, outcome: &ReleasedOutcome, quantity: &Quantity) -> Option<Mark> {
    if report.view == View::Public {
        return None;
    }
    let shade = if outcome.better == Better::Increase { Shade::Above } else { Shade::Below };
    let hoped =
        outcome.smallest_worthwhile_effect.filter(|_| outcome.role == Role::Primary && report.aim == Aim::Better);
    let (value, label) = match (hoped, outcome.margin) {
        (Some(size), _) => (size.to_f64(), format!("Smallest that would matter: {}", quantity.planned(size))),
        (None, Some(margin)) => (-margin.to_f64(), format!("Largest acceptable loss: {}", quantity.planned(margin))),
        (None, None) => return None,
    };
    Some(Mark { value: quantity.shown(good(outcome.better) * value), label, shade })
}

fn groups(report: &ReleasedReport) -> Option<String> {
    let worst = report.equity.iter().map(|group| group.finding).max_by_key(|finding| match finding {
        EquityFinding::NoneSeen => 0,
        EquityFinding::CannotRuleOut => 1,
        EquityFinding::Seen => 2,
    });
    Some(
        match worst? {
            EquityFinding::NoneSeen => "No group that the plan names was left worse off.",
            EquityFinding::CannotRuleOut => {
                "For at least one group that the plan names it cannot be told whether it was left worse off: there were \
                 too few people."
            }
            EquityFinding::Seen => "At least one group that the plan names was left worse off.",
        }
        .to_owned(),
    )
}

fn flow(report: &ReleasedReport) -> Flow {
    let flow = &report.flow;
    let about = |stage: &str, number: Option<u64>| {
        (stage.to_owned(), number.map_or_else(|| "not shown".into(), |number| format!("about {}", grouped(number))))
    };
    let before = [about("Looked at", flow.requests), about("Assigned", flow.assigned)];
    let told = |number| count(number);
    let left_out: Vec<_> =
        flow.not_enrolled.iter().map(|left| (not_enrolled(&left.reason), told(left.count))).collect();
    let arms: Vec<FlowArm> = flow
        .arms
        .iter()
        .map(|arm| FlowArm {
            name: arm.name.clone(),
            stages: vec![
                ("Assigned".to_owned(), told(arm.assigned)),
                ("Too early to count".to_owned(), told(arm.not_yet_mature)),
                ("No outcome known".to_owned(), told(arm.missing)),
                ("Counted".to_owned(), told(arm.analysed)),
            ],
        })
        .collect();
    let looked_at = flow.requests.map_or_else(String::new, |requests| format!("about {} ", grouped(requests)));
    let headline = format!("From {looked_at}{} looked at to those counted", plural(&report.unit));
    Flow::new("flow", &headline, &before, &left_out, &arms)
}
