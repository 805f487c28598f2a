//! Where every setting comes from: flag, environment, file, default, in this order. Nothing else reads them.

mod alerts;
mod file;
mod settings;
mod sources;

pub use alerts::AlertSettings;
pub use settings::{DatabaseUrl, LogFormat, LogLevel, MasterKeyBytes, PublicUrl, Settings};
pub use sources::{ConfigError, Flags, ServerFlags, Sources};
