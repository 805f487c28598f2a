-- What a signature says: signed, conditional (once its note is met), withdrawn. A person's last word on a content counts.
ALTER TABLE signatures ADD COLUMN kind TEXT NOT NULL DEFAULT 'signed';

-- What one person has asked for and a second one must agree to. Gone with the trial's next move: the audit keeps who asked.
CREATE TABLE agreements (
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  verb TEXT NOT NULL,
  person_id INTEGER NOT NULL REFERENCES people (id),
  about TEXT NOT NULL,
  reason TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  PRIMARY KEY (trial_id, verb, person_id)
) STRICT, WITHOUT ROWID;

-- Later versions of the plan of a started trial: version 1 is the one that it started with.
CREATE TABLE amendments (
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  version INTEGER NOT NULL CHECK (version > 1),
  protocol_id TEXT NOT NULL,
  replaces TEXT NOT NULL,
  class TEXT NOT NULL,
  data_seen TEXT NOT NULL,
  views INTEGER NOT NULL,
  reason TEXT NOT NULL,
  person_id INTEGER NOT NULL REFERENCES people (id),
  proposed_at INTEGER NOT NULL,
  PRIMARY KEY (trial_id, version)
) STRICT;

-- How each ended: in_force or returned.
CREATE TABLE amendment_ends (
  trial_id INTEGER NOT NULL,
  version INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  person_id INTEGER NOT NULL REFERENCES people (id),
  reason TEXT NOT NULL,
  ended_at INTEGER NOT NULL,
  PRIMARY KEY (trial_id, version),
  FOREIGN KEY (trial_id, version) REFERENCES amendments (trial_id, version)
) STRICT;

CREATE TABLE decisions (
  trial_id INTEGER PRIMARY KEY REFERENCES trials (id),
  decision TEXT NOT NULL,
  verdict TEXT NOT NULL,
  by_the_rule INTEGER NOT NULL,
  reason TEXT NOT NULL,
  person_id INTEGER NOT NULL REFERENCES people (id),
  second_person_id INTEGER REFERENCES people (id),
  decided_at INTEGER NOT NULL
) STRICT;

CREATE TABLE publications (
  trial_id INTEGER PRIMARY KEY REFERENCES trials (id),
  person_id INTEGER NOT NULL REFERENCES people (id),
  published_at INTEGER NOT NULL
) STRICT;

-- The least tier that an agency asks of its trials.
CREATE TABLE agency_rules (
  agency_id INTEGER PRIMARY KEY REFERENCES agencies (id),
  least_tier INTEGER NOT NULL CHECK (least_tier BETWEEN 0 AND 2)
) STRICT;

CREATE TRIGGER amendments_no_update BEFORE UPDATE ON amendments BEGIN SELECT RAISE(ABORT, 'an amendment never changes'); END;
CREATE TRIGGER amendments_no_delete BEFORE DELETE ON amendments BEGIN SELECT RAISE(ABORT, 'an amendment never changes'); END;
CREATE TRIGGER amendment_ends_no_update BEFORE UPDATE ON amendment_ends BEGIN SELECT RAISE(ABORT, 'an amendment never changes'); END;
CREATE TRIGGER amendment_ends_no_delete BEFORE DELETE ON amendment_ends BEGIN SELECT RAISE(ABORT, 'an amendment never changes'); END;
CREATE TRIGGER decisions_no_update BEFORE UPDATE ON decisions BEGIN SELECT RAISE(ABORT, 'a decision never changes'); END;
CREATE TRIGGER decisions_no_delete BEFORE DELETE ON decisions BEGIN SELECT RAISE(ABORT, 'a decision never changes'); END;
CREATE TRIGGER publications_no_update BEFORE UPDATE ON publications BEGIN SELECT RAISE(ABORT, 'what is public never changes'); END;
CREATE TRIGGER publications_no_delete BEFORE DELETE ON publications BEGIN SELECT RAISE(ABORT, 'what is public never changes'); END;

-- The plan of a started trial changes only to its latest amendment, and only when that is in force and somebody else than who
-- proposed it has signed exactly that content.
DROP TRIGGER trials_plan_locked;
CREATE TRIGGER trials_plan_locked BEFORE UPDATE OF key, agency_id, sealed_secret, secret_commitment, algo_version, started_at ON trials
  WHEN OLD.started_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'the plan of a started trial is locked'); END;
CREATE TRIGGER trials_plan_amended BEFORE UPDATE OF protocol_id ON trials
  WHEN OLD.started_at IS NOT NULL AND (OLD.locked_at IS NOT NULL OR NOT EXISTS (
    SELECT 1 FROM amendments a
    JOIN amendment_ends e ON e.trial_id = a.trial_id AND e.version = a.version AND e.outcome = 'in_force'
    JOIN signatures s ON s.trial_id = a.trial_id AND s.protocol_id = a.protocol_id AND s.kind = 'signed' AND s.person_id <> a.person_id
    WHERE a.trial_id = OLD.id AND a.protocol_id = NEW.protocol_id AND a.replaces = OLD.protocol_id
      AND a.version = (SELECT MAX(b.version) FROM amendments b WHERE b.trial_id = OLD.id)))
  BEGIN SELECT RAISE(ABORT, 'the plan of a started trial is locked'); END;

-- Once the data are locked, a trial only goes on to be published and decided, each with its row.
DROP TRIGGER trials_data_locked;
CREATE TRIGGER trials_data_locked BEFORE UPDATE OF reverted, ended_at, locked_at, locked_sequence ON trials
  WHEN OLD.locked_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'the data of this trial are locked'); END;
CREATE TRIGGER trials_state_locked BEFORE UPDATE OF state ON trials
  WHEN OLD.locked_at IS NOT NULL AND NOT (
    (NEW.state = 'reported' AND OLD.state = 'data_locked' AND EXISTS (SELECT 1 FROM publications p WHERE p.trial_id = OLD.id))
    OR (NEW.state = 'decided' AND OLD.state IN ('data_locked', 'reported') AND EXISTS (SELECT 1 FROM decisions d WHERE d.trial_id = OLD.id))
    OR (NEW.state = 'archived' AND OLD.state = 'decided' AND EXISTS (SELECT 1 FROM publications p WHERE p.trial_id = OLD.id)))
  BEGIN SELECT RAISE(ABORT, 'the data of this trial are locked'); END;
