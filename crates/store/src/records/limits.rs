//! What keeps trials apart: layers, and how many trials one person may meet.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

use super::directory;
use crate::{
    connection::DbConnection,
    error::StoreError,
    schema::{burden_caps, layers},
    writer::BurdenCap,
};

/// Writes a trial's layer, when it starts.
///
/// # Errors
/// When the database fails.
pub fn enter_layer(c: &mut DbConnection, trial_id: i64, agency_id: i64, layer: &str) -> Result<(), StoreError> {
    diesel::insert_into(layers::table)
        .values((layers::trial_id.eq(trial_id), layers::agency_id.eq(agency_id), layers::layer.eq(layer)))
        .execute(c)?;
    Ok(())
}

/// Sets how many trials one person may meet, or that there is no limit.
///
/// # Errors
/// When the database fails.
pub fn set_burden_cap(c: &mut DbConnection, agency_id: i64, cap: Option<BurdenCap>) -> Result<(), StoreError> {
    directory::changed(c)?;
    diesel::delete(burden_caps::table.find(agency_id)).execute(c)?;
    if let Some(cap) = cap {
        diesel::insert_into(burden_caps::table)
            .values((
                burden_caps::agency_id.eq(agency_id),
                burden_caps::trials.eq(i64::from(cap.trials)),
                burden_caps::days.eq(i64::from(cap.days)),
            ))
            .execute(c)?;
    }
    Ok(())
}

/// All burden caps, by agency.
///
/// # Errors
/// When the database fails.
pub fn burden_caps(c: &mut DbConnection) -> Result<Vec<(i64, BurdenCap)>, StoreError> {
    let rows: Vec<(i64, i64, i64)> = burden_caps::table.order(burden_caps::agency_id).load(c)?;
    rows.into_iter()
        .map(|(agency, trials, days)| {
            let damaged = |_| StoreError::Damaged("a burden cap".into());
            let (trials, days) = (u32::try_from(trials).map_err(damaged)?, u32::try_from(days).map_err(damaged)?);
            Ok((agency, BurdenCap { trials, days }))
        })
        .collect()
}
