-- Records of single people go when the time is over for which a plan keeps them. A row here says that it was for a trial, when that
-- began, how many people were in it, how far it has come, what has gone, and when it was done. Nothing is deleted before that, and nothing without such a row.
CREATE TABLE deletions (
  trial_id BIGINT PRIMARY KEY REFERENCES trials (id),
  due_at BIGINT NOT NULL,
  begun_at BIGINT NOT NULL,
  people BIGINT NOT NULL,
  event_place BIGINT NOT NULL,
  assignments BIGINT NOT NULL DEFAULT 0,
  notes BIGINT NOT NULL DEFAULT 0,
  events BIGINT NOT NULL DEFAULT 0,
  lists BIGINT NOT NULL DEFAULT 0,
  finished_at BIGINT
);

CREATE FUNCTION refuse_early_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.finished_at IS NOT NULL OR NEW.begun_at < NEW.due_at OR NOT EXISTS (
    SELECT 1 FROM trials t
    JOIN frozen_reports r ON r.trial_id = t.id
    JOIN protocols p ON p.trial_id = t.id AND p.protocol_id = t.protocol_id
    WHERE t.id = NEW.trial_id
      AND NEW.due_at = t.locked_at + 86400000000 * (p.canonical::jsonb -> 'data' ->> 'retain_units_days')::bigint
  ) THEN
    RAISE EXCEPTION 'records are kept as long as the plan says, and until the report is frozen';
  END IF;
  RETURN NEW;
END
$$;

CREATE FUNCTION refuse_other_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.finished_at IS NOT NULL OR NEW.trial_id <> OLD.trial_id OR NEW.due_at <> OLD.due_at OR NEW.begun_at <> OLD.begun_at OR NEW.people <> OLD.people
    OR NEW.event_place < OLD.event_place OR NEW.assignments < OLD.assignments OR NEW.notes < OLD.notes
    OR NEW.events < OLD.events OR NEW.lists < OLD.lists
  THEN
    RAISE EXCEPTION 'what was deleted stays on record';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER deletions_when_due BEFORE INSERT ON deletions FOR EACH ROW EXECUTE FUNCTION refuse_early_deletion();
CREATE TRIGGER deletions_go_on BEFORE UPDATE ON deletions FOR EACH ROW EXECUTE FUNCTION refuse_other_deletion();
CREATE TRIGGER deletions_append_only BEFORE DELETE OR TRUNCATE ON deletions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION records_are_deleted_in(agency BIGINT) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT 1 FROM deletions d JOIN trials t ON t.id = d.trial_id WHERE t.agency_id = agency AND d.finished_at IS NULL
  )
$$;

CREATE FUNCTION refuse_deletion_of_assignment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM deletions d WHERE d.trial_id = OLD.trial_id AND d.finished_at IS NULL) THEN
    RAISE EXCEPTION 'an assignment never changes';
  END IF;
  RETURN OLD;
END
$$;
DROP TRIGGER assignments_append_only ON assignments;
CREATE TRIGGER assignments_append_only BEFORE UPDATE OR TRUNCATE ON assignments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER assignments_kept BEFORE DELETE ON assignments FOR EACH ROW EXECUTE FUNCTION refuse_deletion_of_assignment();

-- What was noted of a trial goes with it; that two names are one person goes with the last trial of the agency that the person was in.
CREATE FUNCTION refuse_deletion_of_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM deletions d JOIN trials t ON t.id = d.trial_id
    WHERE d.finished_at IS NULL
      AND (t.id = OLD.trial_id OR (OLD.trial_id = 0 AND OLD.other IS NOT NULL AND t.agency_id = OLD.agency_id))
  ) THEN
    RAISE EXCEPTION 'notes are append-only';
  END IF;
  RETURN OLD;
END
$$;
DROP TRIGGER notes_append_only ON notes;
CREATE TRIGGER notes_append_only BEFORE UPDATE OR TRUNCATE ON notes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER notes_kept BEFORE DELETE ON notes FOR EACH ROW EXECUTE FUNCTION refuse_deletion_of_note();

-- Of an event its content goes, and its place in the order of all events stays: what other trials count of events about people who
-- are not theirs stays as it was.
CREATE FUNCTION refuse_other_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.sequence <> OLD.sequence OR NEW.bucket <> OLD.bucket OR NEW.agency_id <> OLD.agency_id OR NEW.kind_id <> OLD.kind_id
    OR NEW.key_id <> OLD.key_id OR NEW.event_id <> 'deleted/' || OLD.sequence OR NEW.unit <> decode(repeat('00', 16), 'hex')
    OR NEW.fingerprint <> decode(repeat('00', 16), 'hex') OR NEW.value IS NOT NULL OR NEW.source IS NOT NULL
    OR NEW.attributes IS NOT NULL OR NEW.occurred_at > OLD.occurred_at OR NEW.received_at > OLD.received_at
    OR NOT records_are_deleted_in(OLD.agency_id)
  THEN
    RAISE EXCEPTION 'events are append-only';
  END IF;
  RETURN NEW;
END
$$;
DROP TRIGGER events_append_only ON events;
CREATE TRIGGER events_append_only BEFORE DELETE OR TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_kept BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION refuse_other_event();

CREATE FUNCTION refuse_other_correction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.sequence <> OLD.sequence OR NEW.bucket <> OLD.bucket OR NEW.agency_id <> OLD.agency_id OR NEW.root <> OLD.root
    OR NEW.retracts <> OLD.retracts OR NEW.before_retracted <> OLD.before_retracted OR NEW.before_value IS NOT NULL
    OR NEW.replaces <> 'deleted/' || OLD.sequence OR NEW.before_occurred_at > OLD.before_occurred_at
    OR NOT records_are_deleted_in(OLD.agency_id)
  THEN
    RAISE EXCEPTION 'corrections are append-only';
  END IF;
  RETURN NEW;
END
$$;
DROP TRIGGER corrections_append_only ON corrections;
CREATE TRIGGER corrections_append_only BEFORE DELETE OR TRUNCATE ON corrections FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER corrections_kept BEFORE UPDATE ON corrections FOR EACH ROW EXECUTE FUNCTION refuse_other_correction();

CREATE FUNCTION refuse_deletion_of_conflict() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT records_are_deleted_in(OLD.agency_id) THEN
    RAISE EXCEPTION 'event_conflicts are append-only';
  END IF;
  RETURN OLD;
END
$$;
DROP TRIGGER event_conflicts_append_only ON event_conflicts;
CREATE TRIGGER event_conflicts_append_only BEFORE UPDATE OR TRUNCATE ON event_conflicts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_conflicts_kept BEFORE DELETE ON event_conflicts FOR EACH ROW EXECUTE FUNCTION refuse_deletion_of_conflict();
