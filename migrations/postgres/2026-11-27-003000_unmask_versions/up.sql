-- Who has asked, with a reason, to see the names of the versions on the page of the looks of a trial. The audit holds the reason.
CREATE TABLE unmaskings (
  trial_id BIGINT NOT NULL REFERENCES trials (id),
  person_id BIGINT NOT NULL REFERENCES people (id),
  unmasked_at BIGINT NOT NULL,
  PRIMARY KEY (trial_id, person_id)
);

CREATE TRIGGER unmaskings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON unmaskings FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
