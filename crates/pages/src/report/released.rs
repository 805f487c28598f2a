use super::basis;
use super::finding::drawings;
use super::results::{Part, Results, name};
use super::show::{Decided, Download};
use super::words;
use crate::Frame;
use crate::chart::{ArmLook, Lines, NamedArm, People, course};
use crate::component::{Breadcrumbs, Cell, Crumb, Table};
use crate::number::money;
use crate::quantity::Quantity;
use crate::register::count;
use askama::Template;
use fairtrial_analysis::release::{ReleasedCourse, ReleasedReport};
use fairtrial_analysis::report::{EquityFinding, VerdictKind};
use fairtrial_domain::protocol::{OutcomeKind, Role};

/// The report of a trial for whoever does not analyse it: the same questions in the same order, in released numbers alone.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/report/released.html")]
pub struct ShowReleased {
    /// Around the page.
    pub frame: Frame,
    /// What was decided, if it was.
    pub decided: Option<Decided>,
    /// The same report in other forms.
    pub downloads: Vec<Download>,
    analyst: bool,
    key: String,
    title: String,
    locked: bool,
    compares: bool,
    results: Results,
    main: Option<Part>,
    rest: Vec<Part>,
    drawings: Vec<People>,
    groups: Option<Table>,
    cost: Option<(Vec<String>, Table)>,
    rule: String,
    course: Option<Lines>,
    looks: Option<Table>,
    departures: Vec<String>,
    sure: Vec<String>,
    methods: Vec<String>,
}

impl ShowReleased {
    /// The page of that report. Before the data are locked it shows counts and checks, and compares nothing.
    #[must_use]
    pub fn of(
        frame: Frame,
        report: &ReleasedReport,
        found: Option<&ReleasedCourse>,
        decided: Option<Decided>,
        downloads: Vec<Download>,
    ) -> Self {
        let compares = report.locked && report.verdict.kind != VerdictKind::Invalid;
        let mut results = Results::of(report);
        let parts = std::mem::take(&mut results.outcomes);
        let (mut main, mut rest) = (None, Vec::new());
        for part in parts {
            match part.role {
                Role::Primary if main.is_none() => main = Some(part),
                _ => rest.push(part),
            }
        }
        let arms = named(report);
        Self {
            frame,
            decided,
            downloads,
            analyst: false,
            key: report.trial.to_string(),
            title: report.title.clone(),
            locked: report.locked,
            compares,
            main,
            rest,
            drawings: if compares { figures(report, &arms) } else { Vec::new() },
            groups: groups(report).filter(|_| compares),
            cost: cost(report).filter(|_| compares),
            rule: report.rule.clone(),
            course: found.filter(|_| compares).and_then(|found| course(found, &arms, &report.unit)),
            looks: basis::looks(&report.looks),
            departures: report.departures.iter().map(|reason| words::sentence(&reason.detail)).collect(),
            sure: sure(report),
            methods: methods(report),
            results,
        }
    }

    /// The same page for an analyst who looks at what the others see.
    #[must_use]
    pub fn for_analyst(self) -> Self {
        Self { analyst: true, ..self }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs
    }
}

/// All versions as they are called and drawn.
fn named(report: &ReleasedReport) -> Vec<NamedArm> {
    let mut version = 0_u8;
    let named = |arm: &fairtrial_analysis::release::ReleasedArm| {
        let look = match arm.control {
            true => ArmLook::Control,
            false => {
                version = version.saturating_add(1);
                ArmLook::Version(version)
            }
        };
        NamedArm { arm: arm.arm.clone(), name: arm.name.clone(), look }
    };
    report.arms.iter().map(named).collect()
}

/// A hundred people for each version, where the main outcome is a share that may be shown.
fn figures(report: &ReleasedReport, arms: &[NamedArm]) -> Vec<People> {
    let primary = report.outcomes.iter().find(|outcome| outcome.role == Role::Primary);
    let Some(outcome) = primary.filter(|outcome| outcome.kind == OutcomeKind::Binary) else { return Vec::new() };
    let mean = |arm: &NamedArm| outcome.arms.iter().find(|found| found.arm == arm.arm).and_then(|found| found.mean);
    drawings(&outcome.name, arms.iter().map(|arm| (arm.name.as_str(), arm.look, mean(arm))))
}

fn sure(report: &ReleasedReport) -> Vec<String> {
    let primary = report.outcomes.iter().find(|outcome| outcome.role == Role::Primary);
    let shown = primary.and_then(|outcome| outcome.comparisons.iter().find(|found| found.lower.is_some()));
    let Some(found) = shown else { return Vec::new() };
    let guarantee = found.guarantee.map(|guarantee| words::guarantee(guarantee).to_owned());
    let (ranges, together) = primary.map_or((0, None), |outcome| {
        let ranges = outcome.comparisons.iter().filter(|found| found.lower.is_some()).count();
        let plain = Quantity::new(outcome.kind, &report.unit);
        (ranges, words::all_together(&outcome.together, &plain, |arm| name(report, arm)))
    });
    let several = words::each_by_itself(ranges).into_iter().chain(together);
    words::promise(found.level).into_iter().chain(several).chain(guarantee).collect()
}

/// By which method the ranges of each outcome were found.
fn methods(report: &ReleasedReport) -> Vec<String> {
    let of = |outcome: &fairtrial_analysis::release::ReleasedOutcome| {
        let method = outcome.comparisons.iter().find_map(|found| found.method.clone())?;
        Some(format!("{}: {}", outcome.name, words::sentence(&method)))
    };
    report.outcomes.iter().filter_map(of).collect()
}

fn groups(report: &ReleasedReport) -> Option<Table> {
    let outcome = |key: &fairtrial_domain::OutcomeKey| {
        let found = report.outcomes.iter().find(|outcome| outcome.outcome == *key);
        found.map_or_else(|| key.to_string(), |outcome| outcome.name.clone())
    };
    let row = |found: &fairtrial_analysis::release::ReleasedGroup| {
        let attribute = words::sentence(&found.attribute.replace('_', " "));
        let attribute = attribute.trim_end_matches('.');
        let group = found.group.as_ref().map_or_else(|| attribute.to_owned(), |group| format!("{attribute}: {group}"));
        let answer = match found.finding {
            EquityFinding::NoneSeen => "Not worse off",
            EquityFinding::CannotRuleOut => "Cannot be told",
            EquityFinding::Seen => "Worse off",
        };
        vec![Cell::words(group), Cell::words(outcome(&found.outcome)), Cell::words(answer)]
    };
    (!report.equity.is_empty()).then(|| Table {
        caption: "Whether a group is left worse off".into(),
        caption_hidden: true,
        head: ["Group", "Outcome", "Answer"].map(Cell::words).into(),
        rows: report.equity.iter().map(row).collect(),
    })
}

/// What the versions cost; nothing when the plan names no cost.
fn cost(report: &ReleasedReport) -> Option<(Vec<String>, Table)> {
    let cost = &report.cost;
    if cost.arms.iter().all(|arm| arm.unit_cost.is_none()) {
        return None;
    }
    let extra = |found: &fairtrial_analysis::release::ReleasedExtra| {
        let (extra, version) = (found.extra_per_unit.filter(|extra| extra.is_finite())?, name(report, &found.arm));
        let (amount, version, unit) = (money(extra.abs())?, words::quoted(&version), &report.unit);
        Some(match extra {
            0.0 => format!("{version} costs the same for each {unit}."),
            extra if extra > 0.0 => format!("{version} costs {amount} more for each {unit}."),
            _ => format!("{version} costs {amount} less for each {unit}."),
        })
    };
    let row = |arm: &fairtrial_analysis::release::ReleasedArmCost| {
        let each = arm.unit_cost.map(|cost| money(cost.to_f64()).unwrap_or_default());
        let total = arm.total.map(|total| (total / 10.0).round() * 10.0).and_then(money);
        vec![
            Cell::words(name(report, &arm.arm)),
            Cell::number(each.unwrap_or_else(|| "not in the plan".to_owned())),
            Cell::number(count(arm.assigned)),
            Cell::number(total.map_or_else(|| "not shown".to_owned(), |total| format!("about {total}"))),
        ]
    };
    let table = Table {
        caption: "Cost by version, in the currency of the plan".into(),
        caption_hidden: false,
        head: vec![Cell::words("Version"), Cell::number("Each"), Cell::number("Assigned"), Cell::number("Altogether")],
        rows: cost.arms.iter().map(row).collect(),
    };
    Some((cost.comparisons.iter().filter_map(extra).collect(), table))
}
