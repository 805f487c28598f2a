//! The single table of routes: method, path, needed right, handler. The server has no other.

use actix_web::http::Method;

use crate::{
    api,
    transport::{Needs, Row},
};

/// All rows.
#[must_use]
pub fn table() -> Vec<Row> {
    vec![
        Row::program(Method::GET, "/healthz", Needs::Nothing, api::health::alive),
        Row::program(Method::GET, "/openapi.json", Needs::Nothing, api::description::openapi),
    ]
}
