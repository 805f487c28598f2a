-- What was answered to a request that carried an Idempotency-Key, so that the same request gets the same answer for a while.
CREATE TABLE replies (
  key_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  fingerprint BYTEA NOT NULL,
  status BIGINT NOT NULL,
  body TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (key_id, name)
);
CREATE INDEX replies_at ON replies (at);
