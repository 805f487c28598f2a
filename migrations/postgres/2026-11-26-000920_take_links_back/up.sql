-- What is said of a unit's other names: that it is the same person as another, that this was a mistake, and whose version it goes on
-- to be served after that. No other note names another unit.
CREATE INDEX notes_names ON notes (agency_id, unit) WHERE other IS NOT NULL;
