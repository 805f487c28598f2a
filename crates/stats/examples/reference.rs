//! Answers reference questions: reads JSON lines `{"group","id","input"}` from standard input and writes
//! `{"group","id","input","value"}`, or `{"group","id","input","error"}` when the crate refuses or has no such method.
//!
//! `cargo run --example reference -- [--data DIR] < tests/data/vectors/two_prop.jsonl`

use std::io::{BufRead, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

#[path = "reference/mod.rs"]
mod reference;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "reference: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let data = data_directory()?;
    let mut output = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| error.to_string())?;
        if line.trim().is_empty() {
            continue;
        }
        let mut answer = match serde_json::from_str::<Value>(&line) {
            Ok(question) => reference::answer(&question, &data),
            Err(error) => json!({"error": {"code": "invalid_argument", "message": error.to_string()}}),
        }
        .to_string();
        answer.push('\n');
        output.write_all(answer.as_bytes()).map_err(|error| error.to_string())?;
    }
    output.flush().map_err(|error| error.to_string())
}

/// `--data DIR`, else the crate's own copy, whether called from the crate or from the workspace.
fn data_directory() -> Result<PathBuf, String> {
    let mut arguments = std::env::args().skip(1);
    if let Some(argument) = arguments.next() {
        let directory = match argument.strip_prefix("--data=") {
            Some(directory) => directory.to_owned(),
            None if argument == "--data" => arguments.next().ok_or("--data needs a directory")?,
            None => return Err(format!("unknown argument {argument}")),
        };
        return match arguments.next() {
            None => Ok(PathBuf::from(directory)),
            Some(extra) => Err(format!("unknown argument {extra}")),
        };
    }
    let own = "tests/data/vectors/data";
    let candidates =
        [PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(own), own.into(), PathBuf::from("crates/stats").join(own)];
    let found = candidates.iter().find(|candidate| candidate.is_dir());
    Ok(found.unwrap_or(&candidates[0]).clone())
}
