DROP TABLE link_receipts;
CREATE TABLE declarations_of_all (
  key_id INTEGER NOT NULL,
  first_day INTEGER NOT NULL,
  last_day INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  digest TEXT,
  declared_at INTEGER NOT NULL,
  PRIMARY KEY (key_id, first_day, last_day)
) STRICT, WITHOUT ROWID;
INSERT INTO declarations_of_all
SELECT key_id, first_day, last_day, sent, digest, declared_at FROM declarations WHERE trial_id = 0 AND link_id = '';
DROP TABLE declarations;
ALTER TABLE declarations_of_all RENAME TO declarations;
