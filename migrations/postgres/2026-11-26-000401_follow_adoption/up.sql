-- Who sees to it that an adopted version becomes the usual one, and by which day (ISO date): with the decision, and with what the
-- first of two people asks for.
ALTER TABLE decisions ADD COLUMN owner TEXT;
ALTER TABLE decisions ADD COLUMN due_on TEXT;
ALTER TABLE agreements ADD COLUMN owner TEXT;
ALTER TABLE agreements ADD COLUMN due_on TEXT;

-- What became of a version that was to be adopted. The last word counts.
CREATE TABLE adoptions (
  trial_id BIGINT NOT NULL REFERENCES trials (id),
  step BIGINT NOT NULL CHECK (step > 0),
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  person_id BIGINT NOT NULL REFERENCES people (id),
  reported_at BIGINT NOT NULL,
  PRIMARY KEY (trial_id, step)
);

-- The trial whose design a draft was copied from, and which version of its plan.
CREATE TABLE origins (
  trial_id BIGINT PRIMARY KEY REFERENCES trials (id),
  from_trial_id BIGINT NOT NULL REFERENCES trials (id),
  protocol_id TEXT NOT NULL
);

CREATE INDEX origins_from ON origins (from_trial_id);

CREATE TRIGGER adoptions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON adoptions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER origins_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON origins FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
