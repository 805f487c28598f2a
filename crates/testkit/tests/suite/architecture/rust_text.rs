//! Rust source without what is not code, and the paths that its `use` lines bring in.

/// The source with comments, text and character literals blanked; lines stay where they are.
pub(crate) fn code_only(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_or_comment_end(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
        } else {
            out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

/// Where the comment or literal that begins at `at` ends; `at` itself when none begins there.
fn literal_or_comment_end(chars: &[char], at: usize) -> usize {
    let next = |ahead: usize| chars.get(at + ahead).copied().unwrap_or(' ');
    let inside_word = at > 0 && is_word(chars[at - 1]);
    match chars[at] {
        '/' if next(1) == '/' => find(chars, at, |_, c| c == '\n'),
        '/' if next(1) == '*' => block_comment_end(chars, at),
        '"' => text_end(chars, at + 1),
        'r' if !inside_word => raw_text_end(chars, at),
        'b' if !inside_word && next(1) == 'r' => match raw_text_end(chars, at + 1) {
            end if end == at + 1 => at,
            end => end,
        },
        '\'' => character_end(chars, at),
        _ => at,
    }
}

fn find(chars: &[char], from: usize, wanted: impl Fn(usize, char) -> bool) -> usize {
    (from..chars.len()).find(|i| wanted(*i, chars[*i])).unwrap_or(chars.len())
}

fn block_comment_end(chars: &[char], at: usize) -> usize {
    let (mut depth, mut i) = (0_usize, at);
    while i < chars.len() {
        match (chars[i], chars.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            return i;
        }
    }
    chars.len()
}

fn text_end(chars: &[char], from: usize) -> usize {
    let mut i = from;
    while i < chars.len() {
        match chars[i] {
            '\\' => i += 2,
            '"' => return i + 1,
            _ => i += 1,
        }
    }
    chars.len()
}

/// End of `r"…"` or `r##"…"##`; `at` when this is only a name with an `r`, such as `r#type`.
fn raw_text_end(chars: &[char], at: usize) -> usize {
    let quote = find(chars, at + 1, |_, c| c != '#');
    if chars.get(quote) != Some(&'"') {
        return at;
    }
    let marks = quote - at - 1;
    let closes = |i: usize, c: char| c == '"' && (1..=marks).all(|k| chars.get(i + k) == Some(&'#'));
    (find(chars, quote + 1, closes) + 1 + marks).min(chars.len())
}

/// End of `'x'` or `'\n'`; `at` when this is a lifetime.
fn character_end(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), _) => (find(chars, at + 3, |_, c| c == '\'') + 1).min(chars.len()),
        (Some(_), Some('\'')) => at + 3,
        _ => at,
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether code has `needle` as whole words: `rand::rng` is not in `my_rand::rng` or `rand::rngs`.
pub(crate) fn has_words(code: &str, needle: &str) -> bool {
    code.match_indices(needle).any(|(start, _)| {
        let before = code[..start].chars().next_back();
        let after = code[start + needle.len()..].chars().next();
        let open = |c: Option<char>, edge: Option<char>| !(c.is_some_and(is_word) && edge.is_some_and(is_word));
        open(before, needle.chars().next()) && open(after, needle.chars().next_back())
    })
}

/// The code with each space around `::` closed, and each `use` line spelt out path by path at the end.
pub(crate) fn spelt_out(code: &str) -> String {
    let words: Vec<&str> = code.split_whitespace().collect();
    let tight = words.join(" ").replace(" ::", "::").replace(":: ", "::");
    let mut paths = Vec::new();
    for (start, _) in tight.match_indices("use ") {
        let whole_word = !tight[..start].chars().next_back().is_some_and(is_word);
        if let Some((tree, _)) = tight[start + 4..].split_once(';').filter(|_| whole_word) {
            expand("", tree.trim(), &mut paths);
        }
    }
    format!("{tight}\n{}", paths.join("\n"))
}

/// Writes `a::{b, c::{d}}` as `a::b` and `a::c::d`.
fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((head, inner)) = tree.split_once('{') else {
        paths.push(format!("{prefix}{tree}"));
        return;
    };
    let inner = inner.rsplit_once('}').map_or(inner, |(inside, _)| inside);
    let prefix = format!("{prefix}{}", head.trim());
    let (mut depth, mut start) = (0_i32, 0);
    for (i, c) in inner.char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c == ',' && depth == 0 {
            expand(&prefix, inner[start..i].trim(), paths);
            start = i + 1;
        }
    }
    if !inner[start..].trim().is_empty() {
        expand(&prefix, inner[start..].trim(), paths);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_no_code() {
        let source =
            "a // todo!()\nb /* x /* y */ dbg! */ c \"quote \\\" std::fs\" d r#\"std::\"net\"# e 'x' f '\\'' g br\"h\"";
        let code = code_only(source);
        assert_eq!(code.split_whitespace().collect::<String>(), "abcdefg");
        assert_eq!(code.lines().count(), source.lines().count());
    }

    #[test]
    fn lifetimes_and_raw_names_are_code() {
        assert_eq!(
            code_only("fn f<'a>(x: &'a str) { r#type(for_r\"s\") }"),
            "fn f<'a>(x: &'a str) { r#type(for_r   ) }"
        );
    }

    #[test]
    fn words_are_found_whole() {
        assert!(has_words("let x = rand::rng();", "rand::rng"));
        assert!(!has_words("use rand::rngs::StdRng;", "rand::rng"));
        assert!(!has_words("my_rand::rng()", "rand::rng"));
        assert!(has_words("#[ignore = \"slow\"]", "#[ignore"));
    }

    #[test]
    fn use_lines_are_spelt_out() {
        let text = spelt_out("use std::{\n  collections::BTreeMap,\n  io::{self, Read},\n  fs,\n};\nstd :: env :: var");
        for path in ["std::collections::BTreeMap", "std::io::self", "std::io::Read", "std::fs", "std::env::var"] {
            assert!(has_words(&text, path), "{path} is not in {text}");
        }
    }
}
