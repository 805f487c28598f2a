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
    cases
}
