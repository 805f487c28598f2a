//! What is asked.

use std::fmt::Write;

/// What one run asks.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) address: String,
    pub(crate) kind: String,
    pub(crate) key: String,
    pub(crate) trial: String,
    pub(crate) event: String,
    /// What each event carries, if anything.
    pub(crate) value: Option<u64>,
    /// People who are known: few enough to be placed before the clock starts.
    pub(crate) people: u64,
    /// What makes people and events of this run others than those of the last one.
    pub(crate) from: u64,
    pub(crate) occurred_at: String,
}

impl Plan {
    /// What has to be asked of everybody before the clock starts, so that they are known when it does.
    pub(crate) fn before(&self) -> Option<Self> {
        let kind = match self.kind.as_str() {
            "known" | "mixed" | "flag" => "known",
            // Of all flags each is a trial, in which everybody has to be placed.
            "flags" => "flags",
            _ => return None,
        };
        Some(Self { kind: kind.into(), ..self.clone() })
    }

    /// Writes the request of this number, in the room of an earlier one.
    pub(crate) fn write(&self, n: u64, request: &mut String, body: &mut String) -> std::fmt::Result {
        request.clear();
        body.clear();
        self.write_body(n, body)?;
        self.write_head(body.len(), request)?;
        request.push_str(body);
        Ok(())
    }

    fn write_head(&self, length: usize, to: &mut String) -> std::fmt::Result {
        match self.kind.as_str() {
            "event" | "events" => to.write_str("POST /v1/events")?,
            "flag" => write!(to, "POST /ofrep/v1/evaluate/flags/{}", self.trial)?,
            "flags" | "newcomers" => to.write_str("POST /ofrep/v1/evaluate/flags")?,
            "edge" => write!(to, "POST /api/frontend/features/{}", self.trial)?,
            "edges" => to.write_str("POST /api/frontend/all")?,
            "report" => write!(to, "GET /v1/trials/{}/report", self.trial)?,
            "health" => to.write_str("GET /healthz")?,
            _ => write!(to, "POST /v1/trials/{}/assignments", self.trial)?,
        }
        // Edge takes its token as it is.
        let scheme = if self.kind.starts_with("edge") { "" } else { "Bearer " };
        let kind = if length == 0 { "" } else { "Content-Type: application/json\r\n" };
        let (host, key) = (&self.address, &self.key);
        write!(
            to,
            " HTTP/1.1\r\nHost: {host}\r\nAuthorization: {scheme}{key}\r\n{kind}Content-Length: {length}\r\n\r\n"
        )
    }

    fn write_body(&self, n: u64, to: &mut String) -> std::fmt::Result {
        let known = n % self.people;
        match self.kind.as_str() {
            "report" | "health" => Ok(()),
            "new" => write!(to, "{{\"unit\":\"bench-new-{}-{n}\"}}", self.from),
            "mixed" if n.is_multiple_of(10) => write!(to, "{{\"unit\":\"bench-new-{}-{n}\"}}", self.from),
            "event" => self.write_events(n..n + 1, to),
            "events" => self.write_events(n * 100..n * 100 + 100, to),
            "flag" | "flags" => write!(to, "{{\"context\":{{\"targetingKey\":\"bench-{known}\"}}}}"),
            "newcomers" => write!(to, "{{\"context\":{{\"targetingKey\":\"bench-new-{}-{n}\"}}}}", self.from),
            "edge" => write!(to, "{{\"userId\":\"bench-{known}\"}}"),
            "edges" => write!(to, "{{\"context\":{{\"userId\":\"bench-{known}\"}}}}"),
            _ => write!(to, "{{\"unit\":\"bench-{known}\"}}"),
        }
    }

    fn write_events(&self, numbers: std::ops::Range<u64>, to: &mut String) -> std::fmt::Result {
        to.write_str("{\"events\":[")?;
        for n in numbers.clone() {
            let (comma, person) = (if n == numbers.start { "" } else { "," }, n % self.people);
            write!(to, "{comma}{{\"event_id\":\"b-{}-{n:09}\",\"unit\":\"bench-{person}\",", self.from)?;
            write!(to, "\"event\":\"{}\",", self.event)?;
            if let Some(value) = self.value {
                write!(to, "\"value\":{value},")?;
            }
            write!(to, "\"occurred_at\":\"{}\"}}", self.occurred_at)?;
        }
        to.write_str("]}")
    }
}
