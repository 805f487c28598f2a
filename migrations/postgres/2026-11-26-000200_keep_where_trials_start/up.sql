-- The last event before a trial started. What was received before, or a moment after by another server's clock, is in no trial,
-- whoever folds it and whenever.
ALTER TABLE trials ADD COLUMN started_sequence BIGINT;
CREATE FUNCTION refuse_other_start() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.started_at IS NOT NULL AND NEW.started_sequence IS DISTINCT FROM OLD.started_sequence THEN
    RAISE EXCEPTION 'the plan of a started trial is locked';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER trials_start_kept BEFORE UPDATE ON trials FOR EACH ROW EXECUTE FUNCTION refuse_other_start();
