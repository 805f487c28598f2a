//! `fairtrial rehearse`: the whole design tried out on made-up people.

use std::{path::PathBuf, thread};

use fairtrial_analysis::rehearse::{Rehearsal, RehearsalReport, Tried};

use super::{Failure, power::read_plan, print};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The protocol document
    #[arg(value_name = "PROTOCOL")]
    protocol: PathBuf,
    /// Trials to run under each truth
    #[arg(long, value_name = "NUMBER", default_value_t = 2_000)]
    trials: u64,
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
    let tried = in_parallel(&rehearsal, arguments.trials, arguments.seed)?;
    let report = rehearsal.report(&tried, arguments.trials, arguments.seed);
    let text = if arguments.json {
        serde_json::to_string_pretty(&report).map_err(anyhow::Error::from)? + "\n"
    } else {
        in_words(&report)
    };
    Ok(print(&text)?)
}

/// Shares the trials out among the processor's cores. The sums are the same however they are shared.
fn in_parallel(rehearsal: &Rehearsal<'_>, trials: u64, seed: u64) -> Result<Tried, Failure> {
    let threads = thread::available_parallelism().map_or(1, |cores| cores.get() as u64).min(trials);
    let part = |number: u64| trials * number / threads..trials * (number + 1) / threads;
    thread::scope(|scope| {
        let parts: Vec<_> = (0..threads).map(|number| scope.spawn(move || rehearsal.run(part(number), seed))).collect();
        let mut sum: Option<Tried> = None;
        for part in parts {
            let tried = part.join().map_err(|_| anyhow::anyhow!("a part of the rehearsal did not end well"))?;
            match &mut sum {
                Some(sum) => sum.merge(&tried),
                None => sum = Some(tried),
            }
        }
        sum.ok_or_else(|| Failure::Usage("--trials: must be at least 1".into()))
    })
}

fn in_words(report: &RehearsalReport) -> String {
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
    text.push_str(&format!("\nplan {}\n", report.protocol_id));
    text
}
