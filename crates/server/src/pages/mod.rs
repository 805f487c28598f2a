//! For people: what a use case answers becomes a page, what a form says becomes a call of a use case.

pub(crate) mod account;
pub(crate) mod assets;
pub(crate) mod audit;
pub(crate) mod batches;
pub(crate) mod checklist;
pub(crate) mod data;
pub(crate) mod decision;
pub(crate) mod docs;
pub(crate) mod document;
pub(crate) mod explore;
pub(crate) mod fault;
mod frame;
pub(crate) mod guide;
pub(crate) mod home;
pub(crate) mod identities;
pub(crate) mod integration;
pub(crate) mod keys;
pub(crate) mod library;
pub(crate) mod links;
pub(crate) mod looks;
pub(crate) mod messages;
pub(crate) mod notes;
pub(crate) mod opt_outs;
pub(crate) mod outcome_files;
pub(crate) mod people;
pub(crate) mod portfolio;
pub(crate) mod privacy;
pub(crate) mod receivers;
mod records;
pub(crate) mod register;
pub(crate) mod rehearsal;
pub(crate) mod report;
pub(crate) mod result;
pub(crate) mod reviews;
pub(crate) mod rules;
pub(crate) mod session;
pub(crate) mod setup;
pub(crate) mod trials;
pub(crate) mod versions;

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use fairtrial_app::AppError;
use fairtrial_pages::component::{ErrorSummary, Fault};

use crate::{problem::Problem, transport::Answer};

/// A finished page.
fn page(status: StatusCode, html: Result<String, impl std::fmt::Display>) -> Answer {
    let html = html.map_err(|error| {
        tracing::error!(%error, "a page could not be written");
        Problem::internal()
    })?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(html))
}

/// Sends the browser on, so that loading the page again does not send the form again.
fn go_to(address: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, address)).finish()
}

/// The faults of a form, each at its field; every other refusal is a problem of its own.
fn faults_of_form(error: AppError) -> Result<ErrorSummary, Problem> {
    let faults = match error {
        AppError::Invalid(faults) => faults,
        AppError::Conflict { code: "email_taken", detail } => {
            vec![fairtrial_domain::Fault::new("/email", "email_taken", detail)]
        }
        AppError::Conflict { code: "agency_exists", detail } => {
            vec![fairtrial_domain::Fault::new("/agency", "agency_exists", detail)]
        }
        other => return Err(other.into()),
    };
    let faults = faults.into_iter().map(|fault| Fault {
        field: fault.pointer.strip_prefix('/').map(|name| match name {
            // The form's names are those of one thing; the use case speaks of several.
            "roles" => "role".to_owned(),
            "scopes" => "scope".to_owned(),
            "kinds" => "kind".to_owned(),
            "key" => "agency".to_owned(),
            name => name.to_owned(),
        }),
        message: crate::problem::sentence(&fault.detail),
        place: None,
    });
    Ok(ErrorSummary { faults: faults.collect() })
}
