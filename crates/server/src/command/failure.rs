//! How a command ends when it does not succeed.

use std::{fmt, process::ExitCode};

use fairtrial_app::AppError;
use fairtrial_store::StoreError;

use crate::{config::ConfigError, server::in_full};

/// Why a command did not do its work.
#[derive(Debug)]
pub enum Failure {
    /// It was called wrongly: ends with 2.
    Usage(String),
    /// It failed: ends with 1.
    Failed(anyhow::Error),
}

impl Failure {
    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Failed(_) => ExitCode::FAILURE,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(what) => f.write_str(what),
            Self::Failed(error) => write!(f, "{error:#}"),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        // A refusal with faults names each of them.
        if let AppError::Invalid(faults) = &error {
            let lines: Vec<String> = faults
                .iter()
                .map(|fault| match fault.pointer.as_str() {
                    "" => fault.detail.clone(),
                    place => format!("{place}: {}", fault.detail),
                })
                .collect();
            return Self::Failed(anyhow::anyhow!(lines.join("\n")));
        }
        Self::Failed(in_full(error))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}
