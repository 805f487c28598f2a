//! Measures how often whole trials decide wrongly, on made-up people and through the code that decides real ones.
//!
//! `calibrate [--trials N] [--harm-trials N] [--seed S] PROTOCOL...` prints two Markdown tables, the second of how harm stops trials at
//! looks and between them, and fails when an error rate lies beyond its bound by more than the measurement's own error explains.

use std::{fs, io::Write, process::ExitCode, thread};

use fairtrial_analysis::{
    design::{Question, answer, rule_plan},
    monitor::one_sided_alpha,
    rehearse::{HarmRehearsal, Rehearsal, RehearsalReport, ScenarioReport, Share, Truth},
};
use fairtrial_domain::{
    LockedProtocol,
    decision_rule::DecisionRule,
    protocol::{Aim, HarmWatch, Protocol, Role},
};

/// Standard errors of the measurement by which a rate may lie beyond its bound.
const TOLERANCE: f64 = 3.3;

/// Largest share of the fixed design's people that a trial of a version without effect may take on average.
const MOST_WITHOUT_EFFECT: f64 = 0.7;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "calibrate: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool, String> {
    let (mut trials, mut harm_trials, mut seed, mut files) = (10_000, 10_000, 1, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse::<u64>().ok()).ok_or(argument.clone());
        match argument.as_str() {
            "--trials" => trials = number()?,
            "--harm-trials" => harm_trials = number()?,
            "--seed" => seed = number()?,
            _ => files.push(argument),
        }
    }
    let mut out = std::io::stdout().lock();
    let mut write = |line: String| writeln!(out, "{line}").map_err(|error| error.to_string());
    write(HEAD.to_owned())?;
    let mut kept = true;
    let mut of_harm = Vec::new();
    for file in files {
        let document = fs::read(&file).map_err(|error| format!("{file}: {error}"))?;
        let plan = LockedProtocol::from_json(&document).map_err(|faults| format!("{file}: {faults:?}"))?;
        let report = rehearse(&plan, trials, seed)?;
        let (line, within) = row(&plan, &report)?;
        kept &= within;
        write(line)?;
        if let Some(found) = rehearse_harm(&plan, harm_trials, seed)? {
            let (lines, within) = harm_rows(plan.protocol(), &found);
            kept &= within;
            of_harm.extend(lines);
        }
    }
    write(format!("\n{HARM_HEAD}"))?;
    for line in of_harm {
        write(line)?;
    }
    Ok(kept)
}

const HARM_HEAD: &str = "| design | watched | trials | no harm: stopped (bound) | harm at its margin: stopped (bound) | clear harm: stopped | half of them by |\n\
                         |---|---|---:|---:|---:|---:|---:|";

const HEAD: &str = "| design | size, looks, trials | wrong *succeeded* (\u{3b1}) | wrong *failed* (\u{3b2}) | found | half of it: *succeeded* \
                    | false harm, at its margin (bound) | harm missed | harmful: *succeeded* | expected size without effect |\n\
                    |---|---|---:|---:|---:|---:|---:|---:|---:|---:|";

/// Runs a part on every core and adds the parts up: the same for any number of cores.
fn on_all_cores<T: Send>(
    trials: u64,
    run: impl Fn(std::ops::Range<u64>) -> T + Sync,
    merge: impl Fn(&mut T, &T),
) -> Result<T, String> {
    let threads = thread::available_parallelism().map_or(1, |cores| cores.get() as u64).min(trials);
    thread::scope(|scope| {
        let run = &run;
        let parts: Vec<_> = (0..threads)
            .map(|number| {
                let part = trials * number / threads..trials * (number + 1) / threads;
                scope.spawn(move || run(part))
            })
            .collect();
        let mut sum: Option<T> = None;
        for part in parts {
            let part = part.join().map_err(|_| "a part of the rehearsal did not end well".to_owned())?;
            match &mut sum {
                Some(sum) => merge(sum, &part),
                None => sum = Some(part),
            }
        }
        sum.ok_or_else(|| "there are no trials".to_owned())
    })
}

fn rehearse(plan: &LockedProtocol, trials: u64, seed: u64) -> Result<RehearsalReport, String> {
    let rehearsal = Rehearsal::new(plan, trials).map_err(|problem| format!("{}: {}", problem.field, problem.detail))?;
    let tried = on_all_cores(trials, |part| rehearsal.run(part, seed), |sum, part| sum.merge(part))?;
    Ok(rehearsal.report(&tried, trials, seed))
}

fn rehearse_harm(plan: &LockedProtocol, trials: u64, seed: u64) -> Result<Option<HarmRehearsal>, String> {
    let rehearsal = Rehearsal::new(plan, trials).map_err(|problem| format!("{}: {}", problem.field, problem.detail))?;
    let tried = on_all_cores(
        trials,
        |part| rehearsal.run_harm(part, seed),
        |sum, part| {
            if let (Some(sum), Some(part)) = (sum, part) {
                sum.merge(part);
            }
        },
    )?;
    Ok(tried.map(|tried| rehearsal.report_harm(&tried)))
}

/// The lines of one design in the table of harm, and whether its rates are within their bound.
fn harm_rows(plan: &Protocol, found: &HarmRehearsal) -> (Vec<String>, bool) {
    let mut kept = true;
    let mut lines = Vec::new();
    let error_of = |share: f64| (share * (1.0 - share) / found.trials as f64).sqrt();
    let percent = |share: Share| format!("{:.2} \u{b1} {:.2} %", share.share * 100.0, error_of(share.share) * 100.0);
    for measure in &found.measures {
        let Some(outcome) = plan.outcome(&measure.outcome) else { continue };
        let bound = outcome.harm_alpha.map_or(0.0, fairtrial_domain::Decimal::to_f64);
        let within = |share: Share| share.share <= bound + TOLERANCE * error_of(bound);
        kept &= within(found.mistaken) && measure.at_margin.is_none_or(within);
        let watched = match outcome.harm_watch {
            HarmWatch::Looks => "at looks",
            HarmWatch::Daily => "every day and at looks",
            HarmWatch::EveryEvent => "at every event and at looks",
        };
        let clear = measure.sizes.last();
        lines.push(format!(
            "| `{}` | {watched} | {} | {} ({:.0} %) | {} | {} | {} |",
            plan.key.as_str().trim_start_matches("calibrate-"),
            found.trials,
            percent(found.mistaken),
            bound * 100.0,
            measure.at_margin.map_or("-".to_owned(), |share| format!("{} ({:.0} %)", percent(share), bound * 100.0)),
            clear.map_or("-".to_owned(), |size| format!("1 in {}: {}", size.one_in, percent(size.found))),
            clear
                .and_then(|size| size.half_by)
                .map_or("-".to_owned(), |by| format!("{by} of {}", plan.monitoring.max_units)),
        ));
    }
    (lines, kept)
}

/// One line of the table, and whether every rate is within its bound.
fn row(plan: &LockedProtocol, report: &RehearsalReport) -> Result<(String, bool), String> {
    let protocol = plan.protocol();
    let problem = |problem: fairtrial_analysis::design::Problem| format!("{}: {}", problem.field, problem.detail);
    let design = answer(&Question::of(protocol).map_err(problem)?).map_err(problem)?;
    let of = |truth: Truth| -> Result<&ScenarioReport, String> {
        report.scenarios.iter().find(|found| found.truth == truth).ok_or_else(|| "a truth is missing".to_owned())
    };
    let (none, worthwhile, half, harm) =
        (of(Truth::NoEffect)?, of(Truth::Worthwhile)?, of(Truth::HalfOfIt)?, of(Truth::Harm)?);
    // Where the plan shows that the new version is not worse, that is true without an effect, and false at a loss of the margin.
    let (none, worthwhile) = if protocol.aim == Aim::NotWorse { (harm, none) } else { (none, worthwhile) };
    // Several claims and versions share the error of the whole rule.
    let alpha = one_sided_alpha(&protocol.monitoring);
    let rule = rule_plan(protocol);
    let power = match protocol.decision_rule {
        DecisionRule::Claim(_) => design.power,
        DecisionRule::And(_) => rule.power_at_least,
        // Of alternatives only the first, the main outcome's, gets better here.
        DecisionRule::Or(_) => rule.claims.first().and_then(|claim| claim.power),
    };
    let beta = 1.0 - power.unwrap_or(design.wanted_power);
    let given_up = worthwhile.decided.failed.share + worthwhile.decided.futile.share;
    let error_of = |share: f64| (share * (1.0 - share) / report.trials as f64).sqrt();
    let watched: Vec<f64> = protocol
        .outcomes
        .iter()
        .filter(|outcome| outcome.role == Role::Harm)
        .filter_map(|outcome| outcome.harm_alpha)
        .map(fairtrial_domain::Decimal::to_f64)
        .collect();
    let bound = watched.iter().sum::<f64>().min(1.0);
    let at_margin = report.scenarios.iter().find(|found| found.truth == Truth::HarmAtMargin);
    // The fixed design that finds the same effect with the same chance.
    let fixed = report.people as f64 / design.looks.as_ref().map_or(1.0, |looks| looks.inflation);
    let size = none.expected_people / fixed;
    let missed = 1.0 - harm.decided.harmful.share;
    let within = |found: f64, bound: f64| found <= bound + TOLERANCE * error_of(bound.clamp(1e-4, 1.0 - 1e-4));
    let kept = within(none.decided.succeeded.share, alpha)
        // Where harm is watched the primary outcome gets better under harm: what may be missed bounds what may succeed.
        && within(harm.decided.succeeded.share, if watched.is_empty() { alpha } else { beta })
        && size <= MOST_WITHOUT_EFFECT
        && within(given_up, beta)
        && at_margin.is_none_or(|found| within(found.decided.harmful.share, bound))
        && (watched.is_empty() || within(none.decided.harmful.share, bound) && within(missed, beta));
    let percent = |share: f64| format!("{:.2} \u{b1} {:.2} %", share * 100.0, error_of(share) * 100.0);
    let share = |share: Share| percent(share.share);
    let (false_harm, missed) = match watched.is_empty() {
        true => ("-".to_owned(), "-".to_owned()),
        false => {
            let at_margin = at_margin.map_or("-".to_owned(), |found| share(found.decided.harmful));
            (format!("{}, {at_margin} ({:.0} %)", share(none.decided.harmful), bound * 100.0), percent(missed))
        }
    };
    let name = protocol.key.as_str().trim_start_matches("calibrate-");
    let looks = match protocol.monitoring.looks.len() {
        1 => "1 look".to_owned(),
        looks => format!("{looks} looks"),
    };
    let line = format!(
        "| `{name}` | {}, {looks}, {} | {} ({:.1} %) | {} ({:.1} %) | {} | {} | {false_harm} | {missed} | {} | {:.0}, {:.0} % of {:.0} |",
        report.people,
        report.trials,
        share(none.decided.succeeded),
        alpha * 100.0,
        percent(given_up),
        beta * 100.0,
        share(worthwhile.decided.succeeded),
        // Half of nothing is what stands under *found*.
        if protocol.aim == Aim::NotWorse { "-".to_owned() } else { share(half.decided.succeeded) },
        share(harm.decided.succeeded),
        none.expected_people,
        size * 100.0,
        fixed,
    );
    Ok((line, kept))
}
