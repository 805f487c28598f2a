//! The interface for programs, to be read and tried in a browser.

use std::sync::LazyLock;

use actix_web::http::{StatusCode, header};
use fairtrial_pages::interface::{Call as Shown, Group, Show};
use serde_json::Value;

use super::{frame, page};
use crate::{
    api::description::OPENAPI,
    transport::{Answer, Call},
};

/// As on every page, and besides the viewer may ask this server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

static GROUPS: LazyLock<Vec<Group>> = LazyLock::new(groups);

/// `GET /docs`
pub(crate) async fn show(call: Call) -> Answer {
    let show = Show { frame: frame::outside(&call.state, ""), groups: GROUPS.clone() };
    let mut response = page(StatusCode::OK, fairtrial_pages::render(&show))?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, header::HeaderValue::from_static(POLICY));
    Ok(response)
}

/// The calls of the description, in its order, by their tags.
fn groups() -> Vec<Group> {
    let document: Value = serde_json::from_str(OPENAPI).unwrap_or_default();
    let mut groups: Vec<Group> = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten().filter(|(name, _)| *name != "parameters") {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let name = text(&operation["tags"][0]);
            let call =
                Shown { method: method.to_uppercase(), path: path.clone(), summary: text(&operation["summary"]) };
            match groups.iter_mut().find(|group| group.name == name) {
                Some(group) => group.calls.push(call),
                None => groups.push(Group { name, calls: vec![call] }),
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{routes, transport::Audience};

    #[test]
    fn every_call_of_the_route_table_is_listed() {
        let listed: usize = groups().iter().map(|group| group.calls.len()).sum();
        assert_eq!(listed, routes::table().iter().filter(|row| row.audience == Audience::Program).count());
        assert!(
            groups().iter().all(|group| !group.name.is_empty() && group.calls.iter().all(|c| !c.summary.is_empty()))
        );
    }
}
