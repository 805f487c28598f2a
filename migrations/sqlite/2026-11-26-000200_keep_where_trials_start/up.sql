-- The last event before a trial started. What was received before, or a moment after by another server's clock, is in no trial,
-- whoever folds it and whenever.
ALTER TABLE trials ADD COLUMN started_sequence INTEGER;
CREATE TRIGGER trials_start_kept BEFORE UPDATE OF started_sequence ON trials
  WHEN OLD.started_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'the plan of a started trial is locked'); END;
