use super::Checklist;
use std::fmt::Write;

/// The checklist as a document in Markdown, with room for the answers of a person: an annex for an assessment that is written
/// elsewhere. `made` is the day on which it was made.
#[must_use]
pub fn markdown(list: &Checklist, made: &str) -> String {
    let mut out = String::new();
    // Writing to a text cannot fail.
    let _ = writeln!(out, "# Privacy of the trial: {}\n", plain(&list.title));
    let _ = writeln!(out, "- Agency: {}", plain(&list.agency));
    let _ = writeln!(out, "- Trial: {}", plain(&list.key));
    let _ = writeln!(out, "- Made from the plan with protocol id: {}", plain(&list.protocol_id));
    let _ = writeln!(out, "- Made on: {made}");
    let assessment = list.pia.as_deref().map_or("the plan names none", str::trim);
    let _ = writeln!(out, "- Privacy impact assessment: {}\n", plain(assessment));
    let _ = writeln!(
        out,
        "The principles are those of section 22 of the Privacy Act 2020, told in words of our own. What the plan answers was filled \
         in by the program. The rest is for a person, and what they write is their judgement.\n"
    );
    for principle in &list.principles {
        let _ = writeln!(out, "## {}. {}\n\n{}\n", principle.number, principle.name, principle.asks);
        if !principle.answered.is_empty() {
            let _ = writeln!(out, "What the plan and the program answer:\n");
            principle.answered.iter().for_each(|answer| {
                let _ = writeln!(out, "- {}", plain(answer));
            });
            out.push('\n');
        }
        for question in &principle.open {
            let _ = writeln!(out, "**To be answered:** {}\n\nAnswer:\n\n", plain(question));
        }
    }
    let _ = writeln!(out, "Judged by (name, role, day):\n");
    out
}

/// Words of a plan on one line, so that they stay words: nothing in them makes a heading, a link or markup.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        for letter in word.chars() {
            if matches!(letter, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!' | '~') {
                out.push('\\');
            }
            out.push(letter);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn words_of_a_plan_stay_words() {
        assert_eq!(plain("Paid  in\nfull"), "Paid in full");
        assert_eq!(plain("# [a](b) <script>"), "\\# \\[a\\](b) \\<script\\>");
    }
}
