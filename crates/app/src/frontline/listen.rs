//! Listening for trials that move, so that apps with flags in memory ask again.
//!
//! A browser cannot send a key when it opens such a stream, so its address carries a pass that is good for nothing else.

use std::hash::{DefaultHasher, Hash, Hasher};

use subtle::ConstantTimeEq;

use crate::{
    error::AppError,
    state::{App, actor::KeyActor, directory::Directory},
};

/// Seconds for which a pass opens a stream: a browser that comes back to a page after a night asks for another.
const VALID_FOR: i64 = 24 * 60 * 60;

/// Somebody who listens on behalf of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    key_id: i64,
    agency_id: i64,
    version: i64,
    tag: u64,
}

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Nothing that concerns it.
    Nothing,
    /// A trial has started, moved or changed; what all of them are now has this name.
    Change(String),
    /// Its key was taken back.
    End,
}

impl App {
    /// A pass for listening: the key's number, until when it is good, and our proof.
    ///
    /// # Errors
    /// Never in practice; see [`crate::MasterKey::proof`].
    pub fn pass_for_listening(&self, key: &KeyActor) -> Result<String, AppError> {
        // Whole hours, so that the same app is told the same address for a while and what it is sent keeps its tag.
        let until = (self.ambient.now().timestamp() + VALID_FOR).div_euclid(3600) * 3600;
        let text = format!("{}.{until}", key.id);
        let proof = self.proof_of_pass(&text)?;
        Ok(format!("{text}.{proof}"))
    }

    /// Begins to listen with a pass.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`] for a pass that is not ours or is too old, or whose key was taken back.
    pub fn listen(&self, pass: &str) -> Result<Listener, AppError> {
        let (text, proof) = pass.rsplit_once('.').ok_or(AppError::Unauthenticated)?;
        if !bool::from(self.proof_of_pass(text)?.as_bytes().ct_eq(proof.as_bytes())) {
            return Err(AppError::Unauthenticated);
        }
        let (key_id, until) = text.split_once('.').ok_or(AppError::Unauthenticated)?;
        let number = |text: &str| text.parse::<i64>().map_err(|_| AppError::Unauthenticated);
        let (key_id, until) = (number(key_id)?, number(until)?);
        let directory = self.directory.load();
        let agency_id = agency_of(&directory, key_id).filter(|_| self.ambient.now().timestamp() < until);
        let agency_id = agency_id.ok_or(AppError::Unauthenticated)?;
        let tag = tag(&directory, agency_id);
        Ok(Listener { key_id, agency_id, version: directory.version, tag })
    }

    /// What has happened since the last question. Costs nothing as long as nothing changes.
    pub fn hear(&self, listener: &mut Listener) -> Heard {
        let directory = self.directory.load();
        if directory.version == listener.version {
            return Heard::Nothing;
        }
        listener.version = directory.version;
        if agency_of(&directory, listener.key_id) != Some(listener.agency_id) {
            return Heard::End;
        }
        let tag = tag(&directory, listener.agency_id);
        if std::mem::replace(&mut listener.tag, tag) == tag {
            return Heard::Nothing;
        }
        Heard::Change(format!("{tag:016x}"))
    }

    fn proof_of_pass(&self, text: &str) -> Result<String, AppError> {
        let mut proof = self.master_key.proof("listening", text)?;
        proof.truncate(32);
        Ok(proof)
    }
}

fn agency_of(directory: &Directory, key_id: i64) -> Option<i64> {
    directory.keys.values().find(|key| key.actor.id == key_id).map(|key| key.actor.agency_id)
}

/// The same for the same trials in the same states, on every server of one version.
fn tag(directory: &Directory, agency_id: i64) -> u64 {
    let mut hasher = DefaultHasher::new();
    for trial in directory.trials.values().filter(|trial| trial.agency_id == agency_id && trial.state.has_started()) {
        (trial.key(), trial.state.as_str(), trial.plan.id().as_str(), trial.reverted).hash(&mut hasher);
    }
    hasher.finish()
}
