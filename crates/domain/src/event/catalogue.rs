//! Which kinds of event an agency's trials listen to, and what values fit.

use std::collections::HashMap;

use crate::{
    Decimal,
    protocol::{Outcome, OutcomeKind, Protocol},
};

/// What one outcome asks of the values of its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    kind: OutcomeKind,
    step: Decimal,
    minimum: Option<Decimal>,
    maximum: Option<Decimal>,
    name: String,
}

/// The kinds of event that are known, each with the outcomes that listen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    by_kind: HashMap<String, Vec<Listener>>,
}

impl Catalogue {
    /// The kinds of event that some trials listen to.
    pub fn of<'a>(protocols: impl IntoIterator<Item = &'a Protocol>) -> Self {
        let mut by_kind: HashMap<String, Vec<Listener>> = HashMap::new();
        for protocol in protocols {
            for outcome in &protocol.outcomes {
                by_kind.entry(outcome.event.clone()).or_default().push(Listener::new(protocol, outcome));
            }
        }
        Self { by_kind }
    }

    /// The same outcomes, listening to these kinds of event only.
    #[must_use]
    pub fn only(mut self, kinds: &[String]) -> Self {
        self.by_kind.retain(|kind, _| kinds.contains(kind));
        self
    }

    /// The outcomes that listen to a kind of event; none when the kind is unknown.
    #[must_use]
    pub fn listeners(&self, kind: &str) -> Option<&[Listener]> {
        self.by_kind.get(kind).map(Vec::as_slice)
    }
}

impl Listener {
    fn new(protocol: &Protocol, outcome: &Outcome) -> Self {
        Self {
            kind: outcome.kind,
            step: outcome.step,
            minimum: outcome.minimum,
            maximum: outcome.maximum,
            name: format!("{} of trial {}", outcome.key, protocol.key),
        }
    }

    /// Whether a value fits this outcome.
    ///
    /// # Errors
    /// A sentence saying what would fit.
    pub fn check(&self, value: Option<Decimal>) -> Result<(), String> {
        let name = &self.name;
        let Some(value) = value else {
            return match self.kind {
                OutcomeKind::Amount | OutcomeKind::Rating => Err(format!("{name} needs a value")),
                OutcomeKind::Binary | OutcomeKind::Count | OutcomeKind::Duration => Ok(()),
            };
        };
        if self.kind == OutcomeKind::Binary && value != Decimal::ZERO && value != Decimal::ONE {
            return Err(format!("{name} is yes or no: leave the value out, or send 1 or 0"));
        }
        if value.in_steps_of(self.step).is_none() {
            return Err(format!("{name} goes in steps of {}", self.step));
        }
        let floor = match self.kind {
            OutcomeKind::Count | OutcomeKind::Duration => Some(self.minimum.unwrap_or(Decimal::ZERO)),
            _ => self.minimum,
        };
        if let Some(minimum) = floor.filter(|minimum| value < *minimum) {
            return Err(format!("{name} is at least {minimum}"));
        }
        if let Some(maximum) = self.maximum.filter(|maximum| value > *maximum) {
            return Err(format!("{name} is at most {maximum}"));
        }
        Ok(())
    }
}
