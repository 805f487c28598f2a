//! Which units are the same person, as far as somebody has said so.

use std::collections::HashMap;

use super::pseudonym::Pseudonym;

/// Most units that may be one person. More is a shared device or a mistake, and would join strangers.
pub const MOST_UNITS_OF_A_PERSON: usize = 16;

/// Links between units that are the same person under different names, each with its place in the log of events, and with another
/// place where it was taken back.
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
/// linked.part(unit("web:a1"), unit("customer:77"), 20);
/// assert!(linked.others(&unit("customer:77"), None).is_empty(), "it was a mistake");
/// assert_eq!(linked.others(&unit("customer:77"), Some(20)), [unit("web:a1")], "what came before was taken as theirs");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkedUnits(HashMap<Pseudonym, Vec<Link>>);

/// One side of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Link {
    other: Pseudonym,
    /// It holds for events after this place.
    from: i64,
    /// It holds for events up to this place; none while nobody has taken it back.
    until: Option<i64>,
}

impl Link {
    fn holds(&self, event: Option<i64>) -> bool {
        match event {
            None => self.until.is_none(),
            Some(event) => self.from < event && self.until.is_none_or(|until| event <= until),
        }
    }
}

impl LinkedUnits {
    /// Takes a link in, with its place in the log of events. One that is known changes nothing.
    pub fn link(&mut self, one: Pseudonym, other: Pseudonym, place: i64) {
        let known = |link: &Link| link.other == other && link.from == place;
        if one == other || self.0.get(&one).is_some_and(|links| links.iter().any(known)) {
            return;
        }
        self.0.entry(one).or_default().push(Link { other, from: place, until: None });
        self.0.entry(other).or_default().push(Link { other: one, from: place, until: None });
    }

    /// Takes in that the link between two units was taken back, at a place in the log of events. Where there is none, nothing
    /// changes.
    pub fn part(&mut self, one: Pseudonym, other: Pseudonym, place: i64) {
        for (one, other) in [(one, other), (other, one)] {
            let links = self.0.get_mut(&one).into_iter().flatten();
            links.filter(|link| link.other == other && link.until.is_none()).for_each(|link| link.until = Some(place));
        }
    }

    /// The other units of the person, in an order that follows from the links: by those that hold now or, with `at`, by those
    /// that hold for an event at that place.
    #[must_use]
    pub fn others(&self, unit: &Pseudonym, at: Option<i64>) -> Vec<Pseudonym> {
        if !self.0.contains_key(unit) {
            return Vec::new();
        }
        let (mut found, mut next) = (vec![*unit], 0);
        while let Some(from) = found.get(next).copied() {
            next += 1;
            for link in self.0.get(&from).into_iter().flatten() {
                if link.holds(at) && !found.contains(&link.other) {
                    found.push(link.other);
                }
            }
        }
        found.swap_remove(0);
        found.sort_unstable();
        found
    }

    /// Every link once, in no order: both units, the place, and the place at which it was taken back.
    pub fn all(&self) -> impl Iterator<Item = (Pseudonym, Pseudonym, i64, Option<i64>)> {
        let of = |(one, links): (&Pseudonym, &Vec<Link>)| {
            let one = *one;
            let mine = links.clone().into_iter().filter(move |link| one < link.other);
            mine.map(move |link| (one, link.other, link.from, link.until))
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
        let held = |one, other, from| (unit(one), unit(other), from, None);
        assert_eq!(all, [held(1, 2, 5), held(2, 4, 9), held(3, 4, 6)]);
    }

    #[test]
    fn a_link_that_was_taken_back_holds_for_what_came_between() {
        let mut linked = LinkedUnits::default();
        linked.link(unit(1), unit(2), 5);
        linked.link(unit(2), unit(3), 6);
        linked.part(unit(2), unit(1), 9);
        linked.part(unit(1), unit(3), 9);
        assert_eq!(linked.others(&unit(1), None), []);
        assert_eq!(linked.others(&unit(3), None), [unit(2)], "the other link is another");
        let at = |place| linked.others(&unit(1), Some(place)).len();
        assert_eq!([at(5), at(6), at(7), at(9), at(10)], [0, 1, 2, 2, 0]);
        // The same two may be linked once more.
        linked.link(unit(1), unit(2), 12);
        assert_eq!(linked.others(&unit(1), None), [unit(2), unit(3)]);
        assert_eq!(linked.others(&unit(1), Some(11)), []);
        let mut all: Vec<_> = linked.all().collect();
        all.sort_unstable();
        let wanted = [(1, 2, 5, Some(9)), (1, 2, 12, None), (2, 3, 6, None)];
        assert_eq!(all, wanted.map(|(one, other, from, until)| (unit(one), unit(other), from, until)));
    }
}
