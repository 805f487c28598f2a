-- What calls for a person, one row for each entry of the audit that does, kept with it in one transaction.
CREATE TABLE alerts (
  sequence BIGINT PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  agency_id BIGINT NOT NULL,
  matter TEXT NOT NULL,
  subject TEXT NOT NULL,
  at BIGINT NOT NULL
);

-- Programs of an agency that are told. A secret is sealed like all others.
CREATE TABLE receivers (
  id TEXT PRIMARY KEY,
  agency_id BIGINT NOT NULL REFERENCES agencies (id),
  name TEXT NOT NULL,
  address TEXT NOT NULL,
  kinds TEXT NOT NULL,
  sealed_secret BYTEA NOT NULL,
  person_id BIGINT NOT NULL REFERENCES people (id),
  created_at BIGINT NOT NULL,
  closed_at BIGINT,
  failing_since BIGINT,
  taken_at BIGINT
);

-- One alert for one receiver, and what became of it. Whoever sends holds it until a moment: of several servers one does.
CREATE TABLE sendings (
  receiver_id TEXT NOT NULL REFERENCES receivers (id),
  sequence BIGINT NOT NULL REFERENCES alerts (sequence),
  state TEXT NOT NULL CHECK (state IN ('waiting', 'taken', 'given_up')),
  tries BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  held_until BIGINT NOT NULL,
  tried_at BIGINT,
  answer TEXT,
  PRIMARY KEY (receiver_id, sequence)
);

CREATE INDEX receivers_by_agency ON receivers (agency_id);
CREATE INDEX sendings_by_state ON sendings (state, receiver_id, sequence);

-- What only the time of day brings about, noted once however many servers see it.
CREATE TABLE reminders (
  trial_id BIGINT NOT NULL REFERENCES trials (id),
  matter TEXT NOT NULL,
  since BIGINT NOT NULL,
  PRIMARY KEY (trial_id, matter, since)
);

CREATE TRIGGER alerts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON alerts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER reminders_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reminders FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
