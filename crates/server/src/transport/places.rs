//! Which rows an address belongs to. The patterns of the route table are names and whole parts in braces, so comparing
//! part by part is enough. A request pays for the few patterns that are as long as its address and begin as it does; its parts are
//! told apart once, and decoded once, for the one that fits.

use std::{collections::BTreeMap, sync::Arc};

use actix_web::http::Method;

use super::{Audience, Row, percent};
use crate::server::{Counts, Metrics};

/// The rows of one path, and where their answers are counted.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) path: &'static str,
    pub(super) counts: Arc<Counts>,
    pattern: Vec<Segment>,
    rows: Vec<Row>,
}

#[derive(Debug)]
enum Segment {
    Name(&'static str),
    Part(&'static str),
}

/// The parts of an address that a pattern leaves open, by name.
pub(super) type Parts = Vec<(&'static str, String)>;

impl Place {
    fn new(path: &'static str, rows: Vec<Row>, metrics: &Metrics) -> Self {
        let segment = |text: &'static str| match text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => Segment::Part(name),
            None => Segment::Name(text),
        };
        Self { path, counts: metrics.of(path), pattern: path_of(path).map(segment).collect(), rows }
    }

    pub(super) fn row(&self, method: &Method) -> Option<&Row> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.rows.iter().find(|row| row.method == *method)
    }

    pub(super) fn allow(&self) -> String {
        let mut methods: Vec<&str> = self.rows.iter().map(|row| row.method.as_str()).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        methods.sort_unstable();
        methods.join(", ")
    }

    pub(super) fn audience(&self) -> Audience {
        self.rows.first().map_or(Audience::Program, |row| row.audience)
    }

    /// Whether an address is one of this place's. A part is never empty.
    fn fits(&self, address: &[&str]) -> bool {
        let fits = |(segment, text): (&Segment, &&str)| match segment {
            Segment::Name(name) => name == text,
            Segment::Part(_) => !text.is_empty(),
        };
        self.pattern.len() == address.len() && self.pattern.iter().zip(address).all(fits)
    }

    /// The open parts of an address of this place. Each is decoded by itself, so that a slash in an escape divides nothing.
    fn parts(&self, address: &[&str]) -> Option<Parts> {
        let open = self.pattern.iter().zip(address).filter_map(|(segment, text)| match segment {
            Segment::Name(_) => None,
            Segment::Part(name) => Some((*name, text)),
        });
        open.map(|(name, text)| Some((name, percent::decode(text)?))).collect()
    }
}

fn path_of(path: &str) -> std::str::Split<'_, char> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

/// More segments than any pattern has.
const MOST_SEGMENTS: usize = 12;

/// An address cut into its segments; none when it has more than any pattern.
fn cut<'a>(address: &'a str, room: &'a mut [&'a str; MOST_SEGMENTS]) -> Option<&'a [&'a str]> {
    let address = address.strip_prefix('/').unwrap_or(address);
    let (mut count, mut begin) = (0, 0);
    // Byte by byte: the standard library's search is made for longer texts than names between two slashes.
    for (end, _) in address.bytes().enumerate().filter(|(_, byte)| *byte == b'/') {
        *room.get_mut(count)? = address.get(begin..end)?;
        (count, begin) = (count + 1, end + 1);
    }
    *room.get_mut(count)? = address.get(begin..)?;
    room.get(..=count)
}

/// All places of a server, for each number of segments by the first of them.
#[derive(Debug)]
pub struct Places(BTreeMap<usize, BTreeMap<&'static str, Vec<Place>>>);

impl Places {
    /// The places of a table. A name comes before an open part in the same position: names sort before braces.
    #[must_use]
    pub fn of(rows: &[Row], metrics: &Metrics) -> Self {
        let mut by_path: BTreeMap<&'static str, Vec<Row>> = BTreeMap::new();
        for row in rows {
            by_path.entry(row.path).or_default().push(row.clone());
        }
        let mut places: BTreeMap<_, BTreeMap<_, Vec<Place>>> = BTreeMap::new();
        for (path, rows) in by_path {
            // No pattern begins with an open part.
            let first = path_of(path).next().unwrap_or_default();
            let alike = places.entry(path_of(path).count()).or_default().entry(first).or_default();
            alike.push(Place::new(path, rows, metrics));
        }
        Self(places)
    }

    /// The place of an address, and its open parts unless one of them cannot be decoded.
    pub(super) fn find(&self, address: &str) -> Option<(&Place, Option<Parts>)> {
        let mut room = [""; MOST_SEGMENTS];
        let address = cut(address, &mut room)?;
        let place = self.0.get(&address.len())?.get(*address.first()?)?.iter().find(|place| place.fits(address))?;
        Some((place, place.parts(address)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes;

    #[test]
    fn every_path_of_the_table_is_found_and_its_neighbours_are_not() {
        let rows = routes::table();
        let places = Places::of(&rows, &Metrics::of_routes(std::iter::empty()));
        let found = |address: &str| places.find(address).map(|(place, _)| place.path);
        for row in &rows {
            assert_eq!(found(&row.path.replace(['{', '}'], "")), Some(row.path));
            let near = [format!("{}/", row.path), format!("/{}", row.path), row.path.to_uppercase()];
            for near in near.into_iter().filter(|near| near != row.path) {
                assert_ne!(found(&near), Some(row.path), "{near}");
            }
        }
        assert_eq!(found("/trials/new"), Some("/trials/new"), "a name goes before an open part");
        assert_eq!(found("/trials/%6eew"), Some("/trials/{trial}"));
        assert_eq!((found("/trials/"), found(""), found("//")), (None, Some("/"), None));
    }

    #[test]
    fn parts_are_decoded_one_by_one() {
        let places = Places::of(&routes::table(), &Metrics::of_routes(std::iter::empty()));
        let parts = |address: &str| places.find(address).and_then(|(_, parts)| parts);
        assert_eq!(parts("/v1/trials/a%2Fb/report"), Some(vec![("trial", "a/b".to_owned())]));
        assert_eq!(parts("/v1/trials/a%ff/report"), None);
        assert!(places.find("/v1/trials/a%ff/report").is_some(), "whoever asks is told in their own form");
    }
}
