//! The closed lists by which trials are found again, in words.

use fairtrial_domain::protocol::{Population, Technique};

/// What was tried.
#[must_use]
pub fn technique(word: Technique) -> &'static str {
    match word {
        Technique::Reminder => "A reminder",
        Technique::PlainerWords => "Plainer words",
        Technique::SocialNorm => "What most people do",
        Technique::Consequence => "What it costs or what is lost",
        Technique::Personal => "Something about the person",
        Technique::Default => "Filled in or chosen beforehand",
        Technique::FewerSteps => "Fewer steps or questions",
        Technique::Plan => "A plan or a commitment",
        Technique::Timing => "Another time or order",
        Technique::Channel => "Another way of reaching people",
        Technique::Conversation => "Staff speak or act differently",
        Technique::Reward => "A reward",
    }
}

/// On whom.
#[must_use]
pub fn population(word: Population) -> &'static str {
    match word {
        Population::Everybody => "Anybody who uses the service",
        Population::PeopleWhoOwe => "People who owe something",
        Population::Applicants => "People who apply",
        Population::PeopleOnSupport => "People who get support",
        Population::PeopleWithAppointment => "People with an appointment",
        Population::LicenceHolders => "Licence holders",
        Population::ParentsAndCarers => "Parents and carers",
        Population::YoungPeople => "Young people",
        Population::OlderPeople => "Older people",
        Population::Businesses => "Businesses and employers",
        Population::Staff => "Staff of the service",
    }
}
