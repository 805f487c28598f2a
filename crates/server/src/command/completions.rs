//! `fairtrial completions` and `fairtrial man`, from the same description that the command line is read with.

use clap::Command;
use clap_complete::Shell;

use super::{Failure, print};

pub(super) fn shell(command: &mut Command, shell: Shell) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, command, "fairtrial", &mut text);
    Ok(print(&String::from_utf8_lossy(&text))?)
}

pub(super) fn manual(command: Command) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command).render(&mut text)?;
    Ok(print(&String::from_utf8_lossy(&text))?)
}
