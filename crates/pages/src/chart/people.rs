use super::Px;
use crate::component::writes_markup;
use crate::number::counted;
use askama::Template;
use std::fmt::Write;

const CELL_WIDTH: f64 = 30.0;
const CELL_HEIGHT: f64 = 34.0;

/// One hundred small figures, of whom some are marked: "26 in 100 paid".
#[derive(Debug, Clone, Template)]
#[template(path = "components/chart/people.html")]
pub struct People {
    id: String,
    arm: String,
    sentence: String,
    look: ArmLook,
    marked: String,
    others: String,
}

/// How a version looks in drawings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArmLook {
    /// The control: ink outline, hatched.
    Control,
    /// Another version: its place after the control in the protocol, from 1 to 4.
    Version(u8),
}

impl People {
    /// The drawing for one version: `count` of 100 people (more than 100 is 100) `did` it ("paid"). `id` must differ
    /// between drawings on one page.
    #[must_use]
    pub fn new(id: &str, arm: &str, look: ArmLook, count: u8, did: &str) -> Self {
        let count = count.min(100);
        Self {
            id: id.into(),
            arm: arm.into(),
            sentence: format!("{} of 100 {did}", counted(u64::from(count), "person", "people")),
            look,
            marked: figures(0..count),
            others: figures(count..100),
        }
    }

    fn class(&self) -> String {
        match self.look {
            ArmLook::Control => "ft-chart__person--control".to_owned(),
            ArmLook::Version(place) => format!("ft-chart__person--arm-{}", place.clamp(1, 4)),
        }
    }

    fn hatched(&self) -> bool {
        self.look == ArmLook::Control
    }
}

// All figures of one kind are one path: a head and a body each.
fn figures(places: std::ops::Range<u8>) -> String {
    let mut path = String::new();
    for place in places {
        let x = Px(f64::from(place % 10) * CELL_WIDTH + 10.0);
        let y = Px(f64::from(place / 10) * CELL_HEIGHT + 8.0);
        let _ = write!(path, "M{x} {y}a5 5 0 1 1 10 0a5 5 0 1 1-10 0zm-3 20v-8q0-5 5-5h6q5 0 5 5v8z");
    }
    path
}

writes_markup!(People);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_hundred_people_are_drawn() {
        for count in [0, 1, 26, 100, 200] {
            let drawing = People::new("p", "Usual letter", ArmLook::Control, count, "paid");
            let heads = |path: &str| path.matches('M').count();
            assert_eq!(heads(&drawing.marked), usize::from(count.min(100)));
            assert_eq!(heads(&drawing.marked) + heads(&drawing.others), 100);
        }
    }
}
