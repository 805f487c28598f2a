use super::{ErrorSummary, writes_markup};
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

/// One answer out of a long list whose answers stand in groups.
#[derive(Debug, Clone, Template)]
#[template(path = "components/select-groups.html")]
pub struct GroupedSelect {
    /// The name under which it is sent; also its `id`.
    pub name: String,
    /// What to choose.
    pub label: String,
    /// What is wrong with what was chosen.
    pub error: Option<String>,
    /// What stands first, and is nothing yet.
    pub nothing: String,
    /// Each group with what is sent and what is shown, in order.
    pub groups: Vec<(String, Vec<(String, String)>)>,
    /// What is chosen.
    pub chosen: String,
}

impl GroupedSelect {
    /// Takes what is wrong with it out of the page's errors.
    pub fn take_error(&mut self, errors: &ErrorSummary) {
        let fault = errors.faults.iter().find(|fault| fault.field.as_deref() == Some(self.name.as_str()));
        self.error = fault.map(|fault| fault.message.clone());
    }
}

writes_markup!(Select, GroupedSelect);
