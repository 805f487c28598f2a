//! Sends one kind of request over and over on some connections and prints how many were answered, and how soon.
//!
//! ```text
//! drive ADDRESS:PORT KIND [--key TOKEN] [--trial open-door] [--event door.opened] [--value N] [--people 5000] [--connections 32] [--seconds 5]
//!       [--from 0] [--occurred-at TIME]
//! ```
//!
//! KIND is one of `known`, `new`, `mixed` (nine known to one new), `event`, `events` (100 in a call), `flag`, `flags`, `newcomers` (who
//! are new to all flags), `report`, `health`, or `edge` and `edges` for a person's version of one flag and of all from Unleash Edge.
//! Any answer but 200 ends it with 1: a refusal is quick and would pass for speed.

mod callers;
mod plan;

use std::{io::Write, process::ExitCode, time::Duration};

use self::{
    callers::{Told, Until, ask},
    plan::Plan,
};

type Error = Box<dyn std::error::Error>;

fn drive(plan: &Plan, connections: usize, seconds: u64) -> Result<String, Error> {
    if let Some(before) = plan.before() {
        ask(&before, connections, Until::Asked(plan.people))?;
    }
    let Told { mut times, seconds } = ask(plan, connections, Until::Passed(Duration::from_secs(seconds)))?;
    times.sort_unstable();
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
    Ok(format!(
        "{{\"kind\":\"{}\",\"requests\":{},\"per_second\":{:.1},\"p50_us\":{},\"p99_us\":{}}}",
        plan.kind,
        times.len(),
        times.len() as f64 / seconds,
        at(0.5),
        at(0.99)
    ))
}

fn run() -> Result<String, Error> {
    let mut words = std::env::args().skip(1);
    let mut needed = |what: &str| words.next().ok_or_else(|| format!("{what} is missing"));
    let (address, kind) = (needed("ADDRESS:PORT")?, needed("KIND")?);
    let (mut connections, mut seconds) = (32, 5);
    let mut plan = Plan {
        address,
        kind,
        key: String::new(),
        trial: "open-door".into(),
        event: "door.opened".into(),
        value: None,
        people: 5_000,
        from: 0,
        occurred_at: "2026-11-23T00:00:00Z".into(),
    };
    while let Some(name) = words.next() {
        let value = words.next().ok_or_else(|| format!("{name} has no value"))?;
        match name.as_str() {
            "--key" => plan.key = value,
            "--trial" => plan.trial = value,
            "--event" => plan.event = value,
            "--value" => plan.value = Some(value.parse()?),
            "--people" => plan.people = value.parse()?,
            "--connections" => connections = value.parse()?,
            "--seconds" => seconds = value.parse()?,
            "--from" => plan.from = value.parse()?,
            "--occurred-at" => plan.occurred_at = value,
            _ => return Err(format!("{name} is not known").into()),
        }
    }
    drive(&plan, connections, seconds)
}

fn main() -> ExitCode {
    let (text, code) = match run() {
        Ok(line) => (format!("{line}\n"), ExitCode::SUCCESS),
        Err(error) => (format!("{{\"error\":{:?}}}\n", error.to_string()), ExitCode::FAILURE),
    };
    drop(std::io::stdout().write_all(text.as_bytes()));
    code
}
