//! On behalf of which request something is written, for the audit.
//!
//! The name goes with the task that answers the request, and from there with each piece of work that it hands to the writer. So no
//! use case has to pass it on, and none can forget it; what nobody asked for (looks, harm boundaries) has none.

use std::{cell::RefCell, sync::Arc};

tokio::task_local! {
    static REQUEST: Arc<str>;
}

thread_local! {
    /// Of the work that the writer is doing now.
    static WRITING: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };
}

/// Does something on behalf of a request: entries of the audit that it leads to carry the request's name.
pub fn on_behalf_of<F: Future>(request: Arc<str>, doing: F) -> impl Future<Output = F::Output> {
    REQUEST.scope(request, doing)
}

/// The request on whose behalf this task runs.
pub(crate) fn asked_by() -> Option<Arc<str>> {
    REQUEST.try_with(Arc::clone).ok().filter(|name| !name.is_empty())
}

/// Does a piece of work for a request on this thread.
pub(crate) fn writing_for<T>(request: Option<Arc<str>>, work: impl FnOnce() -> T) -> T {
    /// Also when the work panics.
    struct Forget;
    impl Drop for Forget {
        fn drop(&mut self) {
            WRITING.with_borrow_mut(|now| *now = None);
        }
    }
    WRITING.with_borrow_mut(|now| *now = request);
    let _forget = Forget;
    work()
}

/// The detail of an entry with the name of the request for which it is written now. What is no JSON object stays as it is.
pub(crate) fn with_request(detail: &str) -> String {
    let Some(request) = WRITING.with_borrow(Clone::clone) else { return detail.to_owned() };
    match serde_json::from_str(detail) {
        Ok(serde_json::Value::Object(mut fields)) => {
            fields.insert("request_id".into(), (*request).into());
            serde_json::Value::Object(fields).to_string()
        }
        _ => detail.to_owned(),
    }
}
