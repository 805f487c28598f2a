use askama::Template;
use fairtrial_analysis::report::GateStatus;

use super::{
    answer::Standing,
    item::{Checklist, Item},
    record::{Reader, Record},
};
use crate::{
    Frame,
    component::{Breadcrumbs, Crumb},
    report::Light,
};

/// The checklist as a page, and as an appendix in print.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/checklist/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    key: String,
    title: String,
    reader: Reader,
    locked: bool,
    checklist: Checklist,
    extended: bool,
}

/// One part of the checklist.
struct Section<'a> {
    heading: &'static str,
    items: Vec<&'a Item>,
}

impl Show {
    /// The page of that record.
    #[must_use]
    pub fn of(frame: Frame, record: &Record<'_>) -> Self {
        Self {
            frame,
            key: record.plan.key.to_string(),
            title: record.plan.title.clone(),
            reader: record.reader,
            locked: record.results().is_some(),
            checklist: Checklist::of(record),
            extended: record.plan.allocation.is_by_cluster(),
        }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let (list, address, trial) = match self.reader {
            Reader::Agency => ("Trials", "/trials", format!("/trials/{}", self.key)),
            Reader::Public => ("Register of trials", "/register", format!("/register/{}", self.key)),
        };
        let mut crumbs = Breadcrumbs::of([(list, address)]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: trial });
        crumbs
    }

    /// How many items stand in which way, those that there are none of left out.
    fn counts(&self) -> Vec<(&'static str, usize)> {
        let all = [Standing::OnRecord, Standing::InPart, Standing::NotOnRecord, Standing::NotAsked];
        let counted = all.map(|standing| (standing.words(), self.checklist.count(standing)));
        counted.into_iter().filter(|(_, count)| *count > 0).collect()
    }

    fn sections(&self) -> Vec<Section<'_>> {
        let mut sections: Vec<Section<'_>> = Vec::new();
        for item in &self.checklist.items {
            match sections.last_mut() {
                Some(last) if last.heading == item.section => last.items.push(item),
                _ => sections.push(Section { heading: item.section, items: vec![item] }),
            }
        }
        sections
    }

    fn light(&self, item: &Item) -> Option<Light> {
        let standing = item.answer.standing();
        let status = match standing {
            Standing::OnRecord => GateStatus::Green,
            Standing::InPart => GateStatus::Amber,
            Standing::NotOnRecord => GateStatus::Red,
            Standing::NotAsked => return None,
        };
        Some(Light { status, word: standing.words().to_owned() })
    }

    /// The words and the address of where an answer stands.
    fn leads(&self, item: &Item) -> Option<(&'static str, String)> {
        item.place.map(|place| (place.label(), place.address(&self.key, self.reader)))
    }

    fn table(&self) -> String {
        match self.reader {
            Reader::Agency => format!("/trials/{}/checklist.csv", self.key),
            Reader::Public => format!("/register/{}/checklist.csv", self.key),
        }
    }
}
