-- The checks of trials under way that are red now, each with the moment since when. A row goes when its check is red no more; the audit
-- tells of both.
CREATE TABLE red_checks (
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  gate TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (trial_id, gate)
) STRICT;
