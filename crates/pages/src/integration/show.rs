use crate::component::{Breadcrumbs, Cell, Crumb, Table, Tag, TagColour, Task, TaskList};
use crate::{Frame, Moment};
use askama::Template;
use fairtrial_domain::eligibility::AttributeKind;
use fairtrial_domain::protocol::Protocol;
use fairtrial_domain::trial::State;
use std::fmt::Write;

/// The requests that an app sends for this trial, and what has been seen of it so far.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/integration/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    key: String,
    title: String,
    assign: String,
    events: String,
    delivery: String,
    list: TaskList,
    strangers: bool,
    running: bool,
    may_make_keys: bool,
    calls: Option<Table>,
}

/// What has been seen.
#[derive(Debug, Clone)]
pub struct Seen {
    /// When a test key of the agency was used last.
    pub test_key_used: Option<Moment>,
    /// When a live key of the agency was used last.
    pub live_key_used: Option<Moment>,
    /// Somebody was assigned.
    pub assigned: bool,
    /// A delivery was reported.
    pub delivered: bool,
    /// Every outcome by its name, with whether people of each version have a value.
    pub outcomes: Vec<(String, bool)>,
    /// Events came whose people are in no version.
    pub strangers: bool,
    /// An opt-out was kept.
    pub opted_out: bool,
    /// An event came again and was counted once.
    pub repeated: bool,
}

/// One of the last calls.
#[derive(Debug, Clone)]
pub struct LastCall {
    /// When it was answered.
    pub at: Moment,
    /// The name of its key.
    pub key: String,
    /// Whether the key is a live one.
    pub live: bool,
    /// What it asked for.
    pub what: String,
    /// The outcome, or the code of the problem; empty where there is nothing to say.
    pub verdict: String,
    /// The status of the answer.
    pub status: u16,
}

impl Show {
    /// The page of a plan for an installation at `origin`, such as `https://trials.example.govt.nz`.
    #[must_use]
    pub fn new(frame: Frame, plan: &Protocol, state: State, origin: &str, seen: Seen, may_make_keys: bool) -> Self {
        let key = plan.key.to_string();
        Self {
            frame,
            title: plan.title.clone(),
            assign: assign(plan, origin),
            events: events(plan, origin),
            delivery: request(
                &format!("{origin}/v1/trials/{key}/delivery"),
                "{\"event_id\": \"letter-1\", \"unit\": \"person-1\", \"status\": \"delivered\", \"at\": \"2027-01-31T09:00:00Z\"}",
            ),
            key,
            strangers: seen.strangers,
            list: checklist(seen),
            running: state.has_started() && !state.is_locked(),
            may_make_keys,
            calls: None,
        }
    }

    /// The same page with the last calls, the latest first.
    #[must_use]
    pub fn with_calls(self, calls: Vec<LastCall>) -> Self {
        let row = |call: LastCall| {
            let key = if call.live { format!("{} (live)", call.key) } else { format!("{} (test)", call.key) };
            let verdict = if call.verdict.is_empty() { "\u{2013}".to_owned() } else { call.verdict };
            vec![
                Cell::words(call.at.to_string()),
                Cell::words(key),
                Cell::words(call.what),
                Cell::words(verdict),
                Cell::number(call.status.to_string()),
            ]
        };
        let table = (!calls.is_empty()).then(|| Table {
            caption: "The last calls".into(),
            caption_hidden: true,
            head: vec![
                Cell::words("When"),
                Cell::words("Key"),
                Cell::words("What"),
                Cell::words("Answer"),
                Cell::number("Status"),
            ],
            rows: calls.into_iter().map(row).collect(),
        });
        Self { calls: table, ..self }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs
    }
}

fn request(address: &str, body: &str) -> String {
    format!(
        "curl -s \"{address}\" \\\n  -H \"Authorization: Bearer $TEST_KEY\" \\\n  -H \"Content-Type: application/json\" \\\n  -d '{body}'"
    )
}

/// A text within JSON within single quotes of a shell.
fn quoted(text: &str) -> String {
    let escaped = text.chars().fold(String::new(), |mut escaped, letter| {
        match letter {
            '"' | '\\' => escaped.extend(['\\', letter]),
            '\'' => escaped.push_str("\\u0027"),
            letter if letter.is_control() => {
                let _ = write!(escaped, "\\u{:04x}", u32::from(letter));
            }
            letter => escaped.push(letter),
        }
        escaped
    });
    format!("\"{escaped}\"")
}

fn assign(plan: &Protocol, origin: &str) -> String {
    let mut body = String::from("{\"unit\": \"person-1\"");
    if let Some(cluster) = plan.allocation.roster().first() {
        let _ = write!(body, ", \"cluster\": {}", quoted(cluster.as_str()));
    }
    let attributes: Vec<String> = plan
        .attributes
        .iter()
        .map(|attribute| {
            let value = match &attribute.kind {
                AttributeKind::Category { values } => {
                    values.first().map_or_else(|| "null".to_owned(), |value| quoted(value.as_str()))
                }
                AttributeKind::Integer { minimum, .. } => minimum.to_string(),
                AttributeKind::Decimal { minimum, .. } => format!("\"{minimum}\""),
                AttributeKind::Boolean => "false".to_owned(),
            };
            format!("{}: {value}", quoted(&attribute.name))
        })
        .collect();
    if !attributes.is_empty() {
        let _ = write!(body, ", \"attributes\": {{{}}}", attributes.join(", "));
    }
    body.push('}');
    request(&format!("{origin}/v1/trials/{}/assignments", plan.key), &body)
}

fn events(plan: &Protocol, origin: &str) -> String {
    let listed: Vec<String> = plan
        .outcomes
        .iter()
        .enumerate()
        .map(|(place, outcome)| {
            let value = if outcome.kind.absence_is_a_value() { "" } else { ", \"value\": 3" };
            format!(
                "{{\"event_id\": \"event-{}\", \"unit\": \"person-1\", \"event\": {}, \"occurred_at\": \"2027-01-31T09:00:00Z\"{value}}}",
                place + 1,
                quoted(outcome.event.as_str())
            )
        })
        .collect();
    request(&format!("{origin}/v1/events"), &format!("{{\"events\": [{}]}}", listed.join(",\n    ")))
}

fn checklist(seen: Seen) -> TaskList {
    let task = |name: String, hint: &str, done: bool| Task {
        name,
        hint: Some(hint.to_owned()),
        address: None,
        status: Some(match done {
            true => Tag::new("Seen", TagColour::Green),
            false => Tag::new("Not seen yet", TagColour::Grey),
        }),
    };
    let used = |at: Option<Moment>| {
        at.map_or_else(|| "No such key has been used yet.".to_owned(), |at| format!("Last on {at}."))
    };
    let mut tasks = vec![
        task("A test key is used".into(), &used(seen.test_key_used), seen.test_key_used.is_some()),
        task("A live key is used".into(), &used(seen.live_key_used), seen.live_key_used.is_some()),
        task("People are assigned".into(), "With a live key, once the trial runs.", seen.assigned),
        task(
            "Deliveries are reported".into(),
            "The letter went out, the page was shown, the script was read.",
            seen.delivered,
        ),
    ];
    tasks.extend(seen.outcomes.into_iter().map(|(name, done)| {
        let hint = "In every version, once people\u{2019}s follow-up is over.";
        task(format!("Outcome \u{2018}{name}\u{2019} comes in"), hint, done)
    }));
    tasks.push(task(
        "An event that comes again counts once".into(),
        "An app of the agency sent one twice with the same event_id, for this trial or another one.",
        seen.repeated,
    ));
    tasks.push(task(
        "An opt-out is kept".into(),
        "Somebody who opted out was left with the usual version.",
        seen.opted_out,
    ));
    TaskList { id: "seen".into(), tasks }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_text_breaks_out_of_neither_json_nor_the_shell() {
        assert_eq!(quoted("north"), "\"north\"");
        assert_eq!(quoted("a\"b\\c'd\n"), "\"a\\\"b\\\\c\\u0027d\\u000a\"");
    }
}
