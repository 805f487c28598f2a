-- What is said to a comment on a plan, one after the other; the last word may be that it is resolved.
CREATE TABLE comment_answers (
  trial_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  step INTEGER NOT NULL CHECK (step > 0),
  resolves INTEGER NOT NULL CHECK (resolves IN (0, 1)),
  remark TEXT NOT NULL,
  person_id INTEGER NOT NULL REFERENCES people (id),
  made_at INTEGER NOT NULL,
  PRIMARY KEY (trial_id, number, step),
  FOREIGN KEY (trial_id, number) REFERENCES comments (trial_id, number)
) STRICT;

CREATE UNIQUE INDEX comment_answers_resolved_once ON comment_answers (trial_id, number) WHERE resolves = 1;

CREATE TRIGGER comment_answers_no_update BEFORE UPDATE ON comment_answers BEGIN SELECT RAISE(ABORT, 'what was said to a comment never changes'); END;
CREATE TRIGGER comment_answers_no_delete BEFORE DELETE ON comment_answers BEGIN SELECT RAISE(ABORT, 'what was said to a comment never changes'); END;
