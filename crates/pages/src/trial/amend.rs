use crate::Frame;
use crate::component::{Area, Breadcrumbs, Choice, ChoiceOption, Choices, ErrorSummary};
use askama::Template;

/// An amendment of the plan of a started trial. The form is `multipart/form-data` with the parts `csrf`, `protocol_id`,
/// `document`, `data_seen` and `reason`.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/trial/amend.html")]
pub struct Amend {
    /// Around the page.
    pub frame: Frame,
    /// The key of the trial.
    pub key: String,
    /// Everything that is wrong with what was sent.
    pub errors: ErrorSummary,
    protocol_id: String,
    document: Area,
    reason: Area,
    data_seen: Choice,
}

impl Amend {
    /// The form with a document to change, and everything that is wrong with it.
    #[must_use]
    pub fn new(frame: Frame, key: String, protocol_id: String, document: String, errors: ErrorSummary) -> Self {
        let mut data_seen = Choice {
            name: "data_seen".into(),
            legend: "What had been seen of the outcomes by those who propose this?".into(),
            hint: None,
            error: None,
            options: vec![
                ChoiceOption::new("none", "Nothing", None),
                ChoiceOption::new("pooled", "Numbers of all versions together", None),
                ChoiceOption::new("by_arm", "Numbers of each version", None),
            ],
            choices: Choices::One,
        };
        data_seen.take_error(&errors);
        let mut document = Area {
            hint: Some(
                "Change what an amendment may change: words, people\u{2019}s data and risks, who is in, the last day."
                    .into(),
            ),
            value: document,
            rows: 16,
            document: true,
            ..Area::new("document", "The new plan")
        };
        let mut reason =
            Area { hint: Some("It is kept on record with your name.".into()), ..Area::new("reason", "Reason") };
        for area in [&mut document, &mut reason] {
            let fault = errors.faults.iter().find(|fault| fault.field.as_deref() == Some(area.id.as_str()));
            area.error = fault.map(|fault| fault.message.clone());
        }
        Self { frame, key, errors, protocol_id, document, reason, data_seen }
    }

    fn crumbs(&self) -> Breadcrumbs {
        Breadcrumbs::of([("Trials", "/trials")])
    }
}
