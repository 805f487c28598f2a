-- Times are microseconds since 1970 in UTC. Large tables carry a bucket in every unique key, so that the same schema can be
-- distributed by it on PostgreSQL; SQLite keeps the column so that both hold the same rows.

CREATE TABLE agencies (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  sealed_pseudonym_key BLOB NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE people (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  agency_id INTEGER NOT NULL REFERENCES agencies (id),
  email TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  roles TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  disabled INTEGER NOT NULL DEFAULT 0,
  failed_sign_ins INTEGER NOT NULL DEFAULT 0,
  locked_until INTEGER,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX people_agency ON people (agency_id);

CREATE TABLE sessions (
  token_hash BLOB PRIMARY KEY,
  person_id INTEGER NOT NULL REFERENCES people (id),
  csrf_token TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_person ON sessions (person_id);
CREATE INDEX sessions_expires ON sessions (expires_at);

CREATE TABLE api_keys (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  public_id TEXT NOT NULL UNIQUE,
  agency_id INTEGER NOT NULL REFERENCES agencies (id),
  person_id INTEGER REFERENCES people (id),
  name TEXT NOT NULL,
  environment TEXT NOT NULL,
  scopes TEXT NOT NULL,
  secret_hash BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER,
  revoked_at INTEGER
) STRICT;
CREATE INDEX api_keys_agency ON api_keys (agency_id);

CREATE TABLE trials (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  agency_id INTEGER NOT NULL REFERENCES agencies (id),
  state TEXT NOT NULL,
  protocol_id TEXT NOT NULL,
  reverted INTEGER NOT NULL DEFAULT 0,
  algo_version INTEGER NOT NULL,
  sealed_secret BLOB,
  secret_commitment TEXT,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  locked_at INTEGER,
  locked_sequence INTEGER,
  state_reason TEXT
) STRICT;
CREATE INDEX trials_agency ON trials (agency_id);

CREATE TABLE protocols (
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  protocol_id TEXT NOT NULL,
  canonical TEXT NOT NULL,
  author_id INTEGER NOT NULL REFERENCES people (id),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (trial_id, protocol_id, author_id)
) STRICT;

CREATE TABLE signatures (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  person_id INTEGER NOT NULL REFERENCES people (id),
  role TEXT NOT NULL,
  protocol_id TEXT NOT NULL,
  note TEXT NOT NULL,
  signed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX signatures_trial ON signatures (trial_id);

-- One row per stratum, named '=' and its label, with how far its blocks have come, and one named '*' with how many people the
-- trial holds.
CREATE TABLE enrolments (
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  stratum TEXT NOT NULL,
  enrolled INTEGER NOT NULL,
  block INTEGER NOT NULL,
  taken INTEGER NOT NULL,
  PRIMARY KEY (trial_id, stratum)
) STRICT, WITHOUT ROWID;

CREATE TABLE touches (
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  outcome TEXT NOT NULL,
  requests INTEGER NOT NULL,
  PRIMARY KEY (trial_id, outcome)
) STRICT, WITHOUT ROWID;

CREATE TABLE assignments (
  sequence INTEGER PRIMARY KEY,
  bucket INTEGER NOT NULL,
  trial_id INTEGER NOT NULL,
  unit BLOB NOT NULL,
  arm INTEGER NOT NULL,
  stratum TEXT NOT NULL,
  attributes TEXT,
  assigned_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX assignments_unit ON assignments (bucket, trial_id, unit);

CREATE TABLE event_kinds (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  agency_id INTEGER NOT NULL REFERENCES agencies (id),
  name TEXT NOT NULL,
  UNIQUE (agency_id, name)
) STRICT;

-- The bucket of an event comes from its id, so that one id is one row whoever it is about.
CREATE TABLE events (
  sequence INTEGER PRIMARY KEY,
  bucket INTEGER NOT NULL,
  agency_id INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  unit BLOB NOT NULL,
  kind_id INTEGER NOT NULL,
  value INTEGER,
  occurred_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  fingerprint BLOB NOT NULL,
  key_id INTEGER NOT NULL,
  source TEXT,
  attributes TEXT
) STRICT;
CREATE UNIQUE INDEX events_id ON events (agency_id, event_id, bucket);

CREATE TABLE event_conflicts (
  bucket INTEGER NOT NULL,
  agency_id INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  fingerprint BLOB NOT NULL,
  key_id INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (agency_id, event_id, bucket, fingerprint)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  agency_id INTEGER,
  person_id INTEGER,
  key_id INTEGER,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL,
  previous_hash BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE INDEX audit_subject ON audit (subject, sequence);

-- Goes up with every change to agencies, people's roles, keys or trials, so that other servers notice.
CREATE TABLE directory_version (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL) STRICT;
INSERT INTO directory_version (id, version) VALUES (1, 1);

-- The next place in each log. A writer takes its places here and holds the row until it commits, so that places become
-- visible in their order and a reader never passes one that fills later.
CREATE TABLE logs (name TEXT PRIMARY KEY, next_sequence INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO logs (name, next_sequence) VALUES ('assignments', 1), ('events', 1);

-- Append-only tables, guarded here as well as in the code.
CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER event_conflicts_no_update BEFORE UPDATE ON event_conflicts BEGIN SELECT RAISE(ABORT, 'event_conflicts are append-only'); END;
CREATE TRIGGER event_conflicts_no_delete BEFORE DELETE ON event_conflicts BEGIN SELECT RAISE(ABORT, 'event_conflicts are append-only'); END;
CREATE TRIGGER assignments_no_update BEFORE UPDATE ON assignments BEGIN SELECT RAISE(ABORT, 'an assignment never changes'); END;
CREATE TRIGGER assignments_no_delete BEFORE DELETE ON assignments BEGIN SELECT RAISE(ABORT, 'an assignment never changes'); END;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER signatures_no_update BEFORE UPDATE ON signatures BEGIN SELECT RAISE(ABORT, 'a signature never changes'); END;
CREATE TRIGGER signatures_no_delete BEFORE DELETE ON signatures BEGIN SELECT RAISE(ABORT, 'a signature never changes'); END;
CREATE TRIGGER protocols_no_update BEFORE UPDATE ON protocols BEGIN SELECT RAISE(ABORT, 'a plan once written never changes'); END;
CREATE TRIGGER protocols_no_delete BEFORE DELETE ON protocols BEGIN SELECT RAISE(ABORT, 'a plan once written never changes'); END;
CREATE TRIGGER trials_plan_locked BEFORE UPDATE OF key, agency_id, protocol_id, sealed_secret, secret_commitment, algo_version, started_at ON trials
  WHEN OLD.started_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'the plan of a started trial is locked'); END;
CREATE TRIGGER trials_data_locked BEFORE UPDATE OF state, reverted, ended_at, locked_at, locked_sequence ON trials
  WHEN OLD.locked_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'the data of this trial are locked'); END;
CREATE TRIGGER trials_no_delete BEFORE DELETE ON trials BEGIN SELECT RAISE(ABORT, 'a trial is never erased'); END;
