//! The domain as a whole: plans and their faults, allocation against another program, events, folds.

// The attribute tells clippy that everything below is test code.
#[cfg(test)]
mod allocation;
#[cfg(test)]
mod amendment;
#[cfg(test)]
mod bundle;
#[cfg(test)]
mod correcting;
#[cfg(test)]
mod fairness;
#[cfg(test)]
mod identifiers;
#[cfg(test)]
mod life;
#[cfg(test)]
mod notes;
#[cfg(test)]
mod projection;
#[cfg(test)]
mod protocol;
#[cfg(test)]
mod saved;
#[cfg(test)]
mod screening;
