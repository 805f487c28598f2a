-- Units that are the same person under different names, each with a name of the person. What is said of it is in the notes.
CREATE TABLE identities (
  bucket INTEGER NOT NULL,
  agency_id INTEGER NOT NULL,
  unit BLOB NOT NULL,
  person BLOB NOT NULL,
  PRIMARY KEY (bucket, agency_id, unit)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_person ON identities (agency_id, person);

-- The other unit of a note that says that two are one person, and the place in the log of events after which it holds.
ALTER TABLE notes ADD COLUMN other BLOB;
ALTER TABLE notes ADD COLUMN event_place INTEGER;
