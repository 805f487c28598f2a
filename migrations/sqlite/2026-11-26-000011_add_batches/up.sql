-- Lists of people that are assigned together, after a second person has looked at them. `units` holds pseudonyms and what the
-- draw needs until the list is committed; `file` is what is merged with letters then. Neither holds a unit as it was sent.
CREATE TABLE batches (
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  id TEXT NOT NULL,
  protocol_id TEXT NOT NULL,
  uploaded_by INTEGER,
  uploaded_key INTEGER,
  uploaded_at INTEGER NOT NULL,
  accepted INTEGER NOT NULL,
  refused TEXT NOT NULL,
  balance TEXT NOT NULL,
  units TEXT NOT NULL,
  committed_by INTEGER,
  committed_at INTEGER,
  file TEXT,
  checksum TEXT,
  PRIMARY KEY (trial_id, id)
) STRICT;
