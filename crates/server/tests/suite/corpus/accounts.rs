//! W: signing in, and the cookies by which somebody is known.

use crate::{
    browser::Browser,
    client::{request, send},
    running::{PASSWORD, settings, start, start_filled},
};

/// W4, W5, W6: passwords are what was typed, to the last blank; an account that is closed looks like none.
#[test]
fn passwords_count_as_they_were_typed() {
    let world = start_filled();
    let password = " \u{1f41a} four words in a row ";
    let mut approver = Browser::signed_in(world.address, "approver@justice.example");
    approver.get("/account");
    let changed = approver.post("/account/password", &[("current", PASSWORD), ("new", password)]);
    assert_eq!(changed.status, 303, "{}", changed.text());
    let sign_in = |email: &str, password: &str| {
        let mut browser = Browser::new(world.address);
        browser.get("/sign-in");
        browser.post("/sign-in", &[("email", email), ("password", password), ("next", "")])
    };
    let address = "approver@justice.example";
    assert_eq!(sign_in(address, password).status, 303);
    let (long, longer) = ("x".repeat(129), "x".repeat(2_000));
    for wrong in [password.trim(), &password.to_uppercase(), "", &long, &longer] {
        assert_eq!(sign_in(address, wrong).status, 401, "{wrong:?}");
        assert_eq!(sign_in(address, password).status, 303, "a wrong one before does not matter");
    }
    assert_eq!(sign_in(address, "four words\0").status, 400);
    for nobody in ["", "approver", "\u{430}pprover@justice.example", "approver@justice.example\u{200b}", "' OR 1=1 --"]
    {
        assert_eq!(sign_in(nobody, password).status, 401, "{nobody:?}");
    }
    let mut administrator = Browser::signed_in(world.address, "administrator@justice.example");
    let list = administrator.get("/admin/people").text();
    let analyst = list.split("analyst@justice.example").nth(1).and_then(|rest| rest.split("/admin/people/").nth(1));
    let id = analyst.and_then(|rest| rest.split('/').next()).expect("their number").to_owned();
    let closed = administrator.post(&format!("/admin/people/{id}/close"), &[]);
    assert_eq!(closed.status, 303, "{}", closed.text());
    let same = |email: &str| {
        let response = sign_in(email, PASSWORD);
        assert_eq!(response.status, 401, "{email}");
        let text = response.text().replace(email, "EMAIL");
        let csrf = text
            .split("name=\"csrf\" value=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap_or("-")
            .to_owned();
        text.replace(&csrf, "CSRF")
    };
    assert_eq!(same("analyst@justice.example"), same("nobody00@justice.example"), "a closed account looks like none");
}

/// W25: cookies that are not exactly one of ours are none.
#[test]
fn cookies_that_are_odd_are_nobodys() {
    let world = start_filled();
    let designer = Browser::signed_in(world.address, "designer@justice.example");
    let session = designer.cookie("fairtrial").expect("a session").to_owned();
    let status = |cookies: &[&str]| {
        let headers: Vec<(&str, &str)> = cookies.iter().map(|cookie| ("Cookie", *cookie)).collect();
        send(world.address, &request("GET", "/trials", &headers, b"")).map(|response| response.status)
    };
    let own = format!("fairtrial={session}");
    assert_eq!(status(&[&own]), Some(200));
    let (large, garbage) = (format!("fairtrial={}", "x".repeat(8_000)), format!("fairtrial={}", "x".repeat(43)));
    let (twice, cut) = (format!("{own}; {own}"), own.get(..own.len() - 1).expect("text").to_owned());
    let more = format!("{own}x");
    let secure = format!("__Host-{own}");
    let capitals = format!("FAIRTRIAL={session}");
    for odd in
        [&large, &garbage, &twice, &cut, &more, &secure, &capitals, "fairtrial=", "fairtrial", "=", ";;;", "\u{e9}"]
    {
        assert_eq!(status(&[odd]), Some(401), "{odd}");
    }
    assert_eq!(status(&[&own, &garbage]), Some(401), "two headers, of which one is somebody else's");
    // With https the plain name is not read: anybody on a neighbouring host could have set it.
    let https = start(settings(Some("https://trials.example")), fairtrial_server::routes::table());
    let plain = request("GET", "/trials", &[("Cookie", &own)], b"");
    assert_eq!(send(https.address, &plain).map(|response| response.status), Some(401));
}
