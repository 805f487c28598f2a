//! What is done about the results.

use super::state::words;

words!(
    /// What an agency does once a trial has shown what it has shown.
    Decision {
        /// The new version becomes the usual one.
        Adopt = "adopt",
        /// Everything stays as it was.
        KeepCurrent = "keep_current",
        /// The question is asked again, in another trial.
        RunAgain = "run_again",
        /// The idea is given up.
        Stop = "stop",
    }
);
