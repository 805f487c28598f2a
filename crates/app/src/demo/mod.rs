//! The demonstration: made-up agencies, people and trials with months of events.
//!
//! **Architecture invariant:** the demonstration is played through the same use cases that serve real requests, on a clock
//! that runs through the months in order. Nothing is written behind their back, so that whatever it shows is what the
//! system does.

mod cast;
mod clock;
mod play;
mod story;

pub use cast::{DemoAccount, DemoKey};
pub use clock::DemoClock;

use std::sync::Arc;

use crate::{error::AppError, state::App};

/// A trial of the demonstration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoTrial {
    /// Its key.
    pub key: String,
    /// Its agency's key.
    pub agency: String,
    /// Where it stands.
    pub state: String,
    /// What it shows, in a sentence.
    pub what: String,
}

/// Everything that a visitor needs.
#[derive(Debug, Clone)]
pub struct Demonstration {
    /// Who can sign in, with their passwords.
    pub accounts: Vec<DemoAccount>,
    /// Keys for programs, with their tokens.
    pub keys: Vec<DemoKey>,
    /// The trials.
    pub trials: Vec<DemoTrial>,
}

/// Plays the demonstration into an empty database and returns what a visitor needs. `progress` hears the share that is
/// done, from 0 to 1.
///
/// # Errors
/// When the database is not empty or fails.
pub async fn play(
    app: &Arc<App>,
    clock: &DemoClock,
    progress: &(dyn Fn(f64) + Sync),
) -> Result<Demonstration, AppError> {
    let today = clock.real_now();
    let cast = cast::assemble(app, clock, today).await?;
    play::all(app, clock, &cast, today, progress).await?;
    clock.follow_real_time();
    app.catch_up().await?;
    // One of the trials is so long ago that its plan keeps no records of single people any more.
    app.delete_due_records().await?;
    let trials = story::all()
        .iter()
        .map(|story| {
            let directory = app.directory.load();
            let trial = directory.trials.get(story.key).ok_or(AppError::NotFound("trial"))?;
            Ok(DemoTrial {
                key: story.key.to_owned(),
                agency: story.agency.to_owned(),
                state: trial.state.as_str().to_owned(),
                what: story.what.to_owned(),
            })
        })
        .collect::<Result<Vec<_>, AppError>>()?;
    Ok(Demonstration { accounts: cast.accounts, keys: cast.keys, trials })
}
