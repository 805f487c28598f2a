-- Files of outcomes that people took in for a trial: who, when, how its columns were read and what became of its rows; never a
-- row itself. Events of a file carry the number of the file below zero where those of a program carry the number of its key.
CREATE TABLE outcome_files (
  id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 0),
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  person_id INTEGER NOT NULL REFERENCES people (id),
  taken_at INTEGER NOT NULL,
  digest TEXT NOT NULL,
  read_as TEXT NOT NULL,
  new_rows INTEGER NOT NULL CHECK (new_rows > 0),
  known_rows INTEGER NOT NULL,
  other_rows INTEGER NOT NULL,
  refused_rows INTEGER NOT NULL
) STRICT;
CREATE INDEX outcome_files_trial ON outcome_files (trial_id, id);

-- That a file was taken back: each once. What had been corrected before stays as it was corrected.
CREATE TABLE outcome_file_ends (
  file_id INTEGER PRIMARY KEY REFERENCES outcome_files (id),
  person_id INTEGER NOT NULL REFERENCES people (id),
  taken_back_at INTEGER NOT NULL,
  events INTEGER NOT NULL,
  corrected INTEGER NOT NULL
) STRICT;

CREATE INDEX events_of_files ON events (key_id) WHERE key_id < 0;

CREATE TRIGGER outcome_files_no_update BEFORE UPDATE ON outcome_files BEGIN SELECT RAISE(ABORT, 'a file once taken in never changes'); END;
CREATE TRIGGER outcome_files_no_delete BEFORE DELETE ON outcome_files BEGIN SELECT RAISE(ABORT, 'a file once taken in never changes'); END;
CREATE TRIGGER outcome_file_ends_no_update BEFORE UPDATE ON outcome_file_ends BEGIN SELECT RAISE(ABORT, 'a file once taken back never changes'); END;
CREATE TRIGGER outcome_file_ends_no_delete BEFORE DELETE ON outcome_file_ends BEGIN SELECT RAISE(ABORT, 'a file once taken back never changes'); END;
