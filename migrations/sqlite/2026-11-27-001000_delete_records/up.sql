-- Records of single people go when the time is over for which a plan keeps them. A row here says that it was for a trial, when that
-- began, how many people were in it, how far it has come, what has gone, and when it was done. Nothing is deleted before that, and nothing without such a row.
CREATE TABLE deletions (
  trial_id INTEGER PRIMARY KEY REFERENCES trials (id),
  due_at INTEGER NOT NULL,
  begun_at INTEGER NOT NULL,
  people INTEGER NOT NULL,
  event_place INTEGER NOT NULL,
  assignments INTEGER NOT NULL DEFAULT 0,
  notes INTEGER NOT NULL DEFAULT 0,
  events INTEGER NOT NULL DEFAULT 0,
  lists INTEGER NOT NULL DEFAULT 0,
  finished_at INTEGER
) STRICT;

CREATE TRIGGER deletions_when_due BEFORE INSERT ON deletions
WHEN NEW.finished_at IS NOT NULL OR NEW.begun_at < NEW.due_at OR NOT EXISTS (
  SELECT 1 FROM trials t
  JOIN frozen_reports r ON r.trial_id = t.id
  JOIN protocols p ON p.trial_id = t.id AND p.protocol_id = t.protocol_id
  WHERE t.id = NEW.trial_id
    AND NEW.due_at = t.locked_at + 86400000000 * json_extract(p.canonical, '$.data.retain_units_days')
)
BEGIN SELECT RAISE(ABORT, 'records are kept as long as the plan says, and until the report is frozen'); END;
CREATE TRIGGER deletions_go_on BEFORE UPDATE ON deletions
WHEN OLD.finished_at IS NOT NULL OR NEW.trial_id <> OLD.trial_id OR NEW.due_at <> OLD.due_at OR NEW.begun_at <> OLD.begun_at OR NEW.people <> OLD.people
  OR NEW.event_place < OLD.event_place OR NEW.assignments < OLD.assignments OR NEW.notes < OLD.notes
  OR NEW.events < OLD.events OR NEW.lists < OLD.lists
BEGIN SELECT RAISE(ABORT, 'what was deleted stays on record'); END;
CREATE TRIGGER deletions_no_delete BEFORE DELETE ON deletions BEGIN SELECT RAISE(ABORT, 'what was deleted stays on record'); END;

DROP TRIGGER assignments_no_delete;
CREATE TRIGGER assignments_no_delete BEFORE DELETE ON assignments
WHEN NOT EXISTS (SELECT 1 FROM deletions d WHERE d.trial_id = OLD.trial_id AND d.finished_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'an assignment never changes'); END;

-- What was noted of a trial goes with it; that two names are one person goes with the last trial of the agency that the person was in.
DROP TRIGGER notes_no_delete;
CREATE TRIGGER notes_no_delete BEFORE DELETE ON notes
WHEN NOT EXISTS (
  SELECT 1 FROM deletions d JOIN trials t ON t.id = d.trial_id
  WHERE d.finished_at IS NULL
    AND (t.id = OLD.trial_id OR (OLD.trial_id = 0 AND OLD.other IS NOT NULL AND t.agency_id = OLD.agency_id))
)
BEGIN SELECT RAISE(ABORT, 'notes are append-only'); END;

-- Of an event its content goes, and its place in the order of all events stays: what other trials count of events about people who
-- are not theirs stays as it was.
DROP TRIGGER events_no_update;
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
WHEN NEW.sequence <> OLD.sequence OR NEW.bucket <> OLD.bucket OR NEW.agency_id <> OLD.agency_id OR NEW.kind_id <> OLD.kind_id
  OR NEW.key_id <> OLD.key_id OR NEW.event_id <> 'deleted/' || OLD.sequence OR NEW.unit <> zeroblob(16)
  OR NEW.fingerprint <> zeroblob(16) OR NEW.value IS NOT NULL OR NEW.source IS NOT NULL OR NEW.attributes IS NOT NULL
  OR NEW.occurred_at > OLD.occurred_at OR NEW.received_at > OLD.received_at
  OR NOT EXISTS (
    SELECT 1 FROM deletions d JOIN trials t ON t.id = d.trial_id
    WHERE t.agency_id = OLD.agency_id AND d.finished_at IS NULL
  )
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
DROP TRIGGER corrections_no_update;
CREATE TRIGGER corrections_no_update BEFORE UPDATE ON corrections
WHEN NEW.sequence <> OLD.sequence OR NEW.bucket <> OLD.bucket OR NEW.agency_id <> OLD.agency_id OR NEW.root <> OLD.root
  OR NEW.retracts <> OLD.retracts OR NEW.before_retracted <> OLD.before_retracted OR NEW.before_value IS NOT NULL
  OR NEW.replaces <> 'deleted/' || OLD.sequence OR NEW.before_occurred_at > OLD.before_occurred_at
  OR NOT EXISTS (
    SELECT 1 FROM deletions d JOIN trials t ON t.id = d.trial_id
    WHERE t.agency_id = OLD.agency_id AND d.finished_at IS NULL
  )
BEGIN SELECT RAISE(ABORT, 'corrections are append-only'); END;
DROP TRIGGER event_conflicts_no_delete;
CREATE TRIGGER event_conflicts_no_delete BEFORE DELETE ON event_conflicts
WHEN NOT EXISTS (
  SELECT 1 FROM deletions d JOIN trials t ON t.id = d.trial_id
  WHERE t.agency_id = OLD.agency_id AND d.finished_at IS NULL
)
BEGIN SELECT RAISE(ABORT, 'event_conflicts are append-only'); END;
