//! Receivers on their pages.

use fairtrial_domain::trial::RECEIVER_FAILS;
use fairtrial_store::{DatabaseUrl, DbConnection, alerts, audit};
use fairtrial_testkit::on_both_databases;

use super::place;
use crate::{audited::Watch, browser::Browser, running::start_filled_on};

/// Gives up what waits for a receiver, as after three days.
fn give_up(url: &DatabaseUrl, id: &str) {
    let mut c = DbConnection::open(url).unwrap();
    for (alert, _) in alerts::of_receiver(&mut c, id, 9).unwrap() {
        let fails = audit::NewEntry {
            at: alert.at,
            agency_id: Some(alert.agency_id),
            person_id: None,
            key_id: None,
            action: RECEIVER_FAILS.into(),
            subject: id.into(),
            detail: "{}".into(),
        };
        let failed = |c: &mut DbConnection| alerts::failed(c, (id, alert.sequence), alert.at, "no", None, &fails);
        c.write_transaction(failed).unwrap();
    }
}

const FIELDS: [(&str, &str); 4] =
    [("name", "Pager"), ("address", "https://hooks.example/t/secret-part"), ("kind", "harm"), ("kind", "signature")];

/// Takes a key back, and goes the way of a receiver, each step with its entry.
pub(crate) fn walk(watch: &mut Watch<'_>, administrator: &mut Browser, revoke: &str) {
    watch.form(administrator, "/admin/keys", "/admin/keys/{key}/revoke", revoke, &[]);
    let made =
        watch.form(administrator, "/admin/receivers/new", "/admin/receivers", "/admin/receivers", &FIELDS).text();
    let id = made.split("/admin/receivers/").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let page = format!("/admin/receivers/{id}");
    let mut step = |watch: &mut Watch<'_>, verb: &str| {
        let path = format!("/admin/receivers/{{receiver}}/{verb}");
        watch.form(administrator, &page, &path, &format!("{page}/{verb}"), &[]);
    };
    step(watch, "test");
    give_up(&watch.url, id);
    step(watch, "again");
    step(watch, "close");
}

on_both_databases! {
    fn an_administrator_makes_tries_and_closes_a_receiver(database) {
        let world = start_filled_on(place(database));
        let mut administrator = Browser::signed_in(world.address, "administrator@justice.example");
        let list = administrator.get("/admin/receivers").text();
        assert!(list.contains("There are no receivers yet") && list.contains("New receiver"), "{list}");
        assert!(administrator.get("/admin/keys").text().contains("href=\"/admin/receivers\""));
        administrator.get("/admin/receivers/new");
        let made = administrator.post("/admin/receivers", &FIELDS);
        assert_eq!(made.status, 201, "{}", made.text());
        let made = made.text();
        let secret = made.split("class=\"ft-token\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
        assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
        let id = made.split("/admin/receivers/").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let page = format!("/admin/receivers/{id}");
        for shown in [administrator.get("/admin/receivers").text(), administrator.get(&page).text()] {
            assert!(shown.contains("Pager") && shown.contains("https://hooks.example") && shown.contains("Not tried yet"));
            assert!(!shown.contains(secret) && !shown.contains("secret-part"), "neither the secret nor the path is shown again");
        }
        // Of what is kept, nothing holds the secret either.
        let bare = secret.trim_start_matches("whsec_");
        let mut c = DbConnection::open(&place(database).parse().unwrap()).unwrap();
        let entries = audit::after(&mut c, 0, 10_000).unwrap();
        assert!(entries.iter().all(|entry| !entry.detail.contains(bare) && !entry.detail.contains("secret-part")));

        assert_eq!(administrator.post(&format!("{page}/test"), &[]).status, 303);
        let shown = administrator.get(&page).text();
        assert!(shown.contains("This is a test. Nothing happened.") && shown.contains("Waits"), "{shown}");
        assert_eq!(administrator.post(&format!("{page}/again"), &[]).status, 409, "nothing was given up");
        let rows = alerts::of_receiver(&mut c, id, 9).unwrap();
        assert_eq!(rows.len(), 1);

        // Who may do something about a receiver that fails hears of it on their first page, and nobody else.
        give_up(&place(database).parse().unwrap(), id);
        assert!(administrator.get("/admin/receivers").text().contains("Fails"));
        let fails = "Find out why \u{2018}Pager\u{2019} takes no alerts";
        assert!(administrator.get("/").text().contains(fails));
        for email in ["designer@justice.example", "administrator@health.example"] {
            assert!(!Browser::signed_in(world.address, email).get("/").text().contains(fails), "{email}");
        }
        administrator.get(&page);
        assert_eq!(administrator.post(&format!("{page}/again"), &[]).status, 303);

        // Another agency's is not there, and others than administrators may not.
        let mut other = Browser::signed_in(world.address, "administrator@health.example");
        other.get("/admin/receivers");
        let mut designer = Browser::signed_in(world.address, "designer@justice.example");
        designer.get("/trials");
        assert_eq!((other.get(&page).status, designer.get(&page).status), (404, 403));
        for verb in ["test", "again", "close"] {
            assert_eq!(other.post(&format!("{page}/{verb}"), &[]).status, 404, "{verb}");
            assert_eq!(designer.post(&format!("{page}/{verb}"), &[]).status, 403, "{verb}");
        }
        assert!(!other.get("/admin/receivers").text().contains("Pager"));
        assert_eq!(alerts::of_receiver(&mut c, id, 9).unwrap().len(), 1);

        administrator.get(&page);
        assert_eq!(administrator.post(&format!("{page}/close"), &[]).status, 303);
        assert!(administrator.get("/admin/receivers").text().contains("Closed"));
        for verb in ["test", "again", "close"] {
            assert_eq!(administrator.post(&format!("{page}/{verb}"), &[]).status, 404, "{verb} when it is closed");
        }
        let actions = |entries: Vec<audit::AuditRow>| -> Vec<String> {
            entries.into_iter().map(|entry| entry.action).filter(|action| action.starts_with("receiver.")).collect()
        };
        let entries = audit::after(&mut c, 0, 10_000).unwrap();
        let wanted = ["receiver.created", "receiver.tested", "receiver.failing", "receiver.sent_again", "receiver.closed"];
        assert_eq!(actions(entries), wanted);
    }

    fn what_does_not_fit_is_told_at_its_field(database) {
        let world = start_filled_on(place(database));
        let mut administrator = Browser::signed_in(world.address, "administrator@justice.example");
        administrator.get("/admin/receivers/new");
        let mut sent = |name: &str, address: &str, kind: &str| {
            let answer = administrator.post("/admin/receivers", &[("name", name), ("address", address), ("kind", kind)]);
            (answer.status, answer.text())
        };
        let (status, text) = sent(" ", "https://hooks.example", "harm");
        assert!(status == 422 && text.contains("href=\"#name\""), "{text}");
        for (address, said) in [
            ("", "Enter an address such as"),
            ("hooks.example", "Enter an address such as"),
            ("https://hooks.example@127.0.0.1/", "Enter an address such as"),
            ("https://other.example/", "has not allowed this host"),
            ("http://hooks.example/", "has not allowed this host"),
        ] {
            let (status, text) = sent("Pager", address, "harm");
            assert!(status == 422 && text.contains("href=\"#address\"") && text.contains(said), "{address}: {text}");
        }
        let answer = administrator.post("/admin/receivers", &FIELDS[..2]);
        assert!(answer.status == 422 && answer.text().contains("href=\"#kind\""), "{}", answer.text());
        for n in 0..11 {
            let answer = administrator.post("/admin/receivers", &FIELDS);
            assert_eq!(answer.status, if n < 10 { 201 } else { 409 }, "{n}");
        }
    }
}
