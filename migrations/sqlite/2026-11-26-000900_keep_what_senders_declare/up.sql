-- What senders say they sent, to be held against the receipts: how many events a key sent from one day to another in UTC, and the
-- digest of their ids, where it was told. The last word for a key and its days stands.
CREATE TABLE declarations (
  key_id INTEGER NOT NULL,
  first_day INTEGER NOT NULL,
  last_day INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  digest TEXT,
  declared_at INTEGER NOT NULL,
  PRIMARY KEY (key_id, first_day, last_day)
) STRICT, WITHOUT ROWID;
-- What was declared by the lock of the data, as the report was computed with it.
ALTER TABLE frozen_reports ADD COLUMN declared TEXT NOT NULL DEFAULT '[]';
