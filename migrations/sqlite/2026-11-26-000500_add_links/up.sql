-- Links by which another agency sends outcomes for one trial. What was agreed never changes.
CREATE TABLE links (
  id TEXT PRIMARY KEY,
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  partner_id INTEGER NOT NULL REFERENCES agencies (id),
  events TEXT NOT NULL,
  authority TEXT NOT NULL,
  reference TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  person_id INTEGER NOT NULL REFERENCES people (id),
  proposed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX links_trial ON links (trial_id);
CREATE INDEX links_partner ON links (partner_id);

-- What became of a link: accepted by the partner, ended by either; each once.
CREATE TABLE link_steps (
  link_id TEXT NOT NULL REFERENCES links (id),
  step TEXT NOT NULL CHECK (step IN ('accepted', 'ended')),
  person_id INTEGER NOT NULL REFERENCES people (id),
  at INTEGER NOT NULL,
  PRIMARY KEY (link_id, step)
) STRICT;
CREATE TRIGGER links_no_update BEFORE UPDATE ON links BEGIN SELECT RAISE(ABORT, 'a link never changes'); END;
CREATE TRIGGER links_no_delete BEFORE DELETE ON links BEGIN SELECT RAISE(ABORT, 'a link is never erased'); END;
CREATE TRIGGER link_steps_no_update BEFORE UPDATE ON link_steps BEGIN SELECT RAISE(ABORT, 'steps of a link are append-only'); END;
CREATE TRIGGER link_steps_no_delete BEFORE DELETE ON link_steps BEGIN SELECT RAISE(ABORT, 'steps of a link are append-only'); END;
