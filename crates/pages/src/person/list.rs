use super::role;
use crate::component::Button;
use crate::{Frame, Moment};
use askama::Template;
use fairtrial_domain::trial::PersonRole;

/// The accounts of an agency.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/person/list.html")]
pub struct List {
    /// Around the page.
    pub frame: Frame,
    /// The accounts, by name.
    pub people: Vec<Row>,
}

/// One account.
#[derive(Debug, Clone)]
pub struct Row {
    /// The identifier in its address.
    pub id: String,
    /// The person's name.
    pub name: String,
    /// The e-mail address with which they sign in.
    pub email: String,
    /// What they may do.
    pub roles: Vec<PersonRole>,
    /// When they last signed in.
    pub seen: Option<Moment>,
    /// Whether the account is closed.
    pub closed: bool,
    /// Whether it is the account of the person who looks: nobody can close their own.
    pub own: bool,
}

impl List {
    fn role(&self, role: &PersonRole) -> &'static str {
        role::name(*role)
    }

    fn close(&self, row: &Row) -> Option<Button> {
        let button = || self.frame.button(format!("/admin/people/{}/close", row.id), "Close account");
        (!row.closed && !row.own).then(|| Button { hidden_label: Some(format!("of {}", row.name)), ..button() })
    }
}
