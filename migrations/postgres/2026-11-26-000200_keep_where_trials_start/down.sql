DROP TRIGGER trials_start_kept ON trials;
DROP FUNCTION refuse_other_start();
ALTER TABLE trials DROP COLUMN started_sequence;
