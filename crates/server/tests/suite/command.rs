//! The program itself.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Output, Stdio},
};

fn fairtrial(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fairtrial"));
    command.args(arguments).env_clear().current_dir(std::env::temp_dir());
    command
}

fn run(arguments: &[&str]) -> Output {
    fairtrial(arguments).stdin(Stdio::null()).output().expect("the program runs")
}

fn error(output: &Output) -> String {
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
    let mut child = fairtrial(&["serve", "--listen", "127.0.0.1:0", "--data", data.path().to_str().expect("text")])
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
    let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(told.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}
