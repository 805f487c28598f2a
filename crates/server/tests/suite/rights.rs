//! Every row of the route table with nobody, with somebody who may not, and with somebody of another agency.

use actix_web::http::Method;
use fairtrial_domain::trial::{PersonRole, Scope};
use fairtrial_server::{
    routes,
    transport::{Needs, Row},
};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    client::{Response, request, send},
    plan,
    running::{World, start_filled},
};

/// The path with names of things that justice has.
fn filled(row: &Row) -> String {
    row.path
        .replace("/flags/{key}", "/flags/open-door")
        .replace("{trial}", "open-door")
        .replace("{batch}", "none")
        .replace("{file}", "1")
        .replace("{receiver}", "rc-0000000000000000")
        .replace("{link}", "link-0000000000000000")
        .replace("{touchpoint}", "front-desk")
        .replace("{verb}", "pause_enrolment")
        .replace("{person}", "1")
        .replace("{number}", "1")
        .replace("{what}", "harm")
        .replace("{step}", "question")
        .replace("{key}", "abcdefgh")
        .replace("{token}", "none")
        .replace("{name}", "app.css")
}

/// A body that the row would take, were the caller another.
fn body(row: &Row) -> Option<Value> {
    let unit = json!({"unit": "u-1"});
    match (row.method.as_str(), row.path) {
        ("GET", _) => None,
        (_, "/v1/trials") | ("PUT", _) => Some(plan::simple("open-door", "health", "phone")),
        (_, "/v1/events") => Some(json!({"events": [{"event_id": "e", "unit": "u-1", "event": "door.opened",
            "occurred_at": "2026-11-22T12:00:00Z"}]})),
        (_, path) if path.starts_with("/ofrep") => Some(json!({"context": {"targetingKey": "u-1"}})),
        (_, path) if path.ends_with("{verb}") => Some(json!({})),
        _ => Some(unit),
    }
}

fn program(world: &World, row: &Row, headers: &[(&str, &str)]) -> Response {
    let body = body(row).map(|body| body.to_string()).unwrap_or_default();
    let mut all = headers.to_vec();
    if !body.is_empty() {
        all.push(("Content-Type", "application/json"));
    }
    send(world.address, &request(row.method.as_str(), &filled(row), &all, body.as_bytes())).expect("an answer")
}

fn rows_with_scope() -> Vec<(Row, Scope)> {
    let scoped = |row: Row| match row.needs {
        Needs::Scope(scope) => Some((row, scope)),
        _ => None,
    };
    routes::table().into_iter().filter_map(scoped).collect()
}

#[test]
fn without_a_key_or_with_a_wrong_one_every_row_is_401() {
    let world = start_filled();
    let good = format!("Bearer {}", world.key("justice"));
    let mut off = good.clone();
    off.pop();
    let other_end = if good.ends_with('A') { "B" } else { "A" };
    off += other_end;
    let basic = good.replace("Bearer", "Basic");
    let health = world.key("health").to_owned();
    for (row, _) in rows_with_scope() {
        for headers in [
            &[][..],
            &[("Authorization", "Bearer ")],
            &[("Authorization", "Bearer nonsense")],
            &[("Authorization", &off)],
            &[("Authorization", &basic)],
            &[("X-API-Key", "")],
            // One good key does not make up for another.
            &[("Authorization", &good), ("X-API-Key", "nonsense")],
            &[("Authorization", &good), ("X-API-Key", &health)],
            &[("Authorization", &good), ("Authorization", "Bearer nonsense")],
            &[("Cookie", "fairtrial=0123456789012345678901234567890123456789012")],
        ] {
            let response = program(&world, &row, headers);
            assert_eq!(
                (response.status, &response.json()["code"]),
                (401, &json!("unauthenticated")),
                "{row:?} {headers:?}"
            );
            assert_eq!(response.header("www-authenticate"), Some("Bearer"));
        }
    }
}

#[test]
fn without_its_scope_every_row_is_403() {
    let world = start_filled();
    for (row, scope) in rows_with_scope() {
        let bearer = format!("Bearer {}", world.key(&format!("justice-without-{}", scope.as_str())));
        let response = program(&world, &row, &[("Authorization", &bearer)]);
        assert_eq!((response.status, &response.json()["code"]), (403, &json!("forbidden")), "{row:?}");
        assert!(response.text().contains(scope.as_str()), "{row:?}");
    }
}

#[test]
fn another_agency_s_things_look_like_things_that_are_not() {
    let world = start_filled();
    let bearer = format!("Bearer {}", world.key("health"));
    let named = |row: &Row| row.path.contains('{');
    let mut seen = 0;
    for (row, _) in rows_with_scope().into_iter().filter(|(row, _)| named(row)) {
        let theirs = program(&world, &row, &[("Authorization", &bearer)]);
        assert_eq!(theirs.status, 404, "{row:?}: {}", theirs.text());
        let mut nothing = row.clone();
        nothing.path = Box::leak(
            row.path
                .replace("{trial}", "no-such")
                .replace("{touchpoint}", "no-such")
                .replace("/flags/{key}", "/flags/no-such")
                .into_boxed_str(),
        );
        let missing = program(&world, &nothing, &[("Authorization", &bearer)]);
        let plain = |response: &Response| {
            let mut body = response.json();
            body["request_id"] = Value::Null;
            body["key"] = Value::Null;
            body
        };
        assert_eq!((missing.status, plain(&missing)), (404, plain(&theirs)), "{row:?}");
        seen += 1;
    }
    assert!(seen >= 9, "{seen} rows name a thing");
}

#[test]
fn pages_need_a_session_and_its_roles() {
    let world = start_filled();
    let person = |row: &Row| match row.needs {
        Needs::Person(roles) => Some(roles),
        _ => None,
    };
    let rows: Vec<(Row, &[PersonRole])> =
        routes::table().into_iter().filter_map(|row| person(&row).map(|roles| (row, roles))).collect();
    assert!(rows.len() >= 14);
    let mut stranger = Browser::signed_in(world.address, "analyst@health.example");
    let mut analyst = Browser::signed_in(world.address, "analyst@justice.example");
    let mut administrator = Browser::signed_in(world.address, "administrator@justice.example");
    for (row, roles) in rows {
        let target = filled(&row);
        let other = if roles.contains(&PersonRole::Analyst) { &mut administrator } else { &mut analyst };
        let anonymous = match row.method {
            Method::GET => Browser::new(world.address).get(&target),
            _ => Browser::new(world.address).post_exactly(&target, &[("csrf", "x")], &[]),
        };
        assert_eq!(anonymous.status, 401, "{row:?}");
        assert!(anonymous.text().contains("name=\"password\""), "{row:?} shows the form for signing in");
        if !roles.is_empty() {
            let refused = match row.method {
                Method::GET => other.get(&target),
                _ => other.post(&target, &[]),
            };
            assert_eq!(refused.status, 403, "{row:?}");
        } else if row.path.contains('{') {
            let refused = match row.method {
                Method::GET => stranger.get(&target),
                _ => stranger.post(&target, &[("reason", "")]),
            };
            // A role that does not fit is told before whether there is such a trial: it tells nothing about trials.
            let wanted = if row.method == Method::GET { 404 } else { refused.status };
            assert!(refused.status == wanted && [403, 404].contains(&refused.status), "{row:?}: {}", refused.status);
        }
        if row.method != Method::GET {
            for (fields, headers) in [
                (&[][..], &[][..]),
                (&[("csrf", "")], &[]),
                (&[("csrf", "0123456789012345678901234567890123456789012")], &[]),
                (&[("csrf", stranger.csrf())], &[]),
                (&[("csrf", other.csrf()), ("csrf", other.csrf())], &[]),
                (&[("csrf", other.csrf())], &[("Sec-Fetch-Site", "cross-site")]),
                (&[("csrf", other.csrf())], &[("Sec-Fetch-Site", "same-site")]),
                (&[("csrf", other.csrf())], &[("Origin", "null")]),
                (&[("csrf", other.csrf())], &[("Origin", "https://evil.example")]),
            ] {
                let fields: Vec<(&str, String)> =
                    fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
                let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let mut forged = Browser::new(world.address);
                forged.set_cookie("fairtrial", other.cookie("fairtrial").expect("a session"));
                let response = forged.post_exactly(&target, &fields, headers);
                assert_eq!(response.status, 403, "{row:?} {headers:?}");
            }
        }
    }
    assert_eq!(analyst.get("/trials/open-door/looks").status, 403, "what looks found is the monitor's until the lock");
    assert_eq!(analyst.get("/trials/open-door").status, 200, "the session lives on, and nothing was done");
    assert!(analyst.get("/trials/open-door").text().contains("Started"));
}

#[test]
fn rows_that_need_nothing_are_few_and_known() {
    let open: Vec<&str> = routes::table()
        .into_iter()
        .filter(|row| matches!(row.needs, Needs::Nothing | Needs::Visitor))
        .map(|row| row.path)
        .collect();
    let known = [
        "/healthz",
        "/readyz",
        "/openapi.json",
        "/docs",
        "/assets/{name}",
        "/register",
        "/register.json",
        "/register.atom",
        "/register/{trial}",
        "/register/{trial}/results.json",
        "/register/{trial}/feed.atom",
        "/register/{trial}/results.xlsx",
        "/register/{trial}/results.csv",
        "/register/{trial}/checklist",
        "/register/{trial}/checklist.csv",
        "/register/{trial}/transparency.json",
        "/t/{code}",
        "/t/{code}/result",
        "/t/{code}/result.ics",
        "/t/{code}/ask",
        "/t/{code}/ask",
        "/t/{code}/answer",
        "/ofrep/v1/stream",
        "/",
        "/sign-in",
        "/sign-in",
        "/setup/{token}",
        "/setup",
    ];
    assert_eq!(open, known);
}
