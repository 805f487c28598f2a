use super::words;
use crate::Frame;
use crate::component::{
    Area, Breadcrumbs, Choice, ChoiceOption, Choices, Crumb, DateInput, ErrorSummary, SummaryList, Table, TextField,
};
use crate::protocol::{beside_the_rule, rule_sentence, truth_table};
use askama::Template;
use fairtrial_domain::protocol::{Arm, Protocol};

/// One step: a question with its few answers.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/guide/step.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    /// What is wrong with the answers.
    pub errors: ErrorSummary,
    key: String,
    title: String,
    step: String,
    protocol_id: String,
    inputs: Vec<Input>,
    sentences: Vec<String>,
    comments: Vec<Asked>,
    preview: Vec<(String, SummaryList)>,
    rule: Option<(Vec<String>, Option<Table>)>,
}

/// One answer as it was given.
#[derive(Debug, Clone)]
pub struct Given {
    /// The field's name.
    pub name: String,
    /// How it is typed.
    pub shape: Shape,
    /// What stands there.
    pub text: String,
}

/// How an answer is typed.
#[derive(Debug, Clone)]
pub enum Shape {
    /// One line.
    Line,
    /// Several lines.
    Lines,
    /// One of these words.
    OneOf(Vec<String>),
    /// Any of these words, one on each line.
    AnyOf(Vec<String>),
    /// A day: year, month and day with lines between them.
    Day,
}

/// A comment of a reviewer on what the step asks, that waits for an answer.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its number among those of the trial.
    pub number: i64,
    /// What is said.
    pub remark: String,
    /// Who says it.
    pub by: String,
}

#[derive(Debug, Clone)]
enum Input {
    Line(TextField),
    Lines(Area),
    Choice(Choice),
    Day(DateInput),
}

impl Show {
    /// The page; `sentences` say what the answers mean, for example how many people they call for.
    #[must_use]
    pub fn new(
        frame: Frame,
        (key, title): (&str, &str),
        step: &str,
        given: Vec<Given>,
        sentences: Vec<String>,
        errors: ErrorSummary,
    ) -> Self {
        let protocol_id = frame.facts.protocol_id.clone().unwrap_or_default();
        let inputs = given.into_iter().map(|given| input(given, &errors)).collect();
        Self {
            frame,
            errors,
            key: key.into(),
            title: title.into(),
            step: step.into(),
            protocol_id,
            inputs,
            sentences,
            comments: Vec::new(),
            preview: Vec::new(),
            rule: None,
        }
    }

    /// The same page with the comments that wait for an answer.
    #[must_use]
    pub fn with_comments(self, comments: Vec<Asked>) -> Self {
        Self { comments, ..self }
    }

    /// The same page with what the app shows of each version, side by side.
    #[must_use]
    pub fn with_preview(self, plan: &Protocol) -> Self {
        let shown = |arm: &Arm| {
            let fields = arm.payload.as_object().into_iter().flatten();
            let list = fields.fold(SummaryList::default(), |list, (name, value)| {
                list.row(name, value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            });
            (arm.name.clone(), list)
        };
        Self { preview: plan.arms.iter().map(shown).collect(), ..self }
    }

    /// The same page with the plan's rule in words, and what it says case by case.
    #[must_use]
    pub fn with_rule(self, plan: &Protocol) -> Self {
        let mut sentences = vec![format!("The new version is adopted {}", rule_sentence(plan))];
        sentences.extend(beside_the_rule(plan));
        Self { rule: Some((sentences, truth_table(plan))), ..self }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs.crumbs.push(Crumb { label: "Plan".into(), address: format!("/trials/{}/steps", self.key) });
        crumbs
    }

    fn heading(&self) -> &str {
        words::step_title(&self.step)
    }

    fn help(&self) -> Option<&'static str> {
        words::step_help(&self.step)
    }
}

fn input(given: Given, errors: &ErrorSummary) -> Input {
    let (label, hint) = words::field(&given.name);
    let fault = errors.faults.iter().find(|fault| fault.field.as_deref() == Some(given.name.as_str()));
    let error = fault.map(|fault| fault.message.clone());
    let hint = hint.map(str::to_owned);
    match given.shape {
        Shape::Line => Input::Line(TextField { hint, error, value: given.text, ..TextField::new(&given.name, label) }),
        Shape::Lines => Input::Lines(Area { hint, error, value: given.text, ..Area::new(&given.name, label) }),
        Shape::OneOf(values) => Input::Choice(Choice {
            legend: label.to_owned(),
            hint,
            error,
            options: options(&given.name, &values, |value| value == given.text),
            choices: Choices::One,
            name: given.name,
        }),
        Shape::AnyOf(values) => Input::Choice(Choice {
            legend: label.to_owned(),
            hint,
            error,
            options: options(&given.name, &values, |value| given.text.lines().any(|line| line == value)),
            choices: Choices::Any,
            name: given.name,
        }),
        Shape::Day => {
            let mut parts = given.text.splitn(3, '-').map(str::to_owned);
            let mut part = || parts.next().unwrap_or_default();
            let (year, month, day) = (part(), part(), part());
            let hint = hint.unwrap_or_default();
            Input::Day(DateInput { error, day, month, year, ..DateInput::new(&given.name, label, &hint) })
        }
    }
}

fn options(name: &str, values: &[String], chosen: impl Fn(&str) -> bool) -> Vec<ChoiceOption> {
    let option = |value: &String| {
        let (label, hint) = words::choice(name, value);
        ChoiceOption { chosen: chosen(value), ..ChoiceOption::new(value, &label, hint) }
    };
    values.iter().map(option).collect()
}
