//! `fairtrial stats`: the statistics for any language, a line at a time.

use std::{
    io::{self, BufRead, BufReader, ErrorKind, Write},
    panic::catch_unwind,
};

use fairtrial_stats::method;
use serde_json::{Value, json};

use super::Failure;

pub(super) fn run() -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match answer_lines(BufReader::new(io::stdin().lock()), &mut out) {
        // The reader has gone away: nobody wants the rest.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => Ok(done?),
    }
}

/// Answers each line of input with a line of output, in order. Blank lines are passed over.
///
/// # Errors
/// When input or output fails; never because of what a line says.
pub fn answer_lines<R: io::Read>(mut input: BufReader<R>, output: &mut impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        if !line.trim_ascii().is_empty() {
            writeln!(output, "{}", answer(&line))?;
        }
        line.clear();
        // Somebody who waits for this answer before asking again gets it now; a file is not slowed down.
        if input.buffer().is_empty() {
            output.flush()?;
        }
    }
    output.flush()
}

fn answer(line: &[u8]) -> Value {
    let request = match fairtrial_domain::json::parse(line) {
        Ok(request) => request,
        Err(error) => return failed(&Value::Null, "invalid_request", &format!("the line is not JSON: {error}")),
    };
    let id = request.get("id").cloned().unwrap_or(Value::Null);
    match read(&request) {
        Err(message) => failed(&id, "invalid_request", message),
        // A fault of ours in one method must not take the other lines with it.
        Ok((method, args)) => match catch_unwind(|| method::call(method, args)) {
            Ok(Ok(result)) => json!({"id": id, "result": result}),
            Ok(Err(error)) => failed(&id, error.code(), &error.to_string()),
            Err(_) => failed(&id, "internal", "the method failed; please report it with this line"),
        },
    }
}

fn read(request: &Value) -> Result<(&str, &Value), &'static str> {
    let map = request.as_object().ok_or("the line must be an object with id, method and args")?;
    if map.keys().any(|name| !["id", "method", "args"].contains(&name.as_str())) {
        return Err("the line has a field other than id, method and args");
    }
    let method = map.get("method").and_then(Value::as_str).ok_or("method must be a text")?;
    Ok((method, map.get("args").ok_or("args is missing")?))
}

fn failed(id: &Value, code: &str, message: &str) -> Value {
    json!({"id": id, "error": {"code": code, "message": message}})
}
