//! The story that runs for hours: what it says, and whether it ends well.

use std::{
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use super::faults::steady::{
    level::{Finding, is_level},
    steady,
};

/// Plays it for so many hours, with the table of its minutes in a file.
pub(super) fn play(program: &Path, url: &str, hours: &str, table: &str) -> ExitCode {
    let hours: f64 = hours.parse().expect("hours");
    let began = Instant::now();
    let day = steady(url, program, Duration::from_secs_f64(hours * 3_600.0), Path::new(table));
    let (counts, promises) = (day.outcome.counts, &day.outcome.promises);
    println!(
        "steady: {hours} hours, with the judge {} s; {} answers, {} refused, {} broken off; {} people and {} events promised; broken \
         promises: {}",
        began.elapsed().as_secs(),
        counts.promises,
        counts.refused,
        counts.broken_off,
        promises.places.len(),
        promises.events.len(),
        day.outcome.faults.len(),
    );
    for fault in &day.outcome.faults {
        println!("  {fault}");
    }
    for finding in &day.findings {
        let (is, words) = match finding {
            Finding::Level(words) => ("level", words),
            Finding::Wrong(words) => ("WRONG", words),
            Finding::TooShort(words) => ("too short to tell", words),
        };
        println!("  {is}: {words}");
    }
    println!("  the {} minutes are in {table}", day.minutes.len());
    ExitCode::from(u8::from(!(day.outcome.faults.is_empty() && is_level(&day.findings))))
}
