//! What frontline apps ask: assignments, and where outcome events go.

pub mod apart;
pub mod assign;
pub mod batch;
mod batch_file;
pub mod batch_list;
pub mod keys;
pub mod listen;
pub mod never_came;
pub mod notes;
pub mod opt_out;
pub mod outcome_file;
pub mod placement;
pub mod reconcile;
pub mod record;
pub mod replay;
pub mod same_person;
pub mod seen;
pub mod several;

pub(crate) use notes::names_somebody;
pub(crate) use opt_out::reference;
