//! Taking outcome events in, each exactly once.

use std::{collections::BTreeSet, sync::Arc};

use fairtrial_domain::{
    Pseudonym, PseudonymKey,
    event::{Catalogue, EventId, MAX_BATCH, NewEvent, Rejection, Replaces, Sender, screen},
    trial::{LinkId, Scope},
};
use fairtrial_store::{Kept, RecordRequest, Recorded, Unfit};
use serde_json::Value;

use crate::{
    error::AppError,
    state::{App, actor::KeyActor, refusals::Refused},
    trials::link::{Link, LinkStanding},
};

/// What became of an item that was not taken as new, or was and does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemResult {
    /// Position in the batch, from 0.
    pub index: usize,
    /// The sender's name for it, where it could be read.
    pub event_id: Option<EventId>,
    /// HTTP status of this item: 200 for a repeat, 202 for a correction that is kept and comes too late to count, 409 for a conflict,
    /// 422 for one that is refused.
    pub status: u16,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub detail: String,
}

/// What became of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// New events, kept; and those that are spooled.
    pub accepted: usize,
    /// Events that are kept on this server's disk, because the database is away. Which of them are repeats is found when they
    /// are stored.
    pub spooled: usize,
    /// Events that were kept before, the same.
    pub duplicate: usize,
    /// Events not kept.
    pub rejected: usize,
    /// The items that were not taken as new, and corrections that came too late to count, in their order.
    pub results: Vec<ItemResult>,
}

impl App {
    /// Takes a batch in. When this returns, what it calls accepted survives a loss of power: in the database, or on this
    /// server's disk when the database is away and the server has a spool.
    ///
    /// With `dry_run`, or a test key, items are screened and nothing is kept.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for an empty or too long batch, [`AppError::Busy`] and [`AppError::Unavailable`] when nothing
    /// could be kept: send the same batch again later.
    pub async fn record(&self, caller: &KeyActor, items: &[Value], dry_run: bool) -> Result<Receipt, AppError> {
        let directory = self.directory.load_full();
        let agency = directory.agency(caller.agency_id)?;
        let door = Door {
            agency_id: agency.id,
            catalogue: &agency.catalogue,
            pseudonym_key: &agency.pseudonym_key,
            link: None,
            trial: None,
        };
        self.take(caller, &door, items, dry_run).await
    }

    /// Takes a batch in that one agency sends for another one's trial. The units are codes that both know; they become the
    /// other agency's pseudonyms here, and nothing about them is told.
    ///
    /// # Errors
    /// As [`App::record`]; [`AppError::NotFound`] for a link of other agencies, [`AppError::Forbidden`] for the agency that
    /// owns the trial, [`AppError::Conflict`] when the link is not in force or the trial takes no outcomes.
    pub async fn record_linked(
        &self,
        caller: &KeyActor,
        link: &str,
        items: &[Value],
        dry_run: bool,
    ) -> Result<Receipt, AppError> {
        let directory = self.directory.load_full();
        let concerns = |link: &&Arc<Link>| [link.partner_id, link.trial.agency_id].contains(&caller.agency_id);
        let link = directory.links.get(link).filter(concerns).ok_or(AppError::NotFound("link"))?;
        if link.partner_id != caller.agency_id {
            return Err(AppError::Forbidden("the agency of the trial sends its outcomes to /v1/events".into()));
        }
        if link.standing(self.ambient.now()) != LinkStanding::InForce {
            let detail = "this link is not in force: it waits to be accepted, has ended, or its time is over";
            return Err(AppError::conflict("link_not_in_force", detail));
        }
        if !link.trial.state.collects_events() {
            let detail = "the trial takes no outcomes now: it has not started, or its data are locked";
            return Err(AppError::conflict("takes_no_outcomes", detail));
        }
        let owner = directory.agency(link.trial.agency_id)?;
        let door = Door {
            agency_id: owner.id,
            catalogue: &link.catalogue,
            pseudonym_key: &owner.pseudonym_key,
            link: Some(&link.id),
            trial: Some(link.trial.id),
        };
        self.take(caller, &door, items, dry_run).await
    }

    async fn take(
        &self,
        caller: &KeyActor,
        door: &Door<'_>,
        items: &[Value],
        dry_run: bool,
    ) -> Result<Receipt, AppError> {
        caller.needs(Scope::EventsWrite)?;
        if items.is_empty() || items.len() > MAX_BATCH {
            return Err(AppError::invalid("/events", "batch_size", format!("a batch holds 1 to {MAX_BATCH} events")));
        }
        let screened = screen(items, door.catalogue, door.pseudonym_key, self.ambient.now());
        let mut receipt = Receipt::default();
        let mut turned_away: Vec<Refused> = screened.rejections.iter().filter_map(turned_away).collect();
        receipt.results.extend(screened.rejections.into_iter().map(refused));
        let mut indexes = Vec::new();
        let mut ids = Vec::new();
        let mut events = Vec::new();
        let mut told = Vec::new();
        for (index, event) in screened.events {
            if door.is_told_too_much(&event) {
                let result = too_much(index, event.event_id);
                turned_away.push(Refused { unit: event.unit, kind: Some(event.kind), code: result.code });
                receipt.results.push(result);
                continue;
            }
            let (event_id, event) = door.let_in(event);
            indexes.push(index);
            ids.push(event_id);
            told.push((event.unit, event.kind.clone(), event.replaces.is_some()));
            events.push(event);
        }
        if !caller.live || dry_run {
            receipt.accepted = events.len();
        } else {
            let request = RecordRequest {
                agency_id: door.agency_id,
                sender: Sender::Key(caller.id),
                events,
                refused: receipt.results.len(),
                received_at: self.ambient.now_micros(),
                promised: false,
            };
            match self.store.record(request).await? {
                Kept::Spooled => (receipt.accepted, receipt.spooled) = (ids.len(), ids.len()),
                Kept::Stored(answer) => {
                    let mut corrections = Vec::new();
                    for (((index, event_id), about), recorded) in indexes.into_iter().zip(ids).zip(told).zip(answer.0) {
                        let (unit, kind, replaces) = about;
                        let result = match recorded {
                            Recorded::New(place) => {
                                receipt.accepted += 1;
                                if replaces {
                                    corrections.push((index, event_id, unit, kind, place));
                                }
                                continue;
                            }
                            Recorded::Waits => {
                                receipt.accepted += 1;
                                continue;
                            }
                            Recorded::Duplicate => repeat(index, event_id),
                            Recorded::Conflict => conflict(index, event_id),
                            Recorded::Unfit(why) => unfit(index, event_id, why),
                        };
                        if result.status != 200 {
                            let kind = LinkId::unmark(&kind).map_or(kind.as_str(), |(_, own)| own).to_owned();
                            turned_away.push(Refused { unit, kind: Some(kind), code: result.code });
                        }
                        receipt.results.push(result);
                    }
                    receipt.results.extend(self.too_late(door, corrections).await?);
                }
            }
            if !turned_away.is_empty() {
                self.count_refused(door.agency_id, (Some(caller.id), None), door.trial, &turned_away);
            }
        }
        receipt.results.sort_by_key(|result| result.index);
        receipt.duplicate = receipt.results.iter().filter(|result| result.status == 200).count();
        receipt.rejected = receipt.results.iter().filter(|result| result.status >= 400).count();
        Ok(receipt)
    }

    /// Which corrections came after the data of trials of their people were locked, and so change nothing there.
    async fn too_late(&self, door: &Door<'_>, corrections: Vec<Correction>) -> Result<Vec<ItemResult>, AppError> {
        if corrections.is_empty() {
            return Ok(Vec::new());
        }
        // Another server may have locked one a moment ago.
        let ((), directory) = self.read_with_directory(|_| Ok(())).await?;
        let result = |(index, event_id, unit, kind, place): Correction| {
            let kind = LinkId::unmark(&kind).map_or(kind.as_str(), |(_, own)| own);
            let names = std::iter::once(unit).chain(self.identities.others(&unit, None));
            let trials: BTreeSet<i64> = names.flat_map(|name| self.known.trials_of(&name)).collect();
            let locked = trials.iter().filter_map(|id| directory.by_id.get(id)).filter(|trial| {
                trial.hears(door.agency_id, door.trial, kind) && trial.locked_sequence.is_some_and(|last| place > last)
            });
            let locked = locked.count();
            (locked > 0).then(|| too_late(index, event_id, locked))
        };
        Ok(corrections.into_iter().filter_map(result).collect())
    }
}

/// A correction that was kept: its position in the batch, its id, whom it is about, its kind, and its place in the log.
type Correction = (usize, EventId, Pseudonym, String, i64);

/// Where events come in: in whose name they are kept, and what may come.
struct Door<'a> {
    agency_id: i64,
    catalogue: &'a Catalogue,
    pseudonym_key: &'a PseudonymKey,
    link: Option<&'a LinkId>,
    /// The one trial for which they come through a link.
    trial: Option<i64>,
}

impl Door<'_> {
    /// Whether an event tells more than was agreed.
    fn is_told_too_much(&self, event: &NewEvent) -> bool {
        self.link.is_some() && !event.attributes.is_empty()
    }

    /// The event as it is kept, with the sender's own name for it.
    fn let_in(&self, event: NewEvent) -> (EventId, NewEvent) {
        let event_id = event.event_id.clone();
        match self.link {
            None => (event_id, event),
            Some(link) => {
                let kind = link.mark(&event.kind);
                // Only what came through the link itself can be replaced through it.
                let replaces = event.replaces.map(|it| Replaces { event_id: it.event_id.within(link), ..it });
                let kept = NewEvent { event_id: event_id.within(link), kind, replaces, ..event };
                (event_id, kept)
            }
        }
    }
}

fn too_much(index: usize, event_id: EventId) -> ItemResult {
    let detail = "through a link come kind, value and time only; leave the attributes out".into();
    ItemResult { index, event_id: Some(event_id), status: 422, code: "attributes_not_linked", detail }
}

pub(super) fn turned_away(rejection: &Rejection) -> Option<Refused> {
    let (unit, kind) = rejection.about.clone()?;
    Some(Refused { unit, kind, code: rejection.code })
}

fn refused(rejection: Rejection) -> ItemResult {
    let Rejection { index, event_id, about: _, status, code, detail } = rejection;
    ItemResult { index, event_id, status, code, detail }
}

fn repeat(index: usize, event_id: EventId) -> ItemResult {
    let detail = "this event was kept before; nothing changed".into();
    ItemResult { index, event_id: Some(event_id), status: 200, code: "duplicate", detail }
}

fn too_late(index: usize, event_id: EventId, trials: usize) -> ItemResult {
    let detail = format!(
        "this is kept, and changes nothing in the results of {trials} trial{} whose data were locked before it came; tell their analysts",
        if trials == 1 { "" } else { "s" }
    );
    ItemResult { index, event_id: Some(event_id), status: 202, code: "after_data_lock", detail }
}

fn unfit(index: usize, event_id: EventId, why: Unfit) -> ItemResult {
    let (status, code, detail) = match why {
        Unfit::UnknownEvent => (
            422,
            "unknown_event_id",
            "no event was kept under the id that this names: send that event first, or check the id",
        ),
        Unfit::OtherUnit => (
            422,
            "corrects_other_unit",
            "the event that this names is about another unit: retract it and send a new one",
        ),
        Unfit::OtherKind => {
            (422, "corrects_other_kind", "the event that this names is of another kind: retract it and send a new one")
        }
        Unfit::Replaced => {
            let detail = "the event that this names was corrected or retracted before; name that correction, or leave it as it is";
            (409, "already_corrected", detail)
        }
    };
    ItemResult { index, event_id: Some(event_id), status, code, detail: detail.into() }
}

fn conflict(index: usize, event_id: EventId) -> ItemResult {
    let detail = "another event has this event_id; the first one stands. Give each event an id of its own".into();
    ItemResult { index, event_id: Some(event_id), status: 409, code: "event_id_conflict", detail }
}
