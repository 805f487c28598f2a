//! What a trial is like, in closed lists of words, so that others find it again.

use crate::trial::state::words;

words!(
    /// What was changed to help people: the technique that is tried.
    Technique {
        /// People are reminded.
        Reminder = "reminder",
        /// The same is said in plainer words.
        PlainerWords = "plainer_words",
        /// People learn what most others do.
        SocialNorm = "social_norm",
        /// It is said what it costs, or what is lost.
        Consequence = "consequence",
        /// It is about the person: a name, a date, a sum.
        Personal = "personal",
        /// Something is filled in or chosen beforehand.
        Default = "default",
        /// There are fewer steps or questions.
        FewerSteps = "fewer_steps",
        /// People are helped to plan or to commit themselves.
        Plan = "plan",
        /// It comes at another time or in another order.
        Timing = "timing",
        /// It comes by another way: a text in the place of a letter.
        Channel = "channel",
        /// Staff speak or act differently.
        Conversation = "conversation",
        /// People get something for it.
        Reward = "reward",
    }
);

words!(
    /// Who the people are.
    Population {
        /// Anybody who uses the service.
        Everybody = "everybody",
        /// People who owe something.
        PeopleWhoOwe = "people_who_owe",
        /// People who apply for something.
        Applicants = "applicants",
        /// People who get a payment or support.
        PeopleOnSupport = "people_on_support",
        /// People who are to come to an appointment.
        PeopleWithAppointment = "people_with_appointment",
        /// People who hold or renew a licence.
        LicenceHolders = "licence_holders",
        /// Parents and carers.
        ParentsAndCarers = "parents_and_carers",
        /// Young people.
        YoungPeople = "young_people",
        /// Older people.
        OlderPeople = "older_people",
        /// Businesses and employers.
        Businesses = "businesses",
        /// Staff of the service.
        Staff = "staff",
    }
);

/// What a trial is like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    /// What is tried; at most five.
    pub technique: Vec<Technique>,
    /// On whom; at most five.
    pub people: Vec<Population>,
}
