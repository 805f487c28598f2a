use super::words;
use crate::Frame;
use crate::component::{Breadcrumbs, Choice, ChoiceOption, Choices, ErrorSummary, TextField, show_at_fields};
use askama::Template;

/// The first answers of a new plan: the question, the kind of trial, and what it is to show.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/guide/start.html")]
pub struct Start {
    /// Around the page.
    pub frame: Frame,
    /// What is wrong with the answers.
    pub errors: ErrorSummary,
    title: TextField,
    pattern: Choice,
    aim: Choice,
}

impl Start {
    /// The form; `patterns` are the words of the patterns in order, the others what was answered before.
    #[must_use]
    pub fn new(
        frame: Frame,
        patterns: &[&str],
        (title, pattern, aim): (&str, &str, &str),
        errors: ErrorSummary,
    ) -> Self {
        let chosen = |mut option: ChoiceOption, answer: &str| {
            option.chosen = option.value == answer;
            option
        };
        let field = TextField::new("title", "What do you want to find out?")
            .hint("Write it as a question, for example: does a shorter letter help people pay?");
        let mut page = Self {
            frame,
            title: TextField { value: title.to_owned(), ..field },
            pattern: Choice {
                name: "pattern".into(),
                legend: "What do you want to change?".into(),
                hint: Some("We fill in what is usual. You can change all of it.".into()),
                error: None,
                options: patterns
                    .iter()
                    .map(|word| {
                        let (label, hint) = words::pattern(word);
                        chosen(ChoiceOption::new(word, label, hint), pattern)
                    })
                    .collect(),
                choices: Choices::One,
            },
            aim: Choice {
                name: "aim".into(),
                legend: "What should the trial show?".into(),
                hint: None,
                error: None,
                options: vec![
                    chosen(ChoiceOption::new("better", "That the new version works better", None), aim),
                    chosen(
                        ChoiceOption::new(
                            "not_worse",
                            "That it works no worse",
                            Some("When it is cheaper, quicker or kinder anyway."),
                        ),
                        aim,
                    ),
                ],
                choices: Choices::One,
            },
            errors,
        };
        show_at_fields(&page.errors, [&mut page.title]);
        page.pattern.take_error(&page.errors);
        page.aim.take_error(&page.errors);
        page
    }

    fn crumbs(&self) -> Breadcrumbs {
        Breadcrumbs::of([("Trials", "/trials"), ("New trial", "/trials/new")])
    }
}
