DROP TRIGGER trials_start_kept;
ALTER TABLE trials DROP COLUMN started_sequence;
