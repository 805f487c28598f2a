//! One exchange with a receiver: its host's address is asked for once and connected to as it was given, and only where that is allowed.

use std::{
    fmt, fs, io,
    net::{SocketAddr, ToSocketAddrs},
    path::Path,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use anyhow::{Context, ensure};
use fairtrial_app::alerts::{Outgoing, Tried};
use ureq::{
    Agent, Error, Timeout,
    config::Config,
    http::Uri,
    tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem},
    unversioned::{
        resolver::{ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};

use super::Networks;

/// How long everything may take, from the question for the host's address to the first line of the answer.
const LONGEST: Duration = Duration::from_secs(3);

/// Most bytes of an answer that are read. Its head is enough: what stands behind it is not asked for.
const MOST: usize = 64 * 1024;

/// Asks for the addresses of a host.
pub trait LookUp: fmt::Debug + Send + Sync + 'static {
    /// All of them.
    ///
    /// # Errors
    /// When there are none, or nobody answers.
    fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// The name system of this machine.
#[derive(Debug, Clone, Copy)]
pub struct SystemLookUp;

impl LookUp for SystemLookUp {
    fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        format!("{host}:{port}").to_socket_addrs().map(Iterator::collect)
    }
}

/// Whose certificates are believed.
#[derive(Clone)]
pub struct Authorities(Arc<Vec<Certificate<'static>>>);

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorities({})", self.0.len())
    }
}

impl Authorities {
    /// Nobody's: for receivers that are called without encryption.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::default())
    }

    /// Reads a file of certificates as PEM.
    ///
    /// # Errors
    /// When it cannot be read, or holds no certificate.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let text = fs::read(path).with_context(|| format!("the certificates in {shown} cannot be read"))?;
        let mut found = Vec::new();
        for item in parse_pem(&text) {
            if let PemItem::Certificate(certificate) = item.with_context(|| format!("{shown} is not PEM"))? {
                found.push(certificate);
            }
        }
        ensure!(!found.is_empty(), "{shown} holds no certificate");
        Ok(Self(Arc::new(found)))
    }
}

/// Everything that an exchange needs.
#[derive(Debug, Clone)]
pub struct Exchange {
    networks: Networks,
    authorities: Authorities,
    look_up: Arc<dyn LookUp>,
}

impl Exchange {
    /// Exchanges with hosts in these networks and out there, whose certificates these authorities have signed.
    pub fn new(networks: Networks, authorities: Authorities, look_up: impl LookUp) -> Self {
        Self { networks, authorities, look_up: Arc::new(look_up) }
    }

    /// Sends an alert and waits for the answer, for seconds at most.
    #[must_use]
    pub fn send(&self, outgoing: &Outgoing) -> Tried {
        let answer = self
            .agent()
            .post(outgoing.address.whole())
            .header("content-type", "application/json")
            .header("webhook-id", &outgoing.id)
            .header("webhook-timestamp", outgoing.timestamp.to_string())
            .header("webhook-signature", &outgoing.signature)
            .send(outgoing.body.as_str());
        match answer {
            Ok(answer) => {
                let status = answer.status();
                if status.is_success() {
                    Tried::Taken(format!("It answered {}.", status.as_u16()))
                } else if status.is_redirection() {
                    Tried::Failed(format!(
                        "It answered {}, which sends us elsewhere; we follow nobody. Enter the new address instead.",
                        status.as_u16()
                    ))
                } else {
                    Tried::Failed(format!("It answered {}, which is not yes (200 to 299).", status.as_u16()))
                }
            }
            Err(error) => Tried::Failed(reason(&error)),
        }
    }

    /// A client for one exchange: nothing is kept open for the next.
    fn agent(&self) -> Agent {
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::Specific(Arc::clone(&self.authorities.0)))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            // A proxy that the environment names would ask for the address once more, and of somebody else.
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_global(Some(LONGEST))
            .max_response_header_size(MOST)
            .input_buffer_size(MOST)
            .max_idle_connections(0)
            .user_agent(concat!("fairtrial/", env!("CARGO_PKG_VERSION")))
            .build();
        Agent::with_parts(config, DefaultConnector::default(), Once(self.clone()))
    }
}

/// Asks for the addresses of a host, once for an exchange, and gives none that may not be connected to.
#[derive(Debug)]
struct Once(Exchange);

impl Resolver for Once {
    fn resolve(&self, uri: &Uri, _: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let host = uri.host().ok_or(Error::HostNotFound)?.to_owned();
        let usual = if uri.scheme_str() == Some("http") { 80 } else { 443 };
        let port = uri.port_u16().unwrap_or(usual);
        let (tell, told) = mpsc::channel();
        let look_up = Arc::clone(&self.0.look_up);
        // The question itself has no end that we could set.
        thread::Builder::new().name("alert-name".into()).spawn(move || {
            // Nobody listens any more when it took too long.
            let _ = tell.send(look_up.addresses(&host, port));
        })?;
        let found = told.recv_timeout(*timeout.after).map_err(|_| Error::Timeout(Timeout::Resolve))??;
        let mut addresses = self.empty();
        for address in found.into_iter().take(16) {
            if !self.0.networks.may_reach(address.ip()) {
                return Err(Error::Io(io::Error::other(NotOutThere)));
            }
            // At the port that is allowed, whatever was answered.
            addresses.push(SocketAddr::new(address.ip().to_canonical(), port));
        }
        if addresses.is_empty() { Err(Error::HostNotFound) } else { Ok(addresses) }
    }
}

#[derive(Debug)]
struct NotOutThere;

impl fmt::Display for NotOutThere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "Its host has an address in a private or reserved network. Whoever runs this server can allow that network with the \
             setting alert-networks.",
        )
    }
}

impl std::error::Error for NotOutThere {}

/// Why an exchange failed, for an administrator.
fn reason(error: &Error) -> String {
    match error {
        Error::Timeout(_) => format!("It did not answer within {} seconds.", LONGEST.as_secs()),
        Error::HostNotFound => "Its host is not known.".to_owned(),
        Error::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<NotOutThere>()) => error.to_string(),
        Error::Io(error) => format!("The connection failed: {error}."),
        Error::ConnectionFailed => "It could not be connected to.".to_owned(),
        Error::LargeResponseHeader(..) => "Its answer was too long.".to_owned(),
        Error::Rustls(error) => format!("Its certificate is not believed: {error}."),
        other => format!("It answered in no way that we understand: {other}."),
    }
}
