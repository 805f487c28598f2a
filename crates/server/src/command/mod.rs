//! The command line.

mod acting;
mod agency;
mod analyse;
mod audit;
mod backup;
mod check_config;
mod completions;
mod demo;
mod doctor;
mod failure;
mod healthcheck;
mod identity;
mod key;
mod migrate;
mod power;
mod rehearse;
mod restore;
mod serve;
mod stats;
mod trial;
mod user;
mod verify_allocation;

pub use failure::Failure;
pub use stats::answer_lines;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::{
    config::{Flags, ServerFlags, Settings, Sources},
    server::{Installation, open, start_log},
};

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
    /// Play months of made-up trials into a folder of its own, then answer
    Demo(ServeArguments),
    /// Bring the database to the tables of this version
    Migrate(StoreArguments),
    /// Copy the whole database into a folder, while the server goes on
    Backup(backup::Arguments),
    /// Make a database from a backup, where there is none
    Restore(restore::Arguments),
    /// Look everything over that the server rests on: database, audit, disk, clock, keys
    Doctor(doctor::Arguments),
    /// Keep accounts
    User {
        #[command(subcommand)]
        what: user::User,
    },
    /// Keep keys of programs
    Key {
        #[command(subcommand)]
        what: key::Key,
    },
    /// Keep agencies
    Agency {
        #[command(subcommand)]
        what: agency::Agency,
    },
    /// Say that two names are one person's, and take it back
    Identity {
        #[command(subcommand)]
        what: identity::Identity,
    },
    /// Bring plans in and out
    Trial {
        #[command(subcommand)]
        what: trial::Trial,
    },
    /// Check the record of who did what
    Audit {
        #[command(subcommand)]
        what: audit::Audit,
    },
    /// Compute a report from a table of units, without a server
    Analyse(analyse::Arguments),
    /// Draw a trial's allocation again from its published bundle, without a server
    VerifyAllocation(verify_allocation::Arguments),
    /// What size a trial needs, what power a size has, and what it can show at all
    Power(power::Arguments),
    /// Try a whole plan out on made-up people: what would it have decided?
    Rehearse(rehearse::Arguments),
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

#[derive(Debug, clap::Args)]
struct StoreArguments {
    #[command(flatten)]
    flags: Flags,
}

impl StoreArguments {
    fn settings(&self) -> Result<Settings, Failure> {
        let sources = Sources::gather(&self.flags, &ServerFlags::default())?;
        Ok(Settings::from_sources(&sources)?)
    }

    /// Opens the installation and does something with it.
    fn with<T>(&self, work: impl AsyncFnOnce(Installation) -> Result<T, Failure>) -> Result<T, Failure> {
        let settings = self.settings()?;
        let _log = start_log(settings.log_level, settings.log_format);
        actix_web::rt::System::new().block_on(async { work(open(&settings).await?).await })
    }
}

impl ServeArguments {
    fn settings(&self) -> Result<Settings, Failure> {
        self.settings_of(Sources::gather(&self.flags, &self.server)?)
    }

    fn demo_settings(&self) -> Result<Settings, Failure> {
        self.settings_of(Sources::gather(&self.flags, &self.server)?.with_default_data("./demo-data"))
    }

    fn settings_of(&self, sources: Sources) -> Result<Settings, Failure> {
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
        Command::Demo(arguments) => arguments.demo_settings().and_then(|settings| demo::run(&settings)),
        Command::Migrate(arguments) => arguments.settings().and_then(|settings| migrate::run(&settings)),
        Command::Backup(arguments) => backup::run(&arguments),
        Command::Restore(arguments) => restore::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::User { what } => user::run(what),
        Command::Key { what } => key::run(what),
        Command::Agency { what } => agency::run(what),
        Command::Identity { what } => identity::run(what),
        Command::Trial { what } => trial::run(what),
        Command::Audit { what } => audit::run(what),
        Command::Analyse(arguments) => analyse::run(&arguments),
        Command::VerifyAllocation(arguments) => verify_allocation::run(&arguments),
        Command::Power(arguments) => power::run(&arguments),
        Command::Rehearse(arguments) => rehearse::run(&arguments),
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
