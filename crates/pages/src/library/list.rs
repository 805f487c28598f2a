use super::tag;
use crate::chart::{Bar, Interval};
use crate::component::{Pagination, Select, Tag, TextField};
use crate::decision::words;
use crate::number::counted;
use crate::{Frame, Moment, register, report};
use askama::Template;
use fairtrial_analysis::pooling::{Effect, PooledEffect};
use fairtrial_analysis::report::VerdictKind;
use fairtrial_domain::protocol::{Population, Technique};
use fairtrial_domain::trial::{Adoption, Decision, State};

/// Every trial that is over, or what was found among them.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/library/list.html")]
pub struct List {
    /// Around the page.
    pub frame: Frame,
    cards: Vec<Card>,
    found: u64,
    narrowed: bool,
    pagination: Pagination,
    may_use: bool,
    words: TextField,
    agency: Select,
    technique: Select,
    people: Select,
    verdict: Select,
    decision: Select,
    together: Option<Together>,
}

/// What the trials that were looked for say together.
#[derive(Debug, Clone)]
struct Together {
    sentences: Vec<String>,
    chart: Option<Interval>,
}

/// One trial.
#[derive(Debug, Clone)]
pub struct Card {
    /// The key in its address.
    pub key: String,
    /// The title.
    pub title: String,
    /// The agency that ran it.
    pub agency: String,
    /// What was compared.
    pub summary: String,
    /// Where it stands.
    pub state: State,
    /// Whether it was stopped because people were harmed.
    pub reverted: bool,
    /// When enrolment ended.
    pub ended: Option<Moment>,
    /// The verdict with its sentence, and about how many people took part where that may be told; once the results are public.
    pub finding: Option<(VerdictKind, String, Option<u64>)>,
    /// What a person was counted as: person, household.
    pub unit: String,
    /// Whether its results should have been public by now.
    pub overdue: bool,
    /// What was decided, and whether against the rule.
    pub decision: Option<(Decision, bool)>,
    /// What became of it, in the words of who reported it.
    pub adoption: Option<(Adoption, String)>,
    /// How many later trials were made from its design.
    pub reused: u64,
    /// What it is about, each with the address that finds others like it: the place in the service, what is measured.
    pub tags: Vec<(String, String)>,
}

/// What was looked for, as it stands in the address.
#[derive(Debug, Clone, Copy, Default)]
pub struct Looked<'a> {
    /// Words.
    pub words: &'a str,
    /// Key of an agency.
    pub agency: &'a str,
    /// A verdict.
    pub verdict: &'a str,
    /// A decision.
    pub decision: &'a str,
    /// What was tried.
    pub technique: &'a str,
    /// On whom.
    pub people: &'a str,
}

/// The verdicts with their words in addresses.
pub const VERDICTS: [(&str, VerdictKind); 5] = [
    ("succeeded", VerdictKind::Succeeded),
    ("failed", VerdictKind::Failed),
    ("harmful", VerdictKind::Harmful),
    ("undecided", VerdictKind::Undecided),
    ("invalid", VerdictKind::Invalid),
];

impl Card {
    fn state_tag(&self) -> Tag {
        register::state_tag(self.state, self.reverted)
    }

    fn mark(&self) -> Option<report::Mark> {
        self.finding.as_ref().map(|(kind, ..)| report::Mark { kind: *kind })
    }

    fn sentence(&self) -> &str {
        match &self.finding {
            Some((_, sentence, _)) => sentence,
            None if self.state == State::FollowUp => "Nobody new enters any more. The outcomes are awaited.",
            None if self.overdue => "The data are complete. The results are overdue.",
            None => "The data are complete. The results are not public yet.",
        }
    }

    fn people(&self) -> Option<String> {
        let people = self.finding.as_ref()?.2?;
        Some(format!("about {}", counted(people, &self.unit, &crate::number::plural(&self.unit))))
    }

    fn outcome(&self) -> Option<String> {
        let (decision, against) = self.decision?;
        let against = if against { ", against the rule" } else { "" };
        Some(format!("{}{against}", words::decided(decision)))
    }

    fn became(&self) -> Option<&'static str> {
        self.adoption.as_ref().map(|(status, _)| words::became(*status))
    }

    fn became_reason(&self) -> Option<&str> {
        self.adoption.as_ref().map(|(_, reason)| reason.as_str()).filter(|reason| !reason.is_empty())
    }

    fn reuse(&self) -> Option<String> {
        (self.reused > 0)
            .then(|| format!("Its design was used for {}", counted(self.reused, "later trial", "later trials")))
    }
}

impl List {
    /// The page. `agencies` are keys and names to choose from; `may_use` says whether this person can make trials.
    #[must_use]
    pub fn new(
        frame: Frame,
        cards: Vec<Card>,
        found: u64,
        pagination: Pagination,
        agencies: Vec<(String, String)>,
        looked: Looked<'_>,
        may_use: bool,
    ) -> Self {
        let select = |name: &str, label: &str, any: &str, options: Vec<(String, String)>, chosen: &str| Select {
            name: name.into(),
            label: label.into(),
            options: std::iter::once((String::new(), any.to_owned())).chain(options).collect(),
            chosen: chosen.to_owned(),
        };
        let verdicts = VERDICTS.iter().map(|(word, kind)| ((*word).to_owned(), kind.word().to_owned()));
        let decisions = Decision::ALL.iter().map(|word| (word.as_str().to_owned(), words::decided(*word).to_owned()));
        let field = TextField::new("q", "Words").hint("For example: letter, reminder, fines");
        let techniques = Technique::ALL.iter().map(|word| (word.as_str().to_owned(), tag::technique(*word).to_owned()));
        let groups = Population::ALL.iter().map(|word| (word.as_str().to_owned(), tag::population(*word).to_owned()));
        let Looked { words, agency, verdict, decision, technique, people } = looked;
        Self {
            frame,
            cards,
            found,
            narrowed: [words, agency, verdict, decision, technique, people].iter().any(|text| !text.is_empty()),
            pagination,
            may_use,
            words: TextField { value: words.to_owned(), ..field },
            agency: select("agency", "Agency", "Any agency", agencies, agency),
            technique: select("technique", "What was tried", "Anything", techniques.collect(), technique),
            people: select("people", "On whom", "Anybody", groups.collect(), people),
            verdict: select("verdict", "What it found", "Anything", verdicts.collect(), verdict),
            together: None,
            decision: select("decision", "What was decided", "Anything", decisions.collect(), decision),
        }
    }

    /// The same page with what the trials found say together, each of them by its title.
    #[must_use]
    pub fn with_pooled(self, found: &PooledEffect, titles: &[String]) -> Self {
        let bar = |label: &str, effect: &Effect| Bar {
            label: label.to_owned(),
            estimate: effect.estimate,
            lower: Some(effect.lower),
            upper: Some(effect.upper),
        };
        let trials = titles.iter().zip(&found.trials).filter_map(|(title, effect)| Some(bar(title, effect.as_ref()?)));
        let mut bars: Vec<Bar> = trials.collect();
        bars.push(bar("All of these together", &found.mean));
        let next = (found.next.0 + found.next.1) / 2.0;
        let next = Effect { estimate: next, lower: found.next.0, upper: found.next.1 };
        bars.push(bar("A next trial", &next));
        let headline = "Differences from the usual version, people in 100; to the right is better for people";
        let chart = Interval::new("pooled", headline, "people in 100", 1, &bars, &[]);
        Self { together: Some(Together { sentences: found.sentences.clone(), chart }), ..self }
    }

    /// The same page with why the trials found are not put together.
    #[must_use]
    pub fn without_pooled(self, why: &str) -> Self {
        Self { together: Some(Together { sentences: vec![why.to_owned()], chart: None }), ..self }
    }

    fn found_sentence(&self) -> String {
        counted(self.found, "trial", "trials")
    }
}
