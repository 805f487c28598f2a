-- Questions and complaints about a trial, from anybody: nobody says who they are. Whoever knows the reference can read the answer.
CREATE TABLE messages (
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  number INTEGER NOT NULL CHECK (number > 0),
  reference TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  words TEXT NOT NULL,
  sent_at INTEGER NOT NULL,
  PRIMARY KEY (trial_id, number)
) STRICT;

CREATE TABLE message_answers (
  trial_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  words TEXT NOT NULL,
  person_id INTEGER NOT NULL REFERENCES people (id),
  answered_at INTEGER NOT NULL,
  PRIMARY KEY (trial_id, number),
  FOREIGN KEY (trial_id, number) REFERENCES messages (trial_id, number)
) STRICT;

CREATE TRIGGER messages_no_update BEFORE UPDATE ON messages BEGIN SELECT RAISE(ABORT, 'a message never changes'); END;
CREATE TRIGGER messages_no_delete BEFORE DELETE ON messages BEGIN SELECT RAISE(ABORT, 'a message never changes'); END;
CREATE TRIGGER message_answers_no_update BEFORE UPDATE ON message_answers BEGIN SELECT RAISE(ABORT, 'an answer never changes'); END;
CREATE TRIGGER message_answers_no_delete BEFORE DELETE ON message_answers BEGIN SELECT RAISE(ABORT, 'an answer never changes'); END;
