-- What was answered to a request that carried an Idempotency-Key, so that the same request gets the same answer for a while.
CREATE TABLE replies (
  key_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  fingerprint BLOB NOT NULL,
  status INTEGER NOT NULL,
  body TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (key_id, name)
) STRICT;
CREATE INDEX replies_at ON replies (at);
