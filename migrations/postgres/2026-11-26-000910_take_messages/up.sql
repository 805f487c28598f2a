-- Questions and complaints about a trial, from anybody: nobody says who they are. Whoever knows the reference can read the answer.
CREATE TABLE messages (
  trial_id BIGINT NOT NULL REFERENCES trials (id),
  number BIGINT NOT NULL CHECK (number > 0),
  reference TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  words TEXT NOT NULL,
  sent_at BIGINT NOT NULL,
  PRIMARY KEY (trial_id, number)
);

CREATE TABLE message_answers (
  trial_id BIGINT NOT NULL,
  number BIGINT NOT NULL,
  words TEXT NOT NULL,
  person_id BIGINT NOT NULL REFERENCES people (id),
  answered_at BIGINT NOT NULL,
  PRIMARY KEY (trial_id, number),
  FOREIGN KEY (trial_id, number) REFERENCES messages (trial_id, number)
);

CREATE TRIGGER messages_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON messages FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER message_answers_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON message_answers FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
