//! Between the wire and a handler: limits, strictness, headers, logs. What a handler gets is whole and well formed.

mod answer;
mod body;
mod call;
mod cross_origin;
mod dispatch;
mod fields;
mod form;
mod intake;
mod media_type;
mod outer;
mod percent;
mod places;
mod query;
mod request;
mod request_id;
mod row;
mod unread;

pub use answer::{Answer, json};
pub(crate) use answer::{USUAL_SIZE, json_text};
pub use body::Limit;
pub use call::{Call, parse_json};
pub use fields::{Fields, one_of, whole};
pub use form::Form;
pub use places::Places;
pub use query::Query;
pub use request::Request;
pub use row::{Audience, Handler, Needs, Row};

pub(crate) use dispatch::respond;
pub(crate) use intake::intake;
pub(crate) use outer::Opened;
use request_id::RequestId;
