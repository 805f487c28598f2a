use super::writes_markup;
use askama::Template;

/// One answer out of a list that is too long for radio buttons.
#[derive(Debug, Clone, Template)]
#[template(path = "components/select.html")]
pub struct Select {
    /// The name under which it is sent; also its `id`.
    pub name: String,
    /// What to choose.
    pub label: String,
    /// What is sent and what is shown, in order.
    pub options: Vec<(String, String)>,
    /// What is chosen.
    pub chosen: String,
}

writes_markup!(Select);
