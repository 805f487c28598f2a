//! What differs between two plans, in the words of the page.

mod field;
mod value;

use askama::Template;
use fairtrial_domain::LockedProtocol;
use fairtrial_domain::trial::{differences, document};
use serde_json::Value;

use crate::component::{SummaryList, writes_markup};
use crate::guide::{question, step_title};
use field::Known;
use value::Side;

/// One thing in which a plan differs from the one before.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/trial/change.html")]
pub struct Change {
    /// What it is, in words.
    pub place: String,
    /// The step that asks about it.
    pub step: Option<String>,
    /// Where it stands in the document, for those who want it exactly.
    pub pointers: Vec<String>,
    /// What stood there and what stands there; of a list, what was added and taken away.
    pub list: SummaryList,
}

writes_markup!(Change);

impl Change {
    /// Everything that differs from one plan to another, in the order of the document. `asked` names the step and the field that
    /// ask about a place.
    #[must_use]
    pub fn between(
        before: &LockedProtocol,
        after: &LockedProtocol,
        asked: impl Fn(&str) -> Option<(&'static str, &'static str)>,
    ) -> Vec<Self> {
        let (old, new) = (document(before), document(after));
        let mut found = Vec::new();
        let sides = [Side { plan: before.protocol(), of: None }, Side { plan: after.protocol(), of: None }];
        walk(sides, [Some(&old), Some(&new)], "", &mut |place| found.push(place.told(&asked)));
        found
    }

    fn pointer(&self) -> String {
        self.pointers.join(", ")
    }
}

/// One thing that differs, before it is told.
struct Place<'a> {
    known: Option<&'static Known>,
    pointer: String,
    sides: [Side<'a>; 2],
    values: [Option<&'a Value>; 2],
}

/// Goes through two documents down to what is told whole. Versions and outcomes are the same when their keys are.
fn walk<'a>(sides: [Side<'a>; 2], values: [Option<&'a Value>; 2], pointer: &str, tell: &mut impl FnMut(Place<'a>)) {
    let [old, new] = values;
    if old == new {
        return;
    }
    let known = field::known(pointer);
    let keyed = pointer == "/arms" || pointer == "/outcomes";
    match (old, new) {
        _ if known.is_some() => tell(Place { known, pointer: pointer.to_owned(), sides, values }),
        (None | Some(Value::Object(_)), None | Some(Value::Object(_))) => {
            let objects = values.into_iter().flatten().filter_map(Value::as_object);
            let mut names: Vec<&String> = objects.flat_map(|fields| fields.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let parts = values.map(|side| side.and_then(|value| value.get(name)));
                walk(sides, parts, &format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")), tell);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) if keyed => {
            let with_key =
                |list: &'a [Value], item: &Value| list.iter().find(|known| known.get("key") == item.get("key"));
            let [before, after] = sides;
            let of = |old: Option<&'a Value>, new: Option<&'a Value>| {
                [Side { of: old, ..before }, Side { of: new, ..after }]
            };
            for (index, item) in new.iter().enumerate() {
                let before = with_key(old, item);
                let pointer = format!("{pointer}/{index}");
                match before {
                    Some(_) => walk(of(before, Some(item)), [before, Some(item)], &pointer, tell),
                    None => tell(Place { known, pointer, sides: of(None, Some(item)), values: [None, Some(item)] }),
                }
            }
            for (index, item) in old.iter().enumerate().filter(|(_, item)| with_key(new, item).is_none()) {
                let pointer = format!("{pointer}/{index}");
                tell(Place { known, pointer, sides: of(Some(item), None), values: [Some(item), None] });
            }
            let order = |list: &'a [Value], other: &'a [Value]| {
                list.iter()
                    .filter(|item| with_key(other, item).is_some())
                    .map(|item| item.get("key"))
                    .collect::<Vec<_>>()
            };
            if order(old, new) != order(new, old) {
                tell(Place { known: Some(&field::ORDER), pointer: pointer.to_owned(), sides, values });
            }
        }
        _ => tell(Place { known, pointer: pointer.to_owned(), sides, values }),
    }
}

impl Place<'_> {
    fn told(self, asked: impl Fn(&str) -> Option<(&'static str, &'static str)>) -> Change {
        let Self { known, pointer, sides, values } = self;
        let asked = asked(&pointer);
        // The last part of a place that is not known here stands for itself, and so do a whole version and a whole outcome.
        let last = pointer.rsplit('/').next().unwrap_or_default();
        let whole = match pointer.split('/').collect::<Vec<_>>().as_slice() {
            ["", "arms", _] => Some("version"),
            ["", "outcomes", _] => Some("outcome"),
            _ => None,
        };
        let words = match (asked, known, whole) {
            (Some((_, field)), ..) => question(field),
            (None, Some(known), _) => known.words,
            (None, None, Some(whole)) => whole,
            (None, None, None) => last,
        };
        let named = sides.iter().rev().find_map(|side| side.of?.get("name")?.as_str());
        let place = match named {
            Some(name) => format!("\u{2018}{name}\u{2019}: {}", lower(words)),
            None => words.to_owned(),
        };
        let pointers = match values {
            [Some(old), Some(new)] => {
                differences(old, new).into_iter().map(|found| format!("{pointer}{}", found.pointer)).collect()
            }
            _ => vec![pointer],
        };
        let list = value::rows(known.map(|known| &known.form), sides, values);
        Change { place, step: asked.map(|(step, _)| step_title(step).to_owned()), pointers, list }
    }
}

/// The words with a small first letter, to stand behind a name.
fn lower(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
