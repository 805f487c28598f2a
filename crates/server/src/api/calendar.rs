//! The calendar of a stepped wedge, for queue systems and for people's calendars (RFC 5545).

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use chrono::{DateTime, Utc};
use fairtrial_app::trials::proof::PublishedCalendar;
use fairtrial_domain::{allocation::Calendar, protocol::Arm};
use serde_json::{Value, json};

use crate::{
    calendar_file::{AllDay, CalendarFile},
    problem::{Code, Problem},
    transport::{self, Answer, Call},
};

/// `GET /v1/trials/{trial}/calendar`
pub(crate) async fn show(call: Call) -> Answer {
    let calendar = call.state.app.calendar(&call.caller.actor()?, call.part("trial"))?;
    let accepts = call.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match call.query.get("format") {
        Some("ics") => file(&calendar),
        Some("json") => transport::json(StatusCode::OK, &document(&calendar)?),
        None if accepts.split(',').any(|kind| kind.trim().to_ascii_lowercase().starts_with("text/calendar")) => {
            file(&calendar)
        }
        None => transport::json(StatusCode::OK, &document(&calendar)?),
        Some(_) => Err(Problem::new(Code::UnknownParameter, "The format is json or ics.")),
    }
}

/// `GET /trials/{trial}/calendar.ics`
pub(crate) async fn download(call: Call) -> Answer {
    file(&call.state.app.calendar(&call.caller.actor()?, call.part("trial"))?)
}

fn file(published: &PublishedCalendar) -> Answer {
    let (calendar, before, after) = parts(published)?;
    let trial = published.trial();
    let stamp = trial.started_at.unwrap_or(trial.created_at);
    let name = format!("attachment; filename=\"{}-calendar.ics\"", trial.key());
    let text = ics(trial.key(), &trial.plan.protocol().title, stamp, calendar, before, after);
    Ok(HttpResponse::Ok()
        .content_type("text/calendar; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .body(text))
}

/// The calendar, the arm before a site crosses and the one after.
fn parts(published: &PublishedCalendar) -> Result<(&Calendar, &Arm, &Arm), Problem> {
    let plan = published.trial().plan.protocol();
    let (before, after) = (plan.control(), plan.interventions().next().map(|(_, arm)| arm));
    published.calendar().zip(before.zip(after)).map(|(calendar, (a, b))| (calendar, a, b)).ok_or_else(Problem::internal)
}

fn document(published: &PublishedCalendar) -> Result<Value, Problem> {
    let (calendar, before, after) = parts(published)?;
    let trial = published.trial();
    let sites: Vec<Value> = calendar
        .sites()
        .map(|(site, crossing)| {
            json!({"site": site, "step": crossing.step + 1, "crosses_on": crossing.on, "counted_from": crossing.counted_from,
                "periods": [{"from": null, "arm": before.key}, {"from": crossing.on, "arm": after.key}]})
        })
        .collect();
    Ok(json!({
        "trial": trial.key(), "protocol_id": trial.plan.id(), "time_zone": trial.plan.protocol().time_zone.name(),
        "steps": calendar.steps(), "sites": sites,
    }))
}

/// One all-day event a site, from the day it crosses to the end of its transition.
fn ics(key: &str, title: &str, stamp: DateTime<Utc>, calendar: &Calendar, before: &Arm, after: &Arm) -> String {
    let days = calendar.sites().map(|(site, crossing)| AllDay {
        id: format!("{key}.{site}"),
        from: crossing.on,
        until: crossing.counted_from,
        summary: format!("{site}: {} begins", after.name),
        detail: format!(
            "{title}. Until then {site} has {}. From {} on its people count with the new version.",
            before.name, crossing.counted_from
        ),
        address: None,
    });
    CalendarFile { product: "Stepped wedge", name: title, stamp, days: days.collect() }.text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    #[test]
    fn a_calendar_is_as_the_standard_wants_it() {
        let sites = ["east", "west"].map(|key| fairtrial_domain::key::ClusterKey::new(key).unwrap());
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let secret = fairtrial_domain::allocation::AllocationSecret::new([1; 32]);
        let calendar = Calendar::new(&secret, &sites, &[day("2027-03-01"), day("2027-04-30")], 0, &[1, 1], 0);
        let arm = |key: &str, control| Arm {
            key: fairtrial_domain::ArmKey::new(key).unwrap(),
            name: format!("The {key} one"),
            control,
            ratio: 1,
            unit_cost: None,
            staff_minutes: None,
            fixed_cost: None,
            payload: json!({}).into(),
        };
        let stamp = "2027-01-05T20:15:00Z".parse().unwrap();
        let text = ics("queues", "Queues, shorter", stamp, &calendar, &arm("old", true), &arm("new", false));
        assert!(text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:"), "{text}");
        assert!(text.ends_with("END:VEVENT\r\nEND:VCALENDAR\r\n") && !text.replace("\r\n", "").contains('\n'));
        for line in ["UID:queues.east@fairtrial", "DTSTAMP:20270105T201500Z", "X-WR-CALNAME:Queues\\, shorter"] {
            assert!(text.contains(&format!("\r\n{line}\r\n")), "{line} is not in {text}");
        }
        // Without a transition the event is the day itself, and ends where the next begins.
        let first = calendar.sites().find(|(_, at)| at.step == 0).map(|(site, _)| site.to_owned()).unwrap();
        let last = calendar.sites().find(|(_, at)| at.step == 1).map(|(site, _)| site.to_owned()).unwrap();
        for (site, days) in [
            (first, "DTSTART;VALUE=DATE:20270301\r\nDTEND;VALUE=DATE:20270302"),
            (last, "DTSTART;VALUE=DATE:20270430\r\nDTEND;VALUE=DATE:20270501"),
        ] {
            let event = text.split("BEGIN:VEVENT").find(|event| event.contains(&format!("UID:queues.{site}@")));
            assert!(event.is_some_and(|event| event.contains(days)), "{text}");
        }
    }
}
