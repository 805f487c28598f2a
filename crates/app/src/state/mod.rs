//! What a running server holds in memory: a snapshot of the directory, known assignments, and the folded trials.

pub(crate) mod actor;
mod by_pseudonym;
pub(crate) mod directory;
mod disk;
pub(crate) mod facts;
mod fold_file;
mod forgetting;
mod identities;
mod kept_fold;
pub(crate) mod known;
pub(crate) mod projections;
pub(crate) mod refusals;
pub(crate) mod touches;
pub(crate) mod wishes;

use std::{
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, atomic::AtomicI64},
    time::Duration,
};

use arc_swap::ArcSwap;
use fairtrial_store::{DbConnection, Load, Store, StoreError, api_keys};
use tokio::sync::Semaphore;

use self::fold_file::FoldFile;
pub(crate) use self::fold_file::FoldKey;
pub(crate) use self::{
    directory::{Directory, instant},
    identities::Identities,
    known::Known,
    projections::Projections,
    touches::Touches,
    wishes::Wishes,
};
use crate::{
    ambient::Ambient,
    error::AppError,
    learned::finding::Findings,
    sealing::MasterKey,
    trials::release::ReleaseRules,
    trials::{data::RECORDS_AT_ONCE, rehearsal::Rehearsals},
    watch::{TrustedClock, checks::ChecksSeen, harm::DailyWatch, reminders::Reminded},
};

/// How often other servers' changes are looked for.
const REFRESH: Duration = Duration::from_millis(500);

/// How many passwords are hashed at once: each takes 19 MiB and a core for some 50 ms.
const PASSWORDS_AT_ONCE: usize = 2;

/// The use cases with what they need. One for each server, shared by all its threads.
pub struct App {
    pub(crate) store: Store,
    pub(crate) master_key: MasterKey,
    pub(crate) ambient: Ambient,
    pub(crate) release: OnceLock<ReleaseRules>,
    pub(crate) message_days: OnceLock<u32>,
    pub(crate) alert_hosts: OnceLock<crate::alerts::AllowedHosts>,
    pub(crate) findings: Findings,
    pub(crate) rehearsals: Rehearsals,
    pub(crate) directory: ArcSwap<Directory>,
    pub(crate) known: Known,
    pub(crate) wishes: Wishes,
    pub(crate) identities: Identities,
    pub(crate) projections: Projections,
    fold_file: Option<Arc<FoldFile>>,
    pub(crate) touches: Touches,
    pub(crate) refusals: refusals::Refusals,
    /// Named requests that are being answered.
    pub(crate) answering: crate::frontline::replay::Answering,
    pub(crate) daily_watch: DailyWatch,
    pub(crate) checks_seen: ChecksSeen,
    pub(crate) reminded: Reminded,
    pub(crate) full_noted: disk::FullNoted,
    pub(crate) looks_asked: AtomicI64,
    /// Trials whose deletion memory has followed: what was begun, and what was done.
    pub(crate) forgotten: Mutex<std::collections::HashSet<(i64, bool)>>,
    /// One deletion of records at a time.
    pub(crate) deleting: Arc<tokio::sync::Mutex<()>>,
    pub(crate) clock: TrustedClock,
    pub(crate) keys_used: Mutex<std::collections::HashMap<i64, i64>>,
    pub(crate) passwords: Semaphore,
    /// One report as at a day is computed at a time.
    pub(crate) as_at: Arc<Semaphore>,
    /// Places for records of single people that are handed out.
    pub(crate) records: Arc<Semaphore>,
    pub(crate) setup_token: Mutex<Option<crate::people::setup::SetupToken>>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("store", &self.store).finish_non_exhaustive()
    }
}

impl App {
    /// Loads everything and is ready to answer.
    ///
    /// # Errors
    /// When the database cannot be read, or the master key does not open its secrets.
    pub async fn load(store: Store, master_key: MasterKey, ambient: Ambient) -> Result<Arc<Self>, AppError> {
        Self::load_beside(None, store, master_key, ambient).await
    }

    /// The same beside a folder in which what is folded is kept, so that not everything is read.
    ///
    /// # Errors
    /// As [`App::load`]. A kept fold that cannot be used is no error.
    pub async fn load_beside(
        folder: Option<&Path>,
        store: Store,
        master_key: MasterKey,
        ambient: Ambient,
    ) -> Result<Arc<Self>, AppError> {
        let fold_file = folder.map(|folder| Arc::new(FoldFile::in_folder(folder, master_key.folds().clone())));
        let app = Arc::new(Self {
            fold_file,
            store,
            master_key,
            ambient,
            directory: ArcSwap::from_pointee(Directory::default()),
            known: Known::default(),
            wishes: Wishes::default(),
            identities: Identities::default(),
            projections: Projections::default(),
            touches: Touches::default(),
            refusals: refusals::Refusals::default(),
            daily_watch: DailyWatch::default(),
            checks_seen: ChecksSeen::default(),
            reminded: Reminded::default(),
            full_noted: disk::FullNoted::default(),
            looks_asked: AtomicI64::new(i64::MIN),
            forgotten: Mutex::default(),
            deleting: Arc::default(),
            clock: TrustedClock::default(),
            keys_used: Mutex::default(),
            answering: Mutex::default(),
            passwords: Semaphore::new(PASSWORDS_AT_ONCE),
            as_at: Arc::new(Semaphore::new(1)),
            records: Arc::new(Semaphore::new(RECORDS_AT_ONCE)),
            setup_token: Mutex::default(),
            release: OnceLock::new(),
            message_days: OnceLock::new(),
            alert_hosts: OnceLock::new(),
            findings: Findings::default(),
            rehearsals: Rehearsals::default(),
        });
        app.reload_directory().await?;
        app.begin_from_kept_fold().await;
        app.begin_without_deleted().await?;
        app.catch_up().await?;
        Ok(app)
    }

    /// The clock and the source of randomness.
    #[must_use]
    pub fn ambient(&self) -> &Ambient {
        &self.ambient
    }

    /// Keeps memory in step with the database until the future is dropped: folds new events, notices other servers'
    /// changes, holds looks that are due and acts on harm, writes counters.
    pub async fn keep_in_step(self: Arc<Self>) {
        tokio::join!(self.keep_news(), self.keep_folded());
    }

    /// Looks for other servers' changes, beside whatever else takes long: a stop is one of them.
    async fn keep_news(&self) {
        loop {
            if let Err(error) = self.refresh_directory().await {
                tracing::debug!(%error, "other servers' changes could not be looked for; trying again");
            }
            tokio::time::sleep(REFRESH).await;
        }
    }

    async fn keep_folded(self: &Arc<Self>) {
        let mut commits = self.store.commits();
        let mut ticks: u32 = 0;
        loop {
            // Whichever comes first: a commit of this server, or the time to look for those of others.
            let _ = tokio::time::timeout(REFRESH, commits.changed()).await;
            commits.mark_unchanged();
            // Before anything that a full disk lets fail.
            if let Err(error) = self.note_full_disk().await {
                tracing::warn!(%error, "that the disk is full could not be noted in the audit; trying again");
            }
            let result = self.step(ticks).await;
            if let Err(error) = result {
                tracing::warn!(error = %error, "memory could not be brought in step; trying again");
                tokio::time::sleep(REFRESH).await;
            }
            ticks = ticks.wrapping_add(1);
            // Many commits in a row are folded together.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn step(self: &Arc<Self>, ticks: u32) -> Result<(), AppError> {
        self.refresh_directory().await?;
        self.forget_deleted().await?;
        self.catch_up().await?;
        self.watch_in_step().await?;
        if let Err(error) = self.keep_fold(false).await {
            tracing::warn!(%error, "what is folded could not be kept; a start will read more of the logs");
        }
        if ticks.is_multiple_of(8) {
            self.note_refused().await?;
        }
        if ticks.is_multiple_of(64) {
            self.write_counters().await?;
        }
        // A clock that has jumped makes nothing old.
        if ticks.is_multiple_of(4_096) && self.trusts_clock() {
            self.remove_old_messages().await?;
            self.remove_what_never_came().await?;
            self.delete_records_beside();
        }
        Ok(())
    }

    /// Writes what is only counted in memory.
    ///
    /// # Errors
    /// When the database fails; the counts are kept for the next attempt.
    pub async fn write_counters(&self) -> Result<(), AppError> {
        self.note_full_disk().await?;
        self.touches.flush(&self.store).await?;
        self.note_refused().await?;
        let used: Vec<(i64, i64)> = self.keys_used.lock().unwrap_or_else(PoisonError::into_inner).drain().collect();
        if !used.is_empty() {
            let written = used.clone();
            if let Err(error) = self.store.write(move |c| api_keys::note_used(c, &written)).await {
                let mut later = self.keys_used.lock().unwrap_or_else(PoisonError::into_inner);
                used.into_iter().for_each(|(key, at)| _ = later.entry(key).or_insert(at));
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Folds every event that is committed now, so that what is read next has them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn catch_up(&self) -> Result<(), AppError> {
        self.projections.catch_up(self).await
    }

    /// How many events are kept that are not in this server's tallies yet, and for how long the first of them has been.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tallies_behind(&self) -> Result<(u64, Duration), AppError> {
        let folded = self.projections.events_folded();
        let behind = self.store.read(move |c| fairtrial_store::log::events_behind(c, folded)).await?;
        let Some((events, received_at)) = behind else { return Ok((0, Duration::ZERO)) };
        let waited = self.ambient.now_micros().saturating_sub(received_at);
        Ok((events.unsigned_abs(), Duration::from_micros(u64::try_from(waited).unwrap_or(0))))
    }

    /// Rows, and a directory that is at least as new as they are: what they refer to is in it as it stood then, or later.
    pub(crate) async fn read_with_directory<T, F>(&self, work: F) -> Result<(T, Arc<Directory>), AppError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> Result<T, StoreError> + Send + 'static,
    {
        let both = self.store.read(move |c| Ok((work(c)?, fairtrial_store::directory::version(c)?)));
        let (rows, version) = both.await?;
        if version != self.directory.load().version {
            self.reload_directory().await?;
        }
        Ok((rows, self.directory.load_full()))
    }

    pub(crate) async fn reload_directory(&self) -> Result<(), AppError> {
        let before = self.directory.load_full();
        let beside = Arc::clone(&before);
        let rows = self.store.read(move |c| directory::read_beside(c, &beside)).await?;
        let read = Arc::new(before.followed_by(rows, &self.master_key)?);
        // Of two readings at once the older one may end last.
        self.directory.rcu(|known| Arc::clone(if known.version > read.version { known } else { &read }));
        Ok(())
    }

    pub(crate) async fn refresh_directory(&self) -> Result<(), AppError> {
        let version = self.store.read(fairtrial_store::directory::version).await?;
        if version != self.directory.load().version {
            self.reload_directory().await?;
        }
        Ok(())
    }

    /// Whether a master key is the one that sealed what a database holds.
    ///
    /// # Errors
    /// When it is another, or the database fails.
    pub async fn check_master_key(store: &Store, key: &MasterKey) -> Result<(), AppError> {
        Directory::build(store.read(directory::read).await?, key).map(|_| ())
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn check_ready(&self) -> Result<(), AppError> {
        self.store.read(fairtrial_store::directory::version).await.map(|_| ()).map_err(|error: StoreError| error.into())
    }

    /// Hands events that waited on this server's disk to the database as soon as it is there. Ends only without a spool.
    pub async fn hand_over_spool(self: Arc<Self>) {
        self.store.hand_over_spool().await;
    }

    /// Whether the database is known to be away, and bytes of events that wait for it on this server's disk; none without a
    /// spool.
    #[must_use]
    pub fn waiting_for_database(&self) -> Option<(bool, u64)> {
        self.store.spool().map(|spool| (self.store.is_away(), spool.size()))
    }

    /// How much waits to be written down.
    #[must_use]
    pub fn writes(&self) -> Load {
        self.store.load()
    }

    /// Waits until the disk beneath the database fails; says how. The process must end then: it promises nothing any more.
    pub async fn until_broken(&self) -> String {
        self.store.until_broken().await
    }

    /// How many rows of the logs this server did not read at its start, because a kept fold had them; 0 without one.
    #[must_use]
    pub fn rows_from_kept_fold(&self) -> i64 {
        self.projections.begun_at()
    }

    /// How many people are in trials that this server knows.
    #[must_use]
    pub fn known_units(&self) -> usize {
        self.known.len()
    }
}

/// What a lock guards. A thread that panicked while it held one has left nothing half done.
fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
