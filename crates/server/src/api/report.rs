//! What was learned.

use actix_web::http::StatusCode;
use chrono::{NaiveDate, SecondsFormat};
use fairtrial_app::{Actor, App, AppError};
use fairtrial_domain::trial::AmendmentClass;
use serde::Serialize;
use serde_json::{Value, json};

use super::trials::version;
use crate::{
    problem::{Code, Problem},
    transport::{self, Answer, Call},
};

/// `GET /v1/trials/{trial}/report`
pub(crate) async fn show(call: Call) -> Answer {
    let actor = call.caller.actor()?;
    if let Some(day) = call.query.get("as_at") {
        return as_at(&call, &actor, day).await;
    }
    let seen = call.state.app.agency_report(&actor, call.part("trial")).await?;
    transport::json(StatusCode::OK, &with_changes(&call.state.app, &actor, call.part("trial"), &seen.report).await?)
}

/// The report as the data stood at the end of a day, labelled so.
async fn as_at(call: &Call, actor: &Actor, day: &str) -> Answer {
    let found = call.state.app.report_as_at(actor, call.part("trial"), read_day(day)?).await?;
    let mut document = with_changes(&call.state.app, actor, call.part("trial"), &found.report).await?;
    if let Some(fields) = document.as_object_mut() {
        let until = found.until.to_rfc3339_opts(SecondsFormat::Secs, true);
        fields.insert("as_at".into(), json!({"day": day, "until": until, "is_the_verdict": false}));
    }
    transport::json(StatusCode::OK, &document)
}

/// A day of the query.
pub(crate) fn read_day(text: &str) -> Result<NaiveDate, Problem> {
    let strict = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let day = strict.then(|| text.parse().ok()).flatten();
    day.ok_or_else(|| Problem::new(Code::MalformedRequest, "as_at is a day such as 2026-11-23."))
}

/// A report as a document, with every major amendment that was in force: what was changed after the start is part of it.
pub(crate) async fn with_changes(
    app: &App,
    actor: &Actor,
    key: &str,
    report: &impl Serialize,
) -> Result<Value, Problem> {
    let changes = changes(app, actor, key).await?;
    let mut document = serde_json::to_value(report).map_err(|error| {
        tracing::error!(%error, "a report could not be written");
        Problem::internal()
    })?;
    if let Some(fields) = document.as_object_mut() {
        fields.insert("changed_after_start".into(), json!(changes));
    }
    Ok(document)
}

/// The major amendments that were in force.
pub(crate) async fn changes(app: &App, actor: &Actor, key: &str) -> Result<Vec<Value>, AppError> {
    let versions = app.changes_of(actor, key).await?;
    let major = versions.iter().filter(|version| {
        let class = version.amendment.as_ref().map(|amendment| amendment.class);
        class == Some(AmendmentClass::Major) && version.in_force_from.is_some()
    });
    Ok(major.map(version).collect())
}
