//! What was kept of what was sent.

use actix_web::http::StatusCode;
use chrono::NaiveDate;
use fairtrial_app::{
    AppError,
    frontline::reconcile::{About, DeclarationCall},
};
use serde_json::{Value, json};

use crate::{
    problem::{Code, Problem},
    transport::{self, Answer, Call, Limit},
};

/// `GET /v1/reconcile`
pub(crate) async fn show(call: Call) -> Answer {
    let app = &call.state.app;
    let day = match call.query.get("day") {
        None => app.today(),
        Some(text) => read_day(text)?,
    };
    let rows = app.reconcile(call.caller.key()?, day).await?;
    let keys: Vec<Value> = rows
        .into_iter()
        .map(|row| {
            json!({
                "key": row.public_id, "name": row.name, "accepted": row.accepted, "duplicate": row.duplicate,
                "conflict": row.conflict, "rejected": row.rejected, "fingerprint": row.digest.hex(),
            })
        })
        .collect();
    transport::json(StatusCode::OK, &json!({"day": day.to_string(), "keys": keys}))
}

/// `POST /v1/reconcile`
pub(crate) async fn declare(call: Call) -> Answer {
    let (state, caller) = (call.state.clone(), call.caller.clone());
    let mut fields = call.fields(Limit::SINGLE).await?;
    let (from, to, sent) = (fields.needed("from"), fields.needed("to"), fields.needed("sent"));
    let day = |value: Value| {
        let day = value.as_str().and_then(day_of);
        day.ok_or_else(|| ("malformed_day", "must be a day such as 2026-11-23".to_owned()))
    };
    let (from, to) = (fields.read("from", from, day), fields.read("to", to, day));
    let sent = fields.read("sent", sent, |value| {
        transport::whole(&value).ok_or_else(|| ("wrong_type", "must be a whole number".to_owned()))
    });
    let fingerprint = fields.optional_text("fingerprint");
    let (trial, link) = (fields.optional_text("trial"), fields.optional_text("link"));
    let ((from, to), sent) = fields.finish(from.zip(to).zip(sent))?;
    let about = match (trial, link) {
        (None, None) => About::Agency,
        (Some(trial), None) => About::Trial(trial),
        (None, Some(link)) => About::Link(link),
        (Some(_), Some(_)) => {
            let detail = "a link is for one trial; leave the trial out";
            return Err(AppError::invalid("/trial", "trial_and_link", detail).into());
        }
    };
    let call = DeclarationCall { about, from, to, sent, fingerprint };
    let found = state.app.declare(caller.key()?, &call).await?;
    let mut body = json!({
        "from": from, "to": to, "sent": found.sent, "kept": found.kept, "same_ids": found.same_ids,
        "agrees": found.differing() == 0,
    });
    match call.about {
        About::Agency => {}
        About::Trial(trial) => body["trial"] = json!(trial),
        About::Link(link) => body["link"] = json!(link),
    }
    transport::json(StatusCode::OK, &body)
}

/// Four digits, two and two: the library reads more.
fn read_day(text: &str) -> Result<NaiveDate, Problem> {
    day_of(text).ok_or_else(|| Problem::new(Code::MalformedRequest, "day is a day such as 2026-11-23."))
}

fn day_of(text: &str) -> Option<NaiveDate> {
    let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| plain)
}
