use crate::Frame;
use crate::component::{Breadcrumbs, Button, ButtonStyle, Crumb};
use crate::person::role;
use crate::protocol::{Part, public_parts};
use askama::Template;
use fairtrial_domain::LockedProtocol;
use fairtrial_domain::trial::PersonRole;

/// All answers of a plan before it is sent for approval.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/guide/check.html")]
pub struct Check {
    /// Around the page.
    pub frame: Frame,
    key: String,
    title: String,
    parts: Vec<Part>,
    sentences: Vec<String>,
    signers: Vec<&'static str>,
    send: Button,
}

impl Check {
    /// The page of that draft; `signers` are the roles that must sign it.
    #[must_use]
    pub fn of(frame: Frame, plan: &LockedProtocol, sentences: Vec<String>, signers: &[PersonRole]) -> Self {
        let protocol = plan.protocol();
        let key = protocol.key.to_string();
        let send = Button {
            explanation: Some(
                "The plan goes to those who must sign it. It can be changed again only if they return it.".into(),
            ),
            protocol_id: Some(plan.id().to_string()),
            style: ButtonStyle::Primary,
            ..frame.button(format!("/trials/{key}/submit"), "Send for approval")
        };
        Self {
            frame,
            title: protocol.title.clone(),
            parts: public_parts(protocol),
            sentences,
            signers: signers.iter().map(|role| role::signer(*role)).collect(),
            send,
            key,
        }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs.crumbs.push(Crumb { label: "Plan".into(), address: format!("/trials/{}/steps", self.key) });
        crumbs
    }
}
