//! The `fairtrial` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    fairtrial_server::command::run()
}
