//! Receivers of alerts.

use actix_web::http::StatusCode;
use fairtrial_app::alerts::{NewReceiver, ReceiverView, SendingState, SendingView};
use fairtrial_domain::trial::AlertKind;
use fairtrial_pages::{
    frame::Section,
    receiver::{Create, Created, List, Row, Sending, Show, Standing},
};

use super::{faults_of_form, frame, go_to, page};
use crate::{
    problem::{Code, Problem},
    transport::{Answer, Call},
};

/// `GET /admin/receivers`
pub(crate) async fn list(call: Call) -> Answer {
    let receivers = call.state.app.receivers(&call.caller.actor()?).await?;
    let list = List {
        frame: frame::signed_in(&call.state, call.caller.session()?, Section::Keys),
        is_on: !call.state.app.alert_hosts().is_empty(),
        receivers: receivers.into_iter().map(row).collect(),
    };
    page(StatusCode::OK, fairtrial_pages::render(&list))
}

/// `GET /admin/receivers/new`
pub(crate) async fn new(call: Call) -> Answer {
    let frame = frame::signed_in(&call.state, call.caller.session()?, Section::Keys);
    page(StatusCode::OK, fairtrial_pages::render(&Create::new(frame)))
}

/// `POST /admin/receivers`
pub(crate) async fn create(call: Call) -> Answer {
    let (form, state, caller) = call.form(&["name", "address", "kind"]).await?;
    let not_ours = || Problem::new(Code::InvalidBody, "The form has a choice that its page does not have.");
    let kinds: Option<Vec<AlertKind>> = form.all("kind").iter().map(|word| AlertKind::from_word(word)).collect();
    let kinds = kinds.ok_or_else(not_ours)?;
    let (name, address) = (form.get("name").trim().to_owned(), form.get("address").trim().to_owned());
    let frame = frame::signed_in(&state, caller.session()?, Section::Keys);
    let new = NewReceiver { name: name.clone(), address: address.clone(), kinds: kinds.clone() };
    match state.app.create_receiver(&caller.actor()?, &new).await {
        Ok((id, secret)) => page(StatusCode::CREATED, fairtrial_pages::render(&Created { frame, name, id, secret })),
        Err(error) => {
            let errors = faults_of_form(error)?;
            let again = Create::new(frame).given(name, address, &kinds).refused(errors);
            page(StatusCode::UNPROCESSABLE_ENTITY, fairtrial_pages::render(&again))
        }
    }
}

/// `GET /admin/receivers/{receiver}`
pub(crate) async fn show(call: Call) -> Answer {
    let (receiver, sendings, given_up) = call.state.app.receiver(&call.caller.actor()?, call.part("receiver")).await?;
    let shown = Show {
        frame: frame::signed_in(&call.state, call.caller.session()?, Section::Keys),
        receiver: row(receiver),
        sendings: sendings.into_iter().map(sending).collect(),
        given_up,
    };
    page(StatusCode::OK, fairtrial_pages::render(&shown))
}

/// `POST /admin/receivers/{receiver}/test`
pub(crate) async fn test(call: Call) -> Answer {
    let receiver = call.part("receiver").to_owned();
    let (_, state, caller) = call.form(&[]).await?;
    state.app.test_receiver(&caller.actor()?, &receiver).await?;
    Ok(go_to(&format!("/admin/receivers/{receiver}")))
}

/// `POST /admin/receivers/{receiver}/again`
pub(crate) async fn again(call: Call) -> Answer {
    let receiver = call.part("receiver").to_owned();
    let (_, state, caller) = call.form(&[]).await?;
    state.app.send_again(&caller.actor()?, &receiver).await?;
    Ok(go_to(&format!("/admin/receivers/{receiver}")))
}

/// `POST /admin/receivers/{receiver}/close`
pub(crate) async fn close(call: Call) -> Answer {
    let receiver = call.part("receiver").to_owned();
    let (_, state, caller) = call.form(&[]).await?;
    state.app.close_receiver(&caller.actor()?, &receiver).await?;
    Ok(go_to("/admin/receivers"))
}

fn row(view: ReceiverView) -> Row {
    let standing = match (view.closed_at, view.allowed, view.failing_since) {
        (Some(closed), ..) => Standing::Closed(frame::moment(closed)),
        (None, false, _) => Standing::NotAllowed,
        (None, true, Some(since)) => Standing::Fails(frame::moment(since)),
        (None, true, None) if view.tried_again > 0 => Standing::TriedAgain(view.tried_again),
        (None, true, None) => view.taken_at.map_or(Standing::Untried, |at| Standing::Works(frame::moment(at))),
    };
    Row {
        id: view.id,
        name: view.name,
        origin: view.origin,
        kinds: view.kinds,
        made: frame::moment(view.created_at),
        standing,
    }
}

fn sending(view: SendingView) -> Sending {
    Sending {
        what: view.matter.sentence(),
        trial: view.trial,
        at: frame::moment(view.at),
        id: view.id,
        waits: view.state == SendingState::Waiting,
        given_up: view.state == SendingState::GivenUp,
        tries: view.tries,
        last: view.last.map(|(at, answer)| (frame::moment(at), answer)),
        next: view.next_at.map(frame::moment),
    }
}
