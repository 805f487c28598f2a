-- What is said to a comment on a plan, one after the other; the last word may be that it is resolved.
CREATE TABLE comment_answers (
  trial_id BIGINT NOT NULL,
  number BIGINT NOT NULL,
  step BIGINT NOT NULL CHECK (step > 0),
  resolves BOOLEAN NOT NULL,
  remark TEXT NOT NULL,
  person_id BIGINT NOT NULL REFERENCES people (id),
  made_at BIGINT NOT NULL,
  PRIMARY KEY (trial_id, number, step),
  FOREIGN KEY (trial_id, number) REFERENCES comments (trial_id, number)
);

CREATE UNIQUE INDEX comment_answers_resolved_once ON comment_answers (trial_id, number) WHERE resolves;

CREATE TRIGGER comment_answers_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON comment_answers FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
