//! Just enough reading of markup to check the structure of a page.

/// One start tag with its attributes.
#[derive(Debug, Clone)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
}

impl Tag {
    pub(crate) fn get(&self, attribute: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| name == attribute).map(|(_, value)| value.as_str())
    }
}

const VOID: [&str; 6] = ["meta", "link", "input", "br", "img", "hr"];

/// The start tags of a page in order. Fails on a tag that is not closed, or closed in the wrong order.
pub(crate) fn tags(html: &str) -> Result<Vec<Tag>, String> {
    let mut tags = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let after = &rest[start + 1..];
        let end = after.find('>').ok_or("a tag without an end")?;
        let inside = &after[..end];
        rest = &after[end + 1..];
        if inside.starts_with('!') {
            continue;
        }
        if let Some(name) = inside.strip_prefix('/') {
            match open.pop() {
                Some(expected) if expected == name => {}
                other => return Err(format!("</{name}> closes {other:?} after …{}", &html[..html.len() - rest.len()])),
            }
            continue;
        }
        let tag = tag(inside.trim_end_matches('/'))?;
        if !inside.ends_with('/') && !VOID.contains(&tag.name.as_str()) {
            open.push(tag.name.clone());
        }
        tags.push(tag);
    }
    if open.is_empty() { Ok(tags) } else { Err(format!("never closed: {open:?}")) }
}

fn tag(inside: &str) -> Result<Tag, String> {
    let (name, mut rest) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            break;
        }
        let end = rest.find(|letter: char| letter == '=' || letter.is_whitespace()).unwrap_or(rest.len());
        let attribute = rest[..end].to_owned();
        rest = &rest[end..];
        if let Some(quoted) = rest.strip_prefix("=\"") {
            let close = quoted.find('"').ok_or_else(|| format!("no closing quote in <{inside}>"))?;
            attributes.push((attribute, quoted[..close].to_owned()));
            rest = &quoted[close + 1..];
        } else if rest.starts_with('=') {
            return Err(format!("an attribute without quotes in <{inside}>"));
        } else {
            attributes.push((attribute, String::new()));
        }
    }
    Ok(Tag { name: name.to_owned(), attributes })
}

/// The words of a page without its markup.
pub(crate) fn words(html: &str) -> String {
    let mut words = String::new();
    let mut inside = false;
    for letter in html.chars() {
        match letter {
            '<' => inside = true,
            '>' => {
                inside = false;
                words.push(' ');
            }
            _ if !inside => words.push(letter),
            _ => {}
        }
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_tag_closed_in_the_wrong_order_is_found() {
    assert!(tags("<p><a href=\"/\">x</a></p>").is_ok());
    assert!(tags("<p><a>x</p></a>").is_err());
    assert!(tags("<p>").is_err());
    assert!(tags("<p id=x></p>").is_err());
}
