//! `fairtrial check-config`.

use super::{Failure, print};
use crate::config::Settings;

pub(super) fn run(settings: &Settings) -> Result<(), Failure> {
    Ok(print(&settings.describe())?)
}
