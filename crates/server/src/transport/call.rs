//! What a handler is given.

use std::rc::Rc;

use actix_web::{dev::Payload, http::header::HeaderMap, web::Bytes};
use serde_json::Value;

use super::{Fields, Form, Limit, Query, Request, body, media_type, places::Parts};
use crate::{
    access::{Caller, form_cookie},
    problem::{Code, Problem},
    server::State,
};

/// One request that has passed the door: its row exists, its caller may, its address is well formed.
pub struct Call {
    /// What all handlers share.
    pub state: Rc<State>,
    /// The query's known parameters.
    pub query: Query,
    /// Who calls, as far as the row wants to know.
    pub caller: Caller,
    parts: Parts,
    request: Request,
    payload: Payload,
}

impl Call {
    pub(super) fn new(
        state: Rc<State>,
        query: Query,
        caller: Caller,
        parts: Parts,
        request: Request,
        payload: Payload,
    ) -> Self {
        Self { state, query, caller, parts, request, payload }
    }

    /// The request itself.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// A part of the path. Empty when the row's path has no such parameter, which no key is.
    #[must_use]
    pub fn part(&self, name: &str) -> &str {
        self.parts.iter().find(|(part, _)| *part == name).map_or("", |(_, text)| text)
    }

    /// The request's headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.request.headers()
    }

    /// The body, when it is of one of these media types; with the type it has.
    ///
    /// # Errors
    /// When it is of another kind, too large, or comes too slowly.
    pub async fn body(mut self, accepted: &[&'static str], limit: Limit) -> Result<(&'static str, Bytes), Problem> {
        self.take_body(accepted, limit).await
    }

    /// The same, for whoever goes on with the rest of the call. Taken once more, it is empty.
    ///
    /// # Errors
    /// As [`Self::body`].
    pub async fn take_body(
        &mut self,
        accepted: &[&'static str],
        limit: Limit,
    ) -> Result<(&'static str, Bytes), Problem> {
        let media_type = media_type::check(self.request.headers(), accepted)?;
        let payload = std::mem::replace(&mut self.payload, Payload::None);
        Ok((media_type, body::read(self.request.headers(), payload, limit).await?))
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// As [`Self::body`], and when it is not acceptable JSON.
    pub async fn json(self, limit: Limit) -> Result<Value, Problem> {
        let (_, bytes) = self.body(&["application/json"], limit).await?;
        parse_json(&bytes)
    }

    /// The body as a form with these fields, after making sure that the page it came from was ours: it brings back the
    /// text that this session, or this browser before signing in, was given.
    ///
    /// # Errors
    /// As [`Self::body`], when it has other fields, and when it does not bring the text back.
    pub async fn form(self, known: &[&'static str]) -> Result<(Form, Rc<State>, Caller), Problem> {
        let (state, caller) = (Rc::clone(&self.state), self.caller.clone());
        let expected = form_cookie(&self.request, &state);
        let (_, bytes) = self.body(&["application/x-www-form-urlencoded"], Limit::SINGLE).await?;
        let text =
            std::str::from_utf8(&bytes).map_err(|_| Problem::new(Code::MalformedRequest, "The form is no text."))?;
        let form = Form::read(text, known)?;
        caller.check_form(form.csrf(), expected.as_deref())?;
        Ok((form, state, caller))
    }

    /// The body as a form with texts and with one field `file` that may hold anything, checked in the same way.
    ///
    /// # Errors
    /// As [`Self::form`].
    pub async fn form_with_file(
        self,
        known: &[&'static str],
        file: &'static str,
    ) -> Result<(Form, Rc<State>, Caller), Problem> {
        self.parts(known, Some(file)).await
    }

    /// The body as a form with texts in it that may come from files, checked in the same way.
    ///
    /// # Errors
    /// As [`Self::form`].
    pub async fn form_with_texts(self, known: &[&'static str]) -> Result<(Form, Rc<State>, Caller), Problem> {
        self.parts(known, None).await
    }

    async fn parts(
        self,
        known: &[&'static str],
        file: Option<&'static str>,
    ) -> Result<(Form, Rc<State>, Caller), Problem> {
        let expected = form_cookie(&self.request, &self.state);
        let form = Form::read_parts(self.request.headers(), self.payload, known, file).await?;
        self.caller.check_form(form.csrf(), expected.as_deref())?;
        Ok((form, self.state, self.caller))
    }

    /// The body as the fields of a JSON object.
    ///
    /// # Errors
    /// As [`Self::json`], and when it is not an object.
    pub async fn fields(self, limit: Limit) -> Result<Fields, Problem> {
        Fields::new(self.json(limit).await?)
    }
}

/// Reads JSON strictly.
///
/// # Errors
/// When it is not acceptable; the sentence names the place and no data.
pub fn parse_json(bytes: &[u8]) -> Result<Value, Problem> {
    fairtrial_domain::json::parse(bytes).map_err(|error| Problem::new(Code::MalformedJson, error.to_string()))
}
