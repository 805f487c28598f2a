//! From the rows of the route table to answers: method, address, right, handler, in this order.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::{Method, header},
    web,
};

use super::{Answer, Audience, Call, Query, RequestId, Row, panic::caught, percent};
use crate::{
    access, pages,
    problem::{Code, Problem},
    server::{Counts, Metrics, State},
};

/// Longest address, in bytes.
const LONGEST_ADDRESS: usize = 8 * 1024;

/// The rows of one path, and where their answers are counted.
#[derive(Clone)]
struct Place(Arc<Vec<Row>>, Arc<Counts>);

impl Place {
    fn row(&self, method: &Method) -> Option<&Row> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.0.iter().find(|row| row.method == *method)
    }

    fn allow(&self) -> String {
        let mut methods: Vec<&str> = self.0.iter().map(|row| row.method.as_str()).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        methods.sort_unstable();
        methods.join(", ")
    }

    fn audience(&self) -> Audience {
        self.0.first().map_or(Audience::Program, |row| row.audience)
    }
}

/// Adds the rows to a server. A path with a name in it comes before one with a parameter in the same place: names
/// sort before braces.
pub fn install(rows: &[Row], metrics: &Metrics, config: &mut web::ServiceConfig) {
    let mut places: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    for row in rows {
        places.entry(row.path).or_default().push(row.clone());
    }
    for (path, rows) in places {
        let place = Place(Arc::new(rows), metrics.of(path));
        config.service(web::resource(path).to(move |request, payload, state| {
            let place = place.clone();
            async move { respond(&place, request, payload, state).await }
        }));
    }
}

/// The answer for an address that no row has.
pub(crate) async fn unmatched(request: HttpRequest) -> HttpResponse {
    let program = ["/v1/", "/ofrep/"].iter().any(|start| request.path().starts_with(start));
    let problem = check_address(&request).err().unwrap_or_else(Problem::not_found);
    refuse(&problem, if program { Audience::Program } else { Audience::Person }, &request)
}

async fn respond(place: &Place, request: HttpRequest, payload: web::Payload, state: web::Data<State>) -> HttpResponse {
    let began = Instant::now();
    let answer = caught(answer(place, request.clone(), payload, state.into_inner())).await;
    let response = match answer {
        Some(Ok(response)) => response,
        Some(Err(mut problem)) => {
            if problem.code == Code::Overloaded
                && let Some(state) = request.app_data::<web::Data<State>>()
            {
                problem.retry_after = Some(state.patience());
            }
            refuse(&problem, place.audience(), &request)
        }
        None => {
            tracing::error!(route = request.match_pattern(), "a handler panicked");
            refuse(&Problem::internal(), place.audience(), &request)
        }
    };
    place.1.add(response.status().as_u16(), began.elapsed());
    response
}

async fn answer(place: &Place, request: HttpRequest, payload: web::Payload, state: Arc<State>) -> Answer {
    check_address(&request)?;
    if request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((header::ALLOW, place.allow())).finish());
    }
    let Some(row) = place.row(request.method()) else {
        let mut problem = Problem::new(Code::MethodNotAllowed, format!("The methods here are {}.", place.allow()));
        problem.allow = Some(place.allow());
        return Err(problem);
    };
    if row.audience == Audience::Person && row.method != Method::GET {
        access::check_origin(&request, &state)?;
    }
    let caller = access::caller(&state, &request, row.needs).await?;
    let query = Query::read(request.query_string(), row.query)?;
    (row.handler)(Call::new(state, query, caller, request, payload)).await
}

/// Refuses an address that two readers could read in two ways.
fn check_address(request: &HttpRequest) -> Result<(), Problem> {
    let address = request.uri();
    if address.path_and_query().is_some_and(|text| text.as_str().len() > LONGEST_ADDRESS) {
        let detail = format!("It may have at most {LONGEST_ADDRESS} bytes.");
        return Err(Problem::new(Code::AddressTooLong, detail));
    }
    // Without an escape there is nothing that could be read in two ways: the HTTP library takes plain characters only.
    if !address.path().contains('%') || percent::decode(address.path()).is_some() {
        return Ok(());
    }
    Err(Problem::new(Code::MalformedRequest, "A percent sign in the address does not make a text."))
}

/// Tells a problem in the reader's shape.
fn refuse(problem: &Problem, audience: Audience, request: &HttpRequest) -> HttpResponse {
    let id = request.extensions().get::<RequestId>().map_or_else(String::new, |id| id.as_str().to_owned());
    let state = request.app_data::<web::Data<State>>();
    match (audience, state) {
        (Audience::Person, Some(state)) => pages::fault::show(problem, request, state, &id),
        _ => problem.json(&id),
    }
}
