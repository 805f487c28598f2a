-- What each key sent on each day in UTC, so that a sender can compare it with a ledger of its own. The digest is the exclusive
-- or of the SHA-256 of the ids of the events kept, in four parts.
CREATE TABLE receipts (
  key_id BIGINT NOT NULL,
  day BIGINT NOT NULL,
  accepted BIGINT NOT NULL,
  duplicate BIGINT NOT NULL,
  conflict BIGINT NOT NULL,
  rejected BIGINT NOT NULL,
  digest_1 BIGINT NOT NULL,
  digest_2 BIGINT NOT NULL,
  digest_3 BIGINT NOT NULL,
  digest_4 BIGINT NOT NULL,
  PRIMARY KEY (key_id, day)
);
