use crate::Frame;
use crate::component::{Choice, ChoiceOption, Choices, ErrorSummary, Panel, Select, TextField, show_at_fields};
use askama::Template;
use fairtrial_domain::note::OptOutKind;

/// Writes down what somebody does not want, or takes it back. What was typed as the identifier is never shown again.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/opt_out/create.html")]
pub struct Create {
    /// Around the page.
    pub frame: Frame,
    /// What is wrong with what was sent.
    pub errors: ErrorSummary,
    what: Choice,
    unit: TextField,
    kind: Choice,
    trial: Select,
    channel: Choice,
    names: bool,
}

/// What was written down.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/opt_out/created.html")]
pub struct Created {
    /// Around the page.
    pub frame: Frame,
    panel: Panel,
    next: Vec<&'static str>,
}

/// How somebody told it, with the code that is kept.
pub const CHANNELS: [(&str, &str); 4] =
    [("phone", "By telephone"), ("counter", "At the counter"), ("letter", "By letter"), ("email", "By e-mail")];

/// What is done with it.
pub const WHAT: [(&str, &str, &str); 2] = [
    ("begin", "The person wants to stay out", "It holds from the next contact on."),
    (
        "withdraw",
        "The person takes an earlier wish back",
        "They may be in trials again. Data that were taken out stay out.",
    ),
];

fn kind_words(kind: OptOutKind) -> (&'static str, &'static str) {
    match kind {
        OptOutKind::All => ("No trials at all", "They get the usual version of everything."),
        OptOutKind::Trial => ("Not this trial any more", "They get the usual version. Choose the trial below."),
        OptOutKind::Data => (
            "My data are not to be used",
            "What is known of them is taken out of the numbers, of one trial or of all. It cannot be put back.",
        ),
    }
}

impl Create {
    /// The form. `trials` are keys and titles to choose from; `given` reads what was chosen before, except the identifier.
    #[must_use]
    pub fn new(
        frame: Frame,
        trials: Vec<(String, String)>,
        given: impl Fn(&str) -> String,
        errors: ErrorSummary,
    ) -> Self {
        let choice = |name: &str, legend: &str, options: Vec<ChoiceOption>| {
            let chosen = given(name);
            let options = options.into_iter().map(|o| ChoiceOption { chosen: o.value == chosen, ..o }).collect();
            let mut choice = Choice {
                name: name.into(),
                legend: legend.into(),
                hint: None,
                error: None,
                options,
                choices: Choices::One,
            };
            choice.take_error(&errors);
            choice
        };
        let kinds = OptOutKind::ALL.iter().map(|kind| {
            let (label, hint) = kind_words(*kind);
            ChoiceOption::new(kind.as_str(), label, Some(hint))
        });
        let mut unit = TextField::new("unit", "Code of the person").hint(
            "As your system hands it to Fairtrial: never a name, a date of birth or a public number. It is turned into \
             another code at once, and is not kept or shown again.",
        );
        unit.autocomplete = Some("off");
        show_at_fields(&errors, [&mut unit]);
        Self {
            what: choice(
                "what",
                "What does the person want?",
                WHAT.iter().map(|(word, label, hint)| ChoiceOption::new(word, label, Some(hint))).collect(),
            ),
            unit,
            kind: choice("kind", "What is it about?", kinds.collect()),
            trial: Select {
                name: "trial".into(),
                label: "Which trial?".into(),
                options: std::iter::once((String::new(), "All trials".to_owned())).chain(trials).collect(),
                chosen: given("trial"),
            },
            channel: choice(
                "channel",
                "How did they tell you?",
                CHANNELS.iter().map(|(word, label)| ChoiceOption::new(word, label, None)).collect(),
            ),
            frame,
            errors,
            names: false,
        }
    }

    /// The same page, which also leads to where names are parted when this person may do that.
    #[must_use]
    pub fn with_names(self, may_part: bool) -> Self {
        Self { names: may_part, ..self }
    }
}

impl Created {
    /// What was written down under that number.
    #[must_use]
    pub fn new(frame: Frame, reference: &str, withdrawn: bool, kind: OptOutKind) -> Self {
        let title = if withdrawn { "Taken back" } else { "Written down" };
        let panel = Panel { title: title.into(), body: Some(format!("Number {reference}")) };
        let next = match (withdrawn, kind) {
            (true, OptOutKind::Data) => {
                vec!["The person may be in trials again. What was taken out of the numbers stays out."]
            }
            (true, _) => vec!["The person may be in trials again, with the version that they had."],
            (false, OptOutKind::Data) => vec![
                "The person gets the usual version from the next contact on.",
                "What is known of them counts in no number any more, save in results that were fixed before.",
            ],
            (false, _) => vec!["The person gets the usual version from the next contact on."],
        };
        Self { frame, panel, next }
    }
}
