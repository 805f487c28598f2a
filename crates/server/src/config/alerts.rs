//! Who may be called when something wants a person.

use std::path::PathBuf;

use fairtrial_app::alerts::AllowedHosts;

use super::{
    settings::read,
    sources::{ConfigError, Sources},
};
use crate::alerts::Networks;

/// Where this machine keeps the authorities whose certificates it believes.
const USUAL_AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Who may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertSettings {
    /// Hosts that administrators may enter. While there are none, nobody is called.
    pub hosts: AllowedHosts,
    /// Networks that may be reached although they are not everybody's.
    pub networks: Networks,
    /// File of the authorities whose certificates are believed.
    pub authorities: PathBuf,
}

impl AlertSettings {
    pub(super) fn from_sources(sources: &Sources) -> Result<Self, ConfigError> {
        let hosts = |text: &str| {
            AllowedHosts::read(text).map_err(|part| {
                format!("a list of hosts with commas between them, such as alerts.agency.govt.nz ({part:?} is none)")
            })
        };
        let networks = |text: &str| {
            Networks::read(text).map_err(|part| {
                format!("a list of networks with commas between them, such as 10.20.0.0/16 ({part:?} is none)")
            })
        };
        let authorities = read(sources, "alert-authorities", |text| Ok(PathBuf::from(text)))?;
        Ok(Self {
            hosts: read(sources, "alert-hosts", hosts)?.unwrap_or_default(),
            networks: read(sources, "alert-networks", networks)?.unwrap_or_default(),
            authorities: authorities.unwrap_or_else(|| PathBuf::from(USUAL_AUTHORITIES)),
        })
    }

    /// The hosts, for a person.
    pub(super) fn describe(&self) -> String {
        if self.hosts.is_empty() { "nobody is called".to_owned() } else { self.hosts.to_string() }
    }
}
