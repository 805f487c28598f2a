-- Looks held while a trial runs: each once, whichever server held it, with everything that was known at it. The cut says which
-- assignments, notes and events that was.
CREATE TABLE looks (
  trial_id BIGINT NOT NULL REFERENCES trials (id),
  look BIGINT NOT NULL CHECK (look > 0),
  protocol_id TEXT NOT NULL,
  due_at BIGINT NOT NULL,
  held_at BIGINT NOT NULL,
  assignments_cut BIGINT NOT NULL,
  notes_cut BIGINT NOT NULL,
  data_cut BIGINT NOT NULL,
  decision TEXT NOT NULL,
  arm TEXT,
  evidence TEXT NOT NULL,
  engine TEXT NOT NULL,
  PRIMARY KEY (trial_id, look)
);

-- Harm boundaries crossed between looks: each measure once in each arm.
CREATE TABLE harm_crossings (
  trial_id BIGINT NOT NULL REFERENCES trials (id),
  outcome TEXT NOT NULL,
  arm TEXT NOT NULL,
  crossed_at BIGINT NOT NULL,
  data_cut BIGINT NOT NULL,
  counts TEXT NOT NULL,
  PRIMARY KEY (trial_id, outcome, arm)
);

-- Whether a boundary has stopped the trial and two people have not resumed it.
ALTER TABLE trials ADD COLUMN halted BOOLEAN NOT NULL DEFAULT FALSE;

CREATE TRIGGER looks_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON looks FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER harm_crossings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON harm_crossings FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
