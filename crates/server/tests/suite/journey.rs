//! A trial from its plan to its data lock, by people with browsers.

use crate::{browser::Browser, client::Response, plan, running::start_filled};

fn assert_done(response: &Response, what: &str) {
    assert_eq!(response.status, 303, "{what}: {}", response.text());
}

#[test]
fn from_a_plan_to_locked_data() {
    let world = start_filled();
    let mut designer = Browser::signed_in(world.address, "designer@justice.example");
    let mut approver = Browser::signed_in(world.address, "approver@justice.example");
    let mut analyst = Browser::signed_in(world.address, "analyst@justice.example");

    assert_eq!(designer.get("/trials/new").status, 200);
    let mut document = plan::simple("new-letter", "justice", "letters");
    document["title"] = "<script>alert(1)</script> \" 'x'".into();
    let mut bad = document.clone();
    bad["arms"][0]["ratio"] = 0.into();
    let refused = designer.post_parts("/trials", &[("file", ""), ("document", &bad.to_string())]);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("/arms/0/ratio"), "{}", refused.text());
    assert_done(&designer.post_parts("/trials", &[("file", &document.to_string()), ("document", "")]), "create");
    let shown = designer.get("/trials/new-letter").text();
    assert!(shown.contains("&#60;script&#62;") && !shown.contains("<script>alert"), "what people type is text");
    assert!(designer.get("/trials/new-letter/protocol").text().contains("sha256:"));
    assert!(designer.get("/trials").text().contains("/trials/new-letter"));

    assert!(!shown.contains("/trials/new-letter/start"), "what cannot be done is not offered");
    assert_eq!(designer.post("/trials/new-letter/start", &[]).status, 409);
    designer.get("/trials/new-letter");
    assert_done(&designer.post("/trials/new-letter/submit", &[]), "submit");
    assert!(approver.get("/").text().contains("/trials/new-letter"), "it waits for the approver");
    assert_eq!(designer.post("/trials/new-letter/approve", &[]).status, 403, "nobody signs their own plan");
    approver.get("/trials/new-letter");
    assert_done(&approver.post("/trials/new-letter/approve", &[]), "approve");
    designer.get("/trials/new-letter");
    assert_done(&designer.post("/trials/new-letter/start", &[]), "start");

    assert_eq!(designer.get("/trials/new-letter/report").status, 403, "those who run it do not see the comparison");
    for ending in ["csv", "xlsx"] {
        let early = analyst.get(&format!("/trials/new-letter/report.{ending}"));
        assert_eq!(early.status, 409, "passing numbers are not taken away");
    }
    designer.get("/trials/new-letter");
    let unexplained = designer.post("/trials/new-letter/stop", &[("reason", "  ")]);
    assert_eq!(unexplained.status, 422);
    assert!(unexplained.text().contains("Say why"), "{}", unexplained.text());
    assert_done(&designer.post("/trials/new-letter/stop", &[("reason", "It is over")]), "stop");
    assert_done(&analyst.post("/trials/new-letter/lock_data", &[("reason", "all is in")]), "lock");
    let exact = "href=\"/trials/new-letter/report.csv\"";
    let report = designer.get("/trials/new-letter/report");
    assert!(report.status == 200 && report.text().contains("rounded at random"), "{}", report.text());
    assert!(!report.text().contains(exact), "no way to exact numbers is shown");
    for (address, inside) in [("report", true), ("report?view=agency", false)] {
        let seen = analyst.get(&format!("/trials/new-letter/{address}")).text();
        assert_eq!((seen.contains(exact), seen.contains("rounded at random")), (inside, !inside), "{seen}");
    }
    assert_eq!(analyst.get("/trials/new-letter/report?view=mine").status, 400);
    for (browser, name) in [(&mut designer, "released.csv"), (&mut analyst, "report.csv")] {
        let table = browser.get("/trials/new-letter/report.csv");
        assert_eq!((table.status, table.header("content-type")), (200, Some("text/csv; charset=utf-8")));
        let name = format!("attachment; filename=\"new-letter-{name}\"");
        assert_eq!(table.header("content-disposition"), Some(name.as_str()));
    }
    assert_eq!(analyst.get("/trials/new-letter/report.json").json()["view"], serde_json::Value::Null);
    assert_eq!(designer.get("/trials/new-letter/report.json").json()["view"], "agency");
    let sheet = designer.get("/trials/new-letter/report.xlsx");
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    assert_eq!((sheet.status, sheet.header("content-type")), (200, Some(kind)));
    assert!(sheet.body.starts_with(b"PK"));
    assert_eq!(designer.get("/register/new-letter/results.xlsx").status, 404, "nothing is public yet");
    assert_eq!(designer.get("/trials/new-letter/report.json").json()["trial"], "new-letter");
    let history = designer.get("/trials/new-letter").text();
    for what in ["Plan written", "Plan signed", "Started", "Enrolment ended", "It is over", "Data locked"] {
        assert!(history.contains(what), "{what}");
    }
}

#[test]
fn an_administrator_keeps_keys_and_people() {
    let world = start_filled();
    let mut administrator = Browser::signed_in(world.address, "administrator@justice.example");
    administrator.get("/admin/keys/new");
    let made = administrator.post("/admin/keys", &[("name", "Counter"), ("environment", "live"), ("scope", "assign")]);
    assert_eq!(made.status, 201, "{}", made.text());
    let text = made.text();
    let token = text.split("ft_live_").nth(1).expect("the key is shown").split(['<', '"', ' ']).next().unwrap();
    let id = token.split('_').next().unwrap().to_owned();
    assert!(!administrator.get("/admin/keys").text().contains(token), "a key is shown once");
    assert_eq!(administrator.post(&format!("/admin/keys/{id}/revoke"), &[]).status, 303);
    assert_eq!(administrator.post(&format!("/admin/keys/{id}/revoke"), &[]).status, 404);
    assert_eq!(administrator.post("/admin/keys", &[("name", ""), ("environment", "live")]).status, 422);
    assert_eq!(administrator.post("/admin/keys", &[("name", "x"), ("agency_id", "2")]).status, 400);

    administrator.get("/admin/people/new");
    let fields = [("name", "Ari"), ("email", "ari@justice.example"), ("role", "designer"), ("role", "analyst")];
    let made = administrator.post("/admin/people", &fields);
    assert_eq!(made.status, 201, "{}", made.text());
    let again = administrator.post("/admin/people", &fields);
    assert_eq!(again.status, 422);
    assert!(again.text().contains("has an account"), "{}", again.text());
    assert_eq!(administrator.post("/admin/people", &[("name", "x"), ("email", "no"), ("role", "king")]).status, 400);
    let list = administrator.get("/admin/people").text();
    let mine = list.split("/admin/people/").filter_map(|rest| rest.split_once("/close")).map(|(id, _)| id.to_owned());
    let last =
        mine.filter(|id| id.parse::<u64>().is_ok()).max_by_key(|id| id.parse::<u64>().unwrap()).expect("somebody");
    assert_eq!(administrator.post(&format!("/admin/people/{last}/close"), &[]).status, 303);
    assert_eq!(administrator.post("/admin/people/999999/close", &[]).status, 404);
    assert_eq!(administrator.post("/admin/people/x/close", &[]).status, 404);
}
