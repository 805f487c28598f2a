-- Events that take the place of earlier ones: which, the first event of the line (whose place in the log stays that of the line), and
-- what stood until then, so that whoever folds the log takes out what was added without looking anything up. The bucket is that of
-- the event that is replaced, and each is replaced once.
CREATE TABLE corrections (
  sequence BIGINT NOT NULL,
  bucket SMALLINT NOT NULL,
  agency_id BIGINT NOT NULL,
  replaces TEXT NOT NULL,
  root BIGINT NOT NULL,
  retracts BOOLEAN NOT NULL,
  before_retracted BOOLEAN NOT NULL,
  before_value BIGINT,
  before_occurred_at BIGINT NOT NULL,
  PRIMARY KEY (agency_id, replaces, bucket)
);
CREATE INDEX corrections_sequence ON corrections (sequence);
CREATE TRIGGER corrections_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON corrections FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Corrections that were promised while the database was away, whose event has not come yet. They go into the log behind it.
CREATE TABLE waiting_corrections (
  bucket SMALLINT NOT NULL,
  agency_id BIGINT NOT NULL,
  event_id TEXT NOT NULL,
  replaces TEXT NOT NULL,
  fingerprint BYTEA NOT NULL,
  received_at BIGINT NOT NULL,
  body BYTEA NOT NULL,
  PRIMARY KEY (agency_id, event_id, bucket)
);

-- How many wait, where every writer of events looks anyway.
ALTER TABLE logs ADD COLUMN waiting BIGINT NOT NULL DEFAULT 0;
