//! The statistics as JSON Lines.

use std::io::BufReader;

use fairtrial_server::command::answer_lines;
use serde_json::{Value, json};

fn answers(input: &[u8]) -> Vec<Value> {
    let mut output = Vec::new();
    answer_lines(BufReader::new(input), &mut output).expect("memory can be written");
    output
        .split(|byte| *byte == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_slice(l).expect("JSON"))
        .collect()
}

#[test]
fn one_wrong_line_never_stops_the_rest() {
    let good = r#"{"id":1,"method":"one_proportion.wilson","args":{"x":81,"n":263,"level":0.95}}"#;
    let mut input = Vec::new();
    for line in [
        good.as_bytes(),
        b"{",
        b"\xff\xfe",
        b"[]",
        b"{\"id\":\"x\",\"method\":7,\"args\":{}}",
        b"{\"id\":null,\"method\":\"one_proportion.wilson\"}",
        b"{\"id\":{\"a\":1},\"method\":\"nothing.at.all\",\"args\":{}}",
        b"{\"id\":2,\"method\":\"one_proportion.wilson\",\"args\":{\"x\":-1,\"n\":3,\"level\":0.95}}",
        b"{\"id\":2,\"method\":\"one_proportion.wilson\",\"args\":{},\"more\":1}",
        b"   ",
        b"",
    ] {
        input.extend_from_slice(line);
        input.push(b'\n');
    }
    // The last line has no end of its own.
    input.extend_from_slice(good.replace("\"id\":1", "\"id\":\"last\"").as_bytes());
    let answers = answers(&input);
    assert_eq!(answers.len(), 10);
    assert!(answers[0]["result"]["interval"]["lower"].is_f64());
    let codes: Vec<&str> = answers[1..9].iter().map(|a| a["error"]["code"].as_str().expect("a code")).collect();
    let (request, argument) = ("invalid_request", "invalid_argument");
    assert_eq!(codes, [request, request, request, request, request, argument, argument, request]);
    assert_eq!(answers[6]["id"], json!({"a": 1}));
    assert_eq!((&answers[9]["id"], answers[9].get("error")), (&json!("last"), None));
}
