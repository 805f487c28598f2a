CREATE OR REPLACE FUNCTION refuse_locked_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.started_at IS NOT NULL AND
     (NEW.key, NEW.agency_id, NEW.protocol_id, NEW.sealed_secret, NEW.secret_commitment, NEW.algo_version, NEW.started_at)
       IS DISTINCT FROM
     (OLD.key, OLD.agency_id, OLD.protocol_id, OLD.sealed_secret, OLD.secret_commitment, OLD.algo_version, OLD.started_at)
  THEN
    RAISE EXCEPTION 'the plan of a started trial is locked';
  END IF;
  IF OLD.locked_at IS NOT NULL AND
     (NEW.state, NEW.reverted, NEW.ended_at, NEW.locked_at, NEW.locked_sequence) IS DISTINCT FROM
     (OLD.state, OLD.reverted, OLD.ended_at, OLD.locked_at, OLD.locked_sequence)
  THEN
    RAISE EXCEPTION 'the data of this trial are locked';
  END IF;
  RETURN NEW;
END $$;
DROP TABLE agency_rules;
DROP TABLE publications;
DROP TABLE decisions;
DROP TABLE amendment_ends;
DROP TABLE amendments;
DROP TABLE agreements;
ALTER TABLE signatures DROP COLUMN kind;
