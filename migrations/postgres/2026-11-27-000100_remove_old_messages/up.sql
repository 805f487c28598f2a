-- A message that was answered long ago is removed with its answer. What stays is its number and when it went, so that no number comes
-- twice. A message that waits for an answer stays, and so does every one for 90 days (in microseconds below) after its answer.
CREATE TABLE message_removals (
  trial_id BIGINT NOT NULL REFERENCES trials (id),
  number BIGINT NOT NULL CHECK (number > 0),
  removed_at BIGINT NOT NULL,
  PRIMARY KEY (trial_id, number)
);

CREATE FUNCTION refuse_removal_of_what_waits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM message_answers a
    WHERE a.trial_id = NEW.trial_id AND a.number = NEW.number AND a.answered_at + 7776000000000 <= NEW.removed_at
  ) THEN
    RAISE EXCEPTION 'a message is never removed before it was answered 90 days ago';
  END IF;
  RETURN NEW;
END
$$;

CREATE FUNCTION refuse_removal_without_trace() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM message_removals r WHERE r.trial_id = OLD.trial_id AND r.number = OLD.number) THEN
    RAISE EXCEPTION 'a message and its answer never change';
  END IF;
  RETURN OLD;
END
$$;

CREATE TRIGGER message_removals_of_answered BEFORE INSERT ON message_removals FOR EACH ROW EXECUTE FUNCTION refuse_removal_of_what_waits();
CREATE TRIGGER message_removals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON message_removals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

DROP TRIGGER messages_append_only ON messages;
DROP TRIGGER message_answers_append_only ON message_answers;
CREATE TRIGGER messages_append_only BEFORE UPDATE OR TRUNCATE ON messages FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER message_answers_append_only BEFORE UPDATE OR TRUNCATE ON message_answers FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER messages_leave_a_trace BEFORE DELETE ON messages FOR EACH ROW EXECUTE FUNCTION refuse_removal_without_trace();
CREATE TRIGGER message_answers_leave_a_trace BEFORE DELETE ON message_answers FOR EACH ROW EXECUTE FUNCTION refuse_removal_without_trace();

CREATE INDEX message_answers_answered ON message_answers (answered_at);
