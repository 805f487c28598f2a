use super::{Burden, Comment, Similar, comment::Thread, reach};
use crate::component::{Area, Breadcrumbs, Button, ButtonStyle, Crumb, ErrorSummary, GroupedSelect, SummaryList};
use crate::guide::step_title;
use crate::number::counted;
use crate::person::role;
use crate::protocol::{self, Part};
use crate::trial::{Change, verb_button};
use crate::{Frame, Moment};
use askama::Template;
use fairtrial_domain::LockedProtocol;
use fairtrial_domain::protocol::{Protocol, Role};
use fairtrial_domain::trial::{PersonRole, PlanPart, Tier, Verb};

/// The page on which a reviewer reads a plan and signs it, or gives it back.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/review/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    /// Why a comment was not taken.
    pub errors: ErrorSummary,
    key: String,
    title: String,
    amendment: Option<i64>,
    summary: Vec<String>,
    facts: SummaryList,
    parts: Vec<(Part, Vec<Thread>)>,
    /// The reader's own comments that are not resolved, by number and part.
    own: Vec<(i64, String)>,
    waiting: u64,
    tier: SummaryList,
    harm: Vec<String>,
    rules: HarmRules,
    rehearse: Option<Button>,
    reach: SummaryList,
    similar: Vec<Similar>,
    data: SummaryList,
    notice: Option<String>,
    changes: Option<Vec<Change>>,
    signatures: Vec<(PersonRole, Option<(String, Moment)>)>,
    buttons: Vec<Button>,
    refusal: Option<Button>,
    comment: Option<CommentForm>,
}

/// What is reviewed.
#[derive(Debug, Clone)]
pub struct Review<'a> {
    /// The content.
    pub plan: &'a LockedProtocol,
    /// The number of the amendment, where it is one.
    pub amendment: Option<i64>,
    /// How much people could lose.
    pub tier: Tier,
    /// Why.
    pub tier_reasons: Vec<String>,
    /// What differs from the content that was signed or in force before; nothing when there was none.
    pub changes: Option<Vec<Change>>,
    /// Who must sign, and who has.
    pub signatures: Vec<(PersonRole, Option<(String, Moment)>)>,
    /// What was said, the oldest first.
    pub comments: Vec<Comment>,
    /// The questions that the steps ask of it, each by its part and the name of its step; none of a plan of another shape.
    pub questions: Vec<(PlanPart, &'static str)>,
    /// How soon the rules for harm stop such a trial.
    pub rules: HarmRules,
    /// How many trials one person may meet, and which others these people may be in.
    pub burden: Burden,
    /// Trials that are over and resemble it.
    pub similar: Vec<Similar>,
    /// What this person may do with it.
    pub verbs: Vec<Verb>,
    /// Whether this person may comment.
    pub may_comment: bool,
}

/// What made-up trials tell of the rules for harm.
#[derive(Debug, Clone)]
pub enum HarmRules {
    /// Nothing yet: the plan can be rehearsed.
    NotRehearsed,
    /// Nothing: the version under review is not rehearsed.
    Amendment,
    /// Nothing: the plan has no harm measure of which this can be told.
    Nothing,
    /// So many made-up trials of each size of harm, and what they showed in sentences.
    Found(u64, Vec<String>),
}

#[derive(Debug, Clone)]
struct CommentForm {
    place: GroupedSelect,
    remark: Area,
}

impl Show {
    /// The page. `given` reads what was typed before into a comment that was not taken.
    #[must_use]
    pub fn of(frame: Frame, review: Review<'_>, given: impl Fn(&str) -> String, errors: ErrorSummary) -> Self {
        let plan = review.plan.protocol();
        let key = plan.key.to_string();
        let id = review.plan.id().to_string();
        let button = |verb: &Verb| verb_button(*verb, &frame, &key, Some(&id));
        let buttons =
            review.verbs.iter().filter(|verb| matches!(verb, Verb::Approve | Verb::Return)).map(button).collect();
        let refusal = review.verbs.iter().find(|verb| **verb == Verb::Refuse).map(button);
        let rehearse = matches!(review.rules, HarmRules::NotRehearsed).then(|| Button {
            style: ButtonStyle::Secondary,
            ..frame.button(format!("/trials/{key}/rehearsal"), "Rehearse the plan")
        });
        let parts: Vec<Part> = protocol::public_parts(plan);
        let places = parts.iter().map(|part| {
            let word = part.place.as_str();
            let asked = review.questions.iter().filter(|(place, _)| *place == part.place);
            let asked = asked.map(|(_, step)| (format!("{word}/{step}"), step_title(step).to_owned()));
            (
                part.heading.clone(),
                std::iter::once((word.to_owned(), "This part as a whole".to_owned())).chain(asked).collect(),
            )
        });
        let typed = (given("place"), given("remark"));
        let comment = review.may_comment.then(|| CommentForm::new(places.collect(), typed, &errors));
        let heading_of =
            |place: PlanPart| parts.iter().find(|part| part.place == place).map(|part| part.heading.clone());
        let own = review.comments.iter().filter(|comment| comment.open && comment.own);
        let own = own.filter_map(|comment| Some((comment.number, heading_of(comment.place)?))).collect();
        let waiting = review.comments.iter().filter(|comment| comment.waits).count() as u64;
        let of_part = |place: PlanPart| -> Vec<Thread> {
            let of_part = review.comments.iter().filter(|comment| comment.place == place);
            of_part.map(|comment| Thread::of(comment.clone(), &frame, &key, &given, &errors)).collect()
        };
        let parts = parts.into_iter().map(|part| (part.clone(), of_part(part.place))).collect();
        Self {
            errors,
            key,
            title: plan.title.clone(),
            amendment: review.amendment,
            summary: summary(plan),
            facts: protocol::summary(plan),
            parts,
            own,
            waiting,
            tier: SummaryList::default()
                .row("Tier", format!("{}. {}", review.tier.number(), review.tier.sentence()))
                .rows_of("Because", review.tier_reasons),
            harm: harm(plan),
            rehearse,
            reach: reach::list(plan, &review.burden),
            rules: review.rules,
            similar: review.similar,
            data: data(plan),
            notice: plan.data.notice_text.clone(),
            changes: review.changes,
            signatures: review.signatures,
            buttons,
            refusal,
            comment,
            frame,
        }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Reviews", "/reviews")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs
    }

    fn tried(&self, trials: &u64) -> String {
        crate::number::grouped(*trials)
    }

    fn waiting_sentence(&self) -> Option<String> {
        (self.waiting > 0).then(|| {
            format!("{} for an answer of the author.", counted(self.waiting, "comment waits", "comments wait"))
        })
    }

    fn signature_list(&self) -> SummaryList {
        self.signatures.iter().fold(SummaryList::default(), |list, (signer, signed)| {
            let told =
                signed.as_ref().map_or_else(|| "Missing".to_owned(), |(name, at)| format!("{name}, {}", at.day()));
            list.row(role::signer(*signer), told)
        })
    }
}

impl CommentForm {
    fn new(groups: Vec<(String, Vec<(String, String)>)>, typed: (String, String), errors: &ErrorSummary) -> Self {
        let (chosen, typed) = typed;
        let mut place = GroupedSelect {
            name: "place".into(),
            label: "About which part, or which question in it?".into(),
            error: None,
            nothing: "Choose one".into(),
            groups,
            chosen,
        };
        place.take_error(errors);
        let fault = errors.faults.iter().find(|fault| fault.field.as_deref() == Some("remark"));
        let remark = Area {
            hint: Some("The author and everybody who signs can read it.".into()),
            value: typed,
            error: fault.map(|fault| fault.message.clone()),
            ..Area::new("remark", "What do you want to say?")
        };
        Self { place, remark }
    }
}

/// The plan on one page: what, for whom, why, and when it ends.
fn summary(plan: &Protocol) -> Vec<String> {
    let idea = &plan.hypothesis;
    let trimmed = |text: &str| text.trim().trim_end_matches('.').to_owned();
    let mut sentences = vec![
        plan.public_summary.clone(),
        format!("What is changed: {}.", trimmed(&idea.change)),
        format!("It is for {}, and is expected to help because {}.", trimmed(&idea.who), trimmed(&idea.because)),
    ];
    if let Some(primary) = plan.primary() {
        sentences.push(format!(
            "The main question is answered {} days after a {} enters: {}.",
            primary.follow_up_days,
            plan.unit,
            trimmed(&primary.name)
        ));
    }
    let cope = trimmed(&plan.risk.least_able_to_cope);
    sentences.push(format!("People least able to cope: {cope}."));
    sentences
}

/// What is watched, and what happens when it gets worse.
fn harm(plan: &Protocol) -> Vec<String> {
    let watched = plan.outcomes.iter().filter(|outcome| matches!(outcome.role, Role::Harm | Role::Guardrail));
    watched.map(|outcome| format!("{}. {}", outcome.name, protocol::limits(outcome, &plan.unit).join(" "))).collect()
}

/// The attributes with their purpose.
fn data(plan: &Protocol) -> SummaryList {
    let list = SummaryList::default();
    let list = list.rows_of("Asked of each", plan.attributes.iter().map(protocol::attribute_words).collect());
    list.rows_of("Where it comes from", plan.data.sources.clone())
        .row("Under which law", &plan.data.lawful_basis)
        .row("Deleted", format!("{} days after the final report", plan.data.retain_units_days))
        .rows_of("Privacy impact assessment", plan.data.pia.clone().into_iter().collect())
        .row("Māori data", if plan.data.uses_maori_data { "Used" } else { "Not used" })
}
