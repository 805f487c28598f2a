//! What the looks found, by version: the monitor's page.

use askama::Template;
use fairtrial_analysis::{
    monitor::{Arrival, Boundaries, LookDecision, Outlook},
    report::LookHeld,
};
use fairtrial_domain::{
    projection::HarmCrossing,
    protocol::{Aim, Arm, Protocol},
};

use crate::{
    Frame, Moment,
    chart::{self, ArmLook, Lines, NamedArm, Names},
    component::{Breadcrumbs, Cell, Crumb, SummaryList, Table, Tag, TagColour},
    number::grouped,
    report::came_to,
};

/// Every look that was held, and every boundary that was crossed between looks.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/trial/looks.html")]
pub struct Looks {
    /// Around the page.
    pub frame: Frame,
    /// The key of the trial.
    pub key: String,
    /// The title of the trial.
    pub title: String,
    /// The boundaries with the looks, and how the records came in.
    pub charts: Vec<Lines>,
    /// The looks, oldest first.
    pub looks: Vec<Look>,
    /// The boundaries crossed between looks, each in a sentence.
    pub crossings: Vec<String>,
    /// What was corrected in the record, in sentences; empty where nothing was.
    pub corrections: Vec<String>,
}

/// One look.
#[derive(Debug, Clone)]
pub struct Look {
    /// Its number.
    pub number: usize,
    /// What it decided.
    pub decision: LookDecision,
    /// When it was held and what was in.
    pub facts: SummaryList,
    /// The new versions beside the boundaries, and the harm measures beside theirs.
    pub tables: Vec<Table>,
}

impl Look {
    /// A look as it was held under a plan.
    #[must_use]
    pub fn of(plan: &Protocol, held: &LookHeld) -> Self {
        let moment = |at| Moment::new(at, plan.time_zone).to_string();
        let late = if held.late { format!("{}, late", moment(held.held_at)) } else { moment(held.held_at) };
        let followed_up = format!("{} of {} planned", grouped(held.followed_up), grouped(plan.monitoring.max_units));
        let facts = SummaryList::default()
            .row("Held", late)
            .row("Due", moment(held.due_at))
            .row("Followed up in full", followed_up)
            .row("Last event counted", grouped(held.data_cut.unsigned_abs()));
        Self { number: held.look, decision: held.decision, facts, tables: vec![arms(plan, held), harms(plan, held)] }
    }

    /// The same with what may be expected of the end.
    #[must_use]
    pub fn with_outlook(mut self, plan: &Protocol, outlook: &[Outlook]) -> Self {
        if !outlook.is_empty() {
            self.tables.push(expected(plan, self.number, outlook));
        }
        self
    }

    fn tag(&self) -> Tag {
        match self.decision {
            LookDecision::KeepGoing => Tag::new("No boundary reached", TagColour::Grey),
            LookDecision::Succeeded => Tag::new("Boundary for success crossed", TagColour::Green),
            LookDecision::Failed | LookDecision::Futile => {
                Tag::new("Boundary for giving up reached", TagColour::Yellow)
            }
            LookDecision::Harmful => Tag::new("Boundary for harm crossed", TagColour::Red),
            LookDecision::Invalid => Tag::new("The data could not be read", TagColour::Red),
        }
    }
}

/// The versions of a plan as they are called and drawn.
fn named(plan: &Protocol) -> Vec<NamedArm> {
    let mut version = 0_u8;
    let named = |arm: &fairtrial_domain::protocol::Arm| {
        let look = if arm.control {
            ArmLook::Control
        } else {
            version = version.saturating_add(1);
            ArmLook::Version(version)
        };
        NamedArm { arm: arm.key.clone(), name: arm.name.clone(), look }
    };
    plan.arms.iter().map(named).collect()
}

fn name_of(plan: &Protocol, arm: &fairtrial_domain::ArmKey) -> String {
    plan.arms.iter().find(|known| known.key == *arm).map_or_else(|| arm.to_string(), |known| known.name.clone())
}

/// A probability with four significant digits at most; a dash where there is none.
fn probability(p: Option<f64>) -> String {
    match p {
        Some(p) if p < 0.0001 => "below 0.0001".into(),
        Some(p) => format!("{p:.4}"),
        None => "\u{2013}".into(),
    }
}

fn score(z: Option<f64>) -> String {
    z.map_or_else(|| "\u{2013}".into(), |z| crate::number::signed(z, 2))
}

fn arms(plan: &Protocol, held: &LookHeld) -> Table {
    let row = |arm: &fairtrial_analysis::report::LookArm| {
        vec![
            Cell::words(name_of(plan, &arm.arm)),
            Cell::number(probability(arm.p_value)),
            Cell::number(probability(Some(held.efficacy_p))),
            Cell::number(score(arm.z)),
            Cell::number(score(held.futility_z)),
        ]
    };
    Table {
        caption: format!("Look {}: success and giving up", held.look),
        caption_hidden: false,
        head: vec![
            Cell::words("New version"),
            Cell::number("p-value of the rule"),
            Cell::number("Success at or below"),
            Cell::number("Score of the main outcome"),
            Cell::number("Giving up at or below"),
        ],
        rows: held.arms.iter().map(row).collect(),
    }
}

fn expected(plan: &Protocol, look: usize, outlook: &[Outlook]) -> Table {
    let of_100 = |chance: f64| match chance * 100.0 {
        chance if chance < 1.0 => "below 1 in 100".to_owned(),
        chance if chance > 99.0 => "above 99 in 100".to_owned(),
        chance => format!("{chance:.0} in 100"),
    };
    let hoped = match plan.aim {
        Aim::Better => "If it has the smallest effect worth having",
        Aim::NotWorse => "If it makes no difference",
    };
    let row = |found: &Outlook| {
        vec![
            Cell::words(name_of(plan, &found.arm)),
            Cell::number(of_100(found.as_hoped)),
            Cell::number(of_100(found.as_seen)),
        ]
    };
    Table {
        caption: format!("Look {look}: chance of success by the end, if the trial goes on"),
        caption_hidden: false,
        head: vec![Cell::words("New version"), Cell::number(hoped), Cell::number("By what was seen so far alone")],
        rows: outlook.iter().map(row).collect(),
    }
}

fn harms(plan: &Protocol, held: &LookHeld) -> Table {
    let row = |harm: &fairtrial_analysis::report::HarmFinding| {
        let name = plan.outcome(&harm.outcome).map_or_else(|| harm.outcome.to_string(), |outcome| outcome.name.clone());
        let bound = held.harm_bounds.iter().find(|bound| bound.outcome == harm.outcome).map(|bound| bound.p_value);
        vec![
            Cell::words(name),
            Cell::words(name_of(plan, &harm.arm)),
            Cell::number(probability(harm.adjusted_p_value)),
            Cell::number(probability(bound)),
        ]
    };
    Table {
        caption: format!("Look {}: harm", held.look),
        caption_hidden: false,
        head: vec![
            Cell::words("Harm measure"),
            Cell::words("New version"),
            Cell::number("p-value of a loss beyond the margin"),
            Cell::number("Harm at or below"),
        ],
        rows: held.harms.iter().map(row).collect(),
    }
}

impl Looks {
    /// The pictures of what the looks found; `last` is the last look held.
    #[must_use]
    pub fn charts(plan: &Protocol, found: &Boundaries, arrivals: &[Arrival], last: Option<&LookHeld>) -> Vec<Lines> {
        let arms = named(plan);
        let names = Names {
            arm: &|key| {
                let found = arms.iter().find(|named| named.arm == *key);
                found.map_or_else(|| (key.to_string(), ArmLook::Control), |named| (named.name.clone(), named.look))
            },
            outcome: &|key| plan.outcome(key).map_or_else(|| key.to_string(), |outcome| outcome.name.clone()),
        };
        let happened = last.map_or_else(
            || "no look has been held yet".to_owned(),
            |look| format!("look {} {}", look.look, came_to(look.decision)),
        );
        let mut charts = chart::boundaries(found, &names, &happened);
        charts.extend(chart::arrivals(arrivals, &arms, &plan.unit));
        charts
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs
    }
}

/// How many events were corrected and taken back, and of how many people of each version, in sentences; none where there are none.
#[must_use]
pub fn corrections(plan: &Protocol, corrected: u64, retracted: u64, people: &[u64]) -> Vec<String> {
    if corrected == 0 && retracted == 0 {
        return Vec::new();
    }
    let of_arm = |(arm, people): (&Arm, &u64)| format!("{} in \u{201c}{}\u{201d}", grouped(*people), arm.name);
    let by_arm: Vec<String> = plan.arms.iter().zip(people).map(of_arm).collect();
    let mut said =
        vec![format!("Corrections of events: {}. Events taken back: {}.", grouped(corrected), grouped(retracted))];
    if !by_arm.is_empty() {
        said.push(format!("People whose events these are: {}.", by_arm.join(", ")));
    }
    said
}

/// A boundary that was crossed between looks, in a sentence; `last_correction` is the place of the last correction of the record.
#[must_use]
pub fn crossing(plan: &Protocol, crossed: &HarmCrossing, last_correction: Option<i64>) -> String {
    let outcome = plan.outcome(&crossed.outcome).map_or_else(|| crossed.outcome.to_string(), |it| it.name.clone());
    let arms = plan.arms.iter().zip(crossed.harmed.iter().zip(&crossed.among));
    let counts: Vec<String> = arms
        .map(|(arm, (harmed, among))| {
            format!("{} of {} in \u{201c}{}\u{201d}", grouped(*harmed), grouped(*among), arm.name)
        })
        .collect();
    let since = match last_correction {
        Some(place) if place > crossed.data_cut => {
            " The record was corrected since; what was done about it stays until people decide otherwise."
        }
        _ => "",
    };
    format!(
        "{}: \u{201c}{outcome}\u{201d} crossed its boundary in \u{201c}{}\u{201d}: {}.{since}",
        Moment::new(crossed.at, plan.time_zone),
        name_of(plan, &crossed.arm),
        counts.join(", ")
    )
}
