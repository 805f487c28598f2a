//! The plan in plain words.

use super::{Part, eligibility};
use crate::component::SummaryList;
use crate::library::tag;
use crate::number::{counted, grouped, plural};
use crate::quantity::Quantity;
use chrono::NaiveDate;
use fairtrial_domain::Decimal;
use fairtrial_domain::decision_rule::{Claim, DecisionRule};
use fairtrial_domain::protocol::{
    Action, Aim, Allocation, Better, Contamination, Entitlement, GotIt, HarmWatch, Missing, Outcome, OutcomeKind,
    Protocol, RiskLevel, Role, Sides, Spending,
};
use fairtrial_domain::trial::PlanPart;

/// The whole plan, question by question.
pub(crate) fn parts(plan: &Protocol) -> Vec<Part> {
    vec![
        idea(plan),
        versions(plan),
        people(plan),
        outcomes(plan),
        size(plan),
        rule(plan),
        analysis(plan),
        risk(plan),
        data(plan),
    ]
}

/// A few rows of the plan, for the page of the trial.
#[must_use]
pub fn summary(plan: &Protocol) -> SummaryList {
    let name = |control: bool| {
        let of_kind = plan.arms.iter().filter(move |arm| arm.control == control);
        of_kind.map(|arm| arm.name.clone()).collect::<Vec<_>>()
    };
    let mut list = SummaryList::default()
        .row("The usual version", name(true).join(", "))
        .rows_of("Compared with", name(false))
        .rows_of("Main outcome", plan.primary().map(|outcome| outcome.name.clone()).into_iter().collect());
    if let Some(text) = plan.primary().and_then(|outcome| worthwhile(outcome, &plan.unit)) {
        list = list.row("Smallest difference that would matter", text);
    }
    list.row("At most", limit(plan))
}

fn idea(plan: &Protocol) -> Part {
    let aim = match plan.aim {
        Aim::Better => "To show that the new version works better.",
        Aim::NotWorse => "To show that the new version works no worse, and is cheaper or kinder.",
    };
    Part {
        place: PlanPart::Idea,
        heading: "What is tried, and why?".into(),
        sentence: Some(plan.public_summary.clone()),
        list: SummaryList::default()
            .row("Aim", aim)
            .row("Change", &plan.hypothesis.change)
            .row("For", &plan.hypothesis.who)
            .row("Because", &plan.hypothesis.because)
            .row("Agency", plan.agency.as_str())
            .row("Owner", &plan.owner)
            .rows_of("Place in the service", plan.touchpoint.iter().map(ToString::to_string).collect())
            .rows_of("What is tried", plan.tags.technique.iter().map(|word| tag::technique(*word).into()).collect())
            .rows_of("On whom", plan.tags.people.iter().map(|word| tag::population(*word).into()).collect()),
    }
}

fn versions(plan: &Protocol) -> Part {
    let shares: Vec<String> = plan.arms.iter().map(|arm| arm.ratio.to_string()).collect();
    let mut list = SummaryList::default();
    for arm in &plan.arms {
        let mut lines = vec![arm.name.clone()];
        if arm.control {
            lines.push("This is what happens today.".into());
        }
        lines.extend(arm.unit_cost.map(|cost| format!("Costs {cost} each time.")));
        list = list.rows_of(format!("Version \u{2018}{}\u{2019}", arm.key), lines);
    }
    Part {
        place: PlanPart::Versions,
        heading: "Which versions are compared?".into(),
        sentence: None,
        list: list.row("Who gets which", chance(plan)).row("Planned shares", shares.join(" to ")),
    }
}

/// How chance decides, in a sentence.
pub(crate) fn chance(plan: &Protocol) -> String {
    let units = plural(&plan.unit);
    match &plan.allocation {
        Allocation::Simple => format!("Chance alone decides for every {}.", plan.unit),
        Allocation::PermutedBlocks { strata, .. } if strata.is_empty() => {
            format!("Chance decides in small balanced groups of {units}.")
        }
        Allocation::PermutedBlocks { strata, .. } => {
            format!("Chance decides in small balanced groups of {units}, separately by {}.", strata.join(" and "))
        }
        Allocation::Minimisation { factors, probability } => {
            format!(
                "Each {} goes to the version that leaves {} best balanced: with equal shares, with a chance of {probability}.",
                plan.unit,
                factors.join(" and ")
            )
        }
        Allocation::SteppedWedge { sites, steps, .. } => {
            let (groups, steps) =
                (counted(sites.len() as u64, "site", "sites"), counted(steps.len() as u64, "step", "steps"));
            format!(
                "Every site gets the new version in the end. Chance decides in which order: {groups} cross in {steps}."
            )
        }
        Allocation::Cluster { roster } => {
            let groups = counted(roster.len() as u64, "group", "groups");
            format!("Chance decides for whole groups together; {groups} take part.")
        }
    }
}

/// Who is in and who is left out, a line for each part of the rules.
pub(crate) fn who(plan: &Protocol) -> (Vec<String>, Vec<String>) {
    (eligibility::included(&plan.eligibility.include), eligibility::excluded(&plan.eligibility.exclude))
}

fn people(plan: &Protocol) -> Part {
    let attributes = plan.attributes.iter().map(eligibility::attribute).collect();
    Part {
        place: PlanPart::People,
        heading: "Who is in the trial?".into(),
        sentence: Some(capitalised(&plan.hypothesis.who)),
        list: SummaryList::default()
            .row("Assigned", format!("Every {}", plan.unit))
            .row("Counted", format!("Every {}", plan.analysis_unit))
            .rows_of("In", eligibility::included(&plan.eligibility.include))
            .rows_of("Left out", eligibility::excluded(&plan.eligibility.exclude))
            .rows_of("Facts used", attributes),
    }
}

fn outcomes(plan: &Protocol) -> Part {
    let mut list = SummaryList::default();
    for outcome in &plan.outcomes {
        list = list.rows_of(&outcome.name, outcome_lines(outcome, &plan.unit));
    }
    if let Some(equity) = &plan.equity {
        let kind = plan.primary().map_or(OutcomeKind::Binary, |outcome| outcome.kind);
        let margin = Quantity::new(kind, &plan.unit).planned(equity.margin);
        list = list.row(
            "Groups that must not lose",
            format!("By {}; a loss of more than {margin} in any of them is too much.", equity.groups.join(" and ")),
        );
    }
    Part { place: PlanPart::Outcomes, heading: "What is measured?".into(), sentence: None, list }
}

fn outcome_lines(outcome: &Outcome, unit: &str) -> Vec<String> {
    let mut lines = vec![measured(outcome)];
    lines.extend(worthwhile(outcome, unit).map(|text| format!("The smallest difference that would matter is {text}.")));
    lines.extend(limits(outcome, unit));
    lines.extend(outcome.cap.map(|cap| format!("A value above {cap} counts as {cap}.")));
    lines
}

/// What an outcome is for, and how and until when it is measured, in a sentence.
pub(crate) fn measured(outcome: &Outcome) -> String {
    let role = match outcome.role {
        Role::Primary => "The main outcome",
        Role::Secondary => "Also measured",
        Role::Guardrail => "Must not get worse",
        Role::Harm => "Watched for harm",
    };
    let how = match outcome.kind {
        OutcomeKind::Binary => "whether it happens",
        OutcomeKind::Count => "how often it happens",
        OutcomeKind::Amount => "how much in all",
        OutcomeKind::Duration => "how long until it happens",
        OutcomeKind::Rating => "the first answer on a scale",
    };
    let good = match outcome.better {
        Better::Increase => "More is better",
        Better::Decrease => "Less is better",
    };
    let days = counted(u64::from(outcome.follow_up_days), "day", "days");
    format!("{role}: {how} within {days}, from \u{2018}{}\u{2019} events. {good}.", outcome.event)
}

/// How much worse an outcome may get, why, and what happens beyond.
pub(crate) fn limits(outcome: &Outcome, unit: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let quantity = Quantity::new(outcome.kind, unit);
    if let Some(margin) = outcome.margin {
        let size = quantity.planned(margin);
        lines.push(format!("A loss of more than {size} is too much."));
        lines.extend(outcome.margin_reason.as_ref().map(|why| format!("Why: {}.", why.trim().trim_end_matches('.'))));
    }
    lines.extend(outcome.action.map(|action| {
        match action {
            Action::Notify => "If this limit is crossed, those responsible are told at once.",
            Action::Pause => "If this limit is crossed, nobody new enters.",
            Action::Suspend => "If this limit is crossed, everybody gets the usual version at once.",
        }
        .to_owned()
    }));
    lines
}

fn worthwhile(outcome: &Outcome, unit: &str) -> Option<String> {
    let size = outcome.smallest_worthwhile_effect?;
    Some(Quantity::new(outcome.kind, unit).planned(size))
}

fn limit(plan: &Protocol) -> String {
    let units = counted(plan.monitoring.max_units, &plan.unit, &plural(&plan.unit));
    format!("{units}, and nobody after {}", plan.monitoring.ends_on.format("%-d %B %Y"))
}

fn size(plan: &Protocol) -> Part {
    let monitoring = &plan.monitoring;
    let percent = |share: f64| format!("{} in 100", grouped((share * 100.0).round().max(0.0) as u64));
    let looks: Vec<String> = monitoring.looks.iter().map(|look| percent(look.to_f64())).collect();
    let sides = match monitoring.sides {
        Sides::One => "counting only the hoped-for direction",
        Sides::Two => "counting both directions",
    };
    Part {
        place: PlanPart::Size,
        heading: "How many, how long, how sure?".into(),
        sentence: None,
        list: SummaryList::default()
            .row("At most", limit(plan))
            .row("Chance to see the smallest difference that would matter", percent(monitoring.power.to_f64()))
            .row(
                "Chance to claim a difference that is not there",
                format!("{} in 100 ({sides})", in_100(monitoring.alpha.to_f64())),
            )
            .row("Planned looks, by share of the outcomes", looks.join(", "))
            .rows_of("Held on", monitoring.looks_on.iter().map(|day| day.format("%-d %B %Y").to_string()).collect())
            .rows_of("Harm watched between looks", watched(plan))
            .rows_of("Early success", monitoring.efficacy.iter().map(spending).collect())
            .rows_of("Giving up early", monitoring.futility.iter().map(spending).collect()),
    }
}

/// How error is shared over the looks.
pub(crate) fn spending(spending: &Spending) -> String {
    match spending {
        Spending::ObrienFleming => "hardly any early (O\u{2019}Brien and Fleming)".to_owned(),
        Spending::Pocock => "evenly (Pocock)".to_owned(),
        Spending::HwangShihDecani { gamma } => format!("Hwang, Shih and DeCani, gamma {gamma}"),
        Spending::KimDemets { rho } => format!("Kim and DeMets, rho {rho}"),
    }
}

/// The harm measures that are watched more closely than at the looks, each with how closely.
pub(crate) fn watched(plan: &Protocol) -> Vec<String> {
    let how = |watch: HarmWatch| match watch {
        HarmWatch::Looks => None,
        HarmWatch::EveryEvent => Some("whenever it happens"),
        HarmWatch::Daily => Some("every day"),
    };
    plan.outcomes.iter().filter_map(|it| Some(format!("{}: {}", it.name, how(it.harm_watch)?))).collect()
}

fn rule(plan: &Protocol) -> Part {
    Part {
        place: PlanPart::Rule,
        heading: "When does it count as a success?".into(),
        sentence: Some(format!("When {}.", rule_words(&plan.decision_rule, plan))),
        list: SummaryList::default().row("The rule", plan.decision_rule.to_string()),
    }
}

pub(super) fn rule_words(rule: &DecisionRule, plan: &Protocol) -> String {
    let name = |claim: &Claim| plan.outcome(claim.outcome()).map_or("?", |outcome| outcome.name.as_str()).to_owned();
    let join = |rules: &[DecisionRule], word: &str| {
        rules.iter().map(|rule| rule_words(rule, plan)).collect::<Vec<_>>().join(word)
    };
    match rule {
        DecisionRule::Claim(claim @ Claim::Superior(_)) => {
            format!("\u{2018}{}\u{2019} is shown to be better than with the usual version", name(claim))
        }
        DecisionRule::Claim(claim @ Claim::NotWorse(_)) => {
            format!("\u{2018}{}\u{2019} is shown to be no worse than its margin allows", name(claim))
        }
        DecisionRule::And(rules) => join(rules, ", and "),
        DecisionRule::Or(rules) => join(rules, ", or "),
    }
}

fn analysis(plan: &Protocol) -> Part {
    Part {
        place: PlanPart::Analysis,
        heading: "How is it worked out?".into(),
        sentence: Some("Everybody is counted with the version they were assigned, whatever they received.".into()),
        list: SummaryList::default()
            .row("Nobody heard of", missing(plan.analysis.missing))
            .rows_of("Adjusted for", plan.analysis.adjust_for.clone())
            .rows_of("Drawn again", plan.analysis.redraws.map(redrawn).into_iter().collect())
            .rows_of("Those who got it", plan.analysis.got_it.map(|what| got_it(what).to_owned()).into_iter().collect())
            .rows_of(
                "Several questions at once",
                plan.analysis.multiplicity.iter().map(|method| capitalised(method)).collect(),
            )
            .row("People who met two versions", contamination(plan.analysis.contamination)),
    }
}

/// What somebody counts as of whom nothing is heard.
pub(crate) fn missing(missing: Missing) -> &'static str {
    match missing {
        Missing::NotSettled => "Counts as no, or as zero: the source records everybody.",
        Missing::LeftOut => "Is left out of the comparison, and counted as missing.",
    }
}

fn contamination(limits: Contamination) -> String {
    let percent = |share: Decimal| {
        let hundredfold = Decimal::from_millionths(share.millionths().saturating_mul(100));
        format!("{} in 100", hundredfold.unwrap_or(share))
    };
    format!(
        "A warning when they are more than {} of a version, and no result when more than {} are in two versions under different names",
        percent(limits.warn_above),
        percent(limits.invalid_above)
    )
}

fn redrawn(times: u32) -> String {
    format!("The allocation is drawn {} more times, to see what chance alone does", grouped(times.into()))
}

fn got_it(what: GotIt) -> &'static str {
    match what {
        GotIt::Given => "The effect on those who were given it stands beside the main result",
        GotIt::Delivered => "The effect on those to whom it was delivered stands beside the main result",
        GotIt::Seen => "The effect on those who took it in stands beside the main result",
    }
}

fn risk(plan: &Protocol) -> Part {
    let level = |level: RiskLevel| match level {
        RiskLevel::No => "No",
        RiskLevel::Low => "A little, and it can be made good",
        RiskLevel::Some => "It could matter",
        RiskLevel::High => "It could matter much",
    };
    let risk = &plan.risk;
    Part {
        place: PlanPart::Risk,
        heading: "What could people lose?".into(),
        sentence: None,
        list: SummaryList::default()
            .row("Money", level(risk.money))
            .row("Time", level(risk.time))
            .row("A right", level(risk.right))
            .row("Privacy", level(risk.privacy))
            .row("Dignity", level(risk.dignity))
            .row("Least able to cope", &risk.least_able_to_cope)
            .row("Can a bad turn be undone?", if risk.reversible { "Yes" } else { "No" })
            .rows_of("What is watched", risk.watch.clone().into_iter().collect())
            .row(
                "Something people are entitled to",
                match risk.entitlement {
                    Entitlement::No => "Not touched",
                    Entitlement::Delays => "Held back",
                    Entitlement::Removes => "Taken away",
                },
            ),
    }
}

fn data(plan: &Protocol) -> Part {
    let data = &plan.data;
    let day = |day: NaiveDate| day.format("%-d %B %Y").to_string();
    let review = data.review_on.map(day);
    let comment = plan.public_comment.map(|window| format!("{} to {}", day(window.from), day(window.until)));
    let kaitiaki = data.kaitiaki.as_ref();
    let kaitiaki = kaitiaki.map(|group| vec![group.group.clone(), group.contact.clone(), group.decision.clone()]);
    let kaitiaki = kaitiaki.unwrap_or_default();
    Part {
        place: PlanPart::Data,
        heading: "What happens with people\u{2019}s data?".into(),
        sentence: None,
        list: SummaryList::default()
            .row("How people are told", notice(&data.notice))
            .row("Why the agency may do this", &data.lawful_basis)
            .rows_of("Sources", data.sources.clone())
            .row(
                "Deleted",
                format!("{} after the final report", counted(u64::from(data.retain_units_days), "day", "days")),
            )
            .row("Māori data", if data.uses_maori_data { "Used" } else { "Not used" })
            .rows_of("Governed by", kaitiaki)
            .rows_of("What people are told", data.notice_text.clone().into_iter().collect())
            .rows_of("How people can stay out", data.opt_out.clone().into_iter().collect())
            .rows_of("Privacy impact assessment", data.pia.clone().into_iter().collect())
            .rows_of("Where the data are kept", data.hosting.clone().into_iter().collect())
            .rows_of("Looked at again", review.into_iter().collect())
            .rows_of("The public can comment", comment.into_iter().collect()),
    }
}

/// A share as people in 100, with as many digits as it has: 0.025 is 2.5.
pub(crate) fn in_100(share: f64) -> String {
    let text = format!("{:.4}", share * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// How people are told, in words.
pub(crate) fn notice(mode: &str) -> &str {
    match mode {
        "individual" => "Each person, by a line on the letter or screen",
        "general" => "Everybody, by a poster or the website",
        "after" => "Each person, afterwards",
        "register_only" => "By the public register alone",
        other => other,
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let sentence = letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>());
    sentence.map(|text| if text.ends_with('.') { text } else { format!("{text}.") }).unwrap_or_default()
}
