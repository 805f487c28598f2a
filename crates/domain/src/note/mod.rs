//! What is noted of a unit beside its assignment and its outcome events.
//!
//! **Architecture invariant:** a note never moves a unit to another arm. Whom chance put where stays as it was; a note says
//! what became of the version on its way, what somebody did for the person's good, what went wrong, and what the person
//! wants.

mod opt_out;
mod word;

pub use opt_out::{OptOutKind, OptOuts};
pub use word::{CodeWord, CodeWordError};

use crate::trial::state::words;

words!(
    /// How far a version has come on its way to the unit.
    DeliveryStatus {
        /// Handed over: the letter was posted and not returned, the page was shown, the script was read.
        Delivered = "delivered",
        /// The person is known to have taken it in.
        Seen = "seen",
        /// It could not be handed over.
        Failed = "failed",
        /// It came back.
        Returned = "returned",
    }
);

words!(
    /// What kind of note it is.
    NoteKind {
        /// How far the version has come.
        Delivery = "delivery",
        /// Somebody gave the unit another version for its good.
        Override = "override",
        /// Something bad happened.
        Harm = "harm",
        /// The person does not want to be in trials, in a trial, or in the data.
        OptOut = "opt_out",
        /// The person takes an opt-out back.
        OptIn = "opt_in",
        /// An opt-out reached somebody who is in a trial.
        Left = "left",
        /// The same, and the person's data are taken out.
        DataWithdrawn = "data_withdrawn",
        /// The unit is the same person as another one.
        SamePerson = "same_person",
        /// An event about the unit was refused at the door.
        Refused = "refused",
        /// That was a mistake: the two are different people from now on.
        Apart = "apart",
        /// A unit that goes on to be served the version of another, which it was taken for until now.
        KeptPlace = "kept_place",
    }
);

/// Most that a harm can weigh; at this the trial is suspended by itself.
pub const GRAVEST: u8 = 4;

/// The weight of a harm for which a plan may name how many more than in the control arm suspend a trial.
pub const GRAVE: u8 = 3;

/// Whether harm reports of this weight, so often in each arm, suspend a trial by themselves.
///
/// `reports` are the reports of weight [`GRAVE`] by arm and `more_than_control` what the plan allows an arm beyond the control's;
/// none when the plan names no number.
///
/// ```
/// use fairtrial_domain::note::harms_suspend;
/// assert!(harms_suspend(4, false, &[0, 0], 0, None), "one report of the gravest kind in a new version");
/// assert!(!harms_suspend(4, true, &[0, 0], 0, None), "not in the current version");
/// assert!(harms_suspend(3, false, &[1, 4], 0, Some(3)), "4 against 1 is 3 more");
/// assert!(!harms_suspend(3, false, &[2, 4], 0, Some(3)));
/// ```
#[must_use]
pub fn harms_suspend(
    severity: u8,
    in_control: bool,
    reports: &[u64],
    control: usize,
    more_than_control: Option<u32>,
) -> bool {
    if severity == GRAVEST && !in_control {
        return true;
    }
    let Some(limit) = more_than_control.filter(|_| severity == GRAVE) else { return false };
    let base = reports.get(control).copied().unwrap_or(0);
    let beyond = |(arm, count): (usize, &u64)| arm != control && count.saturating_sub(base) >= u64::from(limit);
    reports.iter().enumerate().any(beyond)
}
