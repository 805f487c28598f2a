//! The command line.

mod check_config;
mod completions;
mod failure;
mod healthcheck;
mod serve;
mod stats;

pub use failure::Failure;
pub use stats::answer_lines;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::config::{Flags, ServerFlags, Settings, Sources};

/// Trials of public-service processes: fair assignment, outcomes, an honest verdict.
#[derive(Debug, Parser)]
#[command(name = "fairtrial", version, arg_required_else_help = true, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer pages and programs
    Serve(ServeArguments),
    /// Read every setting, say what it is, and end
    CheckConfig(ServeArguments),
    /// Ask the server that runs here whether it is well; for containers without other tools
    Healthcheck(ServeArguments),
    /// Compute statistics: JSON Lines in, JSON Lines out
    ///
    /// Reads {"id","method","args"} line by line and writes {"id","result"} or {"id","error":{"code","message"}} for each,
    /// in the same order. A line that is wrong gets an error of its own and stops nothing.
    Stats,
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Debug, clap::Args)]
struct ServeArguments {
    #[command(flatten)]
    flags: Flags,
    #[command(flatten)]
    server: ServerFlags,
}

impl ServeArguments {
    fn settings(&self) -> Result<Settings, Failure> {
        let sources = Sources::gather(&self.flags, &self.server)?;
        for name in sources.unknown_variables() {
            tell(&format!("warning: {name} is no setting and is not used"));
        }
        Ok(Settings::from_sources(&sources)?)
    }
}

/// Runs the command that the process was called with. Ends with 2 when it was called wrongly, with 1 when it failed.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are asked for; the rest is a wrong call. A closed terminal changes neither.
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let done = match arguments.command {
        Command::Serve(arguments) => arguments.settings().and_then(|settings| serve::run(&settings)),
        Command::CheckConfig(arguments) => arguments.settings().and_then(|settings| check_config::run(&settings)),
        Command::Healthcheck(arguments) => arguments.settings().and_then(|settings| healthcheck::run(&settings)),
        Command::Stats => stats::run(),
        Command::Completions { shell } => completions::shell(&mut Arguments::command(), shell),
        Command::Man => completions::manual(Arguments::command()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(&format!("fairtrial: {failure}"));
            failure.exit_code()
        }
    }
}

/// Says a line on standard error. Nobody may be listening, which is no reason to end.
fn tell(line: &str) {
    use std::io::Write;
    drop(writeln!(std::io::stderr(), "{line}"));
}

/// Writes to standard output. A reader that has gone away has what it wanted.
fn print(text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}
