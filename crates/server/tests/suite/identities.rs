//! Names of people, brought together and parted from the command line.

use std::{
    io::Write,
    path::Path,
    process::{Output, Stdio},
};

use crate::command::{error, fairtrial, on, said};

/// Words of which names in these tests are made, so that they are found wherever they should not be.
const MARKS: [&str; 3] = ["7f3acanary", "0198canary", "canary@example"];

/// Runs a command on names that stand on standard input, with everything logged; whatever is printed or logged names nobody.
fn told(data: &Path, who: &str, command: &[&str], names: &str) -> (Output, String) {
    let data = data.to_str().expect("text");
    let rest = ["-", "--as", who, "--data", data, "--log-level", "trace"];
    let mut child = fairtrial(&[&["identity"], command, &rest].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    child.stdin.take().expect("a pipe").write_all(names.as_bytes()).expect("the program reads");
    let output = child.wait_with_output().expect("it ends");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    for mark in MARKS {
        assert!(!printed.contains(mark) && !error(&output).contains(mark), "{printed}{}", error(&output));
    }
    (output, printed)
}

#[test]
fn names_are_brought_together_and_parted_and_told_to_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    said(&on(data, &["agency", "create", "justice", "Justice"]));
    said(&on(data, &["agency", "create", "health", "Health"]));
    for (role, agency) in [("privacy", "justice"), ("designer", "justice"), ("privacy", "health")] {
        let email = format!("{role}@{agency}.example");
        said(&on(data, &["user", "create", &email, "--name", role, "--agency", agency, "--role", role]));
    }
    let (officer, names) = ("privacy@justice.example", "web:7f3acanary\r\ncustomer:0198canary\n");
    let (link, withdraw) = (["link", "--purpose", "sign-in"], ["withdraw", "--reason", "shared-device"]);

    let (output, printed) = told(data, officer, &withdraw, names);
    assert_eq!((output.status.code(), printed.as_str()), (Some(1), ""), "they are not one person yet");
    assert!(error(&output).contains("not known as one person"), "{}", error(&output));
    assert_eq!(told(data, officer, &link, names).1, "the two names are one person's now\n");
    // The other way round, and once more: they are known.
    let swapped = "customer:0198canary\nweb:7f3acanary";
    let known = told(data, officer, &[&link[..], &["--json"]].concat(), swapped).1;
    assert_eq!(known, "{\"in_twice\":[],\"in_two_arms\":[],\"status\":\"duplicate\"}\n");
    // A unit of one agency is nobody in another.
    assert_eq!(told(data, "privacy@health.example", &withdraw, names).0.status.code(), Some(1));
    assert_eq!(told(data, officer, &withdraw, swapped).1, "the two names are two people's again\n");
    assert_eq!(told(data, officer, &link, names).1, "the two names are one person's now\n", "and it may be said again");

    for (who, names, said) in [
        ("designer@justice.example", names, "privacy, administrator"),
        ("nobody@justice.example", names, "nobody has an account"),
        (officer, "web:7f3acanary\n", "two lines"),
        (officer, "web:7f3acanary\nweb:0198canary\nweb:more\n", "two lines"),
        (officer, "web:7f3acanary\nperson.canary@example.org\n", "line 2: the unit looks like"),
        (officer, "\nweb:7f3acanary\n", "line 1: a unit is"),
        (officer, "web:7f3acanary\nweb:7f3acanary\n", "two different names"),
    ] {
        let (output, printed) = told(data, who, &link, names);
        assert_eq!((output.status.code(), printed.as_str()), (Some(1), ""), "{said}");
        assert!(error(&output).contains(said), "{said}: {}", error(&output));
    }
    let long = "x".repeat(5_000);
    assert_eq!(told(data, officer, &link, &format!("web:a\n{long}")).0.status.code(), Some(1));
    let missing = on(data, &["identity", "link", "/nowhere/names", "--as", officer, "--purpose", "sign-in"]);
    assert!(missing.status.code() == Some(1) && error(&missing).contains("cannot be read"), "{}", error(&missing));
    let no_code = on(data, &["identity", "link", "-", "--as", officer, "--purpose", "Two Words"]);
    assert_eq!(no_code.status.code(), Some(2), "a purpose is a code");
}
