//! What a database holds, as far as a copy is held to it.

use std::collections::BTreeMap;

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use fairtrial_domain::checkpoint::Checkpoint;

use crate::{
    connection::DbConnection,
    dialect::{on_either, table_names},
    error::StoreError,
    migrate,
    records::audit,
};

/// What a database holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The migrations that have run, in their order.
    pub migrations: Vec<String>,
    /// Rows of each table.
    pub rows: BTreeMap<String, i64>,
    /// How far the audit has come.
    pub audit: Checkpoint,
}

#[derive(QueryableByName)]
struct Rows {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

impl Contents {
    /// Counts everything, in the transaction that the connection is in.
    ///
    /// # Errors
    /// When the database fails.
    pub fn of(c: &mut DbConnection) -> Result<Self, StoreError> {
        let mut rows = BTreeMap::new();
        for name in table_names(c)? {
            let query = format!("SELECT COUNT(*) AS rows FROM \"{name}\"");
            let Rows { rows: counted } = on_either!(c, c => sql_query(&query).get_result(c))?;
            rows.insert(name, counted);
        }
        let (size, root) = audit::head(c)?;
        let root = root.try_into().map_err(|_| StoreError::Damaged("the hash of the last audit entry".into()))?;
        Ok(Self { migrations: migrate::applied(c)?, rows, audit: Checkpoint { size, root } })
    }

    /// Refuses a database that does not hold exactly this, or whose audit is not what was written.
    pub(super) fn check(&self, c: &mut DbConnection) -> Result<(), StoreError> {
        let found = Self::of(c)?;
        let differs = |what: &str| Err(StoreError::Damaged(format!("the copy does not hold what it should: {what}")));
        for name in self.rows.keys().chain(found.rows.keys()) {
            let (wanted, has) = (self.rows.get(name), found.rows.get(name));
            if wanted != has {
                let shown = |rows: Option<&i64>| rows.map_or("no table".to_owned(), |rows| format!("{rows} rows"));
                return differs(&format!("{name} has {} instead of {}", shown(has), shown(wanted)));
            }
        }
        if found != *self {
            return differs("the migrations or the end of the audit");
        }
        match audit::check(c, std::slice::from_ref(&self.audit))?.findings.first() {
            Some(finding) => differs(&finding.detail),
            None => Ok(()),
        }
    }
}
