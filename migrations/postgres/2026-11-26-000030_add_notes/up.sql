-- Which trials exclude each other, written when a trial starts.
CREATE TABLE layers (
  trial_id BIGINT PRIMARY KEY REFERENCES trials (id),
  agency_id BIGINT NOT NULL REFERENCES agencies (id),
  layer TEXT NOT NULL
);
CREATE INDEX layers_agency ON layers (agency_id, layer);

-- Most trials that one person may meet in a number of days; no row where an agency sets no limit.
CREATE TABLE burden_caps (
  agency_id BIGINT PRIMARY KEY REFERENCES agencies (id),
  trials BIGINT NOT NULL,
  days BIGINT NOT NULL
);

-- The last opt-out of each kind; in force while it has no end. The history is in the notes.
CREATE TABLE opt_outs (
  bucket SMALLINT NOT NULL,
  agency_id BIGINT NOT NULL,
  unit BYTEA NOT NULL,
  kind TEXT NOT NULL,
  trial_id BIGINT NOT NULL,
  reference TEXT NOT NULL,
  since BIGINT NOT NULL,
  ended BIGINT,
  PRIMARY KEY (bucket, agency_id, unit, kind, trial_id)
);

-- What is noted of a unit beside assignments and outcome events: deliveries, care overrides, harms, opt-outs. Trial 0
-- stands for all of the agency's.
CREATE TABLE notes (
  sequence BIGINT NOT NULL,
  bucket SMALLINT NOT NULL,
  agency_id BIGINT NOT NULL,
  event_id TEXT NOT NULL,
  trial_id BIGINT NOT NULL,
  unit BYTEA NOT NULL,
  kind TEXT NOT NULL,
  code TEXT NOT NULL,
  arm SMALLINT,
  severity SMALLINT,
  remark TEXT,
  late BOOLEAN NOT NULL,
  at BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  fingerprint BYTEA NOT NULL,
  key_id BIGINT,
  person_id BIGINT,
  PRIMARY KEY (agency_id, event_id, trial_id, bucket)
);
CREATE INDEX notes_sequence ON notes (sequence);
CREATE INDEX notes_harms ON notes (trial_id, severity, arm) WHERE kind = 'harm';
CREATE TRIGGER notes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON notes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
INSERT INTO logs (name, next_sequence) VALUES ('notes', 1);
