//! Q: paths and queries.

use super::{Caller, Case, JSON, request};
use crate::running::World;

pub(super) fn cases(caller: &Caller, world: &World) -> Vec<Case> {
    let mut cases = Vec::new();
    let trial = |part: &str| format!("/v1/trials/{part}");
    for (name, part, status, code) in [
        ("Q1 slashes in escapes", "..%2f..%2fetc%2fpasswd", 404, "not_found"),
        ("Q2 NUL", "a%00b", 400, "malformed_request"),
        ("Q2 line", "a%0d%0ab", 400, "malformed_request"),
        ("Q3 no UTF-8", "a%ff", 400, "malformed_request"),
        ("Q3 overlong", "%c0%af", 400, "malformed_request"),
        ("Q3 half an escape", "a%2", 400, "malformed_request"),
        ("Q10 zero", "0", 404, "not_found"),
        ("Q10 minus", "-1", 404, "not_found"),
        ("Q10 exponent", "1e3", 404, "not_found"),
        ("Q10 Arabic digit", "%D9%A3", 404, "not_found"),
        ("Q10 blank", "open-door%20", 404, "not_found"),
        ("Q10 another agency's", "quit-line", 404, "not_found"),
        ("Q11 escaped twice", "%252e%252e", 404, "not_found"),
        ("Q12 dot", "open-door.", 404, "not_found"),
        ("Q12 slash", "open-door/", 404, "not_found"),
        ("Q12 session", "open-door;jsessionid=1", 404, "not_found"),
        ("Q12 case", "OPEN-DOOR", 404, "not_found"),
        ("Q12 two slashes", "/open-door", 404, "not_found"),
        ("quote", "'%20OR%201=1", 404, "not_found"),
        ("percent", "%25", 404, "not_found"),
        ("underscore", "open_door", 404, "not_found"),
        ("Q1 backslashes", "..%5c..%5cetc", 404, "not_found"),
        ("Q2 NUL alone", "%00", 400, "malformed_request"),
        ("Q3 an encoded surrogate", "%ed%a0%80", 400, "malformed_request"),
        ("Q3 no hexadecimal digits", "%zz", 400, "malformed_request"),
        ("Q10 beyond all numbers", "9223372036854775808", 404, "not_found"),
        ("Q10 UUID and a blank", "0198f1c2-7d3e-7000-8000-0123456789ab%20", 404, "not_found"),
        ("Q10 emoji", "%F0%9F%90%9A", 404, "not_found"),
        ("Q12 slash in an escape", "open-door%2freport", 404, "not_found"),
        ("Q12 here", "./open-door/protocol", 404, "not_found"),
        ("Q12 up and down", "../trials/open-door", 404, "not_found"),
        ("Q12 parameters", "open-door;a=b/report", 404, "not_found"),
    ] {
        cases.push(caller.get(name, &trial(part), status, code));
    }
    for (name, target, code) in [
        ("Q4 twice", "/v1/reconcile?day=2026-11-23&day=2026-11-22", "malformed_request"),
        ("Q4 twice by an escape", "/v1/reconcile?day=2026-11-23&d%61y=2026-11-22", "malformed_request"),
        ("Q5 list", "/v1/reconcile?day[]=2026-11-23", "unknown_parameter"),
        ("Q5 operator", "/v1/reconcile?day[$ne]=1", "unknown_parameter"),
        ("Q7 limit", "/v1/trials?limit=1000000", "unknown_parameter"),
        ("Q8 sort", "/v1/trials?sort=password_hash", "unknown_parameter"),
        ("Q9 cursor", "/v1/trials?cursor=forged", "unknown_parameter"),
        ("Q14 no such day", "/v1/reconcile?day=2026-02-30", "malformed_request"),
        ("Q14 a day too far", "/v1/reconcile?day=99999-01-01", "malformed_request"),
        ("I15 callback", "/register.json?callback=steal", "unknown_parameter"),
        ("Q3 no UTF-8", "/v1/reconcile?day=%ff", "malformed_request"),
        ("Q6 version of a page", "/register.json?page=-1", "unknown_parameter"),
        ("Q14 as at no such day", "/v1/trials/open-door/report?as_at=2026-02-30", "malformed_request"),
        ("Q14 as at a text", "/v1/trials/open-door/report?as_at=yesterday", "malformed_request"),
        ("N28 method", "/v1/trials?_method=DELETE", "unknown_parameter"),
        ("Q4 three times", "/register.json?q=a&q=b&q=c", "malformed_request"),
        ("Q5 index", "/register.json?q[0]=a", "unknown_parameter"),
    ] {
        cases.push(caller.get(name, target, 400, code));
    }
    for name in ["api_key", "token", "key", "access_token"] {
        let target = format!("/v1/trials?{name}={}", world.key("justice"));
        let bytes = request("GET", &target, &[("Accept", JSON)], b"");
        cases.push(Case { name: format!("Q15 {name}"), bytes, status: 401, code: "unauthenticated" });
        cases.push(caller.get(&format!("Q15 {name} beside the header"), &target, 400, "unknown_parameter"));
    }
    let long = format!("/v1/trials/{}", "a".repeat(9_000));
    cases.push(caller.get("N17 9 kB", &long, 414, "address_too_long"));
    for (name, target) in [
        ("I11 a draft in the register", "/register/fines-letter/results.json"),
        ("I11 nothing in the register", "/register/no-such/results.json"),
        ("I16 not published", "/register/open-door/results.json"),
        ("I16 another agency's report", "/v1/trials/quit-line/report"),
        ("Q6 version: minus", "/v1/trials/open-door/protocol?version=-1"),
        ("Q6 version: zero", "/v1/trials/open-door/protocol?version=0"),
        ("Q6 version: beyond", "/v1/trials/open-door/protocol?version=9223372036854775808"),
        ("Q6 version: text", "/v1/trials/open-door/protocol?version=abc"),
        ("no such version", "/v1/trials/open-door/protocol?version=99"),
        ("no such list", "/v1/trials/open-door/batches/none"),
    ] {
        cases.push(caller.get(name, target, 404, "not_found"));
    }
    // People read these answers. Where a page of a list is named that there is not, no other is shown in its place.
    for (name, target, status) in [
        ("Q6 page 0", "/register?page=0", 404),
        ("Q6 page -1", "/register?page=-1", 404),
        ("Q6 page 1e9", "/register?page=1e9", 404),
        ("Q6 page abc", "/register?page=abc", 404),
        ("Q6 page 2 of 1", "/register?page=2", 404),
        ("Q6 page beyond all numbers", "/register?page=9223372036854775808", 404),
        ("Q6 two pages", "/register?page=1&page=1", 400),
        ("Q8 sort", "/register?sort=name;drop", 400),
        ("Q12 capitals", "/V1/trials", 404),
        ("Q12 two slashes", "//v1/trials", 404),
        ("Q12 a slash after", "/register/", 404),
        ("N31 another host's path", "//evil.example/v1/trials", 404),
        ("I11 a draft", "/register/fines-letter", 404),
        ("I11 its code guessed", "/t/0000-0000", 404),
        ("I11 no code", "/t/%27%20OR%201=1", 404),
        ("I11 results of a draft", "/register/fines-letter/results.csv", 404),
        ("I12 no such state", "/register?state=secret", 404),
    ] {
        cases.push(caller.get(name, target, status, "page"));
    }
    for (name, target) in [
        ("Q13 up", "/assets/..%2fCargo.toml"),
        ("Q13 up, escaped twice", "/assets/..%252fCargo.toml"),
        ("Q13 backslash", "/assets/..%5cCargo.toml"),
        ("Q13 plainly up", "/assets/../Cargo.toml"),
        ("Q13 hidden", "/assets/.gitkeep"),
        ("Q13 the folder", "/assets/"),
        ("Q13 another root", "/assets//etc/passwd"),
        ("Q13 the database", "/fairtrial.db"),
        ("Q13 the key", "/master.key"),
    ] {
        cases.push(caller.get(name, target, 404, "page"));
    }
    let long = format!("/register.json?q={}", "a".repeat(10_000));
    cases.push(caller.get("I12 10 kB", &long, 414, "address_too_long"));
    cases
}

/// I12: what is searched for is text and no pattern, whatever it looks like.
#[test]
fn words_that_look_like_patterns_find_only_themselves() {
    let world = crate::running::start_filled();
    let found = |words: &str| {
        let bytes = request("GET", &format!("/register.json?q={words}"), &[], b"");
        let answer = crate::client::send(world.address, &bytes).expect("an answer");
        assert_eq!(answer.status, 200, "{words}: {}", answer.text());
        answer.json()["trials"].as_array().expect("a list").len()
    };
    assert_eq!((found("open-door"), found("OPEN-DOOR"), found("")), (1, 1, 2));
    for words in
        ["%25", "_", "d%25r", "d__r", "%5c", "*", ".*", "d[o]*r", "%27", "%22", "%3Bdrop", "%F0%9F%90%9A", "door%25"]
    {
        assert_eq!(found(words), 0, "{words}");
    }
}
