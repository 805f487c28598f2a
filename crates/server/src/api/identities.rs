//! People who are known by several names.

use actix_web::http::StatusCode;
use fairtrial_app::{
    Actor,
    frontline::{apart::ApartCall, same_person::SamePersonCall},
};
use fairtrial_domain::UnitText;
use serde_json::json;

use super::notes::{code, event_id};
use crate::transport::{self, Answer, Call, Limit};

/// `POST /v1/identities`
pub(crate) async fn link(call: Call) -> Answer {
    let (state, caller) = (call.state.clone(), call.caller.clone());
    let mut fields = call.fields(Limit::SINGLE).await?;
    let (id, unit, same_as) = (event_id(&mut fields), fields.text("unit"), fields.text("same_as"));
    let purpose = code(&mut fields, "purpose");
    let ((event_id, purpose), (unit, same_as)) = fields.finish(id.zip(purpose).zip(unit.zip(same_as)))?;
    let (unit, same_as) = (UnitText::new(&unit)?, UnitText::new(&same_as)?);
    let asked = SamePersonCall { event_id, unit, same_as, purpose };
    let receipt = state.app.link_units(&Actor::Key(caller.key()?.clone()), &asked).await?;
    let status = if receipt.duplicate { "duplicate" } else { "accepted" };
    let body = json!({
        "event_id": asked.event_id.as_str(), "status": status,
        "in_two_arms": receipt.in_two_arms, "in_twice": receipt.in_twice,
    });
    transport::json(StatusCode::OK, &body)
}

/// `POST /v1/identities/withdraw`
pub(crate) async fn part(call: Call) -> Answer {
    let (state, caller) = (call.state.clone(), call.caller.clone());
    let mut fields = call.fields(Limit::SINGLE).await?;
    let (id, unit, same_as) = (event_id(&mut fields), fields.text("unit"), fields.text("same_as"));
    let reason = code(&mut fields, "reason");
    let ((event_id, reason), (unit, same_as)) = fields.finish(id.zip(reason).zip(unit.zip(same_as)))?;
    let (unit, same_as) = (UnitText::new(&unit)?, UnitText::new(&same_as)?);
    let asked = ApartCall { event_id, unit, same_as, reason };
    let receipt = state.app.part_units(&Actor::Key(caller.key()?.clone()), &asked).await?;
    let status = if receipt.duplicate { "duplicate" } else { "accepted" };
    let body = json!({"event_id": asked.event_id.as_str(), "status": status, "left_out_in": receipt.left_out_in});
    transport::json(StatusCode::OK, &body)
}
