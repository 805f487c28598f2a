-- What calls for a person, one row for each entry of the audit that does, kept with it in one transaction.
CREATE TABLE alerts (
  sequence INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  agency_id INTEGER NOT NULL,
  matter TEXT NOT NULL,
  subject TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;

-- Programs of an agency that are told. A secret is sealed like all others.
CREATE TABLE receivers (
  id TEXT PRIMARY KEY,
  agency_id INTEGER NOT NULL REFERENCES agencies (id),
  name TEXT NOT NULL,
  address TEXT NOT NULL,
  kinds TEXT NOT NULL,
  sealed_secret BLOB NOT NULL,
  person_id INTEGER NOT NULL REFERENCES people (id),
  created_at INTEGER NOT NULL,
  closed_at INTEGER,
  failing_since INTEGER,
  taken_at INTEGER
) STRICT;

-- One alert for one receiver, and what became of it. Whoever sends holds it until a moment: of several servers one does.
CREATE TABLE sendings (
  receiver_id TEXT NOT NULL REFERENCES receivers (id),
  sequence INTEGER NOT NULL REFERENCES alerts (sequence),
  state TEXT NOT NULL CHECK (state IN ('waiting', 'taken', 'given_up')),
  tries INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  held_until INTEGER NOT NULL,
  tried_at INTEGER,
  answer TEXT,
  PRIMARY KEY (receiver_id, sequence)
) STRICT;

CREATE INDEX receivers_by_agency ON receivers (agency_id);
CREATE INDEX sendings_by_state ON sendings (state, receiver_id, sequence);

-- What only the time of day brings about, noted once however many servers see it.
CREATE TABLE reminders (
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  matter TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (trial_id, matter, since)
) STRICT;

CREATE TRIGGER alerts_no_update BEFORE UPDATE ON alerts BEGIN SELECT RAISE(ABORT, 'an alert never changes'); END;
CREATE TRIGGER alerts_no_delete BEFORE DELETE ON alerts BEGIN SELECT RAISE(ABORT, 'an alert never changes'); END;
CREATE TRIGGER reminders_no_update BEFORE UPDATE ON reminders BEGIN SELECT RAISE(ABORT, 'a reminder never changes'); END;
CREATE TRIGGER reminders_no_delete BEFORE DELETE ON reminders BEGIN SELECT RAISE(ABORT, 'a reminder never changes'); END;
