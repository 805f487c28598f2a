DROP TRIGGER trials_state_locked;
DROP TRIGGER trials_data_locked;
CREATE TRIGGER trials_data_locked BEFORE UPDATE OF state, reverted, ended_at, locked_at, locked_sequence ON trials
  WHEN OLD.locked_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'the data of this trial are locked'); END;
DROP TRIGGER trials_plan_amended;
DROP TRIGGER trials_plan_locked;
CREATE TRIGGER trials_plan_locked BEFORE UPDATE OF key, agency_id, protocol_id, sealed_secret, secret_commitment, algo_version, started_at ON trials
  WHEN OLD.started_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'the plan of a started trial is locked'); END;
DROP TRIGGER amendments_no_delete;
DROP TRIGGER amendment_ends_no_delete;
DROP TRIGGER decisions_no_delete;
DROP TRIGGER publications_no_delete;
DROP TABLE agency_rules;
DROP TABLE publications;
DROP TABLE decisions;
DROP TABLE amendment_ends;
DROP TABLE amendments;
DROP TABLE agreements;
ALTER TABLE signatures DROP COLUMN kind;
