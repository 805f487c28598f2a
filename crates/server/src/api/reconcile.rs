//! What was kept of what was sent.

use actix_web::http::StatusCode;
use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::{
    problem::{Code, Problem},
    transport::{self, Answer, Call},
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

/// Four digits, two and two: the library reads more.
fn read_day(text: &str) -> Result<NaiveDate, Problem> {
    let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| plain);
    day.ok_or_else(|| Problem::new(Code::MalformedRequest, "day is a day such as 2026-11-23."))
}
