use crate::component::{
    Breadcrumbs, Button, ButtonStyle, Choice, ChoiceOption, Choices, Crumb, DateInput, ErrorSummary, Select,
    SummaryList, Tag, TagColour, TextField,
};
use crate::{Frame, Moment};
use askama::Template;

/// The links of an agency, or of one trial with the form for proposing another.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/link/list.html")]
pub struct List {
    /// Around the page.
    pub frame: Frame,
    /// Why a link was not proposed.
    pub errors: ErrorSummary,
    trial: Option<(String, String)>,
    rows: Vec<Row>,
    proposal: Option<Proposal>,
}

/// One link.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name in addresses.
    pub id: String,
    /// The trial's title.
    pub title: String,
    /// Name of the trial's agency.
    pub owner: String,
    /// Name of the agency that sends.
    pub partner: String,
    /// How it stands: `proposed`, `in_force`, `expired` or `ended`.
    pub standing: String,
    /// Kinds of event.
    pub events: Vec<String>,
    /// By what right, in words.
    pub authority: String,
    /// Where that can be read.
    pub reference: String,
    /// Until when.
    pub expires: Moment,
    /// Whether this person may accept it.
    pub may_accept: bool,
    /// Whether this person may end it.
    pub may_end: bool,
}

/// The form for a new link.
#[derive(Debug, Clone)]
pub struct Proposal {
    partner: Select,
    events: Choice,
    authority: Choice,
    reference: TextField,
    until: DateInput,
}

impl Proposal {
    /// An empty form: other agencies by key and name, kinds of event with the names of their outcomes, and rights with their
    /// words. None where there is no other agency.
    #[must_use]
    pub fn new(agencies: Vec<(String, String)>, events: &[(String, String)], rights: &[(&str, &str)]) -> Option<Self> {
        let chosen = agencies.first()?.0.clone();
        let option = |(value, label): &(String, String)| ChoiceOption::new(value, label, None);
        let choice = |name: &str, legend: &str, options, choices| Choice {
            name: name.into(),
            legend: legend.into(),
            hint: None,
            error: None,
            options,
            choices,
        };
        let rights = rights.iter().map(|(value, label)| ChoiceOption::new(value, label, None)).collect();
        Some(Self {
            partner: Select {
                name: "partner".into(),
                label: "Agency that sends the outcomes".into(),
                options: agencies,
                chosen,
            },
            events: choice("events", "What it sends", events.iter().map(option).collect(), Choices::Any),
            authority: choice("authority", "By what right", rights, Choices::One),
            reference: TextField::new("reference", "Where that can be read")
                .hint("Such as the number of the agreement."),
            until: DateInput::new("expires_at", "Last day", "For example, 31 3 2027"),
        })
    }

    /// The same form with what was typed.
    #[must_use]
    pub fn typed(
        mut self,
        partner: &str,
        events: &[String],
        authority: &str,
        reference: &str,
        until: [&str; 3],
    ) -> Self {
        self.partner.chosen = partner.to_owned();
        self.events.options.iter_mut().for_each(|option| option.chosen = events.contains(&option.value));
        self.authority.options.iter_mut().for_each(|option| option.chosen = option.value == authority);
        self.reference.value = reference.to_owned();
        [self.until.day, self.until.month, self.until.year] = until.map(str::to_owned);
        self
    }
}

impl List {
    /// All links of the agency.
    #[must_use]
    pub fn of_agency(frame: Frame, rows: Vec<Row>) -> Self {
        Self { frame, errors: ErrorSummary::default(), trial: None, rows, proposal: None }
    }

    /// The links of one trial, by its key and title; the form is there for those who may propose one.
    #[must_use]
    pub fn of_trial(
        frame: Frame,
        (key, title): (&str, &str),
        rows: Vec<Row>,
        proposal: Option<Proposal>,
        errors: ErrorSummary,
    ) -> Self {
        let mut proposal = proposal;
        if let Some(form) = &mut proposal {
            form.events.take_error(&errors);
            form.authority.take_error(&errors);
            form.until.take_error(&errors);
            let fault = errors.faults.iter().find(|fault| fault.field.as_deref() == Some("reference"));
            form.reference.error = fault.map(|fault| fault.message.clone());
        }
        Self { frame, errors, trial: Some((key.to_owned(), title.to_owned())), rows, proposal }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        if let Some((key, title)) = &self.trial {
            crumbs.crumbs.push(Crumb { label: title.clone(), address: format!("/trials/{key}") });
        }
        crumbs
    }

    fn title(&self) -> &str {
        self.trial.as_ref().map_or("Outcomes between agencies", |(_, title)| title)
    }

    fn accept(&self, row: &Row) -> Option<Button> {
        let mut button = Button::new(format!("/links/{}/accept", row.id), "Accept", &self.frame.csrf);
        button.hidden_label = Some(format!("the link for {}", row.title));
        button.style = ButtonStyle::Primary;
        row.may_accept.then_some(button)
    }

    fn end(&self, row: &Row) -> Option<Button> {
        let word = if row.standing == "proposed" { "Withdraw" } else { "End" };
        let mut button = Button::new(format!("/links/{}/end", row.id), word, &self.frame.csrf);
        button.hidden_label = Some(format!("the link for {}", row.title));
        button.style = ButtonStyle::Warning;
        row.may_end.then_some(button)
    }
}

impl Row {
    fn tag(&self) -> Tag {
        match self.standing.as_str() {
            "proposed" => Tag::new("Waits to be accepted", TagColour::Yellow),
            "in_force" => Tag::new("In force", TagColour::Green),
            "expired" => Tag::new("Over", TagColour::Grey),
            _ => Tag::new("Ended", TagColour::Grey),
        }
    }

    fn facts(&self) -> SummaryList {
        SummaryList::default()
            .row("Trial of", &self.owner)
            .row("Outcomes from", &self.partner)
            .rows_of("What is sent", self.events.clone())
            .row("By what right", format!("{}: {}", self.authority, self.reference))
            .row("Until", self.expires.day())
    }
}
