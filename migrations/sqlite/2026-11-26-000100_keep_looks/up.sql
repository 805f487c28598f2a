-- Looks held while a trial runs: each once, whichever server held it, with everything that was known at it. The cut says which
-- assignments, notes and events that was.
CREATE TABLE looks (
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  look INTEGER NOT NULL CHECK (look > 0),
  protocol_id TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  held_at INTEGER NOT NULL,
  assignments_cut INTEGER NOT NULL,
  notes_cut INTEGER NOT NULL,
  data_cut INTEGER NOT NULL,
  decision TEXT NOT NULL,
  arm TEXT,
  evidence TEXT NOT NULL,
  engine TEXT NOT NULL,
  PRIMARY KEY (trial_id, look)
) STRICT;

-- Harm boundaries crossed between looks: each measure once in each arm.
CREATE TABLE harm_crossings (
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  outcome TEXT NOT NULL,
  arm TEXT NOT NULL,
  crossed_at INTEGER NOT NULL,
  data_cut INTEGER NOT NULL,
  counts TEXT NOT NULL,
  PRIMARY KEY (trial_id, outcome, arm)
) STRICT;

-- Whether a boundary has stopped the trial and two people have not resumed it.
ALTER TABLE trials ADD COLUMN halted INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER looks_no_update BEFORE UPDATE ON looks BEGIN SELECT RAISE(ABORT, 'a look never changes'); END;
CREATE TRIGGER looks_no_delete BEFORE DELETE ON looks BEGIN SELECT RAISE(ABORT, 'a look never changes'); END;
CREATE TRIGGER harm_crossings_no_update BEFORE UPDATE ON harm_crossings BEGIN SELECT RAISE(ABORT, 'a crossing never changes'); END;
CREATE TRIGGER harm_crossings_no_delete BEFORE DELETE ON harm_crossings BEGIN SELECT RAISE(ABORT, 'a crossing never changes'); END;
