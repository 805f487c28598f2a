-- Which trials exclude each other, written when a trial starts.
CREATE TABLE layers (
  trial_id INTEGER PRIMARY KEY REFERENCES trials (id),
  agency_id INTEGER NOT NULL REFERENCES agencies (id),
  layer TEXT NOT NULL
) STRICT;
CREATE INDEX layers_agency ON layers (agency_id, layer);

-- Most trials that one person may meet in a number of days; no row where an agency sets no limit.
CREATE TABLE burden_caps (
  agency_id INTEGER PRIMARY KEY REFERENCES agencies (id),
  trials INTEGER NOT NULL,
  days INTEGER NOT NULL
) STRICT;

-- The last opt-out of each kind; in force while it has no end. The history is in the notes.
CREATE TABLE opt_outs (
  bucket INTEGER NOT NULL,
  agency_id INTEGER NOT NULL,
  unit BLOB NOT NULL,
  kind TEXT NOT NULL,
  trial_id INTEGER NOT NULL,
  reference TEXT NOT NULL,
  since INTEGER NOT NULL,
  ended INTEGER,
  PRIMARY KEY (bucket, agency_id, unit, kind, trial_id)
) STRICT;

-- What is noted of a unit beside assignments and outcome events: deliveries, care overrides, harms, opt-outs. Trial 0
-- stands for all of the agency's.
CREATE TABLE notes (
  sequence INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  agency_id INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  trial_id INTEGER NOT NULL,
  unit BLOB NOT NULL,
  kind TEXT NOT NULL,
  code TEXT NOT NULL,
  arm INTEGER,
  severity INTEGER,
  remark TEXT,
  late INTEGER NOT NULL,
  at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  fingerprint BLOB NOT NULL,
  key_id INTEGER,
  person_id INTEGER,
  PRIMARY KEY (agency_id, event_id, trial_id, bucket)
) STRICT;
CREATE INDEX notes_sequence ON notes (sequence);
CREATE INDEX notes_harms ON notes (trial_id, severity, arm) WHERE kind = 'harm';
INSERT INTO logs (name, next_sequence) VALUES ('notes', 1);
CREATE TRIGGER notes_no_update BEFORE UPDATE ON notes BEGIN SELECT RAISE(ABORT, 'notes are append-only'); END;
CREATE TRIGGER notes_no_delete BEFORE DELETE ON notes BEGIN SELECT RAISE(ABORT, 'notes are append-only'); END;
