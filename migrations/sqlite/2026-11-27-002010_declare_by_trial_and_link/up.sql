-- A sender's word may be about one trial of its agency, or about what came through one link; about neither it is about all trials of
-- its agency (trial 0, link '').
CREATE TABLE declarations_by_subject (
  key_id INTEGER NOT NULL,
  trial_id INTEGER NOT NULL,
  link_id TEXT NOT NULL,
  first_day INTEGER NOT NULL,
  last_day INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  digest TEXT,
  declared_at INTEGER NOT NULL,
  PRIMARY KEY (key_id, trial_id, link_id, first_day, last_day)
) STRICT, WITHOUT ROWID;
INSERT INTO declarations_by_subject
SELECT key_id, 0, '', first_day, last_day, sent, digest, declared_at FROM declarations;
DROP TABLE declarations;
ALTER TABLE declarations_by_subject RENAME TO declarations;
CREATE INDEX declarations_link ON declarations (link_id) WHERE link_id <> '';

-- What each key sent through each link on each day in UTC. Of what came before this was kept the number is known, and no digest.
CREATE TABLE link_receipts (
  key_id INTEGER NOT NULL,
  link_id TEXT NOT NULL,
  day INTEGER NOT NULL,
  accepted INTEGER NOT NULL,
  digest_1 INTEGER,
  digest_2 INTEGER,
  digest_3 INTEGER,
  digest_4 INTEGER,
  PRIMARY KEY (key_id, link_id, day)
) STRICT, WITHOUT ROWID;
INSERT INTO link_receipts (key_id, link_id, day, accepted)
SELECT key_id, substr(event_id, 1, instr(event_id, '/') - 1), received_at / 86400000000, COUNT(*) FROM events
WHERE instr(event_id, '/') > 0 GROUP BY 1, 2, 3;
