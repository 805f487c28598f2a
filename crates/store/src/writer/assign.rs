//! Assigning units, many calls in one transaction.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::NaiveDate;
use diesel::{
    ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, QueryResult, QueryableByName, RunQueryDsl,
    SqliteConnection,
    sql_types::{Array, BigInt, Binary, Nullable, SmallInt, Text},
};
use fairtrial_domain::{
    Pseudonym,
    allocation::{Allocator, BlockState, Margins, Progress, Subject},
    trial::State,
};

use super::{
    columns::{NewAssignment, insert_assignments, last_place, take_places},
    standing::{self, Limits, Placements},
};
use crate::{
    connection::DbConnection,
    dialect::on_either,
    error::StoreError,
    records::identities,
    schema::{assignments, enrolments, trials},
    statement::statement,
};

/// Name of the row that counts a trial's people over all strata. Rows of strata begin with `=`, whatever their labels.
const ALL_STRATA: &str = "*";

/// What the draw of one trial needs.
#[derive(Debug)]
pub struct Drawing {
    /// Which trial.
    pub trial_id: i64,
    /// The plan under which the gates were passed.
    pub protocol_id: String,
    /// How chance chooses.
    pub allocator: Allocator,
    /// Most people the trial may hold.
    pub cap: u64,
}

/// One unit that passed the gates and is not known to be in the trial yet.
#[derive(Debug, Clone)]
pub struct AssignRequest {
    /// What the draw needs.
    pub drawing: Arc<Drawing>,
    /// Who.
    pub unit: Pseudonym,
    /// Stratum, levels of the factors, cluster or site; empty without any.
    pub stratum: String,
    /// Today in the trial's time zone.
    pub day: NaiveDate,
    /// Attributes that the analysis needs, as JSON text.
    pub attributes: Option<String>,
    /// What keeps a unit out although there is room.
    pub limits: Limits,
    /// Now, in microseconds.
    pub at: i64,
}

/// A person's place in a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The unit as which the person was assigned: another than was asked for where they are known by several names.
    pub unit: Pseudonym,
    /// Position of the arm in the plan.
    pub arm: usize,
    /// When, in microseconds.
    pub assigned_at: i64,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssignAnswer {
    /// Drawn now and kept.
    New(Placed),
    /// In the trial already.
    Existing(Placed),
    /// The most people that the plan allows are in.
    CapReached,
    /// Another plan came into force a moment ago, and nobody has looked whether the unit passes its gates.
    PlanChanged,
    /// The trial stopped taking people in a moment ago.
    NotEnrolling(State),
    /// The cluster or site is not on the roster.
    UnknownCluster,
    /// The person opted out.
    OptedOut,
    /// The unit has met as many trials as one person may.
    AtBurdenCap,
    /// The unit is in another trial of the layer.
    InOtherTrial,
}

/// Assigns everybody in the transaction of [`Store::write`](crate::Store::write), in the order of the requests: all of them,
/// or, when the caller then returns an error, nobody.
///
/// # Errors
/// When the database fails.
pub fn assign_within(
    connection: &mut DbConnection,
    requests: &[AssignRequest],
) -> Result<Vec<AssignAnswer>, StoreError> {
    assign_all(connection, requests)
}

/// Answers every request, in their order, inside the caller's transaction.
pub(super) fn assign_all(
    connection: &mut DbConnection,
    requests: &[AssignRequest],
) -> Result<Vec<AssignAnswer>, StoreError> {
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let mut by_trial: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (index, request) in requests.iter().enumerate() {
        by_trial.entry(request.drawing.trial_id).or_default().push(index);
    }
    let mut answers = vec![AssignAnswer::CapReached; requests.len()];
    let mut rows = Vec::new();
    let mut placements = Placements::default();
    standing::lock_agencies(connection, requests)?;
    // Trials in the order of their numbers, then the log: every server takes its locks in the same order.
    for (trial_id, indexes) in by_trial {
        assign_in_trial(connection, trial_id, &indexes, requests, &mut answers, &mut rows, &mut placements)?;
    }
    if !rows.is_empty() {
        let first = take_places(connection, "assignments", rows.len())?;
        let event_place = last_place(connection, "events")?;
        for (place, row) in (first..).zip(&mut rows) {
            (row.sequence, row.event_place) = (place, event_place);
        }
        insert_assignments(connection, &rows)?;
    }
    Ok(answers)
}

fn assign_in_trial(
    connection: &mut DbConnection,
    trial_id: i64,
    indexes: &[usize],
    requests: &[AssignRequest],
    answers: &mut [AssignAnswer],
    rows: &mut Vec<NewAssignment>,
    placements: &mut Placements,
) -> Result<(), StoreError> {
    let (state, protocol_id) = locked_state(connection, trial_id)?;
    let asked: Vec<&AssignRequest> = indexes.iter().filter_map(|index| requests.get(*index)).collect();
    let agency_id = asked.first().map_or(0, |request| request.limits.agency_id);
    let units: Vec<Pseudonym> = asked.iter().map(|request| request.unit).collect();
    let people = People::of(connection, agency_id, trial_id, &units)?;
    let wanted: Vec<&Pseudonym> = units.iter().chain(people.all()).collect();
    let mut enrolment = Enrolment::load(connection, trial_id, state)?;
    // Only now, under the lock of the counters: whom another server has placed a moment ago must be seen.
    let mut placed = existing(connection, trial_id, &wanted)?;
    let new: Vec<&AssignRequest> =
        asked.into_iter().filter(|request| people.place(&placed, &request.unit).is_none()).collect();
    let standings = standing::of_units(connection, trial_id, &new, &people, placements)?;
    for index in indexes {
        let (Some(request), Some(answer)) = (requests.get(*index), answers.get_mut(*index)) else { continue };
        *answer = match people.place(&placed, &request.unit) {
            Some(place) => AssignAnswer::Existing(place),
            None if state != State::Enrolling => AssignAnswer::NotEnrolling(state),
            None if request.drawing.protocol_id != protocol_id => AssignAnswer::PlanChanged,
            None if standings.opted_out(&request.unit) => AssignAnswer::OptedOut,
            None if standings.at_burden_cap(&request.unit) => AssignAnswer::AtBurdenCap,
            None if standings.in_layer(&request.unit) => AssignAnswer::InOtherTrial,
            None if enrolment.progress.drawn >= request.drawing.cap => AssignAnswer::CapReached,
            None => match enrolment.draw(connection, request)? {
                None => AssignAnswer::UnknownCluster,
                Some(arm) => {
                    let place = Placed { unit: request.unit, arm, assigned_at: request.at };
                    placed.insert(request.unit, place);
                    rows.push(NewAssignment::new(request, arm)?);
                    placements.add(request);
                    AssignAnswer::New(place)
                }
            },
        };
    }
    enrolment.save(connection)
}

/// Units with the other names of the same person.
#[derive(Debug, Default)]
pub(super) struct People {
    others: HashMap<Pseudonym, Vec<Pseudonym>>,
    /// As whom a unit goes on to be served in this trial, since a link was taken back.
    kept: HashMap<Pseudonym, Pseudonym>,
}

impl People {
    fn of(
        connection: &mut DbConnection,
        agency_id: i64,
        trial_id: i64,
        units: &[Pseudonym],
    ) -> Result<Self, StoreError> {
        let others = identities::others(connection, agency_id, units)?;
        let mut kept = HashMap::new();
        // Only who has or had another name was ever taken for somebody.
        for unit in others.iter().flat_map(|(unit, others)| std::iter::once(unit).chain(others)) {
            if let Some(place) = identities::kept_place(connection, agency_id, trial_id, unit)? {
                kept.insert(*unit, place);
            }
        }
        Ok(Self { others, kept })
    }

    /// The other names of a person; none for most.
    pub(super) fn others(&self, unit: &Pseudonym) -> &[Pseudonym] {
        self.others.get(unit).map_or(&[], Vec::as_slice)
    }

    /// Every unit whose place may be that of one who was asked for.
    fn all(&self) -> impl Iterator<Item = &Pseudonym> {
        self.others.values().flatten().chain(self.kept.values())
    }

    /// A person's place: the unit's own, the one that was kept for it, or else the earliest of the other names.
    fn place(&self, placed: &HashMap<Pseudonym, Placed>, unit: &Pseudonym) -> Option<Placed> {
        let kept = |unit: &Pseudonym| self.kept.get(unit).and_then(|place| placed.get(place));
        let earliest =
            |places: Vec<&Placed>| places.into_iter().min_by_key(|place| (place.assigned_at, place.unit)).copied();
        let others = self.others(unit);
        placed
            .get(unit)
            .or_else(|| kept(unit))
            .copied()
            .or_else(|| earliest(others.iter().filter_map(|other| placed.get(other)).collect()))
            .or_else(|| earliest(others.iter().filter_map(kept).collect()))
    }
}

#[derive(QueryableByName)]
struct StateRow {
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Text)]
    protocol_id: String,
}

/// The trial's state and plan, locked so that a stop or an amendment comes wholly before or wholly after these assignments.
fn locked_state(connection: &mut DbConnection, trial_id: i64) -> Result<(State, String), StoreError> {
    let (word, protocol_id): (String, String) = match connection {
        DbConnection::Sqlite(c) => {
            trials::table.find(trial_id).select((trials::state, trials::protocol_id)).get_result(c)?
        }
        DbConnection::Postgres(c) => {
            let row: StateRow = statement("SELECT state, protocol_id FROM trials WHERE id = $1 FOR SHARE")
                .bind::<BigInt, _>(trial_id)
                .get_result(c)?;
            (row.state, row.protocol_id)
        }
    };
    let state = State::from_word(&word).ok_or_else(|| StoreError::Damaged(format!("state of trial {trial_id}")))?;
    Ok((state, protocol_id))
}

#[derive(QueryableByName)]
struct ExistingRow {
    #[diesel(sql_type = Binary)]
    unit: Vec<u8>,
    #[diesel(sql_type = SmallInt)]
    arm: i16,
    #[diesel(sql_type = BigInt)]
    assigned_at: i64,
}

/// Which of these units are in the trial already.
fn existing(
    connection: &mut DbConnection,
    trial_id: i64,
    units: &[&Pseudonym],
) -> Result<HashMap<Pseudonym, Placed>, StoreError> {
    let rows = match connection {
        DbConnection::Sqlite(c) => existing_sqlite(c, trial_id, units),
        DbConnection::Postgres(c) => existing_postgres(c, trial_id, units),
    }?;
    rows.into_iter()
        .map(|row| {
            let unit =
                Pseudonym::from_bytes(&row.unit).ok_or_else(|| StoreError::Damaged("unit of an assignment".into()))?;
            let arm = usize::try_from(row.arm).map_err(|_| StoreError::Damaged("arm of an assignment".into()))?;
            Ok((unit, Placed { unit, arm, assigned_at: row.assigned_at }))
        })
        .collect()
}

fn existing_sqlite(
    connection: &mut SqliteConnection,
    trial_id: i64,
    units: &[&Pseudonym],
) -> QueryResult<Vec<ExistingRow>> {
    let mut rows = Vec::new();
    for unit in units {
        // Without the LIMIT of `first`: SQLite prepares a statement anew whenever its limit is bound to a value.
        let found: Option<(i16, i64)> = assignments::table
            .find((i16::from(unit.bucket()), trial_id, unit.bytes().as_slice()))
            .select((assignments::arm, assignments::assigned_at))
            .get_result(connection)
            .optional()?;
        rows.extend(found.map(|(arm, assigned_at)| ExistingRow { unit: unit.bytes().to_vec(), arm, assigned_at }));
    }
    Ok(rows)
}

fn existing_postgres(
    connection: &mut PgConnection,
    trial_id: i64,
    units: &[&Pseudonym],
) -> QueryResult<Vec<ExistingRow>> {
    let buckets: Vec<i16> = units.iter().map(|unit| i16::from(unit.bucket())).collect();
    let units: Vec<&[u8]> = units.iter().map(|unit| unit.bytes().as_slice()).collect();
    statement(
        // LIMIT keeps the planner from joining by reading all assignments, as it would for a large group.
        "SELECT wanted.unit, a.arm, a.assigned_at FROM UNNEST($1, $2) AS wanted (bucket, unit) \
         CROSS JOIN LATERAL (SELECT arm, assigned_at FROM assignments WHERE assignments.bucket = wanted.bucket \
         AND assignments.trial_id = $3 AND assignments.unit = wanted.unit LIMIT 1) AS a",
    )
    .bind::<Array<SmallInt>, _>(buckets)
    .bind::<Array<Binary>, _>(units)
    .bind::<BigInt, _>(trial_id)
    .load(connection)
}

/// Name of a stratum's row.
fn row_name(stratum: &str) -> String {
    format!("={stratum}")
}

/// A trial's counters, loaded under a lock and saved once.
struct Enrolment {
    trial_id: i64,
    progress: Progress,
    loaded: u64,
    margins: Option<String>,
    /// How many people each stratum holds, of those strata that were looked at.
    strata: HashMap<String, u64>,
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    enrolled: i64,
    #[diesel(sql_type = Nullable<Text>)]
    margins: Option<String>,
}

impl Enrolment {
    /// A trial that has not started has no counters: it holds nobody.
    fn load(connection: &mut DbConnection, trial_id: i64, state: State) -> Result<Self, StoreError> {
        let row = match connection {
            DbConnection::Sqlite(c) => enrolments::table
                .find((trial_id, ALL_STRATA))
                .select((enrolments::enrolled, enrolments::margins))
                .get_result::<(i64, Option<String>)>(c)
                .optional()?,
            DbConnection::Postgres(c) => {
                statement("SELECT enrolled, margins FROM enrolments WHERE trial_id = $1 AND stratum = '*' FOR UPDATE")
                    .bind::<BigInt, _>(trial_id)
                    .get_result::<CountRow>(c)
                    .optional()?
                    .map(|row| (row.enrolled, row.margins))
            }
        };
        if row.is_none() && state.has_started() {
            return Err(StoreError::Damaged(format!("enrolment of trial {trial_id}")));
        }
        let (enrolled, margins) = row.unwrap_or_default();
        let drawn = u64::try_from(enrolled).map_err(|_| StoreError::Damaged("enrolment".into()))?;
        let progress = Progress { drawn, ..Progress::default() };
        Ok(Self { trial_id, progress, loaded: drawn, margins, strata: HashMap::new() })
    }

    /// Draws an arm and moves the counters on; none for a cluster that is not on the roster.
    fn draw(&mut self, connection: &mut DbConnection, request: &AssignRequest) -> Result<Option<usize>, StoreError> {
        let allocator = &request.drawing.allocator;
        if allocator.has_blocks() {
            self.load_stratum(connection, &request.stratum)?;
        }
        if let (true, Some(text)) = (allocator.has_margins(), self.margins.take()) {
            let margins = Margins::from_text(&text);
            self.progress.margins =
                margins.ok_or_else(|| StoreError::Damaged(format!("margins of trial {}", self.trial_id)))?;
        }
        let subject = Subject { unit: &request.unit, group: &request.stratum, day: request.day };
        let arm = allocator.assign(&mut self.progress, &subject);
        if let (Some(_), Some(enrolled)) = (arm, self.strata.get_mut(&request.stratum)) {
            *enrolled += 1;
        }
        Ok(arm)
    }

    fn load_stratum(&mut self, connection: &mut DbConnection, stratum: &str) -> Result<(), StoreError> {
        if self.strata.contains_key(stratum) {
            return Ok(());
        }
        let row: Option<(i64, i64, i64)> = enrolments::table
            .find((self.trial_id, row_name(stratum)))
            .select((enrolments::enrolled, enrolments::block, enrolments::taken))
            .get_result(connection)
            .optional()?;
        let damaged = |_| StoreError::Damaged("enrolment of a stratum".into());
        let (enrolled, block, taken) = row.unwrap_or_default();
        let state =
            BlockState { block: u64::try_from(block).map_err(damaged)?, taken: u32::try_from(taken).map_err(damaged)? };
        self.progress.blocks.insert(stratum.to_owned(), state);
        self.strata.insert(stratum.to_owned(), u64::try_from(enrolled).map_err(damaged)?);
        Ok(())
    }

    fn save(self, connection: &mut DbConnection) -> Result<(), StoreError> {
        const SAVE: &str = "INSERT INTO enrolments (trial_id, stratum, enrolled, block, taken, margins) \
                            VALUES ($1, $2, $3, $4, $5, $6) \
                            ON CONFLICT (trial_id, stratum) DO UPDATE SET enrolled = excluded.enrolled, \
                            block = excluded.block, taken = excluded.taken, margins = excluded.margins";
        if self.progress.drawn == self.loaded {
            return Ok(());
        }
        let margins = (self.progress.margins != Margins::default()).then(|| self.progress.margins.to_text());
        let all = (ALL_STRATA.to_owned(), self.progress.drawn, BlockState::default(), margins);
        let blocks = &self.progress.blocks;
        let strata = self.strata.into_iter().map(|(stratum, enrolled)| {
            (row_name(&stratum), enrolled, blocks.get(&stratum).copied().unwrap_or_default(), None)
        });
        for (name, enrolled, state, margins) in strata.chain([all]) {
            let too_large = |_| StoreError::Damaged("enrolment".into());
            let (enrolled, block) =
                (i64::try_from(enrolled).map_err(too_large)?, i64::try_from(state.block).map_err(too_large)?);
            on_either!(connection, c => statement(SAVE)
                .bind::<BigInt, _>(self.trial_id)
                .bind::<Text, _>(&name)
                .bind::<BigInt, _>(enrolled)
                .bind::<BigInt, _>(block)
                .bind::<BigInt, _>(i64::from(state.taken))
                .bind::<Nullable<Text>, _>(&margins)
                .execute(c))?;
        }
        Ok(())
    }
}

/// The first place of a trial's counters, made when it starts.
pub(crate) fn open_enrolment(connection: &mut DbConnection, trial_id: i64) -> Result<(), StoreError> {
    diesel::insert_into(enrolments::table)
        .values((
            enrolments::trial_id.eq(trial_id),
            enrolments::stratum.eq(ALL_STRATA),
            enrolments::enrolled.eq(0_i64),
            enrolments::block.eq(0_i64),
            enrolments::taken.eq(0_i64),
        ))
        .execute(connection)?;
    Ok(())
}
