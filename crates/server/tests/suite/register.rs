//! What everybody sees without signing in.

use crate::{
    client::{request, send},
    running::{World, start_filled},
};

fn get(world: &World, path: &str) -> crate::client::Response {
    send(world.address, &request("GET", path, &[], &[])).expect("an answer")
}

#[test]
fn the_register_is_open_kept_and_holds_approved_trials_only() {
    let world = start_filled();
    let page = get(&world, "/register");
    assert_eq!((page.status, page.header("cache-control")), (200, Some("public, max-age=300")));
    assert!(page.header("set-cookie").is_none(), "nobody is recognised");
    let document = get(&world, "/register.json").json();
    let trials = document["trials"].as_array().expect("a list");
    assert!(!trials.is_empty());
    for trial in trials {
        let key = trial["trial"].as_str().expect("a key");
        assert!(!["draft", "in_review"].contains(&trial["state"].as_str().expect("a state")));
        assert!(page.text().contains(&format!("/register/{key}")), "{key}");
        let shown = get(&world, &format!("/register/{key}"));
        assert_eq!(shown.status, 200, "{key}");
        assert!(shown.text().contains(trial["protocol_id"].as_str().expect("an id")));
        // Nothing is published before the data are locked.
        assert_eq!(get(&world, &format!("/register/{key}/results.json")).status, 404, "{key}");
        let statement = get(&world, &format!("/register/{key}/transparency.json")).json();
        assert!(statement["tier_1"]["contact"].as_str().is_some_and(|text| !text.is_empty()));
        assert!(statement["tier_1"]["appeal"].as_str().is_some_and(|text| !text.is_empty()));
        let code = trial["code"].as_str().expect("a code");
        let notice = get(&world, &format!("/t/{}", code.to_lowercase()));
        assert_eq!((notice.status, notice.header("cache-control")), (200, Some("public, max-age=300")));
        assert!(notice.text().contains("Your choices"));
        assert!(notice.text().contains(&format!("/t/{code}/result")));
        let own = get(&world, &format!("/register/{key}/feed.atom"));
        assert!(own.header("content-type").is_some_and(|kind| kind.starts_with("application/atom+xml")));
        assert!(own.text().contains(&format!("/register/{key}#approved</id>")), "{}", own.text());
        assert!(!own.text().contains("#result"), "there is none yet");
    }
    let feed = get(&world, "/register.atom");
    assert!(feed.header("content-type").is_some_and(|kind| kind.starts_with("application/atom+xml")));
    assert_eq!(feed.text().matches("<entry>").count(), trials.len());
    for missing in ["/register/no-such", "/t/0000000", "/t/x", "/register?state=draught", "/register?page=9"] {
        assert_eq!(get(&world, missing).status, 404, "{missing}");
    }
    assert_eq!(get(&world, "/register?state=in_review").text().matches("ft-card__facts").count(), 0);
}

#[test]
fn whoever_wants_to_be_told_the_result_finds_the_day_and_leaves_nothing() {
    let world = start_filled();
    let document = get(&world, "/register.json").json();
    let trials = document["trials"].as_array().expect("a list");
    let mut with_a_day = 0;
    for trial in trials {
        let code = trial["code"].as_str().expect("a code");
        let page = get(&world, &format!("/t/{code}/result"));
        assert_eq!((page.status, page.header("cache-control")), (200, Some("public, max-age=300")), "{code}");
        assert!(page.header("set-cookie").is_none(), "nobody is recognised");
        assert!(!page.text().contains("<form") && !page.text().contains("<input"), "nothing is asked");
        let file = get(&world, &format!("/t/{code}/result.ics"));
        let told = page.text().contains(&format!("/t/{code}/result.ics"));
        assert_eq!(file.status == 200, told, "the page names the file where there is one");
        if told {
            with_a_day += 1;
            assert!(file.header("content-type").is_some_and(|kind| kind.starts_with("text/calendar")));
            let text = file.text();
            assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.ends_with("END:VCALENDAR\r\n"), "{text}");
            assert_eq!(text.matches("BEGIN:VEVENT").count(), 1);
            let day = text.split_once("DTSTART;VALUE=DATE:").and_then(|(_, rest)| rest.get(..8)).expect("a day");
            let day = chrono::NaiveDate::parse_from_str(day, "%Y%m%d").expect("a day of the calendar");
            assert!(page.text().contains(&day.format("%-d %B %Y").to_string()), "page and file name one day");
        }
    }
    assert!(with_a_day > 0);
    // Also who asks with an address that says nothing is told in the form of what they asked for.
    let unreadable = get(&world, "/register/%C2%84/feed.atom");
    assert_eq!((unreadable.status, unreadable.json()["code"].as_str()), (400, Some("malformed_request")));
    for missing in ["/t/0000000/result", "/t/x/result.ics", "/register/no-such/feed.atom"] {
        assert_eq!(get(&world, missing).status, 404, "{missing}");
    }
}

#[test]
fn words_agency_and_state_narrow_the_register() {
    let world = start_filled();
    let trials = |query: &str| {
        get(&world, &format!("/register.json?{query}")).json()["trials"].as_array().expect("a list").clone()
    };
    let all = trials("");
    let of_justice = all.iter().filter(|trial| trial["agency"]["key"] == "justice").count();
    assert!(of_justice > 0);
    assert_eq!(trials("agency=justice").len(), of_justice);
    assert_eq!((trials("agency=nobody").len(), trials("q=no+such+words+anywhere").len()), (0, 0));
    let found = trials("q=open-door");
    assert_eq!(found.iter().map(|trial| &trial["trial"]).collect::<Vec<_>>(), ["open-door"]);
    assert_eq!(trials("state=withdrawn").iter().filter(|trial| trial["state"] != "withdrawn").count(), 0);
}
