-- Who has asked, with a reason, to see the names of the versions on the page of the looks of a trial. The audit holds the reason.
CREATE TABLE unmaskings (
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  person_id INTEGER NOT NULL REFERENCES people (id),
  unmasked_at INTEGER NOT NULL,
  PRIMARY KEY (trial_id, person_id)
) STRICT;

CREATE TRIGGER unmaskings_no_update BEFORE UPDATE ON unmaskings BEGIN SELECT RAISE(ABORT, 'who saw the names stays on record'); END;
CREATE TRIGGER unmaskings_no_delete BEFORE DELETE ON unmaskings BEGIN SELECT RAISE(ABORT, 'who saw the names stays on record'); END;
