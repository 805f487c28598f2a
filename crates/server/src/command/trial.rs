//! `fairtrial trial`.

use std::{fs, io::Write as _, path::PathBuf, sync::Arc};

use anyhow::{Context, anyhow};
use fairtrial_app::{
    Actor, KeyActor,
    trials::{
        life::{AdoptionPlan, Move},
        view::TrialView,
    },
};
use fairtrial_domain::{
    protocol::ProtocolId,
    trial::{DataSeen, Decision, PersonRole, Scope, Verb},
};
use serde_json::json;

use super::{Failure, StoreArguments, acting::person, print};
use crate::{api::trials, server::Installation};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Trial {
    /// Make a trial from a protocol document, as a draft
    Import {
        /// The document
        file: PathBuf,
        /// E-mail address of the designer who writes it
        #[arg(long = "as", value_name = "EMAIL")]
        author: String,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Print a trial's protocol document, byte for byte what its protocol id is the hash of
    Export {
        /// The trial
        key: String,
        /// Number of a version, from 1; the plan that is in force when left out
        #[arg(long)]
        version: Option<i64>,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// List all trials
    List {
        /// Print them as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Say how a trial stands
    Show {
        /// The trial
        key: String,
        /// Print it as JSON, with signatures and history
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// List the versions of a trial's plan
    Versions {
        /// The trial
        key: String,
        /// Print them as JSON, with what each changed
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Compute the report that was frozen when the data were locked once more, and say whether the same bytes come out
    Recompute {
        /// The trial
        key: String,
        /// E-mail address of whoever does it; their roles decide what is allowed
        #[arg(long = "as", value_name = "EMAIL")]
        actor: String,
        /// Print the answer as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Compute the report of a trial whose data are locked as they stood at the end of a day; it is not the verdict
    ReportAsAt {
        /// The trial
        key: String,
        /// The day, in the trial's time zone, such as 2026-11-23
        #[arg(long = "as-at", value_name = "DAY")]
        day: chrono::NaiveDate,
        /// E-mail address of whoever does it; it is for analysts and monitors
        #[arg(long = "as", value_name = "EMAIL")]
        actor: String,
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Write plan, evidence and frozen report of a trial whose data are locked into a file, for `fairtrial analyse --bundle`
    Bundle {
        /// The trial
        key: String,
        /// E-mail address of whoever does it; it is for analysts
        #[arg(long = "as", value_name = "EMAIL")]
        actor: String,
        /// What the records are needed for; it is kept in the audit
        #[arg(long)]
        purpose: String,
        /// The file; one that is there already is left alone
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Propose an amendment of a started trial's plan
    Amend {
        /// The trial
        key: String,
        /// The new protocol document
        file: PathBuf,
        /// What had been seen of the outcomes: none, pooled, or by_arm
        #[arg(long, value_parser = DataSeen::ALL.iter().map(|seen| seen.as_str()).collect::<Vec<_>>())]
        data_seen: String,
        #[command(flatten)]
        act: Act,
    },
    #[command(flatten)]
    Verb(Verbs),
}

/// The verbs that take nothing but what every move takes.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Verbs {
    /// Send a draft for signatures
    Submit(Moved),
    /// Sign the plan, or the amendment that waits
    Approve(Moved),
    /// Send it back to its author
    Return(Moved),
    /// Refuse the plan for good; another plan is another trial
    Refuse(Moved),
    /// Start: people are assigned, and the plan is locked
    Start(Moved),
    /// Nobody new enters for now
    #[command(alias = "pause_enrolment")]
    PauseEnrolment(Moved),
    /// People enter again
    #[command(alias = "resume_enrolment")]
    ResumeEnrolment(Moved),
    /// Everybody gets the usual version within seconds
    Suspend(Moved),
    /// Ask to resume; two people must, one of them a monitor
    Resume(Moved),
    /// End enrolment for good
    Stop(Moved),
    /// End the follow-up, so that the data no longer change
    #[command(alias = "lock_data")]
    LockData(Moved),
    /// Decide what is done about the results
    Decide(Moved),
    /// Make the results public
    Publish(Moved),
    /// Give it up before the start
    Withdraw(Moved),
}

/// What every move takes.
#[derive(Debug, clap::Args)]
pub(super) struct Act {
    /// E-mail address of whoever does it; their roles decide what is allowed
    #[arg(long = "as", value_name = "EMAIL")]
    actor: String,
    /// Why
    #[arg(long, default_value = "")]
    reason: String,
    /// The plan that was read; refused when it is another by now
    #[arg(long, value_name = "ID")]
    protocol_id: Option<ProtocolId>,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArguments,
}

#[derive(Debug, clap::Args)]
pub(super) struct Moved {
    /// The trial
    key: String,
    /// With approve: the role to sign in
    #[arg(long, value_parser = PersonRole::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>())]
    role: Option<String>,
    /// With approve: what must be met before the signature counts
    #[arg(long)]
    condition: Option<String>,
    /// With stop: everybody is back to the usual version for good
    #[arg(long)]
    because_of_harm: bool,
    /// With decide: what is decided
    #[arg(long, value_parser = Decision::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>())]
    decision: Option<String>,
    /// With decide adopt: who sees to it
    #[arg(long, requires = "due_on")]
    owner: Option<String>,
    /// With decide adopt: the day by which it is done
    #[arg(long, value_name = "DAY", requires = "owner")]
    due_on: Option<chrono::NaiveDate>,
    #[command(flatten)]
    act: Act,
}

impl Verbs {
    fn parts(self) -> (Verb, Moved) {
        match self {
            Self::Submit(moved) => (Verb::Submit, moved),
            Self::Approve(moved) => (Verb::Approve, moved),
            Self::Return(moved) => (Verb::Return, moved),
            Self::Refuse(moved) => (Verb::Refuse, moved),
            Self::Start(moved) => (Verb::Start, moved),
            Self::PauseEnrolment(moved) => (Verb::PauseEnrolment, moved),
            Self::ResumeEnrolment(moved) => (Verb::ResumeEnrolment, moved),
            Self::Suspend(moved) => (Verb::Suspend, moved),
            Self::Resume(moved) => (Verb::Resume, moved),
            Self::Stop(moved) => (Verb::Stop, moved),
            Self::LockData(moved) => (Verb::LockData, moved),
            Self::Decide(moved) => (Verb::Decide, moved),
            Self::Publish(moved) => (Verb::Publish, moved),
            Self::Withdraw(moved) => (Verb::Withdraw, moved),
        }
    }
}

pub(super) fn run(what: Trial) -> Result<(), Failure> {
    match what {
        Trial::Import { file, author, store } => store.with(async |installation| {
            let document = fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            let actor = person(&installation, &author)?;
            let key = installation.app.create_trial(&actor, &document).await?;
            Ok(print(&format!("the trial {key} was made, as a draft\n"))?)
        }),
        Trial::Export { key, version, store } => store.with(async |installation| {
            let trial = find(&installation, &key)?;
            let plan = match version {
                None => Arc::clone(&trial.plan),
                Some(version) => installation.app.version(&reader(trial.agency_id), &key, version).await?,
            };
            Ok(print(plan.canonical())?)
        }),
        Trial::List { json, store } => store.with(async |installation| {
            let trials = all(&installation)?;
            if json {
                let shown: Vec<_> =
                    trials.iter().map(|trial| trials::summary(trial, installation.app.people_in(trial))).collect();
                return Ok(print(&format!("{}\n", json!({"trials": shown})))?);
            }
            let lines = trials.into_iter().map(|trial| {
                let plan = trial.plan.protocol();
                format!("{}\t{}\t{}\t{}\n", trial.key(), plan.agency, trial.state.as_str(), plan.title)
            });
            Ok(print(&lines.collect::<String>())?)
        }),
        Trial::Show { key, json, store } => store.with(async |installation| {
            let trial = find(&installation, &key)?;
            let view = installation.app.view_trial(&reader(trial.agency_id), &key).await?;
            Ok(print(&if json { format!("{}\n", trials::whole(&view)) } else { standing(&view) })?)
        }),
        Trial::Versions { key, json, store } => store.with(async |installation| {
            let trial = find(&installation, &key)?;
            let versions = installation.app.versions(&reader(trial.agency_id), &key).await?;
            let shown: Vec<_> = versions.iter().map(trials::version).collect();
            if json {
                return Ok(print(&format!("{}\n", json!({"trial": key, "versions": shown})))?);
            }
            let lines = shown.iter().map(|version| {
                let word = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
                let amendment = &version["amendment"];
                let (standing, id) = (word(&version["standing"]), word(&version["protocol_id"]));
                let (class, reason) = (word(&amendment["class"]), word(&amendment["reason"]));
                format!("{}\t{standing}\t{class}\t{id}\t{reason}\n", version["version"])
            });
            Ok(print(&lines.collect::<String>())?)
        }),
        Trial::Recompute { key, actor, json, store } => store.with(async |installation| {
            let actor = person(&installation, &actor)?;
            let found = installation.app.recompute(&actor, &key).await?;
            let same = found.frozen == found.recomputed;
            let text = if json {
                format!("{}\n", json!({"trial": key, "same": same, "report": found}))
            } else if same {
                format!("{key}: the same report comes out, byte for byte: sha256:{}\n", found.frozen)
            } else {
                format!(
                    "{key}: another report comes out: sha256:{} was frozen by {}, sha256:{} is computed now\n",
                    found.frozen, found.engine, found.recomputed
                )
            };
            print(&text)?;
            if same { Ok(()) } else { Err(Failure::Failed(anyhow!("the report does not come out again"))) }
        }),
        Trial::ReportAsAt { key, day, actor, json, store } => store.with(async |installation| {
            let actor = person(&installation, &actor)?;
            let found = installation.app.report_as_at(&actor, &key, day).await?;
            if !json {
                print(&format!("As the data stood on {}; this is not the verdict.\n\n", found.until.to_rfc3339()))?;
            }
            super::analyse::show(&found.report, json)
        }),
        Trial::Bundle { key, actor, purpose, output, store } => store.with(async |installation| {
            let actor = person(&installation, &actor)?;
            let bundle = installation.app.report_bundle(&actor, &key, &purpose).await?;
            let archive = bundle.to_tar().map_err(anyhow::Error::from)?;
            let shown = output.display();
            let mut file = fs::File::create_new(&output)
                .with_context(|| format!("{shown} cannot be made, or is there already"))?;
            file.write_all(&archive)
                .and_then(|()| file.sync_all())
                .with_context(|| format!("{shown} cannot be written"))?;
            Ok(print(&format!("{shown}: {} bytes; keep it as you keep the people's records\n", archive.len()))?)
        }),
        Trial::Amend { key, file, data_seen, act } => {
            let document = fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            let mut asked = Move::plain(Verb::Amend, &act.reason);
            (asked.document, asked.data_seen) = (Some(document), DataSeen::from_word(&data_seen));
            do_it(&key, asked, act)
        }
        Trial::Verb(verb) => {
            let (verb, moved) = verb.parts();
            let mut asked = Move::plain(verb, &moved.act.reason);
            asked.role = moved.role.as_deref().and_then(PersonRole::from_word);
            asked.decision = moved.decision.as_deref().and_then(Decision::from_word);
            asked.adoption = moved.owner.zip(moved.due_on).map(|(owner, due_on)| AdoptionPlan { owner, due_on });
            (asked.condition, asked.because_of_harm) = (moved.condition, moved.because_of_harm);
            do_it(&moved.key, asked, moved.act)
        }
    }
}

/// Moves a trial as somebody, by the same rules as over HTTP.
fn do_it(key: &str, mut asked: Move, act: Act) -> Result<(), Failure> {
    asked.protocol_id = act.protocol_id;
    act.store.with(async |installation| {
        let actor = person(&installation, &act.actor)?;
        let now = installation.app.move_trial(&actor, key, &asked).await?;
        let waiting_for = installation.app.waits_for_agreement(&actor, key).await?;
        if act.json {
            let shown = json!({"trial": key, "state": now, "waiting_for": waiting_for});
            return Ok(print(&format!("{shown}\n"))?);
        }
        let waits = waiting_for.map(|text| format!("{text}\n")).unwrap_or_default();
        Ok(print(&format!("the trial {key} is now {}\n{waits}", now.as_str()))?)
    })
}

fn standing(view: &TrialView) -> String {
    let (trial, plan) = (&view.trial, view.trial.plan.protocol());
    let moment = |at: Option<chrono::DateTime<chrono::Utc>>| at.map_or("-".into(), |at| at.to_rfc3339());
    let missing: Vec<&str> = view.missing.iter().map(|role| role.as_str()).collect();
    let lacking: String =
        view.lacking.iter().map(|fault| format!("lacks     {}: {}\n", fault.pointer, fault.detail)).collect();
    format!(
        "trial     {}\ntitle     {}\nagency    {}\nstate     {}\nreason    {}\nplan      {}\ntier      {}\nunsigned  {}\n\
         people    {}\nstarted   {}\nended     {}\nlocked    {}\n{lacking}",
        trial.key(),
        plan.title,
        plan.agency,
        trial.state.as_str(),
        trial.state_reason.as_deref().unwrap_or("-"),
        trial.plan.id(),
        view.tier.number(),
        if missing.is_empty() || trial.state.has_started() { "-".into() } else { missing.join(", ") },
        view.people,
        moment(trial.started_at),
        moment(trial.ended_at),
        moment(trial.locked_at),
    )
}

/// The trials of all agencies: whoever runs the server reads for each.
fn all(installation: &Installation) -> Result<Vec<Arc<fairtrial_app::Trial>>, Failure> {
    let mut trials = Vec::new();
    for agency in installation.app.agencies() {
        trials.extend(installation.app.trials_of(&reader(agency.id))?);
    }
    Ok(trials)
}

/// Whoever runs the server, reading what an agency has.
fn reader(agency_id: i64) -> Actor {
    Actor::Key(KeyActor { id: 0, agency_id, scopes: [Scope::TrialsRead].into(), live: false, person: None })
}

fn find(installation: &Installation, key: &str) -> Result<Arc<fairtrial_app::Trial>, Failure> {
    let found = all(installation)?.into_iter().find(|trial| trial.key() == key);
    Ok(found.ok_or_else(|| anyhow!("there is no trial {key:?}"))?)
}
