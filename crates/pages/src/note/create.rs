use crate::Frame;
use crate::component::{
    Area, Breadcrumbs, Choice, ChoiceOption, Choices, Crumb, DateInput, ErrorSummary, TextField, show_at_fields,
};
use askama::Template;
use fairtrial_domain::note::DeliveryStatus;

/// What is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Something went wrong for a person.
    Harm,
    /// A person was given another version for their good.
    Override,
    /// How far a version has come.
    Delivery,
}

impl What {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 3] = [Self::Harm, Self::Override, Self::Delivery];

    /// The word in the address.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Harm => "harm",
            Self::Override => "override",
            Self::Delivery => "delivery",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.word() == word)
    }

    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::Harm => "Something went wrong for somebody",
            Self::Override => "Somebody needs another version",
            Self::Delivery => "How a version arrived",
        }
    }

    pub(super) fn done(self) -> &'static str {
        match self {
            Self::Harm => "The harm is on record. The monitor and whoever runs the trial see it at once.",
            Self::Override => {
                "It is on record. The person gets the other version from now on, and still counts where chance put them."
            }
            Self::Delivery => "It is on record.",
        }
    }

    fn explanation(self) -> &'static str {
        match self {
            Self::Harm => {
                "Tell it however small it seems, and also when you are not sure that it has to do with the trial. A report of the gravest kind in a new version stops the trial for everybody at once."
            }
            Self::Override => {
                "For the person’s good, always and without asking anybody. It is counted, and read at the end."
            }
            Self::Delivery => "For letters and calls that no app reports.",
        }
    }
}

/// Writes down one thing about one person. The person’s code is never shown again.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/note/create.html")]
pub struct Create {
    /// Around the page.
    pub frame: Frame,
    /// What is wrong with what was sent.
    pub errors: ErrorSummary,
    key: String,
    title: String,
    what: What,
    event_id: String,
    unit: TextField,
    choice: Choice,
    code: Option<TextField>,
    remark: Option<Area>,
    day: Option<DateInput>,
}

const SEVERITIES: [(&str, &str, &str); 4] = [
    ("1", "Slight", "An annoyance that is over."),
    ("2", "Moderate", "It cost time or money, and can be made good."),
    ("3", "Grave", "It hurt the person, or can hardly be made good."),
    ("4", "Gravest", "Danger to life or health, or a loss that cannot be made good."),
];

const DELIVERIES: [(DeliveryStatus, &str); 4] = [
    (DeliveryStatus::Delivered, "It was handed over"),
    (DeliveryStatus::Seen, "The person has read or heard it"),
    (DeliveryStatus::Failed, "It could not be handed over"),
    (DeliveryStatus::Returned, "It came back"),
];

impl Create {
    /// The form. `versions` are keys and names to choose from, `event_id` makes a form that is sent twice one note, and `given`
    /// reads what was typed before, except the person’s code.
    #[must_use]
    pub fn new(
        frame: Frame,
        (key, title): (&str, &str),
        what: What,
        versions: &[(String, String)],
        event_id: &str,
        given: impl Fn(&str) -> String,
        errors: ErrorSummary,
    ) -> Self {
        let (name, legend, options): (&str, &str, Vec<ChoiceOption>) = match what {
            What::Harm => {
                let options = SEVERITIES.iter().map(|(value, label, hint)| ChoiceOption::new(value, label, Some(hint)));
                ("severity", "How bad is it?", options.collect())
            }
            What::Override => {
                let options = versions.iter().map(|(key, name)| ChoiceOption::new(key, name, None));
                ("to_arm", "Which version do they get?", options.collect())
            }
            What::Delivery => {
                let options = DELIVERIES.iter().map(|(status, label)| ChoiceOption::new(status.as_str(), label, None));
                ("status", "What became of it?", options.collect())
            }
        };
        let chosen = given(name);
        let options = options.into_iter().map(|option| ChoiceOption { chosen: option.value == chosen, ..option });
        let mut choice = Choice {
            name: name.into(),
            legend: legend.into(),
            hint: None,
            error: None,
            options: options.collect(),
            choices: Choices::One,
        };
        choice.take_error(&errors);
        let mut unit = TextField::new("unit", "Code of the person").hint(
            "As your system hands it to Fairtrial: never a name, a date of birth or a public number. It is turned into \
             another code at once, and is not shown again.",
        );
        unit.autocomplete = Some("off");
        show_at_fields(&errors, [&mut unit]);
        let code = match what {
            What::Harm => {
                Some(("kind", "What kind of harm?", "A word from your team’s list, such as complaint or distress."))
            }
            What::Override => {
                Some(("reason_code", "Why?", "A word from your team’s list, such as hearing or language."))
            }
            What::Delivery => None,
        };
        let code = code.map(|(name, label, hint)| {
            let mut field = TextField::new(name, label).hint(hint);
            field.value = given(name);
            show_at_fields(&errors, [&mut field]);
            field
        });
        let remark = (what == What::Override).then(|| {
            let fault = errors.faults.iter().find(|fault| fault.field.as_deref() == Some("note"));
            Area {
                hint: Some("One line, without names or numbers of people.".into()),
                value: given("note"),
                error: fault.map(|fault| fault.message.clone()),
                rows: 2,
                ..Area::new("note", "More about it (optional)")
            }
        });
        let day = (what != What::Override).then(|| {
            let mut day = DateInput::new("at", "On which day?", "Leave it empty for today.");
            (day.day, day.month, day.year) = (given("at-day"), given("at-month"), given("at-year"));
            day.take_error(&errors);
            day
        });
        Self {
            frame,
            errors,
            key: key.to_owned(),
            title: title.to_owned(),
            what,
            event_id: event_id.to_owned(),
            unit,
            choice,
            code,
            remark,
            day,
        }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs.crumbs.push(Crumb { label: "On the way".into(), address: format!("/trials/{}/notes", self.key) });
        crumbs
    }
}
