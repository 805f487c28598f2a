//! The floor under every figure of `scripts/bench http`: the same HTTP library reads a JSON body and writes one of the same
//! size, and does nothing else.
//!
//! Prints the address it picked, as the server does.

use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::{Value, json};

async fn echo(body: web::Bytes) -> HttpResponse {
    let Ok(read) = serde_json::from_slice::<Value>(&body) else { return HttpResponse::BadRequest().finish() };
    HttpResponse::Ok().json(json!({
        "trial": "open-door", "outcome": "existing", "arm": "new", "payload": {"sign": "friendly"},
        "assignment_id": "695ecb1600099a917820dc7c",
        "protocol_id": "sha256:5d1d0c0d3bba5b09a3a2f7c8cbd3e9b3c5e3c8a3cf0d8a8d6a0a7e2b9d4c1f00",
        "assigned_at": "2026-11-23T09:30:00.000Z", "notice": null, "reason": null, "unit": read["unit"],
    }))
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let server = HttpServer::new(|| App::new().default_service(web::to(echo))).bind("127.0.0.1:0")?;
    for address in server.addrs() {
        print(&format!("echo answers at http://{address}\n"))?;
    }
    server.run().await
}

fn print(line: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.flush()
}
