//! People who do not want to be in trials, and how many trials one person may meet.

use actix_web::http::StatusCode;
use fairtrial_app::{Actor, BurdenCap, frontline::opt_out::OptOutCall};
use fairtrial_domain::{Fault, UnitText, note::OptOutKind};
use serde_json::json;

use super::notes::code;
use crate::{
    problem::{Code, Problem},
    transport::{self, Answer, Call, Limit, one_of, whole},
};

/// `POST /v1/optouts`
pub(crate) async fn begin(call: Call) -> Answer {
    let (state, caller) = (call.state.clone(), call.caller.clone());
    let asked = read(call).await?;
    let reference = state.app.opt_out(&Actor::Key(caller.key()?.clone()), &asked).await?;
    transport::json(StatusCode::OK, &json!({"reference": reference}))
}

/// `POST /v1/optouts/withdraw`
pub(crate) async fn withdraw(call: Call) -> Answer {
    let (state, caller) = (call.state.clone(), call.caller.clone());
    let asked = read(call).await?;
    let reference = state.app.withdraw_opt_out(&Actor::Key(caller.key()?.clone()), &asked).await?;
    transport::json(StatusCode::OK, &json!({"reference": reference}))
}

/// `PUT /v1/burden-cap`
pub(crate) async fn limit(call: Call) -> Answer {
    let (state, actor) = (call.state.clone(), call.caller.actor()?);
    let mut fields = call.fields(Limit::SINGLE).await?;
    let mut number = |name: &'static str| {
        let given = fields.optional(name);
        let there = given.is_some();
        let read = fields.read(name, given, |value| {
            let number = whole(&value).and_then(|number| u32::try_from(number).ok());
            number.ok_or(("wrong_type", "must be a whole number, or null for no limit".into()))
        });
        if there && read.is_none() { None } else { Some(read) }
    };
    let (trials, days) = (number("trials"), number("days"));
    let cap = match fields.finish(trials.zip(days))? {
        (None, None) => None,
        (Some(trials), Some(days)) => Some(BurdenCap { trials, days }),
        _ => {
            let fault =
                Fault::new("", "missing_field", "trials and days belong together: send both, or neither for no limit");
            return Err(Problem::with_errors(Code::InvalidBody, vec![fault]));
        }
    };
    state.app.set_burden_cap(&actor, cap).await?;
    let told = json!({"trials": cap.map(|cap| cap.trials), "days": cap.map(|cap| cap.days)});
    transport::json(StatusCode::OK, &told)
}

async fn read(call: Call) -> Result<OptOutCall, Problem> {
    let mut fields = call.fields(Limit::SINGLE).await?;
    let unit = fields.text("unit");
    let kind = fields.needed("kind");
    let words: Vec<&str> = OptOutKind::ALL.iter().map(|kind| kind.as_str()).collect();
    let kind = fields.read("kind", kind, |value| one_of(&value, &words).map(OptOutKind::from_word)).flatten();
    let trial = fields.optional_text("trial");
    let channel = code(&mut fields, "channel");
    let (unit, (kind, channel)) = fields.finish(unit.zip(kind.zip(channel)))?;
    Ok(OptOutCall { unit: UnitText::new(&unit)?, kind, trial, channel })
}
