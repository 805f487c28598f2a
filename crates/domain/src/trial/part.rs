//! The parts of a plan that people talk about.

use super::state::words;

words!(
    /// A part of a plan.
    PlanPart {
        /// What is tried, and why.
        Idea = "idea",
        /// Which versions are compared, and who gets which.
        Versions = "versions",
        /// Who is in the trial.
        People = "people",
        /// What is measured.
        Outcomes = "outcomes",
        /// How many people, how long, and when somebody looks.
        Size = "size",
        /// When which verdict is reached.
        Rule = "rule",
        /// How it is worked out.
        Analysis = "analysis",
        /// Who could lose what.
        Risk = "risk",
        /// Which data are used, and what people are told.
        Data = "data",
    }
);
