//! A browser as far as a test needs one: it keeps cookies and sends the hidden fields of the page it has open.

use std::{collections::BTreeMap, net::SocketAddr};

use crate::{
    client::{Response, request, send},
    running::PASSWORD,
};

pub(crate) struct Browser {
    address: SocketAddr,
    cookies: BTreeMap<String, String>,
    csrf: String,
}

impl Browser {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, cookies: BTreeMap::new(), csrf: String::new() }
    }

    /// Somebody of [`crate::running::start_filled`], signed in.
    pub(crate) fn signed_in(address: SocketAddr, email: &str) -> Self {
        let mut browser = Self::new(address);
        browser.get("/sign-in");
        let response = browser.post("/sign-in", &[("email", email), ("password", PASSWORD)]);
        assert_eq!(response.status, 303, "{email} can sign in: {}", response.text());
        browser.get("/");
        browser
    }

    fn cookie_header(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    pub(crate) fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.into(), value.into());
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn csrf(&self) -> &str {
        &self.csrf
    }

    pub(crate) fn get(&mut self, path: &str) -> Response {
        let bytes = request("GET", path, &[("Cookie", &self.cookie_header())], b"");
        self.receive(&bytes)
    }

    /// Sends a form with the hidden text of the page that was read last.
    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Response {
        let csrf = self.csrf.clone();
        let fields: Vec<(&str, &str)> = fields.iter().copied().chain([("csrf", csrf.as_str())]).collect();
        self.post_exactly(path, &fields, &[("Sec-Fetch-Site", "same-origin")])
    }

    /// Sends a form as it is.
    pub(crate) fn post_exactly(&mut self, path: &str, fields: &[(&str, &str)], more: &[(&str, &str)]) -> Response {
        let body =
            fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect::<Vec<_>>().join("&");
        let cookies = self.cookie_header();
        let mut headers = vec![("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", cookies.as_str())];
        headers.extend(more);
        if body.is_empty() {
            headers.push(("Content-Length", "0"));
        }
        let bytes = request("POST", path, &headers, body.as_bytes());
        self.receive(&bytes)
    }

    /// Sends a form with a file in it.
    pub(crate) fn post_parts(&mut self, path: &str, parts: &[(&str, &str)]) -> Response {
        let csrf = self.csrf.clone();
        let mut body = String::new();
        for (name, value) in parts.iter().copied().chain([("csrf", csrf.as_str())]) {
            let file = if name == "file" { "; filename=\"../../x.json\"" } else { "" };
            body += &format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n");
        }
        body += "--cut--\r\n";
        let cookies = self.cookie_header();
        let headers = [("Content-Type", "multipart/form-data; boundary=cut"), ("Cookie", cookies.as_str())];
        let bytes = request("POST", path, &headers, body.as_bytes());
        self.receive(&bytes)
    }

    fn receive(&mut self, bytes: &[u8]) -> Response {
        let response = send(self.address, bytes).expect("an answer");
        for (name, value) in &response.headers {
            if name == "set-cookie" {
                let (pair, _) = value.split_once(';').expect("a cookie has attributes");
                let (name, value) = pair.split_once('=').expect("a cookie has a value");
                if value.is_empty() {
                    self.cookies.remove(name);
                } else {
                    self.cookies.insert(name.into(), value.into());
                }
            }
        }
        let text = response.text();
        if let Some((_, rest)) = text.split_once("name=\"csrf\" value=\"") {
            self.csrf = rest.split('"').next().unwrap_or_default().to_owned();
        }
        response
    }
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
