//! What the looks found, by version: the monitor's page.

use askama::Template;
use fairtrial_analysis::{
    monitor::{Arrival, Boundaries, LookDecision, Outlook, SeenOutcome},
    release::Masked,
    report::LookHeld,
};
use fairtrial_domain::{
    projection::HarmCrossing,
    protocol::{Aim, Protocol},
    trial::Verb,
};

use crate::{
    Frame, Moment,
    chart::{self, ArmLook, Lines, NamedArm, Names},
    component::{
        Area, Breadcrumbs, Button, ButtonStyle, Cell, Crumb, ErrorSummary, SummaryList, Table, Tag, TagColour,
    },
    number::grouped,
    quantity::Quantity,
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
    /// Whether the versions are without their names, and with them everything that tells which is the new one.
    pub masked: bool,
    /// What a monitor may do while the trial is under way; nothing for others, and once the data are locked.
    pub watching: Option<Watching>,
}

/// What a monitor may do about what the looks found.
#[derive(Debug, Clone, Default)]
pub struct Watching {
    /// Whether enrolment can be ended for good.
    pub may_stop: bool,
    /// The reason for unmasking that was typed before.
    pub typed: String,
    /// What was wrong with it.
    pub errors: ErrorSummary,
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
    /// A look as it was held under a plan, with what was counted by version. Without the names of the versions it says nothing
    /// that tells which of them is new.
    #[must_use]
    pub fn of(plan: &Protocol, held: &LookHeld, seen: &[SeenOutcome], masked: Option<&Masked>) -> Self {
        let moment = |at| Moment::new(at, plan.time_zone).to_string();
        let late = if held.late { format!("{}, late", moment(held.held_at)) } else { moment(held.held_at) };
        let followed_up = format!("{} of {} planned", grouped(held.followed_up), grouped(plan.monitoring.max_units));
        let facts = SummaryList::default()
            .row("Held", late)
            .row("Due", moment(held.due_at))
            .row("Followed up in full", followed_up)
            .row("Last event counted", grouped(held.data_cut.unsigned_abs()));
        let mut tables = vec![by_version(plan, held.look, seen, masked)];
        if masked.is_none() {
            tables.extend([arms(plan, held), harms(plan, held)]);
        }
        Self { number: held.look, decision: held.decision, facts, tables }
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

/// The versions of a plan as they are called and drawn, each with its place in the plan.
fn called(plan: &Protocol, masked: Option<&Masked>) -> Vec<(usize, NamedArm)> {
    let version = |number: usize| ArmLook::Version(u8::try_from(number).unwrap_or(u8::MAX));
    if let Some(masked) = masked {
        let of = |(shown, place): (usize, &usize)| {
            let arm = plan.arms.get(*place)?.key.clone();
            Some((*place, NamedArm { arm, name: Masked::name(shown), look: version(shown + 1) }))
        };
        return masked.order().iter().enumerate().filter_map(of).collect();
    }
    let mut number = 0;
    let named = |(place, arm): (usize, &fairtrial_domain::protocol::Arm)| {
        let look = if arm.control {
            ArmLook::Control
        } else {
            number += 1;
            version(number)
        };
        (place, NamedArm { arm: arm.key.clone(), name: arm.name.clone(), look })
    };
    plan.arms.iter().enumerate().map(named).collect()
}

/// What was counted at a look, a column for each version.
fn by_version(plan: &Protocol, look: usize, seen: &[SeenOutcome], masked: Option<&Masked>) -> Table {
    let called = called(plan, masked);
    let row = |found: &SeenOutcome| {
        let planned = plan.outcome(&found.outcome);
        let quantity = planned.map(|outcome| Quantity::new(outcome.kind, &plan.unit));
        let cell = |(place, _): &(usize, NamedArm)| {
            let Some(arm) = found.arms.get(*place) else { return Cell::number("\u{2013}") };
            let level = arm.mean.zip(quantity.as_ref()).and_then(|(mean, quantity)| quantity.short_level(mean));
            let level = level.unwrap_or_else(|| "\u{2013}".to_owned());
            Cell::number(format!("{level} ({} counted)", grouped(arm.counted)))
        };
        let name = planned.map_or_else(|| found.outcome.to_string(), |outcome| outcome.name.clone());
        std::iter::once(Cell::words(name)).chain(called.iter().map(cell)).collect()
    };
    let mut head = vec![Cell::words("Outcome")];
    head.extend(called.iter().map(|(_, arm)| Cell::number(arm.name.clone())));
    Table {
        caption: format!("Look {look}: what was counted, by version"),
        caption_hidden: false,
        head,
        rows: seen.iter().map(row).collect(),
    }
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
    /// The pictures of what the looks found; `last` is the last look held. Boundaries tell which version is new, so without the
    /// names there are none.
    #[must_use]
    pub fn charts(
        plan: &Protocol,
        found: &Boundaries,
        arrivals: &[Arrival],
        last: Option<&LookHeld>,
        masked: Option<&Masked>,
    ) -> Vec<Lines> {
        let (places, arms): (Vec<usize>, Vec<NamedArm>) = called(plan, masked).into_iter().unzip();
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
        let mut charts = if masked.is_some() { Vec::new() } else { chart::boundaries(found, &names, &happened) };
        let shown = |arrival: &Arrival| Arrival {
            arms: places.iter().filter_map(|place| arrival.arms.get(*place).copied()).collect(),
            ..arrival.clone()
        };
        let arrivals: Vec<Arrival> = arrivals.iter().map(shown).collect();
        charts.extend(chart::arrivals(&arrivals, &arms, &plan.unit));
        charts
    }

    /// To say on record that the trial may go on, and to ask for the names.
    fn buttons(&self) -> Vec<Button> {
        let Some(watching) = &self.watching else { return Vec::new() };
        let address = |what: &str| format!("/trials/{}/looks/{what}", self.key);
        let mut buttons = vec![Button {
            explanation: Some(
                "It is put on record, for everybody in the agency, that you have looked and let the trial go on. What you saw is not."
                    .into(),
            ),
            ..self.frame.button(address("continue"), "Let it go on")
        }];
        if self.masked {
            let fault = watching.errors.faults.first().map(|fault| fault.message.clone());
            buttons.push(Button {
                explanation: Some(
                    "From then on you see the names of the versions in this trial, with the scores and boundaries, which tell which one is \
                     new. It cannot be undone."
                        .into(),
                ),
                reason: Some(Area {
                    id: "reason-unmask".into(),
                    hint: Some("It is kept in the audit with your name. Those who run the trial do not read it.".into()),
                    error: fault,
                    value: watching.typed.clone(),
                    ..Area::new("reason", "Why do you need the names?")
                }),
                style: ButtonStyle::Secondary,
                ..self.frame.button(address("unmask"), "Show me the names")
            });
        }
        buttons
    }

    /// To end enrolment for good.
    fn stop(&self) -> Option<Button> {
        let may = self.watching.as_ref().is_some_and(|watching| watching.may_stop);
        may.then(|| super::verb::button(Verb::Stop, &self.frame, &self.key, None))
    }

    fn errors(&self) -> ErrorSummary {
        self.watching.as_ref().map(|watching| watching.errors.clone()).unwrap_or_default()
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs
    }
}

/// How many events were corrected and taken back, and of how many people of each version, in sentences; none where there are none.
#[must_use]
pub fn corrections(
    plan: &Protocol,
    corrected: u64,
    retracted: u64,
    people: &[u64],
    masked: Option<&Masked>,
) -> Vec<String> {
    if corrected == 0 && retracted == 0 {
        return Vec::new();
    }
    let of_arm = |(place, arm): (usize, NamedArm)| {
        Some(format!("{} in \u{201c}{}\u{201d}", grouped(*people.get(place)?), arm.name))
    };
    let by_arm: Vec<String> = called(plan, masked).into_iter().filter_map(of_arm).collect();
    let mut said =
        vec![format!("Corrections of events: {}. Events taken back: {}.", grouped(corrected), grouped(retracted))];
    if !by_arm.is_empty() {
        said.push(format!("People whose events these are: {}.", by_arm.join(", ")));
    }
    said
}

/// A boundary that was crossed between looks, in a sentence; `last_correction` is the place of the last correction of the record.
#[must_use]
pub fn crossing(
    plan: &Protocol,
    crossed: &HarmCrossing,
    last_correction: Option<i64>,
    masked: Option<&Masked>,
) -> String {
    let outcome = plan.outcome(&crossed.outcome).map_or_else(|| crossed.outcome.to_string(), |it| it.name.clone());
    let count = |(place, arm): (usize, NamedArm)| {
        let (harmed, among) = (crossed.harmed.get(place)?, crossed.among.get(place)?);
        Some(format!("{} of {} in \u{201c}{}\u{201d}", grouped(*harmed), grouped(*among), arm.name))
    };
    let counts: Vec<String> = called(plan, masked).into_iter().filter_map(count).collect();
    let since = match last_correction {
        Some(place) if place > crossed.data_cut => {
            " The record was corrected since; what was done about it stays until people decide otherwise."
        }
        _ => "",
    };
    let there = match masked {
        Some(_) => String::new(),
        None => format!(" in \u{201c}{}\u{201d}", name_of(plan, &crossed.arm)),
    };
    format!(
        "{}: \u{201c}{outcome}\u{201d} crossed its boundary{there}: {}.{since}",
        Moment::new(crossed.at, plan.time_zone),
        counts.join(", ")
    )
}
