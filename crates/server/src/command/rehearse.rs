//! `fairtrial rehearse`: the whole design tried out on made-up people.

use std::{path::PathBuf, thread};

use fairtrial_analysis::rehearse::{HarmRehearsal, Rehearsal, RehearsalReport};
use fairtrial_app::trials::rehearsal::{try_out, try_out_harm};
use serde_json::json;

use super::{Failure, power::read_plan, print};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The protocol document
    #[arg(value_name = "PROTOCOL")]
    protocol: PathBuf,
    /// Trials to run under each truth
    #[arg(long, value_name = "NUMBER", default_value_t = 2_000)]
    trials: u64,
    /// Trials of each size of harm, to see how soon the rules for harm would stop one; 0 for none
    #[arg(long, value_name = "NUMBER", default_value_t = 400)]
    harm_trials: u64,
    /// The seed; the same seed gives the same table on every machine
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Print the table as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let plan = read_plan(&arguments.protocol)?;
    let rehearsal = Rehearsal::new(&plan, arguments.trials).map_err(|problem| match problem.field.as_str() {
        "trials" => Failure::Usage(format!("--trials: {}", problem.detail)),
        place => Failure::Failed(anyhow::anyhow!("{}:\n{place}: {}", arguments.protocol.display(), problem.detail)),
    })?;
    let threads = thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let tried = try_out(&rehearsal, threads, 0..arguments.trials, arguments.seed).map_err(anyhow::Error::from)?;
    let report = rehearsal.report(&tried, arguments.trials, arguments.seed);
    let harm = match arguments.harm_trials {
        0 => None,
        trials => try_out_harm(&rehearsal, threads, 0..trials, arguments.seed).map_err(anyhow::Error::from)?,
    };
    let harm = harm.map(|tried| rehearsal.report_harm(&tried));
    let text = if arguments.json {
        let mut value = serde_json::to_value(&report).map_err(anyhow::Error::from)?;
        value["harm_rules"] = json!(harm);
        serde_json::to_string_pretty(&value).map_err(anyhow::Error::from)? + "\n"
    } else {
        in_words(&report, harm.as_ref())
    };
    Ok(print(&text)?)
}

fn in_words(report: &RehearsalReport, harm: Option<&HarmRehearsal>) -> String {
    let mut text = format!("{}: {} trials under each truth, seed {}\n\n", report.trial, report.trials, report.seed);
    let heads = ["truth", "adopt", "does too little", "given up", "harm", "not enough", "invalid", "people", "days"];
    text.push_str(&format!("{:<22}", heads[0]));
    for head in &heads[1..] {
        text.push_str(&format!("{head:>16}"));
    }
    text.push('\n');
    for scenario in &report.scenarios {
        let decided = &scenario.decided;
        text.push_str(&format!("{:<22}", scenario.truth.words()));
        for share in
            [decided.succeeded, decided.failed, decided.futile, decided.harmful, decided.undecided, decided.invalid]
        {
            text.push_str(&format!(
                "{:>16}",
                format!("{:.1} \u{b1} {:.1} %", share.share * 100.0, share.monte_carlo_error * 100.0)
            ));
        }
        text.push_str(&format!("{:>16.0}{:>16.0}\n", scenario.expected_people, scenario.expected_days));
    }
    text.push('\n');
    for sentence in report.sentences.iter().chain(&report.assumptions) {
        text.push_str(sentence);
        text.push('\n');
    }
    if let Some(harm) = harm {
        text.push_str(&format!("\nHow soon harm would stop it: {} trials of each size of harm\n", harm.trials));
        for sentence in &harm.sentences {
            text.push_str(&format!("  {sentence}\n"));
        }
    }
    text.push_str(&format!("\nplan {}\n", report.protocol_id));
    text
}
