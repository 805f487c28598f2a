//! `fairtrial migrate`.

use super::{Failure, print};
use crate::{config::Settings, server::migrate};

pub(super) fn run(settings: &Settings) -> Result<(), Failure> {
    let steps = migrate(settings)?;
    let text = match steps.as_slice() {
        [] => "the database is up to date\n".to_owned(),
        steps => steps.iter().map(|step| format!("done: {step}\n")).collect(),
    };
    Ok(print(&text)?)
}
