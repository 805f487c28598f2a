use crate::Frame;
use crate::component::{Breadcrumbs, Crumb, ErrorSummary, SummaryList, TextField};
use crate::protocol::{self, Part};
use askama::Template;
use fairtrial_domain::protocol::Protocol;
use fairtrial_domain::trial::PlanPart;

/// The rules for who is in, tried out on made-up people.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/eligibility/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    /// Values that the plan does not allow.
    pub errors: ErrorSummary,
    key: String,
    title: String,
    rules: SummaryList,
    names: Vec<String>,
    people: Vec<Person>,
    fields: Vec<TextField>,
    answer: Option<Person>,
}

/// Somebody made up.
#[derive(Debug, Clone)]
pub struct Person {
    /// The values of the attributes, in the plan's order.
    pub values: Vec<String>,
    /// Why they are not in; nothing when they are.
    pub out: Option<String>,
}

impl Person {
    fn word(&self) -> &'static str {
        if self.out.is_some() { "Out" } else { "In" }
    }

    fn why(&self) -> &str {
        self.out.as_deref().unwrap_or_default()
    }
}

impl Show {
    /// The page; `typed` are the values that somebody typed before, and `answer` what the rules say of them. Fields are called
    /// `a1`, `a2` and so on.
    #[must_use]
    pub fn new(
        frame: Frame,
        plan: &Protocol,
        people: Vec<Person>,
        typed: &[String],
        answer: Option<Person>,
        errors: ErrorSummary,
    ) -> Self {
        let field = |(place, known): (usize, &fairtrial_domain::eligibility::Attribute)| {
            let name = format!("a{}", place + 1);
            let fault = errors.faults.iter().find(|fault| fault.field.as_deref() == Some(name.as_str()));
            let error = fault.map(|fault| fault.message.clone());
            let words = protocol::attribute_words(known);
            let hint =
                words.strip_prefix(&known.name).unwrap_or(&words).trim().replacen('(', "", 1).replacen(')', "", 1);
            let field = TextField::new(&name, &known.name).hint(&hint);
            TextField { value: typed.get(place).cloned().unwrap_or_default(), error, ..field }
        };
        let part = protocol::public_parts(plan).into_iter().find(|part: &Part| part.place == PlanPart::People);
        let rules = part.map(|part| part.list).unwrap_or_default();
        Self {
            key: plan.key.to_string(),
            title: plan.title.clone(),
            rules,
            names: plan.attributes.iter().map(|known| known.name.clone()).collect(),
            people,
            fields: plan.attributes.iter().enumerate().map(field).collect(),
            answer,
            frame,
            errors,
        }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs
    }
}
