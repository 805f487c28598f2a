//! A trial from its plan to the archive, from the command line.

use serde_json::{Value, json};

use crate::{
    command::{error, on, said},
    plan,
};

#[test]
fn a_trial_lives_from_the_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    said(&on(data, &["agency", "create", "justice", "Justice"]));
    for role in ["designer", "approver", "monitor", "manager", "analyst"] {
        let email = format!("{role}@justice.example");
        said(&on(data, &["user", "create", &email, "--name", role, "--agency", "justice", "--role", role]));
    }
    let (file, amended) = (data.join("plan.json"), data.join("amended.json"));
    let mut document = plan::simple("door", "justice", "desk");
    std::fs::write(&file, document.to_string()).expect("a file");
    said(&on(data, &["trial", "import", file.to_str().expect("text"), "--as", "designer@justice.example"]));

    // What goes out is byte for byte what comes in again.
    let exported = said(&on(data, &["trial", "export", "door"]));
    let id = fairtrial_domain::LockedProtocol::from_json(exported.as_bytes()).expect("a plan").id().to_string();
    assert_eq!(id, format!("sha256:{}", fairtrial_domain::canonical::sha256_hex(&exported)));

    let act = |verb: &str, who: &str, more: &[&str]| {
        let email = format!("{who}@justice.example");
        let mut arguments = vec!["trial", verb, "door", "--as", &email, "--json", "--reason", "as planned"];
        arguments.extend(more);
        on(data, &arguments)
    };
    let state = |verb: &str, who: &str, more: &[&str]| -> Value {
        serde_json::from_str(&said(&act(verb, who, more))).expect("JSON")
    };
    assert_eq!(state("submit", "designer", &[])["state"], "in_review");
    let own = act("approve", "designer", &[]);
    assert!(own.status.code() == Some(1) && error(&own).contains("approver"), "{}", error(&own));
    assert_eq!(state("approve", "approver", &["--protocol-id", &id, "--role", "approver"])["state"], "approved");
    assert_eq!(state("start", "designer", &[])["state"], "enrolling");
    assert_eq!(state("pause-enrolment", "designer", &[])["state"], "enrolment_paused");
    assert_eq!(state("resume_enrolment", "designer", &[])["state"], "enrolling");

    document["public_summary"] = json!("In plainer words.");
    std::fs::write(&amended, document.to_string()).expect("a file");
    let change = [amended.to_str().expect("text"), "--data-seen", "none"];
    assert_eq!(state("amend", "designer", &change)["state"], "enrolling");
    assert_eq!(state("approve", "approver", &[])["state"], "enrolling");
    assert!(said(&on(data, &["trial", "versions", "door"])).contains("2\tin_force\tminor\tsha256:"));
    assert_eq!(said(&on(data, &["trial", "export", "door", "--version", "1"])), exported);
    assert!(said(&on(data, &["trial", "export", "door"])).contains("In plainer words."));

    assert_eq!(state("suspend", "analyst", &[])["state"], "suspended");
    let asked = state("resume", "designer", &[]);
    assert_eq!(asked["state"], "suspended");
    assert!(asked["waiting_for"].as_str().is_some_and(|text| text.contains("monitor")), "{asked}");
    assert_eq!(
        state("resume", "monitor", &[]),
        json!({"trial": "door", "state": "enrolment_paused", "waiting_for": null})
    );
    assert_eq!(state("stop", "designer", &[])["state"], "follow_up");
    assert_eq!(state("lock-data", "analyst", &[])["state"], "data_locked");
    assert_eq!(state("decide", "manager", &["--decision", "run_again"])["state"], "decided");
    assert_eq!(state("publish", "manager", &[])["state"], "archived");
    assert_eq!(act("withdraw", "designer", &[]).status.code(), Some(1));
    assert_eq!(act("decide", "manager", &["--decision", "hope"]).status.code(), Some(2), "a wrong call");

    let shown: Value = serde_json::from_str(&said(&on(data, &["trial", "show", "door", "--json"]))).expect("JSON");
    assert_eq!((&shown["state"], &shown["tier"]["number"]), (&json!("archived"), &json!(0)));
    let list: Value = serde_json::from_str(&said(&on(data, &["trial", "list", "--json"]))).expect("JSON");
    assert_eq!(list["trials"][0]["trial"], "door");
    assert_eq!(on(data, &["audit", "verify"]).status.code(), Some(0));
}
