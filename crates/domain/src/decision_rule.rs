//! The decision rule: when a trial counts as a success, written before it starts.
//!
//! ```text
//! rule   = term { "or" term }
//! term   = factor { "and" factor }
//! factor = "(" rule ")" | claim "(" outcome ")"
//! claim  = "superior" | "not_worse"
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::key::OutcomeKey;

/// Deepest nesting of brackets.
const MAX_DEPTH: usize = 16;
/// Most claims of a truth table.
const MAX_TABLE: usize = 10;

/// What the evidence must show of one outcome.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// Better than the current version.
    Superior(OutcomeKey),
    /// Not worse by more than the outcome's margin.
    NotWorse(OutcomeKey),
}

impl Claim {
    /// The outcome that the claim is about.
    #[must_use]
    pub fn outcome(&self) -> &OutcomeKey {
        match self {
            Self::Superior(outcome) | Self::NotWorse(outcome) => outcome,
        }
    }
}

/// A rule over claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionRule {
    /// One claim.
    Claim(Claim),
    /// Every one holds.
    And(Vec<DecisionRule>),
    /// At least one holds.
    Or(Vec<DecisionRule>),
}

/// A rule, case by case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TruthTable<'a> {
    /// The claims in the order written, each once.
    pub claims: Vec<&'a Claim>,
    /// Which of them hold, and whether the rule holds then.
    pub rows: Vec<(Vec<bool>, bool)>,
}

/// Why a text is not a rule, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("at character {at}: {reason}")]
pub struct DecisionRuleError {
    /// Position of the first character that does not fit, counted from 1.
    pub at: usize,
    /// What was expected there.
    pub reason: String,
}

impl DecisionRule {
    /// Reads a rule.
    ///
    /// # Errors
    /// The place where the text stops being a rule, and what was expected.
    ///
    /// ```
    /// use fairtrial_domain::decision_rule::DecisionRule;
    /// let rule = DecisionRule::parse("superior(paid) and not_worse(calls)").unwrap();
    /// assert!(rule.holds(&|_| true) && !rule.holds(&|claim| claim.outcome().as_str() == "paid"));
    /// assert_eq!(DecisionRule::parse("superior(paid) xor x").unwrap_err().at, 16);
    /// ```
    pub fn parse(text: &str) -> Result<Self, DecisionRuleError> {
        Self::parse_with_places(text).map(|(rule, _)| rule)
    }

    /// Reads a rule, and says where the outcome of each of its [`claims`](Self::claims) stands: the position of its first
    /// character, counted from 1. So whoever knows the outcomes can point at one that does not exist.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    ///
    /// ```
    /// use fairtrial_domain::decision_rule::DecisionRule;
    /// let (_, places) = DecisionRule::parse_with_places("superior(paid) and not_worse(calls)").unwrap();
    /// assert_eq!(places, [10, 30]);
    /// ```
    pub fn parse_with_places(text: &str) -> Result<(Self, Vec<usize>), DecisionRuleError> {
        let mut parser = Parser { text, at: 0, depth: 0, places: Vec::new() };
        let rule = parser.rule()?;
        parser.skip_blanks();
        if parser.at < text.len() {
            return Err(parser.expected("\"and\", \"or\" or the end"));
        }
        Ok((rule, parser.places))
    }

    /// Whether the rule holds, given which claims hold.
    pub fn holds(&self, claim_holds: &impl Fn(&Claim) -> bool) -> bool {
        match self {
            Self::Claim(claim) => claim_holds(claim),
            Self::And(rules) => rules.iter().all(|rule| rule.holds(claim_holds)),
            Self::Or(rules) => rules.iter().any(|rule| rule.holds(claim_holds)),
        }
    }

    /// Every combination of claims that hold or do not, and whether the rule holds then; none for over ten different claims.
    ///
    /// The claims stand in the order written, each once; the first combination has them all hold.
    ///
    /// ```
    /// use fairtrial_domain::decision_rule::DecisionRule;
    /// let rule = DecisionRule::parse("superior(paid) and not_worse(calls)").unwrap();
    /// let table = rule.truth_table().unwrap();
    /// assert_eq!((table.claims.len(), table.rows.len()), (2, 4));
    /// assert_eq!(table.rows[0], (vec![true, true], true));
    /// assert!(table.rows[1..].iter().all(|(_, holds)| !holds));
    /// ```
    #[must_use]
    pub fn truth_table(&self) -> Option<TruthTable<'_>> {
        let mut claims: Vec<&Claim> = Vec::new();
        for claim in self.claims() {
            if !claims.contains(&claim) {
                claims.push(claim);
            }
        }
        if claims.len() > MAX_TABLE {
            return None;
        }
        let rows = (0..1_usize << claims.len()).map(|number| {
            let fails = |place: usize| number >> (claims.len() - 1 - place) & 1 == 1;
            let row: Vec<bool> = (0..claims.len()).map(|place| !fails(place)).collect();
            let holds = |claim: &Claim| claims.iter().zip(&row).any(|(found, holds)| *found == claim && *holds);
            let rule_holds = self.holds(&holds);
            (row, rule_holds)
        });
        let rows = rows.collect();
        Some(TruthTable { claims, rows })
    }

    /// All claims, in the order written.
    #[must_use]
    pub fn claims(&self) -> Vec<&Claim> {
        match self {
            Self::Claim(claim) => vec![claim],
            Self::And(rules) | Self::Or(rules) => rules.iter().flat_map(Self::claims).collect(),
        }
    }
}

impl fmt::Display for DecisionRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |f: &mut fmt::Formatter<'_>, rules: &[Self], word: &str| {
            for (index, rule) in rules.iter().enumerate() {
                if index > 0 {
                    write!(f, " {word} ")?;
                }
                if matches!(rule, Self::Claim(_)) { write!(f, "{rule}")? } else { write!(f, "({rule})")? }
            }
            Ok(())
        };
        match self {
            Self::Claim(Claim::Superior(outcome)) => write!(f, "superior({outcome})"),
            Self::Claim(Claim::NotWorse(outcome)) => write!(f, "not_worse({outcome})"),
            Self::And(rules) => join(f, rules, "and"),
            Self::Or(rules) => join(f, rules, "or"),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// Where the outcome of each claim stands, in the order written.
    places: Vec<usize>,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn skip_blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// The current place, in characters from 1.
    fn place(&self) -> usize {
        self.text.get(..self.at).unwrap_or(self.text).chars().count() + 1
    }

    fn expected(&self, what: &str) -> DecisionRuleError {
        DecisionRuleError { at: self.place(), reason: format!("expected {what}") }
    }

    /// The word at the current place, without taking it.
    fn word(&mut self) -> &'a str {
        self.skip_blanks();
        let rest = self.rest();
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))).unwrap_or(rest.len());
        rest.get(..end).unwrap_or("")
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let found = self.word() == wanted;
        if found {
            self.at += wanted.len();
        }
        found
    }

    fn take_sign(&mut self, sign: char) -> Result<(), DecisionRuleError> {
        self.skip_blanks();
        if !self.rest().starts_with(sign) {
            return Err(self.expected(&format!("\"{sign}\"")));
        }
        self.at += sign.len_utf8();
        Ok(())
    }

    fn joined(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<DecisionRule, DecisionRuleError>,
        join: fn(Vec<DecisionRule>) -> DecisionRule,
    ) -> Result<DecisionRule, DecisionRuleError> {
        let first = part(self)?;
        let mut parts = vec![first];
        while self.take_word(word) {
            parts.push(part(self)?);
        }
        if parts.len() == 1 { parts.pop().ok_or_else(|| self.expected("a claim")) } else { Ok(join(parts)) }
    }

    fn rule(&mut self) -> Result<DecisionRule, DecisionRuleError> {
        self.joined("or", Self::term, DecisionRule::Or)
    }

    fn term(&mut self) -> Result<DecisionRule, DecisionRuleError> {
        self.joined("and", Self::factor, DecisionRule::And)
    }

    fn factor(&mut self) -> Result<DecisionRule, DecisionRuleError> {
        self.skip_blanks();
        if self.rest().starts_with('(') {
            if self.depth >= MAX_DEPTH {
                return Err(self.expected(&format!("at most {MAX_DEPTH} brackets inside each other")));
            }
            self.depth += 1;
            self.take_sign('(')?;
            let rule = self.rule()?;
            self.take_sign(')')?;
            self.depth -= 1;
            return Ok(rule);
        }
        let claim = match self.word() {
            "superior" => Claim::Superior,
            "not_worse" => Claim::NotWorse,
            _ => return Err(self.expected("\"superior(…)\", \"not_worse(…)\" or \"(\"")),
        };
        self.at += self.word().len();
        self.take_sign('(')?;
        let name = self.word();
        let outcome = OutcomeKey::new(name).map_err(|_| self.expected("the key of an outcome"))?;
        self.places.push(self.place());
        self.at += name.len();
        self.take_sign(')')?;
        Ok(DecisionRule::Claim(claim(outcome)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn and_binds_more_tightly_than_or() {
        let rule = DecisionRule::parse("superior(a) or superior(b) and not_worse(c)").unwrap();
        assert_eq!(rule.to_string(), "superior(a) or (superior(b) and not_worse(c))");
        assert_eq!(DecisionRule::parse(&rule.to_string()).unwrap(), rule);
        assert_eq!(rule.claims().len(), 3);
    }

    #[test]
    fn errors_point_at_the_place() {
        for (text, at) in [
            ("", 1),
            ("superior", 9),
            ("superior(", 10),
            ("superior(a", 11),
            ("superior(a) superior(b)", 13),
            ("māori", 1),
            ("superior(a) and", 16),
            ("(superior(a)", 13),
            ("better(a)", 1),
            ("superior(A)", 10),
        ] {
            assert_eq!(DecisionRule::parse(text).unwrap_err().at, at, "{text}");
        }
        assert!(DecisionRule::parse(&"(".repeat(100_000)).is_err());
    }
}
