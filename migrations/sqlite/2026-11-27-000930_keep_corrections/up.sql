-- Events that take the place of earlier ones: which, the first event of the line (whose place in the log stays that of the line), and
-- what stood until then, so that whoever folds the log takes out what was added without looking anything up. The bucket is that of
-- the event that is replaced, and each is replaced once.
CREATE TABLE corrections (
  sequence INTEGER PRIMARY KEY,
  bucket INTEGER NOT NULL,
  agency_id INTEGER NOT NULL,
  replaces TEXT NOT NULL,
  root INTEGER NOT NULL,
  retracts INTEGER NOT NULL,
  before_retracted INTEGER NOT NULL,
  before_value INTEGER,
  before_occurred_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX corrections_replaces ON corrections (agency_id, replaces, bucket);
CREATE TRIGGER corrections_no_update BEFORE UPDATE ON corrections BEGIN SELECT RAISE(ABORT, 'corrections are append-only'); END;
CREATE TRIGGER corrections_no_delete BEFORE DELETE ON corrections BEGIN SELECT RAISE(ABORT, 'corrections are append-only'); END;

-- Corrections that were promised while the database was away, whose event has not come yet. They go into the log behind it.
CREATE TABLE waiting_corrections (
  bucket INTEGER NOT NULL,
  agency_id INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  replaces TEXT NOT NULL,
  fingerprint BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (agency_id, event_id, bucket)
) STRICT, WITHOUT ROWID;

-- How many wait, where every writer of events looks anyway.
ALTER TABLE logs ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;
