//! `fairtrial power`: what size a trial needs, and what a size can show.

use std::{fs, path::PathBuf};

use anyhow::Context;
use clap::ValueEnum;
use fairtrial_analysis::design::{Answer, Clusters, Looks, Problem, Question, Rollout, RulePlan, answer, rule_plan};
use fairtrial_domain::{
    Decimal, LockedProtocol,
    protocol::{Better, Monitoring, OutcomeKind, Sides, Spending},
};
use serde_json::json;

use super::{Failure, print};

/// The kind of outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Whether it happened
    Binary,
    /// How often it happened
    Count,
    /// A sum, such as dollars
    Amount,
    /// A time
    Duration,
    /// A value on a scale
    Rating,
}

/// Which direction is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Direction {
    /// More is better
    Increase,
    /// Less is better
    Decrease,
}

/// How many directions count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Count {
    /// The hoped-for direction
    One,
    /// Both directions
    Two,
}

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A protocol document; what the flags say goes before it
    #[arg(value_name = "PROTOCOL")]
    protocol: Option<PathBuf>,
    /// Kind of outcome [default: binary]
    #[arg(long)]
    kind: Option<Kind>,
    /// Expected under the current version: a share for a binary outcome (0.20 is 20 in 100), else a mean
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    control: Option<f64>,
    /// Smallest gain worth having, as a difference (0.03 is 3 in 100)
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    effect: Option<f64>,
    /// The same as the value hoped for under the new version
    #[arg(long = "new", value_name = "NUMBER", conflicts_with = "effect", allow_negative_numbers = true)]
    hoped_for: Option<f64>,
    /// Show that nothing gets worse by this much, instead of a gain
    #[arg(long, value_name = "NUMBER")]
    margin: Option<f64>,
    /// Which direction is good [default: that of the change, else increase]
    #[arg(long)]
    better: Option<Direction>,
    /// Standard deviation of single units
    #[arg(long, value_name = "NUMBER")]
    sd: Option<f64>,
    /// Share of the variance within an arm that the covariates explain for which the plan adjusts (R squared), from 0 to 0.95
    #[arg(long, value_name = "NUMBER")]
    explained: Option<f64>,
    /// Units of all arms together; without it the need alone is computed
    #[arg(long, short = 'n', value_name = "NUMBER")]
    units: Option<u64>,
    /// Sizes of the arms beside each other, the current version first [default: 1:1]
    #[arg(long, value_name = "1:1")]
    ratio: Option<String>,
    /// Number of arms of equal size [default: 2]
    #[arg(long, value_name = "NUMBER", conflicts_with = "ratio")]
    arms: Option<usize>,
    /// Chance to claim an effect that is not there [default: 0.025 for one side, 0.05 for two]
    #[arg(long, value_name = "NUMBER")]
    alpha: Option<Decimal>,
    /// One or both directions [default: one]
    #[arg(long)]
    sides: Option<Count>,
    /// Wanted chance to find the effect [default: 0.80]
    #[arg(long, value_name = "NUMBER")]
    power: Option<Decimal>,
    /// Looks as shares of the information, ending in 1 (0.5,1), or their number
    #[arg(long, value_name = "LIST")]
    looks: Option<String>,
    /// Do not stop early for lack of effect
    #[arg(long)]
    no_futility: bool,
    /// Share of outcomes that will be missing
    #[arg(long, value_name = "NUMBER")]
    attrition: Option<f64>,
    /// Clusters of all arms together, where whole clusters are assigned
    #[arg(long, value_name = "NUMBER", requires = "icc")]
    clusters: Option<u64>,
    /// Mean units in a cluster, in the place of their number
    #[arg(long, value_name = "NUMBER", requires = "icc", conflicts_with = "clusters")]
    cluster_size: Option<f64>,
    /// Sites that change over at each step, one step after the other (3,3,3,3)
    #[arg(long, value_name = "LIST", requires = "icc", conflicts_with_all = ["clusters", "cluster_size", "ratio", "arms"])]
    sites_per_step: Option<String>,
    /// Share of the variance that lies between clusters
    #[arg(long, value_name = "NUMBER")]
    icc: Option<f64>,
    /// Coefficient of variation of the clusters' sizes [default: 0]
    #[arg(long, value_name = "NUMBER", requires = "icc")]
    size_variation: Option<f64>,
    /// Units that enter on a day
    #[arg(long, value_name = "NUMBER")]
    per_day: Option<f64>,
    /// What is counted, in the singular [default: person]
    #[arg(long, value_name = "WORD")]
    unit: Option<String>,
    /// Print numbers as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let plan = arguments.protocol.as_deref().map(read_plan).transpose()?;
    let question = question(arguments, plan.as_ref())?;
    let answer = answer(&question).map_err(|problem| refused(arguments, &problem))?;
    let rule = plan.as_ref().map(|plan| rule_plan(plan.protocol()));
    let text = if arguments.json {
        let mut value = serde_json::to_value(&answer).map_err(anyhow::Error::from)?;
        if let Some(rule) = &rule {
            value["decision_rule"] = json!(rule);
        }
        serde_json::to_string_pretty(&value).map_err(anyhow::Error::from)? + "\n"
    } else {
        in_words(&answer, rule.as_ref())
    };
    Ok(print(&text)?)
}

/// Names the flag, or the place in the file, at which something is wrong.
fn refused(arguments: &Arguments, problem: &Problem) -> Failure {
    let flag = if problem.field.starts_with('/') {
        problem.field.clone()
    } else {
        format!("--{}", problem.field.replace('_', "-"))
    };
    match &arguments.protocol {
        Some(file) if problem.field.starts_with('/') => {
            Failure::Failed(anyhow::anyhow!("{}:\n{flag}: {}", file.display(), problem.detail))
        }
        _ => Failure::Usage(format!("{flag}: {}", problem.detail)),
    }
}

fn question(arguments: &Arguments, plan: Option<&LockedProtocol>) -> Result<Question, Failure> {
    let mut question = match plan {
        Some(plan) => Question::of(plan.protocol()).map_err(|problem| refused(arguments, &problem))?,
        None => blank(arguments)?,
    };
    if let Some(kind) = arguments.kind {
        question.kind = match kind {
            Kind::Binary => OutcomeKind::Binary,
            Kind::Count => OutcomeKind::Count,
            Kind::Amount => OutcomeKind::Amount,
            Kind::Duration => OutcomeKind::Duration,
            Kind::Rating => OutcomeKind::Rating,
        };
    }
    question.control = arguments.control.unwrap_or(question.control);
    change(arguments, &mut question);
    if let Some(margin) = arguments.margin {
        question.margin = Some(margin);
        if arguments.effect.is_none() && arguments.hoped_for.is_none() {
            question.gain = 0.0;
        }
    }
    question.standard_deviation = arguments.sd.or(question.standard_deviation);
    question.explained = arguments.explained.unwrap_or(question.explained);
    question.units = arguments.units.or(question.units);
    question.attrition = arguments.attrition.unwrap_or(question.attrition);
    question.units_per_day = arguments.per_day.or(question.units_per_day);
    if let Some(unit) = &arguments.unit {
        question.unit.clone_from(unit);
    }
    question.ratio = ratio(arguments)?.unwrap_or(question.ratio);
    monitoring(arguments, &mut question.looks.0)?;
    rollout(arguments, &mut question)?;
    clusters(arguments, &mut question)?;
    if question.units_per_day.is_some_and(|per_day| !(per_day.is_finite() && per_day > 0.0)) {
        return Err(Failure::Usage("--per-day: must be above 0".into()));
    }
    Ok(question)
}

/// A gain in the good direction, from the difference or from the value hoped for.
fn change(arguments: &Arguments, question: &mut Question) {
    let difference = match (arguments.effect, arguments.hoped_for) {
        (Some(effect), _) => Some(effect),
        (None, Some(value)) => Some(value - question.control),
        (None, None) => None,
    };
    let asked = arguments.better.map(|better| match better {
        Direction::Increase => Better::Increase,
        Direction::Decrease => Better::Decrease,
    });
    question.better = match (asked, difference) {
        (Some(better), _) => better,
        (None, Some(difference)) if difference < 0.0 => Better::Decrease,
        _ => question.better,
    };
    if let Some(difference) = difference {
        // A size without a sign is a gain; one with a sign is a difference of the outcome.
        let sizes = arguments.effect.is_some() && difference > 0.0;
        question.gain = match question.better {
            Better::Decrease if !sizes => -difference,
            _ => difference,
        };
    }
}

fn blank(arguments: &Arguments) -> Result<Question, Failure> {
    let missing = |flag: &str, what: &str| Failure::Usage(format!("{flag}: {what}; or name a protocol document"));
    let control =
        arguments.control.ok_or_else(|| missing("--control", "say what is expected under the current version"))?;
    if arguments.effect.is_none() && arguments.hoped_for.is_none() && arguments.margin.is_none() {
        return Err(missing(
            "--effect",
            "say the smallest gain worth having, or --margin for \u{201c}not worse\u{201d}",
        ));
    }
    let decimal = |text: &str| text.parse().unwrap_or(Decimal::ZERO);
    Ok(Question {
        outcome: "the outcome".into(),
        kind: OutcomeKind::Binary,
        better: Better::Increase,
        unit: "person".into(),
        control,
        gain: 0.0,
        margin: None,
        standard_deviation: None,
        explained: 0.0,
        ratio: vec![1, 1],
        share_error: true,
        alpha_divisor: 1,
        units: None,
        clusters: None,
        rollout: None,
        attrition: 0.0,
        units_per_day: None,
        follow_up_days: 0,
        looks: Looks(Monitoring {
            alpha: decimal(if arguments.sides == Some(Count::Two) { "0.05" } else { "0.025" }),
            power: decimal("0.8"),
            sides: Sides::One,
            max_units: 2,
            ends_on: chrono::NaiveDate::MAX,
            looks: vec![Decimal::ONE],
            efficacy: None,
            futility: None,
            futility_binding: false,
            looks_on: Vec::new(),
            severe_harms_over_control: None,
        }),
    })
}

fn ratio(arguments: &Arguments) -> Result<Option<Vec<u32>>, Failure> {
    if let Some(arms) = arguments.arms {
        return Ok(Some(vec![1; arms.min(100)]));
    }
    let Some(text) = &arguments.ratio else { return Ok(None) };
    let parts: Result<Vec<u32>, _> = text.split(':').map(|part| part.trim().parse()).collect();
    parts.map(Some).map_err(|_| Failure::Usage(format!("--ratio: \"{text}\" is not whole numbers such as 2:1")))
}

/// Sites that change over, and how alike the units of one are.
fn rollout(arguments: &Arguments, question: &mut Question) -> Result<(), Failure> {
    if let (Some(rollout), Some(icc)) = (&mut question.rollout, arguments.icc) {
        rollout.icc = icc;
    }
    let (Some(text), Some(icc)) = (&arguments.sites_per_step, arguments.icc) else { return Ok(()) };
    let sites: Result<Vec<u32>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    let sites_per_step = sites
        .map_err(|_| Failure::Usage(format!("--sites-per-step: \"{text}\" is not whole numbers such as 3,3,3,3")))?;
    (question.clusters, question.rollout) = (None, Some(Rollout { sites_per_step, icc }));
    Ok(())
}

fn monitoring(arguments: &Arguments, monitoring: &mut Monitoring) -> Result<(), Failure> {
    let within = |flag: &str, value: Decimal, low: f64, high: f64| {
        let number = value.to_f64();
        if (low..=high).contains(&number) {
            Ok(value)
        } else {
            Err(Failure::Usage(format!("{flag}: must be from {low} to {high}")))
        }
    };
    if let Some(sides) = arguments.sides {
        monitoring.sides = if sides == Count::Two { Sides::Two } else { Sides::One };
    }
    if let Some(alpha) = arguments.alpha {
        monitoring.alpha = within("--alpha", alpha, 0.0001, 0.2)?;
    }
    if let Some(power) = arguments.power {
        monitoring.power = within("--power", power, 0.5, 0.999)?;
    }
    if let Some(text) = &arguments.looks {
        monitoring.looks = looks(text)?;
        monitoring.efficacy.get_or_insert(Spending::ObrienFleming);
        let gamma = Decimal::from_millionths(-2_000_000).unwrap_or(Decimal::ZERO);
        monitoring.futility.get_or_insert(Spending::HwangShihDecani { gamma });
    }
    if arguments.no_futility {
        monitoring.futility = None;
    }
    Ok(())
}

/// `0.5,1`, or a number of equal steps.
fn looks(text: &str) -> Result<Vec<Decimal>, Failure> {
    let wrong = || {
        Failure::Usage(format!(
            "--looks: \"{text}\" is not rising shares that end in 1, such as 0.5,1, nor a number up to 50"
        ))
    };
    if let Ok(number @ 1..=50) = text.trim().parse::<i64>() {
        let step = |k: i64| Decimal::from_millionths(1_000_000 * k / number);
        return (1..=number).map(step).collect::<Option<Vec<_>>>().ok_or_else(wrong);
    }
    let shares: Vec<Decimal> =
        text.split(',').map(|part| part.trim().parse()).collect::<Result<_, _>>().map_err(|_| wrong())?;
    let rising = shares.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
    let right =
        rising && shares.first().is_some_and(|first| *first > Decimal::ZERO) && shares.last() == Some(&Decimal::ONE);
    if right && shares.len() <= 50 { Ok(shares) } else { Err(wrong()) }
}

fn clusters(arguments: &Arguments, question: &mut Question) -> Result<(), Failure> {
    if question.rollout.is_some() && arguments.clusters.is_none() && arguments.cluster_size.is_none() {
        return Ok(());
    }
    let known = question.clusters;
    let Some(icc) = arguments.icc.or(known.map(|clusters| clusters.icc)) else { return Ok(()) };
    let count = match (arguments.clusters, arguments.cluster_size, question.units, known) {
        (Some(count), ..) => count,
        (None, Some(size), Some(units), _) if size >= 1.0 => ((units as f64 / size).round() as u64).max(1),
        (None, Some(_), Some(_), _) => return Err(Failure::Usage("--cluster-size: must be at least 1".into())),
        (None, Some(_), None, _) => {
            return Err(Failure::Usage("--units: say how many there are in all clusters together".into()));
        }
        (None, None, _, Some(clusters)) => clusters.count,
        (None, None, _, None) => {
            return Err(Failure::Usage("--clusters: say how many clusters there are, or --cluster-size".into()));
        }
    };
    let size_variation = arguments.size_variation.or(known.map(|clusters| clusters.size_variation)).unwrap_or(0.0);
    (question.clusters, question.rollout) = (Some(Clusters { count, icc, size_variation }), None);
    Ok(())
}

fn in_words(answer: &Answer, rule: Option<&RulePlan>) -> String {
    let mut text = String::new();
    if answer.can_answer == Some(false) {
        text.push_str("STOP: this trial cannot answer its question.\n\n");
    }
    let ways = answer.ways_out.len();
    let said = answer.sentences.len() - ways;
    for sentence in answer.sentences.iter().take(said) {
        text.push_str(sentence);
        text.push('\n');
    }
    if ways > 0 {
        text.push_str("\nWays out:\n");
        for (number, way) in answer.ways_out.iter().enumerate() {
            text.push_str(&format!("  {}. {}\n", number + 1, way.detail));
        }
    }
    if let Some(looks) = &answer.looks {
        text.push_str("\nLooks\n");
        for look in &looks.looks {
            let units = look.units.map_or(String::new(), |units| format!(" ({units} known)"));
            let futility = look.futility_z.map_or(String::new(), |z| format!("; giving up at z = {z:.3}"));
            text.push_str(&format!(
                "  {:.0} %{units}: success at p = {:.5}{futility}\n",
                look.fraction * 100.0,
                look.efficacy_p
            ));
        }
    }
    if let Some(rule) = rule {
        text.push_str(&format!("\nRule: {}\n", rule.rule));
        for claim in &rule.claims {
            let wanted = answer.wanted_power;
            let power = match (claim.power, &claim.missing) {
                (Some(power), _) if power < wanted => match claim.units_needed {
                    Some(units) => {
                        format!("power {power:.3}; {wanted:.2} takes {}", fairtrial_analysis::words::grouped(units))
                    }
                    None => format!("power {power:.3}; no size gives {wanted:.2}"),
                },
                (Some(power), _) => format!("power {power:.3}"),
                (None, Some(missing)) => missing.to_string(),
                (None, None) => "no power".to_owned(),
            };
            text.push_str(&format!("  {}: one-sided error {:.4}, {power}\n", claim.claim, claim.one_sided_alpha));
        }
        if let Some(power) = rule.power_if_independent {
            text.push_str(&format!("  the rule as a whole, if its claims are independent: power {power:.3}\n"));
        }
        for row in rule.truth_table.iter().flatten().filter(|row| row.rule) {
            let held: Vec<&str> = rule
                .claims
                .iter()
                .zip(&row.claims)
                .filter(|(_, holds)| **holds)
                .map(|(c, _)| c.claim.as_str())
                .collect();
            text.push_str(&format!("  holds with: {}\n", held.join(", ")));
        }
        for sentence in &rule.sentences {
            text.push_str(&format!("  {sentence}\n"));
        }
    }
    text.push_str(&format!("\nMethod: {}; one-sided error {}.\n", answer.method, answer.one_sided_alpha));
    text
}

/// Reads a plan from a file.
pub(super) fn read_plan(file: &std::path::Path) -> Result<LockedProtocol, Failure> {
    let shown = file.display();
    let document = fs::read(file).with_context(|| format!("{shown} cannot be read"))?;
    let plan = LockedProtocol::from_json(&document).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(|fault| format!("{}: {}", fault.pointer, fault.detail)).collect();
        anyhow::anyhow!("{shown}:\n{}", lines.join("\n"))
    })?;
    Ok(plan)
}
