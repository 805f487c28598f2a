//! Pages that need nobody, cookies, and what is told when something is wrong.

use fairtrial_server::routes;

use crate::{
    browser::Browser,
    running::{PASSWORD, settings, start, start_filled},
};

#[test]
fn signing_in_and_out() {
    let world = start_filled();
    let mut browser = Browser::new(world.address);
    let form = browser.get("/");
    assert!(form.status == 200 && form.text().contains("name=\"email\"") && form.text().contains("name=\"password\""));
    let wrong = browser.post("/sign-in", &[("email", "designer@justice.example"), ("password", "not the one at all")]);
    let unknown = browser.post("/sign-in", &[("email", "nobody@justice.example"), ("password", "not the one at all")]);
    assert_eq!((wrong.status, unknown.status), (401, 401));
    let same = |text: String| text.replace("designer@justice.example", "").replace("nobody@justice.example", "");
    assert_eq!(same(wrong.text()), same(unknown.text()), "nobody learns who has an account");
    assert_eq!(browser.cookie("fairtrial"), None);
    let right = browser.post(
        "/sign-in",
        &[("email", " Designer@Justice.example "), ("password", PASSWORD), ("next", "/trials/open-door")],
    );
    assert_eq!((right.status, right.header("location")), (303, Some("/trials/open-door")));
    let cookie = right.header("set-cookie").expect("a session").to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure") && !cookie.contains("Domain"));
    let session = browser.cookie("fairtrial").expect("a session").to_owned();
    assert!(browser.get("/").text().contains("designer of justice"));
    assert_eq!(browser.get("/sign-in").status, 303);
    assert_eq!(browser.post("/sign-out", &[]).status, 303);
    let mut thief = Browser::new(world.address);
    thief.set_cookie("fairtrial", &session);
    assert_eq!(thief.get("/trials").status, 401, "a session that ended stays ended");
    for garbage in ["x", &"a".repeat(43), &"é".repeat(30), &"a".repeat(5000)] {
        thief.set_cookie("fairtrial", garbage);
        assert_eq!(thief.get("/trials").status, 401);
    }
}

#[test]
fn the_way_back_after_signing_in_stays_on_this_site() {
    let world = start_filled();
    for next in
        ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/a\r\nSet-Cookie: x=y"]
    {
        let mut browser = Browser::new(world.address);
        browser.get("/sign-in");
        let fields = [("email", "designer@justice.example"), ("password", PASSWORD), ("next", next)];
        let response = browser.post("/sign-in", &fields);
        assert_eq!((response.status, response.header("location")), (303, Some("/")), "{next}");
        assert_eq!(response.header("x"), None);
    }
}

#[test]
fn guessing_passwords_is_slowed_down() {
    let world = start_filled();
    let mut browser = Browser::new(world.address);
    browser.get("/sign-in");
    let guess = [("email", "designer@justice.example"), ("password", "guess guess guess")];
    let statuses: Vec<u16> = (0..7).map(|_| browser.post("/sign-in", &guess).status).collect();
    assert_eq!(statuses[..5], [401; 5]);
    let refused = browser.post("/sign-in", &[("email", "designer@justice.example"), ("password", PASSWORD)]);
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok_and(|n| n > 0)));
}

#[test]
fn a_new_password_ends_every_session() {
    let world = start_filled();
    let mut designer = Browser::signed_in(world.address, "designer@justice.example");
    let mut elsewhere = Browser::signed_in(world.address, "designer@justice.example");
    let account = designer.get("/account");
    assert!(account.status == 200 && account.text().contains("designer@justice.example"));
    let another = "five other words in a row";
    let wrong = designer.post("/account/password", &[("current", "not this one"), ("new", another)]);
    assert!(wrong.status == 422 && wrong.text().contains("This is not your password"), "{}", wrong.text());
    let weak = designer.post("/account/password", &[("current", PASSWORD), ("new", "short")]);
    assert!(weak.status == 422 && weak.text().contains("12 to 128"));
    let changed = designer.post("/account/password", &[("current", PASSWORD), ("new", another)]);
    assert_eq!((changed.status, changed.header("location")), (303, Some("/sign-in")));
    assert_eq!((designer.get("/account").status, elsewhere.get("/account").status), (401, 401));
    designer.get("/sign-in");
    let fields = |password| [("email", "designer@justice.example"), ("password", password)];
    assert_eq!(designer.post("/sign-in", &fields(PASSWORD)).status, 401);
    assert_eq!(designer.post("/sign-in", &fields(another)).status, 303);
}

#[test]
fn with_https_cookies_insist_on_it() {
    let world = start(settings(Some("https://trials.example")), routes::table());
    let form = Browser::new(world.address).get("/sign-in");
    let cookie = form.header("set-cookie").expect("a cookie");
    assert!(cookie.starts_with("__Host-fairtrial-form=") && cookie.contains("Secure"), "{cookie}");
}

#[test]
fn the_first_administrator_is_made_once() {
    let world = start(settings(None), routes::table());
    let token = world.setup.as_deref().expect("nobody is there yet");
    let mut browser = Browser::new(world.address);
    assert_eq!(browser.get("/setup/wrong").status, 404);
    assert_eq!(browser.get(&format!("/setup/{token}")).status, 200);
    let fields = |password| {
        [
            ("token", token),
            ("agency", "Te Tāhū o te Ture"),
            ("name", "Mere"),
            ("email", "mere@justice.example"),
            ("password", password),
        ]
    };
    let weak = browser.post("/setup", &fields("short"));
    assert_eq!(weak.status, 422);
    assert!(weak.text().contains("12 to 128") && weak.text().contains("mere@justice.example"));
    let made = browser.post("/setup", &fields(PASSWORD));
    assert_eq!((made.status, made.header("location")), (303, Some("/sign-in")), "{}", made.text());
    assert_eq!(browser.get(&format!("/setup/{token}")).status, 404, "the link works once");
    assert_eq!(browser.post("/setup", &fields(PASSWORD)).status, 404);
    browser.get("/sign-in");
    let signed_in = browser.post("/sign-in", &[("email", "mere@justice.example"), ("password", PASSWORD)]);
    assert_eq!(signed_in.status, 303);
    assert!(browser.get("/").text().contains("Te Tāhū o te Ture"));
}

#[test]
fn problems_are_told_to_people_as_pages() {
    let world = start_filled();
    let mut designer = Browser::signed_in(world.address, "designer@justice.example");
    for (target, status) in [
        ("/nothing", 404),
        ("/trials/no-such", 404),
        ("/trials/quit-line", 404),
        ("/trials?page=2", 404),
        ("/trials?page=-1", 404),
        ("/trials?page=1&page=1", 400),
        ("/trials?sort=name;drop", 400),
        ("/trials/..%2f..%2fetc", 404),
        ("/admin/keys", 403),
        ("/assets/..%2fCargo.toml", 404),
        ("/assets/.gitkeep", 404),
    ] {
        let response = designer.get(target);
        assert_eq!(response.status, status, "{target}");
        if !target.starts_with("/assets") {
            assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"), "{target}");
            assert!(response.text().contains("<h1"), "{target}");
        }
    }
    let conflict = designer.post("/trials/open-door/start", &[]);
    assert_eq!(conflict.status, 409);
    assert!(conflict.text().contains("cannot"));
}
