//! Lists of people for letters.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use fairtrial_app::frontline::batch::SentUnit;
use fairtrial_domain::Fault;
use fairtrial_store::batches::BatchRow;
use serde_json::{Map, Value, json};

use super::{assignments::instant, event_formats};
use crate::{
    problem::{Code, Problem},
    transport::{self, Answer, Call, Fields, Limit, parse_json},
};

/// `POST /v1/trials/{trial}/batches`
pub(crate) async fn upload(call: Call) -> Answer {
    let (state, actor, trial) = (call.state.clone(), call.caller.actor()?, call.part("trial").to_owned());
    // Before the list is read: another agency's trial looks like none.
    state.app.trial_of(&actor, &trial)?;
    let (media_type, bytes) = call.body(&["text/csv", "application/json"], Limit::LIST).await?;
    let texts = media_type == "text/csv";
    let sent = if texts { event_formats::units(&bytes)? } else { listed(&bytes)? };
    let (batch, new) = state.app.upload_batch(&actor, &trial, &sent, texts).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    transport::json(status, &shown(&trial, &batch)?)
}

/// `POST /v1/trials/{trial}/batches/{batch}/commit`
pub(crate) async fn commit(call: Call) -> Answer {
    let actor = call.caller.actor()?;
    let batch = call.state.app.commit_batch(&actor, call.part("trial"), call.part("batch")).await?;
    transport::json(StatusCode::OK, &shown(call.part("trial"), &batch)?)
}

/// `GET /v1/trials/{trial}/batches/{batch}`: the list, or with `.csv` behind its name the file for letters.
pub(crate) async fn show(call: Call) -> Answer {
    let (actor, trial, name) = (call.caller.actor()?, call.part("trial"), call.part("batch"));
    let Some(id) = name.strip_suffix(".csv") else {
        let batch = call.state.app.batch(&actor, trial, name).await?;
        return transport::json(StatusCode::OK, &shown(trial, &batch)?);
    };
    let batch = call.state.app.batch(&actor, trial, id).await?;
    let Some((file, checksum)) = batch.file.zip(batch.checksum) else {
        let fault = Fault::new("", "not_committed", "a second person has to commit the list first");
        return Err(Problem::with_errors(Code::Conflict, vec![fault]));
    };
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::ETAG, format!("\"sha256:{checksum}\"")))
        .insert_header(("X-Checksum-SHA256", checksum))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{trial}-{id}.csv\"")))
        .body(file))
}

fn listed(bytes: &[u8]) -> Result<Vec<SentUnit>, Problem> {
    let mut fields = Fields::new(parse_json(bytes)?)?;
    let units = fields.list("units");
    let read = |(line, value): (u64, Value)| -> Result<SentUnit, Problem> {
        let place = format!("/units/{}", line - 1);
        let wrong = |detail: &str| {
            Problem::with_errors(Code::InvalidBody, vec![Fault::new(place.clone(), "wrong_type", detail.to_owned())])
        };
        let Value::Object(mut map) = value else { return Err(wrong("must be an object")) };
        let text = |value: Option<Value>| match value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong("unit and cluster are texts")),
        };
        let (unit, cluster) = (text(map.remove("unit"))?, text(map.remove("cluster"))?);
        let attributes = match map.remove("attributes") {
            None => Map::new(),
            Some(Value::Object(attributes)) => attributes,
            Some(_) => return Err(wrong("attributes is an object")),
        };
        if !map.is_empty() {
            return Err(wrong("known fields are unit, cluster and attributes"));
        }
        Ok(SentUnit { line, unit: unit.unwrap_or_default(), cluster, attributes })
    };
    (1..).zip(fields.finish(units)?).map(read).collect()
}

fn shown(trial: &str, batch: &BatchRow) -> Result<Value, Problem> {
    let read = |text: &str| serde_json::from_str::<Value>(text).map_err(|_| Problem::internal());
    let at = |micros: i64| chrono::DateTime::from_timestamp_micros(micros).map(instant);
    Ok(json!({
        "trial": trial, "id": batch.id, "protocol_id": batch.protocol_id,
        "state": if batch.committed_at.is_some() { "committed" } else { "uploaded" },
        "accepted": batch.accepted, "refused": read(&batch.refused)?, "balance": read(&batch.balance)?,
        "uploaded_at": at(batch.uploaded_at), "committed_at": batch.committed_at.and_then(at), "checksum": batch.checksum,
    }))
}
