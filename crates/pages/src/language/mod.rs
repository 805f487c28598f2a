//! The labels and sentences of the public pages in the languages of the country.
//!
//! One that has no words in te reo Māori yet stands in English; `docs/LANGUAGES.md` lists those. Words get in here from people
//! who speak the language, never from a machine: a wrong word on a public page does harm that an English one does not.

mod said;
mod sentences;

pub use said::Said;
pub use sentences::Say;

use crate::component::writes_markup;
use askama::Template;

/// A catalogue of words in both languages.
macro_rules! catalogue {
    ($(#[$meta:meta])* pub enum $type:ident; $($name:ident: $english:literal $(, $maori:literal)?;)*) => {
        $(#[$meta])*
        pub enum $type { $(#[doc = $english] $name),* }

        impl $type {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// In English.
            #[must_use]
            pub fn english(self) -> &'static str {
                match self { $(Self::$name => $english),* }
            }

            /// In te reo Māori, where somebody who speaks it has said how.
            #[must_use]
            pub fn maori(self) -> Option<&'static str> {
                match self { $(Self::$name => catalogue!(@ $($maori)?)),* }
            }
        }
    };
    (@) => { None };
    (@ $maori:literal) => { Some($maori) };
}
use catalogue;

catalogue! {
    /// A label of the public pages. Written into a page, it is in te reo Māori where it has words in it, before the English
    /// ones; those words say which language they are, so that they are read out as they should be.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Template)]
    #[template(path = "components/label.html")]
    pub enum Label;

    Greeting: "Hello", "Kia ora";
    BeTold: "Be told the result";
    Register: "Register of trials";
    WhatIsTested: "What is tested";
    Why: "Why";
    WhoIsIncluded: "Who is included";
    WhatData: "What data are used";
    GoesBadly: "What if it goes badly";
    YourChoices: "Your choices";
    Results: "Results";
    WhoApproved: "Who approved it";
    Facts: "The facts";
    HowTreated: "How people and their data are treated";
    WholePlan: "The whole plan";
}

writes_markup!(Label);
