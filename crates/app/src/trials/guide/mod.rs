//! A plan made step by step: a pattern fills what is usual, and each step asks one question.
//!
//! The plan is a saved draft from the first answer on, so a designer can leave at any step and come back. What a pattern
//! cannot know stands in square brackets; a step with a bracket left in it is still to do.

mod attributes;
mod field;
mod lists;
mod looks;
mod pattern;
mod payload;
mod step;
mod unit;

pub use field::{Field, Kind, When};
pub use looks::OTHER_LOOKS;
pub use pattern::Pattern;
pub use step::{STEPS, Step};

use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use fairtrial_domain::{
    Fault, LockedProtocol,
    eligibility::{Attribute, AttributeKind, Purpose},
    protocol::{Aim, OutcomeKind, Protocol, ProtocolId, Role},
    trial::{PersonRole, State, Tier, assess, needed_roles, not_ready},
    visible,
};
use fairtrial_store::{StoreError, agencies};
use serde_json::Value;

use crate::{
    error::AppError,
    state::{App, actor::Actor, directory::Trial},
};

/// Days from now until a new plan ends, unless the designer says otherwise.
pub(crate) const USUAL_DAYS: i64 = 365;

/// A new plan to be made from a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPlan {
    /// Which pattern.
    pub pattern: Pattern,
    /// What the trial is to show.
    pub aim: Aim,
    /// The question for people.
    pub title: String,
}

/// One answer of a step as it stands in the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The field.
    pub field: &'static Field,
    /// Its value as people type it.
    pub text: String,
    /// Whether something in it is still to be filled in.
    pub open: bool,
}

/// A draft with what its steps ask, and what it still lacks.
#[derive(Debug, Clone)]
pub struct Guided {
    /// The plan.
    pub plan: Arc<LockedProtocol>,
    /// How much people could lose, by its answers and by what its agency asks of every trial.
    pub tier: Tier,
    /// The roles that must sign it.
    pub signers: Vec<PersonRole>,
    /// What it lacks before it can be sent for approval.
    pub lacking: Vec<Fault>,
    document: Value,
}

/// The question whose answer stands at a place of a plan, by the names of its step and its field; nothing where no step asks
/// about it, or where the answer that people choose says less than what stands there.
#[must_use]
pub fn asked_at(plan: &Protocol, pointer: &str) -> Option<(&'static str, &'static str)> {
    let says_it_all = |field: &&Field| !matches!(field.kind, Kind::Leaks | Kind::Balanced) && field.is_at(pointer);
    let asked = |step: &'static Step| Some((step.name, step.fields.iter().find(says_it_all)?.name));
    if fits(plan) { STEPS.iter().find_map(asked) } else { None }
}

impl Guided {
    /// That draft in an agency that asks at least that tier of every trial.
    #[must_use]
    pub fn new(plan: &Arc<LockedProtocol>, at_least: Tier) -> Self {
        Self::of_tier(plan, assess(plan.protocol(), at_least).tier)
    }

    /// That draft, whose tier is known.
    #[must_use]
    pub fn of_tier(plan: &Arc<LockedProtocol>, tier: Tier) -> Self {
        let protocol = plan.protocol();
        let document = serde_json::from_str(plan.canonical()).unwrap_or(Value::Null);
        let (signers, lacking) = (needed_roles(protocol, tier), not_ready(protocol, tier));
        Self { plan: Arc::clone(plan), tier, signers, lacking, document }
    }

    /// The answers of a step: to what is asked of such a plan.
    #[must_use]
    pub fn answers(&self, step: &Step) -> Vec<Answer> {
        let answer = |field: &'static Field| {
            let text = field.read(&self.document);
            let open = has_bracket(field, &text) || self.lacking.iter().any(|fault| field.mends(fault));
            Answer { field, text, open }
        };
        self.asked(step).map(answer).collect()
    }

    /// The same for whoever reads the plan as a whole: without questions that stand on the page for plans of another kind.
    #[must_use]
    pub fn told(&self, step: &Step) -> Vec<Answer> {
        let plan = self.plan.protocol();
        self.answers(step).into_iter().filter(|answer| answer.field.matters(plan)).collect()
    }

    fn asked<'a>(&'a self, step: &Step) -> impl Iterator<Item = &'static Field> + use<'a> {
        let plan = self.plan.protocol();
        step.fields.iter().filter(move |field| field.is_asked(plan, &self.document, self.tier))
    }

    /// The steps that ask something of such a plan.
    pub fn steps(&self) -> impl Iterator<Item = &'static Step> {
        STEPS.iter().filter(|step| self.asked(step).next().is_some())
    }

    /// The step after that one.
    #[must_use]
    pub fn after(&self, step: &Step) -> Option<&'static Step> {
        let place = STEPS.iter().position(|known| known.name == step.name)?;
        self.steps().find(|later| STEPS.iter().position(|known| known.name == later.name) > Some(place))
    }

    /// Whether something is still to be filled in, in a step or elsewhere in the plan.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.lacking.is_empty() || self.steps().any(|step| self.answers(step).iter().any(|answer| answer.open))
    }

    /// The steps in which something stands in square brackets still. A plan of another shape has none.
    #[must_use]
    pub fn bracketed(&self) -> Vec<&'static Step> {
        if !fits(self.plan.protocol()) {
            return Vec::new();
        }
        let has = |step: &&Step| self.answers(step).iter().any(|answer| has_bracket(answer.field, &answer.text));
        self.steps().filter(has).collect()
    }

    /// The step in which something that the plan lacks is mended; nothing where only its document can be changed.
    #[must_use]
    pub fn mended_in(&self, fault: &Fault) -> Option<&'static Step> {
        self.steps().find(|step| fits(self.plan.protocol()) && self.asked(step).any(|field| field.mends(fault)))
    }

    /// The answers to how often it is looked at: those that every plan can have, and its own where it is another.
    #[must_use]
    pub fn looks(&self) -> Vec<&'static str> {
        let own = (looks::read(&self.document) == OTHER_LOOKS).then_some(OTHER_LOOKS);
        looks::LOOKS.iter().map(|(number, _)| *number).chain(own).collect()
    }

    /// The answers to whether versions could leak, and to how they are kept alike.
    #[must_use]
    pub fn chance() -> (&'static [&'static str], &'static [&'static str]) {
        (&unit::LEAKS, &unit::BALANCED)
    }

    /// The names of the plan's attributes that make groups of people.
    #[must_use]
    pub fn groups(&self) -> Vec<&str> {
        let makes_groups = |known: &&Attribute| {
            let few = matches!(known.kind, AttributeKind::Category { .. } | AttributeKind::Boolean);
            few && !matches!(known.purpose, Purpose::Eligibility | Purpose::Exclusion)
        };
        self.plan.protocol().attributes.iter().filter(makes_groups).map(|known| known.name.as_str()).collect()
    }
}

/// Whether a plan has the shape that the steps ask about: two versions, a yes-or-no main outcome, a harm measure, and plain lists of who is in and out. Other
/// plans are written as documents.
#[must_use]
pub fn fits(plan: &Protocol) -> bool {
    let [first, second, ..] = plan.outcomes.as_slice() else { return false };
    let binary = [first, second].iter().all(|outcome| outcome.kind == OutcomeKind::Binary);
    let [usual, new] = plan.arms.as_slice() else { return false };
    let rules = &plan.eligibility;
    let lists = lists::is_list(&rules.include, lists::all) && lists::is_list(&rules.exclude, lists::any);
    lists && binary && first.role == Role::Primary && second.role == Role::Harm && usual.control && !new.control
}

/// Whether something in an answer is still for the designer to replace. In what an app shows, brackets are lists.
fn has_bracket(field: &Field, text: &str) -> bool {
    field.kind != Kind::Payload
        && text.find('[').is_some_and(|open| text.get(open..).is_some_and(|rest| rest.contains(']')))
}

impl App {
    /// Makes a draft from a pattern. Returns its key.
    ///
    /// # Errors
    /// As [`App::create_trial`]; a title that is empty or too long.
    pub async fn create_from_pattern(&self, actor: &Actor, new: &NewPlan) -> Result<String, AppError> {
        let title = new.title.trim();
        if visible::is_blank(title) || title.chars().count() > 200 {
            let detail = "say in one question what you want to find out, in at most 200 characters";
            return Err(AppError::invalid("/title", "missing_field", detail));
        }
        let agency = self.agency_of(actor)?;
        let ends_on = (self.ambient.now() + chrono::Duration::days(USUAL_DAYS)).date_naive();
        let key = self.free_key(title);
        let document = new.pattern.document(&key, &agency.key, title, new.aim, ends_on);
        self.create_trial(actor, document.to_string().as_bytes()).await
    }

    /// Saves the answers of one step in a draft. `seen` is the plan that stood on the page: when somebody else changed it
    /// since, nothing is saved.
    ///
    /// # Errors
    /// Every answer that does not fit, its pointer the field's name; [`AppError::Conflict`] when the plan is no draft or was
    /// changed meanwhile.
    pub async fn answer_step(
        &self,
        actor: &Actor,
        key: &str,
        step: &Step,
        seen: &ProtocolId,
        given: &[(&'static str, String)],
    ) -> Result<(), AppError> {
        let trial = self.trial_of(actor, key)?;
        if trial.state != State::Draft {
            return Err(AppError::conflict(
                "not_a_draft",
                "only a draft can be changed; ask for it to be returned first",
            ));
        }
        let guided = self.guided(&trial).await?;
        let mut document = guided.document.clone();
        let mut faults = Vec::new();
        let asked: Vec<&Field> = guided.asked(step).collect();
        for field in &asked {
            let text = given.iter().find(|(name, _)| *name == field.name).map_or("", |(_, text)| text.as_str());
            if let Err(why) = field.write(&mut document, text) {
                faults.push(Fault::new(format!("/{}", field.name), "out_of_range", why));
            }
        }
        if !faults.is_empty() {
            return Err(AppError::Invalid(faults));
        }
        let at_field = |fault: Fault| match asked.iter().find(|field| field.is_about(&fault)) {
            Some(field) => Fault::new(format!("/{}", field.name), fault.code, fault.detail),
            None => fault,
        };
        match self.replace_seen_plan(actor, key, seen, document.to_string().as_bytes()).await {
            Err(AppError::Invalid(faults)) => Err(AppError::Invalid(faults.into_iter().map(at_field).collect())),
            other => other,
        }
    }

    /// A draft with what its steps ask.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn guided(&self, trial: &Trial) -> Result<Guided, AppError> {
        let agency = trial.agency_id;
        let least = self.store.read(move |c| agencies::least_tier(c, agency)).await?;
        let least = Tier::try_from(least)
            .map_err(|_| AppError::from(StoreError::Damaged(format!("least tier of agency {agency}"))))?;
        Ok(Guided::new(&trial.plan, least))
    }

    /// A key made of the title's words that no trial has.
    pub(crate) fn free_key(&self, title: &str) -> String {
        let plain: String =
            title.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
        let words: Vec<&str> = plain.split_whitespace().take(5).collect();
        let mut stem = words.join("-");
        stem.truncate(48);
        let stem = stem.trim_end_matches('-');
        let stem = if stem.is_empty() { "trial" } else { stem };
        let directory = self.directory.load();
        let free = |key: &String| !directory.trials.contains_key(key);
        let numbered = (2_u32..).map(|number| format!("{stem}-{number}"));
        std::iter::once(stem.to_owned()).chain(numbered).find(free).unwrap_or_else(|| stem.to_owned())
    }
}

/// A day as people type it, in this century.
pub(super) fn day(text: &str) -> Option<NaiveDate> {
    text.parse().ok().filter(|day: &NaiveDate| (2000..2100).contains(&day.year()))
}
