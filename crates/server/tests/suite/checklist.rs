//! The checklist of a trial, for its agency and, once the results are public, for everybody.

use fairtrial_testkit::on_both_databases;

use crate::{
    browser::Browser,
    client::{request, send},
    plan,
    running::start_filled_on,
};

on_both_databases! {
    fn the_checklist_opens_with_the_results_and_is_read_from_the_record(database) {
        let world = start_filled_on(database.url());
        let [mut designer, mut approver, mut analyst, mut stranger] =
            ["designer@justice", "approver@justice", "analyst@justice", "analyst@health"]
                .map(|name| Browser::signed_in(world.address, &format!("{name}.example")));
        let public = |path: &str| send(world.address, &request("GET", path, &[], &[])).expect("an answer");
        let document = plan::simple("new-letter", "justice", "letters");
        assert_eq!(designer.post_parts("/trials", &[("file", ""), ("document", &document.to_string())]).status, 303);
        assert_eq!(analyst.get("/trials/new-letter/checklist").status, 409, "there is no report yet");
        let act = |browser: &mut Browser, verb: &str, fields: &[(&str, &str)]| {
            browser.get("/trials/new-letter");
            let done = browser.post(&format!("/trials/new-letter/{verb}"), fields);
            assert_eq!(done.status, 303, "{verb}: {}", done.text());
        };
        act(&mut designer, "submit", &[]);
        act(&mut approver, "approve", &[]);
        act(&mut designer, "start", &[]);
        assert_eq!(designer.get("/trials/new-letter/checklist").status, 403, "as for the report");
        let early = analyst.get("/trials/new-letter/checklist");
        assert!(early.status == 200 && early.text().contains("People still enter the trial."), "{}", early.text());
        assert_eq!(analyst.get("/trials/new-letter/checklist.csv").status, 409, "nothing passing is taken away");
        act(&mut designer, "stop", &[("reason", "The letters have run out")]);
        act(&mut analyst, "lock_data", &[("reason", "all is in")]);
        assert_eq!(stranger.get("/trials/new-letter/checklist").status, 404);

        let page = designer.get("/trials/new-letter/checklist");
        let text = page.text();
        for told in ["The reason given: The letters have run out.", "What is done now has not been decided.", "Not on record"] {
            assert!(page.status == 200 && text.contains(told), "{told}: {text}");
        }
        assert!(!text.contains("People still enter the trial."), "{text}");
        assert!(designer.get("/trials/new-letter/report").text().contains("href=\"/trials/new-letter/checklist\""));
        let table = designer.get("/trials/new-letter/checklist.csv");
        assert_eq!((table.status, table.header("content-type")), (200, Some("text/csv; charset=utf-8")));
        assert_eq!(table.header("content-disposition"), Some("attachment; filename=\"new-letter-checklist.csv\""));
        assert_eq!(table.text().lines().count(), 43, "a head and a row for each item");

        for part in ["checklist", "checklist.csv"] {
            assert_eq!(public(&format!("/register/new-letter/{part}")).status, 404, "nothing is public yet");
        }
        act(&mut approver, "decide", &[("decision", "run_again"), ("reason", "Too few people")]);
        act(&mut approver, "publish", &[]);
        let page = public("/register/new-letter/checklist");
        assert_eq!((page.status, page.header("cache-control")), (200, Some("public, max-age=300")));
        assert!(page.header("set-cookie").is_none(), "nobody is recognised");
        let text = page.text();
        assert!(text.contains("Too few people") && !text.contains("has not been decided"), "{text}");
        assert!(!text.contains("/trials/"), "it leads nowhere where people sign in: {text}");
        assert_eq!(public("/register/new-letter/checklist.csv").text().lines().count(), 43);
        assert!(public("/register/new-letter").text().contains("href=\"/register/new-letter/checklist\""));
    }
}
