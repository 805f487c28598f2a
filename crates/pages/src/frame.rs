//! What stands around every page: header, menu, notices, and the facts in the footer.

use crate::component::{Button, Notice};
use crate::{Moment, assets};

/// Everything around a page's own content.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Who is signed in; nobody on public pages and on the sign-in form.
    pub signed_in: Option<SignedIn>,
    /// The token that every form of this page carries, so that no other site can post in the person's name.
    pub csrf: String,
    /// The part of the menu that this page belongs to.
    pub section: Section,
    /// Whether to say that agencies, people and numbers are made up.
    pub demonstration: bool,
    /// A message about what was just done.
    pub notice: Option<Notice>,
    /// The footer.
    pub facts: Facts,
}

/// The person who is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The name shown in the header.
    pub name: String,
    /// The agency they act for.
    pub agency: String,
    /// The parts of the menu that are open to them, in order.
    pub menu: Vec<Section>,
}

/// The parts of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// What waits for this person.
    Home,
    /// All trials of the agency.
    Trials,
    /// What was learned, in all agencies.
    Library,
    /// What waits for signatures.
    Reviews,
    /// All trials of the agency at a glance.
    Portfolio,
    /// What people ask and complain about.
    Messages,
    /// Staying out of trials.
    OptOuts,
    /// Keys of front-line applications.
    Keys,
    /// Accounts of the agency.
    People,
    /// The person's own account.
    Account,
    /// Not part of the menu: signed out, or an error.
    Outside,
}

/// The facts in the footer.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The moment the shown data were read; nothing on pages without data.
    pub as_at: Option<Moment>,
    /// The full protocol id (`sha256:…`) when the page is about one trial.
    pub protocol_id: Option<String>,
    /// The version of the engine that computed and shows the page.
    pub engine: String,
}

impl Section {
    /// The word in the menu.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Home => "Home",
            Self::Trials => "Trials",
            Self::Library => "Library",
            Self::Reviews => "Reviews",
            Self::Portfolio => "Portfolio",
            Self::Messages => "Questions",
            Self::OptOuts => "Opt-outs",
            Self::Keys => "Keys",
            Self::People => "People",
            Self::Account => "Your account",
            Self::Outside => "",
        }
    }

    /// The address of its first page.
    #[must_use]
    pub fn address(self) -> &'static str {
        match self {
            Self::Trials => "/trials",
            Self::Library => "/library",
            Self::Reviews => "/reviews",
            Self::Portfolio => "/portfolio",
            Self::Messages => "/messages",
            Self::OptOuts => "/optouts",
            Self::Keys => "/admin/keys",
            Self::People => "/admin/people",
            Self::Account => "/account",
            Self::Home | Self::Outside => "/",
        }
    }
}

impl Facts {
    /// The start of the protocol id, enough to tell two plans apart: `sha256:0b4f5c12a9de`.
    #[must_use]
    pub fn short_protocol_id(&self) -> Option<&str> {
        const PREFIX_AND_TWELVE: usize = "sha256:".len() + 12;
        self.protocol_id.as_deref().map(|id| id.get(..PREFIX_AND_TWELVE).unwrap_or(id))
    }
}

impl Frame {
    /// The address of the style sheet.
    #[must_use]
    pub fn style(&self) -> String {
        assets::address("app.css")
    }

    /// The address of the small optional script.
    #[must_use]
    pub fn script(&self) -> String {
        assets::address("app.js")
    }

    /// The address of the icon.
    #[must_use]
    pub fn icon(&self) -> String {
        assets::address("favicon.svg")
    }

    /// A button of one form that posts to `action`.
    #[must_use]
    pub fn button(&self, action: impl Into<String>, label: impl Into<String>) -> Button {
        Button::new(action, label, &self.csrf)
    }
}
