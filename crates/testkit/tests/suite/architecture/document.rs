//! What `docs/ARCHITECTURE.md` allows. The document is the rule; nothing of it is repeated here.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::Tree;

const DOCUMENT: &str = "docs/ARCHITECTURE.md";

/// The rules as the document states them.
pub(crate) struct House {
    /// For each crate of ours those that it may use.
    pub(crate) arrows: BTreeMap<String, BTreeSet<String>>,
    /// Crates without input, output, clock and ambient randomness.
    pub(crate) pure: BTreeSet<String>,
    /// Beginnings of library names and the one crate that may use them.
    pub(crate) fences: Vec<(String, String)>,
    /// Libraries that the pure crates may use.
    pub(crate) pure_libraries: BTreeSet<String>,
}

impl House {
    /// Reads the three tables by the words of their first line.
    pub(crate) fn read(tree: &Tree) -> Result<Self, String> {
        let text = tree.text(DOCUMENT).ok_or_else(|| format!("{DOCUMENT} is missing"))?;
        let mut arrows = BTreeMap::new();
        let mut pure = BTreeSet::new();
        for row in table(text, "| crate | may use | pure |")? {
            let [name, uses, is_pure] = row.as_slice() else {
                return Err(format!("a row of three cells is wanted, not {row:?}"));
            };
            let name = quoted(name).pop().ok_or_else(|| format!("no crate is named in {name:?}"))?;
            if is_pure.trim() == "yes" {
                pure.insert(name.clone());
            }
            arrows.insert(name, quoted(uses).into_iter().collect());
        }
        let mut fences = Vec::new();
        for row in table(text, "| library | only in |")? {
            let [libraries, home] = row.as_slice() else {
                return Err(format!("a row of two cells is wanted, not {row:?}"));
            };
            let home = quoted(home).pop().ok_or_else(|| format!("no crate is named in {home:?}"))?;
            fences.extend(quoted(libraries).into_iter().map(|library| (library, home.clone())));
        }
        let pure_libraries =
            table(text, "| libraries of the pure crates |")?.iter().flat_map(|row| quoted(&row[0])).collect();
        let house = Self { arrows, pure, fences, pure_libraries };
        house.check()?;
        Ok(house)
    }

    /// All crates of ours that a crate may reach, over others too.
    pub(crate) fn below(&self, name: &str) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&str> = vec![name];
        while let Some(at) = open.pop() {
            for next in self.arrows.get(at).into_iter().flatten() {
                if found.insert(next.as_str()) {
                    open.push(next);
                }
            }
        }
        found
    }

    /// The picture itself must make sense: no circle, no unknown crate, nothing impure beneath a pure crate.
    fn check(&self) -> Result<(), String> {
        for (name, uses) in &self.arrows {
            if let Some(unknown) = uses.iter().find(|used| !self.arrows.contains_key(*used)) {
                return Err(format!("{name} may use {unknown}, which has no row"));
            }
            let below = self.below(name);
            if below.contains(name.as_str()) {
                return Err(format!("{name} would use itself"));
            }
            if self.pure.contains(name)
                && let Some(impure) = below.iter().find(|used| !self.pure.contains(**used))
            {
                return Err(format!("{name} is pure and may not use {impure}"));
            }
        }
        Ok(())
    }
}

/// The rows under the table whose first line is `head`, cell by cell.
fn table(text: &str, head: &str) -> Result<Vec<Vec<String>>, String> {
    let mut lines = text.lines().skip_while(|line| line.trim() != head);
    if lines.next().is_none() {
        return Err(format!("{DOCUMENT} has no table {head:?}"));
    }
    let rows = lines
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect();
    Ok(rows)
}

/// The words between back quotes.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
pub(crate) mod made_up {
    use super::{DOCUMENT, House, Tree};

    /// A small house: `top` uses `bottom`; `bottom` is pure.
    pub(crate) const TEXT: &str = "\
| crate | may use | pure |
|---|---|---|
| `bottom` | | yes |
| `middle` | `bottom` | no |
| `top` | `middle` | no |
| `testkit` | `bottom` | no |

| library | only in |
|---|---|
| `diesel`, `pq-sys` | `middle` |

| libraries of the pure crates |
|---|
| `serde`, `rand` |
";

    pub(crate) fn house() -> House {
        House::read(&Tree::made_of(&[(DOCUMENT, TEXT)])).expect("the made-up house stands")
    }

    #[test]
    fn the_tables_are_read() {
        let house = house();
        assert_eq!(house.below("top").into_iter().collect::<Vec<_>>(), ["bottom", "middle"]);
        assert!(house.pure.contains("bottom") && !house.pure.contains("middle"));
        assert!(house.fences.contains(&("pq-sys".to_owned(), "middle".to_owned())));
        assert!(house.pure_libraries.contains("rand"));
    }

    #[test]
    fn a_picture_that_contradicts_itself_is_refused() {
        let cases = [
            ("| `bottom` | | yes |", "| `bottom` | `top` | no |", "use itself"),
            ("| `bottom` | | yes |", "| `bottom` | `cellar` | yes |", "which has no row"),
            (
                "| `middle` | `bottom` | no |\n| `top` | `middle` | no |",
                "| `middle` | | no |\n| `top` | `middle` | yes |",
                "is pure",
            ),
            ("| library | only in |", "| Library | only in |", "has no table"),
        ];
        for (good, bad, says) in cases {
            let error = House::read(&Tree::made_of(&[(DOCUMENT, &TEXT.replace(good, bad))])).err().unwrap_or_default();
            assert!(error.contains(says), "{bad:?} gave {error:?}");
        }
    }
}
