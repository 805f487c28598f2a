//! Which crate may use which library of others.

use super::document::House;
use super::manifests::dependencies;
use super::tree::Tree;

/// A fenced library, and all whose names begin with it and a dash or an underscore, appear in one crate only.
pub(crate) fn fenced(tree: &Tree, house: &House) -> Vec<String> {
    let (found, _) = dependencies(tree);
    let mut wrong = Vec::new();
    for dependency in &found {
        for (library, home) in &house.fences {
            if belongs_to(&dependency.on, library) && dependency.of != *home {
                wrong.push(format!("{} uses {}, which only {home} may", dependency.of, dependency.on));
            }
        }
    }
    wrong
}

fn belongs_to(package: &str, library: &str) -> bool {
    package.strip_prefix(library).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

/// The pure crates use only the libraries listed for them; their tests may use others.
pub(crate) fn pure_libraries(tree: &Tree, house: &House) -> Vec<String> {
    let (found, _) = dependencies(tree);
    found
        .iter()
        .filter(|d| !d.dev && d.on_ours().is_none())
        .filter(|d| house.pure.contains(&d.of) && !house.pure_libraries.contains(&d.on))
        .map(|d| format!("{} is pure and uses {}, which is not listed for the pure crates", d.of, d.on))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::document::made_up::house;
    use super::*;

    fn tree(of: &str, section: &str, library: &str) -> Tree {
        let text = format!("[{section}]\n{library}.workspace = true\n");
        Tree::made_of(&[(&format!("crates/{of}/Cargo.toml"), &text)])
    }

    #[test]
    fn a_fenced_library_stays_at_home() {
        assert!(fenced(&tree("middle", "dependencies", "diesel"), &house()).is_empty());
        for (of, section, library) in [
            ("top", "dependencies", "diesel"),
            ("top", "dev-dependencies", "diesel"),
            ("top", "dependencies", "diesel_migrations"),
            ("bottom", "build-dependencies", "pq-sys"),
        ] {
            let wrong = fenced(&tree(of, section, library), &house());
            assert_eq!(wrong.len(), 1, "{of} {section} {library}: {wrong:?}");
        }
    }

    #[test]
    fn a_name_that_only_begins_alike_is_another_library() {
        assert!(fenced(&tree("top", "dependencies", "dieselpunk"), &house()).is_empty());
    }

    #[test]
    fn the_pure_crates_have_a_list() {
        assert!(pure_libraries(&tree("bottom", "dependencies", "serde"), &house()).is_empty());
        assert!(pure_libraries(&tree("bottom", "dev-dependencies", "tempfile"), &house()).is_empty());
        assert!(pure_libraries(&tree("middle", "dependencies", "tokio"), &house()).is_empty());
        assert_eq!(pure_libraries(&tree("bottom", "dependencies", "tokio"), &house()).len(), 1);
    }
}
