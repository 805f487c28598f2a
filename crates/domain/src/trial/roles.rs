//! What people and programs may do.

use super::state::words;

words!(
    /// What a person does in an agency. One person may have several roles.
    PersonRole {
        /// Writes plans and starts trials.
        Designer = "designer",
        /// Signs plans that somebody else wrote, as the owner of the service.
        Approver = "approver",
        /// Signs for privacy.
        Privacy = "privacy",
        /// Signs for ethics.
        Ethics = "ethics",
        /// Signs for Māori data governance.
        MaoriGovernance = "maori_governance",
        /// Stands outside the delivery team, sees interim comparisons, and may stop.
        Monitor = "monitor",
        /// Reads results.
        Manager = "manager",
        /// Reads results and their working.
        Analyst = "analyst",
        /// Speaks with people who call or come in, and writes down what they want and what went wrong.
        ContactCentre = "contact_centre",
        /// Keeps people and keys.
        Administrator = "administrator",
    }
);

words!(
    /// What an API key may do.
    Scope {
        /// Ask for assignments.
        Assign = "assign",
        /// Send outcome events.
        EventsWrite = "events:write",
        /// Send lists of people to be assigned together, and fetch what came of them.
        BatchesWrite = "batches:write",
        /// Read released results.
        ResultsRead = "results:read",
        /// Read plans and states.
        TrialsRead = "trials:read",
        /// Write plans and move trials, as the person the key belongs to.
        TrialsWrite = "trials:write",
    }
);
