use super::words;
use crate::component::{
    Area, Breadcrumbs, Choice, ChoiceOption, Choices, Crumb, DateInput, ErrorSummary, SummaryList, TextField,
    show_at_fields,
};
use crate::report::Band;
use crate::{Frame, Moment};
use askama::Template;
use chrono::NaiveDate;
use fairtrial_domain::trial::{Adoption, Decision};

/// What is to be decided, or what was, and what became of it.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/decision/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    /// Why the form was not taken.
    pub errors: ErrorSummary,
    key: String,
    title: String,
    band: Band,
    recommended: Vec<&'static str>,
    waits_for: Option<String>,
    form: Option<Form>,
    record: Option<SummaryList>,
    reports: Vec<Entry>,
    due: Option<Moment>,
    report_form: Option<ReportForm>,
}

/// The trial that is decided about.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The key in its address.
    pub key: String,
    /// The title.
    pub title: String,
    /// The verdict.
    pub band: Band,
    /// What the rule recommends.
    pub recommended: Vec<Decision>,
    /// What somebody has asked for and a second person must agree to.
    pub waits_for: Option<String>,
}

/// A decision that was taken.
#[derive(Debug, Clone)]
pub struct Record {
    /// What.
    pub decision: Decision,
    /// Whether the rule recommends it.
    pub by_the_rule: bool,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub by: String,
    /// Who agreed, where two had to.
    pub second: Option<String>,
    /// When.
    pub at: Moment,
    /// Who sees to an adoption, and by when.
    pub adoption: Option<(String, NaiveDate)>,
    /// What became of it, the newest first.
    pub reports: Vec<Entry>,
    /// Since when an answer is awaited.
    pub due: Option<Moment>,
}

/// One report of what became of an adoption.
#[derive(Debug, Clone)]
pub struct Entry {
    /// How it stood.
    pub status: Adoption,
    /// Why.
    pub reason: String,
    /// Who reported it.
    pub by: String,
    /// When.
    pub at: Moment,
}

/// The form for deciding.
#[derive(Debug, Clone)]
struct Form {
    protocol_id: String,
    choice: Choice,
    reason: Area,
    owner: TextField,
    due_on: DateInput,
}

/// The form for saying what became of it.
#[derive(Debug, Clone)]
struct ReportForm {
    choice: Choice,
    reason: Area,
}

impl Entry {
    fn tag(&self) -> crate::component::Tag {
        words::adoption_tag(self.status)
    }
}

impl Show {
    fn new(frame: Frame, opening: Opening) -> Self {
        Self {
            frame,
            errors: ErrorSummary::default(),
            key: opening.key,
            title: opening.title,
            band: opening.band,
            recommended: opening.recommended.iter().map(|word| words::decided(*word)).collect(),
            waits_for: opening.waits_for,
            form: None,
            record: None,
            reports: Vec::new(),
            due: None,
            report_form: None,
        }
    }

    /// The page before the decision. `given` reads what was typed into a field before; without a right to decide there is
    /// no form.
    #[must_use]
    pub fn to_decide(
        frame: Frame,
        opening: Opening,
        may_decide: bool,
        given: impl Fn(&str) -> String,
        errors: ErrorSummary,
    ) -> Self {
        let form = may_decide.then(|| Form::new(&frame, &opening, &given, &errors));
        Self { form, errors, ..Self::new(frame, opening) }
    }

    /// The page after the decision. Whoever `may_report` is asked what became of an adoption.
    #[must_use]
    pub fn of_record(
        frame: Frame,
        opening: Opening,
        record: Record,
        may_report: bool,
        given: impl Fn(&str) -> String,
        errors: ErrorSummary,
    ) -> Self {
        let adopted = record.decision == Decision::Adopt;
        let report_form = (may_report && adopted).then(|| ReportForm::new(&given, &errors));
        let list = SummaryList::default()
            .row("Decided", words::decided(record.decision))
            .row("By the rule?", if record.by_the_rule { "Yes" } else { "No, against what the verdict recommends" })
            .row("By", &record.by)
            .rows_of("Agreed by", record.second.into_iter().collect())
            .row("On", record.at.day())
            .rows_of("Why", Some(record.reason).filter(|reason| !reason.is_empty()).into_iter().collect());
        let list = match record.adoption {
            Some((owner, due_on)) => list.row("Who sees to it", owner).row("By when", crate::moment::day(due_on)),
            None => list,
        };
        Self {
            record: Some(list),
            reports: record.reports,
            due: record.due,
            report_form,
            errors,
            ..Self::new(frame, opening)
        }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs
    }
}

impl Form {
    fn new(frame: &Frame, opening: &Opening, given: &impl Fn(&str) -> String, errors: &ErrorSummary) -> Self {
        let chosen = given("decision");
        let options = Decision::ALL.iter().map(|word| {
            let by_the_rule = opening.recommended.contains(word);
            let hint = if by_the_rule {
                "As the rule recommends"
            } else {
                "Against the rule: needs a reason and a second person"
            };
            let option = ChoiceOption::new(word.as_str(), words::decided(*word), Some(hint));
            ChoiceOption { chosen: chosen == word.as_str(), ..option }
        });
        let mut choice = Choice {
            name: "decision".into(),
            legend: "What is done about it?".into(),
            hint: None,
            error: None,
            options: options.collect(),
            choices: Choices::One,
        };
        choice.take_error(errors);
        let mut owner = TextField::new("owner", "Who sees to it?")
            .hint("Only when the new version becomes the usual one: the person or team that answers for it.");
        owner.value = given("owner");
        show_at_fields(errors, [&mut owner]);
        let mut due_on = DateInput::new(
            "due_on",
            "By when?",
            "Only when the new version becomes the usual one. For example, 31 3 2027.",
        );
        due_on.day = given("due_on-day");
        due_on.month = given("due_on-month");
        due_on.year = given("due_on-year");
        due_on.take_error(errors);
        Self {
            protocol_id: frame.facts.protocol_id.clone().unwrap_or_default(),
            choice,
            reason: reason(
                "Why?",
                "It is published with the decision. Needed when it goes against the rule.",
                given,
                errors,
            ),
            owner,
            due_on,
        }
    }
}

fn reason(label: &str, hint: &str, given: &impl Fn(&str) -> String, errors: &ErrorSummary) -> Area {
    let fault = errors.faults.iter().find(|fault| fault.field.as_deref() == Some("reason"));
    Area {
        hint: Some(hint.into()),
        value: given("reason"),
        error: fault.map(|fault| fault.message.clone()),
        ..Area::new("reason", label)
    }
}

impl ReportForm {
    fn new(given: &impl Fn(&str) -> String, errors: &ErrorSummary) -> Self {
        let chosen = given("status");
        let options = Adoption::ALL.iter().map(|status| {
            let option = ChoiceOption::new(status.as_str(), words::became(*status), None);
            ChoiceOption { chosen: chosen == status.as_str(), ..option }
        });
        let mut choice = Choice {
            name: "status".into(),
            legend: "What became of it?".into(),
            hint: None,
            error: None,
            options: options.collect(),
            choices: Choices::One,
        };
        choice.take_error(errors);
        let hint =
            "Others who think of doing the same read it in the library. Not needed when it is the usual version now.";
        Self { choice, reason: reason("What happened?", hint, given, errors) }
    }
}
