use super::writes_markup;
use askama::Template;

/// The way back up.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "components/breadcrumbs.html")]
pub struct Breadcrumbs {
    /// The pages above this one, the highest first.
    pub crumbs: Vec<Crumb>,
}

/// One page above this one.
#[derive(Debug, Clone)]
pub struct Crumb {
    /// Its name.
    pub label: String,
    /// Its address.
    pub address: String,
}

impl Breadcrumbs {
    /// The way back, from pairs of name and address.
    #[must_use]
    pub fn of<const N: usize>(crumbs: [(&str, &str); N]) -> Self {
        let crumb = |(label, address): (&str, &str)| Crumb { label: label.into(), address: address.into() };
        Self { crumbs: crumbs.into_iter().map(crumb).collect() }
    }
}

/// Links to the pages before and after in a long list.
#[derive(Debug, Clone, Template)]
#[template(path = "components/pagination.html")]
pub struct Pagination {
    /// The address of the list, to which `page=` is added.
    pub address: String,
    /// This page, from 1.
    pub page: u32,
    /// How many pages there are.
    pub pages: u32,
}

impl Pagination {
    fn to(&self, page: u32) -> String {
        let mark = if self.address.contains('?') { '&' } else { '?' };
        format!("{}{mark}page={page}", self.address)
    }
}

writes_markup!(Breadcrumbs, Pagination);
