use super::scope;
use crate::component::Button;
use crate::{Frame, Moment};
use askama::Template;
use fairtrial_domain::trial::Scope;

/// The keys of an agency.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/key/list.html")]
pub struct List {
    /// Around the page.
    pub frame: Frame,
    /// The keys, the newest first.
    pub keys: Vec<Row>,
}

/// One key. Its secret is never shown again.
#[derive(Debug, Clone)]
pub struct Row {
    /// The identifier in its address.
    pub id: String,
    /// The name somebody gave it.
    pub name: String,
    /// Whether it works on live trials or only for trying out.
    pub live: bool,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created: Moment,
    /// When it was last used.
    pub used: Option<Moment>,
    /// When it was revoked.
    pub revoked: Option<Moment>,
}

impl List {
    fn may(&self, scope: &Scope) -> &'static str {
        scope::may(*scope)
    }

    fn revoke(&self, row: &Row) -> Option<Button> {
        row.revoked
            .is_none()
            .then(|| self.frame.button(format!("/admin/keys/{}/revoke", row.id), format!("Revoke {}", row.name)))
    }
}
