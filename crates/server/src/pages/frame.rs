//! What stands around a page, for whoever is looking.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use fairtrial_app::{
    Trial, frontline::opt_out::WRITERS, learned::portfolio::READERS, people::sessions::Session,
    public::messages::READERS as MESSAGES, trials::reviews::REVIEWERS,
};
use fairtrial_domain::trial::PersonRole;
use fairtrial_pages::{
    Frame, Moment,
    frame::{Facts, Section, SignedIn},
};

use crate::server::State;

/// Where agencies are, when a page is not about a trial with a time zone of its own.
pub(super) const AGENCY_ZONE: Tz = chrono_tz::Pacific::Auckland;

/// Around a page of somebody who is signed in.
pub(super) fn signed_in(state: &State, session: &Session, section: Section) -> Frame {
    let person = &session.person;
    let mut menu = vec![Section::Home, Section::Trials, Section::Library];
    if REVIEWERS.iter().any(|role| person.has(*role)) {
        menu.push(Section::Reviews);
    }
    if READERS.iter().any(|role| person.has(*role)) {
        menu.push(Section::Portfolio);
    }
    if MESSAGES.iter().any(|role| person.has(*role)) {
        menu.push(Section::Messages);
    }
    if WRITERS.iter().any(|role| person.has(*role)) {
        menu.push(Section::OptOuts);
    }
    if person.has(PersonRole::Administrator) {
        menu.extend([Section::Keys, Section::People]);
    }
    menu.push(Section::Account);
    let agency = state.app.agencies().into_iter().find(|agency| agency.id == person.agency_id);
    let signed_in =
        SignedIn { name: person.name.clone(), agency: agency.map(|agency| agency.name).unwrap_or_default(), menu };
    Frame { signed_in: Some(signed_in), section, csrf: session.csrf_token().to_owned(), ..outside(state, "") }
}

/// Around a page about a trial's data as they stand at a moment; with the moment in the trial's time zone.
pub(super) fn of_data(state: &State, session: &Session, trial: &Trial, as_of: DateTime<Utc>) -> (Frame, Moment) {
    let as_of = Moment::new(as_of, trial.plan.protocol().time_zone);
    let mut frame = signed_in(state, session, Section::Trials);
    (frame.facts.as_at, frame.facts.protocol_id) = (Some(as_of), Some(trial.plan.id().to_string()));
    (frame, as_of)
}

/// Around a page for anybody; `csrf` is the text that its form brings back.
pub(super) fn outside(state: &State, csrf: &str) -> Frame {
    Frame { csrf: csrf.to_owned(), demonstration: state.demonstration, ..bare() }
}

/// Around a page of a server that knows nothing yet.
pub(super) fn bare() -> Frame {
    Frame {
        signed_in: None,
        csrf: String::new(),
        section: Section::Outside,
        demonstration: false,
        notice: None,
        facts: Facts { as_at: None, protocol_id: None, engine: env!("CARGO_PKG_VERSION").to_owned() },
    }
}

/// A moment in the agency's time zone.
pub(super) fn moment(at: DateTime<Utc>) -> Moment {
    Moment::new(at, AGENCY_ZONE)
}
