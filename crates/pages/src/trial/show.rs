use super::{Watch, state, verb};
use crate::chart::Lines;
use crate::component::{Breadcrumbs, Button, ErrorSummary, SummaryList, Tag, TagColour, Task, TaskList};
use crate::person::role;
use crate::{Frame, Moment, number};
use askama::Template;
use fairtrial_domain::trial::{Effects, PersonRole, State, Tier, Verb};

/// One trial: where it stands, what it compares, who signed, what can be done. It never compares the versions: that is
/// the report's, when the plan allows it.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/trial/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    /// The key in its address.
    pub key: String,
    /// The title.
    pub title: String,
    /// Where it stands.
    pub state: State,
    /// The plain summary for everybody.
    pub summary: String,
    /// The plan in a few rows.
    pub plan: SummaryList,
    /// How the allocation can be checked: what was committed to, the calendar; without rows before the start.
    pub allocation: SummaryList,
    /// Files of the allocation, by their names for people and their addresses.
    pub allocation_files: Vec<(String, String)>,
    /// Whether this person connects apps.
    pub may_connect: bool,
    /// Whether this person reads the data.
    pub may_read_data: bool,
    /// Whether this person sends lists for letters.
    pub may_send: bool,
    /// Whether this person takes files of outcomes in.
    pub may_take_files: bool,
    /// What the state means for people.
    pub effects: Effects,
    /// How much people could lose.
    pub tier: Tier,
    /// The answers that led to the tier, each in a sentence.
    pub tier_reasons: Vec<String>,
    /// What the plan still lacks before it can be sent for signatures.
    pub lacking: Vec<Lack>,
    /// Whether this person can go on with the plan step by step.
    pub by_steps: bool,
    /// Whether this person can change the plan as a document.
    pub by_document: bool,
    /// What a second person must agree to, or which amendment waits.
    pub waits_for: Vec<String>,
    /// What is open between reviewers and author, each in a sentence that leads to the comments.
    pub comments: Vec<String>,
    /// The protocol id that a signature or a return is about: the plan's, or that of the amendment that waits.
    pub under_review: String,
    /// The signatures that the plan needs, given and missing.
    pub signatures: Vec<Signature>,
    /// How many people are in; nothing before the start.
    pub progress: Option<Progress>,
    /// Enrolment over time; nothing before the start.
    pub enrolment: Option<Lines>,
    /// How the watch over it stands; nothing before the start.
    pub watch: Option<Watch>,
    /// Whether there is a report to read.
    pub has_report: bool,
    /// What this person may do now.
    pub verbs: Vec<Verb>,
    /// Why the last try to do something was refused.
    pub errors: ErrorSummary,
    /// What has happened so far, the latest first.
    pub history: Vec<Happening>,
}

/// One thing that a plan lacks.
#[derive(Debug, Clone)]
pub struct Lack {
    /// What is to be done, in a sentence.
    pub text: String,
    /// Where this person can do it.
    pub address: Option<String>,
}

/// One signature that the plan needs.
#[derive(Debug, Clone)]
pub struct Signature {
    /// In which role.
    pub role: PersonRole,
    /// Who signed and when.
    pub signed: Option<(String, Moment)>,
}

/// How many people are in.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Assigned so far.
    pub assigned: u64,
    /// The most that may be assigned.
    pub planned: u64,
}

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct Happening {
    /// When.
    pub at: Moment,
    /// What: "Enrolment paused".
    pub what: String,
    /// Who did it; nothing when the trial's own rule did.
    pub by: Option<String>,
    /// The reason that was given.
    pub reason: Option<String>,
}

impl Show {
    fn crumbs(&self) -> Breadcrumbs {
        Breadcrumbs::of([("Trials", "/trials")])
    }

    fn tag(&self) -> Tag {
        state::tag(self.state)
    }

    fn state_sentence(&self) -> &'static str {
        state::sentence(self.state)
    }

    fn next(&self) -> Vec<Button> {
        self.buttons(|verb| !verb::stands_apart(verb))
    }

    fn apart(&self) -> Vec<Button> {
        self.buttons(verb::stands_apart)
    }

    fn buttons(&self, wanted: impl Fn(Verb) -> bool) -> Vec<Button> {
        let open = self.verbs.iter().copied().filter(|verb| wanted(*verb) && !verb::has_page(*verb));
        let about = |verb| matches!(verb, Verb::Approve | Verb::Return).then_some(self.under_review.as_str());
        let button = |verb| verb::button(verb, &self.frame, &self.key, about(verb));
        let mut buttons: Vec<Button> = open.map(button).collect();
        for reason in buttons.iter_mut().filter_map(|button| button.reason.as_mut()) {
            let fault = self.errors.faults.iter().find(|fault| fault.field.as_deref() == Some(reason.id.as_str()));
            reason.error = fault.map(|fault| fault.message.clone());
        }
        buttons
    }

    /// What starting does, to be gone through before; nothing for whoever cannot start it now.
    fn starting(&self) -> Option<SummaryList> {
        self.verbs.contains(&Verb::Start).then(|| {
            let signed = self.signatures.iter().filter(|signature| signature.signed.is_some()).count();
            let plan = self.frame.facts.protocol_id.clone().unwrap_or_default();
            SummaryList::default()
                .row("Signatures", format!("{signed} of {}", self.signatures.len()))
                .row("Plan that is locked", plan)
                .row(
                    "Secret that decides who gets which version",
                    "It is drawn, and its fingerprint is published on the register at once. The secret itself is \
                     published when the data are locked, so that anybody can draw again.",
                )
                .row("People who come from then on", State::Enrolling.effects(false).new_people)
        })
    }

    /// What the part is called that holds the trial or ends it.
    fn apart_heading(&self) -> &'static str {
        match self.verbs.iter().any(|verb| matches!(verb, Verb::PauseEnrolment | Verb::Suspend)) {
            true => "Hold or end this trial",
            false => "End this trial",
        }
    }

    fn may_decide(&self) -> bool {
        self.verbs.contains(&Verb::Decide)
    }

    fn is_decided(&self) -> bool {
        matches!(self.state, State::Decided | State::Archived)
    }

    fn may_amend(&self) -> bool {
        self.verbs.contains(&Verb::Amend)
    }

    fn effects_list(&self) -> SummaryList {
        SummaryList::default()
            .row("People who come now", self.effects.new_people)
            .row("People who are in it", self.effects.people_in_it)
            .row("Outcomes", self.effects.outcomes)
    }

    fn tier_list(&self) -> SummaryList {
        SummaryList::default()
            .row("Tier", format!("{}. {}", self.tier.number(), self.tier.sentence()))
            .rows_of("Because", self.tier_reasons.clone())
    }

    fn signature_list(&self) -> TaskList {
        let task = |signature: &Signature| match &signature.signed {
            Some((name, at)) => Task {
                name: role::signer(signature.role).into(),
                hint: Some(format!("{name}, {at}")),
                address: None,
                status: Some(Tag::new("Signed", TagColour::Green)),
            },
            None => Task {
                name: role::signer(signature.role).into(),
                hint: None,
                address: None,
                status: Some(Tag::new("Missing", TagColour::Yellow)),
            },
        };
        TaskList { id: "signatures".into(), tasks: self.signatures.iter().map(task).collect() }
    }

    fn progress_sentence(&self) -> Option<String> {
        self.progress.map(|progress| {
            let people = number::counted(progress.assigned, "person has", "people have");
            format!("{people} been assigned to a version, of at most {}.", number::grouped(progress.planned))
        })
    }
}
