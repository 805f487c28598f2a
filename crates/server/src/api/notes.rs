//! What the front line notes of people in a trial.

use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use fairtrial_app::{
    Actor,
    frontline::notes::{HarmCall, NoteCall, NoteReceipt, OverrideCall},
};
use fairtrial_domain::{
    UnitText,
    event::{EventId, read_time},
    note::{CodeWord, DeliveryStatus},
};
use serde_json::{Value, json};

use crate::transport::{self, Answer, Call, Fields, Limit, one_of, whole};

/// `POST /v1/trials/{trial}/delivery`
pub(crate) async fn deliver(call: Call) -> Answer {
    let (state, caller, trial, mut fields) = begin(call).await?;
    let (event_id, unit) = (event_id(&mut fields), fields.text("unit"));
    let status = fields.needed("status");
    let words: Vec<&str> = DeliveryStatus::ALL.iter().map(|status| status.as_str()).collect();
    let status = fields.read("status", status, |value| one_of(&value, &words).map(DeliveryStatus::from_word)).flatten();
    let at = time(&mut fields, state.app.ambient().now());
    let (event_id, unit, (status, at)) = fields.finish(all(event_id, unit, status.zip(at)))?;
    let note = NoteCall { event_id, unit: UnitText::new(&unit)? };
    let receipt = state.app.note_delivery(caller.key()?, &trial, &note, status, at).await?;
    answer(&trial, &note, &receipt)
}

/// `POST /v1/trials/{trial}/override`
pub(crate) async fn give_another(call: Call) -> Answer {
    let (state, caller, trial, mut fields) = begin(call).await?;
    let (event_id, unit) = (event_id(&mut fields), fields.text("unit"));
    let to_arm = fields.text("to_arm");
    let reason_code = code(&mut fields, "reason_code");
    let remark = fields.optional_text("note");
    let (event_id, unit, (to_arm, reason_code)) = fields.finish(all(event_id, unit, to_arm.zip(reason_code)))?;
    let note = NoteCall { event_id, unit: UnitText::new(&unit)? };
    let asked = OverrideCall { note, to_arm, reason_code, remark };
    let receipt = state.app.override_version(caller.key()?, &trial, &asked).await?;
    answer(&trial, &asked.note, &receipt)
}

/// `POST /v1/trials/{trial}/harms`
pub(crate) async fn report_harm(call: Call) -> Answer {
    let (state, caller, trial, mut fields) = begin(call).await?;
    let (event_id, unit) = (event_id(&mut fields), fields.text("unit"));
    let severity = fields.needed("severity");
    let severity = fields.read("severity", severity, |value| {
        let weight =
            whole(&value).filter(|weight| (1..=4).contains(weight)).and_then(|weight| u8::try_from(weight).ok());
        weight.ok_or(("out_of_range", "must be a whole number from 1 (slight) to 4 (gravest)".into()))
    });
    let kind = code(&mut fields, "kind");
    let at = time(&mut fields, state.app.ambient().now());
    let (event_id, unit, ((severity, kind), at)) = fields.finish(all(event_id, unit, severity.zip(kind).zip(at)))?;
    let note = NoteCall { event_id, unit: UnitText::new(&unit)? };
    let asked = HarmCall { note, severity, kind, at };
    let receipt = state.app.report_harm(caller.key()?, &trial, &asked).await?;
    answer(&trial, &asked.note, &receipt)
}

type Begun = (std::rc::Rc<crate::server::State>, crate::access::Caller, String, Fields);

/// Another agency's trial looks like none, whatever the body.
async fn begin(call: Call) -> Result<Begun, crate::problem::Problem> {
    let (state, caller, trial) = (call.state.clone(), call.caller.clone(), call.part("trial").to_owned());
    state.app.trial_of(&Actor::Key(caller.key()?.clone()), &trial)?;
    let fields = call.fields(Limit::SINGLE).await?;
    Ok((state, caller, trial, fields))
}

fn all<A, B, C>(a: Option<A>, b: Option<B>, c: Option<C>) -> Option<(A, B, C)> {
    Some((a?, b?, c?))
}

pub(super) fn event_id(fields: &mut Fields) -> Option<EventId> {
    let value = fields.needed("event_id");
    fields.read("event_id", value, |value| {
        let detail = "event_id is 1 to 128 characters of A to Z, a to z, 0 to 9 and . _ : ~ -";
        value.as_str().and_then(EventId::new).ok_or(("malformed_event_id", detail.into()))
    })
}

fn time(fields: &mut Fields, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let value = fields.needed("at");
    fields.read("at", value, |value| match value.as_str() {
        Some(text) => read_time("at", text, now),
        None => Err(("wrong_type", "must be a text".into())),
    })
}

/// A code from a list of the agency's own.
pub(super) fn code(fields: &mut Fields, name: &'static str) -> Option<CodeWord> {
    let value = fields.needed(name);
    fields.read(name, value, |value| {
        let read = value.as_str().map(CodeWord::new);
        read.unwrap_or(Err(fairtrial_domain::note::CodeWordError))
            .map_err(|error| ("malformed_code", error.to_string()))
    })
}

fn answer(trial: &str, note: &NoteCall, receipt: &NoteReceipt) -> Answer {
    let status = if receipt.duplicate { "duplicate" } else { "accepted" };
    let body: Value =
        json!({"trial": trial, "event_id": note.event_id.as_str(), "status": status, "state": receipt.state});
    transport::json(StatusCode::OK, &body)
}
