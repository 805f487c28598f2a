-- What each key sent on each day in UTC, so that a sender can compare it with a ledger of its own. The digest is the exclusive
-- or of the SHA-256 of the ids of the events kept, in four parts.
CREATE TABLE receipts (
  key_id INTEGER NOT NULL,
  day INTEGER NOT NULL,
  accepted INTEGER NOT NULL,
  duplicate INTEGER NOT NULL,
  conflict INTEGER NOT NULL,
  rejected INTEGER NOT NULL,
  digest_1 INTEGER NOT NULL,
  digest_2 INTEGER NOT NULL,
  digest_3 INTEGER NOT NULL,
  digest_4 INTEGER NOT NULL,
  PRIMARY KEY (key_id, day)
) STRICT, WITHOUT ROWID;
