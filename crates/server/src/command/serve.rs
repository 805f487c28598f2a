//! `fairtrial serve`.

use anyhow::Context;

use super::{Failure, print};
use crate::{
    config::Settings,
    routes,
    server::{State, bind, start_log},
};

pub(super) fn run(settings: &Settings) -> Result<(), Failure> {
    start_log(settings.log_level, settings.log_format);
    let state = State::new(settings.is_https(), new_id);
    actix_web::rt::System::new().block_on(async {
        let bound =
            bind(settings, state, routes::table()).with_context(|| format!("cannot listen on {}", settings.listen))?;
        print(&format!("Fairtrial answers at http://{}\n", bound.address))?;
        Ok(bound.server.await?)
    })
}

fn new_id() -> String {
    // Without random bytes the request goes on: its id only names it in the log.
    getrandom::u64().map_or_else(|_| "none".into(), |number| format!("{number:016x}"))
}
