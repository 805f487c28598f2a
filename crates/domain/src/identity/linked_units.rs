//! Which units are the same person, as far as somebody has said so.

use std::collections::HashMap;

use super::pseudonym::Pseudonym;

/// Most units that may be one person. More is a shared device or a mistake, and would join strangers.
pub const MOST_UNITS_OF_A_PERSON: usize = 16;

/// Links between units that are the same person under different names, each with its place in the log of events.
///
/// **Architecture invariant:** what a link changes for an event is decided by their places in one log, which are stored. Whoever
/// reads the same rows decides the same, whenever the link became known to them.
///
/// ```
/// use fairtrial_domain::identity::{LinkedUnits, PseudonymKey, UnitText};
/// let key = PseudonymKey::new(&[1; 32]);
/// let unit = |text: &str| key.pseudonym(&UnitText::new(text).unwrap());
/// let mut linked = LinkedUnits::default();
/// linked.link(unit("web:a1"), unit("customer:77"), 10);
/// assert_eq!(linked.others(&unit("customer:77"), None), [unit("web:a1")]);
/// assert!(linked.others(&unit("customer:77"), Some(10)).is_empty(), "an event at place 10 or before was about one of them");
/// assert_eq!(linked.others(&unit("customer:77"), Some(11)), [unit("web:a1")]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkedUnits(HashMap<Pseudonym, Vec<(Pseudonym, i64)>>);

impl LinkedUnits {
    /// Takes a link in, with its place in the log of events. One that is known changes nothing.
    pub fn link(&mut self, one: Pseudonym, other: Pseudonym, place: i64) {
        if one == other || self.0.get(&one).is_some_and(|links| links.contains(&(other, place))) {
            return;
        }
        self.0.entry(one).or_default().push((other, place));
        self.0.entry(other).or_default().push((one, place));
    }

    /// The other units of the person, in an order that follows from the links; with `before`, by links whose place is below
    /// that of an event.
    #[must_use]
    pub fn others(&self, unit: &Pseudonym, before: Option<i64>) -> Vec<Pseudonym> {
        if !self.0.contains_key(unit) {
            return Vec::new();
        }
        let (mut found, mut next) = (vec![*unit], 0);
        while let Some(from) = found.get(next).copied() {
            next += 1;
            for (other, place) in self.0.get(&from).into_iter().flatten() {
                if before.is_none_or(|event| *place < event) && !found.contains(other) {
                    found.push(*other);
                }
            }
        }
        found.swap_remove(0);
        found.sort_unstable();
        found
    }

    /// Every link once, in no order: both units and the place.
    pub fn all(&self) -> impl Iterator<Item = (Pseudonym, Pseudonym, i64)> {
        let of = |(one, links): (&Pseudonym, &Vec<(Pseudonym, i64)>)| {
            let one = *one;
            links.clone().into_iter().filter(move |(other, _)| one < *other).map(move |(other, at)| (one, other, at))
        };
        self.0.iter().flat_map(of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(n: u8) -> Pseudonym {
        Pseudonym::from_bytes(&[n; 16]).unwrap()
    }

    #[test]
    fn a_person_is_everybody_who_can_be_reached() {
        let mut linked = LinkedUnits::default();
        linked.link(unit(1), unit(2), 5);
        linked.link(unit(3), unit(4), 6);
        assert_eq!(linked.others(&unit(1), None), [unit(2)]);
        linked.link(unit(4), unit(2), 9);
        linked.link(unit(2), unit(4), 9);
        linked.link(unit(1), unit(1), 9);
        assert_eq!(linked.others(&unit(1), None), [unit(2), unit(3), unit(4)]);
        assert_eq!(linked.others(&unit(1), Some(9)), [unit(2)], "what joined the two came at that place, not before");
        assert_eq!(linked.others(&unit(9), None), []);
        let mut all: Vec<_> = linked.all().collect();
        all.sort_unstable();
        assert_eq!(all, [(unit(1), unit(2), 5), (unit(2), unit(4), 9), (unit(3), unit(4), 6)]);
    }
}
