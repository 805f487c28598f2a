-- What people say about a part of a plan, and about exactly which content.
CREATE TABLE comments (
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  number INTEGER NOT NULL CHECK (number > 0),
  protocol_id TEXT NOT NULL,
  place TEXT NOT NULL,
  remark TEXT NOT NULL,
  person_id INTEGER NOT NULL REFERENCES people (id),
  made_at INTEGER NOT NULL,
  PRIMARY KEY (trial_id, number)
) STRICT;

CREATE TRIGGER comments_no_update BEFORE UPDATE ON comments BEGIN SELECT RAISE(ABORT, 'a comment never changes'); END;
CREATE TRIGGER comments_no_delete BEFORE DELETE ON comments BEGIN SELECT RAISE(ABORT, 'a comment never changes'); END;
