-- What a signature says: signed, conditional (once its note is met), withdrawn. A person's last word on a content counts.
ALTER TABLE signatures ADD COLUMN kind TEXT NOT NULL DEFAULT 'signed';

-- What one person has asked for and a second one must agree to. Gone with the trial's next move: the audit keeps who asked.
CREATE TABLE agreements (
  trial_id BIGINT NOT NULL REFERENCES trials (id),
  verb TEXT NOT NULL,
  person_id BIGINT NOT NULL REFERENCES people (id),
  about TEXT NOT NULL,
  reason TEXT NOT NULL,
  asked_at BIGINT NOT NULL,
  PRIMARY KEY (trial_id, verb, person_id)
);

-- Later versions of the plan of a started trial: version 1 is the one that it started with.
CREATE TABLE amendments (
  trial_id BIGINT NOT NULL REFERENCES trials (id),
  version BIGINT NOT NULL CHECK (version > 1),
  protocol_id TEXT NOT NULL,
  replaces TEXT NOT NULL,
  class TEXT NOT NULL,
  data_seen TEXT NOT NULL,
  views BIGINT NOT NULL,
  reason TEXT NOT NULL,
  person_id BIGINT NOT NULL REFERENCES people (id),
  proposed_at BIGINT NOT NULL,
  PRIMARY KEY (trial_id, version)
);

-- How each ended: in_force or returned.
CREATE TABLE amendment_ends (
  trial_id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  person_id BIGINT NOT NULL REFERENCES people (id),
  reason TEXT NOT NULL,
  ended_at BIGINT NOT NULL,
  PRIMARY KEY (trial_id, version),
  FOREIGN KEY (trial_id, version) REFERENCES amendments (trial_id, version)
);

CREATE TABLE decisions (
  trial_id BIGINT PRIMARY KEY REFERENCES trials (id),
  decision TEXT NOT NULL,
  verdict TEXT NOT NULL,
  by_the_rule BOOLEAN NOT NULL,
  reason TEXT NOT NULL,
  person_id BIGINT NOT NULL REFERENCES people (id),
  second_person_id BIGINT REFERENCES people (id),
  decided_at BIGINT NOT NULL
);

CREATE TABLE publications (
  trial_id BIGINT PRIMARY KEY REFERENCES trials (id),
  person_id BIGINT NOT NULL REFERENCES people (id),
  published_at BIGINT NOT NULL
);

-- The least tier that an agency asks of its trials.
CREATE TABLE agency_rules (
  agency_id BIGINT PRIMARY KEY REFERENCES agencies (id),
  least_tier INTEGER NOT NULL CHECK (least_tier BETWEEN 0 AND 2)
);

CREATE TRIGGER amendments_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON amendments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER amendment_ends_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON amendment_ends FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER decisions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decisions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER publications_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON publications FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE FUNCTION refuse_locked_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.started_at IS NOT NULL AND
     (NEW.key, NEW.agency_id, NEW.sealed_secret, NEW.secret_commitment, NEW.algo_version, NEW.started_at)
       IS DISTINCT FROM
     (OLD.key, OLD.agency_id, OLD.sealed_secret, OLD.secret_commitment, OLD.algo_version, OLD.started_at)
  THEN
    RAISE EXCEPTION 'the plan of a started trial is locked';
  END IF;
  -- The plan of a started trial changes only to its latest amendment, and only when that is in force and somebody else than who
  -- proposed it has signed exactly that content.
  IF OLD.started_at IS NOT NULL AND NEW.protocol_id IS DISTINCT FROM OLD.protocol_id AND (OLD.locked_at IS NOT NULL OR NOT EXISTS (
    SELECT 1 FROM amendments a
    JOIN amendment_ends e ON e.trial_id = a.trial_id AND e.version = a.version AND e.outcome = 'in_force'
    JOIN signatures s ON s.trial_id = a.trial_id AND s.protocol_id = a.protocol_id AND s.kind = 'signed' AND s.person_id <> a.person_id
    WHERE a.trial_id = OLD.id AND a.protocol_id = NEW.protocol_id AND a.replaces = OLD.protocol_id
      AND a.version = (SELECT MAX(b.version) FROM amendments b WHERE b.trial_id = OLD.id)))
  THEN
    RAISE EXCEPTION 'the plan of a started trial is locked';
  END IF;
  IF OLD.locked_at IS NOT NULL AND
     (NEW.reverted, NEW.ended_at, NEW.locked_at, NEW.locked_sequence) IS DISTINCT FROM
     (OLD.reverted, OLD.ended_at, OLD.locked_at, OLD.locked_sequence)
  THEN
    RAISE EXCEPTION 'the data of this trial are locked';
  END IF;
  -- Once the data are locked, a trial only goes on to be published and decided, each with its row.
  IF OLD.locked_at IS NOT NULL AND NEW.state IS DISTINCT FROM OLD.state AND NOT (
    (NEW.state = 'reported' AND OLD.state = 'data_locked' AND EXISTS (SELECT 1 FROM publications p WHERE p.trial_id = OLD.id))
    OR (NEW.state = 'decided' AND OLD.state IN ('data_locked', 'reported') AND EXISTS (SELECT 1 FROM decisions d WHERE d.trial_id = OLD.id))
    OR (NEW.state = 'archived' AND OLD.state = 'decided' AND EXISTS (SELECT 1 FROM publications p WHERE p.trial_id = OLD.id)))
  THEN
    RAISE EXCEPTION 'the data of this trial are locked';
  END IF;
  RETURN NEW;
END $$;
