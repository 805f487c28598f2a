-- A message that was answered long ago is removed with its answer. What stays is its number and when it went, so that no number comes
-- twice. A message that waits for an answer stays, and so does every one for 90 days (in microseconds below) after its answer.
CREATE TABLE message_removals (
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  number INTEGER NOT NULL CHECK (number > 0),
  removed_at INTEGER NOT NULL,
  PRIMARY KEY (trial_id, number)
) STRICT;

CREATE TRIGGER message_removals_no_update BEFORE UPDATE ON message_removals BEGIN SELECT RAISE(ABORT, 'a removal never changes'); END;
CREATE TRIGGER message_removals_no_delete BEFORE DELETE ON message_removals BEGIN SELECT RAISE(ABORT, 'a removal never changes'); END;
CREATE TRIGGER message_removals_of_answered BEFORE INSERT ON message_removals
WHEN NOT EXISTS (
  SELECT 1 FROM message_answers a
  WHERE a.trial_id = NEW.trial_id AND a.number = NEW.number AND a.answered_at + 7776000000000 <= NEW.removed_at
)
BEGIN SELECT RAISE(ABORT, 'a message is never removed before it was answered 90 days ago'); END;

DROP TRIGGER messages_no_delete;
DROP TRIGGER message_answers_no_delete;
CREATE TRIGGER messages_no_delete BEFORE DELETE ON messages
WHEN NOT EXISTS (SELECT 1 FROM message_removals r WHERE r.trial_id = OLD.trial_id AND r.number = OLD.number)
BEGIN SELECT RAISE(ABORT, 'a message never changes'); END;
CREATE TRIGGER message_answers_no_delete BEFORE DELETE ON message_answers
WHEN NOT EXISTS (SELECT 1 FROM message_removals r WHERE r.trial_id = OLD.trial_id AND r.number = OLD.number)
BEGIN SELECT RAISE(ABORT, 'an answer never changes'); END;

CREATE INDEX message_answers_answered ON message_answers (answered_at);
