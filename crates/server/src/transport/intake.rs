//! How requests come in.

use std::convert::Infallible;

use actix_web::{
    HttpResponse,
    dev::{AppConfig, Payload, ServiceFactory, fn_service},
    http::header,
};
use futures_util::{FutureExt, future::Either};

use super::{Request, unread};

/// What the HTTP library asks for every answer: `answer` and nothing else. Its own table of routes, with what that does for each request,
/// is left out: ours does that work, and apps ask by the thousand a second.
pub(crate) fn intake<F, Fut>(
    answer: F,
) -> impl ServiceFactory<
    actix_http::Request,
    Config = AppConfig,
    Response = HttpResponse,
    Error = Infallible,
    InitError = (),
    Service: 'static,
    Future: 'static,
>
where
    F: Fn(Request, Payload) -> Fut + Clone + 'static,
    Fut: Future<Output = HttpResponse> + 'static,
{
    fn_service(move |request: actix_http::Request| {
        let (head, body) = request.into_parts();
        let request = Request::new(head);
        if !request.headers().contains_key(header::TRANSFER_ENCODING) {
            return Either::Left(answer(request, body).map(Ok));
        }
        let (body, held) = unread::hold(body);
        Either::Right(answer(request, body).map(|response| Ok(held.release_after(response))))
    })
}
