-- Lists of people that are assigned together, after a second person has looked at them. `units` holds pseudonyms and what the
-- draw needs until the list is committed; `file` is what is merged with letters then. Neither holds a unit as it was sent.
CREATE TABLE batches (
  trial_id BIGINT NOT NULL REFERENCES trials (id),
  id TEXT NOT NULL,
  protocol_id TEXT NOT NULL,
  uploaded_by BIGINT,
  uploaded_key BIGINT,
  uploaded_at BIGINT NOT NULL,
  accepted BIGINT NOT NULL,
  refused TEXT NOT NULL,
  balance TEXT NOT NULL,
  units TEXT NOT NULL,
  committed_by BIGINT,
  committed_at BIGINT,
  file TEXT,
  checksum TEXT,
  PRIMARY KEY (trial_id, id)
);
