//! What was learned.

use actix_web::http::StatusCode;
use fairtrial_app::{Actor, App, AppError};
use fairtrial_domain::trial::AmendmentClass;
use serde::Serialize;
use serde_json::{Value, json};

use super::trials::version;
use crate::{
    problem::Problem,
    transport::{self, Answer, Call},
};

/// `GET /v1/trials/{trial}/report`
pub(crate) async fn show(call: Call) -> Answer {
    let actor = call.caller.actor()?;
    let (_, report) = call.state.app.agency_report(&actor, call.part("trial")).await?;
    transport::json(StatusCode::OK, &with_changes(&call.state.app, &actor, call.part("trial"), &report).await?)
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
