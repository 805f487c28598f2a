//! Addresses that are called. They are read strictly: one that two programs could take for two hosts is no address.

use std::{fmt, net::Ipv4Addr, net::Ipv6Addr};

use thiserror::Error;

/// Most letters of an address.
const LONGEST: usize = 500;

/// Most letters of a host, and of one of its parts.
const LONGEST_HOST: usize = 253;
const LONGEST_PART: usize = 63;

/// An address that may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiverAddress {
    plain: bool,
    host: String,
    port: u16,
    path: String,
}

/// Why an address may not be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddressError {
    /// It cannot be read.
    #[error(
        "enter an address such as https://alerts.agency.govt.nz/fairtrial, with letters and digits that every program reads alike"
    )]
    Unreadable,
    /// Whoever runs the server has not allowed it.
    #[error("whoever runs this server has not allowed this host; ask them to add it to the setting alert-hosts")]
    NotAllowed,
}

/// The hosts that whoever runs the server allows. None at first, and then nobody is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedHosts(Vec<Place>);

/// Where a connection goes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    plain: bool,
    host: String,
    port: u16,
}

impl AllowedHosts {
    /// Reads hosts with commas between them: `alerts.agency.govt.nz`, `alerts.agency.govt.nz:8443`, or for trying out, without
    /// encryption, `http://127.0.0.1:9000`.
    ///
    /// # Errors
    /// The first part that is no host.
    pub fn read(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let place = |part: &str| {
            let (plain, rest) = match part.split_once("://") {
                Some(("http", rest)) => (true, rest),
                Some(("https", rest)) => (false, rest),
                Some(_) => return Err(part.to_owned()),
                None => (false, part),
            };
            authority(rest, plain).map(|(host, port)| Place { plain, host, port }).ok_or_else(|| part.to_owned())
        };
        Ok(Self(parts.map(place).collect::<Result<_, _>>()?))
    }

    /// Whether nobody may be called.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any is called with encryption.
    #[must_use]
    pub fn has_encrypted(&self) -> bool {
        self.0.iter().any(|place| !place.plain)
    }
}

impl fmt::Display for AllowedHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, place) in self.0.iter().enumerate() {
            let (comma, scheme) = (if n > 0 { ", " } else { "" }, if place.plain { "http" } else { "https" });
            write!(f, "{comma}{scheme}://{}:{}", place.host, place.port)?;
        }
        Ok(())
    }
}

impl ReceiverAddress {
    /// Reads an address and holds it against what is allowed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str, allowed: &AllowedHosts) -> Result<Self, AddressError> {
        let plain_letters = text.bytes().all(|byte| byte.is_ascii_graphic() && !br#"\"<>^`{|}#"#.contains(&byte));
        if text.len() > LONGEST || !plain_letters {
            return Err(AddressError::Unreadable);
        }
        let (plain, rest) = match text.split_once("://") {
            Some(("https", rest)) => (false, rest),
            Some(("http", rest)) => (true, rest),
            _ => return Err(AddressError::Unreadable),
        };
        let (place, path) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        if !path.starts_with('/') {
            return Err(AddressError::Unreadable);
        }
        let (host, port) = authority(place, plain).ok_or(AddressError::Unreadable)?;
        let found = Self { plain, host, port, path: path.to_owned() };
        if allowed.0.iter().any(|place| found.is_at(place)) { Ok(found) } else { Err(AddressError::NotAllowed) }
    }

    fn is_at(&self, place: &Place) -> bool {
        (self.plain, &self.host, self.port) == (place.plain, &place.host, place.port)
    }

    /// The host, as it is asked of the name system.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address without what comes behind the host, which may hold what is nobody's business.
    #[must_use]
    pub fn origin(&self) -> String {
        let scheme = if self.plain { "http" } else { "https" };
        if self.port == usual_port(self.plain) {
            format!("{scheme}://{}", self.host)
        } else {
            format!("{scheme}://{}:{}", self.host, self.port)
        }
    }

    /// The whole address.
    #[must_use]
    pub fn whole(&self) -> String {
        format!("{}{}", self.origin(), self.path)
    }
}

fn usual_port(plain: bool) -> u16 {
    if plain { 80 } else { 443 }
}

/// A host in small letters and its port. Names of people before it, other spellings of numbers, and ports that are none are refused.
fn authority(text: &str, plain: bool) -> Option<(String, u16)> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (inner, port) = rest.split_once(']')?;
        let address: Ipv6Addr = inner.parse().ok()?;
        (format!("[{address}]"), port)
    } else {
        let (host, port) = text.find(':').map_or((text, ""), |at| text.split_at(at));
        (name(host)?, port)
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => usual_port(plain),
        Some(digits) if !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok()?
        }
        _ => return None,
    };
    Some((host, port))
}

/// A name of a host, or four numbers as they are usually written.
fn name(text: &str) -> Option<String> {
    let host = text.to_ascii_lowercase();
    let fits = |part: &str| {
        (1..=LONGEST_PART).contains(&part.len())
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if host.len() > LONGEST_HOST || !host.split('.').all(fits) {
        return None;
    }
    let last = host.rsplit('.').next()?;
    // What ends in a number is a number for some programs, however it is written: 127.1, 0x7f000001, 2130706433.
    if last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") {
        let address: Ipv4Addr = host.parse().ok()?;
        return (address.to_string() == host).then_some(host);
    }
    Some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(text: &str) -> AllowedHosts {
        AllowedHosts::read(text).unwrap()
    }

    #[test]
    fn an_allowed_host_is_called_at_its_port_and_in_its_way() {
        let hosts = allowed("Alerts.example, other.example:8443,http://127.0.0.1:9000");
        let read = |text: &str| ReceiverAddress::read(text, &hosts);
        let whole = |text: &str| read(text).unwrap().whole();
        assert_eq!(whole("https://alerts.example"), "https://alerts.example/");
        assert_eq!(whole("https://ALERTS.example:443/a/b?c=d"), "https://alerts.example/a/b?c=d");
        assert_eq!(whole("https://other.example:8443/x"), "https://other.example:8443/x");
        assert_eq!(whole("http://127.0.0.1:9000/x"), "http://127.0.0.1:9000/x");
        assert_eq!(read("https://alerts.example/secret").unwrap().origin(), "https://alerts.example");
        for other in [
            "http://alerts.example/",
            "https://alerts.example:8443/",
            "https://other.example/",
            "https://alerts.example.evil.example/",
            "https://evil-alerts.example/",
            "https://127.0.0.1:9000/",
            "http://127.0.0.1/",
        ] {
            assert_eq!(read(other), Err(AddressError::NotAllowed), "{other}");
        }
    }

    #[test]
    fn what_two_programs_could_read_differently_is_no_address() {
        let hosts = allowed("alerts.example,http://127.0.0.1:9000");
        for text in [
            "",
            "alerts.example",
            "ftp://alerts.example/",
            "HTTPS://alerts.example/",
            "https:alerts.example",
            "https:///alerts.example",
            "https://alerts.example@127.0.0.1/",
            "https://ok:pw@alerts.example/",
            "https://alerts.example\\@127.0.0.1/",
            "https://alerts.example#@127.0.0.1/",
            "https://alerts.example:0443/",
            "https://alerts.example:443443/",
            "https://alerts.example:/",
            "https://alerts.example:+443/",
            "https://alerts.example./",
            "https://alerts..example/",
            "https://alerts.example?x",
            "https://alerts .example/",
            "https://alerts.example/\r\nX: y",
            "https://%61lerts.example/",
            "https://älerts.example/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://127.0.0.01/",
            "https://[::ffff:127.0.0.1%25eth0]/",
            "https://[127.0.0.1]/",
        ] {
            assert_eq!(ReceiverAddress::read(text, &hosts), Err(AddressError::Unreadable), "{text}");
        }
    }

    #[test]
    fn hosts_are_read_as_strictly() {
        assert!(allowed("").is_empty() && allowed(" , ").is_empty());
        assert!(allowed("a.example").has_encrypted() && !allowed("http://a.example").has_encrypted());
        assert_eq!(allowed("a.example,http://b.example:81").to_string(), "https://a.example:443, http://b.example:81");
        for wrong in ["a.example/x", "*.example", "ftp://a.example", "a@b.example", "a.example:x", "127.1", "[::1"] {
            assert_eq!(AllowedHosts::read(&format!("ok.example,{wrong}")), Err(wrong.to_owned()));
        }
    }
}
