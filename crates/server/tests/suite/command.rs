//! The program itself.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Output, Stdio},
};

use crate::client;

pub(crate) fn fairtrial(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fairtrial"));
    command.args(arguments).env_clear().current_dir(std::env::temp_dir());
    command
}

pub(crate) fn run(arguments: &[&str]) -> Output {
    fairtrial(arguments).stdin(Stdio::null()).output().expect("the program runs")
}

pub(crate) fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_wrong_call_ends_with_2_and_says_why() {
    for (arguments, said) in [
        (&["fly"][..], "unrecognized subcommand"),
        (&[], "Usage"),
        (&["serve", "--listen", "here"], "--listen: \"here\" is not ADDRESS:PORT"),
        (&["serve", "--database-url", "mysql://u:hidden@h/d"], "--database-url: its value is not sqlite:FILE"),
        (&["check-config", "--config", "/nowhere.toml"], "/nowhere.toml: cannot be read"),
        (&["completions", "tcl"], "invalid value"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", error(&output));
        assert!(error(&output).contains(said), "{arguments:?}: {}", error(&output));
        assert!(!error(&output).contains("hidden"));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn what_fails_ends_with_1() {
    let output = run(&["healthcheck", "--listen", "127.0.0.1:1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(error(&output).contains("does not answer"), "{}", error(&output));
}

#[test]
fn the_settings_are_shown_without_secrets() {
    let output = fairtrial(&["check-config", "--log-format", "json"])
        .env("DATABASE_URL", "postgres://me:hidden@db.example/fairtrial")
        .env("FAIRTRIAL_LISTN", "x")
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("postgres://db.example/fairtrial") && shown.contains("info, as json"), "{shown}");
    assert!(!shown.contains("hidden"));
    assert!(error(&output).contains("FAIRTRIAL_LISTN is no setting"));
}

#[test]
fn completions_and_manual_come_from_the_same_description() {
    for arguments in [&["completions", "bash"][..], &["completions", "fish"], &["completions", "zsh"], &["man"]] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8_lossy(&output.stdout).contains("healthcheck"), "{arguments:?}");
    }
}

#[test]
fn statistics_answer_each_line_at_once_and_end_quietly_when_nobody_reads() {
    let mut child =
        fairtrial(&["stats"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program runs");
    let mut input = child.stdin.take().expect("a pipe");
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    for id in 0..3 {
        writeln!(
            input,
            "{{\"id\":{id},\"method\":\"one_proportion.wilson\",\"args\":{{\"x\":1,\"n\":{},\"level\":0.9}}}}",
            id + 1
        )
        .expect("the program reads");
        let mut line = String::new();
        output.read_line(&mut line).expect("an answer before the next question");
        assert!(line.contains(&format!("\"id\":{id}")) && line.contains("result"), "{line}");
    }
    drop(output);
    // A reader that went away is no failure, however much was still to be said.
    for _ in 0..10_000 {
        if writeln!(input, "{{\"id\":1}}").is_err() {
            break;
        }
    }
    drop(input);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_server_prints_the_port_it_picked_and_ends_well_when_told() {
    let data = tempfile::tempdir().expect("a folder");
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let metrics = free.to_string();
    let folder = data.path().to_str().expect("text");
    let mut child = fairtrial(&["serve", "--listen", "127.0.0.1:0", "--metrics-listen", &metrics, "--data", folder])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let address = lines
        .find_map(|line| line.expect("text").strip_prefix("Fairtrial answers at http://").map(str::to_owned))
        .expect("the address is printed");
    let output = run(&["healthcheck", "--listen", &address]);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    let read = crate::client::send(free, &crate::client::request("GET", "/metrics", &[], b"")).expect("an answer");
    let counted = "fairtrial_requests_total{route=\"/readyz\",status=\"2xx\"} 1\n";
    assert!(read.status == 200 && read.text().contains(counted), "{}", read.text());
    assert!(read.text().contains("fairtrial_request_duration_seconds_count{route=\"/readyz\"} 1\n"));
    assert!(read.text().contains("fairtrial_events_behind 0\n"), "{}", read.text());
    let public: std::net::SocketAddr = address.parse().expect("an address");
    let not_here =
        crate::client::send(public, &crate::client::request("GET", "/metrics", &[], b"")).expect("an answer");
    assert_eq!(not_here.status, 404, "counts are not for the public");
    let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(told.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

/// Runs a command on an installation of its own.
pub(crate) fn on(data: &std::path::Path, arguments: &[&str]) -> Output {
    let mut all = arguments.to_vec();
    all.extend(["--data", data.to_str().expect("text"), "--log-level", "error"]);
    run(&all)
}

pub(crate) fn said(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", error(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn an_installation_is_kept_from_the_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    assert!(said(&on(data, &["agency", "create", "justice", "Te Tāhū o te Ture"])).contains("justice"));
    assert_eq!(said(&on(data, &["agency", "list"])), "justice\tTe Tāhū o te Ture\n");
    let capped = ["agency", "burden-cap", "justice", "--trials", "2", "--days", "90"];
    assert!(said(&on(data, &capped)).contains("at most 2 trials in 90 days"));
    assert!(said(&on(data, &["agency", "burden-cap", "justice"])).contains("no limit"));
    assert_eq!(on(data, &["agency", "burden-cap", "justice", "--trials", "0", "--days", "9"]).status.code(), Some(1));
    let twice = on(data, &["agency", "create", "justice", "Another"]);
    assert_eq!((twice.status.code(), error(&twice).contains("has this key")), (Some(1), true), "{}", error(&twice));

    let designer = "designer@justice.example";
    let user = ["user", "create", designer, "--name", "Mere", "--agency", "justice", "--role", "designer"];
    assert!(said(&on(data, &user)).contains("password: "));
    assert!(
        said(&on(data, &["user", "list", "--agency", "justice"])).contains("designer@justice.example\tMere\tdesigner")
    );
    assert!(said(&on(data, &["user", "reset-password", designer])).contains("password: "));
    assert_eq!(on(data, &["user", "reset-password", "nobody@justice.example"]).status.code(), Some(1));
    assert_eq!(
        on(data, &["user", "create", "a@b.c", "--name", "A", "--agency", "justice", "--role", "king"]).status.code(),
        Some(2)
    );

    let token = said(&on(data, &["key", "create", "Counter", "--agency", "justice", "--scope", "assign"]));
    assert!(token.starts_with("ft_live_"));
    let id = token.split('_').nth(2).expect("an id");
    assert!(said(&on(data, &["key", "list", "--agency", "justice"])).contains(id));
    said(&on(data, &["key", "revoke", id, "--agency", "justice"]));
    assert_eq!(on(data, &["key", "revoke", id, "--agency", "justice"]).status.code(), Some(1));
    assert!(said(&on(data, &["key", "list", "--agency", "justice"])).contains("taken back"));

    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/fines-letter.protocol.json");
    assert!(said(&on(data, &["trial", "import", example, "--as", designer])).contains("fines-letter"));
    assert!(said(&on(data, &["trial", "list"])).starts_with("fines-letter\tjustice\tdraft\t"));
    assert!(said(&on(data, &["trial", "show", "fines-letter"])).contains("sha256:"));
    let exported: serde_json::Value =
        serde_json::from_str(&said(&on(data, &["trial", "export", "fines-letter"]))).expect("JSON");
    assert_eq!(exported["key"], "fines-letter");
    let mended = data.join("bad.json");
    std::fs::write(&mended, "{\"schema\":\"fairtrial/protocol/1\"}").expect("a file");
    let refused = on(data, &["trial", "import", mended.to_str().expect("text"), "--as", designer]);
    assert!(refused.status.code() == Some(1) && error(&refused).contains("/arms"), "{}", error(&refused));
    assert_eq!(said(&on(data, &["migrate"])), "the database is up to date\n");
}

#[test]
fn an_installation_that_is_not_whole_is_not_opened() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    said(&on(data, &["agency", "create", "justice", "Justice"]));
    let key = data.join("master.key");
    let refused = |what: &str| {
        let output = on(data, &["agency", "list"]);
        assert!(output.status.code() == Some(1) && error(&output).contains(what), "{what}: {}", error(&output));
    };
    let good = std::fs::read_to_string(&key).expect("a key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("a mode");
    refused("can be read by others");
    std::fs::remove_file(&key).expect("it is there");
    refused("is missing");
    std::fs::write(&key, "short").expect("a file");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    refused("64 hexadecimal digits");
    std::fs::write(&key, "0".repeat(64)).expect("a file");
    refused("master key does not open");
    std::fs::write(&key, good).expect("a file");
    said(&on(data, &["agency", "list"]));
    std::fs::write(data.join("fairtrial.db"), "this is no database").expect("a file");
    assert_eq!(on(data, &["agency", "list"]).status.code(), Some(1));
}

#[test]
fn a_demonstration_describes_itself_before_it_answers_and_leaves_other_data_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let real = folder.path().join("real");
    said(&on(&real, &["agency", "create", "justice", "Justice"]));
    let refused = on(&real, &["demo", "--listen", "127.0.0.1:0"]);
    assert!(error(&refused).contains("no demonstration made"), "{}", error(&refused));
    said(&on(&real, &["agency", "list"]));

    let made_up = folder.path().join("made-up");
    let mut child = fairtrial(&["demo", "--listen", "127.0.0.1:0", "--data", made_up.to_str().expect("text")])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let address = lines
        .find_map(|line| line.expect("text").strip_prefix("Fairtrial answers at ").map(str::to_owned))
        .expect("the address is printed");
    let text = std::fs::read_to_string(made_up.join("demo.json")).expect("it is there by now");
    let described: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&described["base_url"], &described["public_url"]), (&address.clone().into(), &address.clone().into()));
    for (name, fields) in [
        ("accounts", &["role", "email", "password", "agency"][..]),
        ("keys", &["name", "agency", "scopes", "environment", "token"]),
        ("trials", &["key", "agency", "state", "what"]),
    ] {
        let items = described[name].as_array().expect("a list");
        assert!(
            !items.is_empty() && items.iter().all(|item| fields.iter().all(|field| !item[field].is_null())),
            "{name}"
        );
    }
    let socket = address.strip_prefix("http://").expect("an address").to_owned();
    assert_eq!(run(&["healthcheck", "--listen", &socket]).status.code(), Some(0));
    every_item_is_answered_or_missed(socket.parse().expect("an address"));
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

/// Of the finished trials of the demonstration, one by one and by whole offices: nothing is left blank in the checklist.
fn every_item_is_answered_or_missed(address: std::net::SocketAddr) {
    for (trial, items) in [("fines-letter", 42), ("identity-check", 42), ("queue-ticket", 42), ("call-script", 46)] {
        let path = format!("/register/{trial}/checklist.csv");
        let answer = client::send(address, &client::request("GET", &path, &[], &[])).expect("an answer");
        assert_eq!(answer.status, 200, "{trial}");
        let mut table = csv::Reader::from_reader(answer.body.as_slice());
        let rows: Vec<csv::StringRecord> = table.records().collect::<Result<_, _>>().expect("rows");
        assert_eq!(rows.len(), items, "{trial}");
        for row in &rows {
            let (standing, told, missing) = (&row[3], !row[4].is_empty(), !row[5].is_empty());
            let wanted = match standing {
                "On record" => (true, false),
                "In part" => (true, true),
                "Not on record" | "Not asked of this trial" => (false, true),
                other => panic!("{trial}: {other}"),
            };
            assert_eq!((told, missing), wanted, "{trial}: {row:?}");
        }
        let open = rows.iter().filter(|row| &row[3] == "On record").count();
        assert!(open >= 20, "{trial}: only {open} answered");
    }
}

#[test]
fn a_table_of_units_becomes_a_report() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples");
    let (plan, table) =
        (format!("{examples}/voters-letter.protocol.json"), format!("{examples}/voters-letter.counts.csv"));
    let call = ["analyse", "--protocol", &plan, "--data", &table, "--as-of", "2026-11-23T00:00:00Z"];
    let words = said(&run(&call));
    assert!(words.contains("Arms") && words.contains("Checks") && words.contains("sha256:"), "{words}");
    let mut json = call.to_vec();
    json.push("--json");
    let report: serde_json::Value = serde_json::from_str(&said(&run(&json))).expect("JSON");
    assert!(words.contains(report["verdict"]["headline"].as_str().expect("a headline")));
    assert_eq!(report["as_of"], "2026-11-23T00:00:00Z");

    let folder = tempfile::tempdir().expect("a folder");
    let bad = folder.path().join("bad.csv");
    std::fs::write(&bad, "unit,arm\nu-1,nowhere\n").expect("a file");
    let output = run(&["analyse", "--protocol", &plan, "--data", bad.to_str().expect("text")]);
    assert!(output.status.code() == Some(1) && error(&output).contains("bad.csv"), "{}", error(&output));
    let output = run(&["analyse", "--protocol", &plan, "--data", &table, "--column", "arm"]);
    assert_eq!(output.status.code(), Some(2), "{}", error(&output));
    assert_eq!(run(&["analyse", "--protocol", &table, "--data", &table]).status.code(), Some(1));
}

#[test]
fn a_size_is_told_in_sentences_and_in_numbers() {
    let output = run(&["power", "--control", "0.20", "--effect", "0.03", "--units", "600"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("With 600 people you can reliably see a rise from 20 to 30 in 100, not to 23."), "{said}");
    assert!(said.starts_with("STOP: this trial cannot answer its question."), "{said}");
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/fines-letter.protocol.json");
    let output = run(&["power", example, "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert!(answer["power"].as_f64().is_some_and(|power| power > 0.7 && power < 0.8), "{answer}");
    assert_eq!(answer["decision_rule"]["claims"][0]["claim"], "superior(paid-28d)");
    for (arguments, said) in [
        (&["power"][..], "--control: say what is expected"),
        (&["power", "--control", "0.2"], "--effect: say the smallest gain"),
        (&["power", "--control", "2", "--effect", "0.1"], "--control: is a share from 0 to 1"),
        (
            &["power", "--control", "0.2", "--effect", "0.1", "--icc", "0.03", "--sites-per-step", "3,x"],
            "--sites-per-step: \"3,x\" is not whole numbers",
        ),
        (
            &["power", "--control", "0.2", "--effect", "0.1", "--icc", "0.03", "--sites-per-step", "0,2"],
            "--sites-per-step: needs 1 to 199 steps",
        ),
        (&["power", "--control", "0.2", "--effect", "0.1", "--ratio", "a"], "--ratio: \"a\" is not whole numbers"),
        (&["power", "--control", "0.2", "--effect", "0.1", "--looks", "0.5"], "--looks: \"0.5\" is not rising"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", error(&output));
        assert!(error(&output).contains(said), "{arguments:?}: {}", error(&output));
    }
}

/// A file that is not part of the project; nothing, said aloud, when it is not there.
#[expect(clippy::disallowed_methods, reason = "the test asks where the outside data are, as its documentation says")]
fn outside(name: &str) -> Option<String> {
    let here = || std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let file = std::env::var_os("FAIRTRIAL_OUTSIDE_DATA").map_or_else(here, std::path::PathBuf::from).join(name);
    if file.is_file() {
        return Some(file.to_str().expect("text").to_owned());
    }
    eprintln!("skipped: {} is not there; set FAIRTRIAL_OUTSIDE_DATA to the folder of {name}", file.display());
    None
}

/// The report that the command prints of a published trial.
fn published(plan: &str, data: &str, more: &[&str]) -> serde_json::Value {
    let plan = format!("{}/../../docs/examples/{plan}.protocol.json", env!("CARGO_MANIFEST_DIR"));
    let call =
        ["analyse", "--protocol", &plan, "--data", data, "--one-row-per-unit", "--as-of", "2027-08-01T00:00:00Z"];
    let output = run(&[&call[..], more, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

fn near(found: &serde_json::Value, expected: f64, tolerance: f64) {
    let found = found.as_f64().expect("a number");
    assert!((found - expected).abs() < tolerance, "{found} is not {expected}");
}

#[test]
fn names_on_applications_are_analysed_as_published() {
    let Some(data) = outside("resume.csv") else { return };
    let report = published("resume", &data, &["--column", "arm=race"]);
    let call = &report["outcomes"][0];
    let arm = |key: &str| {
        let arms = call["arms"].as_array().expect("a list");
        arms.iter().find(|arm| arm["arm"] == key).expect("the arm").clone()
    };
    // Bertrand and Mullainathan 2004: 9.65 % against 6.45 %.
    for (key, events, share) in [("white", 235, 0.0965), ("black", 157, 0.0645)] {
        assert_eq!((arm(key)["analysed"].as_u64(), arm(key)["events"].as_u64()), (Some(2_435), Some(events)), "{key}");
        near(&arm(key)["mean"], share, 0.000_05);
    }
    near(&call["unadjusted"][0]["estimate"], 0.0320, 0.000_05);
    assert!(call["unadjusted"][0]["p_value"].as_f64().is_some_and(|p| p < 0.001));
    assert_eq!(report["verdict"]["kind"], "succeeded");
}

#[test]
fn class_size_is_analysed_to_the_means_of_the_file() {
    let Some(data) = outside("star.csv") else { return };
    let arms = ["--column", "arm=classtype", "--arm", "small=1", "--arm", "regular=2", "--arm", "aide=3"];
    let report = published("star", &data, &arms);
    let outcomes = report["outcomes"].as_array().expect("a list");
    let small = |key: &str| {
        let outcome = outcomes.iter().find(|outcome| outcome["outcome"] == key).expect("the outcome");
        let found = outcome["unadjusted"].as_array().expect("a list");
        found.iter().find(|found| found["arm"] == "small").expect("the arm")["estimate"].clone()
    };
    // Means were taken from the file by another program.
    near(&small("g4reading"), 723.391_184_573 - 719.889_952_153, 1e-8);
    near(&small("g4math"), 709.185_135_135 - 709.521_377_672, 1e-8);
    assert_eq!(report["verdict"]["kind"], "undecided");
}

#[test]
fn a_plan_is_rehearsed_the_same_each_time() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/fines-letter.protocol.json");
    let rehearse = ["rehearse", example, "--trials", "10", "--harm-trials", "5", "--seed", "7", "--json"];
    let once = run(&rehearse);
    assert_eq!(once.status.code(), Some(0), "{}", error(&once));
    let again = run(&rehearse);
    assert_eq!(once.stdout, again.stdout);
    let table: serde_json::Value = serde_json::from_slice(&once.stdout).expect("it is JSON");
    let truths: Vec<&str> =
        table["scenarios"].as_array().expect("a list").iter().filter_map(|s| s["truth"].as_str()).collect();
    assert_eq!(truths, ["no_effect", "worthwhile", "half_of_it", "harm", "harm_at_margin"]);
    assert_eq!(table["harm_rules"]["trials"], 5, "{}", table["harm_rules"]);
    let words = run(&["rehearse", example, "--trials", "2", "--harm-trials", "2"]);
    let words = String::from_utf8_lossy(&words.stdout).into_owned();
    assert!(
        words.contains("How soon harm would stop it: 2 trials") && words.contains("as the plan accepts"),
        "{words}"
    );
    let none = run(&["rehearse", example, "--trials", "2", "--harm-trials", "0"]);
    assert!(!String::from_utf8_lossy(&none.stdout).contains("How soon harm"));
    let output = run(&["rehearse", example, "--trials", "0"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(error(&output).contains("--trials: must be at least 1"), "{}", error(&output));
}

#[test]
fn the_log_never_holds_what_callers_send() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    said(&on(data, &["agency", "create", "justice", "Justice"]));
    let token = said(&on(data, &["key", "create", "Counter", "--agency", "justice", "--scope", "assign"]));
    let path = data.to_str().expect("text");
    let log = std::fs::File::create(data.join("log")).expect("a file");
    let mut child = fairtrial(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        path,
        "--log-level",
        "trace",
        "--log-format",
        "json",
    ])
    .stdout(Stdio::piped())
    .stderr(log)
    .spawn()
    .expect("the program runs");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut printed = |start: &str| {
        lines.find_map(|line| line.expect("text").strip_prefix(start).map(str::to_owned)).expect("it is printed")
    };
    let address: std::net::SocketAddr = printed("Fairtrial answers at http://").parse().expect("an address");
    // There is a key and no person, so that a first administrator is asked for.
    assert!(printed("There is no administrator yet. ").contains("/setup/"));
    let bearer = format!("Bearer {}", token.trim());
    let json = ("Content-Type", "application/json");
    for (method, target, headers, body) in [
        (
            "POST",
            "/v1/trials/none/assignments",
            vec![("Authorization", bearer.as_str()), json],
            "{\"unit\":\"CANARY-unit\"}",
        ),
        ("POST", "/v1/trials/CANARY-path/assignments", vec![("Authorization", &bearer), json], "{\"CANARY-field\":1}"),
        (
            "POST",
            "/v1/trials/none/assignments?key=CANARY-query",
            vec![("X-API-Key", "CANARY-key"), json],
            "CANARY-body",
        ),
        (
            "GET",
            "/CANARY-nothing?CANARY=1",
            vec![("Cookie", "fairtrial=CANARY-cookie"), ("X-Request-Id", "x\"y CANARY-id")],
            "",
        ),
        ("CANARY", "/healthz", vec![("User-Agent", "CANARY-agent")], ""),
        ("POST", "/sign-in", vec![("Content-Type", "application/x-www-form-urlencoded")], "password=CANARY-password"),
    ] {
        let bytes = crate::client::request(method, target, &headers, body.as_bytes());
        assert!(crate::client::send(address, &bytes).is_some(), "{method} {target}");
    }
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    let log = std::fs::read_to_string(data.join("log")).expect("a log");
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect();
    assert!(lines.iter().filter(|line| line["route"].is_string()).count() >= 6, "{log}");
    assert!(!log.contains("CANARY"), "{log}");
    let secret = token.trim().rsplit('_').next().expect("a secret");
    assert!(!log.contains(secret), "{log}");
}
