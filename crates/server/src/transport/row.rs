//! One row of the route table.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use actix_web::http::Method;
use fairtrial_domain::trial::{PersonRole, Scope};

use super::{Answer, Call};

/// Who reads the answer, and so in which shape a problem is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// A program: `application/problem+json`.
    Program,
    /// A person with a browser: a page.
    Person,
}

impl Audience {
    /// Who most likely reads what an address answers that no row has, or that cannot be answered yet.
    pub(crate) fn of(path: &str) -> Self {
        let program = ["/v1/", "/ofrep/"].iter().any(|start| path.starts_with(start))
            || ["/healthz", "/readyz"].contains(&path)
            || path.ends_with(".json");
        if program { Self::Program } else { Self::Person }
    }
}

/// What a caller needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: anybody may call.
    Nothing,
    /// An API key with this scope.
    Scope(Scope),
    /// Nothing, but a person who is signed in is known.
    Visitor,
    /// A person who is signed in and has one of these roles; any role when there are none here.
    Person(&'static [PersonRole]),
}

type Running = Pin<Box<dyn Future<Output = Answer>>>;

/// What a row does.
pub type Handler = Arc<dyn Fn(Call) -> Running + Send + Sync>;

/// Method, path, needed right and handler. The server is built from rows and nothing else, so a route without a right
/// cannot exist.
#[derive(Clone)]
pub struct Row {
    /// Method; GET answers HEAD too.
    pub method: Method,
    /// Path with its parameters in braces.
    pub path: &'static str,
    /// What a caller needs.
    pub needs: Needs,
    /// Who reads the answer.
    pub audience: Audience,
    /// The query parameters that are known.
    pub query: &'static [&'static str],
    /// What it does.
    pub handler: Handler,
}

impl Row {
    /// A row for programs.
    pub fn program<F, Fut>(method: Method, path: &'static str, needs: Needs, handler: F) -> Self
    where
        F: Fn(Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Answer> + 'static,
    {
        let handler: Handler = Arc::new(move |call| Box::pin(handler(call)));
        Self { method, path, needs, audience: Audience::Program, query: &[], handler }
    }

    /// A row for people.
    pub fn page<F, Fut>(method: Method, path: &'static str, needs: Needs, handler: F) -> Self
    where
        F: Fn(Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Answer> + 'static,
    {
        Self { audience: Audience::Person, ..Self::program(method, path, needs, handler) }
    }

    /// The same row with known query parameters.
    #[must_use]
    pub fn with_query(self, query: &'static [&'static str]) -> Self {
        Self { query, ..self }
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({:?})", self.method, self.path, self.needs)
    }
}
