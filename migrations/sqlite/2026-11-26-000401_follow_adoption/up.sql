-- Who sees to it that an adopted version becomes the usual one, and by which day (ISO date): with the decision, and with what the
-- first of two people asks for.
ALTER TABLE decisions ADD COLUMN owner TEXT;
ALTER TABLE decisions ADD COLUMN due_on TEXT;
ALTER TABLE agreements ADD COLUMN owner TEXT;
ALTER TABLE agreements ADD COLUMN due_on TEXT;

-- What became of a version that was to be adopted. The last word counts.
CREATE TABLE adoptions (
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  step INTEGER NOT NULL CHECK (step > 0),
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  person_id INTEGER NOT NULL REFERENCES people (id),
  reported_at INTEGER NOT NULL,
  PRIMARY KEY (trial_id, step)
) STRICT;

-- The trial whose design a draft was copied from, and which version of its plan.
CREATE TABLE origins (
  trial_id INTEGER PRIMARY KEY REFERENCES trials (id),
  from_trial_id INTEGER NOT NULL REFERENCES trials (id),
  protocol_id TEXT NOT NULL
) STRICT;

CREATE INDEX origins_from ON origins (from_trial_id);

CREATE TRIGGER adoptions_no_update BEFORE UPDATE ON adoptions BEGIN SELECT RAISE(ABORT, 'what was reported never changes'); END;
CREATE TRIGGER adoptions_no_delete BEFORE DELETE ON adoptions BEGIN SELECT RAISE(ABORT, 'what was reported never changes'); END;
CREATE TRIGGER origins_no_update BEFORE UPDATE ON origins BEGIN SELECT RAISE(ABORT, 'an origin never changes'); END;
CREATE TRIGGER origins_no_delete BEFORE DELETE ON origins BEGIN SELECT RAISE(ABORT, 'an origin never changes'); END;
