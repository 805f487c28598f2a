//! What keeps a unit out of a trial although it has room: opt-outs, the burden cap, and other trials of the layer.
//!
//! A unit's own rows decide, not a share of a layer that each trial would own. Shares would have to be cut anew whenever a trial
//! starts or ends, and people in the share of a trial that they never meet would be lost to all others. The rows are looked
//! for in the trials of the agency that still matter (running, or ended within the days of the cap), so the cost follows the
//! number of those and not the history.
//!
//! **Architecture invariant:** a transaction that assigns holds its agencies' locks from its first statement on: shared, or
//! alone where a limit across trials is to be kept. Whoever opts a unit out holds the lock alone. So of an opt-out and an
//! assignment one sees the other, and of two assignments of a unit in one layer the second sees the first.

use std::collections::{BTreeMap, HashMap, HashSet};

use diesel::{
    ExpressionMethods, PgConnection, QueryDsl, QueryResult, QueryableByName, RunQueryDsl, SqliteConnection,
    sql_types::{Array, BigInt, Binary, Integer, Nullable, SmallInt, Text},
};
use fairtrial_domain::{
    LayerKey, Pseudonym,
    note::{OptOutKind, OptOuts},
};

use super::{AssignRequest, assign::People};
use crate::{connection::DbConnection, error::StoreError, schema::opt_outs, statement::statement};

/// Class of the locks on agencies.
const AGENCY_LOCK: i32 = 0x4641_4952;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Most trials that one person may meet in a number of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BurdenCap {
    /// Most trials.
    pub trials: u32,
    /// In this many days, up to now.
    pub days: u32,
}

/// What keeps a unit out although there is room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Whose trial it is.
    pub agency_id: i64,
    /// The layer; a unit is in at most one trial of a layer whose data are not locked.
    pub layer: Option<LayerKey>,
    /// Most trials for one person.
    pub burden: Option<BurdenCap>,
}

impl Limits {
    fn cross_trials(&self) -> bool {
        self.layer.is_some() || self.burden.is_some()
    }
}

/// Takes an agency's lock until the transaction ends: alone, or together with others that share it.
pub(crate) fn lock_agency(connection: &mut DbConnection, agency_id: i64, alone: bool) -> Result<(), StoreError> {
    let DbConnection::Postgres(c) = connection else { return Ok(()) };
    // Two agencies with one lock wait for each other now and then, and are right all the same.
    let number = i32::try_from(agency_id % i64::from(i32::MAX)).unwrap_or(0);
    let text =
        if alone { "SELECT pg_advisory_xact_lock($1, $2)" } else { "SELECT pg_advisory_xact_lock_shared($1, $2)" };
    statement(text).bind::<Integer, _>(AGENCY_LOCK).bind::<Integer, _>(number).execute(c)?;
    Ok(())
}

/// Takes the locks that these requests need, in one order on every server.
pub(super) fn lock_agencies(connection: &mut DbConnection, requests: &[AssignRequest]) -> Result<(), StoreError> {
    let mut alone: BTreeMap<i64, bool> = BTreeMap::new();
    for request in requests {
        *alone.entry(request.limits.agency_id).or_default() |= request.limits.cross_trials();
    }
    alone.into_iter().try_for_each(|(agency_id, alone)| lock_agency(connection, agency_id, alone))
}

/// The trials in which somebody was placed, each with its layer.
type PlacedIn = Vec<(i64, Option<LayerKey>)>;

/// Whom this transaction has placed where, before the rows are written.
#[derive(Debug, Default)]
pub(super) struct Placements(HashMap<(i64, Pseudonym), PlacedIn>);

impl Placements {
    pub(super) fn add(&mut self, request: &AssignRequest) {
        let limits = &request.limits;
        self.0
            .entry((limits.agency_id, request.unit))
            .or_default()
            .push((request.drawing.trial_id, limits.layer.clone()));
    }
}

/// How units stand to one trial.
#[derive(Debug, Default)]
pub(super) struct Standings {
    opted_out: HashSet<Pseudonym>,
    at_burden_cap: HashSet<Pseudonym>,
    in_layer: HashSet<Pseudonym>,
}

impl Standings {
    pub(super) fn opted_out(&self, unit: &Pseudonym) -> bool {
        self.opted_out.contains(unit)
    }

    pub(super) fn at_burden_cap(&self, unit: &Pseudonym) -> bool {
        self.at_burden_cap.contains(unit)
    }

    pub(super) fn in_layer(&self, unit: &Pseudonym) -> bool {
        self.in_layer.contains(unit)
    }
}

/// How units that are new to a trial stand to it. All requests are for that trial.
pub(super) fn of_units(
    connection: &mut DbConnection,
    trial_id: i64,
    requests: &[&AssignRequest],
    people: &People,
    placements: &Placements,
) -> Result<Standings, StoreError> {
    let Some(first) = requests.first() else { return Ok(Standings::default()) };
    let limits = &first.limits;
    // What a person is under one name they are under each: the rows of all names are looked for, and each is laid to all
    // units of which it is a name.
    let mut named: HashMap<Pseudonym, Vec<Pseudonym>> = HashMap::new();
    for request in requests {
        for name in people.others(&request.unit).iter().chain([&request.unit]) {
            named.entry(*name).or_default().push(request.unit);
        }
    }
    let asked_for = |name: &Pseudonym| named.get(name).into_iter().flatten().copied();
    let mut units: Vec<Pseudonym> = named.keys().copied().collect();
    units.sort_unstable();
    let mut standings = Standings::default();
    let mut outs: HashMap<Pseudonym, OptOuts> = HashMap::new();
    for row in opt_outs_of(connection, limits.agency_id, &units)? {
        let damaged = || StoreError::Damaged("an opt-out".into());
        let unit = Pseudonym::from_bytes(&row.unit).ok_or_else(damaged)?;
        let kind = OptOutKind::from_word(&row.kind).ok_or_else(damaged)?;
        asked_for(&unit).for_each(|unit| outs.entry(unit).or_default().add(kind, row.trial_id));
    }
    standings.opted_out.extend(outs.into_iter().filter(|(_, outs)| outs.cover(trial_id)).map(|(unit, _)| unit));
    if !limits.cross_trials() {
        return Ok(standings);
    }
    let since = limits.burden.map_or(i64::MAX, |cap| first.at - i64::from(cap.days) * MICROS_PER_DAY);
    let mut met: HashMap<Pseudonym, HashSet<i64>> = HashMap::new();
    for row in elsewhere(connection, trial_id, limits, since, &units)? {
        let unit = Pseudonym::from_bytes(&row.unit).ok_or_else(|| StoreError::Damaged("an assignment".into()))?;
        for unit in asked_for(&unit) {
            if row.assigned_at >= since {
                met.entry(unit).or_default().insert(row.trial_id);
            }
            if row.same_layer != 0 {
                standings.in_layer.insert(unit);
            }
        }
    }
    for name in &units {
        for (trial_id, layer) in placements.0.get(&(limits.agency_id, *name)).into_iter().flatten() {
            for unit in asked_for(name) {
                met.entry(unit).or_default().insert(*trial_id);
                if limits.layer.is_some() && *layer == limits.layer {
                    standings.in_layer.insert(unit);
                }
            }
        }
    }
    if let Some(cap) = limits.burden {
        standings
            .at_burden_cap
            .extend(met.into_iter().filter(|(_, trials)| trials.len() >= cap.trials as usize).map(|(unit, _)| unit));
    }
    Ok(standings)
}

#[derive(QueryableByName)]
struct OptOutRow {
    #[diesel(sql_type = Binary)]
    unit: Vec<u8>,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    trial_id: i64,
}

fn opt_outs_of(
    connection: &mut DbConnection,
    agency_id: i64,
    units: &[Pseudonym],
) -> Result<Vec<OptOutRow>, StoreError> {
    let rows = match connection {
        DbConnection::Sqlite(c) => {
            let mut rows = Vec::new();
            for unit in units {
                // By diesel's own builder, because a statement that is written out is prepared anew each time.
                let of_unit: Vec<(String, i64)> = opt_outs::table
                    .filter(opt_outs::bucket.eq(i16::from(unit.bucket())))
                    .filter(opt_outs::agency_id.eq(agency_id))
                    .filter(opt_outs::unit.eq(unit.bytes().as_slice()))
                    .filter(opt_outs::ended.is_null())
                    .select((opt_outs::kind, opt_outs::trial_id))
                    .load(c)?;
                let row = |(kind, trial_id)| OptOutRow { unit: unit.bytes().to_vec(), kind, trial_id };
                rows.extend(of_unit.into_iter().map(row));
            }
            rows
        }
        DbConnection::Postgres(c) => {
            let (buckets, units) = columns(units);
            statement(
                "SELECT o.unit, o.kind, o.trial_id FROM UNNEST($1, $2) AS wanted (bucket, unit) \
                 CROSS JOIN LATERAL (SELECT unit, kind, trial_id FROM opt_outs WHERE opt_outs.bucket = wanted.bucket \
                 AND opt_outs.agency_id = $3 AND opt_outs.unit = wanted.unit AND opt_outs.ended IS NULL LIMIT 1000) AS o",
            )
            .bind::<Array<SmallInt>, _>(buckets)
            .bind::<Array<Binary>, _>(units)
            .bind::<BigInt, _>(agency_id)
            .load(c)?
        }
    };
    Ok(rows)
}

#[derive(QueryableByName)]
struct ElsewhereRow {
    #[diesel(sql_type = Binary)]
    unit: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    trial_id: i64,
    #[diesel(sql_type = BigInt)]
    assigned_at: i64,
    #[diesel(sql_type = Integer)]
    same_layer: i32,
}

/// In which other trials of the agency that still matter these units are.
fn elsewhere(
    connection: &mut DbConnection,
    trial_id: i64,
    limits: &Limits,
    since: i64,
    units: &[Pseudonym],
) -> Result<Vec<ElsewhereRow>, StoreError> {
    let layer = limits.layer.as_ref().map(LayerKey::as_str);
    match connection {
        DbConnection::Sqlite(c) => elsewhere_sqlite(c, trial_id, limits.agency_id, layer, since, units),
        DbConnection::Postgres(c) => elsewhere_postgres(c, trial_id, limits.agency_id, layer, since, units),
    }
    .map_err(Into::into)
}

fn elsewhere_sqlite(
    connection: &mut SqliteConnection,
    trial_id: i64,
    agency_id: i64,
    layer: Option<&str>,
    since: i64,
    units: &[Pseudonym],
) -> QueryResult<Vec<ElsewhereRow>> {
    let mut rows = Vec::new();
    for unit in units {
        let of_unit: Vec<ElsewhereRow> = statement(
            // A cross join is done in the order written: the few trials first, then one look into the key of the large table.
            "SELECT a.unit, t.id AS trial_id, a.assigned_at, COALESCE(l.layer = $1 AND t.locked_at IS NULL, 0) AS same_layer \
             FROM trials t LEFT JOIN layers l ON l.trial_id = t.id \
             CROSS JOIN assignments a ON a.bucket = $2 AND a.trial_id = t.id AND a.unit = $3 \
             WHERE t.agency_id = $4 AND t.started_at IS NOT NULL AND t.id <> $5 \
             AND (COALESCE(t.ended_at, $6) >= $6 OR (l.layer = $1 AND t.locked_at IS NULL))",
        )
        .bind::<Nullable<Text>, _>(layer)
        .bind::<SmallInt, _>(i16::from(unit.bucket()))
        .bind::<Binary, _>(unit.bytes().as_slice())
        .bind::<BigInt, _>(agency_id)
        .bind::<BigInt, _>(trial_id)
        .bind::<BigInt, _>(since)
        .load(connection)?;
        rows.extend(of_unit);
    }
    Ok(rows)
}

fn elsewhere_postgres(
    connection: &mut PgConnection,
    trial_id: i64,
    agency_id: i64,
    layer: Option<&str>,
    since: i64,
    units: &[Pseudonym],
) -> QueryResult<Vec<ElsewhereRow>> {
    let (buckets, units) = columns(units);
    statement(
        // LIMIT keeps the planner from joining by reading all assignments, as it would for a large group.
        "SELECT wanted.unit, t.id AS trial_id, a.assigned_at, t.same_layer FROM ( \
           SELECT trials.id, CASE WHEN layers.layer = $3 AND trials.locked_at IS NULL THEN 1 ELSE 0 END AS same_layer \
           FROM trials LEFT JOIN layers ON layers.trial_id = trials.id \
           WHERE trials.agency_id = $4 AND trials.started_at IS NOT NULL AND trials.id <> $5 \
           AND (COALESCE(trials.ended_at, $6) >= $6 OR (layers.layer = $3 AND trials.locked_at IS NULL))) AS t \
         CROSS JOIN UNNEST($1, $2) AS wanted (bucket, unit) \
         CROSS JOIN LATERAL (SELECT assigned_at FROM assignments WHERE assignments.bucket = wanted.bucket \
         AND assignments.trial_id = t.id AND assignments.unit = wanted.unit LIMIT 1) AS a",
    )
    .bind::<Array<SmallInt>, _>(buckets)
    .bind::<Array<Binary>, _>(units)
    .bind::<Nullable<Text>, _>(layer)
    .bind::<BigInt, _>(agency_id)
    .bind::<BigInt, _>(trial_id)
    .bind::<BigInt, _>(since)
    .load(connection)
}

fn columns(units: &[Pseudonym]) -> (Vec<i16>, Vec<&[u8]>) {
    units.iter().map(|unit| (i16::from(unit.bucket()), unit.bytes().as_slice())).unzip()
}
