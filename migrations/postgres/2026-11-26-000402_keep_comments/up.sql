-- What people say about a part of a plan, and about exactly which content.
CREATE TABLE comments (
  trial_id BIGINT NOT NULL REFERENCES trials (id),
  number BIGINT NOT NULL CHECK (number > 0),
  protocol_id TEXT NOT NULL,
  place TEXT NOT NULL,
  remark TEXT NOT NULL,
  person_id BIGINT NOT NULL REFERENCES people (id),
  made_at BIGINT NOT NULL,
  PRIMARY KEY (trial_id, number)
);

CREATE TRIGGER comments_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON comments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
