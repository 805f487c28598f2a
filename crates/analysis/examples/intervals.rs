//! Measures how often the interval that a report shows holds the truth, on made-up trials whose versions do not differ and through
//! the code that analyses real ones.
//!
//! `intervals [--trials N] [--seed S]` prints a Markdown table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement that cannot go on has failed"
)]

#[path = "../tests/suite/coverage/trials.rs"]
mod trials;

use std::{io::Write, process::ExitCode, thread};

use trials::{DESIGNS, Found, plan, run};

fn main() -> ExitCode {
    match print_all() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "intervals: {message}");
            ExitCode::FAILURE
        }
    }
}

fn print_all() -> Result<(), String> {
    let (mut count, mut seed) = (10_000, 1);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let number = arguments.next().and_then(|text| text.parse::<u64>().ok()).ok_or(argument.clone())?;
        match argument.as_str() {
            "--trials" => count = number,
            "--seed" => seed = number,
            _ => return Err(argument),
        }
    }
    let mut out = std::io::stdout().lock();
    let mut write = |line: String| writeln!(out, "{line}").map_err(|error| error.to_string());
    write("| outcomes | people in each version, trials | interval holds \u{201c}no difference\u{201d} (95 %) | p below 0.05 (5 %) |".into())?;
    write("|---|---|---:|---:|".into())?;
    let threads = thread::available_parallelism().map_or(1, |cores| cores.get() as u64).min(count.max(1));
    for design in DESIGNS {
        let plan = plan(design);
        let found = thread::scope(|scope| {
            let parts: Vec<_> = (0..threads)
                .map(|number| {
                    let (plan, part) = (&plan, count * number / threads..count * (number + 1) / threads);
                    scope.spawn(move || run(design, plan, part, seed))
                })
                .collect();
            let mut sum = Found::default();
            for part in parts {
                sum.merge(part.join().map_err(|_| "a part did not end well".to_owned())?);
            }
            Ok::<_, String>(sum)
        })?;
        let percent = |trials: u64| {
            let share = trials as f64 / found.trials.max(1) as f64;
            let error = (share * (1.0 - share) / found.trials.max(1) as f64).sqrt();
            format!("{:.2} \u{b1} {:.2} %", share * 100.0, error * 100.0)
        };
        let (covered, rejected) = (percent(found.covered), percent(found.rejected));
        write(format!("| {} | {}, {} | {covered} | {rejected} |", design.name, design.people, found.trials))?;
    }
    Ok(())
}
